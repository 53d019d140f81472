//! A whole recording through an encoder, each time once.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::{Custom, Encoder, TensorEncoder};
use crate::element::Element;
use crate::error::{Error, Result};
use crate::ops::forward;
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

/// Samples from `first` on, before the window's `left`, with both ends continued.
fn stretch<E: Element>(x: ArrayView2<'_, E>, first: usize, len: usize, left: usize) -> Vec<E> {
    let mut piece = Vec::with_capacity(len * x.ncols());
    for t in first..first + len {
        piece.extend(x.row(t.saturating_sub(left).min(x.nrows() - 1)));
    }
    piece
}

fn check_channels(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::data(
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
    /// [`Error::Data`] if the recording has another number of channels than the encoder.
    pub fn embed(&self, x: ArrayView2<'_, E>, edges: Edges) -> Result<Embedding<E>> {
        let network = &self.network;
        check_channels(x.ncols(), network.channels())?;
        let window = self.architecture.window;
        let (start, len) = edges.times(window, x.nrows());
        let d = network.outputs();
        let mut values = Array2::zeros((len, d));
        let out = values.as_slice_mut().expect("a fresh array is contiguous");
        let most = network.stretch::<E>(PIECE);
        out.par_chunks_mut(most * d)
            .enumerate()
            .for_each(|(i, out)| {
                let first = start + i * most;
                let steps = out.len() / d + window.len() - 1;
                let piece = stretch(x, first, steps, window.left);
                let plan = network.plan(&self.parameters, 1, steps);
                let mut pre = vec![E::zero(); plan.len];
                forward(&plan, &piece, &mut pre, out, &mut Vec::new());
            });
        Ok(Embedding { start, values })
    }
}

impl<E: Element, N: TensorEncoder<E>> Custom<N, E> {
    /// Embeds consecutive samples (time, channels) of one session, window by window; otherwise as
    /// [`Encoder::embed`].
    ///
    /// # Errors
    /// [`Error::Data`] if the recording has another number of channels than the network.
    pub fn embed(&self, x: ArrayView2<'_, E>, edges: Edges) -> Result<Embedding<E>> {
        let (window, channels) = (self.network().window(), self.network().channels());
        check_channels(x.ncols(), channels)?;
        let (start, len) = edges.times(window, x.nrows());
        let mut values = Vec::with_capacity(len * self.network().outputs());
        for first in (start..start + len).step_by(PIECE) {
            let rows = PIECE.min(start + len - first);
            let piece = stretch(x, first, rows + window.len() - 1, window.left);
            let windows = piece.windows(window.len() * channels).step_by(channels);
            values.extend(self.outputs_of(windows.flatten().copied().collect()));
        }
        let values = Array2::from_shape_vec((len, self.network().outputs()), values);
        let values = values.map_err(|e| Error::Engine(e.to_string()))?;
        Ok(Embedding { start, values })
    }
}
