//! The digest of a picture, kept apart from every other use of blake3.

use crate::event::Digest;
use blake3::Hasher;

/// Context of the key: changing it would change every digest.
const PICTURE_CONTEXT: &str = "worldtape 1 picture";

/// blake3 of RGB u8 rows, keyed for pictures.
pub fn picture_digest(picture: &[u8]) -> Digest {
    let mut hasher = Hasher::new_derive_key(PICTURE_CONTEXT);
    hasher.update(picture);
    Digest(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_does_not_hash_like_any_other_bytes() {
        assert_ne!(picture_digest(b"abc").0, *blake3::hash(b"abc").as_bytes());
        assert_ne!(picture_digest(b"abc"), picture_digest(b"abd"));
    }
}
