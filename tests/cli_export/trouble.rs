//! Drift, damage, disks that are full, readers that leave, signals: told, and nothing is left half.

use crate::command::{Place, Ran};
use crate::decoded::{cast, cut, png, y4m};
use crate::{HEIGHT, WIDTH, edged, export, pictures};
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;
use worldtape::session::{Kind, Tape};

/// Tries of 10 ms before a wait fails.
const TRIES_MAX: u32 = 3000;

#[test]
fn drift_is_told_and_seen_on_the_pictures_that_differ_alone() {
    let place = Place::with_tape();
    place.altered("drift.wtape", |tape| {
        tape.outcomes[2].state_sum ^= 1;
        for frame in [4, 5] {
            tape.outcomes[frame].picture.0[0] ^= 1;
        }
    });
    let told = "drift.wtape: DRIFT: first differing state frame 2, first differing picture frame \
        4; 3 of 8 frames differ; pictures that differ have a red edge";
    let ran = export(&place, "drift.wtape -o a.png --frames ..8").exits(3);
    assert_eq!(ran.complaint(), told);
    assert!(ran.out.ends_with("; 3 of 8 frames replayed differ\n"), "{ran:?}");
    let pictures = pictures(&place, "drift.wtape");
    let ((width, _), sheet) = png(&place.read("a.png"));
    for (frame, picture) in pictures[..8].iter().enumerate() {
        let shown = cut(&sheet, width, (2 + frame * 34, 2), (WIDTH, HEIGHT));
        let is_edged = [4, 5].contains(&frame);
        assert!(shown == if is_edged { edged(picture) } else { picture.clone() }, "frame {frame}");
    }
    let ran = export(&place, "drift.wtape -o a.cast --frames ..8").exits(3);
    assert_eq!(ran.complaint(), told);
    let (_, events) = cast(&place.read("a.cast"));
    let marks: Vec<&str> =
        events.iter().filter(|event| event.kind == "m").map(|event| event.text.as_str()).collect();
    assert_eq!(marks, ["DRIFT: frame 2 is the first that differs"]);
    let json = export(&place, "drift.wtape -o b.gif --json").exits(3).json();
    assert_eq!((&json["verdict"], &json["differing"]), (&"drift".into(), &3.into()));
}

#[test]
fn frames_that_are_not_looked_at_drift_unseen_and_those_before_are_held_too() {
    let place = Place::with_tape();
    place.altered("drift.wtape", |tape| tape.outcomes[20].state_sum ^= 1);
    export(&place, "drift.wtape -o before.gif --frames ..20").fine();
    export(&place, "drift.wtape -o after.gif --frames 30..40").exits(3);
    export(&place, "drift.wtape -o thin.gif --every 3").exits(3);
}

#[test]
fn a_cut_tape_is_exported_as_far_as_it_goes() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 1]);
    let ran = export(&place, "cut.wtape -o cut.y4m").exits(4);
    assert!(ran.complaint().starts_with("cut.wtape: the tape is cut short at byte "), "{ran:?}");
    assert!(ran.out.starts_with("exported cut.y4m: 70 pictures of frames 0 to 69"), "{ran:?}");
    assert_eq!(y4m(&place.read("cut.y4m"), (WIDTH, HEIGHT)).1.len(), 70);
    let tape = Tape::read(&whole).expect("a tape");
    let last_frames = tape.blocks.iter().rfind(|block| block.kind == Kind::Frames);
    let middle = last_frames.expect("two of them").offset as usize + 20;
    place.write("half.wtape", &whole[..middle]);
    let frames = place.run("inspect half.wtape --json").json()["frames"].as_u64().expect("some");
    assert!((1..70).contains(&frames));
    let last = frames - 1;
    let ran = export(&place, "half.wtape -o half.y4m").exits(4);
    assert!(ran.complaint().ends_with(&format!("valid through frame {last}")), "{ran:?}");
    assert_eq!(y4m(&place.read("half.y4m"), (WIDTH, HEIGHT)).1.len() as u64, frames);
}

#[test]
fn a_changed_byte_never_passes_for_a_whole_tape() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    for offset in (9..whole.len()).step_by(211).filter(|offset| *offset > 16) {
        let mut bytes = whole.clone();
        bytes[offset] ^= 1 << (offset % 8);
        place.write("bad.wtape", bytes);
        let ran = export(&place, &format!("bad.wtape -o {offset}.y4m")).exits_with(&[1, 4]);
        ran.complaint();
        let is_there = place.path(&format!("{offset}.y4m")).exists();
        assert_eq!(is_there, !ran.out.is_empty(), "{offset}: {ran:?}");
    }
}

impl Ran {
    /// The run again, after checking that its exit code is one of these.
    #[track_caller]
    fn exits_with(self, codes: &[i32]) -> Ran {
        assert!(self.code.is_some_and(|code| codes.contains(&code)), "{self:?}");
        self
    }
}

#[test]
fn a_full_disk_leaves_nothing() {
    for ending in ["gif", "png", "y4m", "cast"] {
        let place = Place::with_tape();
        let names = place.names();
        let script = format!(
            r#"trap '' XFSZ; ulimit -f 8; exec "$worldtape" export walk.wtape -o a.{ending} \
            --world tiny.safetensors"#
        );
        let ran = place.shell(&script).exits(1);
        let line = format!(
            "cannot write a.{ending}; nothing is left of it: the bytes cannot be \
            written: File too large (os error 27)"
        );
        assert_eq!((ran.complaint(), ran.out.as_str()), (line.as_str(), ""));
        assert_eq!(place.names(), names, "{ending}");
        let script = format!(
            r#"exec "$worldtape" export walk.wtape -o - --format {ending} \
            --world tiny.safetensors > /dev/full"#
        );
        let line = "cannot write to standard output: the bytes cannot be written: No space left \
            on device (os error 28)";
        assert_eq!(place.shell(&script).exits(1).complaint(), line, "{ending}");
    }
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let place = Place::with_tape();
    place.altered("drift.wtape", |tape| tape.outcomes[0].state_sum ^= 1);
    for ending in ["gif", "png", "y4m", "cast"] {
        let words = format!("export walk.wtape -o - --format {ending} --world tiny.safetensors");
        let mut command = place.command(&words);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        command.stdout(writer).stderr(Stdio::piped());
        let ran = Ran::from(command.output().expect("runs")).exits(0);
        assert_eq!(ran.err, "", "{ending}");
        let script = format!(
            r#""$worldtape" {words} | head -c 10 | wc -c; "$worldtape" {words} --scale 2 | wc -c"#
        );
        if ending != "cast" {
            assert_eq!(place.shell(&script).fine().lines().next(), Some("10"), "{ending}");
        }
    }
    // 1.6 MB, so that it has to stop half way; drift before that is still told.
    let words = "export drift.wtape -o - --format y4m --scale 4 --world tiny.safetensors";
    let mut command = place.command(words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    let mut first = [0; 10];
    child.stdout.take().expect("a pipe").read_exact(&mut first).expect("ten bytes");
    assert_eq!(&first, b"YUV4MPEG2 ");
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(said.starts_with("worldtape: drift.wtape: DRIFT: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_signal_leaves_nothing() {
    let place = Place::new();
    place.write("long.txt", "30000 forward\n");
    place.run("record --actions long.txt --world tiny.safetensors").fine();
    let names = place.names();
    for name in ["INT", "TERM", "HUP"] {
        let mut command = place.command("export long.wtape -o long.gif --world tiny.safetensors");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("runs");
        let bytes = || std::fs::metadata(place.path("long.gif")).map_or(0, |file| file.len());
        let mut tries = 0;
        while bytes() == 0 && tries < TRIES_MAX {
            std::thread::sleep(Duration::from_millis(10));
            tries += 1;
        }
        assert!(bytes() > 0, "a part of it is there");
        let mut kill = std::process::Command::new("kill");
        let sent = kill.args([&format!("-{name}"), &child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        let ran = Ran::from(child.wait_with_output().expect("ends")).exits(1);
        assert_eq!(ran.complaint(), "ended by a signal; nothing is left of long.gif");
        assert_eq!(place.names(), names, "{name}");
    }
}
