//! A disk that fails: `tests/fake_disk/shim.c`, made by the system's C compiler and preloaded.

use crate::command::{Place, Ran};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A call that the program made on the tape or its folder.
#[derive(Debug)]
pub struct Call {
    /// `open`, `write`, `fsync` or `fdatasync`.
    pub name: String,
    /// Bytes that a write took.
    pub bytes: u64,
    /// Was it answered wrongly?
    pub faulty: bool,
}

/// Runs the program in `place` on a disk whose call number `at` on `tape` meets `fault`, with
/// `words` and the name of the tape; what it came to and the calls. `None` without a C compiler.
pub fn run(
    place: &Place,
    tape: &str,
    (fault, at): (&str, usize),
    words: &str,
) -> Option<(Ran, Vec<Call>)> {
    let log = place.path(&format!("{tape}.calls"));
    let mut command = place.command(&format!("{words} -o {tape}"));
    command
        .env("LD_PRELOAD", shim()?)
        .env("FAKE_DISK_FILE", tape)
        .env("FAKE_DISK_FOLDER", ".")
        .env("FAKE_DISK_AT", at.to_string())
        .env("FAKE_DISK_FAULT", fault)
        .env("FAKE_DISK_STALL_MS", "1500")
        .env("FAKE_DISK_LOG", &log);
    let ran = Ran::from(command.output().expect("runs"));
    let calls = std::fs::read_to_string(log).unwrap_or_default();
    Some((ran, calls.lines().map(call).collect()))
}

fn call(line: &str) -> Call {
    let [_, name, bytes, fault] = line.split(' ').collect::<Vec<_>>()[..] else {
        panic!("no call: {line}");
    };
    let bytes = bytes.parse().expect("a number");
    Call { name: name.to_owned(), bytes, faulty: fault != "-" }
}

/// The library, made once a process; `None`, with a line, where there is no `cc` or no preloading.
fn shim() -> Option<&'static Path> {
    static SHIM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let shim = SHIM.get_or_init(|| {
        let version = Command::new("cc").arg("--version").output();
        let there = cfg!(target_os = "linux") && version.is_ok_and(|ran| ran.status.success());
        there.then(make)
    });
    if shim.is_none() {
        println!("there is no C compiler (cc) or this is no Linux: skipped");
    }
    shim.as_deref()
}

/// Makes it under a name of its own, then renames: several test programs may run at once.
fn make() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake_disk");
    std::fs::create_dir_all(&folder).expect("a folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake_disk/shim.c");
    let fresh = folder.join(format!("shim.so.{}", std::process::id()));
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]);
    let output = command.arg(&fresh).arg(source).output().expect("cc runs");
    assert!(output.status.success(), "{output:?}");
    let path = folder.join("shim.so");
    std::fs::rename(&fresh, &path).expect("renamed");
    path
}
