//! Integer products by instruction set: the layout each wants, and the call of its tiles.

use super::dispatch::{Isa, Level};
use super::tile::{Panel, Rows};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512, avxvnni};

/// How an instruction set wants its integer products laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::cpu) struct ProductLayout {
    /// Outputs of one block.
    pub(in crate::engine::cpu) lanes: usize,
    /// Added to every activation byte (flips its top bit), and taken off again by where sums start.
    pub(in crate::engine::cpu) offset: u8,
}

impl Isa {
    /// Its layout; `None` where products run as `exact` has them.
    pub(in crate::engine::cpu) fn product_layout(self) -> Option<ProductLayout> {
        match self.level() {
            Level::Scalar => None,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Some(ProductLayout { lanes: 8, offset: 0 }),
            #[cfg(target_arch = "x86_64")]
            Level::AvxVnni => Some(ProductLayout { lanes: 8, offset: 0x80 }),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Some(ProductLayout { lanes: 16, offset: 0x80 }),
        }
    }

    /// Rows of prepared activations by one panel of a packed weight. Row `r` has scale
    /// `scales[r * scale_step]` and goes to `y[r * y_stride..]`.
    pub(in crate::engine::cpu) fn multiply(
        self,
        rows: Rows<'_>,
        panel: Panel<'_>,
        scales: &[f32],
        scale_step: usize,
        y: &mut [f32],
        y_stride: usize,
    ) {
        match self.level() {
            Level::Scalar => unreachable!("the scalar level has no packed products"),
            // SAFETY: an `Isa` of this level is made only where the processor has its features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe {
                avx2::multiply(rows, panel, scales, scale_step, y, y_stride);
            },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::AvxVnni => unsafe {
                avxvnni::multiply(rows, panel, scales, scale_step, y, y_stride);
            },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe {
                avx512::multiply(rows, panel, scales, scale_step, y, y_stride);
            },
        }
    }
}
