//! Time, passed in: the wall clock for sessions, a manual one for tests. Time decides no picture.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is the clock that all others are given"
)]

mod date;
mod pacer;

pub use date::utc_stamp;
pub use pacer::{LATE_US, Lateness, Pacer, SLACK_US};

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Longest time that a queued record waits before it is sealed into a block: with the disk's own
/// time it is durable within a second.
pub const SEAL_INTERVAL: Duration = Duration::from_millis(800);

/// Longest time that a thread that waits for keys does not look whether it shall end.
pub const KEYS_POLL: Duration = Duration::from_millis(40);

/// Longest time that the thread that waits for keys is waited for, once it shall end.
pub const KEYS_END: Duration = Duration::from_millis(500);

/// How long the tape's thread may wait for its next record, when the oldest and the newest that are
/// not sealed came at these session microseconds; the whole interval where there are none.
pub fn seal_wait(unsealed_us: Option<(u64, u64)>) -> Duration {
    let (first_us, last_us) = unsealed_us.unwrap_or((0, 0));
    SEAL_INTERVAL.saturating_sub(Duration::from_micros(last_us.saturating_sub(first_us)))
}

/// How long a thread that waits for something due at `due_us` may sleep at `now_us`: never so long
/// that it misses being told to end.
pub fn pause(now_us: u64, due_us: u64) -> Duration {
    KEYS_POLL.min(Duration::from_micros(due_us.saturating_sub(now_us)))
}

/// Tells time since the session began.
pub trait Clock: Send + Sync {
    /// Microseconds since the session began.
    fn now_us(&self) -> u64;

    /// Returns at `due_us` or as soon after it as the machine can.
    fn sleep_until(&self, due_us: u64);

    /// Returns when `frame` may begin: at once, where the clock has no pace. Frames hold the same
    /// however long this takes.
    fn await_frame(&self, _frame: u64) {}
}

/// The machine's monotonic clock.
#[derive(Clone, Debug)]
pub struct Wall {
    start: Instant,
    /// What the clock showed when it started.
    base_us: u64,
    /// When the session began, in milliseconds of Unix time.
    pub started_unix_ms: u64,
}

impl Wall {
    /// A session that begins now.
    pub fn start() -> Wall {
        Wall::start_at(0)
    }

    /// A session that goes on now where the clock of another one showed `base_us`.
    pub fn start_at(base_us: u64) -> Wall {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Wall { start: Instant::now(), base_us, started_unix_ms: unix.as_millis() as u64 }
    }
}

impl Clock for Wall {
    fn now_us(&self) -> u64 {
        self.base_us.saturating_add(self.start.elapsed().as_micros() as u64)
    }

    fn sleep_until(&self, due_us: u64) {
        let wait = Duration::from_micros(due_us.saturating_sub(self.now_us()));
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
    }
}

/// A clock that showed 0 when another one showed something.
#[derive(Clone, Copy)]
pub struct Since<'a> {
    clock: &'a dyn Clock,
    base_us: u64,
}

impl<'a> Since<'a> {
    /// Shows 0 when `clock` shows `base_us`.
    pub fn new(clock: &'a dyn Clock, base_us: u64) -> Since<'a> {
        Since { clock, base_us }
    }

    /// What the other clock shows when this one shows 0.
    pub fn base_us(&self) -> u64 {
        self.base_us
    }
}

impl Clock for Since<'_> {
    fn now_us(&self) -> u64 {
        self.clock.now_us().saturating_sub(self.base_us)
    }

    fn sleep_until(&self, due_us: u64) {
        self.clock.sleep_until(due_us.saturating_add(self.base_us));
    }
}

/// A clock that moves when told.
#[derive(Debug, Default)]
pub struct Manual(AtomicU64);

impl Manual {
    /// Moves on by `us` microseconds.
    pub fn advance(&self, us: u64) {
        self.0.fetch_add(us, Ordering::Relaxed);
    }
}

impl Clock for Manual {
    fn now_us(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn sleep_until(&self, due_us: u64) {
        self.0.fetch_max(due_us, Ordering::Relaxed);
    }
}
