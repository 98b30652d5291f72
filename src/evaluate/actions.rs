//! What is played where nobody plays: steady, scripted and random actions.

use crate::event::Action;
use crate::exact::philox4x32_10;

/// Spans of the scripted play: frames and the buttons held. It begins anew after the last.
const TOUR: [(u64, &[&str]); 12] = [
    (40, &["forward"]),
    (12, &["right"]),
    (30, &["forward"]),
    (10, &["attack"]),
    (20, &["forward", "left"]),
    (15, &["backward"]),
    (26, &["right"]),
    (50, &["forward"]),
    (10, &[]),
    (20, &["left"]),
    (30, &["forward", "attack"]),
    (20, &["backward", "right"]),
];

/// Frames that the random play holds its buttons.
const RANDOM_FRAMES: u64 = 8;

/// The same action in every frame, with its word: each button alone, and none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steady {
    /// The button's name, or `none`.
    pub name: String,
    /// The action.
    pub action: Action,
}

impl Steady {
    /// All of them for a world with these buttons.
    pub fn all(buttons: &[String]) -> Vec<Steady> {
        let none = Steady { name: "none".to_owned(), action: Action::NONE };
        let alone = buttons
            .iter()
            .enumerate()
            .map(|(index, name)| Steady { name: name.clone(), action: Action::NONE.with(index) });
        alone.chain([none]).collect()
    }
}

/// The action of a frame of a tour that walks, turns, shoots and backs off. Buttons that the world
/// does not have are left out.
pub fn scripted(frame: u64, buttons: &[String]) -> Action {
    let length: u64 = TOUR.iter().map(|span| span.0).sum();
    let mut left = frame % length;
    for (frames, held) in TOUR {
        if left < frames {
            let index = |name: &&str| buttons.iter().position(|button| button == name);
            return held.iter().filter_map(index).fold(Action::NONE, Action::with);
        }
        left -= frames;
    }
    unreachable!("the spans are as long as their sum")
}

/// The action of a frame where each button is held or not by chance, anew every eighth frame.
pub fn random(seed: u64, frame: u64, buttons: usize) -> Action {
    let draw = frame / RANDOM_FRAMES;
    let key = [seed as u32, (seed >> 32) as u32];
    let words = philox4x32_10([draw as u32, (draw >> 32) as u32, 0, 0], key);
    let held = (0..buttons).filter(|&button| words[0] >> button & 1 == 1);
    held.fold(Action::NONE, Action::with)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buttons() -> Vec<String> {
        ["forward", "backward", "left", "right", "attack"].map(str::to_owned).to_vec()
    }

    #[test]
    fn the_tour_presses_every_button_and_begins_anew() {
        let actions: Vec<Action> = (0..283).map(|frame| scripted(frame, &buttons())).collect();
        assert_eq!(actions.iter().fold(0, |bits, action| bits | action.0), 0b11111);
        assert_eq!(actions[0], Action(1));
        assert_eq!(scripted(283, &buttons()), actions[0]);
        assert_eq!(scripted(92, &buttons()), Action(0b101));
        assert_eq!(scripted(92, &["left".to_owned()]), Action(1));
    }

    #[test]
    fn random_play_holds_its_buttons_for_a_while_and_uses_all() {
        let actions: Vec<Action> = (0..800).map(|frame| random(7, frame, 5)).collect();
        assert!(actions.chunks(8).all(|held| held.iter().all(|action| *action == held[0])));
        let distinct: std::collections::BTreeSet<u16> = actions.iter().map(|a| a.0).collect();
        assert!(distinct.len() > 20 && distinct.iter().all(|bits| *bits < 32));
        assert_ne!(actions[0], random(8, 0, 5));
    }

    #[test]
    fn steady_play_is_each_button_alone_and_none() {
        let all = Steady::all(&buttons());
        let bits: Vec<u16> = all.iter().map(|steady| steady.action.0).collect();
        assert_eq!(bits, [1, 2, 4, 8, 16, 0]);
        assert_eq!(all[5].name, "none");
    }
}
