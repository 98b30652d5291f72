//! Recorded key timings and what was held when.

use super::*;

const MS: u64 = 1000;
const FORWARD: Action = Action(1);
const LEFT: Action = Action(4);
const RIGHT: Action = Action(8);
const ATTACK: Action = Action(16);

fn keyboard(releases: bool) -> Keyboard {
    let words: [(&str, &[&str]); 5] = [
        ("forward", &["up", "w"]),
        ("backward", &["down", "s"]),
        ("left", &["left", "a"]),
        ("right", &["right", "d"]),
        ("attack", &["space"]),
    ];
    let action = |(name, keys): (&str, &[&str])| ActionName {
        name: name.to_owned(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    };
    Keyboard::new(&words.map(action), releases)
}

fn press(key: Key) -> KeyEvent {
    KeyEvent::Key(key, Motion::Press)
}

fn release(key: Key) -> KeyEvent {
    KeyEvent::Key(key, Motion::Release)
}

/// What a terminal without releases tells of a key held from `from_ms`: its press, and repeats
/// every 33 ms after a delay.
fn hold(key: Key, from_ms: u64, delay_ms: u64, until_ms: u64) -> Vec<(u64, KeyEvent)> {
    let repeats = (from_ms + delay_ms..until_ms).step_by(33);
    std::iter::once(from_ms).chain(repeats).map(|ms| (ms * MS, press(key))).collect()
}

/// Plays events to a keyboard and takes an action every 10 ms: spans of equal actions, as their
/// first moment in ms and the action.
fn spans(keyboard: &mut Keyboard, events: &[(u64, KeyEvent)], until_ms: u64) -> Vec<(u64, Action)> {
    let mut events = events.iter().peekable();
    let mut spans: Vec<(u64, Action)> = Vec::new();
    for now_ms in (0..until_ms).step_by(10) {
        while let Some((at_us, event)) = events.next_if(|(at_us, _)| *at_us <= now_ms * MS) {
            keyboard.event(*at_us, *event);
        }
        let action = keyboard.take(now_ms * MS).0;
        if spans.last().is_none_or(|span| span.1 != action) {
            spans.push((now_ms, action));
        }
    }
    spans
}

#[test]
fn with_releases_a_key_is_held_exactly_as_long_as_it_is_down() {
    let events = [
        (100 * MS, press(Key::Up)),
        (5000 * MS, press(Key::Left)),
        (5100 * MS, release(Key::Up)),
        (5200 * MS, press(Key::Right)),
        (5300 * MS, release(Key::Left)),
        (5400 * MS, release(Key::Right)),
    ];
    let found = spans(&mut keyboard(true), &events, 6000);
    let both = Action(LEFT.0 | RIGHT.0);
    let expected = [
        (0, Action::NONE),
        (100, FORWARD),
        (5000, Action(FORWARD.0 | LEFT.0)),
        (5100, LEFT),
        (5200, both),
        (5300, RIGHT),
        (5400, Action::NONE),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_tap_between_two_frames_counts_for_one_frame() {
    let mut keyboard = keyboard(true);
    keyboard.event(1, press(Key::Char(' ')));
    keyboard.event(2, release(Key::Char(' ')));
    assert_eq!(keyboard.take(10).0, ATTACK);
    assert_eq!(keyboard.take(20).0, Action::NONE);
}

#[test]
fn two_keys_of_one_button_hold_it_until_both_are_up() {
    let mut keyboard = keyboard(true);
    keyboard.event(1, press(Key::Up));
    keyboard.event(2, press(Key::letter('W')));
    assert_eq!(keyboard.take(3).0, FORWARD);
    keyboard.event(4, release(Key::Up));
    assert_eq!(keyboard.take(5).0, FORWARD);
    keyboard.event(6, release(Key::Char('w')));
    assert_eq!(keyboard.take(7).0, Action::NONE);
}

#[test]
fn losing_the_keyboard_lets_every_key_go() {
    for releases in [true, false] {
        let mut keyboard = keyboard(releases);
        keyboard.event(1, press(Key::Up));
        assert_eq!(keyboard.take(2).0, FORWARD);
        keyboard.event(3, KeyEvent::FocusLost);
        assert_eq!(keyboard.take(4).0, Action::NONE);
    }
}

#[test]
fn without_releases_the_delay_before_the_first_repeat_is_bridged() {
    for delay_ms in [200, 300, 400, 500, 540] {
        let events = hold(Key::Up, 100, delay_ms, 3000);
        let found = spans(&mut keyboard(false), &events, 5000);
        let last_ms = events.last().expect("events").0 / MS;
        let end_ms = found.last().expect("spans").0;
        assert_eq!(found.len(), 3, "delay {delay_ms}: {found:?}");
        assert_eq!(found[..2], [(0, Action::NONE), (100, FORWARD)]);
        assert!((last_ms + 150..last_ms + 170).contains(&end_ms), "{found:?}");
    }
}

#[test]
fn without_releases_a_tap_ends_by_itself() {
    let found = spans(&mut keyboard(false), &[(100 * MS, press(Key::Left))], 3000);
    assert_eq!(found, [(0, Action::NONE), (100, LEFT), (650, Action::NONE)]);
}

#[test]
fn a_delay_that_was_seen_is_used_from_then_on() {
    let mut keyboard = keyboard(false);
    let mut events = hold(Key::Up, 100, 250, 1000);
    events.push((2000 * MS, press(Key::Left)));
    let found = spans(&mut keyboard, &events, 3000);
    assert_eq!(found[3..], [(2000, LEFT), (2300, Action::NONE)]);
    let mut late = hold(Key::Up, 100, 660, 2000);
    late.extend(hold(Key::Up, 3000, 660, 5000));
    let found = spans(&mut self::keyboard(false), &late, 6000);
    assert_eq!(found.len(), 7, "one stutter in the first hold, none in the second: {found:?}");
}

#[test]
fn without_releases_the_opposite_key_takes_over_at_once() {
    let mut events = hold(Key::Left, 100, 400, 1000);
    events.extend(hold(Key::Right, 1010, 400, 2000));
    let found = spans(&mut keyboard(false), &events, 3000);
    assert_eq!(found[..3], [(0, Action::NONE), (100, LEFT), (1010, RIGHT)]);
    assert_eq!(found.len(), 4);
}

#[test]
fn without_releases_walking_goes_on_beside_a_shot_and_never_for_long() {
    let mut events = hold(Key::Up, 0, 400, 1000);
    events.extend(hold(Key::Char(' '), 1000, 400, 4000));
    let found = spans(&mut keyboard(false), &events, 6000);
    let both = Action(FORWARD.0 | ATTACK.0);
    assert_eq!(found[..3], [(0, FORWARD), (1000, both), (2000, ATTACK)]);
    assert_eq!((found.len(), found[3].1), (4, Action::NONE));
}

#[test]
fn nothing_sticks_whatever_is_typed() {
    let keys = [Key::Up, Key::Down, Key::Left, Key::Char('d'), Key::Char(' '), Key::Char('x')];
    let mut keyboard = keyboard(false);
    let mut noise = 12_345_u64;
    let mut at_us = 0;
    for _ in 0..10_000 {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        at_us += (noise >> 33) % 200_000;
        keyboard.event(at_us, press(keys[(noise >> 40) as usize % keys.len()]));
    }
    keyboard.take(at_us);
    assert_eq!(keyboard.take(at_us + CARRY_US).0, Action::NONE);
}

/// What a terminal told of one key: when each press or repeat came, and when it was released.
#[derive(serde::Deserialize)]
struct Recorded {
    terminal: String,
    released_us: u64,
    presses_us: Vec<u64>,
}

/// A frame of a game at 35 a second.
const FRAME_US: u64 = 28_571;

fn recordings() -> Vec<Recorded> {
    let text = include_str!("../../../tests/data/held-keys.json");
    let recordings: Vec<Recorded> = serde_json::from_str(text).expect("recordings");
    assert_eq!(recordings.len(), 4);
    recordings
}

/// The frames in which a recorded key is held: their times.
fn held_us(keyboard: &mut Keyboard, recorded: &Recorded) -> Vec<u64> {
    let mut presses = recorded.presses_us.iter().peekable();
    let frames = (0..120).map(|frame| frame * FRAME_US);
    let held = frames.filter(|now_us| {
        while let Some(at_us) = presses.next_if(|at_us| *at_us <= now_us) {
            keyboard.event(*at_us, press(Key::Char('w')));
        }
        keyboard.take(*now_us).0 == FORWARD
    });
    held.collect()
}

fn is_unbroken(frames_us: &[u64]) -> bool {
    frames_us.windows(2).all(|pair| pair[1] - pair[0] == FRAME_US)
}

#[test]
fn a_bridged_key_is_held_unbroken_and_ends_within_150_ms_of_its_release() {
    for recorded in recordings() {
        let frames_us = held_us(&mut keyboard(false), &recorded);
        let (name, last_us) = (&recorded.terminal, *frames_us.last().expect("held"));
        assert!(is_unbroken(&frames_us), "{name}: {frames_us:?}");
        assert!(frames_us[0] < 2 * FRAME_US, "{name}: begins with the press");
        assert!(last_us < recorded.released_us + REPEAT_HOLD_US, "{name}: {last_us}");
        assert!(last_us > recorded.released_us - 50 * MS, "{name}: {last_us}");
    }
}

#[test]
fn a_tapped_key_pauses_until_it_repeats_and_is_then_unbroken() {
    for recorded in recordings() {
        let frames_us = held_us(&mut keyboard(false).holding(Hold::Tap), &recorded);
        let (name, repeats_us) = (&recorded.terminal, recorded.presses_us[1]);
        let (before, after): (Vec<u64>, Vec<u64>) =
            frames_us.iter().partition(|now_us| **now_us < repeats_us);
        let tap_us = before.last().expect("a tap") - before[0];
        assert!(tap_us <= TAP_HOLD_US, "{name}: {before:?}");
        assert!(is_unbroken(&after) && after[0] < repeats_us + FRAME_US, "{name}: {after:?}");
        let last_us = *after.last().expect("held");
        assert!(last_us < recorded.released_us + REPEAT_HOLD_US, "{name}: {last_us}");
    }
}

#[test]
fn what_a_short_tap_costs() {
    let tap = [(100 * MS, press(Key::Left))];
    let frames_ms = |hold| {
        let found = spans(&mut keyboard(false).holding(hold), &tap, 3000);
        found[2].0 - found[1].0
    };
    assert_eq!(frames_ms(Hold::Bridge), FIRST_HOLD_US / MS);
    assert_eq!(frames_ms(Hold::Tap), TAP_HOLD_US / MS);
    // Where the terminal's delay was seen once, a bridged tap is that long and no longer.
    let mut seen = keyboard(false);
    held_us(&mut seen, &recordings()[2]);
    let found = spans(&mut seen, &[(10_000 * MS, press(Key::Left))], 12_000);
    let last = &found[found.len() - 2..];
    assert!((270..=300).contains(&(last[1].0 - last[0].0)), "{found:?}");
}

#[test]
fn a_latched_key_holds_from_one_press_to_the_next_whatever_repeats() {
    for recorded in recordings() {
        let mut keyboard = keyboard(false).holding(Hold::Latch);
        let frames_us = held_us(&mut keyboard, &recorded);
        assert!(is_unbroken(&frames_us) && *frames_us.last().expect("held") == 119 * FRAME_US);
        keyboard.event(20_000 * MS, press(Key::Char('w')));
        assert_eq!(keyboard.take(20_001 * MS).0, Action::NONE, "{}", recorded.terminal);
    }
}

#[test]
fn a_latch_obeys_opposites_other_keys_of_a_button_and_a_lost_keyboard() {
    for releases in [true, false] {
        let mut keyboard = keyboard(releases).holding(Hold::Latch);
        let mut now_us = 0;
        let mut tap = |keyboard: &mut Keyboard, key| {
            now_us += 1_000 * MS;
            keyboard.event(now_us, press(key));
            if releases {
                keyboard.event(now_us + 1, press(key));
                keyboard.event(now_us + 2, release(key));
            }
            keyboard.take(now_us + 3)
        };
        let told_us = Some(1_000 * MS);
        assert_eq!(tap(&mut keyboard, Key::Left), (LEFT, told_us));
        assert_eq!(tap(&mut keyboard, Key::Up).0, Action(LEFT.0 | FORWARD.0));
        assert_eq!(tap(&mut keyboard, Key::Right).0, Action(RIGHT.0 | FORWARD.0));
        assert_eq!(tap(&mut keyboard, Key::Char('w')).0, RIGHT, "another key of the button");
        keyboard.event(now_us + 4, KeyEvent::FocusLost);
        assert_eq!(keyboard.take(now_us + 5).0, Action::NONE);
    }
}

#[test]
fn the_time_of_a_change_is_told_once_and_that_of_a_repeat_never() {
    let mut keyboard = keyboard(false);
    keyboard.event(5, press(Key::Up));
    keyboard.event(9, press(Key::Left));
    assert_eq!(keyboard.take(10).1, Some(5), "the oldest");
    keyboard.event(33 * MS, press(Key::Left));
    assert_eq!(keyboard.take(34 * MS).1, None);
}
