//! Plays in a real terminal: tmux types the keys and shows what is on the screen.

#[path = "common/command.rs"]
mod command;
#[path = "common/fake_cuda.rs"]
mod fake_cuda;
#[path = "play_terminal/terminal.rs"]
mod terminal;

use command::Place;
use fake_cuda::Machine;
use terminal::Terminal;
use worldtape::event::Action;
use worldtape::session::{Ending, Tape};

const FORWARD: usize = 0;
const LEFT: usize = 2;
const RIGHT: usize = 3;
const ATTACK: usize = 4;

/// The tiny world's rate.
const FRAMES_PER_SECOND: u64 = 35;

/// A terminal in which a play to `tape.wtape` began.
fn begun(place: &Place, options: &str) -> Option<Terminal> {
    let terminal = Terminal::open(place, 80, 24)?;
    let start = if options.contains("--continue") { "" } else { "--start 0" };
    terminal.shell(&format!("play --world tiny.safetensors {start} -o tape.wtape {options}"));
    terminal.wait_for("of 35 fps");
    Some(terminal)
}

/// The number after `word` on the screen.
fn number_after(screen: &str, word: &str) -> u64 {
    let rest = screen.split(word).nth(1).unwrap_or_else(|| panic!("no {word}: {screen}"));
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number after {word}: {screen}"))
}

fn holds(tape: &Tape, button: usize) -> usize {
    tape.actions.iter().filter(|action| action.holds(button)).count()
}

#[test]
fn ten_seconds_of_keys_are_on_the_tape_and_replay() {
    let place = Place::new();
    let Some(terminal) = begun(&place, "") else { return };
    for _ in 0..150 {
        terminal.keys("Up");
        terminal.sleep_ms(30);
    }
    let lit = terminal.screen();
    assert!(lit.contains("\u{25cf} REC tape.wtape"), "{lit}");
    assert!(lit.contains("\u{2580}"), "a picture: {lit}");
    terminal.keys("Space");
    terminal.sleep_ms(1200);
    for _ in 0..40 {
        terminal.keys("a");
        terminal.sleep_ms(30);
    }
    terminal.sleep_ms(800);
    let shown = number_after(&terminal.screen(), "frame ");
    terminal.keys("q");
    let screen = terminal.wait_for("exit=");
    terminal.is_usable();
    assert!(screen.contains("exit=0."), "{screen}");

    let tape = Tape::read(&place.read("tape.wtape")).expect("a tape");
    assert_eq!(tape.ending, Ending::Closed);
    let frames = tape.outcomes.len() as u64;
    assert_eq!(number_after(&screen, "played "), frames);
    assert!(shown < frames && number_after(&screen, "frames, ") <= frames, "{shown}: {screen}");
    assert!(screen.replace('\n', "").contains(&tape.play_root.short()), "{screen}");
    assert!(frames >= 6 * FRAMES_PER_SECOND, "{frames} frames in ten seconds");
    for (name, button) in [("forward", FORWARD), ("attack", ATTACK), ("left", LEFT)] {
        assert!(holds(&tape, button) >= 5, "{name} is on the tape: {:?}", tape.actions);
    }
    assert!(tape.actions.contains(&Action::NONE), "keys are let go");
    assert_eq!(tape.actions.last(), Some(&Action::NONE), "nothing sticks");
    place.run("replay tape.wtape --world tiny.safetensors").fine();
    place.run("inspect tape.wtape --verify").fine();
}

#[test]
fn a_play_goes_on_where_a_tape_was_cut() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 1]);
    let Some(terminal) = begun(&place, "--continue cut.wtape") else { return };
    for _ in 0..30 {
        terminal.keys("a");
        terminal.sleep_ms(30);
    }
    assert!(number_after(&terminal.screen(), "frame ") >= 70);
    terminal.keys("q");
    let screen = terminal.wait_for("exit=");
    assert!(screen.contains("exit=0."), "{screen}");
    let (before, tape) = (Tape::read(&whole), Tape::read(&place.read("tape.wtape")));
    let (before, tape) = (before.expect("a tape"), tape.expect("a tape"));
    assert_eq!((&tape.ending, tape.resumes[0].source_frame), (&Ending::Closed, 70));
    assert!(tape.outcomes.starts_with(&before.outcomes));
    let new = tape.outcomes.len() as u64 - 70;
    assert_eq!(number_after(&screen, "played "), new);
    assert!(new >= FRAMES_PER_SECOND / 2 && holds(&tape, LEFT) >= 5, "{new} frames");
    let gap_us = tape.action_us[70] - tape.outcome_us[69];
    assert!(gap_us < 5_000_000, "the time between the sessions is not on the tape: {gap_us}");
    place.run("replay tape.wtape --world tiny.safetensors").fine();
}

/// A play in a terminal that is a script; what it drew. `None`, with a line, without Python.
fn scripted(place: &Place, keys: &str) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/play_terminal/kitty.py");
    let mut command = std::process::Command::new("python3");
    command.args([
        script,
        keys,
        command::PROGRAM,
        "play",
        "-o",
        "tape.wtape",
        "--start",
        "0",
        "--world",
    ]);
    command.arg("tiny.safetensors").current_dir(place.path(""));
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

#[test]
fn a_terminal_that_stalls_misses_pictures_and_the_tape_no_frame() {
    let place = Place::new();
    let Some(drawn) = scripted(&place, "1,s3,1,113:1") else { return };
    let (frames, shown) = (number_after(&drawn, "played "), number_after(&drawn, "frames, "));
    assert!(frames >= 4 * FRAMES_PER_SECOND, "{frames} frames in five seconds");
    assert!(frames - shown >= 2 * FRAMES_PER_SECOND, "{shown} of {frames} drawn");
    let tape = Tape::read(&place.read("tape.wtape")).expect("a tape");
    assert_eq!(tape.outcomes.len() as u64, frames);
}

#[test]
fn a_terminal_that_takes_100_kb_a_second_misses_pictures_and_the_tape_no_frame() {
    let place = Place::new();
    let Some(drawn) = scripted(&place, "r100,5,113:1") else { return };
    let (frames, shown) = (number_after(&drawn, "played "), number_after(&drawn, "frames, "));
    assert!(frames >= 4 * FRAMES_PER_SECOND, "{frames} frames in five seconds");
    assert!(shown < frames / 2, "{shown} of {frames} drawn");
    let tape = Tape::read(&place.read("tape.wtape")).expect("a tape");
    assert_eq!(tape.outcomes.len() as u64, frames);
    place.run("replay tape.wtape --world tiny.safetensors").fine();
}

#[test]
fn a_terminal_that_goes_away_ends_the_play_and_closes_the_tape() {
    let place = Place::new();
    let Some(terminal) = begun(&place, "") else { return };
    terminal.sleep_ms(500);
    let process = terminal.process();
    drop(terminal);
    let mut tries = 0;
    while Tape::read(&place.read("tape.wtape")).expect("a tape").ending != Ending::Closed {
        assert!(tries < 100, "still open after ten seconds");
        tries += 1;
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    std::thread::sleep(std::time::Duration::from_secs(2));
    let mut state = std::process::Command::new("ps");
    let listed = state.args(["-o", "stat=", "-p", &process]).output().expect("ps runs");
    let state = String::from_utf8(listed.stdout).expect("letters");
    assert!(state.is_empty() || state.starts_with('Z'), "the program is still there: {state}");
    place.run("replay tape.wtape --world tiny.safetensors").fine();
}

/// The terminal is a script here: tmux does not speak the protocol.
#[test]
fn where_releases_are_told_the_tape_holds_exactly_what_was_held() {
    let place = Place::new();
    let keys = "2,119:1,0.5,32:1,0.2,32:3,0.5,119:3,0.3,D:1 D:3,0.3,D:1,0.3,C:1,0.3,D:3 C:3,0.3,\
        A:1,0.5,O,0.3,113:1";
    let Some(drawn) = scripted(&place, keys) else { return };
    assert!(drawn.contains("\u{1b}[?1049h\u{1b}[?25l\u{1b}[?1004h\u{1b}[>11u"), "{drawn:?}");
    let farewell = "\u{1b}[<1u\u{1b}[?1004l\u{1b}[0m\u{1b}[?25h\u{1b}[?1049lplayed ";
    assert!(drawn.contains(farewell), "{drawn:?}");

    let tape = Tape::read(&place.read("tape.wtape")).expect("a tape");
    let mut spans: Vec<(Action, usize)> = Vec::new();
    for &action in &tape.actions {
        match spans.last_mut().filter(|span| span.0 == action) {
            Some(span) => span.1 += 1,
            None => spans.push((action, 1)),
        }
    }
    let action = |buttons: &[usize]| buttons.iter().fold(Action::NONE, |all, &one| all.with(one));
    let (none, walks, turns) = (Action::NONE, action(&[FORWARD]), action(&[LEFT]));
    let (shoots, both) = (action(&[FORWARD, ATTACK]), action(&[LEFT, RIGHT]));
    let held: Vec<Action> = spans.iter().map(|span| span.0).collect();
    assert_eq!(
        held,
        [none, walks, shoots, walks, none, turns, none, turns, both, none, walks, none],
        "{spans:?}"
    );
    assert_eq!(spans[5].1, 1, "a tap within a frame is one frame");
    place.run("replay tape.wtape --world tiny.safetensors").fine();
}

#[test]
fn a_play_ends_after_the_frames_asked_for() {
    let place = Place::new();
    let Some(terminal) = begun(&place, "--frames 60") else { return };
    let screen = terminal.wait_for("exit=");
    assert!(screen.contains("exit=0."), "{screen}");
    assert_eq!(number_after(&screen, "played "), 60);
    let ran = place.run("inspect tape.wtape --json").exits(0);
    assert_eq!(ran.json()["frames"], 60);
}

#[test]
fn two_signals_at_once_give_the_terminal_back_too() {
    for _ in 0..3 {
        let place = Place::new();
        let Some(terminal) = begun(&place, "") else { return };
        terminal.signals(&["TERM", "INT"]);
        let screen = terminal.wait_for("exit=");
        let known = ["exit=0.", "exit=130.", "exit=143."];
        assert!(known.iter().any(|exit| screen.contains(exit)), "{screen}");
        terminal.is_usable();
        assert!(Tape::read(&place.read("tape.wtape")).is_ok());
    }
}

#[test]
fn control_c_and_signals_close_the_tape_and_give_the_terminal_back() {
    for (moment, name) in ["C-c", "INT", "TERM", "HUP"].into_iter().enumerate() {
        let place = Place::new();
        let Some(terminal) = begun(&place, "") else { return };
        terminal.sleep_ms(100 + 250 * moment as u64);
        if name == "C-c" {
            terminal.keys(name);
        } else {
            terminal.signals(&[name]);
        }
        let screen = terminal.wait_for("exit=");
        assert!(screen.contains("exit=0."), "{name}: {screen}");
        terminal.is_usable();
        place.run("replay tape.wtape --world tiny.safetensors").fine();
        let tape = Tape::read(&place.read("tape.wtape")).expect("a tape");
        assert_eq!(number_after(&screen, "played "), tape.outcomes.len() as u64, "{name}");
    }
}

#[test]
fn after_a_kill_the_tape_is_readable_to_its_last_block() {
    let place = Place::new();
    let Some(terminal) = begun(&place, "") else { return };
    terminal.sleep_ms(3000);
    terminal.signals(&["KILL"]);
    terminal.wait_for_modes();
    terminal.is_usable();
    let ran = place.run("replay tape.wtape --world tiny.safetensors --json").exits(4);
    let verdict = ran.json();
    assert_eq!(verdict["verdict"], "cut");
    assert!(verdict["frames"].as_u64().expect("a number") >= FRAMES_PER_SECOND, "{verdict}");
}

#[test]
fn a_tape_that_exists_is_left_alone_and_the_terminal_untouched() {
    let place = Place::new();
    place.write("tape.wtape", "mine");
    let Some(terminal) = Terminal::open(&place, 80, 24) else { return };
    terminal.shell("play --world tiny.safetensors --start 0 -o tape.wtape");
    let screen = terminal.wait_for("exit=");
    assert!(screen.contains("exit=1."), "{screen}");
    assert!(screen.contains("exists and is not written over"), "{screen}");
    assert_eq!(place.read("tape.wtape"), b"mine");
    terminal.is_usable();
}

#[test]
fn a_terminal_too_small_is_refused_and_one_made_small_goes_on() {
    let place = Place::new();
    let Some(terminal) = Terminal::open(&place, 39, 24) else { return };
    terminal.shell("play --world tiny.safetensors --start 0 -o tape.wtape");
    let screen = terminal.wait_for("exit=").replace('\n', "");
    assert!(screen.contains("exit=1."), "{screen}");
    assert!(screen.contains("39 columns and 24 rows"), "{screen}");
    assert!(!place.names().contains(&"tape.wtape".to_owned()));
    terminal.resize(80, 24);
    terminal.shell("clear");
    terminal.shell("play --world tiny.safetensors --start 0 -o tape.wtape");
    terminal.wait_for("of 35 fps");
    terminal.resize(30, 8);
    terminal.wait_for("needs 40 columns");
    terminal.resize(80, 24);
    terminal.wait_for("of 35 fps");
    terminal.keys("q");
    terminal.wait_for("exit=0.");
    place.run("replay tape.wtape --world tiny.safetensors").fine();
}

#[test]
fn without_colours_there_are_letters_and_on_a_dumb_terminal_no_play() {
    let place = Place::new();
    let Some(terminal) = Terminal::open(&place, 80, 24) else { return };
    terminal.shell_with("NO_COLOR=1", "play --world tiny.safetensors --start 0 --no-record");
    let screen = terminal.wait_for("of 35 fps");
    assert!(!screen.contains('\u{2580}') && screen.contains("not recorded"), "{screen}");
    terminal.keys("q");
    let screen = terminal.wait_for("exit=0.");
    assert!(screen.contains("drawn, not recorded"), "{screen}");
    terminal.shell("clear");
    terminal.shell_with("TERM=dumb", "play --world tiny.safetensors --start 0 --no-record");
    let screen = terminal.wait_for("exit=1.");
    assert!(screen.contains("cannot be drawn on (TERM=\"dumb\")"), "{screen}");
    assert_eq!(place.names().iter().filter(|name| name.ends_with(".wtape")).count(), 0);
}

#[test]
fn a_gpu_that_fails_gives_the_terminal_back_and_the_tape_is_closed() {
    let Some(machine) = Machine::new() else { return };
    let place = &machine.place;
    let Some(terminal) = Terminal::open(place, 80, 24) else { return };
    let variables = format!(
        "LD_LIBRARY_PATH={} WORLDTAPE_KERNEL_CACHE=kernels FAKE_CUDA_FAIL=cuGraphLaunch:80:719",
        machine.value("libraries")
    );
    let words = "play -o tape.wtape --start 0 --world tiny.safetensors --device cuda:0";
    terminal.shell_with(&variables, words);
    terminal.wait_for("cuda:0, Fake GPU, mma");
    let screen = terminal.wait_for("exit=").replace('\n', "");
    assert!(screen.contains("exit=1."), "{screen}");
    let line = "worldtape: the session ended early; tape.wtape is closed and holds 76 frames: \
        cuda:0 failed at frame 76: cuGraphLaunch: unspecified launch failure ";
    assert!(screen.contains(line), "{screen}");
    terminal.is_usable();
    let tape = Tape::read(&place.read("tape.wtape")).expect("a tape");
    assert_eq!((tape.ending, tape.outcomes.len()), (Ending::Closed, 76));
}

#[test]
fn the_doctor_finds_this_terminal_fit() {
    let place = Place::new();
    let Some(terminal) = Terminal::open(&place, 80, 24) else { return };
    terminal.shell("doctor --world tiny.safetensors");
    let screen = terminal.wait_for("exit=");
    assert!(screen.contains("exit=0.") && screen.contains("yes: worldtape play"), "{screen}");
    assert!(screen.contains("80 columns, 24 rows"), "{screen}");
    terminal.is_usable();
}

#[test]
fn without_a_terminal_play_says_so_and_writes_nothing() {
    let place = Place::new();
    let ran = place.run("play --world tiny.safetensors").exits(1);
    assert_eq!(ran.complaint(), "standard output is no terminal");
    assert_eq!(place.names(), ["tiny.safetensors", "walk.txt"]);
    let ran = place.run("doctor --world tiny.safetensors --json").exits(1);
    let found = ran.json();
    assert_eq!(found["can_play"], false);
    assert_eq!(found["world"]["name"], "tiny");
    assert_eq!(found["arithmetic"], "exact-1");
    assert_eq!(found["terminal"]["error"], "standard output is no terminal");
    let ran = place.run("doctor --world walk.txt --json").exits(1);
    assert!(ran.json()["world"]["error"].as_str().expect("a reason").contains("walk.txt"));
}
