//! The kernels' text, and the machine code made of it: compiled once, kept by digest.

use super::super::EngineError;
use super::device::{Context, Kernel, Module};
use super::probe::{self, GpuFacts, Image, compile};
use super::settings::Code;
use crate::event::Digest;
use std::sync::Arc;

/// What every family begins with.
const PRELUDE: &str = include_str!("exact.cu");

/// The options, one a line; nothing is left to NVRTC's defaults that decides a bit.
const OPTIONS: &str = include_str!("options.txt");

/// The families: name, text, kernels.
const FAMILIES: [(&str, &str, &[&str]); 7] = [
    (
        "rows.cu",
        include_str!("kernels/rows.cu"),
        &["walk_rows", "largest_magnitude", "quantise_long_row"],
    ),
    (
        "products.cu",
        include_str!("kernels/products.cu"),
        &["product_mma_16", "product_mma_48", "product_f16_16", "product_f16_48", "product_dp4a"],
    ),
    (
        "attention.cu",
        include_str!("kernels/attention.cu"),
        &["attention_space", "attention_time", "remember"],
    ),
    ("sources.cu", include_str!("kernels/sources.cu"), &["noise", "buttons", "time_embedding"]),
    ("places.cu", include_str!("kernels/places.cu"), &["permute", "to_picture"]),
    ("sums.cu", include_str!("kernels/sums.cu"), &["bit_sum", "total_sum"]),
    ("digests.cu", include_str!("kernels/digests.cu"), &["digest_chunks", "digest_parents"]),
];

/// Bytes of the digest before a kept image.
const DIGEST_BYTES: usize = 32;

/// Where machine code is kept between runs. A file may be lost or damaged at any time: what comes
/// back is checked.
pub trait KernelCache {
    /// What was kept under `key`, if anything can be read.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Keeps `bytes` under `key`. A failure is told once and changes nothing else.
    fn put(&self, key: &str, bytes: &[u8]);
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoCache;

impl KernelCache for NoCache {
    fn get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &str, _: &[u8]) {}
}

/// All kernels of one GPU, loaded.
pub(super) struct Kernels {
    list: Vec<(&'static str, Kernel)>,
    /// Digest of all machine code (or PTX) that was loaded, in the order of the families.
    pub(super) digest: Digest,
    /// NVRTC's version.
    pub(super) compiler: (u32, u32),
    /// What it was compiled for, such as `sm_90a`.
    pub(super) architecture: String,
    /// Who made the machine code.
    pub(super) code: Code,
    /// Keeps the code on the GPU.
    _modules: Vec<Module>,
}

/// What to compile for.
struct Target {
    compiler: (u32, u32),
    architecture: String,
    code: Code,
}

impl Target {
    /// This very chip where NVRTC knows it; else the newest that it knows, as PTX.
    fn of(gpu: &GpuFacts, asked: Code) -> Result<Target, EngineError> {
        let (compiler, known) = probe::compiler()?;
        let chip = gpu.capability.0 * 10 + gpu.capability.1;
        let best = known.iter().copied().filter(|&arch| arch <= chip).max();
        let Some(best) = best else {
            let what = format!("NVRTC {}.{} is for newer GPUs", compiler.0, compiler.1);
            return Err(EngineError::Kernels { architecture: format!("sm_{chip}"), what });
        };
        let code = if best == chip { asked } else { Code::Ptx };
        // The variant with Hopper's own instructions runs on that chip alone.
        let suffix = if best == 90 && chip == 90 { "a" } else { "" };
        Ok(Target { compiler, architecture: format!("sm_{best}{suffix}"), code })
    }

    fn options(&self) -> Vec<String> {
        let architecture = format!("--gpu-architecture={}", self.architecture);
        let lines = OPTIONS.lines().map(str::to_owned);
        std::iter::once(architecture).chain(lines).collect()
    }

    /// The name under which an image is kept: of everything that it is made from.
    fn key(&self, source: &str) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("worldtape 1 kernel");
        let (major, minor) = self.compiler;
        hasher.update(format!("{major}.{minor} {}\n", self.code.name()).as_bytes());
        hasher.update(self.options().join(" ").as_bytes());
        hasher.update(b"\n");
        hasher.update(source.as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// The image of one family, kept or made.
    fn image(
        &self,
        file: &str,
        text: &str,
        cache: &dyn KernelCache,
    ) -> Result<Vec<u8>, EngineError> {
        let source = format!("{PRELUDE}\n#line 1 \"{file}\"\n{text}");
        let key = self.key(&source);
        if let Some(image) = cache.get(&key).and_then(whole) {
            return Ok(image);
        }
        let kind = match self.code {
            Code::Cubin => Image::Cubin,
            Code::Ptx => Image::Ptx,
        };
        let image = compile(&source, file, &self.options(), &kind).map_err(|error| {
            let (architecture, what) = (self.architecture.clone(), error.to_string());
            EngineError::Kernels { architecture, what }
        })?;
        let digest = blake3::hash(&image);
        cache.put(&key, &[digest.as_bytes(), &image[..]].concat());
        Ok(image)
    }
}

/// The image behind its digest, if it is whole.
fn whole(kept: Vec<u8>) -> Option<Vec<u8>> {
    let (digest, image) = kept.split_at_checked(DIGEST_BYTES)?;
    (blake3::hash(image).as_bytes()[..] == *digest).then(|| image.to_vec())
}

impl Kernels {
    /// Compiles and loads all kernels, or finds them in the cache.
    pub(super) fn load(
        context: &Arc<Context>,
        gpu: &GpuFacts,
        code: Code,
        cache: &dyn KernelCache,
    ) -> Result<Kernels, EngineError> {
        let target = Target::of(gpu, code)?;
        let (mut list, mut modules) = (Vec::new(), Vec::new());
        let mut digest = blake3::Hasher::new_derive_key("worldtape 1 kernels");
        for (file, text, names) in FAMILIES {
            let image = target.image(file, text, cache)?;
            digest.update(blake3::hash(&image).as_bytes());
            let refused = |error: probe::DriverError| EngineError::Kernels {
                architecture: target.architecture.clone(),
                what: format!("{file} does not load: {error}"),
            };
            let module = Module::load(context, &image).map_err(refused)?;
            // Turing has no int8 lane of this shape.
            let names = names
                .iter()
                .filter(|name| gpu.capability.0 >= 8 || !name.starts_with("product_mma"));
            for name in names {
                list.push((*name, module.kernel(name).map_err(refused)?));
            }
            modules.push(module);
        }
        let Target { compiler, architecture, code } = target;
        let digest = Digest(*digest.finalize().as_bytes());
        Ok(Kernels { list, digest, compiler, architecture, code, _modules: modules })
    }

    /// The kernel of that name.
    pub(super) fn named(&self, name: &str) -> Kernel {
        let found = self.list.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("kernel {name} is in no family")).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_of_the_text_is_listed_and_every_listed_one_is_in_the_text() {
        for (file, text, names) in FAMILIES {
            let count = text.matches("extern \"C\" __global__").count();
            assert_eq!(count, names.len(), "{file}");
            names
                .iter()
                .for_each(|name| assert!(text.contains(&format!("{name}(const")), "{name}"));
            assert!(!text.contains("#include"), "{file} includes something");
        }
    }

    #[test]
    fn a_damaged_or_short_image_is_not_taken() {
        let image = vec![7u8; 100];
        let kept = [blake3::hash(&image).as_bytes(), &image[..]].concat();
        assert_eq!(whole(kept.clone()), Some(image));
        for at in [0, 31, 32, 131] {
            let mut damaged = kept.clone();
            damaged[at] ^= 1;
            assert_eq!(whole(damaged), None, "byte {at}");
        }
        assert_eq!(whole(kept[..131].to_vec()), None);
        assert_eq!(whole(kept[..5].to_vec()), None);
    }

    #[test]
    fn what_an_image_is_made_of_is_in_its_key() {
        let target = |compiler, architecture: &str, code| Target {
            compiler,
            architecture: architecture.to_owned(),
            code,
        };
        let key = target((13, 0), "sm_90a", Code::Cubin).key("a");
        assert_ne!(key, target((13, 1), "sm_90a", Code::Cubin).key("a"));
        assert_ne!(key, target((13, 0), "sm_90", Code::Cubin).key("a"));
        assert_ne!(key, target((13, 0), "sm_90a", Code::Ptx).key("a"));
        assert_ne!(key, target((13, 0), "sm_90a", Code::Cubin).key("b"));
        assert_eq!(key, target((13, 0), "sm_90a", Code::Cubin).key("a"));
    }
}
