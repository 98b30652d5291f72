//! Opens files: with a limit, never over one that exists, and finds the worlds of the checkout.

use crate::event::Digest;
use anyhow::{Context, Result, bail};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the shipped world lies in the checkout.
const DEFAULT_WORLD: &str = "worlds/doom.safetensors";

/// Largest action script or manifest, in bytes.
pub(super) const TEXT_BYTES_MAX: u64 = 64 << 20;

/// Most folders that are looked through from a starting folder upwards.
const PARENTS_MAX: usize = 8;

/// All bytes of a file of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let size = file.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if size.is_dir() {
        bail!("{} is a folder, not a file", path.display());
    }
    if size.len() > limit {
        bail!("{} has {} bytes; at most {limit} are read", path.display(), size.len());
    }
    let mut bytes = Vec::with_capacity(size.len() as usize);
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > limit {
        bail!("{} has more than {limit} bytes; at most those are read", path.display());
    }
    Ok(bytes)
}

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let bytes = read(path, TEXT_BYTES_MAX)?;
    let text = String::from_utf8(bytes);
    text.with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// A new file; one that exists is left alone. Its name is made durable in its folder.
pub(super) fn create(path: &Path) -> Result<File> {
    let file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{} exists and is not written over; choose another name with -o", path.display())
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot create {}", path.display()));
        }
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot make {} durable in its folder", path.display()))?;
    Ok(file)
}

/// The shipped world: looked for from the current folder upwards, then from the program upwards.
pub(super) fn default_world() -> Result<PathBuf> {
    worlds_folders().map(|folder| folder.join(DEFAULT_WORLD)).find(|path| path.is_file()).context(
        "no worlds/doom.safetensors here, above here or above the program; \
            name a world file with --world",
    )
}

/// A world file of that digest beside the shipped one.
pub(super) fn world_of_digest(digest: Digest) -> Option<PathBuf> {
    let shipped = default_world().ok()?;
    let mut paths: Vec<PathBuf> = shipped
        .parent()?
        .read_dir()
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .collect();
    paths.sort();
    paths.into_iter().find(|path| {
        let bytes = read(path, crate::world::FILE_BYTES_MAX);
        bytes.is_ok_and(|bytes| *blake3::hash(&bytes).as_bytes() == digest.0)
    })
}

fn worlds_folders() -> impl Iterator<Item = PathBuf> {
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    let above = |start: Option<PathBuf>| {
        let folders = start.into_iter();
        folders.flat_map(|path| {
            path.ancestors().take(PARENTS_MAX).map(Path::to_path_buf).collect::<Vec<_>>()
        })
    };
    above(here).chain(above(program))
}
