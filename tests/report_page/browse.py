"""Opens a report in headless Chromium and holds it against what it must show.

browse.py PAGE WANTED.json [FOLDER]: exits with 0, or with 1 and a line that says what is wrong.
With FOLDER, screenshots are kept there. Run by tests/report_page/main.rs.
"""

import json
import pathlib
import sys

from webdriver import Browser

PHONE = 360
DESK = 1000
HEIGHT = 800

# The least contrast of text (WCAG 2, AA), and that of large text.
CONTRAST_MIN = 4.5
LARGE_CONTRAST_MIN = 3.0

# Contrast of what is written against what is behind it, the worst of each selector.
CONTRASTS = """
const luminance = (colour) => {
  const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  }
  return "rgb(255, 255, 255)";
};
return arguments[0].map((selector) => {
  const all = Array.from(document.querySelectorAll(selector));
  return Math.min(...all.map((element) => {
    const pair = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  }));
});
"""
TEXTS = ["body", "p", ".aside", "small", "td", "th", "a", "button", "code", ".label"]

# Elements that stick out to the right, but for those in parts that scroll by themselves.
STICKING_OUT = """
const width = document.documentElement.clientWidth;
return Array.from(document.querySelectorAll("body *"))
  .filter((element) => !element.closest(".scroll") && element.getClientRects().length)
  .filter((element) => element.getBoundingClientRect().right > width + 1)
  .slice(0, 3)
  .map((element) => `${element.tagName} ${element.id} ${element.className}`);
"""

SHOWN = """
const text = (selector) => document.querySelector(selector)?.textContent;
const lines = Array.from(document.querySelectorAll(".digests tbody tr"));
return {
  frame: text("#at"),
  action: text("#at-action"),
  slider: document.querySelector("#slider").value,
  lines: lines.map((line) => Array.from(line.querySelectorAll("td"), (cell) => cell.textContent)),
  hash: location.hash,
};
"""


def check(is_right, what):
    if not is_right:
        raise AssertionError(what)


def no_complaint(browser):
    log = [entry["message"] for entry in browser.log()]
    check(not log, f"the console says {log[:3]}")


def opened(browser, address, width, scheme="light", scripts=True):
    browser.view(width, HEIGHT, scheme, scripts)
    browser.open(address)


def frames(browser, wanted):
    """Every wanted frame by its address: number, action, digests, words."""
    for index, frame in enumerate(wanted["frames"]):
        browser.script("location.hash = arguments[0]", f"#frame={frame['frame']}")
        # The event comes after the script that changed the address.
        for _ in range(50):
            shown = browser.script(SHOWN)
            if shown["slider"] == str(frame["frame"]):
                break
        number = frame["frame"]
        check(shown["frame"] == f"{number:,}", f"frame {number} is shown as {shown['frame']}")
        action = shown["action"]
        check(action == frame["action"], f"action of frame {number}: {action}, {frame['action']}")
        first = shown["lines"][0]
        check(first[0] == frame["picture"], f"picture of frame {number}: {first[0]}")
        check(first[1] == frame["sum"], f"state sum of frame {number}: {first[1]}")
        second = wanted.get("second", [])
        if index < len(second):
            line = shown["lines"][1]
            check(line[0] == second[index]["picture"], f"second picture of frame {number}: {line}")
            check(line[1] == second[index]["sum"], f"second state sum of frame {number}: {line}")
        if "words" in wanted:
            word = shown["lines"][1][2]
            check(word == wanted["words"][index], f"frame {number} is called {word}")


def clicks(browser, count):
    """A click on the timeline chooses the frame that is drawn there."""
    if count < 1000:  # of more frames the page holds only some in full
        for share in [0.0, 0.25, 0.5, 0.999]:
            browser.click_at(".strip", share)
            box = browser.script(
                "const b = document.querySelector('.strip').getBoundingClientRect();"
                "return [b.left, b.width]"
            )
            x = int(box[0] + box[1] * share)
            frame = min(max(int((x - box[0]) / box[1] * count), 0), count - 1)
            shown = browser.script(SHOWN)
            check(shown["slider"] == str(frame), f"a click on {frame} shows {shown['slider']}")
            check(shown["hash"] == f"#frame={frame}", f"a click leads to {shown['hash']}")
    middle = browser.script("document.querySelector('#slider').focus(); return slider.value")
    browser.click_at(".strip", 0.5)
    before = int(browser.script(SHOWN)["slider"])
    browser.script("document.querySelector('[data-go=\"1\"]').click()")
    after = int(browser.script(SHOWN)["slider"])
    check(count < 3 or after > before, f"one frame on from {before} (once {middle}): {after}")


def keys(browser, count):
    """The slider takes the arrow keys, links and buttons the tabulator."""
    if 3 < count < 1000:
        browser.click_at(".strip", 0.5)
        before = int(browser.script(SHOWN)["slider"])
        browser.keys("#slider", "\ue014\ue014\ue012")  # right, right, left
        after = int(browser.script(SHOWN)["slider"])
        check(after == before + 1, f"keys lead from {before} to {after}")
    unnamed = browser.script(
        "return Array.from(document.querySelectorAll('button, input, a')).filter((element) =>"
        " !(element.textContent.trim() || element.ariaLabel || element.closest('label'))).length"
    )
    check(unnamed == 0, f"{unnamed} controls have no name")


def steering(browser, wanted):
    if "drift" in wanted:
        browser.script("document.querySelector('[data-go=drift]').click()")
        shown = browser.script(SHOWN)["slider"]
        check(shown == str(wanted["drift"]), f"the first drift leads to {shown}")
        browser.script("document.querySelector('[data-go=differing]').click()")
        shown = browser.script(SHOWN)["slider"]
        check(shown == str(wanted["next"][1]), f"the next difference leads to {shown}")


def film(browser):
    """A picture of the film chooses its frame and is shown large."""
    link = browser.script("return document.querySelectorAll('.film a')[1]?.getAttribute('href')")
    if link:
        browser.script("document.querySelectorAll('.film a')[1].click()")
        for _ in range(50):
            shown = browser.script(SHOWN)
            if f"#frame={shown['slider']}" == link:
                break
        check(f"#frame={shown['slider']}" == link, f"a picture leads to {shown['slider']}")
        seen = browser.script("return document.querySelectorAll('#seen img').length")
        check(seen >= 1, "the frame's picture is not shown")


def looks(browser, address, folder):
    """Both schemes can be read; no width makes the page scroll sideways."""
    papers = {}
    for scheme in ["light", "dark"]:
        opened(browser, address, DESK, scheme)
        contrasts = browser.script(CONTRASTS, TEXTS)
        for selector, contrast in zip(TEXTS, contrasts):
            # No such element: nothing to read.
            check(
                contrast is None or contrast >= CONTRAST_MIN,
                f"{scheme}: the contrast of {selector} is {contrast}",
            )
        heading = browser.script(CONTRASTS, ["h1"])[0]
        check(heading >= LARGE_CONTRAST_MIN, f"{scheme}: the contrast of h1 is {heading}")
        papers[scheme] = browser.script("return getComputedStyle(document.body).backgroundColor")
        shots(browser, address, folder, DESK, scheme)
    check(papers["light"] != papers["dark"], f"light and dark are both {papers['light']}")
    for width in [320, PHONE, 768]:
        opened(browser, address, width)
        wide = browser.script("return document.documentElement.scrollWidth")
        out = browser.script(STICKING_OUT)
        check(wide <= width and not out, f"the page is {wide} wide, wider than {width}: {out}")
    shots(browser, address, folder, PHONE, "light")


def shots(browser, address, folder, width, scheme):
    if folder:
        height = browser.script("return document.documentElement.scrollHeight")
        browser.view(width, min(height, 8000), scheme)
        name = pathlib.Path(address).stem
        browser.screenshot(f"{folder}/{name}-{scheme}-{width}.png", full=False)


def without_scripts(browser, address):
    opened(browser, address, DESK, scripts=False)
    state = """
    const shown = (selector) => {
      const found = document.querySelector(selector);
      return found !== null && found.getClientRects().length > 0;
    };
    return [shown("h1"), shown(".digests"), shown("#steering"), shown("#machines table"),
      document.querySelector(".digests td code").textContent.length];
    """
    # DevTools may look at a page whose own scripts are off.
    found = browser.chromium("Runtime.evaluate", expression=f"(() => {{{state}}})()", returnByValue=True)
    values = found["result"]["value"]
    check(values[:4] == [True, True, False, True], f"without scripts: {values}")
    browser.view(DESK, HEIGHT)


def locked(browser, address):
    """The policy refuses what the page never does; nothing from the tape ran."""
    opened(browser, address, DESK)
    check(browser.script("return window.taken === undefined"), "text of the tape was run")
    refused = """
    const image = document.createElement("img");
    image.setAttribute("onerror", "window.taken = 1");
    image.src = "http://127.0.0.1:9/a.png";
    document.body.append(image);
    """
    browser.script(refused)
    log = [entry["message"] for entry in browser.log()]
    check(any("Content Security Policy" in line for line in log), f"the policy is silent: {log}")
    check(browser.script("return window.taken === undefined"), "an event of the page was run")


def main():
    page, wanted = pathlib.Path(sys.argv[1]).resolve(), json.loads(pathlib.Path(sys.argv[2]).read_text())
    folder = sys.argv[3] if len(sys.argv) > 3 else None
    address = page.as_uri()
    with Browser() as browser:
        opened(browser, address, DESK)
        no_complaint(browser)
        start = browser.script(SHOWN)["slider"]
        check(start == str(wanted.get("start", 0)), f"the page begins at frame {start}")
        frames(browser, wanted)
        clicks(browser, wanted["count"])
        keys(browser, wanted["count"])
        steering(browser, wanted)
        film(browser)
        looks(browser, address, folder)
        without_scripts(browser, address)
        no_complaint(browser)
        locked(browser, address)


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, RuntimeError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
