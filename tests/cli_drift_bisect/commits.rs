//! A small repository whose commits build the right program, a faulty one, or none.

use crate::command::{PROGRAM, Place, Ran};
use std::process::Command;

/// What a commit builds.
#[derive(Clone, Copy, Debug)]
pub enum Built {
    /// The program under test.
    Right,
    /// This test, which answers with a fault.
    Faulty,
    /// It fails.
    Broken,
    /// It succeeds and leaves no program.
    Nothing,
    /// A program that does not know what it is asked.
    Old,
    /// It never ends, and says where it is at work.
    Endless,
}

impl Built {
    fn name(self) -> &'static str {
        match self {
            Built::Right => "builds the right program",
            Built::Faulty => "builds a faulty program",
            Built::Broken => "is broken",
            Built::Nothing => "builds nothing",
            Built::Old => "builds an old program",
            Built::Endless => "never ends",
        }
    }

    /// The script that builds it: `built`, a script too.
    fn script(self, place: &Place) -> String {
        let program =
            |line: &str| format!("printf '#!/bin/sh\\n%s\\n' '{line}' > built\nchmod +x built\n");
        match self {
            Built::Right => program(&format!("exec \"{PROGRAM}\" \"$@\"")),
            Built::Faulty => {
                let this = std::env::current_exe().expect("a program");
                program(&format!("exec \"{}\" \"$@\"", this.display()))
            }
            Built::Broken => "echo cannot build >&2\nexit 9\n".to_owned(),
            Built::Nothing => "rm -f built\n".to_owned(),
            Built::Old => program("echo usage: old >&2; exit 2"),
            Built::Endless => {
                let started = place.path("started");
                format!("sleep 600 &\necho $! > {0}.new\nmv {0}.new {0}\nwait\n", started.display())
            }
        }
    }
}

/// The repository, in a folder of a place that has a tape.
pub struct Commits {
    pub place: Place,
}

impl Commits {
    /// Commits `c0`, `c1` and so on, which tags name, on branch `main`.
    pub fn new(built: &[Built]) -> Commits {
        let commits = Commits { place: Place::with_tape() };
        for folder in ["repository", "temporary"] {
            std::fs::create_dir(commits.place.path(folder)).expect("a folder");
        }
        commits.git("init --quiet --initial-branch=main");
        for (number, built) in built.iter().enumerate() {
            commits.commit(&format!("c{number}"), *built);
        }
        commits
    }

    /// One more commit, which a tag names, if no branch does.
    pub fn commit(&self, name: &str, built: Built) {
        let script = format!("# {name}\n{}", built.script(&self.place));
        self.write("build", &script);
        self.write(".gitignore", "built\n");
        self.git("add build .gitignore");
        let subject = format!("{name} {}", built.name());
        let mut command = self.git_command("commit --quiet -m");
        command.arg(subject);
        assert!(command.status().expect("git").success());
        if name != "side" {
            self.git(&format!("tag {name}"));
        }
    }

    /// Writes a file of the checkout.
    pub fn write(&self, name: &str, text: &str) {
        self.place.write(&format!("repository/{name}"), text);
    }

    /// The files of the checkout with their texts.
    pub fn files(&self) -> String {
        let names = ["build", "staged", "untracked"];
        let text = |name| String::from_utf8(self.place.read(&format!("repository/{name}")));
        names.map(|name| text(name).expect("UTF-8")).join("\n")
    }

    /// What is left where temporary files go.
    pub fn left_over(&self) -> Vec<String> {
        let entries = self.place.path("temporary").read_dir().expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect()
    }

    fn git_command(&self, words: &str) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.place.path("repository")).args(words.split_whitespace());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Somebody");
            command.env(format!("GIT_{who}_EMAIL"), "somebody@example.org");
        }
        command
    }

    /// What git prints there.
    #[track_caller]
    pub fn git(&self, words: &str) -> String {
        let output = self.git_command(words).output().expect("git");
        assert!(output.status.success(), "{words}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// `bisect` with more words.
    pub fn command(&self, words: &str) -> Command {
        let mut all = "bisect walk.wtape --world tiny.safetensors --device cpu".to_owned();
        for (option, value) in [("--repository", "repository"), ("--program", "built")] {
            if !words.contains(option) {
                all.push_str(&format!(" {option} {value}"));
            }
        }
        let mut command = self.place.command(&format!("{all} {words}"));
        command.args(["--build", "sh build"]).env("TMPDIR", self.place.path("temporary"));
        command
    }

    /// Runs it.
    pub fn bisect(&self, words: &str) -> Ran {
        Ran::from(self.command(words).output().expect("runs"))
    }
}
