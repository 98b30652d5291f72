//! Gives the terminal back where this process cannot: a shell that waits for its end. A process
//! that is killed outright (SIGKILL, no memory left) runs nothing of its own any more.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// Reads until this process is gone. Where it said goodbye there is nothing to do; else the screen
/// is given back, and the modes too where they are still the raw ones of a play: a shell that
/// edits lines may have set its own by then. The pause lets it.
const SCRIPT: &str = r#"
trap '' INT HUP TERM TTOU
exec 3<>/dev/tty || exit 0
modes=$(stty -g <&3) || exit 0
echo ready
exec >&-
read -r goodbye && exit 0
printf "$1" >&3
sleep 0.2
case $(stty -a <&3) in *-isig*) stty "$modes" <&3;; esac
"#;

/// What it says when it knows the terminal's modes.
const READY: &[u8; 6] = b"ready\n";

/// The shell that waits. Dropping it tells it that all is well.
pub(super) struct Guard {
    /// Where it listens; nothing once it was told.
    stdin: Arc<Mutex<Option<ChildStdin>>>,
    shell: Option<Child>,
}

impl Guard {
    /// Watches over the terminal, which `farewell` gives back; it is not raw yet. Without a shell
    /// there is no guard, and nothing else is different.
    pub(super) fn set(farewell: &str) -> Guard {
        let mut shell = spawn(farewell);
        let stdin = shell.as_mut().and_then(|shell| shell.stdin.take());
        Guard { stdin: Arc::new(Mutex::new(stdin)), shell }
    }

    /// Tells it from any thread that the terminal was given back.
    pub(super) fn dismisser(&self) -> impl Fn() + Send + use<> {
        let stdin = Arc::clone(&self.stdin);
        move || dismiss(&stdin)
    }
}

fn dismiss(stdin: &Mutex<Option<ChildStdin>>) {
    let stdin = stdin.lock().unwrap_or_else(PoisonError::into_inner).take();
    // A shell that is gone already did no harm.
    drop(stdin.map(|mut stdin| stdin.write_all(b"goodbye\n")));
}

/// Starts the shell and waits until it knows the terminal's modes.
fn spawn(farewell: &str) -> Option<Child> {
    let farewell: String = farewell.chars().map(printable).collect();
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "worldtape-guard", &farewell]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut shell = command.spawn().ok()?;
    let mut said = [0; READY.len()];
    let heard = shell.stdout.take()?.read_exact(&mut said);
    if heard.is_err() || said != *READY {
        // It has no terminal to guard and ends by itself.
        drop(shell.stdin.take());
        drop(shell.wait());
        return None;
    }
    Some(shell)
}

/// A letter of a format of `printf`.
fn printable(letter: char) -> String {
    match letter {
        '\x1b' => "\\033".to_owned(),
        '\\' => "\\\\".to_owned(),
        '%' => "%%".to_owned(),
        _ => letter.to_string(),
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        dismiss(&self.stdin);
        if let Some(mut shell) = self.shell.take() {
            // How it ended says nothing.
            drop(shell.wait());
        }
    }
}
