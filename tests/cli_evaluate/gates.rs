//! The tiny world, held against its own play: what it must pass, and planted faults it must not.

use crate::command::Place;
use crate::common;
use crate::heldout::HeldOutFile;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use worldtape::event::Action;

/// The page that says what is printed.
const PAGE: &str = include_str!("../../formats/evaluation.md");

/// Held-out play of the tiny world by itself: two episodes and a circle.
pub fn data() -> HeldOutFile {
    let world = common::tiny_world();
    let episodes = [common::some_actions(60), vec![Action(4); 60]];
    HeldOutFile::of(&world, &episodes).with_circle(&world, &[Action(8); 30], 5)
}

fn place(data: &HeldOutFile) -> Place {
    let place = Place::new();
    place.write("data.safetensors", data.bytes());
    place
}

const WORDS: &str = "world evaluate tiny.safetensors --data data.safetensors --device cpu --json";

fn told(place: &Place, words: &str, code: i32) -> Value {
    place.run(&format!("{WORDS} {words}")).exits(code).json()
}

/// A gate by name.
fn gate<'a>(told: &'a Value, name: &str) -> &'a Value {
    let gates = told["gates"].as_array().expect("a list");
    gates.iter().find(|gate| gate["name"] == name).unwrap_or_else(|| panic!("{name}: {told}"))
}

fn value(told: &Value, name: &str) -> f64 {
    gate(told, name)["value"].as_f64().unwrap_or_else(|| panic!("{name}: {told}"))
}

#[test]
fn latents_of_the_worlds_own_play_decode_to_its_pictures_byte_for_byte() {
    let mut data = data();
    let ran = place(&data).run(&format!("{WORDS} --only reconstruction")).exits(0);
    assert!(ran.err.contains("\nreconstruction   "), "told as it is measured: {ran:?}");
    let told = ran.json();
    // Equal pictures count as one that differs by 1 in one byte: 10 log10(255^2 * 32*16*3).
    assert!((value(&told, "reconstruction") - 79.994_7).abs() < 1e-3, "{told}");
    assert_eq!(gate(&told, "reconstruction")["count"], 40);
    // One picture spoiled in one byte by 16 is seen.
    data.tensor("episodes.pictures").2.iter_mut().for_each(|byte| *byte ^= 16);
    let told = self::told(&place(&data), "--only reconstruction", 1);
    assert!((value(&told, "reconstruction") - 24.05).abs() < 0.1, "{told}");
}

#[test]
fn the_worlds_own_play_is_as_sharp_as_itself_and_half_the_contrast_is_not() {
    let mut data = data();
    let words = "--only sharpness,stability --frames 120";
    let told = self::told(&place(&data), words, 0);
    for name in ["sharpness", "stability_latent_spread_least", "stability_latent_spread_most"] {
        assert_eq!(gate(&told, name)["passed"], true, "{told}");
    }
    let drawn = |told: &Value| gate(told, "sharpness")["real"].as_f64().expect("a number");
    assert_eq!(drawn(&told), 1.0, "the pictures are what the decoder draws");
    data.tensor("episodes.pictures").2.iter_mut().for_each(|byte| *byte = *byte / 2 + 64);
    let told = self::told(&place(&data), words, 1);
    assert!(
        (drawn(&told) - 4.0).abs() < 0.5,
        "half the contrast is a quarter of the energy: {told}"
    );
    for name in ["sharpness", "stability_gradient_energy_most"] {
        assert_eq!(gate(&told, name)["passed"], false, "{told}");
        assert!(value(&told, name) > 3.0, "a quarter of the energy: {told}");
    }
}

#[test]
fn latents_of_another_spread_fail_the_gate_of_spread() {
    let mut data = data();
    let scaled =
        |by: f32| move |four: &mut [u8; 4]| *four = (f32::from_le_bytes(*four) * by).to_le_bytes();
    let mut scale = |by: f32| {
        let bytes = data.tensor("episodes.latents").2.as_chunks_mut::<4>().0;
        bytes.iter_mut().for_each(scaled(by));
        place(&data)
    };
    let words = "--only stability --frames 20";
    let told = self::told(&scale(4.0), words, 1);
    assert_eq!(gate(&told, "stability_latent_spread_least")["passed"], false);
    let told = self::told(&scale(1.0 / 16.0), words, 1);
    assert_eq!(gate(&told, "stability_latent_spread_most")["passed"], false);
}

/// Gates that play fail; the program says where the world stopped and goes on.
#[test]
fn a_world_that_overflows_fails_what_it_plays() {
    let place = place(&data());
    let bytes = place.read("tiny.safetensors");
    let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("a header");
    let file = SafeTensors::deserialize(&bytes).expect("a world");
    let view = file.tensor("dit.out.scale").expect("scales");
    let huge: Vec<u8> = view.data().chunks(4).flat_map(|_| 1e38_f32.to_le_bytes()).collect();
    let changed = TensorView::new(view.dtype(), view.shape().to_vec(), &huge).expect("a tensor");
    let mut views: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    views.insert("dit.out.scale".to_owned(), changed);
    let world = safetensors::serialize(views, metadata.metadata().clone()).expect("a world");
    place.write("tiny.safetensors", world);
    let told = self::told(&place, "--frames 20 --starts 3", 1);
    let stopped = gate(&told, "stability_plays_stopped");
    assert_eq!((&stopped["value"], &stopped["passed"]), (&24.0.into(), &false.into()));
    let next = gate(&told, "next_frame");
    assert_eq!((&next["value"], &next["passed"]), (&Value::Null, &false.into()));
    let why = next["why"].as_str().expect("a reason");
    assert!(why.contains("met a value that is not finite"), "{why}");
}

#[test]
fn plays_at_the_same_time_come_to_the_same_as_one_after_the_other() {
    let place = place(&data());
    let words = "--only stability --frames 120";
    let alone = told(&place, &format!("{words} --strips alone"), 0);
    let together = told(&place, &format!("{words} --strips together --at-once 3"), 0);
    assert!(gate(&alone, "stability_latent_spread_most")["why"].is_string(), "names a play");
    assert_eq!(alone, together);
    for prompt in 0..3 {
        let strip = |folder| place.read(&format!("{folder}/stability-prompt-{prompt}.png"));
        assert_eq!(strip("alone"), strip("together"), "prompt {prompt}");
    }
    place.run(&format!("{WORDS} {words} --at-once 0")).exits(2);
}

#[test]
fn the_worst_of_the_prompts_played_apart_is_the_worst_of_all() {
    let place = place(&data());
    let words = "--only stability --frames 40";
    let all = told(&place, words, 0);
    let parts =
        ["--prompts 0", "--prompts 2,1,2"].map(|part| told(&place, &format!("{words} {part}"), 0));
    for (name, worst) in [
        ("stability_latent_spread_least", f64::min as fn(f64, f64) -> f64),
        ("stability_latent_spread_most", f64::max),
        ("stability_gradient_energy_most", f64::max),
    ] {
        let [first, second] = [&parts[0], &parts[1]].map(|part| value(part, name));
        assert_eq!(worst(first, second), value(&all, name), "{name}");
        let counts = [&parts[0], &parts[1], &all].map(|told| gate(told, name)["count"].as_u64());
        assert_eq!(counts[0].zip(counts[1]).map(|(a, b)| a + b), counts[2]);
        assert_eq!(
            counts[1],
            counts[0].map(|count| 2 * count),
            "a prompt named twice is played once"
        );
    }
    let ran = place.run(&format!("{WORDS} {words} --prompts 1,3")).exits(1);
    assert!(ran.err.contains("--prompts 3: the world has 3 prompts, 0 to 2"), "{ran:?}");
}

#[test]
fn circles_are_reported_and_their_absence_too() {
    let with = data();
    let told = self::told(&place(&with), "--only circle", 0);
    for name in ["circle_psnr", "circle_correlation"] {
        let gate = gate(&told, name);
        assert_eq!((&gate["count"], &gate["passed"]), (&1.into(), &Value::Null));
        assert!(gate["value"].is_f64() && gate["real"].is_f64(), "{gate}");
    }
    let mut without = with;
    without.tensors.retain(|tensor| !tensor.0.starts_with("circle."));
    let told = self::told(&place(&without), "--only circle", 1);
    assert_eq!(gate(&told, "circle_psnr")["why"], "the held-out data has no circles");
}

#[test]
fn episodes_too_short_for_a_gate_are_said_to_be() {
    let world = common::tiny_world();
    let place = place(&HeldOutFile::of(&world, &[vec![Action(1); 12]]));
    let told = self::told(&place, "--only next-frame,free-running", 1);
    assert_eq!(gate(&told, "next_frame")["count"], 5);
    let why = "the episodes have 12 frames; this gate needs 23";
    assert_eq!(gate(&told, "free_running_8")["why"], why);
}

#[test]
fn every_gate_is_listed_and_the_page_lists_the_same() {
    let told = self::told(&place(&data()), "--only file", 0);
    let gates = told["gates"].as_array().expect("a list");
    let names: Vec<&str> = gates.iter().filter_map(|gate| gate["name"].as_str()).collect();
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    for name in &names {
        assert!(listed.contains(name), "{name} is not in formats/evaluation.md");
    }
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect();
    let fields: [Vec<String>; 3] = [keys(&told), keys(&told["data"]), keys(&gates[0])];
    for field in fields.iter().flatten() {
        assert!(listed.contains(field.as_str()), "{field} is not in formats/evaluation.md");
    }
    assert_eq!(told["format"], "evaluation-2");
    assert_eq!(told["digest"], common::tiny_world().digest.to_string());
    assert_eq!(gate(&told, "file_bytes")["passed"], true);
    assert_eq!(gate(&told, "reconstruction")["why"], "not asked for");
}

#[test]
fn people_get_a_table_of_what_was_asked_for() {
    let place = place(&data());
    let words = WORDS.replace(" --json", " --only file,reconstruction --starts 7");
    let said = place.run(&words).fine();
    let lines: Vec<&str> = said.lines().collect();
    let row = |name| {
        let line = lines.iter().find(|line| line.starts_with(name)).expect("a row");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("reconstruction"), "reconstruction 79.99 dB >= 34 passed 7");
    assert!(row("data").ends_with("data.safetensors: 2 episodes of 60 frames, 1 circles"));
    assert!(row("frames_per_second").contains("not measured 0"));
    assert!(!said.contains("next_frame  "), "{said}");
    assert_eq!(lines.last(), Some(&"all 2 measured gates passed"));
}

#[test]
fn strips_show_the_game_above_the_world_and_nothing_is_written_over() {
    let data = data();
    let place = place(&data);
    told(&place, "--only free-running --starts 2 --strips strips", 1);
    let png = std::fs::File::open(place.path("strips/free-running.png")).expect("written");
    let mut reader = png::Decoder::new(std::io::BufReader::new(png)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    let info = reader.next_frame(&mut pixels).expect("whole");
    // Six pictures of 32x16 in a row, two rows for each start, 4 pixels between all.
    assert_eq!((info.width, info.height), (6 * 36 + 4, 4 * 20 + 4));
    // The first start of two: a quarter of all 2*(60 - 22) places.
    let frame = 7 + 19;
    let (first, line) = (frame * 1536, 32 * 3);
    let mut bytes = data.clone();
    let picture = &bytes.tensor("episodes.pictures").2[first..first + 1536];
    for (y, row) in picture.chunks(line).enumerate() {
        let start = ((4 + y) * info.width as usize + 4) * 3;
        assert!(&pixels[start..start + line] == row, "row {y}");
    }
    let ran = place.run(&format!("{WORDS} --only free-running --strips strips")).exits(1);
    let line = "strips is not empty; choose another folder with --strips";
    assert_eq!(ran.complaint(), line);
}

#[test]
fn full_counts_and_own_counts_exclude_each_other() {
    let place = Place::new();
    for words in ["--full --starts 3", "--full --frames 3", "--starts 0", "--only sharp"] {
        place.run(&format!("{WORDS} {words}")).exits(2);
    }
}
