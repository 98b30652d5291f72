//! `report` writes one page about a tape or two, harmless whatever the tape says, and exits as
//! replay does.

#[path = "common/command.rs"]
mod command;
#[path = "cli_report/html.rs"]
mod html;

use command::{Place, Ran};
use html::{Element, check_harmless, elements};
use worldtape::event::{Action, Digest, Outcome};
use worldtape::session::{Note, Tape};

/// What a name may try.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&amp;{{script}}\u{202e}";

/// Letters that a page may have.
const PAGE_BYTES_MAX: usize = 3_500_000;

fn report(place: &Place, words: &str) -> Ran {
    place.run(&format!("report --world tiny.safetensors {words}"))
}

/// The page, read strictly.
fn page(place: &Place, name: &str) -> (String, Vec<Element>) {
    let text = String::from_utf8(place.read(name)).expect("UTF-8");
    assert!(text.len() < PAGE_BYTES_MAX, "{} bytes", text.len());
    let elements = elements(&text);
    check_harmless(&elements);
    (text, elements)
}

fn pictures(elements: &[Element]) -> usize {
    elements.iter().filter(|element| element.name == "img").count()
}

/// A tape whose state differs from frame 41 on and whose pictures differ from frame 52 on, up to
/// frame 59.
fn with_drift() -> Place {
    let place = Place::with_tape();
    place.altered("drift.wtape", |tape| {
        for outcome in &mut tape.outcomes[41..60] {
            outcome.state_sum ^= 1;
        }
        for outcome in &mut tape.outcomes[52..60] {
            outcome.picture = Digest([7; 32]);
        }
    });
    place
}

#[test]
fn a_tape_that_replays_the_same_gives_a_page_that_says_so() {
    let place = Place::with_tape();
    let said = report(&place, "walk.wtape").fine();
    assert!(said.starts_with("walk.html: same, "), "{said}");
    let (text, elements) = page(&place, "walk.html");
    assert!(text.contains("All 70 frames were made again on cpu"), "the verdict");
    let inspected = place.run("inspect walk.wtape --json").exits(0).json();
    for word in ["play_root", "play_root_short", "world_digest"] {
        assert!(text.contains(inspected[word].as_str().expect("text")), "{word}");
    }
    assert_eq!(pictures(&elements), 5, "one every 17 frames");
    let policy = elements.iter().find_map(|element| {
        let is_policy = element.attribute("http-equiv") == Some("Content-Security-Policy");
        element.attribute("content").filter(|_| is_policy)
    });
    let policy = policy.expect("a policy");
    assert!(policy.starts_with("default-src 'none'; img-src data:; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let place = with_drift();
    let words = "drift.wtape walk.wtape -o a.html";
    report(&place, words).exits(3);
    let first = place.read("a.html");
    std::fs::remove_file(place.path("a.html")).expect("removed");
    report(&place, words).exits(3);
    assert!(place.read("a.html") == first, "the second page differs");
}

#[test]
fn a_page_is_never_written_over() {
    let place = Place::with_tape();
    place.write("mine.html", "mine");
    let refused = report(&place, "walk.wtape -o mine.html").exits(1);
    assert!(refused.complaint().contains("mine.html exists"), "{refused:?}");
    assert_eq!(place.read("mine.html"), b"mine");
    let refused = report(&place, "walk.wtape -o nowhere/a.html").exits(1);
    assert!(refused.complaint().contains("there is no such folder"), "{refused:?}");
}

#[test]
fn a_drift_is_told_with_its_frames_and_only_what_was_made_is_shown() {
    let place = with_drift();
    let said = report(&place, "drift.wtape").exits(3);
    let sentence = "the state differs from the tape's from frame 41 on, the first picture that \
        shows it is frame 52; 19 of 70 frames differ, the same again from frame 60.";
    assert!(said.out.contains(sentence), "{said:?}");
    let (text, elements) = page(&place, "drift.html");
    assert!(text.contains("holds digests of its pictures, not the pictures"));
    for frame in [40, 41, 42, 51, 52, 53, 54, 57, 69] {
        let is_shown = elements.iter().any(|element| {
            element.name == "img" && element.attribute("data-frame") == Some(&frame.to_string())
        });
        assert!(is_shown, "frame {frame}");
    }
    assert!(!text.contains("<figcaption>difference"), "there is nothing to hold it against");
}

#[test]
fn against_a_second_engine_both_sides_and_their_difference_are_shown() {
    let place = with_drift();
    let said = report(&place, "drift.wtape --against cpu --json").exits(3).json();
    assert_eq!(said["verdict"], "drift");
    assert_eq!(said["held"].as_array().map(Vec::len), Some(2));
    for held in said["held"].as_array().expect("a list") {
        assert_eq!((&held["first_state"], &held["first_picture"]), (&41.into(), &52.into()));
        assert_eq!((&held["differing"], &held["same_again_from"]), (&19.into(), &60.into()));
    }
    let (text, elements) = page(&place, "drift.html");
    assert_eq!(text.matches("equal in every pixel").count(), 2 * 9, "the engines agree");
    assert_eq!(pictures(&elements), 9 * 3 + 5);
    let wrong = report(&place, "walk.wtape --against cpu --no-replay").exits(2);
    assert!(wrong.err.contains("cannot be used with"), "{wrong:?}");
}

#[test]
fn two_plays_are_held_against_each_other_with_the_pictures_of_both() {
    let place = Place::with_tape();
    place.write("other.txt", "40 forward+right\n15 left\n");
    place.run("record --actions other.txt --world tiny.safetensors").fine();
    let said = report(&place, "walk.wtape other.wtape -o two.html").exits(3);
    let sentence = "The plays part at frame 40, where other buttons are held; 15 of 55 frames";
    assert!(said.out.contains(sentence), "{said:?}");
    let (text, elements) = page(&place, "two.html");
    // Frames 39, 40, 41, 42, 45: both and their difference; 57 and 75 are on one tape or none.
    assert_eq!(text.matches("<figcaption>difference").count(), 5);
    assert_eq!(pictures(&elements), 5 * 3 + 1 + 5);
    assert!(text.contains("no such frame"));
    let tapes = ["walk.wtape", "other.wtape"].map(|name| {
        let tape = Tape::read(&place.read(name)).expect("a tape");
        [39, 40, 41, 42, 45].map(|frame| tape.outcomes[frame].picture)
    });
    let equal = tapes[0].iter().zip(&tapes[1]).filter(|(left, right)| left == right).count();
    assert!((1..5).contains(&equal), "{equal} of the pictures are equal");
    assert_eq!(
        text.matches("equal in every pixel").count(),
        2 * equal,
        "in words and for screen readers"
    );
}

#[test]
fn two_recordings_of_one_play_are_the_same_and_other_settings_are_not() {
    let place = Place::with_tape();
    let record = "record --actions walk.txt --world tiny.safetensors";
    place.run(&format!("{record} -o again.wtape")).fine();
    let said = report(&place, "walk.wtape again.wtape -o same.html").exits(0);
    assert!(said.out.contains("hold the same 70 frames: every action, state and picture."));
    page(&place, "same.html");
    place.altered("short.wtape", |tape| {
        tape.actions.truncate(60);
        tape.action_us.truncate(60);
        tape.outcomes.truncate(60);
        tape.outcome_us.truncate(60);
    });
    let said = report(&place, "walk.wtape short.wtape -o short.html").exits(3);
    assert!(said.out.contains("walk.wtape goes on for 10 frames more."), "{said:?}");
    page(&place, "short.html");
    place.run("diff walk.wtape short.wtape").exits(3);
    place.run(&format!("{record} -o seed.wtape --seed 5")).fine();
    let said = report(&place, "walk.wtape seed.wtape -o seed.html").exits(3);
    assert!(said.out.contains("of different settings"), "{said:?}");
    let (text, _) = page(&place, "seed.html");
    assert!(text.contains("<tr class=\"differs\"><th scope=\"row\">begins at</th>"));
}

#[test]
fn of_a_cut_or_damaged_tape_the_page_shows_what_is_whole() {
    let place = Place::with_tape();
    let whole = place.read("walk.wtape");
    place.write("cut.wtape", &whole[..whole.len() - 200]);
    let mut bytes = whole.clone();
    let middle = bytes.len() * 3 / 4;
    bytes[middle] ^= 1;
    place.write("damaged.wtape", bytes);
    for (name, word) in [("cut", "cut short at byte"), ("damaged", "damaged at byte")] {
        let said = report(&place, &format!("{name}.wtape --json")).exits(4);
        assert!(said.complaint().contains(word), "{said:?}");
        let json = said.json();
        assert_eq!(json["verdict"], name);
        let ending = json["ending"].as_str().expect("told").to_owned();
        let (text, _) = page(&place, &format!("{name}.html"));
        // Quotes and the like are spelled out in the page.
        assert!(text.contains(ending.split(['\'', '"', '<']).next().expect("a part")), "{ending}");
        assert!(text.contains("worldtape recover"));
    }
    place.write("none.wtape", &whole[..200]);
    let refused = report(&place, "none.wtape").exits(4);
    assert!(refused.complaint().contains("no frame of it can be read"), "{refused:?}");
    assert!(!place.names().contains(&"none.html".to_owned()));
}

#[test]
fn a_foreign_tape_is_refused_by_name_and_shown_without_a_replay() {
    let place = Place::with_tape();
    place.altered("foreign.wtape", |tape| tape.config.world_digest = Digest([9; 32]));
    let refused = report(&place, "foreign.wtape").exits(1);
    let complaint = refused.complaint();
    assert!(complaint.contains("recorded with world") && complaint.contains("--no-replay"));
    let refused = report(&place, "walk.wtape foreign.wtape").exits(1);
    assert!(refused.complaint().contains("is of another world"), "{refused:?}");
    assert!(!place.names().iter().any(|name| name.ends_with(".html")), "{:?}", place.names());
    let said = report(&place, "foreign.wtape --no-replay").fine();
    assert!(said.starts_with("foreign.html: not replayed, "), "{said}");
    let (text, elements) = page(&place, "foreign.html");
    assert_eq!(pictures(&elements), 0);
    assert!(text.contains("No frame was made again"));
}

#[test]
fn names_from_files_stay_text() {
    let place = Place::with_tape();
    place.altered("walk2.wtape", |tape| {
        tape.notes.push(Note { frame: 3, text: HOSTILE.to_owned() });
        tape.notes.push(Note { frame: 1 << 20, text: "far\u{0}\nbehind".to_owned() });
        let machine = &mut tape.machines[0];
        machine.entries.push((HOSTILE.to_owned(), HOSTILE.to_owned()));
        machine.build_commit = HOSTILE.to_owned();
    });
    let name = "<img src=x onerror=alert(1)>'.wtape";
    std::fs::rename(place.path("walk2.wtape"), place.path(name)).expect("renamed");
    let mut command = place.command("report --world tiny.safetensors -o a.html");
    Ran::from(command.arg(name).output().expect("runs")).exits(0);
    let (text, _) = page(&place, "a.html");
    assert!(!text.contains("<img src=x"), "the name is an element");
    assert!(text.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"), "as text");
    assert!(!text.contains('\u{202e}'), "the direction of reading turns");
    // Names of the world and its buttons cannot be replayed; the page takes them all the same.
    place.altered("world.wtape", |tape| {
        tape.config.world_name = HOSTILE.to_owned();
        tape.config.arithmetic = HOSTILE.to_owned();
        tape.config.action_names = vec![HOSTILE.to_owned(); 16];
    });
    report(&place, "world.wtape --no-replay").fine();
    let (text, _) = page(&place, "world.html");
    assert!(!text.contains("<img src=x"));
}

#[test]
fn hours_of_play_fit_into_a_page() {
    let place = Place::with_tape();
    let long = |place: &Place, name: &str, other_from: u64| {
        place.altered(name, |tape| {
            const FRAMES: u64 = 126_000;
            let outcome = |frame: u64| Outcome {
                picture: Digest([(frame % 251) as u8; 32]),
                state_sum: frame ^ u64::from(frame >= other_from) << 40,
            };
            tape.actions = (0..FRAMES).map(|frame| Action((frame / 90 % 32) as u16)).collect();
            tape.outcomes = (0..FRAMES).map(outcome).collect();
            tape.action_us = (0..FRAMES).map(|frame| frame * 28_571).collect();
            tape.outcome_us = (0..FRAMES).map(|frame| frame * 28_571 + 14_000).collect();
        });
    };
    long(&place, "hour.wtape", u64::MAX);
    long(&place, "other.wtape", 90_000);
    let said = report(&place, "hour.wtape other.wtape --no-replay -o a.html").exits(3);
    assert!(said.out.contains("the state differs from frame 90,000 on, no picture shows it"));
    let (text, _) = page(&place, "a.html");
    assert!(text.len() < 1_500_000, "{} bytes", text.len());
    assert!(text.contains("of 126,000 frames in full"), "what is left out is told");
    assert!(text.contains("1 h 0 min"));
}

#[test]
fn a_tape_without_a_frame_and_one_of_a_single_frame_have_pages() {
    let place = Place::with_tape();
    for (name, frames) in [("none", 0), ("one", 1)] {
        place.altered(&format!("{name}.wtape"), |tape| {
            tape.actions.truncate(frames);
            tape.action_us.truncate(frames);
            tape.outcomes.truncate(frames);
            tape.outcome_us.truncate(frames);
        });
        let said = report(&place, &format!("{name}.wtape --json")).exits(0).json();
        assert_eq!((&said["frames"], &said["pictures"]), (&frames.into(), &frames.into()));
        page(&place, &format!("{name}.html"));
    }
}

/// The commands of a page, as a shell takes them.
fn commands(text: &str) -> Vec<String> {
    let commands = text.split("<pre tabindex=\"0\"><code>").skip(1);
    let commands = commands.map(|rest| rest.split("</code>").next().expect("closed"));
    commands.map(|html| html.replace("&#39;", "'")).collect()
}

#[test]
fn the_commands_of_a_page_give_its_verdict_again() {
    let place = with_drift();
    std::fs::rename(place.path("drift.wtape"), place.path("my drift's.wtape")).expect("renamed");
    for (tapes, codes) in [
        (&["my drift's.wtape"][..], &[3, 3, 3][..]),
        (&["my drift's.wtape", "walk.wtape"], &[3, 3, 0, 3, 3]),
    ] {
        // As many threads as the shell has.
        let mut command = place.command("report --world tiny.safetensors -o a.html");
        Ran::from(command.env("RAYON_NUM_THREADS", "2").args(tapes).output().expect("runs"))
            .exits(3);
        let commands = commands(&page(&place, "a.html").0);
        assert_eq!(commands.len(), codes.len(), "{commands:?}");
        let first = place.read("a.html");
        std::fs::remove_file(place.path("a.html")).expect("removed");
        for (command, code) in commands.iter().zip(codes) {
            let words = command.strip_prefix("worldtape ").expect("ours");
            place.shell(&format!("\"$worldtape\" {words}")).exits(*code);
        }
        assert!(place.read("a.html") == first, "the page comes out the same");
        std::fs::remove_file(place.path("a.html")).expect("removed");
    }
}
