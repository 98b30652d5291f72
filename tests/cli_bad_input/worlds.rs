//! World files that are torn, wrong or absurd: refused by name, without the memory they ask for.

use crate::command::Place;
use serde_json::{Value, json};

/// Address space that every run here must do with, in KiB.
const MEMORY_KIB: u32 = 400_000;

/// The header of a safetensors file, and its data.
fn parts(bytes: &[u8]) -> (Value, Vec<u8>) {
    let (length, rest) = bytes.split_first_chunk::<8>().expect("a length");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header = serde_json::from_slice(header).expect("JSON");
    (header, data.to_vec())
}

/// A safetensors file.
fn joined(header: &Value, data: &[u8]) -> Vec<u8> {
    let mut header = header.to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], &header, data].concat()
}

/// The tiny world with another header.
fn with_header(place: &Place, alter: impl FnOnce(&mut Value)) -> Vec<u8> {
    let (mut header, data) = parts(&place.read("tiny.safetensors"));
    alter(&mut header);
    joined(&header, &data)
}

/// The tiny world with another manifest.
fn with_manifest(place: &Place, alter: impl FnOnce(&mut Value)) -> Vec<u8> {
    with_header(place, |header| {
        let text = header["__metadata__"]["worldtape"].as_str();
        let mut manifest = serde_json::from_str(text.expect("a manifest")).expect("JSON");
        alter(&mut manifest);
        header["__metadata__"]["worldtape"] = manifest.to_string().into();
    })
}

/// The tiny world with one byte of one tensor changed.
fn with_byte(place: &Place, tensor: &str, index: usize, byte: u8) -> Vec<u8> {
    let (header, mut data) = parts(&place.read("tiny.safetensors"));
    let start = header[tensor]["data_offsets"][0].as_u64();
    data[start.expect("an offset") as usize + index] = byte;
    joined(&header, &data)
}

/// Every verb that loads a world refuses `bytes` in little memory; gives what the line says after
/// the file's name. No tape is left.
#[track_caller]
fn refusal(place: &Place, bytes: &[u8]) -> String {
    place.write("bad.safetensors", bytes);
    let verbs = [
        "world info bad.safetensors",
        "world check bad.safetensors",
        "record --actions walk.txt --world bad.safetensors -o new.wtape",
        "replay walk.wtape --world bad.safetensors",
    ];
    let mut said = Vec::new();
    for words in verbs {
        let script = format!(r#"ulimit -v {MEMORY_KIB}; exec "$worldtape" {words}"#);
        let ran = place.shell(&script).exits(1);
        let line = ran.complaint();
        let line = line.strip_prefix("walk.wtape: ").unwrap_or(line);
        let rest = line.strip_prefix("world bad.safetensors: ");
        said.push(rest.unwrap_or_else(|| panic!("{line}")).to_owned());
        assert_eq!(ran.out, "");
    }
    assert!(!place.path("new.wtape").exists());
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    said.remove(0)
}

#[test]
fn the_tiny_world_does_with_the_memory() {
    let place = Place::with_tape();
    let words = "replay walk.wtape --world tiny.safetensors";
    let ran = place.shell(&format!(r#"ulimit -v {MEMORY_KIB}; exec "$worldtape" {words}"#));
    ran.fine();
}

#[test]
fn a_missing_world_is_named() {
    let place = Place::with_tape();
    let missing = "cannot open none.safetensors: No such file or directory (os error 2)";
    let ran = place.run("world info none.safetensors").exits(1);
    assert_eq!(ran.complaint(), missing);
    let ran = place.run("replay walk.wtape --world none.safetensors");
    assert_eq!(ran.exits(1).complaint(), format!("walk.wtape: {missing}"));
    let ran = place.run("world info /dev/zero").exits(1);
    assert_eq!(ran.complaint(), "/dev/zero is not a plain file");
}

#[test]
fn a_torn_world_is_refused() {
    let place = Place::with_tape();
    let whole = place.read("tiny.safetensors");
    let said = refusal(&place, &whole[..whole.len() - 1]);
    assert!(said.starts_with("not a whole safetensors file ("), "{said}");
    let said = refusal(&place, &whole[..100]);
    assert!(said.starts_with("not a whole safetensors file ("), "{said}");
    let expected = "not a whole safetensors file (no header); the file has 3 bytes";
    assert_eq!(refusal(&place, &whole[..3]), expected);
    let said = refusal(&place, &[&whole[..], b"more"].concat());
    assert!(said.starts_with("not a whole safetensors file ("), "{said}");
}

#[test]
fn another_file_is_not_taken_for_a_world() {
    let place = Place::with_tape();
    let bytes = with_header(&place, |header| header["__metadata__"] = json!({}));
    let expected = "the safetensors file has no \"worldtape\" entry in its metadata: \
        it is not a packed world";
    assert_eq!(refusal(&place, &bytes), expected);
    let tape = place.read("walk.wtape");
    assert!(refusal(&place, &tape).starts_with("not a whole safetensors file ("));
}

#[test]
fn an_absurd_header_is_refused_unread() {
    let place = Place::with_tape();
    let mut bytes = place.read("tiny.safetensors");
    bytes[..8].copy_from_slice(&(1u64 << 60).to_le_bytes());
    let expected = "not a whole safetensors file (a header of 1152921504606846976 bytes, \
        at most 1048576 are read); the file has 102748 bytes";
    assert_eq!(refusal(&place, &bytes), expected);
    for shape in [
        json!([1u64 << 32, 1u64 << 32]),
        json!([u64::MAX, 2]),
        json!([1_000_000_000_000_000_000u64]),
        json!([-1]),
    ] {
        let bytes = with_header(&place, |header| header["dit.pos"]["shape"] = shape);
        let said = refusal(&place, &bytes);
        assert!(said.starts_with("not a whole safetensors file ("), "{said}");
    }
    let offsets = json!([0, 1_000_000_000_000_000_000u64]);
    let bytes = with_header(&place, |header| header["dit.pos"]["data_offsets"] = offsets);
    assert!(refusal(&place, &bytes).starts_with("not a whole safetensors file ("));
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    let bytes = [&(deep.len() as u64).to_le_bytes()[..], deep.as_bytes()].concat();
    assert!(refusal(&place, &bytes).starts_with("not a whole safetensors file ("));
}

#[test]
fn absurd_dimensions_are_refused_by_name() {
    let place = Place::with_tape();
    let huge = 1_000_000_000_000_000_000u64;
    for field in [
        "latent_channels",
        "latent_height",
        "latent_width",
        "patch",
        "width",
        "blocks",
        "heads",
        "mlp",
        "window",
        "time_features",
    ] {
        for value in [0, huge, u64::MAX] {
            let bytes = with_manifest(&place, |manifest| manifest["shape"][field] = value.into());
            let said = refusal(&place, &bytes);
            let start = format!("manifest: shape.{field} is {value}, must be ");
            assert!(said.starts_with(&start), "{said}");
        }
    }
}

#[test]
fn other_fields_out_of_range_are_refused_by_name() {
    let place = Place::with_tape();
    let huge = 1_000_000_000_000_000_000u64;
    let cases = [
        ("/picture/width", json!(64), "manifest: picture.width is 64, must be 32 to 32"),
        ("/shape/decoder/1", json!(huge), "manifest: shape.decoder[1] is 1000000000000000000,"),
        ("/shape/decoder", json!([]), "manifest: shape.decoder stages is 0, must be 1 to 5"),
        ("/shape/width", json!(-1), "the manifest does not read: "),
        ("/shape/width", json!(1e300), "the manifest does not read: "),
        ("/format", json!(2), "manifest: format is 2, must be 1 to 1"),
        ("/prompts/0/frames", json!(huge), "manifest: frames of a prompt is 10000000000"),
        (
            "/schedules/0/levels",
            json!([1.0, 0.5]),
            "manifest: levels of a schedule is [1.0, 0.5], must be falling from 1 to 0",
        ),
        ("/default_passes", json!(9), "the world has no schedule of passes 9; it has 1, 2, 3"),
        ("/arithmetic", json!("exact-2"), "the world is of arithmetic exact-2; this build"),
        ("/name", json!("x".repeat(257)), "manifest: length of name is 257, must be 1 to 256"),
    ];
    for (pointer, value, start) in cases {
        let bytes = with_manifest(&place, |manifest| {
            *manifest.pointer_mut(pointer).expect("a field") = value;
        });
        let said = refusal(&place, &bytes);
        assert!(said.starts_with(start), "{pointer}: {said}");
    }
}

#[test]
fn a_world_of_another_shape_than_its_tensors_is_refused() {
    let place = Place::with_tape();
    let bytes = with_manifest(&place, |manifest| manifest["shape"]["mlp"] = 76.into());
    let expected = "tensor dit.bl.0.m1.0.weight is I8 [75, 42], the manifest makes it I8 [76, 42]";
    assert_eq!(refusal(&place, &bytes), expected);
    let bytes = with_manifest(&place, |manifest| manifest["shape"]["blocks"] = 3.into());
    assert_eq!(refusal(&place, &bytes), "tensor dit.bl.2.tab is missing");
    let bytes = with_manifest(&place, |manifest| manifest["shape"]["blocks"] = 1.into());
    let expected = "tensor dit.bl.1.m1.0.bias is not part of a world of this shape";
    assert_eq!(refusal(&place, &bytes), expected);
}

#[test]
fn values_that_the_arithmetic_does_not_allow_are_refused() {
    let place = Place::with_tape();
    let bytes = with_byte(&place, "dit.out.weight", 41, 0x80);
    let expected = "tensor dit.out.weight: element 41 is -128, must be -127 to 127";
    assert_eq!(refusal(&place, &bytes), expected);
    // The last byte of a little-endian float32 scale holds its sign.
    let bytes = with_byte(&place, "dit.out.scale", 7, 0xbf);
    let said = refusal(&place, &bytes);
    assert!(said.starts_with("tensor dit.out.scale: element 1 is -"), "{said}");
    assert!(said.ends_with(", must not be negative"), "{said}");
    let mut bytes = with_byte(&place, "dit.out.scale", 7, 0x7f);
    let place_of_scale = |bytes: &[u8]| {
        let (header, data) = parts(bytes);
        let start = header["dit.out.scale"]["data_offsets"][0].as_u64();
        bytes.len() - data.len() + start.expect("an offset") as usize
    };
    let at = place_of_scale(&bytes) + 6;
    bytes[at] = 0xc0;
    let said = refusal(&place, &bytes);
    assert_eq!(said, "tensor dit.out.scale: element 1 is NaN, must be finite");
}

#[test]
fn a_world_that_blows_up_ends_the_session_and_not_the_tape() {
    let place = Place::new();
    // Scales of 2^127 where a frame's velocity is made; the prompts' memory does without it.
    let (header, mut data) = parts(&place.read("tiny.safetensors"));
    let offsets = &header["dit.out.scale"]["data_offsets"];
    let offset = |at: usize| offsets[at].as_u64().expect("an offset") as usize;
    for scale in data[offset(0)..offset(1)].chunks_exact_mut(4) {
        scale.copy_from_slice(&f32::from_bits(0x7f00_0000).to_le_bytes());
    }
    place.write("hot.safetensors", joined(&header, &data));
    let ran = place.run("record --actions walk.txt --world hot.safetensors");
    let ran = ran.exits(1);
    let line = ran.complaint();
    let (start, stopped) = line.split_once(": ").expect("what and why");
    assert_eq!(start, "the session ended early; walk.wtape is closed and holds 0 frames");
    assert!(stopped.starts_with("frame 0: op "), "{line}");
    let end = " met a value that is not finite; the session cannot go on";
    assert!(stopped.ends_with(end), "{line}");
    let shown = place.run("inspect walk.wtape").fine();
    let note = format!("note       frame 0: the session ended early: {stopped}\n");
    assert!(shown.contains(&note), "{shown}");
    assert!(shown.contains("pending    1 action(s) without an outcome\n"), "{shown}");
    let ran = place.run("world check hot.safetensors").exits(1);
    let start = "prompt 0, 1 passes: frame 0: op ";
    assert!(ran.complaint().starts_with(start), "{ran:?}");
}
