//! `replay --bisect` exits as `git bisect run` wants it.

#[path = "common/command.rs"]
mod command;

use command::Place;

const REPLAY: &str = "replay --bisect --world tiny.safetensors --device cpu";

#[test]
fn same_is_0_drift_is_1_and_anything_else_is_125() {
    let place = Place::with_tape();
    place.altered("other.wtape", |tape| tape.outcomes[40].state_sum ^= 1);
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 70]);
    place.write("empty.wtape", "");
    place.run(&format!("{REPLAY} walk.wtape")).exits(0);
    let ran = place.run(&format!("{REPLAY} walk.wtape other.wtape")).exits(1);
    assert!(ran.out.contains("first differing state frame 40"), "{ran:?}");
    assert!(ran.out.contains("1 of 41 frames differ"), "it ends at the drift: {ran:?}");
    for name in ["cut", "empty", "missing"] {
        place.run(&format!("{REPLAY} {name}.wtape")).exits(125);
    }
    // A tape that cannot be read hides what another one shows.
    place.run(&format!("{REPLAY} other.wtape missing.wtape")).exits(125);
}
