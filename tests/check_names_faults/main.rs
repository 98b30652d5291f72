//! A check that finds a fault names where it is; one that finds none says so.

#[path = "../common/mod.rs"]
mod common;
mod faults;

use common::{engine, some_actions, tiny_model, tiny_start};
use faults::{Fault, Faulty};
use worldtape::check::{self, CheckError, Play, Tally, Variant, cpu_variants};
use worldtape::drive::picture_digest;
use worldtape::engine::Engine;
use worldtape::engine::cpu::Isa;
use worldtape::event::Outcome;

const FRAMES: u64 = 60;
/// Bit patterns of float32 are this far apart here; a prime.
const EVERY: u64 = 100_003;

fn one(fault: Fault) -> Vec<Box<dyn Variant>> {
    vec![Box::new(Faulty(fault))]
}

/// A play of the tiny world as a right engine makes it.
fn play() -> Play {
    let (model, start, actions) = (tiny_model(2), tiny_start(7, 0), some_actions(FRAMES));
    let mut engine = engine(&model);
    engine.reset(&start).expect("starts");
    let step = |(frame, &action)| {
        let made = engine.step(frame, action).expect("finite");
        Outcome { picture: picture_digest(made.picture), state_sum: made.state_sum }
    };
    let outcomes = (0..).zip(&actions).map(step).collect();
    Play { name: "walk.wtape".to_owned(), model, start, actions, outcomes }
}

/// Runs a check with a tally of its own.
fn tallied(check: impl FnOnce(&mut Tally) -> Result<(), CheckError>) -> Tally {
    let mut tally = Tally::default();
    check(&mut tally).expect("comes to its end");
    tally
}

/// The first difference, which begins with this and holds that.
#[track_caller]
fn assert_names(tally: &Tally, begins: &str, holds: &str) {
    let told = tally.first_difference.as_deref().expect("a difference");
    assert!(told.starts_with(begins) && told.contains(holds), "{told}");
}

#[test]
fn a_flipped_bit_of_one_op_is_named_with_its_place() {
    let ops = |fault| tallied(|tally| check::ops(&one(fault), tally, &mut |_| ()));
    let tally = ops(Fault::Op("gelu"));
    let size = "Row { op: Gelu { count: 1 }, remembered: 0 }, draw 0 (Plain), faulty: ";
    assert_names(&tally, size, "output 0: element 0 is 0x");
    let rows = check::rows().iter().filter(|row| row.op.kind() == "gelu").count() as u64;
    // Where a NaN comes out, another NaN is as good.
    assert!((rows * 8..=rows * 9).contains(&tally.differing), "{tally:?}");
    assert_eq!((tally.cases, tally.runs), (check::ops_cases(), check::ops_cases()));
    assert_names(&ops(Fault::Op("linear")), "Row { op: Linear { rows: 1, inputs: 1,", "faulty");
}

#[test]
fn an_op_that_lets_a_nan_pass_is_named() {
    let tally = tallied(|tally| check::not_finite(&one(Fault::Deaf), tally, &mut |_| ()));
    assert_eq!(tally.differing, check::not_finite_cases());
    let told = "outputs, where a value that is not finite must stop it";
    assert_names(&tally, "Row { op: Quantise { rows: 1, columns: 1 }, remembered: 0 }, NaN", told);
}

#[test]
fn a_flipped_bit_of_a_function_is_named_with_its_value() {
    let functions =
        |fault| tallied(|tally| check::functions(EVERY, &Faulty(fault), tally, &mut |_| ()));
    assert_eq!(functions(Fault::None).first_difference, None);
    let tally = functions(Fault::Op("to_picture"));
    assert_eq!(tally.differing, 1);
    // The last pattern of all is a NaN, and a zero stands for it where it would stop the op.
    assert_names(&tally, "to_picture with faulty: of 0x0 (0) it is 0x81, not 0x80", "");
    assert_eq!(functions(Fault::Op("silu")).first_difference, None);
}

#[test]
fn a_right_engine_passes_every_check_of_a_play() {
    let (play, variants) = (play(), cpu_variants(Isa::best()).expect("threads"));
    let (usual, other) = (variants[0].as_ref(), variants[1].as_ref());
    let count = variants.len() as u64;
    let mut ticks = 0;
    let mut tick = |count| ticks += count;
    let tallies = [
        tallied(|tally| check::tape(&play, usual, tally, &mut tick)),
        tallied(|tally| check::variants(&play, &variants, tally, &mut tick)),
        tallied(|tally| check::save_and_load(&play, usual, other, tally, &mut tick)),
        tallied(|tally| check::long(&play, 150, usual, tally, &mut tick)),
    ];
    let found = tallies.map(|tally| {
        assert_eq!((tally.differing, &tally.first_difference), (0, &None));
        (tally.cases, tally.runs)
    });
    assert_eq!(found, [(1, 60), (count, 40 * count), (4, 72), (1, 300)]);
    assert_eq!(ticks, 60 + 40 * count + 72 + 300);
}

#[test]
fn a_frame_that_differs_is_named() {
    let mut play = play();
    let tape =
        |play: &Play| tallied(|tally| check::tape(play, &Faulty(Fault::None), tally, &mut |_| ()));
    let sum = play.outcomes[33].state_sum;
    play.outcomes[33].state_sum ^= 1;
    let told = format!("walk.wtape with faulty: frame 33: state sum {sum:#018x}, not ");
    assert_names(&tape(&play), &told, "; 1 of 60 frames differ");
    play.outcomes[12].picture.0[0] ^= 0x10;
    assert_names(&tape(&play), "walk.wtape with faulty: frame 12: picture ", "; 2 of 60 ");
}

#[test]
fn a_way_to_run_that_differs_is_named() {
    let play = play();
    let fault = one(Fault::Op("euler"));
    let tally = tallied(|tally| check::variants(&play, &fault, tally, &mut |_| ()));
    assert_names(&tally, "walk.wtape with faulty: frame 0: state sum ", " of 40 frames differ");
}

#[test]
fn a_state_that_is_saved_or_loaded_wrong_is_named() {
    let play = play();
    let saving = |fault| {
        let none = &Faulty(Fault::None);
        tallied(|tally| check::save_and_load(&play, &Faulty(fault), none, tally, &mut |_| ()))
    };
    assert_eq!(saving(Fault::None).first_difference, None);
    let tally = saving(Fault::Saved);
    assert!(tally.differing >= 2, "{tally:?}");
    assert_names(&tally, "walk.wtape with faulty, loaded again", "");
    let tally = saving(Fault::Loaded);
    assert_names(
        &tally,
        "walk.wtape with faulty, loaded again, saved again: as bytes, element",
        "",
    );
}

#[test]
fn a_second_play_that_differs_is_named() {
    let play = play();
    let long = |fault| tallied(|tally| check::long(&play, 150, &Faulty(fault), tally, &mut |_| ()));
    let tally = long(Fault::SecondPlay);
    let place = "walk.wtape with faulty, the second time: frame 5: picture ";
    assert_names(&tally, place, "; 1 of 150 frames differ");
    assert_eq!(tally.differing, 1);
    assert_eq!(long(Fault::Op("to_picture")).differing, 60, "both plays, held against the tape");
}

#[test]
fn an_engine_that_cannot_be_made_is_an_error_with_its_place() {
    let mut tally = Tally::default();
    let error = check::ops(&one(Fault::Unmade), &mut tally, &mut |_| ()).expect_err("no engine");
    assert!(error.to_string().contains("faulty: engine faulty runs packed worlds only"), "{error}");
    let error = check::tape(&play(), &Faulty(Fault::Unmade), &mut tally, &mut |_| ());
    let error = error.expect_err("no engine").to_string();
    assert!(error.starts_with("walk.wtape with faulty: engine faulty"), "{error}");
    assert_eq!(tally.differing, 0);
}
