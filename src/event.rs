//! What passes between player, engine and tape: actions, digests, outcomes; small integers only.

use std::fmt;

/// Most buttons an action can hold; a world with more is refused.
pub const BUTTONS_MAX: usize = 16;

/// What the player did for one frame: bit `i` is button `i` of the world's manifest, 1 = held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Action(pub u16);

impl Action {
    /// No button held.
    pub const NONE: Action = Action(0);

    /// Is button `index` (below [`BUTTONS_MAX`]) held?
    pub fn holds(self, index: usize) -> bool {
        assert!(index < BUTTONS_MAX, "button {index} of {BUTTONS_MAX}");
        self.0 >> index & 1 == 1
    }

    /// The same action with button `index` (below [`BUTTONS_MAX`]) held too.
    #[must_use]
    pub fn with(self, index: usize) -> Action {
        assert!(index < BUTTONS_MAX, "button {index} of {BUTTONS_MAX}");
        Action(self.0 | 1 << index)
    }
}

/// A blake3 digest of 32 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The first four bytes in hexadecimal: enough to tell frames apart by eye.
    pub fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Digest({self})")
    }
}

/// What one frame came to: the two values a replay must meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// blake3 of the picture's RGB u8 rows.
    pub picture: Digest,
    /// Wrapping sum of mixed bits over the new latent and the newly committed keys and values.
    pub state_sum: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_holds_the_buttons_it_was_given_and_no_others() {
        let action = Action::NONE.with(0).with(4);
        let held: Vec<usize> = (0..BUTTONS_MAX).filter(|&i| action.holds(i)).collect();
        assert_eq!(held, [0, 4]);
    }

    #[test]
    fn a_digest_prints_as_64_hexadecimal_digits() {
        let mut digest = Digest::default();
        digest.0[0] = 0xab;
        assert_eq!(digest.to_string().len(), 64);
        assert_eq!(digest.short(), "ab000000");
    }
}
