//! Orders in, frames out.

use super::*;

/// A tape of 100 frames at 35 a second: differences begin at 40 and 70, notes are at 10 and 90.
const FRAMES: u64 = 100;
const DIFFERENCES: [u64; 2] = [40, 70];
const NOTES: [u64; 2] = [10, 90];

/// Microseconds of a frame at the world's own rate.
const PERIOD_US: u64 = 28_571;

struct Marked;

fn nearest(frames: &[u64], frame: u64, way: Way) -> Option<u64> {
    match way {
        Way::Next => frames.iter().copied().find(|found| *found > frame),
        Way::Previous => frames.iter().rev().copied().find(|found| *found < frame),
    }
}

impl Landmarks for Marked {
    fn difference(&self, frame: u64, way: Way) -> Option<u64> {
        nearest(&DIFFERENCES, frame, way)
    }

    fn note(&self, frame: u64, way: Way) -> Option<u64> {
        nearest(&NOTES, frame, way)
    }
}

fn player() -> Player {
    Player::new(FRAMES, 35_000)
}

/// Gives orders at time 0; where the player stands then.
fn obeyed(player: &mut Player, orders: &[Order]) -> u64 {
    for order in orders {
        let shown = player.at();
        player.obey(*order, 0, shown, &Marked);
    }
    player.at()
}

#[test]
fn steps_and_seconds_stop_at_both_ends() {
    let mut player = player();
    assert_eq!(obeyed(&mut player, &[Order::Step(-1)]), 0);
    assert_eq!(obeyed(&mut player, &[Order::Step(1), Order::Step(1)]), 2);
    assert_eq!(obeyed(&mut player, &[Order::Seconds(1)]), 37);
    assert_eq!(obeyed(&mut player, &[Order::Seconds(10)]), 99);
    assert_eq!(obeyed(&mut player, &[Order::Step(1)]), 99);
    assert_eq!(obeyed(&mut player, &[Order::Seconds(-1)]), 64);
    assert_eq!(obeyed(&mut player, &[Order::Last, Order::First]), 0);
}

#[test]
fn a_typed_number_is_gone_to_at_enter_and_not_before() {
    let mut player = player();
    assert_eq!(obeyed(&mut player, &[Order::Digit('4'), Order::Digit('2')]), 0);
    assert_eq!(player.entry(), Some("42"));
    assert_eq!(obeyed(&mut player, &[Order::Enter]), 42);
    assert_eq!(player.entry(), None);
    let typed = [Order::Number, Order::Digit('1'), Order::Digit('7'), Order::Erase, Order::Enter];
    assert_eq!(obeyed(&mut player, &typed), 1);
    assert_eq!(obeyed(&mut player, &[Order::Number, Order::Enter]), 1);
    assert_eq!(obeyed(&mut player, &[Order::Digit('9'), Order::Escape, Order::Enter]), 1);
    assert_eq!(obeyed(&mut player, &[Order::Digit('9'), Order::Step(1), Order::Enter]), 2);
}

#[test]
fn a_number_beyond_the_tape_is_its_end_and_is_told() {
    let mut player = player();
    let nines = [Order::Digit('9'); 30];
    assert_eq!(obeyed(&mut player, &nines), 0);
    assert_eq!(obeyed(&mut player, &[Order::Enter]), 99);
    assert_eq!(player.told(), Some("there is no frame 999999999; the last one is 99"));
    obeyed(&mut player, &[Order::Step(-1)]);
    assert_eq!(player.told(), None);
}

#[test]
fn differences_and_notes_are_visited_in_both_directions() {
    let mut player = player();
    let (next, previous) = (Order::Difference(Way::Next), Order::Difference(Way::Previous));
    assert_eq!(obeyed(&mut player, &[next]), 40);
    assert_eq!(obeyed(&mut player, &[next, next]), 70);
    assert_eq!(player.told(), Some("no drift after this frame"));
    assert_eq!(obeyed(&mut player, &[previous]), 40);
    assert_eq!(obeyed(&mut player, &[Order::Note(Way::Previous)]), 10);
    assert_eq!(obeyed(&mut player, &[Order::Note(Way::Previous)]), 10);
    assert_eq!(player.told(), Some("no note before this frame"));
    assert_eq!(obeyed(&mut player, &[Order::Note(Way::Next)]), 90);
}

/// Where a player of these speed orders is after each of `ticks` times, with every frame shown.
fn played(speeds: &[Order], ticks: u64, tick_us: u64) -> Vec<u64> {
    let mut player = player();
    obeyed(&mut player, speeds);
    obeyed(&mut player, &[Order::Pause]);
    let at = |tick: u64| {
        player.tick(tick * tick_us, true);
        player.at()
    };
    (1..=ticks).map(at).collect()
}

#[test]
fn each_speed_plays_as_many_frames_a_second() {
    let second = 1_000_000;
    let after_a_second = |speeds: &[Order]| played(speeds, 1000, second / 1000)[999];
    assert_eq!(after_a_second(&[]), 35);
    assert_eq!(after_a_second(&[Order::Slower]), 17);
    assert_eq!(after_a_second(&[Order::Slower, Order::Slower, Order::Slower]), 8);
    assert_eq!(after_a_second(&[Order::Faster]), 70);
    let eight = [Order::Faster; 9];
    assert_eq!(played(&eight, 200, second / 1000)[199], 56);
    assert_eq!(after_a_second(&eight), 99, "it stops at the end");
}

#[test]
fn no_frame_is_left_out_at_the_worlds_own_rate_however_slow_the_frames_come() {
    for tick_us in [1_000, PERIOD_US, 40_000, 300_000] {
        let mut frames = played(&[], 400, tick_us);
        frames.dedup();
        assert!(frames.windows(2).all(|pair| pair[1] - pair[0] == 1), "{frames:?}");
    }
}

#[test]
fn a_frame_that_is_not_shown_yet_is_waited_for_and_not_made_up_for() {
    let mut player = player();
    obeyed(&mut player, &[Order::Faster, Order::Faster, Order::Faster, Order::Pause]);
    player.tick(1_000_000, false);
    assert_eq!(player.at(), 0);
    player.tick(1_000_000, true);
    assert_eq!(player.at(), 8, "at most what eight times the rate is in one period");
    player.tick(1_000_000, true);
    assert_eq!(player.at(), 8);
}

#[test]
fn pausing_stands_and_playing_at_the_end_begins_again() {
    let mut player = player();
    obeyed(&mut player, &[Order::Pause]);
    assert_eq!(player.due_us(), Some(PERIOD_US));
    assert_eq!(player.ahead(), 8);
    obeyed(&mut player, &[Order::Pause]);
    assert_eq!((player.due_us(), player.ahead()), (None, 0));
    obeyed(&mut player, &[Order::Last, Order::Pause]);
    assert_eq!(player.at(), 0);
    assert!(player.due_us().is_some());
    obeyed(&mut player, &[Order::Seconds(1)]);
    assert!(player.due_us().is_some(), "a jump goes on playing");
    obeyed(&mut player, &[Order::Step(1)]);
    assert!(player.due_us().is_none(), "a step stands");
}

#[test]
fn escape_leaves_an_overlay_and_then_a_long_way() {
    let mut player = player();
    obeyed(&mut player, &[Order::Last, Order::Help]);
    player.obey(Order::Escape, 0, 12, &Marked);
    assert_eq!((player.overlay(), player.at()), (Overlay::Nothing, 99));
    player.obey(Order::Escape, 0, 12, &Marked);
    assert_eq!(player.at(), 12, "the frame that is shown");
    obeyed(&mut player, &[Order::Help, Order::Machines]);
    assert_eq!(player.overlay(), Overlay::Machines);
    obeyed(&mut player, &[Order::Machines]);
    assert_eq!(player.overlay(), Overlay::Nothing);
}

#[test]
fn a_tape_of_one_frame_stands() {
    let mut player = Player::new(1, 0);
    obeyed(&mut player, &[Order::Pause, Order::Step(1), Order::Last]);
    player.tick(1_000_000_000, true);
    assert_eq!((player.at(), player.due_us()), (0, None));
    assert!(!player.has_quit());
    obeyed(&mut player, &[Order::Quit]);
    assert!(player.has_quit());
}
