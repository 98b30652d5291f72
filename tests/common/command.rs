//! Runs the real program in a folder of its own, beside a copy of the tiny world.
#![allow(dead_code, reason = "each test uses its own part")]

use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;
use worldtape::session::{Tape, rewrite};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_worldtape");
/// The world every place holds a copy of.
const WORLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiny.safetensors");
/// A script of 70 frames: two blocks of a tape.
pub const SCRIPT: &str = "40 forward+right\n20 attack # shoot\n10 wait\n";

/// What changes what the program does or says.
const VARIABLES: [&str; 7] = [
    "RAYON_NUM_THREADS",
    "RUST_BACKTRACE",
    "WORLDTAPE_CUDA_CODE",
    "WORLDTAPE_CUDA_GRAPH",
    "WORLDTAPE_ISA",
    "WORLDTAPE_KERNEL_CACHE",
    "WORLDTAPE_LANE",
];

/// What a process came to.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// stdout.
    pub out: String,
    /// stderr.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    /// The run again, after checking its exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// stdout of a run that exits with 0 and has nothing to say on stderr.
    #[track_caller]
    pub fn fine(self) -> String {
        let ran = self.exits(0);
        assert_eq!(ran.err, "");
        ran.out
    }

    /// The one line of stderr, without the program's name.
    #[track_caller]
    pub fn complaint(&self) -> &str {
        let line = self.err.strip_prefix("worldtape: ");
        let line = line.and_then(|line| line.strip_suffix('\n'));
        let line = line.unwrap_or_else(|| panic!("no line of ours: {self:?}"));
        assert!(!line.contains('\n'), "more than one line: {self:?}");
        line
    }

    /// stdout as one JSON object.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A folder that is gone after the test. It holds `tiny.safetensors` and `walk.txt`.
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// A new folder.
    pub fn new() -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = Place { folder };
        std::fs::copy(WORLD, place.path("tiny.safetensors")).expect("copied");
        place.write("walk.txt", SCRIPT);
        place
    }

    /// A new folder with a tape of the script in it: `walk.wtape`.
    pub fn with_tape() -> Place {
        let place = Place::new();
        place.run("record --actions walk.txt --world tiny.safetensors").fine();
        place
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    /// The bytes of a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names in the folder, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = self.folder.path().read_dir().expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.expect("an entry").file_name();
            name.into_string().expect("UTF-8")
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    /// The program with these words, split at spaces, and no variable of ours set.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words.split_whitespace());
        self.prepare(&mut command);
        command
    }

    /// Runs the program.
    pub fn run(&self, words: &str) -> Ran {
        Ran::from(self.command(words).output().expect("runs"))
    }

    /// Runs the program with one variable set.
    pub fn run_with(&self, variable: &str, value: &str, words: &str) -> Ran {
        let mut command = self.command(words);
        Ran::from(command.env(variable, value).output().expect("runs"))
    }

    /// Runs a shell script in which `$worldtape` is the program, with two threads: where a script
    /// limits the memory, the number of processors must not decide.
    pub fn shell(&self, script: &str) -> Ran {
        let mut command = Command::new("sh");
        command.args(["-c", script]).env("worldtape", PROGRAM);
        self.prepare(&mut command);
        command.env("RAYON_NUM_THREADS", "2");
        Ran::from(command.output().expect("runs"))
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.folder.path());
        for name in VARIABLES {
            command.env_remove(name);
        }
    }

    /// Writes `name`: `walk.wtape` as `alter` leaves it, whole and right in itself.
    pub fn altered(&self, name: &str, alter: impl FnOnce(&mut Tape)) {
        let mut tape = Tape::read(&self.read("walk.wtape")).expect("a tape");
        alter(&mut tape);
        let (_, bytes) = rewrite(&tape, Vec::new()).expect("rewritten");
        self.write(name, bytes);
    }
}
