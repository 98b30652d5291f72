//! A program that is run to its end: its output and its time are bounded, its errors are one line.

use super::output::one_line;
use crate::clock::{Clock, Wall};
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Most bytes that are kept of what a program says on stderr: the last.
const ERR_BYTES_MAX: usize = 64 << 10;

/// How often it is looked whether a program has ended, in microseconds.
const POLL_US: u64 = 2_000;

/// What a program may take.
pub(super) struct Bounds<'a> {
    /// Longest that it may run, in seconds.
    pub(super) seconds: u64,
    /// Most bytes of its stdout; one more ends it.
    pub(super) out_bytes_max: u64,
    /// Ends it, and all that it started, once this is raised. Signals of the terminal then do not
    /// reach it.
    pub(super) quit: Option<&'a AtomicBool>,
}

/// What a program came to.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// Its stdout.
    pub(super) out: Vec<u8>,
    /// The last of its stderr; empty where its pipe could not be read.
    pub(super) err: Vec<u8>,
}

impl Ended {
    /// Its stderr as one line.
    pub(super) fn said(&self) -> String {
        let said = one_line(&String::from_utf8_lossy(&self.err));
        if said.is_empty() { "nothing".to_owned() } else { said }
    }
}

/// Runs a program until it ends.
///
/// # Errors
/// Where it cannot be started, takes longer, says more, or `quit` is raised.
pub(super) fn run(mut command: Command, bounds: &Bounds<'_>) -> Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if bounds.quit.is_some() {
        command.process_group(0);
    }
    let mut child = command.spawn().context("it cannot be started")?;
    let limit = bounds.out_bytes_max;
    let out = child.stdout.take();
    let out = std::thread::spawn(move || head(out, limit));
    let err = child.stderr.take();
    let err = std::thread::spawn(move || tail(err));
    // Where it was killed, what it started may hold its pipes: nobody waits for those.
    let status = wait(&mut child, bounds)?;
    let (out, err) = (finished(out)?, finished(err).unwrap_or_default());
    if out.len() as u64 > limit {
        bail!("it answers with more than {limit} bytes");
    }
    Ok(Ended { status, out, err })
}

/// Reads a pipe to its end; one byte more than `limit` at most is kept.
fn head(pipe: Option<impl Read>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // Dropped at the limit, the pipe ends the writer.
        pipe.take(limit + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Reads a pipe to its end and keeps the last of it.
fn tail(pipe: Option<impl Read>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(mut pipe) = pipe else { return Ok(bytes) };
    let mut block = [0; 4096];
    loop {
        let count = pipe.read(&mut block)?;
        if count == 0 {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&block[..count]);
        let over = bytes.len().saturating_sub(ERR_BYTES_MAX);
        bytes.drain(..over);
    }
}

fn finished(reader: JoinHandle<std::io::Result<Vec<u8>>>) -> Result<Vec<u8>> {
    let read = reader.join().ok().context("its answer cannot be read")?;
    read.context("its answer cannot be read")
}

/// Waits for it; ends it when its time is over.
fn wait(child: &mut Child, bounds: &Bounds<'_>) -> Result<ExitStatus> {
    let wall = Wall::start();
    loop {
        if let Some(status) = child.try_wait().context("it cannot be waited for")? {
            return Ok(status);
        }
        if bounds.quit.is_some_and(|quit| quit.load(Ordering::Acquire)) {
            end(child, bounds);
            bail!("interrupted");
        }
        let now_us = wall.now_us();
        if now_us / 1_000_000 >= bounds.seconds {
            end(child, bounds);
            bail!("it did not end within {} s and was ended", bounds.seconds);
        }
        wall.sleep_until(now_us + POLL_US);
    }
}

/// Ends it, with all that it started where it has a group of its own. Where it has just ended by
/// itself, that is as good.
fn end(child: &mut Child, bounds: &Bounds<'_>) {
    if bounds.quit.is_some() {
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(seconds: u64, quit: Option<&AtomicBool>) -> Bounds<'_> {
        Bounds { seconds, out_bytes_max: 1000, quit }
    }

    fn shell(script: &str, bounds: &Bounds<'_>) -> Result<Ended> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run(command, bounds)
    }

    #[test]
    fn a_program_that_does_not_end_is_ended_with_all_it_started() {
        let told = shell("sleep 600", &bounds(0, None)).err().expect("no time");
        assert!(told.to_string().contains("within 0 s"), "{told}");
        let quit = AtomicBool::new(true);
        // Its child holds the pipe: were that alive, nobody would come back from here in time.
        let told = shell("sleep 600; true", &bounds(600, Some(&quit))).err().expect("ended");
        assert_eq!(told.to_string(), "interrupted");
    }

    #[test]
    fn a_program_that_talks_for_ever_is_ended_and_its_last_words_are_kept() {
        let told = shell("yes", &bounds(600, None)).err().expect("too much");
        assert_eq!(told.to_string(), "it answers with more than 1000 bytes");
        let script = "head -c 100000 /dev/zero >&2; echo last >&2; exit 7";
        let ended = shell(script, &bounds(600, None)).expect("ends");
        assert_eq!((ended.status.code(), ended.err.len()), (Some(7), ERR_BYTES_MAX));
        assert!(ended.err.ends_with(b"last\n"));
    }
}
