//! Each format, decoded by others, against the pictures of the engine.

use crate::command::Place;
use crate::decoded::{self, cast, cut, gif, half_blocks, png, rgb, y4m};
use crate::{HEIGHT, WIDTH, enlarged, export, pictures};
use serde_json::json;
use worldtape::session::Tape;

/// Farthest that colours of a GIF are from the picture's: the mean over all channels. The tiny
/// world's pictures are noise of nearly 512 colours, of which a GIF has 256.
const GIF_ERROR_MEAN_MAX: f64 = 20.0;

#[test]
fn a_gif_shows_every_picture_for_the_length_of_the_play() {
    let place = Place::with_tape();
    let said = export(&place, "walk.wtape -o walk.gif").fine();
    let bytes = place.read("walk.gif");
    let expected = format!(
        "exported walk.gif: 70 pictures of frames 0 to 69, {} bytes; 70 frames replayed, \
        every picture and state the same\n",
        bytes.len()
    );
    assert_eq!(said, expected);
    let (size, shown) = gif(&bytes);
    assert_eq!(size, (WIDTH, HEIGHT));
    let pictures = pictures(&place, "walk.wtape");
    assert_eq!(shown.len(), pictures.len());
    for (frame, (shown, picture)) in shown.iter().zip(&pictures).enumerate() {
        let error = mean_error(&shown.pixels, picture);
        assert!(error <= GIF_ERROR_MEAN_MAX, "frame {frame}: {error}");
        let errors = pictures.iter().map(|other| mean_error(&shown.pixels, other));
        let others = errors.enumerate().filter(|(other, _)| *other != frame);
        let nearest = others.map(|(_, error)| error).fold(f64::MAX, f64::min);
        assert!(nearest > 2.0 * error, "frame {frame}: {error}, another: {nearest}");
    }
    assert!(shown.iter().all(|shown| (2..=3).contains(&shown.delay_cs)));
    let total: u32 = shown.iter().map(|shown| u32::from(shown.delay_cs)).sum();
    assert_eq!(total, 200, "70 frames at 35 a second");
}

fn mean_error(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let sum: u64 = one.iter().zip(other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    sum as f64 / one.len() as f64
}

#[test]
fn a_gif_is_enlarged_thinned_and_slowed_as_asked() {
    let place = Place::with_tape();
    let words = "walk.wtape -o some.gif --frames 10..31 --every 4 --scale 3 --rate 17.5";
    export(&place, words).fine();
    let (size, shown) = gif(&place.read("some.gif"));
    assert_eq!(size, (3 * WIDTH, 3 * HEIGHT));
    assert_eq!(shown.len(), 6, "frames 10, 14, 18, 22, 26, 30");
    let pictures = pictures(&place, "walk.wtape");
    for (shown, picture) in shown.iter().zip(pictures[10..].iter().step_by(4)) {
        assert!(mean_error(&shown.pixels, &enlarged(picture, 3)) <= GIF_ERROR_MEAN_MAX);
        for square in 0..WIDTH * HEIGHT {
            let place = (3 * (square % WIDTH), 3 * (square / WIDTH));
            let square = cut(&shown.pixels, 3 * WIDTH, place, (3, 3));
            assert!(square.chunks_exact(3).all(|pixel| *pixel == square[..3]), "{place:?}");
        }
    }
    let delays: Vec<u16> = shown.iter().map(|shown| shown.delay_cs).collect();
    // 21 frames at 17.5 a second are 1.2 s; the last picture is of one frame.
    assert_eq!(delays, [23, 23, 23, 22, 23, 6]);
}

#[test]
fn a_sheet_holds_exact_pictures_with_their_numbers() {
    let place = Place::with_tape();
    let pictures = pictures(&place, "walk.wtape");
    for scale in [1, 2] {
        let words = format!("walk.wtape -o {scale}.png --frames 9.. --every 7 --columns 4");
        export(&place, &format!("{words} --scale {scale}")).fine();
        let ((width, height), sheet) = png(&place.read(&format!("{scale}.png")));
        // 9 pictures in 3 rows, 2 pixels between them; 7 rows under each for its number.
        assert_eq!((width, height), (scale * (2 + 4 * 34), scale * (2 + 3 * 25)));
        for (index, frame) in (9..70).step_by(7).enumerate() {
            let corner = (scale * (2 + index % 4 * 34), scale * (2 + index / 4 * 25));
            let size = (scale * WIDTH, scale * HEIGHT);
            let shown = cut(&sheet, width, corner, size);
            assert_eq!(shown, enlarged(&pictures[frame], scale), "frame {frame}");
            let corner = (corner.0, corner.1 + scale * (HEIGHT + 2));
            let number = number(&cut(&sheet, width, corner, (scale * WIDTH, scale * 5)), scale);
            assert_eq!(number, frame.to_string());
        }
        let blank = cut(&sheet, width, (scale * (2 + 34), scale * 52), (scale * 102, scale * 25));
        assert!(blank.iter().all(|value| *value == 255), "no picture, no number");
    }
}

/// Reads digits of 3 by 5 dots, black on white.
fn number(pixels: &[u8], scale: usize) -> String {
    let is_dark = |x: usize, y: usize| pixels[3 * (scale * y * scale * WIDTH + scale * x)] == 0;
    let digit = |place: usize| {
        let dots = (0..15).map(|dot| is_dark(4 * place + dot % 3, dot / 3));
        dots.fold(0_u16, |rows, dot| rows << 1 | u16::from(dot))
    };
    let known = (0..10).map(worldtape::export::digit_rows).collect::<Vec<u16>>();
    let digits = (0..).map(digit).take_while(|rows| *rows > 0);
    let read = digits.map(|rows| known.iter().position(|known| *known == rows).expect("a digit"));
    read.map(|digit| digit.to_string()).collect()
}

#[test]
fn y4m_brings_back_every_colour_within_two() {
    let place = Place::with_tape();
    export(&place, "walk.wtape -o walk.y4m").fine();
    let (header, shown) = y4m(&place.read("walk.y4m"), (WIDTH, HEIGHT));
    assert_eq!(header, "YUV4MPEG2 W32 H16 F35:1 Ip A1:1 C444 XCOLORRANGE=FULL");
    let pictures = pictures(&place, "walk.wtape");
    assert_eq!(shown.len(), pictures.len());
    for (planes, picture) in shown.iter().zip(&pictures) {
        for (index, pixel) in picture.chunks_exact(3).enumerate() {
            let back = rgb([0, 1, 2].map(|channel: usize| planes[channel][index]));
            let pairs = back.iter().zip(pixel);
            let farthest = pairs.map(|(back, value)| (back - f64::from(*value)).abs());
            assert!(farthest.fold(0.0, f64::max) <= 2.0, "{back:?} for {pixel:?}");
        }
    }
}

#[test]
fn y4m_to_stdout_is_the_file_and_nothing_else() {
    let place = Place::with_tape();
    let words = "walk.wtape --frames 3..20 --every 3 --scale 2 --rate 29.97 --format y4m -o";
    export(&place, &format!("{words} file")).fine();
    let command = format!("export --world tiny.safetensors {words} -");
    let output = place.command(&command).output().expect("runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(output.stdout == place.read("file"));
    let (header, shown) = y4m(&output.stdout, (2 * WIDTH, 2 * HEIGHT));
    assert!(header.contains(" F999:100 "), "{header}");
    assert_eq!(shown.len(), 6);
}

#[test]
fn a_cast_draws_every_picture_in_half_blocks_at_its_time() {
    let place = Place::with_tape();
    export(&place, "walk.wtape -o walk.cast").fine();
    let (header, events) = cast(&place.read("walk.cast"));
    assert_eq!((&header["version"], &header["term"]), (&3.into(), &json!({"cols":32,"rows":9})));
    assert_eq!(header["title"], "walk.wtape (tiny)");
    let tape = Tape::read(&place.read("walk.wtape")).expect("a tape");
    assert_eq!(header["timestamp"], tape.machines[0].started_unix_ms / 1000);
    let pictures = pictures(&place, "walk.wtape");
    let mut terminal = decoded::terminal(32, 9);
    let (mut at_us, mut frame) = (0, 0);
    for event in events.iter().filter(|event| event.kind == "o").take(pictures.len()) {
        at_us += event.interval_us;
        terminal.process(event.text.as_bytes());
        // 28571.43 us a frame, rounded, without adding up.
        assert_eq!(at_us, (frame * 1_000_000 + 17) / 35, "frame {frame}");
        let shown = half_blocks(terminal.screen(), WIDTH, HEIGHT / 2);
        assert!(shown == pictures[frame as usize], "frame {frame}");
        let line = terminal.screen().rows(0, 32).last().expect("a last row");
        assert!(line.starts_with(&format!("frame {frame} ")), "{line}");
        frame += 1;
    }
    assert_eq!(frame, 70);
    events.iter().skip(70).for_each(|event| terminal.process(event.text.as_bytes()));
    let shown = half_blocks(terminal.screen(), WIDTH, HEIGHT / 2);
    assert!(shown == pictures[69], "the last picture stays");
    let length_us: u64 = events.iter().map(|event| event.interval_us).sum();
    assert_eq!(length_us, 2_000_000, "70 frames at 35 a second");
    let last = events.last().expect("an end");
    assert_eq!((last.kind.as_str(), last.text.as_str()), ("x", "0"));
}

#[test]
fn a_cast_sends_changed_cells_alone_and_says_what_is_held() {
    let place = Place::with_tape();
    export(&place, "walk.wtape -o walk.cast").fine();
    let pictures = pictures(&place, "walk.wtape");
    let (_, events) = cast(&place.read("walk.cast"));
    let drawn: Vec<&decoded::Event> = events.iter().filter(|event| event.kind == "o").collect();
    let cell = |picture: &[u8], cell: usize| {
        let (x, y) = (cell % WIDTH, cell / WIDTH);
        [2 * y, 2 * y + 1].map(|y| picture[3 * (y * WIDTH + x)..][..3].to_vec())
    };
    for (frame, pair) in pictures.windows(2).enumerate() {
        let cells = 0..WIDTH * HEIGHT / 2;
        let changed = cells.filter(|&at| cell(&pair[0], at) != cell(&pair[1], at)).count();
        assert_eq!(drawn[frame + 1].text.matches('\u{2580}').count(), changed, "frame {frame}");
    }
    let mut terminal = decoded::terminal(32, 9);
    for event in &drawn[..41] {
        terminal.process(event.text.as_bytes());
    }
    let line = terminal.screen().rows(0, 32).last().expect("a last row");
    assert_eq!(line.trim_end(), "frame 40  attack");
}

#[test]
fn the_times_of_a_cast_can_be_those_of_the_tape() {
    let place = Place::with_tape();
    let made_us: Vec<u64> = (0..70).map(|frame| 5_000 + frame * frame * 1_000).collect();
    place.altered("slow.wtape", |tape| {
        tape.outcome_us.clone_from(&made_us);
        tape.action_us = made_us.iter().map(|us| us - 1_000).collect();
    });
    export(&place, "slow.wtape -o slow.cast --times tape --frames 20..40 --every 2").fine();
    let (_, events) = cast(&place.read("slow.cast"));
    let mut at_us = 0;
    for (event, frame) in events.iter().zip((20..40).step_by(2)) {
        at_us += event.interval_us;
        assert_eq!(at_us, made_us[frame] - made_us[20], "frame {frame}");
    }
    let length_us: u64 = events.iter().map(|event| event.interval_us).sum();
    assert_eq!(length_us, made_us[40] - made_us[20]);
    export(&place, "slow.wtape -o all.cast --times tape").fine();
    let (_, events) = cast(&place.read("all.cast"));
    let length_us: u64 = events.iter().map(|event| event.interval_us).sum();
    assert_eq!(length_us, made_us[69] - made_us[0] + 28_571, "the last frame stays for one");
}

#[test]
fn remarks_on_the_tape_become_marks_of_a_cast() {
    let place = Place::with_tape();
    place.altered("noted.wtape", |tape| {
        for (frame, text) in [(30, "a \"door\""), (5, "before"), (12, "here")] {
            tape.notes.push(worldtape::session::Note { frame, text: text.to_owned() });
        }
    });
    export(&place, "noted.wtape -o noted.cast --frames 10..40 --every 5").fine();
    let (_, events) = cast(&place.read("noted.cast"));
    let mut marks = Vec::new();
    let mut at_us = 0;
    for event in events {
        at_us += event.interval_us;
        if event.kind == "m" {
            marks.push((at_us, event.text));
        }
    }
    // The first picture at or after the frame: 15 and 30.
    let marks: Vec<(u64, &str)> = marks.iter().map(|(us, text)| (*us, text.as_str())).collect();
    assert_eq!(marks, [(142_857, "here"), (571_429, "a \"door\"")]);
}

#[test]
fn the_same_export_is_the_same_bytes_whatever_the_machine() {
    let place = Place::with_tape();
    for ending in ["gif", "png", "y4m", "cast"] {
        export(&place, &format!("walk.wtape -o one.{ending}")).fine();
        let words = format!("export --world tiny.safetensors walk.wtape -o two.{ending}");
        let mut command = place.command(&words);
        command.env("RAYON_NUM_THREADS", "1").env("WORLDTAPE_ISA", "scalar").env("NO_COLOR", "1");
        assert!(command.status().expect("runs").success());
        let [one, two] = ["one", "two"].map(|name| place.read(&format!("{name}.{ending}")));
        assert!(one == two, "{ending}");
    }
}

#[test]
fn json_of_export_has_its_fields() {
    let place = Place::with_tape();
    let said = export(&place, "walk.wtape -o a.png --frames ..10 --every 3 --json").exits(0).json();
    let expected = json!({
        "tape": "walk.wtape", "output": "a.png", "format": "png", "first_frame": 0,
        "last_frame": 9, "pictures": 4, "bytes": place.read("a.png").len(), "verdict": "same",
        "frames_checked": 10, "differing": 0, "first_state_drift": null,
        "first_picture_drift": null
    });
    assert_eq!(said, expected);
}
