//! The recorder: nothing is lost behind a slow disk, nothing is believed of a broken one.

mod taping;

use std::io::{Error, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;
use taping::{UUID, machine};
use worldtape::clock::{Clock, Manual, SEAL_INTERVAL};
use worldtape::drive::{DriveError, Durable, Flow, Made, Recorder, Recording, Sink, Source};
use worldtape::drive::{QUEUE_MAX, run};
use worldtape::engine::{Description, Engine, EngineError, Frame, Observer, Start};
use worldtape::event::{Action, Digest, Outcome};
use worldtape::session::limits::FRAMES_PER_BLOCK_MAX;
use worldtape::session::{BlockInfo, Config, Ending, Kind, SessionError, Tape};

/// Nothing on a healthy machine takes this long.
const LONG: Duration = Duration::from_secs(20);
/// On a very busy machine the thread may block with fewer records taken: then this is the stall.
const SHORT: Duration = Duration::from_secs(3);

/// What a disk did, as the test sees it.
#[derive(Default)]
struct Disk {
    bytes: Vec<u8>,
    /// Bytes that are durable.
    synced: usize,
    syncs: usize,
    /// Records given to the recorder so far: what a stalled disk waits for.
    given: usize,
    /// Writes that were asked for after a sync had failed.
    writes_after_failure: usize,
}

/// How a disk misbehaves.
#[derive(Clone, Copy, Default)]
struct Faults {
    /// Bytes there is room for.
    room: Option<usize>,
    /// Number of the sync that fails, from 0.
    sync: Option<usize>,
    /// Stalls, once it has the head, until this many records have been given, and a while longer.
    stall: Option<usize>,
}

#[derive(Clone)]
struct TestDisk {
    faults: Faults,
    disk: Arc<(Mutex<Disk>, Condvar)>,
}

impl TestDisk {
    fn new(faults: Faults) -> TestDisk {
        TestDisk { faults, disk: Arc::default() }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.0.lock().expect("no panic")
    }

    fn read(&self) -> Tape {
        Tape::read(&self.disk().bytes).expect("a tape")
    }

    /// Frames on the part of the tape that is durable.
    fn durable_frames(&self) -> u64 {
        let disk = self.disk();
        let tape = Tape::read(&disk.bytes[..disk.synced]).expect("a tape");
        tape.outcomes.len() as u64
    }

    /// Waits until `done`; `false` where that took too long.
    fn wait_for(&self, time: Duration, done: impl Fn(&Disk) -> bool) -> bool {
        let (lock, changed) = &*self.disk;
        let disk = lock.lock().expect("no panic");
        let waited = changed.wait_timeout_while(disk, time, |disk| !done(disk));
        !waited.expect("no panic").1.timed_out()
    }

    fn wait(&self, done: impl Fn(&Disk) -> bool) {
        assert!(self.wait_for(LONG, done), "waited in vain");
    }
}

impl Write for TestDisk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let stalls = self.faults.stall.filter(|_| self.disk().syncs > 0);
        if let Some(given) = stalls {
            let waits = self.wait_for(SHORT, |disk| disk.given >= given);
            println!("stalled until {given} records were given: {waits}");
            // Time for the next record to find the queue full.
            std::thread::sleep(Duration::from_millis(300));
            self.faults.stall = None;
        }
        let mut disk = self.disk();
        if self.faults.sync.is_some_and(|sync| disk.syncs > sync) {
            disk.writes_after_failure += 1;
        }
        let room = self.faults.room.unwrap_or(usize::MAX) - disk.bytes.len();
        if room == 0 {
            return Err(Error::from(ErrorKind::StorageFull));
        }
        let taken = bytes.len().min(room);
        disk.bytes.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Durable for TestDisk {
    fn sync(&mut self) -> std::io::Result<()> {
        let mut disk = self.disk();
        disk.syncs += 1;
        if self.faults.sync.is_some_and(|sync| disk.syncs > sync) {
            return Err(Error::other("the cable is out"));
        }
        disk.synced = disk.bytes.len();
        self.disk.1.notify_all();
        Ok(())
    }
}

/// Makes pictures that tell frame and action.
#[derive(Default)]
struct Counter([u8; 10]);

impl Engine for Counter {
    fn describe(&self) -> Description {
        Description::default()
    }

    fn reset(&mut self, _: &Start) -> Result<(), EngineError> {
        Ok(())
    }

    fn make(
        &mut self,
        frame: u64,
        action: Action,
        _: Option<&mut dyn Observer>,
    ) -> Result<Frame<'_>, EngineError> {
        self.0[..8].copy_from_slice(&frame.to_le_bytes());
        self.0[8..].copy_from_slice(&action.0.to_le_bytes());
        Ok(Frame { picture: &self.0, state_sum: frame * 1_000 + u64::from(action.0) })
    }

    fn save(&self, _: &mut Vec<u8>) -> Result<(), EngineError> {
        Ok(())
    }

    fn load(&mut self, _: &[u8]) -> Result<(), EngineError> {
        Ok(())
    }
}

/// The action of a frame.
fn action_of(frame: u64) -> Action {
    Action((frame * 77 % 65_536) as u16)
}

/// Gives `frames` actions, the clock moving before each.
struct Player {
    frames: u64,
    clock: Arc<Manual>,
    us_per_frame: u64,
}

impl Source for Player {
    fn next(&mut self, frame: u64) -> Result<Option<Action>, DriveError> {
        self.clock.advance(self.us_per_frame);
        Ok((frame < self.frames).then(|| action_of(frame)))
    }
}

/// Counts the records that the recorder before it has taken.
struct Given(TestDisk);

impl Given {
    fn one_more(&self) {
        self.0.disk().given += 1;
        self.0.disk.1.notify_all();
    }
}

impl Sink for Given {
    fn action(&mut self, _: u64, _: Action, _: u64) -> Result<(), DriveError> {
        self.one_more();
        Ok(())
    }

    fn made(&mut self, _: &Made<'_>) -> Result<Flow, DriveError> {
        self.one_more();
        Ok(Flow::Continue)
    }
}

fn config() -> Config {
    let start = Start { seed: 1, latents: Vec::new(), actions: Vec::new(), noise: None };
    taping::config(&start, 0, 1)
}

fn start(disk: &TestDisk) -> Result<Recorder<TestDisk>, DriveError> {
    Recorder::start(disk.clone(), UUID, &config(), &machine())
}

/// Plays `frames` frames and closes the tape. A recorder that met an error is given back too.
fn play(
    disk: &TestDisk,
    frames: u64,
    us_per_frame: u64,
) -> (Result<Recording, DriveError>, Option<Recorder<TestDisk>>) {
    let clock = Arc::new(Manual::default());
    let mut player = Player { frames, clock: Arc::clone(&clock), us_per_frame };
    let mut recorder = match start(disk) {
        Ok(recorder) => recorder,
        Err(error) => return (Err(error), None),
    };
    let (mut engine, mut given) = (Counter::default(), Given(disk.clone()));
    let sinks: &mut [&mut dyn Sink] = &mut [&mut recorder, &mut given];
    match run(&mut player, &mut engine, sinks, clock.as_ref()) {
        Ok(ran) => assert_eq!(ran, frames),
        Err(error) => return (Err(error), Some(recorder)),
    }
    (recorder.finish().map(|(recording, _)| recording), None)
}

/// The tape holds the play from its first frame on, in order.
fn assert_is_play(tape: &Tape) {
    let mut engine = Counter::default();
    assert!(tape.actions.len() >= tape.outcomes.len());
    for (frame, &action) in (0..).zip(&tape.actions) {
        assert_eq!(action, action_of(frame));
        let made = engine.step(frame, action).expect("always");
        let outcome = Outcome {
            picture: worldtape::drive::picture_digest(made.picture),
            state_sum: made.state_sum,
        };
        if let Some(found) = tape.outcomes.get(frame as usize) {
            assert_eq!(*found, outcome, "frame {frame}");
        }
    }
}

fn frames_blocks(tape: &Tape) -> Vec<BlockInfo> {
    let blocks = tape.blocks.iter().copied();
    blocks.filter(|block| block.kind == Kind::Frames).collect()
}

#[test]
fn behind_a_disk_that_stalls_frames_wait_and_are_counted_and_none_is_lost() {
    // The thread takes records up to a full block, whose last action has no outcome yet; then the
    // queue fills.
    let full = 2 * FRAMES_PER_BLOCK_MAX - 1 + QUEUE_MAX;
    let frames = 2_000;
    let disk = TestDisk::new(Faults { stall: Some(full), ..Faults::default() });
    let recording = play(&disk, frames, 1_000).0.expect("records");
    let tape = disk.read();
    assert_eq!((recording.frames, &tape.ending), (frames, &Ending::Closed));
    assert_eq!(tape.outcomes.len() as u64, frames);
    assert_eq!(recording.play_root, tape.play_root.digest());
    assert!(recording.waits >= 1, "{} waits", recording.waits);
    assert_is_play(&tape);
}

#[test]
fn a_full_disk_ends_the_session_and_what_is_durable_is_readable() {
    let (frames, whole) = (300, TestDisk::new(Faults::default()));
    play(&whole, frames, 20_000).0.expect("records");
    let tape = whole.read();
    let bytes = whole.disk().bytes.len();
    let head = frames_blocks(&tape)[0].offset as usize;
    let mut rooms: Vec<usize> = (0..bytes).step_by(101).collect();
    for block in &tape.blocks {
        let offset = block.offset as usize;
        rooms.extend([offset - 1, offset, offset + 1]);
    }
    for room in rooms {
        let disk = TestDisk::new(Faults { room: Some(room), ..Faults::default() });
        let (Err(error), _) = play(&disk, frames, 20_000) else {
            panic!("room {room} of {bytes}: no error");
        };
        let DriveError::Tape { source: SessionError::Write { kind, .. }, durable_frames } = error
        else {
            panic!("room {room}: {error}");
        };
        assert_eq!(kind, ErrorKind::StorageFull);
        assert_eq!(disk.disk().bytes.len(), room);
        if room < head {
            assert_eq!(durable_frames, 0);
            continue;
        }
        assert_eq!(durable_frames, disk.durable_frames(), "room {room}");
        let tape = disk.read();
        let valid = tape.outcomes.len() as u64;
        assert!(valid >= durable_frames, "{valid} of {durable_frames} frames");
        assert!(matches!(tape.ending, Ending::Cut { .. }), "room {room}");
        assert_is_play(&tape);
    }
    let disk = TestDisk::new(Faults { room: Some(bytes), ..Faults::default() });
    assert!(play(&disk, frames, 20_000).0.is_ok(), "all {bytes} bytes fit");
}

#[test]
fn a_disk_that_cannot_sync_is_an_error_for_good() {
    for sync in 0..6 {
        let disk = TestDisk::new(Faults { sync: Some(sync), ..Faults::default() });
        // Enough frames that the session meets the error and not its end.
        let (Err(error), recorder) = play(&disk, 10_000, 1_000) else {
            panic!("sync {sync}: no error");
        };
        let DriveError::Sync { durable_frames, .. } = error else {
            panic!("sync {sync}: {error}");
        };
        let Some(mut recorder) = recorder else {
            assert_eq!((sync, durable_frames), (0, 0), "the head is synced at once");
            continue;
        };
        assert_eq!(durable_frames, disk.durable_frames(), "sync {sync}");
        assert_eq!(recorder.durable_frames(), durable_frames);
        let gone = |ended: Result<(), DriveError>| match ended {
            Err(DriveError::Thread { .. }) => {}
            other => panic!("sync {sync}: {other:?}"),
        };
        gone(recorder.action(9, Action::NONE, 0));
        gone(recorder.note(9, "hello"));
        gone(recorder.finish().map(|_| ()));
        let disk = disk.disk();
        assert_eq!((disk.syncs, disk.writes_after_failure), (sync + 1, 0));
    }
}

#[test]
fn a_steady_play_is_sealed_in_blocks_of_at_most_64_frames() {
    let disk = TestDisk::new(Faults::default());
    play(&disk, 1_000, 1_000).0.expect("records");
    let tape = disk.read();
    assert_is_play(&tape);
    for block in frames_blocks(&tape) {
        assert!(block.frame_count as usize <= FRAMES_PER_BLOCK_MAX);
    }
    assert!(frames_blocks(&tape).len() >= 1_000 / FRAMES_PER_BLOCK_MAX);
}

#[test]
fn frames_further_apart_than_the_seal_interval_are_sealed_one_by_one() {
    let (disk, frames) = (TestDisk::new(Faults::default()), 40);
    let apart_us = SEAL_INTERVAL.as_micros() as u64 + 1;
    play(&disk, frames, apart_us).0.expect("records");
    let tape = disk.read();
    assert_is_play(&tape);
    let blocks = frames_blocks(&tape);
    assert!(blocks.len() as u64 >= frames, "{} blocks", blocks.len());
    assert!(blocks.iter().all(|block| block.frame_count <= 1));
}

#[test]
fn a_frame_that_no_other_follows_becomes_durable_by_itself() {
    let disk = TestDisk::new(Faults::default());
    let mut recorder = start(&disk).expect("starts");
    let head = disk.disk().synced;
    recorder.action(0, action_of(0), 0).expect("queued");
    disk.wait(|disk| disk.synced > head);
    let tape = disk.read();
    assert_eq!((tape.actions.len(), tape.outcomes.len()), (1, 0));
    assert_eq!(recorder.durable_frames(), 0);
}

#[test]
fn durable_frames_never_promise_more_than_the_disk_holds() {
    let (disk, clock) = (TestDisk::new(Faults::default()), Manual::default());
    let (mut recorder, mut engine) = (start(&disk).expect("starts"), Counter::default());
    for frame in 0..700 {
        let action = action_of(frame);
        recorder.action(frame, action, clock.now_us()).expect("ok");
        let frame_made = engine.step(frame, action).expect("always");
        let made = Made {
            frame,
            action,
            outcome: Outcome {
                picture: Digest([frame as u8; 32]),
                state_sum: frame_made.state_sum,
            },
            picture: frame_made.picture,
            computed_us: clock.now_us(),
            at_us: clock.now_us(),
        };
        recorder.made(&made).expect("queued");
        clock.advance(30_000);
        if frame % 10 == 0 {
            let promised = recorder.durable_frames();
            assert!(disk.durable_frames() >= promised, "{promised} frames");
        }
    }
    let (recording, _) = recorder.finish().expect("closes");
    assert_eq!((recording.frames, disk.durable_frames()), (700, 700));
}

#[test]
fn an_action_is_on_the_tape_before_its_outcome_and_a_killed_session_keeps_it() {
    let disk = TestDisk::new(Faults::default());
    let mut recorder = start(&disk).expect("starts");
    let (syncs, mut engine) = (disk.disk().syncs, Counter::default());
    for frame in 0..6 {
        recorder.action(frame, action_of(frame), 0).expect("queued");
        if frame == 5 {
            break;
        }
        let picture = engine.step(frame, action_of(frame)).expect("always");
        let outcome = Outcome {
            picture: worldtape::drive::picture_digest(picture.picture),
            state_sum: picture.state_sum,
        };
        let (action, picture) = (action_of(frame), picture.picture);
        let made = Made { frame, action, outcome, picture, computed_us: 0, at_us: 0 };
        recorder.made(&made).expect("queued");
    }
    drop(recorder);
    disk.wait(|disk| disk.syncs > syncs);
    let tape = disk.read();
    assert_eq!((tape.actions.len(), tape.outcomes.len()), (6, 5));
    let valid_frames = 5;
    let offset = disk.disk().bytes.len() as u64;
    assert_eq!(tape.ending, Ending::Cut { offset, valid_frames });
    assert_is_play(&tape);
}
