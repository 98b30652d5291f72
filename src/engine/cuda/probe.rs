//! What of CUDA is here: the driver, its GPUs, the compiler and what it makes; found without
//! assuming any of it.
//!
//! cudarc panics where a library is missing, so nothing of it is called before this has looked.

use super::super::EngineError;
use super::super::error::cuda_version;
use cudarc::driver::sys;
use cudarc::nvrtc::sys as compiler;
use std::ffi::{CStr, CString, c_char};
use std::ptr::null_mut;
use thiserror::Error;

/// The oldest driver, as CUDA numbers it (11.4): earlier ones lack `cuGraphInstantiateWithFlags`.
const DRIVER_MIN: i32 = 11_040;

/// The oldest GPU, as compute capability: earlier ones lack half-precision tensor cores.
const CAPABILITY_MIN: (u32, u32) = (7, 5);

/// The oldest NVRTC: earlier ones lack `nvrtcGetSupportedArchs`.
const COMPILER_MIN: (i32, i32) = (11, 2);

/// CUDA's number for "no device": the driver works and has, or is allowed, no GPU.
const NO_DEVICE: u32 = 100;

/// Most characters that are told of what NVRTC printed: a wrong header can make it print for long.
const LOG_CHARACTERS_MAX: usize = 2000;

/// Most bytes of a GPU's name.
const NAME_BYTES_MAX: usize = 256;

/// A call of the driver that failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{call}: {what} ({name}, {code})")]
pub struct DriverError {
    /// The call.
    pub call: &'static str,
    /// CUDA's number.
    pub code: u32,
    /// CUDA's name.
    pub name: String,
    /// CUDA's words.
    pub what: String,
}

/// A call of the compiler that failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{file}: NVRTC error {code}: {log}")]
pub struct CompilerError {
    /// What was compiled.
    pub file: String,
    /// NVRTC's number.
    pub code: u32,
    /// What it printed.
    pub log: String,
}

/// One GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuFacts {
    /// The N of `cuda:N`.
    pub ordinal: u32,
    /// Its name, such as `NVIDIA H200`.
    pub name: String,
    /// Compute capability.
    pub capability: (u32, u32),
    /// Streaming multiprocessors.
    pub multiprocessors: u32,
    /// CUDA version that the driver knows, such as 13000.
    pub driver_cuda: u32,
}

impl GpuFacts {
    /// Its compute capability, such as `9.0`.
    pub fn capability_text(&self) -> String {
        dotted(self.capability)
    }

    /// The CUDA version that the driver knows, such as `13.0`.
    pub fn driver_cuda_text(&self) -> String {
        cuda_version(self.driver_cuda)
    }
}

/// A version of two numbers.
pub(super) fn dotted((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}

/// The GPUs of this machine, in the driver's order; an old one is among them, and there may be
/// none.
///
/// # Errors
/// [`EngineError::NoDriver`], [`EngineError::OldDriver`], [`EngineError::Driver`].
pub fn gpus() -> Result<Vec<GpuFacts>, EngineError> {
    // SAFETY: opens a library by name and closes it again.
    if !unsafe { sys::is_culib_present() } {
        return Err(EngineError::NoDriver { what: "libcuda.so.1 is not found".to_owned() });
    }
    let (mut found, mut count) = (0, 0);
    // SAFETY: the library is there; the numbers outlive the calls, which fail without a GPU.
    let looked = unsafe {
        driver("cuDriverGetVersion", sys::cuDriverGetVersion(&mut found))
            .and_then(|()| driver("cuInit", sys::cuInit(0)))
            .and_then(|()| driver("cuDeviceGetCount", sys::cuDeviceGetCount(&mut count)))
    };
    if found != 0 && found < DRIVER_MIN {
        let (found, needed) = (found as u32, DRIVER_MIN as u32);
        return Err(EngineError::OldDriver { found, needed });
    }
    let described = looked.and_then(|()| {
        let described = (0..count).map(|ordinal| describe(ordinal, found as u32));
        described.collect::<Result<Vec<GpuFacts>, DriverError>>()
    });
    match described {
        Err(error) if error.code == NO_DEVICE => Ok(Vec::new()),
        described => described.map_err(|error| EngineError::Driver { what: error.to_string() }),
    }
}

/// The GPU `ordinal`, if it is there and new enough.
///
/// # Errors
/// As [`gpus`]; [`EngineError::NoGpu`], [`EngineError::OldGpu`].
pub fn gpu(ordinal: u32) -> Result<GpuFacts, EngineError> {
    let gpus = gpus()?;
    let count = gpus.len();
    let Some(gpu) = gpus.into_iter().nth(ordinal as usize) else {
        return Err(EngineError::NoGpu { ordinal, count });
    };
    if gpu.capability < CAPABILITY_MIN {
        let (found, needed) = (gpu.capability_text(), dotted(CAPABILITY_MIN));
        return Err(EngineError::OldGpu { name: gpu.name, found, needed });
    }
    Ok(gpu)
}

fn describe(ordinal: i32, driver_cuda: u32) -> Result<GpuFacts, DriverError> {
    use sys::CUdevice_attribute_enum::{
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
        CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT as MULTIPROCESSORS,
    };
    let mut device = 0;
    let mut name: [c_char; NAME_BYTES_MAX] = [0; NAME_BYTES_MAX];
    // SAFETY: the driver was initialised; the array outlives the call, which ends it with a zero.
    let name = unsafe {
        driver("cuDeviceGet", sys::cuDeviceGet(&mut device, ordinal))?;
        let length = NAME_BYTES_MAX as i32;
        driver("cuDeviceGetName", sys::cuDeviceGetName(name.as_mut_ptr(), length, device))?;
        CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned()
    };
    let attribute = |which| {
        let mut value = 0;
        // SAFETY: `value` outlives the call.
        let done = unsafe { sys::cuDeviceGetAttribute(&mut value, which, device) };
        driver("cuDeviceGetAttribute", done).map(|()| value as u32)
    };
    Ok(GpuFacts {
        ordinal: ordinal as u32,
        name,
        capability: (attribute(MAJOR)?, attribute(MINOR)?),
        multiprocessors: attribute(MULTIPROCESSORS)?,
        driver_cuda,
    })
}

/// The compiler's version, major and minor, and the architectures it knows, such as 90.
///
/// # Errors
/// [`EngineError::NoCompiler`] where it is not installed or does not answer.
pub fn compiler() -> Result<((u32, u32), Vec<u32>), EngineError> {
    // SAFETY: opens a library by name and closes it again.
    if !unsafe { compiler::is_culib_present() } {
        return Err(EngineError::NoCompiler { what: "libnvrtc.so is not found".to_owned() });
    }
    let (mut major, mut minor) = (0, 0);
    // SAFETY: the library is there; both numbers outlive the call, which every NVRTC has.
    let asked = unsafe { compiler::nvrtcVersion(&mut major, &mut minor) };
    let asked = nvrtc("version", asked, String::new);
    asked.map_err(|error| EngineError::NoCompiler { what: error.to_string() })?;
    let version = (major as u32, minor as u32);
    if (major, minor) < COMPILER_MIN {
        let (found, needed) = (dotted(version), COMPILER_MIN);
        let what = format!("NVRTC {found} is too old, it takes {}.{}", needed.0, needed.1);
        return Err(EngineError::NoCompiler { what });
    }
    let known = architectures();
    let known = known.map_err(|error| EngineError::NoCompiler { what: error.to_string() })?;
    Ok((version, known))
}

/// The architectures that an NVRTC knows which is there and new enough.
fn architectures() -> Result<Vec<u32>, CompilerError> {
    let name = "architectures";
    let mut count = 0;
    // SAFETY: `count` outlives the call.
    nvrtc(name, unsafe { compiler::nvrtcGetNumSupportedArchs(&mut count) }, String::new)?;
    let mut known = vec![0i32; count.max(0) as usize];
    // SAFETY: `known` has the size that NVRTC asked for.
    let listed = unsafe { compiler::nvrtcGetSupportedArchs(known.as_mut_ptr()) };
    nvrtc(name, listed, String::new)?;
    Ok(known.into_iter().map(|arch| arch as u32).collect())
}

/// What the driver answered, as a result.
pub(super) fn driver(call: &'static str, answer: sys::CUresult) -> Result<(), DriverError> {
    if answer == sys::CUresult::CUDA_SUCCESS {
        return Ok(());
    }
    type Ask = unsafe fn(sys::CUresult, *mut *const c_char) -> sys::CUresult;
    let words = |ask: Ask| {
        let mut text = std::ptr::null();
        // SAFETY: the driver answered, so it is there; it gives a constant text or leaves null.
        unsafe {
            let _ = ask(answer, &mut text);
            if text.is_null() {
                return "unknown".to_owned();
            }
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    };
    let (name, what) = (words(sys::cuGetErrorName), words(sys::cuGetErrorString));
    Err(DriverError { call, code: answer as u32, name, what })
}

/// What the compiler answered, as a result.
pub(super) fn nvrtc(
    file: &str,
    answer: compiler::nvrtcResult,
    log: impl FnOnce() -> String,
) -> Result<(), CompilerError> {
    if answer == compiler::nvrtcResult::NVRTC_SUCCESS {
        return Ok(());
    }
    Err(CompilerError { file: file.to_owned(), code: answer as u32, log: log() })
}

/// What NVRTC makes of a source.
pub(super) enum Image {
    /// Machine code for one chip.
    Cubin,
    /// Text that a driver compiles, with its zero byte.
    Ptx,
}

/// Compiles CUDA text, once [`compiler`] has answered.
pub(super) fn compile(
    source: &str,
    name: &str,
    options: &[String],
    image: &Image,
) -> Result<Vec<u8>, CompilerError> {
    let text = |text: &str| CString::new(text).expect("text of our own");
    let (source, file) = (text(source), text(name));
    let options: Vec<CString> = options.iter().map(|option| text(option)).collect();
    let pointers: Vec<*const c_char> = options.iter().map(|option| option.as_ptr()).collect();
    let mut program = null_mut();
    // SAFETY: all pointers outlive the calls; the program is destroyed once, at the end.
    unsafe {
        let (none, count) = (std::ptr::null(), pointers.len() as i32);
        let created = compiler::nvrtcCreateProgram(
            &mut program,
            source.as_ptr(),
            file.as_ptr(),
            0,
            none,
            none,
        );
        nvrtc(name, created, String::new)?;
        let compiled = compiler::nvrtcCompileProgram(program, count, pointers.as_ptr());
        let made =
            nvrtc(name, compiled, || log(program)).and_then(|()| fetch(program, name, image));
        let _ = compiler::nvrtcDestroyProgram(&mut program);
        made
    }
}

/// # Safety
/// `program` was compiled and not destroyed.
unsafe fn fetch(
    program: compiler::nvrtcProgram,
    name: &str,
    image: &Image,
) -> Result<Vec<u8>, CompilerError> {
    let mut size = 0;
    // SAFETY: the caller's promise; `bytes` has the size that NVRTC asked for.
    unsafe {
        let asked = match image {
            Image::Cubin => compiler::nvrtcGetCUBINSize(program, &mut size),
            Image::Ptx => compiler::nvrtcGetPTXSize(program, &mut size),
        };
        nvrtc(name, asked, String::new)?;
        let mut bytes = vec![0u8; size];
        let got = match image {
            Image::Cubin => compiler::nvrtcGetCUBIN(program, bytes.as_mut_ptr().cast()),
            Image::Ptx => compiler::nvrtcGetPTX(program, bytes.as_mut_ptr().cast()),
        };
        nvrtc(name, got, String::new)?;
        Ok(bytes)
    }
}

/// What the compiler said, as far as it is told.
///
/// # Safety
/// `program` was created and not destroyed.
unsafe fn log(program: compiler::nvrtcProgram) -> String {
    let mut size = 0;
    // SAFETY: the caller's promise; `bytes` has the size that NVRTC asked for, and ends in a zero.
    unsafe {
        let _ = compiler::nvrtcGetProgramLogSize(program, &mut size);
        let mut bytes = vec![0u8; size + 1];
        let _ = compiler::nvrtcGetProgramLog(program, bytes.as_mut_ptr().cast());
        let said = CStr::from_ptr(bytes.as_ptr().cast()).to_string_lossy();
        said.trim().chars().take(LOG_CHARACTERS_MAX).collect()
    }
}
