//! GPUs for the verbs: opened with the settings that variables force, their kernels kept on disk.

use super::{files, output};
use crate::check::{Variant, cuda_variants};
use crate::engine::EngineError;
use crate::engine::cuda::{Code, CudaEngine, Gpu, KernelCache, Lane, Settings};
use crate::program::Model;
use anyhow::{Context, Result, bail};
use std::env::VarError;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

/// The variable that forces a lane of integer products.
const LANE_VARIABLE: &str = "WORLDTAPE_LANE";

/// The variable that says who makes the machine code: `cubin` (NVRTC) or `ptx` (the driver).
const CODE_VARIABLE: &str = "WORLDTAPE_CUDA_CODE";

/// The variable that turns the graph of a frame `off`.
const GRAPH_VARIABLE: &str = "WORLDTAPE_CUDA_GRAPH";

/// The variable that names the folder of compiled kernels; `off` keeps none.
const CACHE_VARIABLE: &str = "WORLDTAPE_KERNEL_CACHE";

/// Largest kept image, in bytes.
const IMAGE_BYTES_MAX: u64 = 64 << 20;

/// An engine on GPU `ordinal`.
pub(super) fn engine(ordinal: u32, model: Arc<Model>) -> Result<CudaEngine> {
    let gpu = Arc::new(open(ordinal)?);
    let settings = settings(&gpu)?;
    Ok(CudaEngine::new(gpu, model, settings)?)
}

/// GPU `ordinal`, with machine code of the kind that is forced, or the usual one.
pub(super) fn open(ordinal: u32) -> Result<Gpu> {
    let code = match variable(CODE_VARIABLE)?.as_deref() {
        None | Some("cubin") => Code::Cubin,
        Some("ptx") => Code::Ptx,
        Some(other) => bail!("{CODE_VARIABLE}={other}: there is cubin and ptx"),
    };
    open_with(ordinal, code)
}

/// GPU `ordinal` with that kind of machine code.
pub(super) fn open_with(ordinal: u32, code: Code) -> Result<Gpu> {
    Ok(Gpu::open(ordinal, code, &DiskCache { folder: cache_folder()? })?)
}

/// Every way to run GPU `ordinal` that gives the same bits, the usual one first.
pub(super) fn variants(ordinal: u32) -> Result<Vec<Box<dyn Variant>>> {
    let gpus = [Code::Cubin, Code::Ptx].map(|code| open_with(ordinal, code).map(Arc::new));
    let [cubin, ptx] = gpus;
    let gpus = [cubin?, ptx?];
    Ok(cuda_variants(&gpus, settings(&gpus[0])?))
}

/// The settings that are forced, or the usual ones.
pub(super) fn settings(gpu: &Gpu) -> Result<Settings> {
    let capability = gpu.facts().capability;
    let mut settings = Settings::usual(capability);
    if let Some(name) = variable(LANE_VARIABLE)? {
        settings.lane = Lane::named(&name, capability).context(LANE_VARIABLE)?;
    }
    settings.graph = match variable(GRAPH_VARIABLE)?.as_deref() {
        None | Some("on") => true,
        Some("off") => false,
        Some(other) => bail!("{GRAPH_VARIABLE}={other}: there is on and off"),
    };
    Ok(settings)
}

/// Says once why no GPU is used where any would do. Where there is no driver at all, only people at
/// a terminal are told: a log has no use for it.
pub(super) fn tell_fallback(reason: &anyhow::Error) {
    static TOLD: Once = Once::new();
    let is_absent = matches!(reason.downcast_ref(), Some(EngineError::NoDriver { .. }));
    if !is_absent || std::io::stderr().is_terminal() {
        TOLD.call_once(|| output::note(&format!("no GPU is used, the CPU is: {reason:#}")));
    }
}

/// The driver's version, as Linux has it.
pub(super) fn driver_version() -> Option<String> {
    let path = Path::new("/proc/driver/nvidia/version");
    let text = files::read(path, files::TEXT_BYTES_MAX).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let is_version = |word: &&str| {
        let mut parts = word.split('.');
        word.contains('.') && parts.all(|part| part.bytes().all(|b| b.is_ascii_digit()))
    };
    text.lines().next()?.split_whitespace().find(is_version).map(str::to_owned)
}

/// What a variable says; an empty one says nothing.
fn variable(name: &'static str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(error) => Err(error).context(name),
    }
}

/// Compiled kernels in a folder, a file an image. What cannot be read is compiled anew; what cannot
/// be written is told once.
struct DiskCache {
    folder: Option<PathBuf>,
}

impl DiskCache {
    /// Written whole under a name of its own, then renamed: nobody reads half an image.
    fn write(&self, folder: &Path, key: &str, bytes: &[u8]) -> Result<()> {
        let at = |path: &Path| format!("cannot keep compiled kernels in {}", path.display());
        std::fs::create_dir_all(folder).with_context(|| at(folder))?;
        let fresh = folder.join(format!("{key}.{}.part", uuid::Uuid::new_v4()));
        let written = std::fs::write(&fresh, bytes)
            .and_then(|()| std::fs::rename(&fresh, folder.join(key)))
            .with_context(|| at(folder));
        written.inspect_err(|_| files::discard(&fresh))
    }
}

impl KernelCache for DiskCache {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        files::read(&self.folder.as_ref()?.join(key), IMAGE_BYTES_MAX).ok()
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        static TOLD: Once = Once::new();
        let Some(folder) = &self.folder else { return };
        if let Err(error) = self.write(folder, key, bytes) {
            let told = format!("{error:#}; they are compiled at every start");
            TOLD.call_once(|| output::note(&told));
        }
    }
}

/// The folder of compiled kernels; `None` where none are kept.
pub(super) fn cache_folder() -> Result<Option<PathBuf>> {
    Ok(match variable(CACHE_VARIABLE)? {
        Some(off) if off == "off" => None,
        Some(folder) => Some(PathBuf::from(folder)),
        None => usual_folder(),
    })
}

/// The user's cache, as the XDG base directories have it.
fn usual_folder() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(absolute);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")).filter(absolute);
    Some(cache.or_else(home)?.join("worldtape").join("kernels"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_kept_whole_and_replaced_and_an_unwritable_folder_is_no_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a").join("b");
        let cache = DiskCache { folder: Some(inner.clone()) };
        assert_eq!(cache.get("key"), None);
        cache.put("key", b"first");
        cache.put("key", b"second");
        assert_eq!(cache.get("key").as_deref(), Some(&b"second"[..]));
        assert_eq!(std::fs::read_dir(&inner).expect("made").count(), 1);
        let blocked = DiskCache { folder: Some(inner.join("key")) };
        blocked.put("key", b"nowhere");
        assert_eq!(blocked.get("key"), None);
    }
}
