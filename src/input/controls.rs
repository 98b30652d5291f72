//! What the thread that reads the terminal and the loop share: which buttons are held, and whether
//! frames are made at all. No queue: only what is so when a frame begins counts.

use super::{Command, Hold, KeyEvent, Keyboard};
use crate::clock::KEYS_POLL;
use crate::event::Action;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// No time.
const NEVER_US: u64 = u64::MAX;

/// What a play does, beside making frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mood {
    /// No frame is made but those asked for one by one.
    pub is_paused: bool,
    /// The keys are shown; no frame is made meanwhile.
    pub shows_help: bool,
    /// How keys are held.
    pub hold: Hold,
    /// Marks asked for so far.
    pub marks: u64,
}

/// The keyboard and the commands of one play. Clones are the same ones.
#[derive(Clone)]
pub struct Controls {
    shared: Arc<Shared>,
    quit: Arc<AtomicBool>,
}

struct Shared {
    keyboard: Mutex<Keyboard>,
    standing: Mutex<Standing>,
    moved: Condvar,
    /// When the change was told that the newest action has; [`NEVER_US`] where it has none.
    told_us: AtomicU64,
    /// The way to hold keys that a latch gives back to.
    unlatched: Hold,
}

#[derive(Default)]
struct Standing {
    is_paused: bool,
    shows_help: bool,
    /// One frame is to be made while paused.
    steps: bool,
    restarts: bool,
    is_marking: bool,
    marks: u64,
    /// The newest command and when it was given.
    newest: Option<(Command, u64)>,
}

impl Controls {
    /// A keyboard that nobody has touched; `quit` may be raised from elsewhere too.
    pub fn new(keyboard: Keyboard, quit: Arc<AtomicBool>) -> Controls {
        let unlatched = match keyboard.hold() {
            Hold::Latch => Hold::default(),
            hold => hold,
        };
        let shared = Shared {
            keyboard: Mutex::new(keyboard),
            standing: Mutex::default(),
            moved: Condvar::new(),
            told_us: AtomicU64::new(NEVER_US),
            unlatched,
        };
        Controls { shared: Arc::new(shared), quit }
    }

    /// Does the terminal tell of releases?
    pub fn has_releases(&self) -> bool {
        self.keyboard().has_releases()
    }

    /// Passes on what the keyboard told.
    pub fn event(&self, at_us: u64, event: KeyEvent) {
        self.keyboard().event(at_us, event);
    }

    /// Passes on a command. Of one that may be a key's repeat only [`Command::Step`] counts.
    pub fn command(&self, at_us: u64, command: Command) {
        let mut standing = self.standing();
        let before = standing.newest.replace((command, at_us));
        let before_us = before.filter(|before| before.0 == command).map(|before| before.1);
        if command != Command::Step && self.keyboard().may_repeat(at_us, before_us) {
            return;
        }
        standing.shows_help &= matches!(command, Command::Help | Command::Mark | Command::Latch);
        match command {
            Command::Help => standing.shows_help = !standing.shows_help,
            Command::Pause => standing.is_paused = !standing.is_paused,
            Command::Step => (standing.is_paused, standing.steps) = (true, true),
            Command::Restart => standing.restarts = true,
            Command::Mark => (standing.is_marking, standing.marks) = (true, standing.marks + 1),
            Command::Latch => self.latch(),
            Command::Quit => self.quit(),
        }
        if command == Command::Pause && !standing.is_paused {
            self.keyboard().forget_taps();
        }
        drop(standing);
        self.shared.moved.notify_all();
    }

    fn latch(&self) {
        let mut keyboard = self.keyboard();
        let hold = match keyboard.hold() {
            Hold::Latch => self.shared.unlatched,
            _ => Hold::Latch,
        };
        keyboard.set_hold(hold);
    }

    /// Ends the session before its next frame.
    pub fn quit(&self) {
        self.quit.store(true, Ordering::Release);
        self.shared.moved.notify_all();
    }

    /// Was the session told to end?
    pub fn is_quitting(&self) -> bool {
        self.quit.load(Ordering::Acquire)
    }

    /// What the play does now.
    pub fn mood(&self) -> Mood {
        let standing = self.standing();
        Mood {
            is_paused: standing.is_paused,
            shows_help: standing.shows_help,
            hold: self.keyboard().hold(),
            marks: standing.marks,
        }
    }

    /// Returns when a frame may be made or the session shall end; says whether it stood still.
    pub fn stand(&self) -> bool {
        let mut standing = self.standing();
        let stands = standing.is_paused || standing.shows_help;
        while (standing.is_paused || standing.shows_help)
            && !(standing.steps || standing.restarts || self.is_quitting())
        {
            // Signals end a session without telling anyone here.
            let waited = self.shared.moved.wait_timeout(standing, KEYS_POLL);
            standing = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        standing.steps = false;
        stands
    }

    /// The buttons held at `now_us`.
    pub fn take(&self, now_us: u64) -> Action {
        let (action, told_us) = self.keyboard().take(now_us);
        self.shared.told_us.store(told_us.unwrap_or(NEVER_US), Ordering::Relaxed);
        action
    }

    /// When the oldest change in the newest action was told, where there is one.
    pub fn told_us(&self) -> Option<u64> {
        Some(self.shared.told_us.load(Ordering::Relaxed)).filter(|&told_us| told_us != NEVER_US)
    }

    /// Was a mark asked for since the last call?
    pub fn take_mark(&self) -> bool {
        std::mem::take(&mut self.standing().is_marking)
    }

    /// Shall the session end and another begin?
    pub fn is_restarting(&self) -> bool {
        self.standing().restarts
    }

    /// Another session begins: nothing is held, nothing stands still. Says whether it was asked
    /// for.
    pub fn take_restart(&self) -> bool {
        let mut standing = self.standing();
        let newest = standing.newest;
        let before = std::mem::replace(&mut *standing, Standing { newest, ..Standing::default() });
        self.keyboard().forget();
        before.restarts
    }

    /// Locked after [`Controls::standing`] where both are.
    fn keyboard(&self) -> MutexGuard<'_, Keyboard> {
        self.shared.keyboard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
