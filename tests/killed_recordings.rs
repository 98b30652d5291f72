//! A recording killed at any moment: what it said is durable is on the tape, and nothing else is.

#[path = "common/command.rs"]
mod command;

use command::{Place, Ran};
use std::process::Stdio;
use std::time::Duration;
use worldtape::clock::{Clock, Wall};
use worldtape::session::{Ending, Tape};

const RECORD: &str = "record --actions long.txt --world tiny.safetensors --acknowledge";
const FRAMES: usize = 600;
/// Moments are drawn from this.
const SEED: u64 = 20_261_123;

/// What a number of kills came to.
#[derive(Debug, Default)]
struct Kills {
    /// Before there was a tape.
    early: u32,
    /// While frames were recorded.
    cut: u32,
    /// After the tape was closed.
    late: u32,
    /// Frames that were acknowledged, of all kills together, and frames on the tapes.
    acknowledged: usize,
    frames: usize,
}

/// Records whole, then kills as many recordings at moments of that time.
fn kill(count: u32) -> Kills {
    let place = Place::new();
    place.write("long.txt", format!("400 forward+right\n{} attack\n", FRAMES - 400));
    let wall = Wall::start();
    place.run(&format!("{RECORD} -o whole.wtape")).fine();
    let whole_us = wall.now_us();
    let whole = Tape::read(&place.read("whole.wtape")).expect("a tape");
    let (mut kills, mut random) = (Kills::default(), SEED);
    for number in 0..count {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let after = Duration::from_micros((random >> 33) % whole_us);
        let name = format!("killed-{number}.wtape");
        let mut command = place.command(&format!("{RECORD} -o {name}"));
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
        std::thread::sleep(after);
        child.kill().expect("it is ours");
        let ran = Ran::from(child.wait_with_output().expect("ends"));
        let mut said = ran.out.lines().filter_map(|line| line.strip_prefix("durable "));
        let acknowledged = said.next_back().map_or(0, |frames| frames.parse().expect("a number"));
        kills.acknowledged += acknowledged;
        let bytes = std::fs::read(place.path(&name)).unwrap_or_default();
        match Tape::read(&bytes) {
            Ok(tape) => kills.add(&tape, &whole, acknowledged, &format!("{name} after {after:?}")),
            Err(error) => {
                assert_eq!(acknowledged, 0, "{name} after {after:?}: {error}");
                kills.early += 1;
            }
        }
        let _ = std::fs::remove_file(place.path(&name));
    }
    kills
}

impl Kills {
    /// A tape that a killed recording left.
    fn add(&mut self, tape: &Tape, whole: &Tape, acknowledged: usize, context: &str) {
        let frames = tape.outcomes.len();
        assert!(frames >= acknowledged, "{context}: {frames} of {acknowledged}");
        assert!(whole.outcomes.starts_with(&tape.outcomes), "{context}");
        assert!(whole.actions.starts_with(&tape.actions), "{context}");
        self.frames += frames;
        match tape.ending {
            Ending::Closed => self.late += 1,
            Ending::Cut { .. } => self.cut += 1,
            Ending::Damaged { .. } => panic!("{context}: {:?}", tape.ending),
        }
    }
}

#[test]
fn fifty_kills_lose_no_frame_that_was_acknowledged() {
    let kills = kill(50);
    println!("{kills:?}");
    assert!(kills.cut >= 5 && kills.acknowledged > 0, "moments that tell nothing: {kills:?}");
}

#[test]
#[ignore = "minutes; docs/measurements/030-tapes-that-survive.md has its result"]
fn a_thousand_kills_lose_no_frame_that_was_acknowledged() {
    println!("{:?}", kill(1_000));
}
