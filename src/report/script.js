// Chooses a frame: by the strips, the slider, the keys, the address. All else on the page is there
// without it. Numbers come from base64 columns; text goes in as text, never as HTML.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const source = byId("frames");
  const count = Number(source.dataset.count);
  if (count === 0) return;

  const bytes = (text) => {
    const letters = atob(text || "");
    const out = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i += 1) out[i] = letters.charCodeAt(i);
    return out;
  };
  const view = (text) => new DataView(bytes(text).buffer);
  const here = Number(source.dataset.here);
  const rate = Number(source.dataset.rateMilli) / 1000;
  const numbers = source.dataset.numbers ? view(source.dataset.numbers) : null;
  const actions = view(source.dataset.actions);
  const outcomes = bytes(source.dataset.outcomes);
  const starts = view(source.dataset.starts);
  const waits = view(source.dataset.waits);
  const held = Number(source.dataset.held);
  const names = Array.from(source.querySelectorAll("i"), (name) => name.textContent);
  const rows = Array.from(source.querySelectorAll(".row"), (row) => {
    const marks = bytes(row.dataset.marks);
    // Where the outcome of a frame lies in the column of those that differ.
    const places = new Int32Array(marks.length).fill(-1);
    const made = Number(row.dataset.held);
    let next = 0;
    for (let i = 0; i < marks.length; i += 1) {
      if (marks[i] !== 1 && frameAt(i) < made) {
        places[i] = next;
        next += 1;
      }
    }
    const others = row.dataset.actions ? view(row.dataset.actions) : null;
    const isOther = row.dataset.of === "other";
    return { marks, places, made, isOther, outcomes: bytes(row.dataset.made), actions: others };
  });

  function frameAt(index) {
    return numbers ? numbers.getUint32(4 * index, true) : index;
  }
  // The frame of the page that is nearest to `frame`: its place.
  function nearest(frame) {
    let low = 0;
    let high = here - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (frameAt(middle) <= frame) low = middle;
      else high = middle - 1;
    }
    const isNextNearer = low + 1 < here && frameAt(low + 1) - frame < frame - frameAt(low);
    return isNextNearer ? low + 1 : low;
  }

  const WORDS = ["not there", "same", "other state", "other picture"];
  const hex = (part) => Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const grouped = (number) => number.toLocaleString("en-US");
  const milliseconds = (us) => {
    const rest = Math.floor((us % 1000) / 10);
    return `${grouped(Math.floor(us / 1000))}.${String(rest).padStart(2, "0")} ms`;
  };
  const seconds = (frame) => {
    const tenths = Math.floor((frame * 10) / rate);
    const whole = Math.floor(tenths / 10);
    if (whole < 60) return `${whole}.${tenths % 10} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    return `${grouped(Math.floor(whole / 3600))} h ${Math.floor(whole / 60) % 60} min`;
  };
  const buttons = (bits) => {
    const pressed = names.filter((_, index) => (bits >> index) & 1);
    return pressed.length ? pressed.join(" + ") : "no button";
  };
  // Digest and state sum of the 40 bytes at a place.
  const told = (column, place) => {
    const part = column.subarray(40 * place, 40 * place + 40);
    return [hex(part.subarray(0, 32)), hex(part.slice(32).reverse())];
  };

  const slider = byId("slider");
  const number = byId("number");
  const lines = document.querySelectorAll(".digests tbody tr");
  const strips = Array.from(document.querySelectorAll(".strip"));
  const heads = strips.map((strip) => {
    const head = document.createElement("div");
    head.className = "playhead";
    strip.append(head);
    return head;
  });
  const pictures = new Map();
  for (const picture of document.querySelectorAll("img[data-frame]")) {
    const frame = Number(picture.dataset.frame);
    if (!pictures.has(frame)) pictures.set(frame, []);
    const known = pictures.get(frame);
    if (!known.some((other) => other.dataset.run === picture.dataset.run)) known.push(picture);
  }
  const pictured = Array.from(pictures.keys()).sort((left, right) => left - right);

  const fill = (line, [picture, sum], word) => {
    const cells = line.querySelectorAll("td");
    cells[0].firstChild.textContent = picture;
    cells[1].firstChild.textContent = sum;
    cells[2].textContent = word;
  };
  const actionText = (index, frame) => {
    const own = frame < held ? buttons(actions.getUint16(2 * index, true)) : "not on this tape";
    const others = rows.filter((row) => row.actions && frame < row.made);
    const other = others.map((row) => buttons(row.actions.getUint16(2 * index, true)));
    return other.length && other[0] !== own ? `${own}, the other tape: ${other[0]}` : own;
  };
  const showPictures = (frame) => {
    const seen = byId("seen");
    seen.replaceChildren();
    seen.hidden = pictured.length === 0;
    if (pictured.length === 0) return;
    const found = pictures.get(frame) || [];
    for (const picture of found) {
      const copy = picture.cloneNode();
      copy.removeAttribute("data-frame");
      const caption = document.createElement("p");
      caption.textContent = picture.alt;
      const figure = document.createElement("figure");
      figure.append(copy, caption);
      seen.append(figure);
    }
    if (!found.length) {
      const about = document.createElement("p");
      const near = pictured.reduce((best, at) =>
        Math.abs(at - frame) < Math.abs(best - frame) ? at : best);
      const link = document.createElement("a");
      link.href = `#frame=${near}`;
      link.textContent = `frame ${grouped(near)}`;
      about.append("No picture of this frame is in the page; the nearest is ", link, ".");
      seen.append(about);
    }
  };

  let current = -1;
  function show(index) {
    if (index === current) return;
    current = index;
    const frame = frameAt(index);
    byId("at").textContent = grouped(frame);
    byId("at-time").textContent = seconds(frame);
    byId("at-action").textContent = actionText(index, frame);
    const isHere = frame < held;
    const start = Number(starts.getBigUint64(8 * index, true));
    byId("at-start").textContent = isHere ? milliseconds(start) : "not known";
    const wait = waits.getUint32(4 * index, true);
    byId("at-wait").textContent = isHere ? milliseconds(wait) : "not known";
    const own = isHere ? told(outcomes, index) : ["", ""];
    fill(lines[0], own, "");
    rows.forEach((row, at) => {
      fill(lines[at + 1], madeBy(row, index, own), WORDS[row.marks[index]]);
    });
    showPictures(frame);
    slider.value = frame;
    slider.setAttribute("aria-valuetext", `frame ${frame}, ${byId("at-action").textContent}`);
    if (document.activeElement !== number) number.value = frame;
    const share = count > 1 ? (100 * (frame + 0.5)) / count : 50;
    for (const head of heads) head.style.left = `${share}%`;
  }
  // The frame as `row` made it. What is the same is in no column: it is the left side's.
  function madeBy(row, index, own) {
    if (row.marks[index] !== 1) {
      return row.places[index] < 0 ? ["", ""] : told(row.outcomes, row.places[index]);
    }
    return row.isOther ? madeBy(rows[0], index, own) : own;
  }
  const go = (frame) => show(nearest(Math.min(Math.max(frame, 0), count - 1)));
  const remember = () => {
    try {
      history.replaceState(null, "", `#frame=${frameAt(current)}`);
    } catch {
      // A viewer that allows no history still shows the frame.
    }
  };
  const choose = (frame) => {
    go(frame);
    remember();
  };
  const step = (by) => {
    const near = nearest(frameAt(current) + by);
    const next = near === current ? current + Math.sign(by) : near;
    show(Math.min(Math.max(next, 0), here - 1));
    remember();
  };
  const differs = (index) => rows.some((row) => row.marks[index] > 1);
  const seek = (from) => {
    for (let index = from; index < here; index += 1) {
      if (differs(index)) {
        show(index);
        remember();
        return;
      }
    }
  };

  slider.addEventListener("input", () => choose(Number(slider.value)));
  number.addEventListener("change", () => choose(Number(number.value)));
  for (const button of document.querySelectorAll("[data-go]")) {
    button.addEventListener("click", () => {
      const where = button.dataset.go;
      if (where === "drift") seek(0);
      else if (where === "differing") seek(current + 1);
      else step(Number(where));
    });
  }
  for (const strip of strips) {
    const at = (event) => {
      const box = strip.getBoundingClientRect();
      choose(Math.floor(((event.clientX - box.left) / box.width) * count));
    };
    strip.addEventListener("pointerdown", (event) => {
      if (event.button === 0) at(event);
    });
    strip.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) at(event);
    });
  }
  const fromAddress = () => {
    const found = /^#frame=(\d{1,9})$/.exec(location.hash);
    if (found) go(Number(found[1]));
    return found !== null;
  };
  window.addEventListener("hashchange", () => {
    if (fromAddress()) byId("timeline").scrollIntoView({ block: "start" });
  });

  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const code = button.parentElement.querySelector("pre");
      getSelection().selectAllChildren(code);
      const done = () => {
        button.textContent = "copied";
      };
      if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(done, () => {});
    });
  }
  byId("steering").hidden = false;
  document.body.classList.add("live");
  if (!fromAddress()) go(Number(slider.value));
})();
