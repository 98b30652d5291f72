//! Compiled kernels are kept, checked and made anew; a folder that takes none stops nothing.

use crate::RECORD;
use crate::fake_cuda::Machine;
use std::path::{Path, PathBuf};

/// Families of kernels: each is compiled by itself.
const FAMILIES: usize = 7;

/// Records with these variables; the families that were compiled, and what stderr said.
fn compiled(machine: &Machine, variables: &[(&str, &str)]) -> (usize, String) {
    for name in ["compiled", "walk.wtape"] {
        let _ = std::fs::remove_file(machine.place.path(name));
    }
    let log = machine.value("compiled");
    let variables = [&[("FAKE_NVRTC_LOG", log.as_str())], variables].concat();
    let ran = machine.run_with(&variables, RECORD).exits(0);
    (machine.lines("compiled").len(), ran.err)
}

/// The kept images.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn the_first_run_compiles_every_family_and_the_second_none() {
    let Some(machine) = Machine::new() else { return };
    assert_eq!(compiled(&machine, &[]), (FAMILIES, String::new()));
    assert_eq!(kept(&machine.place.path("kernels")).len(), FAMILIES);
    assert_eq!(compiled(&machine, &[]), (0, String::new()));
    assert_eq!(compiled(&machine, &[("FAKE_NVRTC_VERSION", "13.1")]).0, FAMILIES, "another NVRTC");
    assert_eq!(compiled(&machine, &[("FAKE_CUDA_CAPABILITY", "8.9")]).0, FAMILIES, "another GPU");
    assert_eq!(compiled(&machine, &[("WORLDTAPE_CUDA_CODE", "ptx")]).0, FAMILIES, "other code");
    assert_eq!(compiled(&machine, &[]), (0, String::new()), "the first are still there");
}

#[test]
fn a_damaged_image_is_made_anew() {
    let Some(machine) = Machine::new() else { return };
    compiled(&machine, &[]);
    let folder = machine.place.path("kernels");
    let before: Vec<Vec<u8>> =
        kept(&folder).iter().map(|path| std::fs::read(path).expect("read")).collect();
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("a bit of the image", |bytes| *bytes.last_mut().expect("bytes") ^= 1),
        ("a bit of the digest", |bytes| bytes[0] ^= 0x80),
        ("cut", |bytes| bytes.truncate(bytes.len() - 1)),
        ("empty", Vec::clear),
    ];
    for (what, damage) in damages {
        for (path, whole) in kept(&folder).iter().zip(&before).take(2) {
            let mut bytes = whole.clone();
            damage(&mut bytes);
            std::fs::write(path, bytes).expect("written");
        }
        assert_eq!(compiled(&machine, &[]), (2, String::new()), "{what}");
        let after = kept(&folder);
        for (path, whole) in after.iter().zip(&before) {
            assert_eq!(std::fs::read(path).expect("read"), *whole, "{what}");
        }
        assert_eq!(after.len(), FAMILIES, "{what}");
    }
}

#[test]
fn a_folder_in_an_images_place_is_told_and_left_alone() {
    let Some(machine) = Machine::new() else { return };
    compiled(&machine, &[]);
    let folder = machine.place.path("kernels");
    for path in kept(&folder).iter().take(2) {
        std::fs::remove_file(path).expect("removed");
        std::fs::create_dir(path).expect("made");
    }
    let (count, said) = compiled(&machine, &[]);
    assert_eq!(count, 2);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("cannot keep compiled kernels in "), "{said}");
    assert_eq!(kept(&folder).len(), FAMILIES, "no half image stays");
}

#[test]
fn a_folder_that_takes_nothing_is_told_once_and_the_session_goes_on() {
    let Some(machine) = Machine::new() else { return };
    let below_a_file = machine.value("walk.txt/kernels");
    for folder in [below_a_file.as_str(), "/proc/kernels"] {
        let (count, said) = compiled(&machine, &[("WORLDTAPE_KERNEL_CACHE", folder)]);
        assert_eq!(count, FAMILIES, "{folder}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with(&format!("cannot keep compiled kernels in {folder}: ")), "{said}");
        assert!(said.ends_with("; they are compiled at every start\n"), "{said}");
    }
}

#[test]
fn off_keeps_none() {
    let Some(machine) = Machine::new() else { return };
    let off = [("WORLDTAPE_KERNEL_CACHE", "off")];
    for _ in 0..2 {
        assert_eq!(compiled(&machine, &off), (FAMILIES, String::new()));
    }
    assert!(!machine.place.path("kernels").exists());
    assert!(!machine.place.path("off").exists());
}

#[test]
fn without_a_word_they_are_kept_in_the_users_cache() {
    let Some(machine) = Machine::new() else { return };
    let (home, cache) = (machine.value("home"), machine.value("cache"));
    let unset = ("WORLDTAPE_KERNEL_CACHE", "");
    let variables = [unset, ("HOME", home.as_str()), ("XDG_CACHE_HOME", "not/absolute")];
    assert_eq!(compiled(&machine, &variables), (FAMILIES, String::new()));
    assert_eq!(kept(&machine.place.path("home/.cache/worldtape/kernels")).len(), FAMILIES);
    let variables = [unset, ("HOME", home.as_str()), ("XDG_CACHE_HOME", cache.as_str())];
    assert_eq!(compiled(&machine, &variables), (FAMILIES, String::new()));
    assert_eq!(kept(&machine.place.path("cache/worldtape/kernels")).len(), FAMILIES);
}
