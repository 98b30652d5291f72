//! Any bytes as a damaged tape: what is salvaged of them makes a whole tape of the same frames. Then
//! the same with a seed tape of which bytes are changed, cut, left out and moved.
#![no_main]

use libfuzzer_sys::fuzz_target;
use worldtape::session::{Ending, Salvage, State, Tape};
use worldtape_fuzz::{bruised, seal};

fuzz_target!(|bytes: &[u8]| {
    salvage(bytes);
    let mut sealed = bytes.to_vec();
    seal(&mut sealed);
    salvage(&sealed);
    salvage(&bruised(bytes));
});

/// What holds of everything that is salvaged.
fn salvage(bytes: &[u8]) {
    let Ok(salvage) = Salvage::of(bytes, [7; 16]) else {
        return;
    };
    if salvage.holds_nothing() {
        return;
    }
    let kept = salvage.tape();
    if salvage.state() == State::Whole {
        assert_eq!(Tape::read(bytes).expect("a tape").ending, Ending::Closed);
        return;
    }
    let Ok((encoder, _)) = salvage.copy(Vec::new(), None) else {
        return; // no room left to close it in
    };
    let (_, made) = encoder.finish().expect("a vector takes everything");
    let made = Tape::read(&made).expect("a tape");
    assert_eq!(made.ending, Ending::Closed);
    assert_eq!(made.config, kept.config);
    assert_eq!(made.actions, kept.actions);
    assert_eq!(made.outcomes, kept.outcomes);
    assert_eq!(made.play_root, kept.play_root);
}
