//! Action scripts that do not read: named with their line, and no tape is begun.

use crate::command::Place;

/// `record` refuses the script with this line, and leaves no file.
#[track_caller]
fn refused(script: &[u8], line: &str) {
    let place = Place::new();
    place.write("bad.txt", script);
    let ran = place.run("record --actions bad.txt --world tiny.safetensors");
    let ran = ran.exits(1);
    assert_eq!(ran.complaint(), line);
    assert_eq!(ran.out, "");
    assert_eq!(place.names(), ["bad.txt", "tiny.safetensors", "walk.txt"]);
}

#[test]
fn an_unknown_word() {
    refused(
        b"3 forward\n\n2 forward+jump # up\n",
        "action script bad.txt: line 3: this world has no button \"jump\"; it has forward, \
        backward, left, right, attack, and wait",
    );
}

#[test]
fn words_that_are_no_span() {
    let span = |line: u32, text: &str| {
        format!(
            "action script bad.txt: line {line}: \"{text}\" is not a span; write a number of \
            frames and buttons, such as \"40 forward+right\" or \"10 wait\""
        )
    };
    refused(b"forward 3\n", &span(1, "forward 3"));
    refused(b"1 wait\n-3 wait\n", &span(2, "-3 wait"));
    refused(b"1 wait now\n", &span(1, "1 wait now"));
    refused(b"1\x1b[2J wait x\n", &span(1, "1\\u{1b}[2J wait x"));
}

#[test]
fn more_frames_than_a_tape_holds() {
    let said = "the script comes to 1000000000000 frames; a tape holds 100000000";
    let line = format!("action script bad.txt: line 1: {said}");
    refused(b"1000000000000 wait\n", &line);
    let said = "the script comes to 100000001 frames; a tape holds 100000000";
    let line = format!("action script bad.txt: line 2: {said}");
    refused(b"100000000 wait\n1 wait\n", &line);
}

#[test]
fn no_frames() {
    refused(b"", "action script bad.txt: the script has no frames");
    refused(b"0 wait\n# none\n", "action script bad.txt: the script has no frames");
}

#[test]
fn bytes_that_are_no_text() {
    refused(
        b"1 wait\n\xff\n",
        "bad.txt is not UTF-8 text: invalid utf-8 sequence of 1 bytes from index 7",
    );
}

#[test]
fn too_many_lines() {
    let script = "#\n".repeat(1_000_001);
    let line = "action script bad.txt: the script has more than 1000000 lines";
    refused(script.as_bytes(), line);
}

#[test]
fn no_file_or_too_large_a_one() {
    let place = Place::new();
    let file = std::fs::File::create(place.path("huge.txt")).expect("made");
    file.set_len(1 << 40).expect("a sparse file");
    let lines = [
        ("none.txt", "cannot open none.txt: No such file or directory (os error 2)"),
        ("huge.txt", "huge.txt has 1099511627776 bytes; at most 67108864 are read"),
        ("/", "/ is a folder, not a file"),
    ];
    for (name, line) in lines {
        let ran = place.run(&format!("record --actions {name} --world tiny.safetensors"));
        assert_eq!(ran.exits(1).complaint(), line);
    }
}
