//! Views tapes in a real terminal: tmux types the keys and shows what is on the screen.

#[path = "common/command.rs"]
mod command;
#[path = "play_terminal/terminal.rs"]
mod terminal;

use command::Place;
use terminal::Terminal;
use worldtape::session::{Kind, Note, Tape};

/// Frames of the tape of a place.
const FRAMES: u64 = 70;
/// The frame whose picture is altered in a forged tape, and that whose state is.
const PICTURE: usize = 40;
const STATE: usize = 30;

/// Numbers of colours.
const RED: u8 = 1;
const GREEN: u8 = 2;
const YELLOW: u8 = 3;

/// A terminal in which a view of `tape` began.
fn begun(place: &Place, tape: &str, options: &str) -> Option<Terminal> {
    let terminal = Terminal::open(place, 100, 30)?;
    terminal.shell(&format!("view {tape} --world tiny.safetensors --device cpu {options}"));
    terminal.wait_for("h help  q quits");
    Some(terminal)
}

/// A place with a tape and one that says otherwise of two frames.
fn forged() -> Place {
    let place = Place::with_tape();
    place.altered("forged.wtape", |tape| {
        tape.outcomes[STATE].state_sum ^= 1;
        tape.outcomes[PICTURE].picture.0[0] ^= 1;
        tape.notes = vec![Note { frame: 55, text: "look\there\u{1b}[2J".to_owned() }];
    });
    place
}

/// Goes to a frame by its number and waits until it is shown.
fn go_to(terminal: &Terminal, frame: u64) -> String {
    terminal.keys(&frame.to_string());
    terminal.keys("Enter");
    terminal.wait_for(&format!("frame {frame} of"))
}

/// What the screen must say of a frame, by the tape.
fn digits(tape: &Tape, frame: u64) -> String {
    let outcome = &tape.outcomes[frame as usize];
    format!("{}/{:08x}", outcome.picture.short(), outcome.state_sum >> 32)
}

/// Ends the view; what it said then.
fn quit(terminal: &Terminal, exit: &str) -> String {
    terminal.keys("q");
    let screen = terminal.wait_for("exit=");
    assert!(screen.contains(exit), "{screen}");
    terminal.is_usable();
    screen
}

#[test]
fn every_way_to_move_shows_the_frame_of_the_tape() {
    let place = Place::with_tape();
    let tape = Tape::read(&place.read("walk.wtape")).expect("a tape");
    let Some(terminal) = begun(&place, "walk.wtape", "") else { return };
    let shows = |frame: u64| {
        let digits = digits(&tape, frame);
        let screen = terminal.wait_for(&format!("tape {digits}  here {digits}"));
        assert!(screen.contains(&format!("frame {frame} of {FRAMES}")), "{frame}: {screen}");
    };
    shows(0);
    go_to(&terminal, 42);
    shows(42);
    for (key, frame) in
        [("Right", 43), ("Left", 42), ("Left", 41), ("Up", 6), ("Down", 41), ("Home", 0)]
    {
        terminal.keys(key);
        shows(frame);
    }
    terminal.keys("End");
    shows(69);
    terminal.wait_for("all 70 frames replay the same");
    for frame in [3, 68, 35, 34, 36] {
        go_to(&terminal, frame);
        shows(frame);
    }
    go_to(&terminal, 41);
    assert!(terminal.screen().contains("\u{2580}"), "a picture");
    let screen = quit(&terminal, "exit=0.");
    let line = "viewed walk.wtape (cpu, ";
    assert!(screen.contains(line) && screen.contains("70 of 70 frames"), "{screen}");
}

#[test]
fn it_plays_to_the_end_at_its_speed_and_stands_where_it_is_told() {
    let place = Place::with_tape();
    let Some(terminal) = begun(&place, "walk.wtape", "") else { return };
    for _ in 0..3 {
        terminal.keys("+");
    }
    terminal.wait_for("8x");
    terminal.keys("Space");
    terminal.wait_for("frame 69 of 70");
    terminal.wait_for("\u{2016} 8x");
    for _ in 0..9 {
        terminal.keys("-");
    }
    terminal.wait_for("1/4x");
    terminal.keys("Space");
    terminal.wait_for("\u{25b6} 1/4x  frame 4 of 70");
    terminal.keys("Space");
    terminal.wait_for("\u{2016} 1/4x");
    let standing = terminal.screen();
    terminal.sleep_ms(500);
    assert_eq!(terminal.screen(), standing);
    quit(&terminal, "exit=0.");
}

#[test]
fn a_forged_tape_is_red_at_its_frame_and_exits_with_3() {
    let place = forged();
    let Some(terminal) = begun(&place, "forged.wtape", "") else { return };
    let screen = terminal.wait_for("DRIFT from frame 30; 2 of 70 differ");
    assert!(screen.contains("\u{2584}") && screen.contains("\u{2588}"), "{screen}");
    let colors = terminal.colored();
    for (color, block) in [(RED, '\u{2588}'), (YELLOW, '\u{2584}'), (GREEN, '\u{2501}')] {
        assert!(colors.contains(&format!("\u{1b}[38;5;{color}m{block}")), "{color}: {screen}");
    }
    assert!(screen.contains("first op: worldtape explain forged.wtape --frame 30 --"), "{screen}");
    assert!(screen.contains("a tape holds no pictures; both sides: worldtape view"), "{screen}");
    terminal.keys("n");
    let screen = terminal.wait_for("frame 30 of 70");
    assert!(screen.contains("state differs"), "{screen}");
    terminal.keys("n");
    let screen = terminal.wait_for("frame 40 of 70");
    assert!(screen.contains("picture differs"), "{screen}");
    terminal.keys("n");
    terminal.wait_for("no drift after this frame");
    terminal.keys("N");
    terminal.wait_for("frame 30 of 70");
    terminal.keys("]");
    terminal.wait_for("note: look\\there\\u{1b}[2J");
    terminal.keys("m");
    terminal.wait_for("forged.wtape: recorded | here");
    let screen = quit(&terminal, "exit=3.").replace('\n', "");
    let line = "DRIFT: first differing state frame 30, first differing picture frame 40; \
        2 of 70 frames differ";
    assert!(screen.contains(line), "{screen}");
}

#[test]
fn two_plays_are_seen_side_by_side_with_the_heat_of_their_difference() {
    let place = Place::with_tape();
    place.write("turn.txt", "40 forward+right\n30 left\n");
    place.run("record --actions turn.txt --world tiny.safetensors").fine();
    let Some(terminal) = begun(&place, "walk.wtape", "--against turn.wtape") else { return };
    terminal.wait_for("all 70 frames replay the same");
    terminal.keys("n");
    let screen = terminal.wait_for("frame 40 of 70");
    assert!(screen.contains("difference: ") && screen.contains(" dB"), "{screen}");
    assert!(screen.contains("walk.wtape") && screen.contains("turn.wtape"), "{screen}");
    let row = screen.lines().find(|line| line.starts_with("tapes ")).expect("a strip of the two");
    assert!(row.contains("\u{2501}\u{2588}"), "the same, then not: {row}");
    terminal.keys("Left");
    let screen = terminal.wait_for("frame 39 of 70");
    assert!(!screen.contains(" dB"), "one picture where both are the same: {screen}");
    terminal.keys("Tab");
    terminal.wait_for("no difference");
    quit(&terminal, "exit=0.");
}

#[test]
fn another_engine_of_the_same_arithmetic_has_a_strip_too() {
    let place = forged();
    let Some(terminal) = begun(&place, "forged.wtape", "--against cpu") else { return };
    terminal.wait_for("DRIFT from frame 30; 2 of 70 differ");
    go_to(&terminal, PICTURE as u64);
    let screen = terminal.wait_for("picture differs");
    assert_eq!(screen.matches("picture differs").count(), 2, "{screen}");
    quit(&terminal, "exit=3.");
}

#[test]
fn without_verifying_only_what_is_looked_at_is_made() {
    let place = forged();
    let Some(terminal) = begun(&place, "forged.wtape", "--no-verify") else { return };
    terminal.wait_for("1 of 70 replayed, all the same");
    go_to(&terminal, 20);
    terminal.wait_for("21 of 70 replayed, all the same");
    terminal.sleep_ms(500);
    assert!(terminal.screen().contains("21 of 70 replayed"), "{}", terminal.screen());
    quit(&terminal, "exit=0.");
}

#[test]
fn what_is_valid_of_a_cut_tape_is_viewed_and_its_end_is_told() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    let blocks = Tape::read(&whole).expect("a tape").blocks;
    let frames = blocks.iter().rfind(|block| block.kind == Kind::Frames).expect("frames");
    place.write("cut.wtape", &whole[..frames.offset as usize + 100]);
    let Some(terminal) = begun(&place, "cut.wtape", "") else { return };
    let screen = terminal.wait_for("the tape is cut short at byte");
    let (count, last) = (frames.first_frame, frames.first_frame - 1);
    assert!(screen.contains(&format!("frame 0 of {count}")), "{screen}");
    terminal.keys("End");
    terminal.wait_for(&format!("frame {last} of {count}"));
    let screen = quit(&terminal, "exit=4.");
    assert!(screen.contains("worldtape: cut.wtape: the tape is cut short"), "{screen}");
}

#[test]
fn signals_give_the_terminal_back() {
    let place = Place::with_tape();
    for (moment, names) in
        [["TERM"].as_slice(), &["HUP"], &["INT"], &["TERM", "INT"]].into_iter().enumerate()
    {
        let Some(terminal) = begun(&place, "walk.wtape", "") else { return };
        if moment % 2 == 1 {
            terminal.keys("Space");
        }
        terminal.signals(names);
        let screen = terminal.wait_for("exit=");
        let known = ["exit=0.", "exit=130.", "exit=143."];
        assert!(known.iter().any(|exit| screen.contains(exit)), "{names:?}: {screen}");
        terminal.is_usable();
    }
}

#[test]
fn after_a_kill_the_tape_is_what_it_was() {
    let place = Place::with_tape();
    let before = place.read("walk.wtape");
    let Some(terminal) = begun(&place, "walk.wtape", "") else { return };
    terminal.signals(&["KILL"]);
    terminal.wait_for("137.");
    assert_eq!(place.read("walk.wtape"), before);
    assert_eq!(place.names(), ["tiny.safetensors", "walk.txt", "walk.wtape"]);
}

#[test]
fn control_c_and_escape_and_the_help_are_understood_and_mice_are_not_keys() {
    let place = Place::with_tape();
    let Some(terminal) = begun(&place, "walk.wtape", "") else { return };
    terminal.keys("?");
    terminal.wait_for("play, pause");
    terminal.type_bytes("\u{1b}[<0;10;10M\u{1b}[<0;10;10m");
    terminal.keys("Escape");
    let screen = terminal.wait_for("frame 0 of 70");
    terminal.sleep_ms(200);
    assert!(!terminal.screen().contains("play, pause"), "{screen}");
    terminal.keys("C-c");
    let screen = terminal.wait_for("exit=");
    assert!(screen.contains("exit=0."), "{screen}");
    terminal.is_usable();
}

#[test]
fn sizes_change_while_it_is_viewed() {
    let place = Place::with_tape();
    let Some(terminal) = begun(&place, "walk.wtape", "") else { return };
    terminal.resize(30, 8);
    terminal.wait_for("needs 40 columns");
    terminal.resize(40, 12);
    terminal.wait_for("frame 0 of 70");
    terminal.resize(300, 100);
    terminal.wait_for("all 70 frames replay the same");
    quit(&terminal, "exit=0.");
}

#[test]
fn without_an_input_the_keys_are_those_of_the_terminal() {
    let place = Place::with_tape();
    for input in ["</dev/null", "<&-"] {
        let Some(terminal) = begun(&place, "walk.wtape", input) else { return };
        go_to(&terminal, 12);
        quit(&terminal, "exit=0.");
    }
}

#[test]
fn where_nothing_can_be_seen_it_says_so() {
    let place = Place::with_tape();
    let words = "view walk.wtape --world tiny.safetensors";
    let ran = place.run(words).exits(1);
    assert_eq!(ran.complaint(), "standard output is no terminal");
    let Some(terminal) = Terminal::open(&place, 100, 30) else { return };
    let refused = |variables: &str, words: &str, exit: &str, line: &str| {
        terminal.shell_with(variables, words);
        let screen = terminal.wait_for("exit=").replace('\n', "");
        assert!(screen.contains(exit) && screen.contains(line), "{words}: {screen}");
        terminal.shell("clear");
    };
    refused("TERM=dumb", words, "exit=1.", "cannot be drawn on (TERM=\"dumb\")");
    refused("", "view none.wtape", "exit=1.", "cannot open none.wtape");
    refused("", "view walk.wtape --against gpu", "exit=2.", "a tape ends in .wtape");
    place.write("head.wtape", &place.read("walk.wtape")[..1200]);
    refused("", "view head.wtape --world tiny.safetensors", "exit=4.", "no frame is whole");
    terminal.shell_with("NO_COLOR=1", &format!("{words} --device cpu"));
    let screen = terminal.wait_for("all 70 frames replay the same");
    assert!(screen.contains(&"=".repeat(100)) && !screen.contains('\u{2580}'), "{screen}");
    quit(&terminal, "exit=0.");
}
