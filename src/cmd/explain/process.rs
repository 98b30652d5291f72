//! A program that is asked something: its output and its time are bounded, its errors are one line.

use crate::clock::{Clock, Wall};
use crate::cmd::output::one_line;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

/// Most bytes of an answer. Why 256 MiB: twice the outcomes of ten hours of play.
const OUT_BYTES_MAX: u64 = 256 << 20;

/// Most bytes of what it says on stderr.
const ERR_BYTES_MAX: u64 = 64 << 10;

/// Longest that a program may take to start, load its world and end, in seconds.
const START_SECONDS_MAX: u64 = 120;

/// Longest that it may take for each frame of the tape, in seconds: a hundred times what one takes
/// on two cores.
const FRAME_SECONDS_MAX: u64 = 3;

/// How often it is looked whether it has ended, in microseconds.
const POLL_US: u64 = 2_000;

/// What a program answered.
pub(super) struct Answer {
    /// Its stdout.
    pub(super) out: Vec<u8>,
}

/// Runs `program` with `words` until it ends. `frames` is how many it may have to make.
pub(super) fn ask(program: &Path, words: &[OsString], frames: u64) -> Result<Answer> {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("it cannot be started")?;
    let out = reader(child.stdout.take(), OUT_BYTES_MAX);
    let err = reader(child.stderr.take(), ERR_BYTES_MAX);
    let seconds = START_SECONDS_MAX.saturating_add(frames.saturating_mul(FRAME_SECONDS_MAX));
    // Where it was killed, what it started may hold its pipes: nobody waits for those.
    let status = wait(&mut child, seconds)?;
    let (out, err) = (finished(out)?, finished(err));
    if out.len() as u64 > OUT_BYTES_MAX {
        bail!("it answers with more than {OUT_BYTES_MAX} bytes");
    }
    if !status.success() {
        let said = one_line(&String::from_utf8_lossy(&err.unwrap_or_default()));
        let said = if said.is_empty() { "nothing".to_owned() } else { said };
        bail!("{}; it says: {said}", meaning(status));
    }
    Ok(Answer { out })
}

/// Reads a pipe to its end on a thread of its own; one byte more than `limit` at most is kept.
fn reader(
    pipe: Option<impl Read + Send + 'static>,
    limit: u64,
) -> JoinHandle<std::io::Result<Vec<u8>>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // Dropped at the limit, the pipe ends the writer.
            pipe.take(limit + 1).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    })
}

fn finished(reader: JoinHandle<std::io::Result<Vec<u8>>>) -> Result<Vec<u8>> {
    let read = reader.join().ok().context("its answer cannot be read")?;
    read.context("its answer cannot be read")
}

/// Waits for it; kills it when its time is over.
fn wait(child: &mut Child, seconds: u64) -> Result<ExitStatus> {
    let wall = Wall::start();
    loop {
        if let Some(status) = child.try_wait().context("it cannot be waited for")? {
            return Ok(status);
        }
        let now_us = wall.now_us();
        if now_us / 1_000_000 >= seconds {
            // Where it has just ended by itself, that is as good.
            let _ = child.kill();
            let _ = child.wait();
            bail!("it did not answer within {seconds} s and was ended");
        }
        wall.sleep_until(now_us + POLL_US);
    }
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Answer> {
        ask(Path::new("/bin/sh"), &["-c".into(), script.into()], 0)
    }

    #[test]
    fn an_answer_is_taken_and_a_failure_is_one_line() {
        assert_eq!(shell("printf yes").expect("answers").out, b"yes");
        let told = |script| format!("{:#}", shell(script).err().expect("fails"));
        let line = told("echo no >&2; echo never >&2; exit 9");
        assert_eq!(line, "it failed (exit code 9); it says: no; never");
        assert!(told("exit 2").contains("of another age"), "{}", told("exit 2"));
        assert!(told("kill -9 $$").starts_with("it was killed"));
    }

    #[test]
    fn a_program_that_does_not_end_is_ended_and_one_that_talks_for_ever_too() {
        let mut child = Command::new("/bin/sleep").arg("600").spawn().expect("starts");
        let told = wait(&mut child, 0).expect_err("no time");
        assert!(told.to_string().contains("within 0 s"), "{told}");
        assert!(child.try_wait().expect("waited for").is_some());
        let bytes = finished(reader(Some(std::io::repeat(7)), 1000)).expect("reads");
        assert_eq!(bytes.len(), 1001);
    }
}
