//! Any text as an action script, for a world with buttons and for one without.
#![no_main]

use libfuzzer_sys::fuzz_target;
use worldtape::drive::Source;
use worldtape::input::Script;

fuzz_target!(|text: &str| {
    let buttons = ["forward", "backward", "left", "right", "attack"].map(str::to_owned);
    let _ = Script::parse(text, &[]);
    let Ok(mut script) = Script::parse(text, &buttons) else {
        return;
    };
    let frames = script.frames();
    assert!(frames > 0);
    for frame in (0..frames).take(300).chain([frames - 1]) {
        let action = script.next(frame).expect("a script does not fail");
        assert!(action.is_some_and(|action| action.0 < 32), "frame {frame}: {action:?}");
    }
    assert_eq!(script.next(frames).expect("a script does not fail"), None);
});
