//! `inspect --json` prints what formats/inspect.md says, and `zstd` reads any tape.

#[path = "common/command.rs"]
mod command;
mod common;
#[path = "common/page.rs"]
mod page;

use command::Place;
use page::{Table, assert_described, table};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use worldtape::session::Tape;

/// Rows of the page's tables, in order: the tape's, a machine's, a frame's. Field to type.
fn tables() -> [Table; 3] {
    let page = std::fs::read_to_string(common::path("formats/inspect.md")).expect("the page");
    let (tape, rest) = page.split_once("\nA machine:").expect("three tables");
    let (machine, frame) = rest.split_once("\n`inspect --frame").expect("three tables");
    [tape, machine, frame].map(table)
}

/// Every tape of the repository.
fn tapes() -> Vec<PathBuf> {
    let folders = ["sessions", "tests/data"].map(common::path);
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
    let paths = entries.map(|entry| entry.expect("reads").path());
    let mut tapes: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "wtape")).collect();
    tapes.sort();
    assert!(tapes.len() >= 9, "{tapes:?}");
    tapes
}

#[test]
fn the_page_has_every_field_with_its_type_and_no_other() {
    let place = Place::new();
    let [tape, machine, frame] = tables();
    assert!(tape.len() >= 24 && machine.len() >= 6, "{tape:?} {machine:?}");
    place.run("record --actions walk.txt --world tiny.safetensors --device cpu").exits(0);
    let whole = std::fs::read(place.path("walk.wtape")).expect("a tape");
    std::fs::write(place.path("cut.wtape"), &whole[..whole.len() - 100]).expect("written");
    let ran = place.run("inspect --json --frame 7 walk.wtape").exits(0);
    assert_described("frame", &ran.out.parse().expect("one JSON object"), &frame);
    let mut named: Vec<String> = vec!["walk.wtape".to_owned(), "cut.wtape".to_owned()];
    named.extend(tapes().iter().map(|path| path.to_str().expect("UTF-8").to_owned()));
    for name in named {
        for verify in ["", " --verify"] {
            let ran = place.run(&format!("inspect --json{verify} {name}"));
            let object: Value = ran.out.parse().expect("one JSON object");
            assert_described("tape", &object, &tape);
            for one in object["machines"].as_array().expect("machines") {
                assert_described("machine", one, &machine);
            }
            let checked = !object["chain_blocks"].is_null();
            assert_eq!(checked, !verify.is_empty(), "{name}: {}", object["chain_blocks"]);
        }
    }
}

/// The library that the format is made of, then the tool of the same name where it is installed.
#[test]
fn zstd_decodes_any_tape_to_its_archives() {
    let has_tool = Command::new("zstd").arg("--version").output().is_ok();
    if !has_tool {
        println!("zstd is not installed: the library alone is asked");
    }
    for path in tapes() {
        let bytes = std::fs::read(&path).expect("reads");
        let archives = zstd::decode_all(&bytes[..]).expect("zstd frames and skippable frames");
        let blocks = Tape::read(&bytes).expect("a tape").blocks.len();
        assert!(archives.len() > 16 * blocks, "{} bytes of {blocks} blocks", archives.len());
        if has_tool {
            let output = Command::new("zstd").arg("-dc").arg(&path).output().expect("runs");
            assert!(output.status.success(), "{output:?}");
            assert!(output.stdout == archives, "{}: not what the library says", path.display());
        }
    }
}

#[test]
fn one_frame_is_shown_without_the_rest_and_only_where_it_is() {
    let place = Place::new();
    place.run("record --actions walk.txt --world tiny.safetensors --device cpu").exits(0);
    let whole = std::fs::read(place.path("walk.wtape")).expect("a tape");
    let tape = Tape::read(&whole).expect("whole");
    let said = place.run("inspect --frame 41 walk.wtape").fine();
    let outcome = tape.outcomes[41];
    let expected = format!("picture {}, state sum {:#018x}", outcome.picture, outcome.state_sum);
    assert!(said.starts_with("frame      41 of 70") && said.contains(&expected), "{said}");
    let none = place.run("inspect --frame 70 walk.wtape").exits(1);
    assert!(none.complaint().contains("there is no frame 70; the tape has 70"), "{none:?}");
    std::fs::write(place.path("cut.wtape"), &whole[..whole.len() - 1]).expect("written");
    let cut = place.run("inspect --frame 3 cut.wtape").exits(4);
    assert!(cut.complaint().contains("was not closed"), "{cut:?}");
}
