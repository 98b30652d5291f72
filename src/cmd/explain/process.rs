//! Another build that is asked something, and what its exit says.

use crate::cmd::bounded::{Bounds, Ended, run};
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::atomic::AtomicBool;

/// Most bytes of an answer. Why 256 MiB: twice the outcomes of ten hours of play.
const OUT_BYTES_MAX: u64 = 256 << 20;

/// Longest that a program may take to start, load its world and end, in seconds.
const START_SECONDS_MAX: u64 = 120;

/// Longest that it may take for each frame of the tape, in seconds: a hundred times what one takes
/// on two cores.
const FRAME_SECONDS_MAX: u64 = 3;

/// Longest that another build may take for a number of frames, in seconds.
pub(in crate::cmd) fn seconds_max(frames: u64) -> u64 {
    START_SECONDS_MAX.saturating_add(frames.saturating_mul(FRAME_SECONDS_MAX))
}

/// Runs `program` with `words` until it ends, and gives its stdout. `frames` is how many it may
/// have to make.
pub(super) fn ask(
    program: &Path,
    words: &[OsString],
    frames: u64,
    quit: Option<&AtomicBool>,
) -> Result<Vec<u8>> {
    let mut command = Command::new(program);
    command.args(words);
    let seconds = seconds_max(frames);
    let ended = run(command, &Bounds { seconds, out_bytes_max: OUT_BYTES_MAX, quit })?;
    if !ended.status.success() {
        bail!("{}; it says: {}", meaning(ended.status), ended.said());
    }
    let Ended { out, .. } = ended;
    Ok(out)
}

/// What an exit says.
fn meaning(status: ExitStatus) -> String {
    match status.code() {
        Some(2) => "it does not know `taps` in this form (exit code 2), so it is of another age \
            than this build"
            .to_owned(),
        Some(3) => "its frame differs from itself when it is watched (exit code 3)".to_owned(),
        Some(code) => format!("it failed (exit code {code})"),
        None => "it was killed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_and_a_failure_is_one_line() {
        let shell =
            |script: &str| ask(Path::new("/bin/sh"), &["-c".into(), script.into()], 0, None);
        assert_eq!(shell("printf yes").expect("answers"), b"yes");
        let told = |script| format!("{:#}", shell(script).expect_err("fails"));
        let line = told("echo no >&2; echo never >&2; exit 9");
        assert_eq!(line, "it failed (exit code 9); it says: no; never");
        assert!(told("exit 2").contains("of another age"), "{}", told("exit 2"));
        assert!(told("kill -9 $$").starts_with("it was killed"));
    }
}
