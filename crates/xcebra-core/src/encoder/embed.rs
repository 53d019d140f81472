//! A whole recording through an encoder, each time once.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

use super::{Custom, Encoder, TensorEncoder};
use crate::error::{CoreError, Result};
use crate::ops::Element;
use crate::ops::forward;
use crate::recording::Recording;
use crate::window::Window;

/// What becomes of the times at both ends of a recording whose window reaches out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Edges {
    /// The first and the last sample go on for ever, as in CEBRA's `transform`: every time has an
    /// embedding, of which those at the ends see samples that never were.
    #[default]
    Pad,
    /// Such times are left out.
    Drop,
}

/// Embeddings of consecutive times.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding<E> {
    /// The time of the first row.
    pub start: usize,
    /// Embeddings, (time, outputs).
    pub values: Array2<E>,
}

impl Edges {
    /// The first time that is embedded of `time`, and how many are.
    fn times(self, window: Window, time: usize) -> (usize, usize) {
        match self {
            Self::Pad => (0, time),
            Self::Drop => (window.left, (time + 1).saturating_sub(window.len())),
        }
    }
}

/// Where samples come from: `time` of them, of which `append` gives a range.
struct Rows<F> {
    time: usize,
    append: F,
}

impl<F> Rows<F> {
    /// `len` samples, the first of them `left` before `first`, with both ends continued.
    fn stretch<E: Element>(&self, first: usize, len: usize, left: usize) -> Vec<E>
    where
        F: Fn(Range<usize>, &mut Vec<E>),
    {
        let mut piece = Vec::new();
        let before = left.saturating_sub(first).min(len);
        let start = (first + before).saturating_sub(left).min(self.time);
        let end = self.time.min(start + len - before);
        let after = len - before - (end - start);
        (0..before).for_each(|_| (self.append)(0..1, &mut piece));
        (self.append)(start..end, &mut piece);
        (0..after).for_each(|_| (self.append)(self.time - 1..self.time, &mut piece));
        piece
    }
}

/// The samples of an array (time, channels).
fn of_array<E: Element>(
    x: ArrayView2<'_, E>,
) -> Rows<impl Fn(Range<usize>, &mut Vec<E>) + Sync + use<'_, E>> {
    Rows {
        time: x.nrows(),
        append: move |range: Range<usize>, out: &mut Vec<E>| {
            out.extend(x.slice(s![range, ..]));
        },
    }
}

fn check_channels(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(CoreError::data(
        "the recording",
        format!("{found} channels for an encoder of {expected}"),
        "pass (time, channels) with the channels the encoder was trained on",
    ))
}

/// Most times of a piece.
const PIECE: usize = 512;

impl<E: Element> Encoder<E> {
    /// Embeds consecutive samples (time, channels) of one session; sessions are embedded one by
    /// one, because windows must not reach from one into the next.
    ///
    /// Equal, up to rounding, to [`forward`](xcebra_model::Model::forward) on the window around
    /// every time, but no layer is computed twice for windows that overlap. Pieces of the
    /// recording go through in parallel; besides the result nothing of its length is kept. A
    /// recording too long for that is embedded in stretches that overlap by the window less one,
    /// with [`Edges::Drop`].
    ///
    /// A value that is not finite makes the embeddings not finite whose windows hold it.
    ///
    /// # Errors
    /// [`CoreError::Data`] if the recording has another number of channels than the encoder.
    pub fn embed(&self, x: ArrayView2<'_, E>, edges: Edges) -> Result<Embedding<E>> {
        check_channels(x.ncols(), self.network.channels())?;
        Ok(self.embed_stretches(&of_array(x), edges))
    }

    /// As [`embed`](Self::embed), on some consecutive samples of a recording, which must be of one session.
    /// They are converted as they are needed, so that no copy of them is made.
    ///
    /// # Errors
    /// [`CoreError::Data`] if the recording has another number of channels than the encoder.
    ///
    /// # Panics
    /// If the range reaches out of the recording.
    pub fn embed_rows(
        &self,
        recording: &Recording<E>,
        range: Range<usize>,
        edges: Edges,
    ) -> Result<Embedding<E>> {
        check_channels(recording.channels(), self.network.channels())?;
        let rows = Rows {
            time: range.len(),
            append: |part: Range<usize>, out: &mut Vec<E>| {
                let part = range.start + part.start..range.start + part.end;
                recording.append(part, out, &mut Vec::new());
            },
        };
        Ok(self.embed_stretches(&rows, edges))
    }

    fn embed_stretches(
        &self,
        rows: &Rows<impl Fn(Range<usize>, &mut Vec<E>) + Sync>,
        edges: Edges,
    ) -> Embedding<E> {
        let network = &self.network;
        let window = self.architecture.window;
        let (start, len) = edges.times(window, rows.time);
        let d = network.outputs();
        let mut values = Array2::zeros((len, d));
        let out = values.as_slice_mut().expect("a fresh array is contiguous");
        let most = network.stretch::<E>(PIECE);
        let weights = self.weights();
        out.par_chunks_mut(most * d)
            .enumerate()
            .for_each(|(i, out)| {
                let first = start + i * most;
                let steps = out.len() / d + window.len() - 1;
                let piece = rows.stretch(first, steps, window.left);
                let plan = network.plan(weights, 1, steps);
                let mut pre = vec![E::zero(); plan.len];
                forward(&plan, &piece, &mut pre, out, &mut Vec::new());
            });
        Embedding { start, values }
    }
}

impl<E: Element, N: TensorEncoder<E>> Custom<N, E> {
    /// Embeds consecutive samples (time, channels) of one session, window by window; otherwise as
    /// [`Encoder::embed`].
    ///
    /// # Errors
    /// [`CoreError::Data`] if the recording has another number of channels than the network.
    pub fn embed(&self, x: ArrayView2<'_, E>, edges: Edges) -> Result<Embedding<E>> {
        let (window, channels) = (self.network().window(), self.network().channels());
        check_channels(x.ncols(), channels)?;
        let (start, len) = edges.times(window, x.nrows());
        let samples = of_array(x);
        let mut values = Vec::with_capacity(len * self.network().outputs());
        for first in (start..start + len).step_by(PIECE) {
            let rows = PIECE.min(start + len - first);
            let piece = samples.stretch(first, rows + window.len() - 1, window.left);
            let windows = piece.windows(window.len() * channels).step_by(channels);
            values.extend(self.outputs_of(windows.flatten().copied().collect()));
        }
        let values = Array2::from_shape_vec((len, self.network().outputs()), values);
        let values = values.map_err(|e| CoreError::Engine(e.to_string()))?;
        Ok(Embedding { start, values })
    }
}
