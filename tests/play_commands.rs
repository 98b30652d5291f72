//! The menu, pauses, restarts, marks and odd terminals, in a real terminal: tmux types the keys.

#[path = "common/command.rs"]
mod command;
#[path = "play_terminal/terminal.rs"]
mod terminal;

use command::Place;
use terminal::Terminal;
use worldtape::session::{Ending, Tape};

const PLAY: &str = "play --world tiny.safetensors -o tape.wtape";

/// Longer than a press may take for another one's repeat, where releases are not told.
const APART_MS: u64 = 700;

fn begun(place: &Place, (columns, rows): (u16, u16), options: &str) -> Option<Terminal> {
    let terminal = Terminal::open(place, columns, rows)?;
    terminal.shell(&format!("{PLAY} {options}"));
    terminal.wait_for("of 35 fps");
    Some(terminal)
}

/// The word after `word` on the screen.
fn after<'a>(screen: &'a str, word: &str) -> &'a str {
    let rest = screen.split(word).nth(1).unwrap_or_else(|| panic!("no {word}: {screen}"));
    rest.split_whitespace().next().unwrap_or_else(|| panic!("nothing after {word}: {screen}"))
}

/// The number of the frame: "frame" may stand in other lines too.
fn frame(screen: &str) -> usize {
    let words = screen.split("frame ").skip(1).filter_map(|rest| rest.split(' ').next());
    words.filter_map(|word| word.parse().ok()).next().expect("a frame")
}

fn tape(place: &Place, name: &str) -> Tape {
    let tape = Tape::read(&place.read(name)).expect("a tape");
    assert_eq!(tape.ending, Ending::Closed, "{name}");
    place.run(&format!("replay {name} --world tiny.safetensors")).fine();
    tape
}

#[test]
fn the_menu_shows_the_prompts_and_the_one_chosen_is_played() {
    let place = Place::new();
    let Some(terminal) = Terminal::open(&place, 80, 24) else { return };
    terminal.shell(PLAY);
    terminal.wait_for("where to begin?");
    let screen = terminal.wait_for("3 nothing");
    assert!(screen.contains("1 three frames"), "{screen}");
    terminal.keys("Right");
    terminal.keys("Enter");
    terminal.wait_for("of 35 fps");
    terminal.keys("q");
    terminal.wait_for("exit=0.");
    assert_eq!(tape(&place, "tape.wtape").config.prompt, 1);
}

#[test]
fn leaving_the_menu_leaves_no_tape() {
    for key in ["q", "C-c"] {
        let place = Place::new();
        let Some(terminal) = Terminal::open(&place, 80, 24) else { return };
        terminal.shell(&format!("{PLAY} --samples samples.jsonl"));
        terminal.wait_for("where to begin?");
        terminal.keys(key);
        let screen = terminal.wait_for("exit=0.");
        assert!(screen.contains("nothing was played"), "{screen}");
        assert_eq!(place.names(), ["tiny.safetensors", "walk.txt"]);
        terminal.is_usable();
    }
}

#[test]
fn a_pause_makes_no_frames_but_those_asked_for_and_marks_are_notes() {
    let place = Place::new();
    let Some(terminal) = begun(&place, (80, 24), "--start 0") else { return };
    terminal.keys("p");
    terminal.wait_for("PAUSED");
    // The frame that was running when the key came is still shown.
    terminal.sleep_ms(APART_MS);
    let screen = terminal.screen();
    let paused = frame(&screen);
    terminal.sleep_ms(APART_MS);
    let screen = terminal.screen();
    assert_eq!(frame(&screen), paused, "time stands still: {screen}");
    let digest = after(&screen, " picture ").to_owned();
    for step in 1..=2 {
        terminal.keys("n");
        terminal.wait_for(&format!("frame {} ", paused + step));
    }
    terminal.keys("m");
    terminal.wait_for("1 mark");
    terminal.keys("h");
    terminal.wait_for("closes this");
    terminal.keys("h");
    terminal.sleep_ms(APART_MS);
    assert_eq!(frame(&terminal.screen()), paused + 2);
    terminal.keys("p");
    terminal.sleep_ms(500);
    terminal.keys("q");
    terminal.wait_for("exit=0.");
    let tape = tape(&place, "tape.wtape");
    assert!(tape.outcomes.len() > paused + 3, "{} frames", tape.outcomes.len());
    assert_eq!(tape.outcomes[paused].picture.short(), digest, "the frame that was shown");
    let notes: Vec<(u64, &str)> =
        tape.notes.iter().map(|note| (note.frame, note.text.as_str())).collect();
    assert_eq!(notes, [(paused as u64 + 2, "mark 1")]);
    let pause_us = tape.action_us[paused + 1] - tape.action_us[paused];
    assert!(pause_us > APART_MS * 1000, "the pause is in the times: {pause_us}");
}

#[test]
fn a_restart_closes_the_tape_and_begins_another_over_none() {
    let place = Place::new();
    place.write("tape-2.wtape", "mine");
    let Some(terminal) = begun(&place, (80, 24), "--start 1 --samples times.jsonl") else { return };
    terminal.keys("Up");
    terminal.sleep_ms(500);
    terminal.keys("r");
    let screen = terminal.wait_for("REC tape-3.wtape");
    assert!(screen.contains("of 35 fps"), "{screen}");
    terminal.sleep_ms(500);
    terminal.keys("q");
    let screen = terminal.wait_for("exit=0.");
    assert_eq!(screen.matches("played ").count(), 2, "{screen}");
    assert_eq!(place.read("tape-2.wtape"), b"mine");
    let (first, second) = (tape(&place, "tape.wtape"), tape(&place, "tape-3.wtape"));
    assert_eq!((first.config.prompt, second.config.prompt), (1, 1));
    assert_ne!(first.uuid, second.uuid);
    assert!(second.action_us[0] < 1_000_000, "its clock begins anew: {}", second.action_us[0]);
    samples_are_those_of(&place, &[first, second]);
}

/// The lines of `times.jsonl` have every frame of the tapes, at the tape's times, parts in order.
fn samples_are_those_of(place: &Place, tapes: &[Tape]) {
    let text = String::from_utf8(place.read("times.jsonl")).expect("UTF-8");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&lines[0]["line"], &lines[0]["version"]), (&"play".into(), &1.into()));
    for (session, tape) in tapes.iter().enumerate() {
        let of = |kind: &str| {
            let lines = lines.iter().filter(|line| line["line"] == kind);
            let lines = lines.filter(|line| line["session"] == session);
            lines.cloned().collect::<Vec<_>>()
        };
        let frames = of("play_frame");
        assert_eq!(frames.len(), tape.outcomes.len());
        for (frame, line) in frames.iter().enumerate() {
            let time = |name: &str| line[name].as_u64().expect(name);
            assert_eq!(time("begun_us"), tape.action_us[frame]);
            assert_eq!(time("made_us"), tape.outcome_us[frame]);
            assert!(time("begun_us") <= time("computed_us"));
            assert!(time("computed_us") <= time("made_us"));
            if !line["written_us"].is_null() {
                assert!(time("made_us") <= time("taken_us"), "{line}");
                assert!(time("taken_us") <= time("encoded_us"), "{line}");
                assert!(time("encoded_us") <= time("written_us"), "{line}");
            }
        }
        let names: Vec<_> = of("play_stage").iter().map(|line| line["name"].clone()).collect();
        assert_eq!(names.len(), 7, "{names:?}");
        let drawn = frames.iter().filter(|line| !line["written_us"].is_null()).count();
        assert_eq!(of("session")[0]["drawn"], drawn);
    }
    let told = lines.iter().any(|line| line["told_us"].is_u64());
    assert!(told, "a key was told");
}

#[test]
fn every_size_plays_and_being_resized_does_no_harm() {
    for size in [(40, 12), (300, 100)] {
        let place = Place::new();
        let Some(terminal) = begun(&place, size, "--start 0") else { return };
        for (columns, rows) in [(61, 17), (299, 20), (30, 8), (40, 100), size] {
            terminal.resize(columns, rows);
            terminal.sleep_ms(150);
        }
        let screen = terminal.wait_for("of 35 fps");
        assert!(screen.contains("\u{25cf} REC"), "{screen}");
        terminal.keys("q");
        terminal.wait_for("exit=0.");
        tape(&place, "tape.wtape");
        terminal.is_usable();
    }
}

#[test]
fn in_a_locale_without_letters_beyond_ascii_none_is_sent() {
    let place = Place::new();
    let Some(terminal) = Terminal::open(&place, 80, 24) else { return };
    terminal.shell_with("LC_ALL=C", &format!("{PLAY} --start 0"));
    let screen = terminal.wait_for("of 35 fps");
    assert!(screen.is_ascii() && screen.contains("* REC tape.wtape"), "{screen}");
    terminal.keys("q");
    terminal.wait_for("exit=0.");
    tape(&place, "tape.wtape");
}

#[test]
fn without_standard_input_the_terminal_itself_gives_the_keys() {
    for input in ["<&-", "</dev/null"] {
        let place = Place::new();
        let Some(terminal) = begun(&place, (80, 24), &format!("--start 0 {input}")) else { return };
        terminal.keys("q");
        terminal.wait_for("exit=0.");
        tape(&place, "tape.wtape");
        terminal.is_usable();
    }
}

#[test]
fn what_is_typed_before_the_screen_opens_is_not_lost() {
    let place = Place::new();
    let Some(terminal) = Terminal::open(&place, 80, 24) else { return };
    terminal.shell(PLAY);
    terminal.keys("Right");
    terminal.keys("Enter");
    terminal.wait_for("of 35 fps");
    terminal.keys("q");
    terminal.wait_for("exit=0.");
    assert_eq!(tape(&place, "tape.wtape").config.prompt, 1);
}

#[test]
fn a_kill_at_any_moment_gives_the_terminal_back_and_leaves_a_tape() {
    for wait_ms in [0, 40, 300, 1100] {
        let place = Place::new();
        let Some(terminal) = begun(&place, (80, 24), "--start 0") else { return };
        terminal.sleep_ms(wait_ms);
        terminal.signals(&["KILL"]);
        // What the shell says of it may go with the screen that is given back.
        terminal.wait_for_modes();
        terminal.is_usable();
        place.run("replay tape.wtape --world tiny.safetensors").exits(4);
    }
}

#[test]
fn graphics_are_sent_where_they_are_asked_for() {
    for (graphics, mark) in
        [("kitty", "\x1b_Gq=2,i="), ("sixel", "\x1bP"), ("iterm", "\x1b]1337;File=inline=1")]
    {
        let place = Place::new();
        let Some(drawn) = scripted(&place, &["--graphics", graphics]) else { return };
        assert!(drawn.contains(mark), "{graphics}");
        assert!(!drawn.contains('\u{2580}'), "{graphics}: no blocks");
        let removes = drawn.contains("\x1b_Ga=d,d=I,");
        assert_eq!(removes, graphics == "kitty", "only kitty keeps pictures");
        tape(&place, "tape.wtape");
    }
    let place = Place::new();
    let Some(drawn) = scripted(&place, &["--graphics", "blocks"]) else { return };
    assert!(drawn.contains('\u{2580}') && !drawn.contains("\x1b_Gq=2,i="));
}

/// A play of a second in a terminal that is a script; what it drew. `None`, with a line, without
/// Python.
fn scripted(place: &Place, options: &[&str]) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/play_terminal/kitty.py");
    let mut command = std::process::Command::new("python3");
    command.args([script, "2,113:1", command::PROGRAM]).args(PLAY.split(' '));
    command.args(["--start", "0"]).args(options).current_dir(place.path(""));
    command.env("LC_ALL", "C.UTF-8");
    for name in ["TMUX", "NO_COLOR", "WORLDTAPE_ISA", "COLUMNS", "LINES"] {
        command.env_remove(name);
    }
    let Ok(output) = command.output() else {
        println!("python3 is not installed: skipped");
        return None;
    };
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}
