//! The screen of `view` at three sizes, as it was reviewed; and its colours.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use worldtape::drift::{Fact, Mark};
use worldtape::event::{Action, Digest, Outcome};
use worldtape::screen::view::{
    Desk, Facts, Machines, Order, Page, Player, Put, Scene, Side, SideName, Way,
};
use worldtape::screen::{Look, Palette};

/// Every colour, as many as there are names for, and none.
const FULL: Look = Look { palette: Palette::Full, is_ascii: false };
const INDEXED: Look = Look { palette: Palette::Indexed, is_ascii: false };
const LETTERS: Look = Look { palette: Palette::Letters, is_ascii: false };

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (120, 50)];
const FRAMES: u64 = 100;
/// The frame from which on the second side differs.
const DRIFTED: u64 = 40;
/// Frames that were made.
const MADE: u64 = 90;

/// A tape, one side or two, and a viewer of it.
struct Shown {
    facts: Facts,
    desk: Desk,
    player: Player,
}

fn outcome(frame: u64) -> Outcome {
    Outcome { picture: Digest([frame as u8; 32]), state_sum: frame << 32 }
}

/// 16x12 pixels: a ramp with a dark square that moves on; `side` 1 has it elsewhere after the drift.
fn pixels(frame: u64, side: usize) -> Vec<u8> {
    let drift = if side == 1 && frame >= DRIFTED { 3 } else { 0 };
    let place = (frame / 8 % 12) as usize + drift;
    let pixel = |at: usize| {
        let (x, y) = (at % 16, at / 16);
        let is_dark = (place..place + 4).contains(&x) && (4..8).contains(&y);
        if is_dark { [10, 10, 30] } else { [(x * 16) as u8, (y * 20) as u8, 120] }
    };
    (0..16 * 12).flat_map(pixel).collect()
}

/// What a side makes: from the drift on the second has other states, and ten frames later pictures.
fn made(frame: u64, side: usize) -> Outcome {
    let mut made = outcome(frame);
    if side == 1 && frame >= DRIFTED {
        made.state_sum ^= 1;
        made.picture.0[0] ^= if frame >= DRIFTED + 10 { 1 } else { 0 };
    }
    made
}

fn facts(sides: usize) -> Facts {
    let names = [("cpu, 2 threads, avx2", "cpu"), ("cuda:0, NVIDIA H200, mma", "cuda:0")];
    let side = |(name, short): &(&str, &str)| SideName {
        name: (*name).to_owned(),
        short: (*short).to_owned(),
        is_checked: true,
    };
    let fact = |name: &str, theirs: &str, ours: &str| Fact {
        name: name.to_owned(),
        theirs: theirs.to_owned(),
        ours: ours.to_owned(),
    };
    let differing = vec![fact("engine", "cpu", "cuda:0"), fact("gpu", "(not told)", "NVIDIA H200")];
    Facts {
        tape: "walk.wtape".to_owned(),
        buttons: ["forward", "backward", "left", "right", "attack"].map(str::to_owned).to_vec(),
        picture: (16, 12),
        rate_milli: 35_000,
        actions: (0..FRAMES).map(|frame| Action((frame / 10 % 32) as u16)).collect(),
        times_us: (0..FRAMES).map(|frame| frame * 28_571).collect(),
        notes: vec![(10, "the door".to_owned()), (60, "here it looks odd".to_owned())],
        sides: names[..sides].iter().map(side).collect(),
        machines: vec![Machines { title: "recorded | here".to_owned(), facts: differing }],
        ending: Some("the tape is cut short at byte 999; valid through frame 99".to_owned()),
        against: (sides == 1).then(|| "worldtape view walk.wtape --against cuda:0".to_owned()),
        explain: (
            "worldtape explain walk.wtape --frame ".to_owned(),
            " --against cuda:0".to_owned(),
        ),
    }
}

/// A viewer of one side or two, of which the first [`MADE`] frames were made.
fn shown(sides: usize) -> Shown {
    let facts = facts(sides);
    let expected: Vec<Outcome> = (0..FRAMES).map(outcome).collect();
    let side = Side { frames: FRAMES, expected: Some(expected) };
    let desk = Desk::new(vec![side; sides], Vec::new(), vec![10, 60], 3 * 16 * 12);
    for frame in 0..MADE {
        for side in 0..sides {
            let (outcome, pixels) = (made(frame, side), &pixels(frame, side)[..]);
            desk.put(&Put { side, frame, outcome, pixels, left: 0 });
        }
    }
    Shown { facts, desk, player: Player::new(FRAMES, 35_000) }
}

impl Shown {
    fn obey(&mut self, orders: &[Order]) {
        for order in orders {
            self.player.obey(*order, 0, self.player.at(), &self.desk);
        }
    }

    fn drawn(&self, (columns, rows): (u16, u16), look: Look) -> TestBackend {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
        let mut scene = Scene::default();
        scene.refresh(&self.desk, self.player.at());
        let (facts, player, desk) = (&self.facts, &self.player, &self.desk);
        let page = Page { facts, player, scene: &scene, desk, look };
        terminal.draw(|frame| frame.render_widget(page, frame.area())).expect("drawn");
        terminal.backend().clone()
    }

    /// Holds the screen against what was reviewed, at each size.
    fn holds(&self, name: &str, look: Look) {
        for (columns, rows) in SIZES {
            let name = format!("{name}_{columns}x{rows}");
            insta::assert_snapshot!(name, self.drawn((columns, rows), look));
        }
    }
}

#[test]
fn a_tape_that_matches() {
    let mut shown = shown(1);
    shown.obey(&[Order::Note(Way::Next)]);
    shown.holds("view_same", FULL);
}

#[test]
fn a_drift_with_two_pictures_and_the_heat_of_their_difference() {
    let mut shown = shown(2);
    shown.obey(&[Order::Difference(Way::Next), Order::Difference(Way::Next)]);
    assert_eq!(shown.player.at(), DRIFTED + 10, "state first, then the picture");
    shown.holds("view_drift", FULL);
}

#[test]
fn a_drift_without_colours() {
    let mut shown = shown(2);
    shown.obey(&[Order::Difference(Way::Next)]);
    shown.holds("view_letters", LETTERS);
}

#[test]
fn the_keys_and_the_machines() {
    let mut shown = shown(1);
    shown.obey(&[Order::Help]);
    shown.holds("view_help", LETTERS);
    shown.obey(&[Order::Machines]);
    insta::assert_snapshot!("view_machines", shown.drawn(SIZES[1], FULL));
}

#[test]
fn a_frame_that_is_not_made_yet_is_on_its_way() {
    let mut shown = shown(1);
    shown.obey(&[Order::Last]);
    let screen = shown.drawn(SIZES[1], FULL).to_string();
    assert!(screen.contains(" to frame 99: 1 to make, esc stops"), "{screen}");
    assert!(screen.contains("90 of 100 replayed, all the same"), "{screen}");
}

#[test]
fn a_screen_too_small_says_what_it_needs() {
    for size in [(39, 50), (120, 11), (1, 1)] {
        let screen = shown(2).drawn(size, FULL).to_string();
        assert!(screen.contains(&"needs 40 columns, 12 rows"[..size.0.min(25).into()]), "{screen}");
    }
}

/// The colours of the strip of the second side, one a frame.
fn strip_colors(buffer: &Buffer) -> Vec<Color> {
    let is_strip = |y: &u16| buffer[(0, *y)].symbol() == "c" && buffer[(1, *y)].symbol() == "u";
    let row = (0..50).find(is_strip).expect("a strip named cuda");
    (10..110).map(|x| buffer[(x, row)].fg).collect()
}

#[test]
fn the_strip_is_green_then_yellow_then_red_and_dim_where_nothing_was_made() {
    let screen = shown(2).drawn((110, 50), INDEXED);
    let colors = strip_colors(screen.buffer());
    let color = |frame: u64| match frame {
        0..40 => Color::Green,
        40..50 => Color::Yellow,
        50..90 => Color::Red,
        _ => Color::DarkGray,
    };
    assert_eq!(colors, (0..FRAMES).map(color).collect::<Vec<_>>());
}

#[test]
fn without_colours_no_cell_has_one() {
    let mut shown = shown(2);
    shown.obey(&[Order::Difference(Way::Next), Order::Machines]);
    for size in SIZES {
        let screen = shown.drawn(size, LETTERS);
        let cells = &screen.buffer().content;
        assert!(cells.iter().all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset)));
        assert!(screen.to_string().is_ascii(), "{screen}");
    }
}

#[test]
fn what_two_tapes_say_themselves_is_a_strip_of_its_own() {
    let between = vec![Mark::Picture; FRAMES as usize];
    let side = Side { frames: FRAMES, expected: Some((0..FRAMES).map(outcome).collect()) };
    let desk = Desk::new(vec![side.clone(), side], between, Vec::new(), 3 * 16 * 12);
    let shown = Shown { facts: facts(2), desk, player: Player::new(FRAMES, 35_000) };
    let screen = shown.drawn(SIZES[1], LETTERS).to_string();
    assert!(screen.contains(&format!("tapes     {}", "P".repeat(70))), "{screen}");
}

#[test]
fn the_float_reference_is_seen_and_has_no_verdict() {
    let mut shown = shown(2);
    shown.facts.sides[1] = SideName {
        name: "reference, 2 threads".to_owned(),
        short: "reference".to_owned(),
        is_checked: false,
    };
    let exact = Side { frames: FRAMES, expected: Some((0..FRAMES).map(outcome).collect()) };
    let float = Side { frames: FRAMES, expected: None };
    shown.desk = Desk::new(vec![exact, float], Vec::new(), Vec::new(), 3 * 16 * 12);
    for side in 0..2 {
        let (outcome, pixels) = (made(0, side), &pixels(DRIFTED * side as u64, side)[..]);
        shown.desk.put(&Put { side, frame: 0, outcome, pixels, left: 0 });
    }
    let screen = shown.drawn(SIZES[1], LETTERS).to_string();
    assert!(screen.contains(" other numbers   here 00000000/00000000 "), "{screen}");
    assert!(screen.contains("reference") && screen.contains(" dB"), "{screen}");
    assert!(screen.contains("1 of 100 replayed, all the same"), "{screen}");
}
