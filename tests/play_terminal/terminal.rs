//! A tmux session of its own, with a shell in it.
#![allow(dead_code, reason = "each test uses its own part")]

use crate::command::{PROGRAM, Place};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Tries of 50 ms before a wait fails.
const TRIES_MAX: u32 = 600;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A shell in a terminal; it ends with the test.
pub struct Terminal {
    socket: String,
}

impl Terminal {
    /// A terminal in the folder of `place`; `None`, with a line, where there is no tmux.
    pub fn open(place: &Place, columns: u16, rows: u16) -> Option<Terminal> {
        if Command::new("tmux").arg("-V").output().is_err() {
            println!("tmux is not installed: skipped");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let socket = format!("worldtape-{}-{number}", std::process::id());
        let terminal = Terminal { socket };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let mut command = terminal.command();
        command.args(["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &rows]);
        command.args(["env", "PS1=ready$ ", "sh"]);
        command.current_dir(place.path("")).env("worldtape", PROGRAM).env("LC_ALL", "C.UTF-8");
        for name in ["TMUX", "COLORTERM", "NO_COLOR", "WORLDTAPE_ISA", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        let output = command.output().expect("tmux runs");
        assert!(output.status.success(), "{output:?}");
        terminal.wait_for("ready$");
        Some(terminal)
    }

    /// Types the program's name, these words and what tells its exit code: `clear` as it is.
    pub fn shell(&self, words: &str) {
        self.shell_with("", words);
    }

    /// The same with variables set before it.
    pub fn shell_with(&self, variables: &str, words: &str) {
        let line = match words {
            "clear" => "clear".to_owned(),
            _ => format!("{variables} \"$worldtape\" {words}; echo \"exit\"=$?."),
        };
        self.tmux(&["send-keys", "-l", line.trim_start()]);
        self.keys("Enter");
        if words == "clear" {
            self.sleep_ms(300);
        }
    }

    /// Presses a key by tmux's name for it.
    pub fn keys(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// The same with the sequences that colour it.
    pub fn colored(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    /// Types bytes as they are.
    pub fn type_bytes(&self, bytes: &str) {
        self.tmux(&["send-keys", "-l", bytes]);
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        for _ in 0..TRIES_MAX {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            self.sleep_ms(50);
        }
        panic!("{text} never came: {}", self.screen());
    }

    /// The number of the program that the shell runs.
    pub fn process(&self) -> String {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let mut list = Command::new("ps");
        let listed = list.args(["-o", "pid=", "--ppid", shell.trim()]).output().expect("ps runs");
        String::from_utf8(listed.stdout).expect("numbers").trim().to_owned()
    }

    /// Sends signals to the program that the shell runs, one right after the other.
    pub fn signals(&self, names: &[&str]) {
        let process = self.process();
        let kills: Vec<String> =
            names.iter().map(|name| format!("kill -s {name} {process}")).collect();
        let sent = Command::new("sh").args(["-c", &kills.join(" && ")]).status();
        assert!(sent.expect("sh runs").success(), "{kills:?}");
    }

    /// Waits until the modes are those of a shell again, after a program that could not say goodbye.
    #[track_caller]
    pub fn wait_for_modes(&self) {
        let file = self.tmux(&["display-message", "-p", "#{pane_tty}"]);
        let ask = format!("stty -a <{}", file.trim());
        for _ in 0..TRIES_MAX {
            let told = Command::new("sh").args(["-c", &ask]).output().expect("sh runs");
            if !String::from_utf8_lossy(&told.stdout).contains("-isig") {
                return;
            }
            self.sleep_ms(50);
        }
        panic!("the modes are still a play's: {}", self.screen());
    }

    /// Makes the window another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    /// The terminal is as a shell wants it: the first screen, a cursor, keys seen and interpreted.
    #[track_caller]
    pub fn is_usable(&self) {
        let flags = self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(flags.trim(), "0 1", "alternate screen, cursor");
        self.shell("clear");
        self.tmux(&[
            "send-keys",
            "-l",
            "stty -a | tr ' ' '\\n' | grep -xE 'echo|icanon|isig' | wc -l",
        ]);
        self.keys("Enter");
        let screen = self.wait_for("\n3");
        assert!(screen.contains("wc -l"), "what is typed is seen: {screen}");
    }

    /// Lets time pass.
    pub fn sleep_ms(&self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.socket]);
        command
    }

    fn tmux(&self, words: &[&str]) -> String {
        let Output { status, stdout, stderr } =
            self.command().args(words).output().expect("tmux runs");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        assert!(status.success(), "{words:?}: {}", text(stderr));
        text(stdout)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.command().arg("kill-server").output();
    }
}
