//! The decoder: a latent to the picture, channels last all the way.

use super::Builder;
use crate::program::{Op, Operand, ProgramBuilder, RANK};

/// Added to a mean of squares before its root.
const PIXEL_NORM_EPSILON: f32 = 1e-6;

/// Height, width and channels of a picture on its way.
#[derive(Clone, Copy)]
struct Size {
    height: usize,
    width: usize,
    channels: usize,
}

impl Size {
    fn pixels(self) -> usize {
        self.height * self.width
    }
}

impl Builder<'_> {
    /// All stages and the conversion to colours.
    pub(super) fn decoder(&mut self, program: &mut ProgramBuilder, latent: Operand) -> Operand {
        let shape = self.shape;
        let (height, width) = (shape.latent_height, shape.latent_width);
        let mut size = Size { height, width, channels: shape.latent_channels };
        let mut x = self.unscaled(program, latent, size);
        x = self.convolution(program, "decoder.0", "ae.dec.0", x, &mut size);
        let stages = &shape.decoder;
        let mut layer = 0;
        for stage in 0..stages.len() {
            for block in [layer + 1, layer + 2] {
                x = self.residual(program, block, x, size);
            }
            if stage + 1 < stages.len() {
                let name = format!("decoder.{}", layer + 3);
                let weights = format!("ae.dec.{}", layer + 3);
                let mut shuffled = size;
                x = self.convolution(program, &name, &weights, x, &mut shuffled);
                size = shuffled;
                x = self.shuffle(program, &format!("decoder.{}.shuffle", layer + 4), x, &mut size);
                layer += 4;
            }
        }
        let name = format!("decoder.{}", layer + 3);
        x = self.activated(program, &name, &format!("ae.dec.{}.g", layer + 3), x, size);
        let (name, weights) = (format!("decoder.{}", layer + 5), format!("ae.dec.{}", layer + 5));
        x = self.convolution(program, &name, &weights, x, &mut size);
        x = self.shuffle(program, "decoder.colours", x, &mut size);
        let [picture] = program.node("picture", Op::ToPicture { count: x.len }, &[x]);
        picture
    }

    /// The latent with its mean and spread back, channels last.
    fn unscaled(&mut self, program: &mut ProgramBuilder, latent: Operand, size: Size) -> Operand {
        let (rows, columns) = (size.pixels(), size.channels);
        let op = Op::Permute { shape: padded([columns, rows]), axes: [1, 0, 2, 3, 4, 5] };
        let [x] = program.node("decoder.latent", op, &[latent]);
        let (spread, mean) = (self.weight("latent.std"), self.weight("latent.mean"));
        let op = Op::ScaleShift { rows, columns };
        let [x] = program.node("decoder.unscaled", op, &[x, spread, mean]);
        x
    }

    /// Quantises the whole picture by one scale and convolves it; `size` takes the new channels.
    fn convolution(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        weights: &str,
        x: Operand,
        size: &mut Size,
    ) -> Operand {
        let [weight, scale, bias] = self.product_weights(weights);
        let Size { height, width, channels: inputs } = *size;
        let outputs = bias.len;
        let kernel = if weight.len == 9 * inputs * outputs { 3 } else { 1 };
        let quantise = Op::Quantise { rows: 1, columns: x.len };
        let [q, s] = program.node(&format!("{name}.quantised"), quantise, &[x]);
        let op = Op::Convolution { height, width, inputs, outputs, kernel };
        let [y] = program.node(name, op, &[q, s, weight, scale, bias]);
        size.channels = outputs;
        y
    }

    /// Pixel norm with its gain, then silu.
    fn activated(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        gain: &str,
        x: Operand,
        size: Size,
    ) -> Operand {
        let gain = self.weight(gain);
        let op = Op::PixelNorm {
            rows: size.pixels(),
            columns: size.channels,
            epsilon: PIXEL_NORM_EPSILON,
        };
        let [x] = program.node(&format!("{name}.norm"), op, &[x, gain]);
        let [x] = program.node(&format!("{name}.silu"), Op::Silu { count: x.len }, &[x]);
        x
    }

    fn residual(
        &mut self,
        program: &mut ProgramBuilder,
        layer: usize,
        x: Operand,
        size: Size,
    ) -> Operand {
        let (name, weights) = (format!("decoder.{layer}"), format!("ae.dec.{layer}"));
        let mut y = x;
        for half in [1, 2] {
            let part = format!("{name}.{half}");
            y = self.activated(program, &part, &format!("{weights}.n{half}.g"), y, size);
            let mut same = size;
            y = self.convolution(program, &part, &format!("{weights}.c{half}"), y, &mut same);
        }
        let [sum] = program.node(&format!("{name}.added"), Op::Add { count: x.len }, &[x, y]);
        sum
    }

    /// Four channels become a square of four pixels: channel `4c + 2i + j` goes to row `i`, column `j`.
    fn shuffle(
        &mut self,
        program: &mut ProgramBuilder,
        name: &str,
        x: Operand,
        size: &mut Size,
    ) -> Operand {
        let channels = size.channels / 4;
        let op = Op::Permute {
            shape: padded([size.height, size.width, channels, 2, 2]),
            axes: [0, 3, 1, 4, 2, 5],
        };
        let [y] = program.node(name, op, &[x]);
        *size = Size { height: 2 * size.height, width: 2 * size.width, channels };
        y
    }
}

/// A shape of fewer axes, filled up with ones.
fn padded<const N: usize>(shape: [usize; N]) -> [usize; RANK] {
    std::array::from_fn(|i| shape.get(i).copied().unwrap_or(1))
}
