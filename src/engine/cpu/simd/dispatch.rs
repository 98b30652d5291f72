//! One source, several instruction sets: the same exact definitions compiled for each, chosen at run time.

use crate::engine::EngineError;
use std::fmt;

/// An instruction set that this processor has. The bits are the same with each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Isa(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::cpu) enum Level {
    /// Whatever the build's target has.
    Scalar,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX2, FMA and AVX-VNNI.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    /// AVX-512 F, BW, DQ, VL, VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The definition as the build's target compiles it.
    pub const SCALAR: Isa = Isa(Level::Scalar);

    /// Everything this processor has, best first.
    pub fn available() -> Vec<Isa> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni");
            if avx2 && avx512 {
                found.push(Isa(Level::Avx512));
            }
            if avx2 && is_x86_feature_detected!("avxvnni") {
                found.push(Isa(Level::AvxVnni));
            }
            if avx2 {
                found.push(Isa(Level::Avx2));
            }
        }
        found.push(Isa::SCALAR);
        found
    }

    /// The best of [`Isa::available`].
    pub fn best() -> Isa {
        Isa::available()[0]
    }

    /// The instruction set of that name.
    ///
    /// # Errors
    /// [`EngineError::Isa`] where there is none of that name or the processor lacks it.
    pub fn named(name: &str) -> Result<Isa, EngineError> {
        let available = Isa::available();
        available.iter().copied().find(|isa| isa.to_string() == name).ok_or_else(|| {
            let offered: Vec<String> = available.iter().map(Isa::to_string).collect();
            EngineError::Isa { found: name.to_owned(), offered: offered.join(", ") }
        })
    }

    pub(in crate::engine::cpu) fn level(self) -> Level {
        self.0
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.0 {
            Level::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::AvxVnni => "avxvnni",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        })
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Isa({self})")
    }
}

/// Makes a function that takes an [`Isa`] first and runs its body as compiled for it. All that the
/// body calls must be `#[inline(always)]`, or it is compiled for the baseline (slower, same bits).
macro_rules! kernel {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?)
        $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name(isa: $crate::engine::cpu::simd::Isa, $($arg: $type),*) $(-> $result)? {
            use $crate::engine::cpu::simd::Level;
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body($($arg: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2($($arg: $type),*) $(-> $result)? {
                body($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
            #[allow(clippy::too_many_arguments)]
            fn avx512($($arg: $type),*) $(-> $result)? {
                body($($arg),*)
            }
            match isa.level() {
                Level::Scalar => body($($arg),*),
                // SAFETY: an `Isa` of these levels is made only where the processor has avx2 and fma.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 | Level::AvxVnni => unsafe { avx2($($arg),*) },
                // SAFETY: an `Isa` of this level is made only where the processor has all of these.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { avx512($($arg),*) },
            }
        }
    };
}

pub(in crate::engine::cpu) use kernel;
