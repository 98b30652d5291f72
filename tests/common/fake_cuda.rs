//! A machine with a GPU that is not there: driver and compiler of `tests/fake_cuda`, made by the
//! system's C compiler, found by the program through LD_LIBRARY_PATH.
#![allow(dead_code, reason = "each test uses its own part")]

use crate::command::{Place, Ran};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What the program looks for, and the text each is made of.
const LIBRARIES: [(&str, &str); 2] = [("libcuda.so.1", "driver.c"), ("libnvrtc.so", "nvrtc.c")];

/// Names under which the real ones lie. A file that is no library ends the search for it.
const HIDDEN: [&str; 8] = [
    "libcuda.so",
    "libcuda.so.1",
    "libnvrtc.so",
    "libnvrtc.so.13",
    "libnvrtc.so.12",
    "libnvrtc.so.11",
    "libnvrtc.so.10",
    "libnvrtc.so.9",
];

/// Which of the two the machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    Both,
    DriverAlone,
    Nothing,
}

/// A place whose program finds the libraries above, and nothing of the machine's own CUDA.
pub struct Machine {
    /// Its folder; kernels are kept in `kernels`.
    pub place: Place,
    libraries: PathBuf,
}

impl Machine {
    /// A machine with one GPU; `None`, with a line, where there is no C compiler.
    pub fn new() -> Option<Machine> {
        Machine::with(Has::Both)
    }

    /// A machine with some of it.
    pub fn with(has: Has) -> Option<Machine> {
        let built = built()?;
        let place = Place::new();
        let libraries = place.path("libraries");
        std::fs::create_dir(&libraries).expect("a new folder");
        let count = match has {
            Has::Both => 2,
            Has::DriverAlone => 1,
            Has::Nothing => 0,
        };
        for name in HIDDEN {
            std::fs::write(libraries.join(name), "no library\n").expect("written");
        }
        for (name, _) in &LIBRARIES[..count] {
            std::fs::remove_file(libraries.join(name)).expect("removed");
            std::fs::copy(built.join(name), libraries.join(name)).expect("copied");
        }
        Some(Machine { place, libraries })
    }

    /// The program with these words and variables.
    pub fn command(&self, variables: &[(&str, &str)], words: &str) -> Command {
        let mut command = self.place.command(words);
        command
            .env("LD_LIBRARY_PATH", &self.libraries)
            .env("WORLDTAPE_KERNEL_CACHE", self.place.path("kernels"))
            .envs(variables.iter().copied());
        command
    }

    /// Another program, which finds the same libraries.
    pub fn of(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        command.env("LD_LIBRARY_PATH", &self.libraries);
        command
    }

    /// Runs the program with these variables.
    pub fn run_with(&self, variables: &[(&str, &str)], words: &str) -> Ran {
        Ran::from(self.command(variables, words).output().expect("runs"))
    }

    /// Runs the program.
    pub fn run(&self, words: &str) -> Ran {
        self.run_with(&[], words)
    }

    /// The lines of a file in the folder; none where there is no such file.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.place.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// A path in the folder, as a variable's value.
    pub fn value(&self, name: &str) -> String {
        self.place.path(name).to_str().expect("UTF-8").to_owned()
    }
}

/// The folder of the libraries, made once a process; `None`, with a line, where there is no `cc`.
fn built() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        Command::new("cc")
            .arg("--version")
            .output()
            .is_ok_and(|ran| ran.status.success())
            .then(make)
    });
    if built.is_none() {
        println!("there is no C compiler (cc): skipped");
    }
    built.as_deref()
}

/// Makes both under names of their own, then renames: several test programs may run at once.
fn make() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake_cuda");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, source) in LIBRARIES {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake_cuda").join(source);
        let fresh = folder.join(format!("{name}.{}", std::process::id()));
        let mut command = Command::new("cc");
        command.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]);
        let output = command.arg(&fresh).arg(source).output().expect("cc runs");
        assert!(output.status.success(), "{output:?}");
        std::fs::rename(&fresh, folder.join(name)).expect("renamed");
    }
    folder
}
