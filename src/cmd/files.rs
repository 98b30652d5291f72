//! Opens files: with a limit, never over one that exists, and finds the worlds of the checkout.

use crate::drive::Durable;
use crate::event::Digest;
use crate::session::limits::TAPE_BYTES_MAX;
use crate::session::{SessionError, Tape};
use anyhow::{Context, Result, bail};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the shipped world lies in the checkout.
pub(super) const DEFAULT_WORLD: &str = "worlds/arena.safetensors";

/// Largest action script or manifest, in bytes.
pub(super) const TEXT_BYTES_MAX: u64 = 64 << 20;

/// Where the golden tapes lie in the checkout.
const DEFAULT_TAPES: &str = "sessions";

/// Most tapes of a folder that are read.
const TAPES_MAX: usize = 10_000;

/// Most folders that are looked through from a starting folder upwards.
const PARENTS_MAX: usize = 8;

impl Durable for File {
    fn sync(&mut self) -> std::io::Result<()> {
        self.sync_data()
    }
}

/// All bytes of a file of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let size = file.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if size.is_dir() {
        bail!("{} is a folder, not a file", path.display());
    }
    // A pipe may bring a script or a manifest; a device may bring bytes without end.
    if !size.is_file() && limit > TEXT_BYTES_MAX {
        bail!("{} is not a plain file", path.display());
    }
    if size.len() > limit {
        bail!("{} has {} bytes; at most {limit} are read", path.display(), size.len());
    }
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(size.len() as usize)
        .with_context(|| format!("cannot hold the {} bytes of {}", size.len(), path.display()))?;
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > limit {
        bail!("{} has more than {limit} bytes; at most those are read", path.display());
    }
    Ok(bytes)
}

/// A plain file to read parts of.
pub(super) fn open(path: &Path) -> Result<File> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        bail!("{} is not a plain file", path.display());
    }
    Ok(file)
}

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let bytes = read(path, TEXT_BYTES_MAX)?;
    let text = String::from_utf8(bytes);
    text.with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// A tape and its bytes. The error names the file and, where it is damage, that no frame is left.
pub(super) fn read_tape(path: &Path) -> Result<(Tape, Vec<u8>)> {
    let bytes = read(path, TAPE_BYTES_MAX)?;
    let name = path.display();
    if bytes.is_empty() {
        bail!("{name} is empty, not a tape");
    }
    let tape = Tape::read(&bytes).map_err(|error| {
        let context = match &error {
            SessionError::Version { .. } => format!("{name} needs another worldtape"),
            error if error.is_damage() => format!("{name} is damaged, no frame of it can be read"),
            _ => name.to_string(),
        };
        anyhow::Error::new(error).context(context)
    })?;
    Ok((tape, bytes))
}

/// Refuses a name that is taken, before the work for its file begins.
pub(super) fn refuse_existing(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        bail!("{} exists and is not written over; choose another name with -o", path.display());
    }
    Ok(())
}

/// A new file; one that exists is left alone. Its name is made durable in its folder.
pub(super) fn create(path: &Path) -> Result<File> {
    let file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{} exists and is not written over; choose another name with -o", path.display())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("cannot create {}: there is no such folder; make it first", path.display())
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot create {}", path.display()));
        }
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    let synced = synced.inspect_err(|_| discard(path));
    synced.with_context(|| format!("cannot make {} durable in its folder", path.display()))?;
    Ok(file)
}

/// Takes away a file that was just created and came to nothing.
pub(super) fn discard(path: &Path) {
    // It was ours and holds nothing: where even this fails, the error at hand says more.
    let _ = std::fs::remove_file(path);
}

/// The shipped world: looked for from the current folder upwards, then from the program upwards.
pub(super) fn default_world() -> Result<PathBuf> {
    let mut shipped = checkouts().map(|folder| folder.join(DEFAULT_WORLD));
    shipped.find(|path| path.is_file()).with_context(|| {
        format!(
            "no {DEFAULT_WORLD} here, above here or above the program; \
                name a world file with --world"
        )
    })
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

/// The tapes of a folder, or of the checkout's, by name; at least one.
pub(super) fn tapes(folder: Option<&Path>) -> Result<Vec<PathBuf>> {
    let folder = match folder {
        Some(folder) => folder.to_path_buf(),
        None => checkouts()
            .map(|folder| folder.join(DEFAULT_TAPES))
            .find(|path| path.is_dir())
            .context(
                "no folder sessions here, above here or above the program; name one with --tapes",
            )?,
    };
    let named = || format!("cannot read the folder {}", folder.display());
    let mut paths = Vec::new();
    for entry in folder.read_dir().with_context(named)? {
        let path = entry.with_context(named)?.path();
        if path.extension().is_some_and(|extension| extension == "wtape") {
            paths.push(path);
        }
    }
    if paths.is_empty() || paths.len() > TAPES_MAX {
        let (count, folder) = (paths.len(), folder.display());
        bail!("there are {count} tapes in {folder}; 1 to {TAPES_MAX} are looked for");
    }
    paths.sort();
    Ok(paths)
}

/// Folders that may be a checkout's root.
fn checkouts() -> impl Iterator<Item = PathBuf> {
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
