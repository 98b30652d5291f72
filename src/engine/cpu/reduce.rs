//! Ops that reduce: quantisation, colours, sums; each reduction is free in its order.

use super::kernels;
use super::share::rows_of_a_task;
use super::simd::Isa;
use crate::exact::{self, NotFinite};
use crate::program::OPERANDS_MAX;
use bytemuck::cast_slice_mut;
use rayon::prelude::*;

/// Done, or a value was not finite.
type Done = Result<(), NotFinite>;

pub(super) fn quantise(
    isa: Isa,
    x: &[f32],
    columns: usize,
    mut writes: [&mut [u8]; OPERANDS_MAX],
) -> Done {
    let q = cast_slice_mut::<u8, i8>(std::mem::take(&mut writes[0]));
    let scales = cast_slice_mut::<u8, f32>(std::mem::take(&mut writes[1]));
    let rows = scales.len();
    if rows > 1 {
        let share = rows_of_a_task(rows, columns);
        let tasks = q.par_chunks_mut(share * columns).zip(scales.par_chunks_mut(share));
        return tasks
            .zip(x.par_chunks(share * columns))
            .try_for_each(|((q, scales), x)| kernels::quantise_rows(isa, x, columns, q, scales));
    }
    let share = rows_of_a_task(columns, 1);
    let amax = x.par_chunks(share).map(|x| kernels::amax(isa, x)).max().unwrap_or(0);
    let (scale, factor) = exact::scale_of(amax)?;
    scales[0] = scale;
    let tasks = q.par_chunks_mut(share).zip(x.par_chunks(share));
    tasks.for_each(|(q, x)| kernels::quantise_with(isa, x, factor, q));
    Ok(())
}

pub(super) fn split_heads(
    isa: Isa,
    qkv: &[f32],
    [width, head_width]: [usize; 2],
    length: f32,
    mut writes: [&mut [u8]; OPERANDS_MAX],
) {
    let [q, k, v] =
        std::array::from_fn(|i| cast_slice_mut::<u8, f32>(std::mem::take(&mut writes[i])));
    let share = rows_of_a_task(q.len() / width, 3 * width) * width;
    let tasks = q.par_chunks_mut(share).zip(k.par_chunks_mut(share)).zip(v.par_chunks_mut(share));
    tasks.zip(qkv.par_chunks(3 * share)).for_each(|(((q, k), v), qkv)| {
        kernels::split_heads(isa, qkv, width, head_width, length, q, k, v);
    });
}

pub(super) fn to_picture(isa: Isa, x: &[f32], y: &mut [u8]) -> Done {
    let share = rows_of_a_task(y.len(), 1);
    let tasks = y.par_chunks_mut(share).zip(x.par_chunks(share));
    let finite = tasks.map(|(y, x)| kernels::to_picture(isa, x, y)).reduce(|| true, |a, b| a && b);
    if finite { Ok(()) } else { Err(NotFinite) }
}

pub(super) fn bit_sum(isa: Isa, first_index: u32, x: &[f32], y: &mut [u8]) -> Done {
    let share = rows_of_a_task(x.len(), 2);
    let part = |(task, x): (usize, &[f32])| {
        kernels::bit_sum(isa, first_index.wrapping_add((task * share) as u32), x)
    };
    let parts = x.par_chunks(share).enumerate().map(part);
    let total = parts.try_reduce(|| 0, |a, b| Ok(a.wrapping_add(b)))?;
    cast_slice_mut::<u8, u64>(y)[0] = total;
    Ok(())
}
