//! What is recorded reads back, and the play root knows the play alone.

use super::*;
use proptest::prelude::*;
use worldtape::session::{Ending, limits, rewrite};

#[test]
fn a_small_tape_reads_back() {
    let tape = read(&small());
    assert_eq!(tape.ending, Ending::Closed);
    assert_eq!((tape.uuid, &tape.config), (INFO.uuid, &config()));
    assert_eq!(tape.machines, [machine()]);
    assert_eq!(tape.actions, [Action(1), Action(2), Action(3)]);
    assert_eq!(tape.outcomes, [outcome(0), outcome(1), outcome(2)]);
    assert_eq!(tape.action_us, [10, 30, 50]);
    assert_eq!(tape.outcome_us, [20, 40, 60]);
    assert_eq!((tape.notes.len(), tape.checkpoints.len(), tape.resumes.len()), (1, 1, 1));
    let mut root = PlayRoot::new(&config());
    for (action, outcome) in tape.actions.iter().zip(&tape.outcomes) {
        root.fold(*action, outcome);
    }
    assert_eq!(tape.play_root, root);
    assert_eq!(Tape::verify_chain(&small()), Ok(tape.blocks.len() as u64));
}

#[test]
fn an_altered_tape_is_right_in_itself_and_has_another_play_root() {
    let whole = read(&small());
    let mut same = Vec::new();
    rewrite(&whole, &mut same).expect("a vector takes everything");
    let same = read(&same);
    assert_eq!((&same.ending, same.play_root), (&Ending::Closed, whole.play_root));
    let [kept, dropped] = [&whole.checkpoints[0], &same.checkpoints[0]];
    assert_eq!((kept.frame, kept.state_digest), (dropped.frame, dropped.state_digest));
    let (blocks, checkpoints) = (whole.blocks.clone(), whole.checkpoints.clone());
    let comparable = Tape { blocks, checkpoints, ..same };
    assert_eq!(comparable, whole);
    let mut altered = whole.clone();
    altered.actions[1] = Action(9);
    let mut bytes = Vec::new();
    rewrite(&altered, &mut bytes).expect("a vector takes everything");
    let altered = read(&bytes);
    assert_eq!((&altered.ending, altered.actions[1]), (&Ending::Closed, Action(9)));
    assert_ne!(altered.play_root, whole.play_root);
    assert_eq!(Tape::verify_chain(&bytes), Ok(altered.blocks.len() as u64));
}

#[test]
fn the_play_root_does_not_know_the_machine_or_the_hour() {
    let whole = read(&small());
    let mut elsewhere = whole.clone();
    elsewhere.uuid = [1; 16];
    elsewhere.machines = vec![Machine { started_unix_ms: 1, ..Machine::default() }];
    elsewhere.action_us = vec![1, 2, 3];
    let mut bytes = Vec::new();
    rewrite(&elsewhere, &mut bytes).expect("a vector takes everything");
    assert_eq!(read(&bytes).play_root, whole.play_root);
}

/// One thing that happens while a tape is recorded.
#[derive(Clone, Debug)]
enum Event {
    Action(u16, u32),
    Outcome([u8; 32], u64, u32),
    Seal,
    Note(u64, String),
    Checkpoint(u64, Vec<u8>),
    Machine(u32),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        20 => (any::<u16>(), any::<u32>()).prop_map(|(bits, us)| Event::Action(bits, us)),
        20 => (any::<[u8; 32]>(), any::<u64>(), any::<u32>())
            .prop_map(|(picture, sum, us)| Event::Outcome(picture, sum, us)),
        2 => Just(Event::Seal),
        1 => (0..limits::FRAMES_MAX, ".{0,40}").prop_map(|(frame, text)| Event::Note(frame, text)),
        1 => (0..limits::FRAMES_MAX, prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(frame, state)| Event::Checkpoint(frame, state)),
        1 => any::<u32>().prop_map(Event::Machine),
    ];
    prop::collection::vec(event, 0..400)
}

/// Records `events` and gives the bytes, what they should read back as, and the states.
fn record(events: &[Event]) -> (Vec<u8>, Tape, Vec<Checkpoint>) {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, INFO, &config(), &machine()).expect("a vector");
    let mut tape = read(&small());
    tape.machines.truncate(1);
    (tape.resumes, tape.notes, tape.checkpoints) = (Vec::new(), Vec::new(), Vec::new());
    (tape.actions, tape.outcomes) = (Vec::new(), Vec::new());
    (tape.action_us, tape.outcome_us) = (Vec::new(), Vec::new());
    let mut checkpoints = Vec::new();
    let mut batch = FramesBatch::new();
    for event in events {
        match event.clone() {
            Event::Action(bits, delta_us) => {
                let at_us = tape.action_us.last().unwrap_or(&0) + u64::from(delta_us);
                batch.push_action(tape.actions.len() as u64, Action(bits), at_us);
                tape.actions.push(Action(bits));
                tape.action_us.push(at_us);
            }
            Event::Outcome(picture, state_sum, delta_us) => {
                if tape.outcomes.len() == tape.actions.len() {
                    continue;
                }
                let at_us = tape.outcome_us.last().unwrap_or(&0) + u64::from(delta_us);
                let outcome = Outcome { picture: Digest(picture), state_sum };
                batch.push_outcome(tape.outcomes.len() as u64, outcome, at_us);
                tape.outcomes.push(outcome);
                tape.outcome_us.push(at_us);
            }
            Event::Seal => encoder.seal_frames(&mut batch).expect("a vector"),
            Event::Note(frame, text) => {
                tape.notes.push(Note { frame, text });
                encoder.note(&tape.notes[tape.notes.len() - 1]).expect("a vector");
            }
            Event::Checkpoint(frame, state) => {
                let checkpoint = Checkpoint { frame, state_digest: Digest([1; 32]), state };
                checkpoints.push(checkpoint.clone());
                encoder.checkpoint(checkpoint).expect("a vector");
            }
            Event::Machine(threads) if tape.machines.len() < limits::MACHINES_MAX as usize => {
                tape.machines.push(Machine { threads, ..machine() });
                encoder.machine(&tape.machines[tape.machines.len() - 1]).expect("a vector");
            }
            Event::Machine(_) => {}
        }
        if batch.is_full() {
            encoder.seal_frames(&mut batch).expect("a vector");
        }
    }
    encoder.seal_frames(&mut batch).expect("a vector");
    tape.play_root = encoder.play_root();
    encoder.finish().expect("a vector");
    (bytes, tape, checkpoints)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_recorded_reads_back(events in events(), cut in any::<prop::sample::Index>()) {
        let (bytes, expected, states) = record(&events);
        let tape = read(&bytes);
        let fetched = tape.checkpoints.iter().map(|at| Tape::checkpoint(&bytes, at));
        prop_assert_eq!(fetched.collect::<Result<Vec<_>, _>>().expect("whole"), states);
        prop_assert_eq!(Tape::verify_chain(&bytes), Ok(tape.blocks.len() as u64));
        let (blocks, checkpoints) = (tape.blocks.clone(), tape.checkpoints.clone());
        let expected = Tape { blocks, checkpoints, ..expected };
        prop_assert_eq!(&tape, &expected);
        let end = cut.index(bytes.len());
        if let Ok(front) = Tape::read(&bytes[..end]) {
            assert_front(&front, &tape, "cut");
            prop_assert_eq!(front.outcomes.len() as u64, whole_blocks(&tape, end).1);
        }
    }
}
