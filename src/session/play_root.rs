//! The play root: one digest for what was played, the same on any machine at any time of day.

use super::records::Config;
use crate::event::{Action, Digest, Outcome};
use blake3::Hasher;

/// blake3 context of the root before the first frame.
const CONFIG_CONTEXT: &str = "worldtape 1 play root";

/// blake3 context of the root after a frame.
const FRAME_CONTEXT: &str = "worldtape 1 play root frame";

/// The digest of CONFIG and of every frame so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayRoot(Digest);

impl PlayRoot {
    /// The root before the first frame.
    pub fn new(config: &Config) -> PlayRoot {
        let mut hasher = Hasher::new_derive_key(CONFIG_CONTEXT);
        hasher.update(&config.world_digest.0);
        update_text(&mut hasher, &config.world_name);
        update_text(&mut hasher, &config.arithmetic);
        hasher.update(&config.seed.to_le_bytes());
        hasher.update(&config.prompt.to_le_bytes());
        hasher.update(&config.passes.to_le_bytes());
        update_count(&mut hasher, config.noise_levels.len());
        for level in &config.noise_levels {
            hasher.update(&level.to_le_bytes());
        }
        hasher.update(&config.picture_width.to_le_bytes());
        hasher.update(&config.picture_height.to_le_bytes());
        hasher.update(&config.frames_per_second_milli.to_le_bytes());
        update_count(&mut hasher, config.action_names.len());
        for name in &config.action_names {
            update_text(&mut hasher, name);
        }
        PlayRoot(Digest(*hasher.finalize().as_bytes()))
    }

    /// Adds the next frame.
    pub fn fold(&mut self, action: Action, outcome: &Outcome) {
        let mut bytes = [0; 74];
        bytes[..32].copy_from_slice(&self.0.0);
        bytes[32..34].copy_from_slice(&action.0.to_le_bytes());
        bytes[34..66].copy_from_slice(&outcome.picture.0);
        bytes[66..].copy_from_slice(&outcome.state_sum.to_le_bytes());
        self.0 = Digest(blake3::derive_key(FRAME_CONTEXT, &bytes));
    }

    /// The root of everything folded so far.
    pub fn digest(&self) -> Digest {
        self.0
    }

    /// The first eight hexadecimal digits in two groups, to be read aloud: `1a2b-3c4d`.
    pub fn short(&self) -> String {
        let digits = self.0.short();
        format!("{}-{}", &digits[..4], &digits[4..])
    }
}

impl From<Digest> for PlayRoot {
    /// A root read from a footer.
    fn from(digest: Digest) -> PlayRoot {
        PlayRoot(digest)
    }
}

/// A count as u32: the limits of CONFIG keep every count far below 2^32.
fn update_count(hasher: &mut Hasher, count: usize) {
    hasher.update(&(count as u32).to_le_bytes());
}

/// A text with its length in front, so that no two CONFIGs have the same bytes.
fn update_text(hasher: &mut Hasher, text: &str) {
    update_count(hasher, text.len());
    hasher.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            world_digest: Digest([1; 32]),
            world_name: "ab".to_owned(),
            arithmetic: "c".to_owned(),
            seed: 1,
            prompt: 2,
            passes: 0,
            noise_levels: vec![3],
            picture_width: 4,
            picture_height: 5,
            frames_per_second_milli: 35_000,
            action_names: vec!["forward".to_owned()],
        }
    }

    #[test]
    fn a_byte_that_moves_between_texts_changes_the_root() {
        let mut moved = config();
        moved.world_name = "a".to_owned();
        moved.arithmetic = "bc".to_owned();
        assert_ne!(PlayRoot::new(&moved), PlayRoot::new(&config()));
    }

    #[test]
    fn action_picture_state_and_order_all_count() {
        let root = |frames: &[(u16, u8, u64)]| {
            let mut root = PlayRoot::new(&config());
            for &(action, picture, state_sum) in frames {
                root.fold(Action(action), &Outcome { picture: Digest([picture; 32]), state_sum });
            }
            root.digest().to_string()
        };
        let mut roots = vec![
            root(&[]),
            root(&[(1, 2, 3)]),
            root(&[(2, 2, 3)]),
            root(&[(1, 3, 3)]),
            root(&[(1, 2, 4)]),
            root(&[(1, 2, 3), (2, 2, 3)]),
            root(&[(2, 2, 3), (1, 2, 3)]),
        ];
        roots.sort();
        roots.dedup();
        assert_eq!(roots.len(), 7);
    }

    #[test]
    fn the_short_form_is_two_groups_of_four() {
        let root = PlayRoot(Digest([0xab; 32]));
        assert_eq!(root.short(), "abab-abab");
    }
}
