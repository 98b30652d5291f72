//! Any bytes as a closed tape that is read by its index: a frame found there is the frame that a
//! reader of the whole tape finds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use worldtape::session::{Ending, Seeker, Tape};
use worldtape_fuzz::{bruised, seal};

/// Frames that are looked for in each tape.
const FRAMES: u64 = 8;

fuzz_target!(|bytes: &[u8]| {
    seek(bytes);
    let mut sealed = bytes.to_vec();
    seal(&mut sealed);
    seek(&sealed);
    seek(&bruised(bytes));
});

/// Frames over the whole length and the first that there is not.
fn seek(bytes: &[u8]) {
    let Ok(mut seeker) = Seeker::open(Cursor::new(bytes)) else {
        return;
    };
    let whole = Tape::read(bytes).ok().filter(|tape| tape.ending == Ending::Closed);
    let frames = seeker.frames();
    for frame in (0..FRAMES).map(|part| frames / FRAMES * part).chain([frames]) {
        let Ok(found) = seeker.frame(frame) else {
            assert!(whole.is_none() || frame == frames, "frame {frame} of {frames}");
            continue;
        };
        assert_eq!(found.frame, frame);
        if let Some(tape) = &whole {
            let at = frame as usize;
            assert_eq!((found.action, found.outcome), (tape.actions[at], tape.outcomes[at]));
        }
    }
}
