//! The program in a shell: help, the demonstration, signals.

#[path = "common/command.rs"]
mod command;
#[path = "cli_shell/generated.rs"]
mod generated;
#[path = "cli_shell/terminals.rs"]
mod terminals;

use command::{PROGRAM, Place, Ran};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Bytes of a tape that holds a few blocks of frames.
const SOME_BLOCKS: u64 = 20_000;

#[test]
fn help_is_what_it_was() {
    let place = Place::new();
    for verb in [
        "",
        "play",
        "record",
        "replay",
        "view",
        "inspect",
        "recover",
        "export",
        "diff",
        "taps",
        "explain",
        "bisect",
        "report",
        "bench",
        "check",
        "world",
        "world pack",
        "world info",
        "world check",
        "world evaluate",
        "doctor",
        "completions",
        "manual",
    ] {
        let said = place.run_with("COLUMNS", "100", &format!("{verb} --help"));
        let name = format!("help {verb}").trim().replace(' ', "_");
        insta::assert_snapshot!(name, said.fine());
    }
}

#[test]
fn the_version_is_the_packages() {
    let said = Place::new().run("--version").fine();
    assert_eq!(said, concat!("worldtape ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// With the shipped world, found from the checkout: 70 frames, recorded and replayed.
#[test]
#[ignore = "runs the shipped world: about 15 s on two cores"]
fn alone_it_proves_itself() {
    let place = Place::new();
    let mut command = Command::new(PROGRAM);
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    command.current_dir(checkout).env("TMPDIR", place.path(""));
    let ran = Ran::from(command.output().expect("runs"));
    let said = ran.fine();
    assert!(said.contains("That proved: the tape alone brings back all 70 pictures"), "{said}");
    let names = place.names();
    let tape = names.iter().find(|name| name.ends_with(".wtape"));
    let tape = tape.expect("the tape is kept");
    let shown = place.run(&format!("inspect {tape} --json")).exits(0).json();
    assert_eq!(shown["frames"], 70);
}

/// Begins a recording of days and waits until some blocks of it are on disk.
fn begun(place: &Place) -> Child {
    place.write("long.txt", "100000000 forward\n");
    let mut command = place.command("record --actions long.txt --world tiny.safetensors");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("runs");
    let size = || std::fs::metadata(place.path("long.wtape")).map_or(0, |file| file.len());
    let mut tries = 0;
    while size() <= SOME_BLOCKS && tries < 1000 {
        std::thread::sleep(Duration::from_millis(10));
        tries += 1;
    }
    if tries == 1000 {
        child.kill().expect("killed");
        child.wait().expect("ends");
        panic!("no block within ten seconds");
    }
    child
}

/// Sends the signal and waits for the end; `None` where whoever started the tests ignores it.
fn signal(child: &mut Child, name: &str) -> Option<Option<i32>> {
    let mut kill = Command::new("kill");
    let sent = kill.args([&format!("-{name}"), &child.id().to_string()]);
    assert!(sent.status().expect("kill runs").success());
    for _ in 0..200 {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status.code());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

#[test]
fn a_signal_leaves_a_cut_tape_with_every_sealed_frame() {
    for name in ["INT", "KILL"] {
        let place = Place::new();
        let mut child = begun(&place);
        let code = signal(&mut child, name).unwrap_or_else(|| {
            child.kill().expect("killed");
            child.wait().expect("ends").code()
        });
        assert_ne!(code, Some(0), "{name}");
        let ran = place.run("inspect long.wtape --verify --json").exits(4);
        let shown = ran.json();
        assert_eq!(shown["ending"], "cut", "{name}");
        let frames = shown["frames"].as_u64().expect("a number");
        assert!(frames >= 64, "{name}: {frames} frames");
        let end = format!("; valid through frame {}", frames - 1);
        assert!(ran.complaint().ends_with(&end), "{ran:?}");
        let ran = place.run("replay long.wtape --world tiny.safetensors --json");
        let verdict = ran.exits(4).json();
        assert_eq!(verdict["verdict"], "cut");
        assert_eq!(verdict["frames"], frames);
    }
}
