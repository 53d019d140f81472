//! Effects, gathered over samples.

use std::cell::RefCell;

use ndarray::{Array2, Axis};
use xcebra_numeric::{Packer, Unpacker, ensure_finite};

use super::frame::Frame;
use super::tangent::NAME;
use crate::error::Result;
use crate::map::mean_over_lags;
use crate::options::Piece;

/// Gathers the effects of blocks from the attributions of [`TangentIng`](super::TangentIng).
///
/// Give [`add`](Self::add) as sink to an attribution; pieces of other methods are passed over. Memory is that of two
/// maps, however many samples there are. Sums are made block by block, so that they are the same to the last bit if
/// several processes share the blocks.
///
/// ```
/// use ndarray::{Array2, array};
/// use xcebra_attr::comparable::{Effects, Frame, TangentIng};
/// use xcebra_attr::{Methods, Options, attribute};
/// use xcebra_model::FnModel;
///
/// // an encoder that maps two inputs, cosine and sine of a heading, to a circle; the third input is not connected
/// let model = FnModel::<f64>::per_sample([3], 2,
///     |x| Ok(array![2.0 * x[0], 2.0 * x[1]]),
///     |_, c| Ok(array![2.0 * c[0], 2.0 * c[1], 0.0].into_dyn()));
/// let angle = |i: usize| i as f64 * std::f64::consts::TAU / 400.0;
/// let x = Array2::from_shape_fn((400, 3), |(i, j)| [angle(i).cos(), angle(i).sin(), 0.0][j]);
///
/// let frame = Frame::of_model(&model, &x, &[[0, 2]])?;
/// assert!((frame.spheres()[0].unwrap().radius - 2.0).abs() < 1e-12);
/// let effects = Effects::new(&frame);
/// let methods = Methods::new().with(TangentIng::new(frame.clone()));
/// attribute(&model, &x, &methods, &Options::new().sink(&|piece| effects.add(piece)))?;
/// let found = effects.finish(&[1.0; 3])?;
/// // the angle has an effect of |sin| / √2 on the cosine, 2 / π / √2 on average
/// assert!((found.effects[[0, 0]] - 2f64.sqrt() / std::f64::consts::PI).abs() < 1e-4);
/// assert_eq!(found.effects[[2, 0]], 0.0);
/// # Ok::<(), xcebra_attr::AttrError>(())
/// ```
#[derive(Debug)]
pub struct Effects<'a> {
    frame: &'a Frame,
    /// Of the blocks that have ended, and since then.
    sums: RefCell<[Option<Array2<f64>>; 2]>,
    /// The block of the latter.
    block: RefCell<usize>,
    samples: RefCell<usize>,
    kept: RefCell<Vec<usize>>,
}

/// Effects of blocks on channels, and the same in comparable units. Columns are outputs; those of a block are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparable {
    /// Effects, `channels × outputs`, in standard deviations of the channels: the change for a move of the block by one
    /// standard deviation, mean over samples and lags.
    pub effects: Array2<f64>,
    /// For each output, the mean effect over all channels.
    pub background: Vec<f64>,
    /// Effects over the background; 0 where that is 0.
    pub values: Array2<f64>,
    /// For each output, the share of samples that its means are over.
    pub kept: Vec<f64>,
}

impl<'a> Effects<'a> {
    /// For the blocks of `frame`, which must be that of the method.
    pub fn new(frame: &'a Frame) -> Self {
        Self {
            frame,
            sums: RefCell::default(),
            block: RefCell::new(0),
            samples: RefCell::new(0),
            kept: RefCell::new(vec![0; frame.blocks.len()]),
        }
    }

    /// Adds the attributions of some samples.
    ///
    /// # Errors
    /// [`AttrError::Shape`](crate::AttrError::Shape) for another number of outputs.
    pub fn add(&self, piece: &Piece<'_>) -> Result<()> {
        if piece.method != NAME {
            return Ok(());
        }
        let effects = self.frame.effects(piece.values)?;
        let (n, inputs, blocks) = effects.dim();
        *self.samples.borrow_mut() += n;
        let mut kept = self.kept.borrow_mut();
        for value in piece.values.outer_iter() {
            for (kept, block) in kept.iter_mut().zip(&self.frame.blocks) {
                *kept += usize::from(block.rows(&value).iter().any(|v| *v != 0.0));
            }
        }
        if self.block.replace(piece.block) != piece.block {
            self.end_block();
        }
        let mut sums = self.sums.borrow_mut();
        let sums = sums[1].get_or_insert_with(|| Array2::zeros((inputs, blocks)));
        *sums += &effects.sum_axis(Axis(0));
        Ok(())
    }

    fn end_block(&self) {
        let mut sums = self.sums.borrow_mut();
        let [ended, open] = &mut *sums;
        if let Some(block) = open.take() {
            match ended {
                Some(ended) => *ended += &block,
                None => *ended = Some(block),
            }
        }
    }

    /// Packs what was gathered, of one block, so that another process can take it up; and forgets it.
    pub fn pack(&self, packer: &mut Packer) {
        self.end_block();
        packer.number(self.samples.take() as f64);
        let kept = self.kept.replace(vec![0; self.frame.blocks.len()]);
        packer.list(kept.into_iter().map(|kept| kept as f64));
        let [ended, _] = self.sums.take();
        packer.optional(ended.as_ref().map(|sums| sums.iter().copied()));
    }

    /// Adds a block that was packed; `None` if these numbers are not one for `inputs` inputs.
    #[must_use]
    pub fn unpack(&self, unpacker: &mut Unpacker<'_>, inputs: usize) -> Option<()> {
        let blocks = self.frame.blocks.len();
        *self.samples.borrow_mut() += unpacker.count()?;
        let own = unpacker.list_of(blocks)?;
        for (kept, own) in self.kept.borrow_mut().iter_mut().zip(own) {
            *kept += *own as usize;
        }
        if let Some(sums) = unpacker.optional()? {
            let sums = Array2::from_shape_vec((inputs, blocks), sums.to_vec()).ok()?;
            self.sums.borrow_mut()[1] = Some(sums);
            self.end_block();
        }
        Some(())
    }

    /// The effects that were gathered. `deviations` are the channels' standard deviations: 1 for a standardised channel.
    /// Inputs may be channels times lags.
    ///
    /// # Errors
    /// [`AttrError::NoSamples`](crate::AttrError::NoSamples) if nothing was added,
    /// [`AttrError::Parameter`](crate::AttrError::Parameter) for a deviation that is not positive,
    /// [`AttrError::Shape`](crate::AttrError::Shape) unless there are as many inputs for each channel, and if means are not
    /// finite.
    pub fn finish(&self, deviations: &[f64]) -> Result<Comparable> {
        if let Some(found) = deviations.iter().find(|v| !(**v > 0.0 && v.is_finite())) {
            return Err(crate::AttrError::parameter(
                "the standard deviation of a channel",
                found.to_string(),
                "a positive number",
            ));
        }
        self.end_block();
        let sums = self.sums.borrow();
        let sums = sums[0].as_ref().ok_or(crate::AttrError::NoSamples)?;
        let (samples, kept) = (*self.samples.borrow(), self.kept.borrow());
        let counts = kept.iter().map(|&kept| kept.max(1) as f64);
        let means = sums / &counts.collect::<ndarray::Array1<f64>>();
        let means = mean_over_lags(means.view().insert_axis(Axis(0)), deviations.len())?;
        let mut means = means.index_axis_move(Axis(0), 0);
        for (mut row, deviation) in means.outer_iter_mut().zip(deviations) {
            row /= *deviation;
        }
        let columns = self.frame.block_of_outputs();
        let effects = means.select(Axis(1), &columns);
        let share = |&b: &usize| kept[b] as f64 / samples as f64;
        Comparable::new(effects, columns.iter().map(share).collect())
    }
}

impl Comparable {
    fn new(effects: Array2<f64>, kept: Vec<f64>) -> Result<Self> {
        ensure_finite("the effects", &effects)?;
        let background = effects.mean_axis(Axis(0)).unwrap_or_default();
        let values = Array2::from_shape_fn(effects.dim(), |(i, k)| match background[k] > 0.0 {
            true => effects[[i, k]] / background[k],
            false => 0.0,
        });
        ensure_finite("the comparable map", &values)?;
        Ok(Self {
            effects,
            background: background.to_vec(),
            values,
            kept,
        })
    }
}
