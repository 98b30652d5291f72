//! Commands, and what stands still.

use super::*;
use crate::input::{Key, Motion};
use crate::world::ActionName;

const SECOND_US: u64 = 1_000_000;

fn controls(releases: bool) -> Controls {
    let keys = vec!["up".to_owned()];
    let actions = [ActionName { name: "forward".to_owned(), keys }];
    Controls::new(Keyboard::new(&actions, releases), Arc::default())
}

#[test]
fn a_paused_play_makes_the_frames_asked_for_and_no_other() {
    let controls = controls(true);
    assert!(!controls.stand());
    controls.command(0, Command::Pause);
    controls.command(1, Command::Step);
    assert!(controls.stand(), "one frame");
    assert!(controls.mood().is_paused);
    let waiting = controls.clone();
    let thread = std::thread::spawn(move || waiting.stand());
    controls.command(2, Command::Pause);
    thread.join().expect("no panic");
    assert!(!controls.stand() && !controls.mood().is_paused);
}

#[test]
fn a_step_pauses_first() {
    let controls = controls(true);
    controls.command(0, Command::Step);
    assert!(controls.stand() && controls.mood().is_paused);
}

#[test]
fn quitting_and_restarting_end_standing_still() {
    let quitting = controls(true);
    quitting.command(0, Command::Pause);
    quitting.command(1, Command::Quit);
    assert!(quitting.stand() && quitting.is_quitting());
    let controls = controls(true);
    controls.command(0, Command::Pause);
    controls.command(1, Command::Restart);
    assert!(controls.stand() && controls.take_restart());
    assert_eq!(controls.mood(), Mood::default());
    assert!(!controls.take_restart());
}

#[test]
fn help_stands_still_and_the_play_goes_on_after_it() {
    let controls = controls(true);
    controls.command(0, Command::Help);
    assert!(controls.mood().shows_help && !controls.mood().is_paused);
    controls.command(1, Command::Mark);
    assert!(controls.mood().shows_help && controls.take_mark() && !controls.take_mark());
    controls.command(2, Command::Help);
    assert!(!controls.stand());
    controls.command(3, Command::Help);
    controls.command(4, Command::Pause);
    assert_eq!((controls.mood().shows_help, controls.mood().is_paused), (false, true));
}

#[test]
fn a_command_that_repeats_counts_once_where_releases_are_not_told() {
    let plain = controls(false);
    for at_us in [0, 500_000, 533_000, 566_000] {
        plain.command(at_us, Command::Pause);
    }
    assert!(plain.mood().is_paused, "a key held for a while is one command");
    plain.command(2 * SECOND_US, Command::Pause);
    assert!(!plain.mood().is_paused);
    let telling = controls(true);
    for at_us in [0, 100_000] {
        telling.command(at_us, Command::Pause);
    }
    assert!(!telling.mood().is_paused, "two presses are two commands");
}

#[test]
fn taps_of_a_pause_do_not_come_after_it_but_those_before_a_step_do() {
    let controls = controls(true);
    let tap = |at_us| {
        controls.event(at_us, KeyEvent::Key(Key::Up, Motion::Press));
        controls.event(at_us + 1, KeyEvent::Key(Key::Up, Motion::Release));
    };
    controls.command(0, Command::Pause);
    tap(10);
    controls.command(20, Command::Step);
    assert_eq!((controls.take(30), controls.told_us()), (Action(1), Some(10)));
    tap(40);
    controls.command(50, Command::Pause);
    assert_eq!((controls.take(60), controls.told_us()), (Action::NONE, None));
}

#[test]
fn the_latch_is_switched_and_gives_back_to_what_was() {
    let keyboard = controls(false).keyboard().clone().holding(Hold::Tap);
    let controls = Controls::new(keyboard, Arc::default());
    controls.command(0, Command::Latch);
    controls.event(SECOND_US, KeyEvent::Key(Key::Up, Motion::Press));
    assert_eq!(controls.take(60 * SECOND_US), Action(1));
    controls.command(61 * SECOND_US, Command::Latch);
    assert_eq!(controls.take(61 * SECOND_US), Action::NONE, "nothing sticks");
    assert_eq!(controls.mood().hold, Hold::Tap);
}
