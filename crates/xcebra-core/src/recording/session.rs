//! The samples of one session as they are stored.

use std::ops::Range;
use std::sync::Arc;

use xcebra_model::Scalar;

use super::scaling::Scaling;
use super::stored::StoredRows;
use super::values::Values;
use crate::error::{CoreError, Result};

/// Numbers that are converted together: what fits into the first cache.
const BLOCK: usize = 4096;

/// The samples of one session, (time, channels) row-major, in the type in which they were stored, and
/// how they become those of a training.
///
/// Integers stay as they are until a batch needs them, so that a recording of bytes takes a byte a
/// value. The numbers of a batch are the bits that scaling all samples first would give: every value is
/// computed in double precision and rounded once.
///
/// ```
/// use xcebra_core::{Moments, Recording, Scaling, Session};
///
/// // two channels of a recorder, in its integers
/// let digital: Vec<i16> = (0..200).map(|i| (i * i % 251) as i16).collect();
/// let session = Session::new(digital, 2)?;
/// let moments = Moments::of([&session]);
/// let session = session.scaled(Scaling::Standard {
///     mean: moments.means(),
///     scale: moments.deviations(),
/// })?;
/// let recording = Recording::<f32>::from_sessions(vec![session])?;
/// assert_eq!((recording.len(), recording.channels()), (100, 2));
/// assert!(recording.rows(0..100).mean().unwrap().abs() < 1e-6);
/// # Ok::<(), xcebra_core::CoreError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    numbers: Numbers,
    channels: usize,
    scalings: Vec<Scaling>,
}

/// Where the numbers are.
#[derive(Clone, Debug)]
enum Numbers {
    InMemory(Values),
    Stored(Arc<dyn StoredRows>),
}

impl Session {
    /// Values (time, channels), one sample after another. Nothing is copied.
    ///
    /// # Errors
    /// [`CoreError::Data`] without channels, or if the values are not whole samples.
    pub fn new(values: impl Into<Values>, channels: usize) -> Result<Self> {
        let values = values.into();
        if channels == 0 {
            return Err(CoreError::data(
                "the recording",
                "no channels",
                "pass an array (time, channels)",
            ));
        }
        if !values.len().is_multiple_of(channels) {
            return Err(CoreError::data(
                "the recording",
                format!("{} values of {channels} channels", values.len()),
                "pass whole samples, (time, channels)",
            ));
        }
        Ok(Self {
            numbers: Numbers::InMemory(values),
            channels,
            scalings: Vec::new(),
        })
    }

    /// Samples that are read when they are asked for, each time again.
    ///
    /// # Errors
    /// [`CoreError::Data`] without channels.
    pub fn stored(rows: Arc<dyn StoredRows>) -> Result<Self> {
        let none = Self::new(Vec::<f64>::new(), rows.channels())?;
        Ok(Self {
            numbers: Numbers::Stored(rows),
            ..none
        })
    }

    /// With another map of the channels, after those it has.
    ///
    /// # Errors
    /// [`CoreError::Data`] if it is one for another number of channels, or loses their values.
    pub fn scaled(mut self, scaling: Scaling) -> Result<Self> {
        scaling.check(self.channels)?;
        self.scalings.push(scaling);
        Ok(self)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        match &self.numbers {
            Numbers::InMemory(values) => values.len() / self.channels,
            Numbers::Stored(rows) => rows.samples(),
        }
    }

    /// Whether it has no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// A value in double precision, scaled.
    pub(super) fn wide(&self, sample: usize, channel: usize) -> f64 {
        let stored = match &self.numbers {
            Numbers::InMemory(values) => values.get(sample * self.channels + channel),
            Numbers::Stored(rows) => {
                let mut wide = Vec::new();
                rows.append(sample..sample + 1, &mut wide);
                wide[channel]
            }
        };
        let scalings = self.scalings.iter();
        scalings.fold(stored, |value, scaling| scaling.of(channel, value))
    }

    /// The samples in ranges of a block each.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (len, each) = (self.len(), self.samples_of_a_block());
        (0..len)
            .step_by(each)
            .map(move |first| first..len.min(first + each))
    }

    fn samples_of_a_block(&self) -> usize {
        (BLOCK / self.channels).max(1)
    }

    /// Makes `out` hold samples in double precision, scaled.
    pub(super) fn widen(&self, samples: Range<usize>, out: &mut Vec<f64>) {
        out.clear();
        match &self.numbers {
            Numbers::InMemory(values) => {
                let places = samples.start * self.channels..samples.end * self.channels;
                values.append_wide(places, out);
            }
            Numbers::Stored(rows) => rows.append(samples, out),
        }
        self.scalings.iter().for_each(|s| s.apply(out));
    }

    /// Appends samples, scaled and rounded to `E`; `wide` is room.
    pub(super) fn append<E: Scalar>(
        &self,
        samples: Range<usize>,
        out: &mut Vec<E>,
        wide: &mut Vec<f64>,
    ) {
        if let (Numbers::InMemory(values), []) = (&self.numbers, self.scalings.as_slice()) {
            let places = samples.start * self.channels..samples.end * self.channels;
            values.append(places, out);
            return;
        }
        for first in samples.clone().step_by(self.samples_of_a_block()) {
            let last = samples.end.min(first + self.samples_of_a_block());
            self.widen(first..last, wide);
            out.extend(wide.iter().map(|&v| E::of(v)));
        }
    }

    /// The numbers themselves, if they are stored in this type and need no scaling.
    pub(super) fn as_slice<E: Scalar>(&self) -> Option<&[E]> {
        match (&self.numbers, self.scalings.as_slice()) {
            (Numbers::InMemory(values), []) => values.as_vec().map(Vec::as_slice),
            _ => None,
        }
    }

    /// Scales numbers of this type in place and rounds 64-bit floats to it; others are scaled when they are
    /// asked for.
    pub(super) fn settle<E: Scalar>(&mut self) {
        let block = self.samples_of_a_block() * self.channels;
        let mut wide = Vec::new();
        let Numbers::InMemory(numbers) = &mut self.numbers else {
            return;
        };
        if let Some(values) = numbers.as_vec_mut::<E>() {
            if self.scalings.is_empty() {
                return;
            }
            for block in values.chunks_mut(block) {
                wide.clear();
                wide.extend(block.iter().map(|v| v.as_f64()));
                self.scalings.iter().for_each(|s| s.apply(&mut wide));
                for (value, &wide) in block.iter_mut().zip(&wide) {
                    *value = E::of(wide);
                }
            }
        } else if let Some(values) = numbers.as_vec_mut::<f64>() {
            *numbers = Values::of(rounded::<E>(std::mem::take(values), &self.scalings, block));
        } else {
            return;
        }
        self.scalings.clear();
    }
}

/// Numbers scaled and rounded, block by block. It begins at the end, so that the memory of what was rounded
/// can be given back at once: both together take hardly more than the wide numbers.
fn rounded<E: Scalar>(mut wide: Vec<f64>, scalings: &[Scaling], block: usize) -> Vec<E> {
    /// Blocks between two times that memory is given back.
    const GIVEN_BACK: usize = 256;
    let mut values = vec![E::zero(); wide.len()];
    let blocks = wide.len().div_ceil(block);
    for i in (0..blocks).rev() {
        let from = i * block;
        let rows = &mut wide[from..];
        scalings.iter().for_each(|s| s.apply(rows));
        for (value, &wide) in values[from..].iter_mut().zip(&*rows) {
            *value = E::of(wide);
        }
        wide.truncate(from);
        if i.is_multiple_of(GIVEN_BACK) {
            wide.shrink_to_fit();
        }
    }
    values
}
