//! Runs a program under the profiler of `profiler.c` and reads what that wrote.

use crate::command::{Place, Ran};
use crate::common;
use std::process::Command;

const PROFILER: &str = "tests/ranges/profiler.c";
/// NVTX's number for a payload that is a u64; 0 is a range without any.
const WITH_U64: &str = "1";

/// What is seen of a run, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A range opens: its name, and its payload if it has one.
    Open(String, Option<u64>),
    /// The range that was opened last closes.
    Close,
    /// A call of the fake driver.
    Call(String),
}

impl Event {
    /// A range without a payload.
    pub fn open(name: &str) -> Event {
        Event::Open(name.to_owned(), None)
    }
}

/// The file of a place that the profiler writes.
pub const LOG: &str = "seen.txt";

/// Runs `command`, of `place`, under the profiler. All ranges are of our domain and one thread.
pub fn profiled(place: &Place, mut command: Command) -> (Ran, Vec<Event>) {
    let profiler = place.path("profiler.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]);
    let built = compiler.arg(&profiler).arg(common::path(PROFILER)).output();
    Ran::from(built.expect("a C compiler")).exits(0);
    command.env("NVTX_INJECTION64_PATH", &profiler).env("RANGES_LOG", place.path(LOG));
    let ran = Ran::from(command.output().expect("runs"));
    let log = String::from_utf8(place.read(LOG)).expect("names are UTF-8");
    let mut threads: Vec<&str> = log.lines().filter_map(thread).collect();
    threads.dedup();
    assert_eq!(threads.len(), 1, "{threads:?}");
    (ran, log.lines().map(event).collect())
}

/// The thread of a line of the profiler.
fn thread(line: &str) -> Option<&str> {
    line.split_once(' ').map(|(thread, _)| thread)
}

fn event(line: &str) -> Event {
    let words: Vec<&str> = line.splitn(6, ' ').collect();
    match words[..] {
        [call] => Event::Call(call.to_owned()),
        [_, "worldtape", "pop"] => Event::Close,
        [_, "worldtape", "push", kind, payload, name] => {
            let payload = payload.parse().expect("a number");
            Event::Open(name.to_owned(), (kind == WITH_U64).then_some(payload))
        }
        _ => panic!("not a line of ours: {line}"),
    }
}
