//! Ops that reduce a whole tensor: any order of these reductions gives the same bits.

use super::kernels;
use super::share::Share;
use super::simd::Isa;
use crate::exact::{self, NotFinite};
use rayon::prelude::*;

/// One scale for all of `x`.
pub(super) fn quantise(
    isa: Isa,
    share: Share,
    x: &[f32],
    q: &mut [i8],
    scales: &mut [f32],
) -> Result<(), NotFinite> {
    let share = share.rows(x.len(), 1);
    let amax = x.par_chunks(share).map(|x| kernels::amax(isa, x)).max().unwrap_or(0);
    let (scale, factor) = exact::scale_of(amax)?;
    scales[0] = scale;
    let tasks = q.par_chunks_mut(share).zip(x.par_chunks(share));
    tasks.for_each(|(q, x)| kernels::quantise_with(isa, x, factor, q));
    Ok(())
}

/// Colours of all of `x`.
pub(super) fn to_picture(isa: Isa, share: Share, x: &[f32], y: &mut [u8]) -> Result<(), NotFinite> {
    let share = share.rows(y.len(), 1);
    let tasks = y.par_chunks_mut(share).zip(x.par_chunks(share));
    let finite = tasks.map(|(y, x)| kernels::to_picture(isa, x, y)).reduce(|| true, |a, b| a && b);
    if finite { Ok(()) } else { Err(NotFinite) }
}

/// Bit sum of all of `x`.
pub(super) fn bit_sum(
    isa: Isa,
    share: Share,
    first_index: u32,
    x: &[f32],
) -> Result<u64, NotFinite> {
    let share = share.rows(x.len(), 2);
    let part = |(task, x): (usize, &[f32])| {
        kernels::bit_sum(isa, first_index.wrapping_add((task * share) as u32), x)
    };
    let parts = x.par_chunks(share).enumerate().map(part);
    parts.try_reduce(|| 0, |a, b| Ok(a.wrapping_add(b)))
}
