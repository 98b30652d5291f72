//! Where a viewer stands on a tape and how it moves: orders in, frames out, no terminal.

use super::orders::{Order, Way};

/// Speeds in quarters of the world's own rate, and what they are called.
const SPEEDS: [(u64, &str); 6] =
    [(1, "1/4x"), (2, "1/2x"), (4, "1x"), (8, "2x"), (16, "4x"), (32, "8x")];

/// The speed to begin with: the world's own.
const OWN_SPEED: usize = 2;

/// Most digits of a frame number that is typed.
const DIGITS_MAX: usize = 9;

/// Frames that are made ahead while it plays at the world's own rate: enough that one slow frame
/// is not seen.
const AHEAD_FRAMES: u64 = 8;

/// What is worth going to.
pub trait Landmarks {
    /// The nearest frame from `frame` on, itself not counted, where a difference begins.
    fn difference(&self, frame: u64, way: Way) -> Option<u64>;

    /// The nearest frame from `frame` on, itself not counted, that has a note.
    fn note(&self, frame: u64, way: Way) -> Option<u64>;
}

/// What lies over the pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlay {
    /// Nothing.
    #[default]
    Nothing,
    /// The keys.
    Help,
    /// How the machines differ.
    Machines,
}

/// Which pictures are shown where there are two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sides {
    /// Both and their difference, where they differ.
    #[default]
    Differing,
    /// Both and their difference, always.
    Both,
    /// The first alone.
    First,
}

/// A viewer of a tape of `frames` frames.
#[derive(Clone, Debug)]
pub struct Player {
    frames: u64,
    rate_milli: u64,
    at: u64,
    speed: usize,
    /// When the next frame is due, while it plays.
    due_us: Option<u64>,
    entry: Option<String>,
    overlay: Overlay,
    sides: Sides,
    told: Option<String>,
    has_quit: bool,
}

impl Player {
    /// Stands still on frame 0 of `frames` (at least one), of a world that plays at `rate_milli`
    /// thousandths of frames a second.
    pub fn new(frames: u64, rate_milli: u64) -> Player {
        assert!(frames > 0, "a tape without frames cannot be viewed");
        Player {
            frames,
            rate_milli: rate_milli.max(1),
            at: 0,
            speed: OWN_SPEED,
            due_us: None,
            entry: None,
            overlay: Overlay::default(),
            sides: Sides::default(),
            told: None,
            has_quit: false,
        }
    }

    /// The frame that shall be seen.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// When the next frame is due, in microseconds of the clock; `None` while it stands.
    pub fn due_us(&self) -> Option<u64> {
        self.due_us
    }

    /// Frames after this one that will be seen soon.
    pub fn ahead(&self) -> u64 {
        let quarters = SPEEDS[self.speed].0;
        if self.due_us.is_some() { (AHEAD_FRAMES * quarters / 4).max(1) } else { 0 }
    }

    /// The speed, as people say it.
    pub fn speed(&self) -> &'static str {
        SPEEDS[self.speed].1
    }

    /// The number being typed.
    pub fn entry(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    /// What lies over the pictures.
    pub fn overlay(&self) -> Overlay {
        self.overlay
    }

    /// Which pictures are shown.
    pub fn sides(&self) -> Sides {
        self.sides
    }

    /// What there is to say of the last order.
    pub fn told(&self) -> Option<&str> {
        self.told.as_deref()
    }

    /// Was it told to end?
    pub fn has_quit(&self) -> bool {
        self.has_quit
    }

    /// Obeys `order`, given at `now_us`, while frame `shown` is on the screen.
    pub fn obey(&mut self, order: Order, now_us: u64, shown: u64, landmarks: &dyn Landmarks) {
        self.told = None;
        let entry = self.entry.take();
        match order {
            Order::Quit => self.has_quit = true,
            Order::Redraw => self.entry = entry,
            Order::Digit(digit) => self.entry = Some(longer(entry.unwrap_or_default(), digit)),
            Order::Number => self.entry = Some(String::new()),
            Order::Erase => self.entry = entry.map(shorter),
            Order::Enter => self.go_to_typed(entry),
            Order::Escape => self.escape(entry.is_some(), shown),
            Order::Pause => self.pause(now_us),
            Order::Step(frames) => self.stop_at(self.at.saturating_add_signed(frames)),
            Order::Seconds(seconds) => self.jump(seconds, now_us),
            Order::First => self.stop_at(0),
            Order::Last => self.stop_at(self.frames - 1),
            Order::Faster => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            Order::Slower => self.speed = self.speed.saturating_sub(1),
            Order::Difference(way) => self.visit(landmarks.difference(self.at, way), way, "drift"),
            Order::Note(way) => self.visit(landmarks.note(self.at, way), way, "note"),
            Order::Help => self.toggle(Overlay::Help),
            Order::Machines => self.toggle(Overlay::Machines),
            Order::Sides => self.turn_sides(),
        }
    }

    /// Goes on to the frame that is due, while it plays. A frame that is not on the screen yet is
    /// waited for: where frames cannot be made as fast as they are due, none is hurried over.
    pub fn tick(&mut self, now_us: u64, is_shown: bool) {
        let Some(due_us) = self.due_us else { return };
        if !is_shown || now_us < due_us {
            return;
        }
        let period_us = self.period_us();
        let steps_max = SPEEDS[self.speed].0.div_ceil(4);
        let steps = 1 + (now_us - due_us) / period_us;
        self.due_us = Some(
            if steps > steps_max { now_us } else { due_us } + steps_max.min(steps) * period_us,
        );
        self.at = (self.at + steps.min(steps_max)).min(self.frames - 1);
        if self.at == self.frames - 1 {
            self.due_us = None;
        }
    }

    /// Microseconds of a frame at this speed; one at least.
    fn period_us(&self) -> u64 {
        (4_000_000_000 / (self.rate_milli * SPEEDS[self.speed].0)).max(1)
    }

    fn stop_at(&mut self, frame: u64) {
        self.due_us = None;
        self.at = frame.min(self.frames - 1);
    }

    /// As far as that many seconds of the world are; goes on playing, if it did.
    fn jump(&mut self, seconds: i64, now_us: u64) {
        let frames = (self.rate_milli / 1000).max(1) as i64 * seconds;
        let playing = self.due_us.is_some();
        self.stop_at(self.at.saturating_add_signed(frames));
        if playing && self.at + 1 < self.frames {
            self.due_us = Some(now_us + self.period_us());
        }
    }

    /// At the end it begins again.
    fn pause(&mut self, now_us: u64) {
        if self.due_us.take().is_some() {
            return;
        }
        if self.at + 1 == self.frames {
            self.at = 0;
        }
        self.due_us = (self.frames > 1).then(|| now_us + self.period_us());
    }

    fn visit(&mut self, frame: Option<u64>, way: Way, what: &str) {
        match frame {
            Some(frame) => self.stop_at(frame),
            None => {
                let way = if way == Way::Next { "after" } else { "before" };
                self.told = Some(format!("no {what} {way} this frame"));
            }
        }
    }

    fn go_to_typed(&mut self, entry: Option<String>) {
        let Some(entry) = entry.filter(|entry| !entry.is_empty()) else { return };
        let frame: u64 = entry.parse().expect("at most nine digits");
        let last = self.frames - 1;
        self.stop_at(frame);
        if frame > last {
            self.told = Some(format!("there is no frame {frame}; the last one is {last}"));
        }
    }

    /// Ends what was begun last: a number, an overlay, a long way, a play.
    fn escape(&mut self, had_entry: bool, shown: u64) {
        if had_entry {
            return;
        }
        if std::mem::take(&mut self.overlay) == Overlay::Nothing {
            self.stop_at(shown);
        }
    }

    fn toggle(&mut self, overlay: Overlay) {
        self.overlay = if self.overlay == overlay { Overlay::Nothing } else { overlay };
    }

    fn turn_sides(&mut self) {
        self.sides = match self.sides {
            Sides::Differing => Sides::Both,
            Sides::Both => Sides::First,
            Sides::First => Sides::Differing,
        };
    }
}

fn longer(mut entry: String, digit: char) -> String {
    if digit.is_ascii_digit() && entry.len() < DIGITS_MAX {
        entry.push(digit);
    }
    entry
}

fn shorter(mut entry: String) -> String {
    entry.pop();
    entry
}

#[cfg(test)]
mod tests;
