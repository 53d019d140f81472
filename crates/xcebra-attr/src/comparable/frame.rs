//! Blocks of outputs: where they lie, and how far they move.

use std::ops::Range;

use ndarray::{Array2, Array3, ArrayRef2, ArrayView2, ArrayView3, Axis, Slice, concatenate};
use xcebra_model::Scalar;

use super::sphere::Sphere;
use crate::error::{AttrError, Result};
use crate::samples::{Samples, finite};

/// No more samples than these are embedded to see where blocks lie.
const SAMPLES: usize = 4096;
/// Samples embedded at a time.
const BATCH: usize = 256;

/// One block of outputs.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) outputs: Range<usize>,
    pub(super) sphere: Option<Sphere>,
    covariance: Array2<f64>,
    /// Whether each output ever changes.
    pub(super) moves: Vec<bool>,
}

/// Where the blocks of an embedding lie and how far they move; see [`comparable`](crate::comparable).
///
/// Blocks are ranges of outputs within which an encoder is known up to a linear map, and together all outputs in
/// order. An output that is identified on its own is a block of one.
#[derive(Clone, Debug)]
pub struct Frame {
    pub(super) blocks: Vec<Block>,
}

impl Frame {
    /// The frame of an embedding `(n, outputs)` for blocks `[first, end)`.
    ///
    /// # Errors
    /// [`AttrError::NoSamples`] for an embedding without samples, [`AttrError::NonFinite`] if it is not finite,
    /// [`AttrError::Parameter`] unless the blocks are all outputs in order.
    pub fn of(embedding: &ArrayRef2<f64>, blocks: &[[usize; 2]]) -> Result<Self> {
        let outputs = embedding.ncols();
        let follows =
            |next, &[first, end]: &[usize; 2]| (first == next && end > first).then_some(end);
        if blocks.iter().try_fold(0, follows) != Some(outputs) {
            let expected = format!("ranges that follow each other, from 0 to {outputs}");
            let found = format!("{blocks:?}");
            return Err(AttrError::parameter("the list of blocks", found, expected));
        }
        if embedding.nrows() == 0 {
            return Err(AttrError::NoSamples);
        }
        let embedding = finite("the embedding", embedding.to_owned())?;
        let blocks = blocks.iter().map(|&[first, end]| {
            let points = embedding.slice_axis(Axis(1), Slice::from(first..end));
            let points = points.to_owned();
            let mean = points.mean_axis(Axis(0)).expect("there are samples");
            let off = &points - &mean;
            let covariance = off.t().dot(&off) / points.nrows() as f64;
            Block {
                outputs: first..end,
                sphere: Sphere::fit(&points).filter(Sphere::holds),
                moves: covariance.diag().iter().map(|v| *v > 0.0).collect(),
                covariance,
            }
        });
        Ok(Self {
            blocks: blocks.collect(),
        })
    }

    /// The frame of a model by at most 4,096 of its samples, evenly spread.
    ///
    /// # Errors
    /// As [`of`](Self::of), and those of the samples and the model.
    pub fn of_model<A: Scalar>(
        model: &dyn xcebra_model::Model<A>,
        samples: &dyn Samples<A>,
        blocks: &[[usize; 2]],
    ) -> Result<Self> {
        let total = samples.len();
        let wanted = total.min(SAMPLES);
        let chosen: Vec<usize> = (0..wanted).map(|i| i * total / wanted).collect();
        let mut parts = Vec::new();
        for chosen in chosen.chunks(BATCH) {
            let rows = chosen.iter().map(|&at| samples.batch(at..at + 1));
            let rows = rows.collect::<Result<Vec<_>>>()?;
            let views: Vec<_> = rows.iter().map(|row| row.view()).collect();
            let x = concatenate(Axis(0), &views).expect("samples of one shape");
            let first = chosen[0];
            let values = model.forward(x.view()).map_err(|source| AttrError::Model {
                first,
                end: first + 1,
                source,
            })?;
            parts.push(values.mapv(Scalar::as_f64));
        }
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        if views.is_empty() {
            return Err(AttrError::NoSamples);
        }
        let embedding = concatenate(Axis(0), &views).expect("outputs of one model");
        Self::of(&embedding, blocks)
    }

    /// The same frame without the sphere of one block. This is for blocks whose points form separate clusters, as classes
    /// do: tangents between clusters mean nothing.
    #[must_use]
    pub fn without_sphere(mut self, block: usize) -> Self {
        if let Some(block) = self.blocks.get_mut(block) {
            block.sphere = None;
        }
        self
    }

    /// The blocks, `[first, end)`.
    pub fn blocks(&self) -> Vec<[usize; 2]> {
        let blocks = self.blocks.iter();
        blocks.map(|b| [b.outputs.start, b.outputs.end]).collect()
    }

    /// The sphere that each block is on, if it is on one.
    pub fn spheres(&self) -> Vec<Option<&Sphere>> {
        let blocks = self.blocks.iter();
        blocks.map(|block| block.sphere.as_ref()).collect()
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.outputs.end)
    }

    /// For each output, the number of its block.
    pub fn block_of_outputs(&self) -> Vec<usize> {
        let blocks = self.blocks.iter().enumerate();
        blocks
            .flat_map(|(b, block)| block.outputs.clone().map(move |_| b))
            .collect()
    }

    /// Effects `√(r Σ rᵀ)` of each block, `n × inputs × blocks`, for rows `r` of inverses `n × inputs × outputs`.
    ///
    /// # Errors
    /// [`AttrError::Shape`] for another number of outputs.
    pub fn effects(&self, inverses: ArrayView3<'_, f64>) -> Result<Array3<f64>> {
        let (n, inputs, outputs) = inverses.dim();
        self.require(n, inputs, outputs)?;
        let mut effects = Array3::zeros((n, inputs, self.blocks.len()));
        for (inverse, mut out) in inverses.outer_iter().zip(effects.outer_iter_mut()) {
            for (b, block) in self.blocks.iter().enumerate() {
                let rows = block.rows(&inverse);
                let values = rows
                    .outer_iter()
                    .map(|row| block.effect(row.iter().copied()));
                out.column_mut(b)
                    .iter_mut()
                    .zip(values)
                    .for_each(|(out, v)| *out = v);
            }
        }
        Ok(effects)
    }

    pub(crate) fn require(&self, n: usize, inputs: usize, outputs: usize) -> Result<()> {
        match outputs == self.outputs() {
            true => Ok(()),
            false => Err(AttrError::Shape {
                what: "inverses to be compared",
                found: vec![n, inputs, outputs],
                expected: format!("{} outputs, those of the frame", self.outputs()),
            }),
        }
    }

    /// Means over samples of the effects of the differences between two sets of inverses of the same samples, `inputs ×
    /// blocks`; samples that one of them leaves out are left out.
    pub(crate) fn mean_difference(&self, a: &Array3<f32>, b: Option<&Array3<f32>>) -> Array2<f64> {
        let (n, inputs, _) = a.dim();
        let mut means = Array2::zeros((inputs, self.blocks.len()));
        for (k, block) in self.blocks.iter().enumerate() {
            let range = Slice::from(block.outputs.clone());
            let a = a.slice_axis(Axis(2), range);
            let b = b.map(|b| b.slice_axis(Axis(2), range));
            let mut kept = 0;
            for sample in 0..n {
                let a = a.index_axis(Axis(0), sample);
                let b = b.as_ref().map(|b| b.index_axis(Axis(0), sample));
                let left_out = |v: &ArrayView2<'_, f32>| v.iter().all(|v| *v == 0.0);
                if left_out(&a) || b.as_ref().is_some_and(left_out) {
                    continue;
                }
                kept += 1;
                for input in 0..inputs {
                    let row = a.row(input);
                    let other = b.as_ref().map(|b| b.row(input));
                    let difference = (0..row.len()).map(|j| {
                        f64::from(row[j]) - other.as_ref().map_or(0.0, |o| f64::from(o[j]))
                    });
                    means[[input, k]] += block.effect(difference);
                }
            }
            means.column_mut(k).mapv_inplace(|v| v / kept.max(1) as f64);
        }
        means
    }
}

impl Block {
    /// The columns of the block, of one sample `inputs × outputs`.
    pub(super) fn rows<'a>(&self, inverse: &'a ArrayView2<'_, f64>) -> ArrayView2<'a, f64> {
        inverse.slice_axis(Axis(1), Slice::from(self.outputs.clone()))
    }

    /// `√(r Σ rᵀ)`.
    fn effect(&self, row: impl Iterator<Item = f64> + Clone) -> f64 {
        let weights = self.covariance.outer_iter();
        let square: f64 = row
            .clone()
            .zip(weights)
            .map(|(v, weights)| {
                let other = row.clone().zip(weights);
                v * other.map(|(v, w)| v * *w).sum::<f64>()
            })
            .sum();
        // rounding may leave a little less than nothing
        square.max(0.0).sqrt()
    }
}
