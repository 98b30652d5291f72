//! Every screen of a play at three sizes, drawn on a terminal that is a buffer.

use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use worldtape::event::{Action, Digest};
use worldtape::input::{Commands, Hold, Mood};
use worldtape::screen::play::{Facts, Menu, MenuView, Shown, View};
use worldtape::screen::{Cell, Look, Palette, Recent};
use worldtape::world::ActionName;

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (160, 45)];

/// Pixels of the pictures.
const SIZE: (usize, usize) = (128, 96);

const LETTERS: Look = Look { palette: Palette::Letters, is_ascii: false };

fn actions() -> Vec<ActionName> {
    let buttons: [(&str, &[&str]); 5] = [
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
    buttons.map(action).into()
}

fn facts() -> Facts {
    let actions = actions();
    Facts {
        tape: Some(("play-20261123-143005.wtape".to_owned(), Arc::new(AtomicU64::new(12_345)))),
        buttons: actions.iter().map(|one| (one.name.clone(), one.keys.join(" "))).collect(),
        commands: Commands::beside(&actions),
        has_releases: false,
        device: "cpu, 2 threads, avx512".to_owned(),
        frames_per_second: 35,
        picture: SIZE,
    }
}

/// A bright disc on a slope from dark to bright.
fn pixels() -> Vec<u8> {
    let pixel = |place: usize| {
        let (x, y) = (place % SIZE.0, place / SIZE.0);
        let (across, down) = (x.abs_diff(64), y.abs_diff(48));
        if across * across + down * down < 1000 { 255 } else { x as u8 }
    };
    (0..SIZE.0 * SIZE.1).flat_map(|place| [pixel(place); 3]).collect()
}

fn shown() -> Shown {
    let mut took_us = Recent::default();
    (0..60).for_each(|frame| took_us.add(18_000 + frame * 7 % 13 * 1_000));
    took_us.add(41_000);
    Shown {
        frame: 1234,
        action: Action(0b1_0001),
        digest: Digest([0x3f; 32]),
        pixels: pixels(),
        rate_tenths: 349,
        took_us,
        ..Shown::default()
    }
}

/// The letters on a screen of that size.
fn play(size: (u16, u16), facts: &Facts, mood: Mood, look: Look) -> String {
    let shown = shown();
    drawn(size, |frame| {
        let (cell, key_to_screen_us) = (Cell::default(), Some((31_400, 58_900)));
        let view = View { facts, shown: &shown, mood, key_to_screen_us, look, cell, canvas: None };
        frame.render_widget(view, frame.area());
    })
}

fn drawn((columns, rows): (u16, u16), draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a buffer");
    terminal.draw(draw).expect("drawn");
    terminal.backend().to_string()
}

fn at_each_size(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (columns, rows) in SIZES {
        assert_snapshot!(format!("{name}_{columns}x{rows}"), draw((columns, rows)));
    }
}

#[test]
fn a_play() {
    at_each_size("play", |size| play(size, &facts(), Mood::default(), LETTERS));
}

#[test]
fn a_paused_play_with_marks() {
    let mood = Mood { is_paused: true, marks: 2, ..Mood::default() };
    at_each_size("paused", |size| play(size, &facts(), mood, LETTERS));
}

#[test]
fn the_keys() {
    let mood = Mood { shows_help: true, hold: Hold::Latch, ..Mood::default() };
    at_each_size("help", |size| play(size, &facts(), mood, LETTERS));
}

#[test]
fn the_menu() {
    let names = ["arena, red pool", "corridors", "a prompt with quite a long name"];
    let mut menu =
        Menu::new("doom: where to begin?".to_owned(), names.map(str::to_owned).into(), SIZE);
    menu.put(0, &pixels());
    menu.put(1, &pixels());
    at_each_size("menu", |size| {
        drawn(size, |frame| {
            let view = MenuView { menu: &menu, look: LETTERS, cell: Cell::default() };
            frame.render_widget(view, frame.area());
        })
    });
}

#[test]
fn without_a_tape_it_says_so_and_in_ascii_there_is_nothing_else() {
    let facts = Facts { tape: None, ..facts() };
    for palette in [Palette::Full, Palette::Letters] {
        for mood in [Mood::default(), Mood { shows_help: true, ..Mood::default() }] {
            let look = Look { palette, is_ascii: true };
            let screen = play((80, 24), &facts, mood, look);
            assert!(screen.contains("not recorded"), "{screen}");
            assert!(screen.is_ascii(), "{screen}");
        }
    }
}

#[test]
fn every_size_can_be_drawn() {
    let moods = [
        Mood::default(),
        Mood { is_paused: true, ..Mood::default() },
        Mood { shows_help: true, ..Mood::default() },
    ];
    let menu = Menu::new("world".to_owned(), vec!["a".to_owned(); 11], SIZE);
    for columns in (1..=300).step_by(13) {
        for rows in (1..=100).step_by(7) {
            for mood in moods {
                play((columns, rows), &facts(), mood, LETTERS);
            }
            drawn((columns, rows), |frame| {
                let view = MenuView { menu: &menu, look: LETTERS, cell: Cell::default() };
                frame.render_widget(view, frame.area());
            });
        }
    }
}

#[test]
fn a_terminal_made_too_small_says_what_it_needs() {
    for size in [(39, 24), (80, 11)] {
        let screen = play(size, &facts(), Mood::default(), LETTERS);
        assert!(screen.contains("needs 40 columns, 12 rows; q quits"), "{screen}");
    }
}
