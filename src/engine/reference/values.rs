//! Buffers of the reference engine: one vector each, of floats where other engines have int8.

use crate::program::{Buffer, BufferId, Dtype, Operand, Place, Program};

/// The elements of a buffer, or what an op makes for one.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// Floats, and everything that is quantised elsewhere.
    Floats(Vec<f32>),
    /// Colours.
    Colours(Vec<u8>),
    /// Parts of a state sum.
    Sums(Vec<u64>),
}

impl Values {
    fn zeros(buffer: &Buffer) -> Values {
        match buffer.dtype {
            Dtype::F32 | Dtype::I8 => Values::Floats(vec![0.0; buffer.len]),
            Dtype::U8 => Values::Colours(vec![0; buffer.len]),
            Dtype::U64 => Values::Sums(vec![0; buffer.len]),
        }
    }

    /// The bytes of all elements, to change.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Values::Floats(values) => bytemuck::cast_slice_mut(values),
            Values::Colours(values) => values,
            Values::Sums(values) => bytemuck::cast_slice_mut(values),
        }
    }

    /// Puts `made` at element `offset`.
    fn put(&mut self, offset: usize, made: &Values) {
        match (self, made) {
            (Values::Floats(to), Values::Floats(made)) => put(to, offset, made),
            (Values::Colours(to), Values::Colours(made)) => put(to, offset, made),
            (Values::Sums(to), Values::Sums(made)) => put(to, offset, made),
            (to, made) => panic!("{made:?} does not go into {to:?}"),
        }
    }
}

fn put<T: Copy>(to: &mut [T], offset: usize, made: &[T]) {
    to[offset..offset + made.len()].copy_from_slice(made);
}

/// All buffers of the program that runs: those that last, then its own.
pub(super) struct Buffers {
    list: Vec<Values>,
    residents: usize,
}

impl Buffers {
    /// The buffers that last, all zero.
    pub(super) fn new(residents: &[Buffer]) -> Buffers {
        Buffers { list: residents.iter().map(Values::zeros).collect(), residents: residents.len() }
    }

    /// Takes the buffers of `program` in the place of those of the program before.
    pub(super) fn begin(&mut self, program: &Program) {
        self.list.truncate(self.residents);
        let own = &program.buffers[self.residents..];
        self.list.extend(own.iter().map(Values::zeros));
    }

    /// Floats of an operand.
    pub(super) fn floats(&self, operand: &Operand) -> &[f32] {
        match self.behind(operand) {
            Values::Floats(values) => &values[operand.offset..operand.offset + operand.len],
            other => panic!("{operand:?} is {other:?}"),
        }
    }

    /// Colours of an operand.
    pub(super) fn colours(&self, operand: &Operand) -> &[u8] {
        match self.behind(operand) {
            Values::Colours(values) => &values[operand.offset..operand.offset + operand.len],
            other => panic!("{operand:?} is {other:?}"),
        }
    }

    /// Parts of a state sum.
    pub(super) fn sums(&self, operand: &Operand) -> &[u64] {
        match self.behind(operand) {
            Values::Sums(values) => &values[operand.offset..operand.offset + operand.len],
            other => panic!("{operand:?} is {other:?}"),
        }
    }

    /// Puts what an op made where it belongs.
    pub(super) fn store(&mut self, operand: &Operand, made: &Values) {
        let BufferId(id) = buffer_of(operand);
        self.list[id as usize].put(operand.offset, made);
    }

    /// All floats of a buffer that lasts.
    pub(super) fn resident(&self, BufferId(id): BufferId) -> &[f32] {
        match &self.list[id as usize] {
            Values::Floats(values) => values,
            other => panic!("buffer {id} is {other:?}"),
        }
    }

    /// All floats of a buffer that lasts, to change.
    pub(super) fn resident_mut(&mut self, BufferId(id): BufferId) -> &mut [f32] {
        match &mut self.list[id as usize] {
            Values::Floats(values) => values,
            other => panic!("buffer {id} is {other:?}"),
        }
    }

    /// Does an operand hold a NaN or an infinity? Weights were checked when they were loaded.
    pub(super) fn finite(&self, operand: &Operand) -> bool {
        let floats = matches!(operand.dtype, Dtype::F32 | Dtype::I8);
        if !floats || matches!(operand.place, Place::Weight(_)) {
            return true;
        }
        self.floats(operand).iter().all(|x| x.is_finite())
    }

    fn behind(&self, operand: &Operand) -> &Values {
        let BufferId(id) = buffer_of(operand);
        &self.list[id as usize]
    }
}

fn buffer_of(operand: &Operand) -> BufferId {
    match operand.place {
        Place::Arena(id) => id,
        Place::Weight(id) => panic!("weight {id:?} is no buffer"),
    }
}
