//! Between the loop, the keys and the thread that draws: the newest frame, and no queue. A slow
//! terminal misses pictures; the loop never waits for it.

use super::Facts;
use super::menu::{Chosen, Menu};
use crate::clock::KEYS_POLL;
use crate::event::{Action, Digest};
use crate::screen::Recent;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A frame as the screen shows it. Times are of the screen's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Which session of this play, from 0.
    pub session: usize,
    /// Its number.
    pub frame: u64,
    /// What made it.
    pub action: Action,
    /// Of its picture.
    pub digest: Digest,
    /// RGB u8 rows.
    pub pixels: Vec<u8>,
    /// Frames a second over about the last second, in tenths; 0 before there are two frames.
    pub rate_tenths: u64,
    /// From the action to the outcome of the newest frames.
    pub took_us: Recent,
    /// When the oldest change of the keys was told that no picture has shown yet.
    pub told_us: Option<u64>,
}

/// When a picture was drawn, in microseconds of the screen's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shot {
    /// Which session of this play, from 0.
    pub session: usize,
    /// Its frame.
    pub frame: u64,
    /// When the drawing began.
    pub taken_us: u64,
    /// When its bytes were ready to be written.
    pub encoded_us: u64,
    /// When the terminal had taken the last of them.
    pub written_us: u64,
}

impl Shot {
    /// The same by a clock that showed 0 when the screen's showed `base_us`.
    pub fn since(self, base_us: u64) -> Shot {
        let since = |us: u64| us.saturating_sub(base_us);
        let [taken_us, encoded_us, written_us] =
            [self.taken_us, self.encoded_us, self.written_us].map(since);
        Shot { taken_us, encoded_us, written_us, ..self }
    }
}

/// How much was shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Frames of each session that were drawn.
    pub frames: Vec<u64>,
    /// When, where that was asked for.
    pub shots: Vec<Shot>,
}

/// What the screen is for at the moment.
#[derive(Clone, Debug, Default)]
pub(super) enum Scene {
    /// Nothing yet.
    #[default]
    Blank,
    /// Choosing a prompt.
    Menu(Menu),
    /// A session.
    Play(Arc<Facts>),
}

/// What there is to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A frame that was not drawn before.
    Frame,
    /// The same frame, around which something changed.
    Other,
}

#[derive(Default)]
struct State {
    newest: Shown,
    scene: Scene,
    sessions: usize,
    is_fresh: bool,
    has_changed: bool,
    is_closed: bool,
}

/// Room for one frame.
#[derive(Default)]
pub struct Slot {
    state: Mutex<State>,
    news: Condvar,
}

impl Slot {
    /// Waits for something to draw and swaps a new frame into `shown`; `None` where the slot is
    /// closed and nothing is left.
    pub(super) fn take(&self, shown: &mut Shown) -> Option<News> {
        let mut state = self.state();
        while !(state.is_fresh || state.has_changed) {
            if state.is_closed {
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.has_changed = false;
        if !std::mem::take(&mut state.is_fresh) {
            return Some(News::Other);
        }
        std::mem::swap(&mut state.newest, shown);
        state.newest.told_us = None;
        Some(News::Frame)
    }

    /// What the screen is for.
    pub(super) fn scene(&self) -> Scene {
        self.state().scene.clone()
    }

    /// Returns when the screen is for something, or closed.
    pub(super) fn await_scene(&self) {
        let mut state = self.state();
        while matches!(state.scene, Scene::Blank) && !state.is_closed {
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Something around the frame changed.
    pub fn redraw(&self) {
        self.state().has_changed = true;
        self.news.notify_all();
    }

    /// No frame comes after those that came.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.news.notify_all();
    }

    /// A session begins; its number.
    pub(super) fn begin(&self, facts: Facts) -> usize {
        let mut state = self.state();
        state.scene = Scene::Play(Arc::new(facts));
        state.newest.told_us = None;
        state.sessions += 1;
        state.sessions - 1
    }

    /// Shows a menu.
    pub(super) fn open_menu(&self, menu: Menu) {
        self.state().scene = Scene::Menu(menu);
        self.redraw();
    }

    /// Does something with the menu that is shown, and draws it again; `None` where there is none.
    pub(super) fn with_menu<T>(&self, change: impl FnOnce(&mut Menu) -> T) -> Option<T> {
        let mut state = self.state();
        let Scene::Menu(menu) = &mut state.scene else {
            return None;
        };
        let changed = change(menu);
        state.has_changed = true;
        drop(state);
        self.news.notify_all();
        Some(changed)
    }

    /// The tiles of the menu that is shown lie so many in a row.
    pub(super) fn lay_menu(&self, across: usize) {
        if let Scene::Menu(menu) = &mut self.state().scene {
            menu.lay(across);
        }
    }

    /// Waits a little for the player to choose; `None` where that has not happened.
    pub(super) fn choice(&self, waits: bool) -> Option<Chosen> {
        let mut state = self.state();
        let chosen = |state: &State| match &state.scene {
            _ if state.is_closed => Some(Chosen::Leave),
            Scene::Menu(menu) => menu.choice(),
            _ => None,
        };
        if waits && chosen(&state).is_none() {
            let waited = self.news.wait_timeout(state, KEYS_POLL);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        chosen(&state)
    }

    /// Puts a frame in, with what `fill` makes of the one that was there; false where the slot is
    /// closed.
    pub(super) fn put(&self, fill: impl FnOnce(&mut Shown)) -> bool {
        let mut state = self.state();
        if state.is_closed {
            return false;
        }
        fill(&mut state.newest);
        state.is_fresh = true;
        drop(state);
        self.news.notify_all();
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
