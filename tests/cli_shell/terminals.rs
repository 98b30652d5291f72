//! Bars and colours: where there is a terminal, never in a pipe, no colours where NO_COLOR is set.

use crate::command::{PROGRAM, Place};
use std::process::Command;

/// What starts a colour, a weight or an underline on a terminal; ends in `m`.
const ESCAPE: char = '\u{1b}';

/// Verbs that work in a place with a tape, each with a word of its bar, if it has one.
const WORK: [(&str, &str); 9] = [
    ("record --actions walk.txt -o new.wtape --world tiny.safetensors", "recording"),
    ("record --continue walk.wtape --actions walk.txt -o on.wtape --world tiny.safetensors", "rec"),
    ("replay walk.wtape --world tiny.safetensors", "replaying"),
    ("recover walk.wtape -o whole.wtape", "recovering"),
    ("export walk.wtape -o walk.y4m --world tiny.safetensors", "exporting"),
    ("bench --frames 3 --warm-up 0 --world tiny.safetensors", "measuring"),
    ("check --only functions --every 100000000 --world tiny.safetensors", "functions"),
    ("world check tiny.safetensors", "checking"),
    ("inspect walk.wtape --verify", ""),
];

/// Every verb's help, and a misuse.
const TALK: [&str; 17] = [
    "--help",
    "play --help",
    "record --help",
    "replay --help",
    "inspect --help",
    "recover --help",
    "export --help",
    "bench --help",
    "check --help",
    "world --help",
    "world pack --help",
    "world info --help",
    "world check --help",
    "doctor --help",
    "completions --help",
    "manual --help",
    "replay",
];

/// What the program writes to a terminal, as bytes that the terminal gets; `None`, with a line,
/// where there is no `script` to make one.
fn on_a_terminal(place: &Place, variables: &[(&str, &str)], words: &str) -> Option<String> {
    let mut script = Command::new("script");
    script.args(["-qec", &format!("{PROGRAM} {words}"), "/dev/null"]);
    script.current_dir(place.path("")).env("TERM", "xterm-256color").env_remove("NO_COLOR");
    script.env_remove("CI").stdin(std::process::Stdio::null());
    let Ok(output) = script.envs(variables.iter().copied()).output() else {
        println!("script is not installed: skipped");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The codes between ESC [ and m: colours, weights, underlines.
fn styles(text: &str) -> Vec<String> {
    let sequences = text.split(ESCAPE).skip(1).filter_map(|rest| rest.strip_prefix('['));
    let code = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    };
    sequences.filter_map(code).collect()
}

#[test]
fn a_pipe_gets_neither_bars_nor_colours() {
    let place = Place::with_tape();
    let words = WORK.map(|(words, _)| words);
    for words in words.iter().chain(&TALK) {
        let mut command = place.command(words);
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
        let output = command.output().expect("runs");
        for bytes in [&output.stdout, &output.stderr] {
            assert!(!bytes.contains(&0x1b) && !bytes.contains(&b'\r'), "{words}: {output:?}");
        }
        let is_misuse = *words == "replay";
        assert_eq!(output.status.code(), Some(if is_misuse { 2 } else { 0 }), "{words}");
        assert_eq!(output.stderr.is_empty(), !is_misuse, "{words}: {output:?}");
    }
}

#[test]
fn long_work_shows_a_bar_on_a_terminal() {
    let place = Place::with_tape();
    for (words, bar) in WORK.iter().filter(|(_, bar)| !bar.is_empty()) {
        let Some(shown) = on_a_terminal(&place, &[], words) else { return };
        assert!(shown.contains(bar), "{words}: {shown}");
        assert!(shown.contains('\u{2591}') || shown.contains('\u{2588}'), "{words}: {shown}");
    }
}

#[test]
fn no_color_takes_every_colour_from_every_verb() {
    let place = Place::with_tape();
    let no_color = [("NO_COLOR", "1")];
    let words = WORK.map(|(words, _)| words);
    for words in words.iter().chain(&TALK) {
        let Some(shown) = on_a_terminal(&place, &no_color, words) else { return };
        assert_eq!(styles(&shown), Vec::<String>::new(), "{words}: {shown}");
    }
    let shown = on_a_terminal(&place, &[], "replay").expect("it was there before");
    assert!(styles(&shown).contains(&"31".to_owned()), "an error is red without it: {shown:?}");
}
