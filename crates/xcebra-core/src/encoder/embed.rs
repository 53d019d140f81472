//! A whole recording through an encoder, each time once.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::Encoder;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::ops::forward;

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
        let (time, channels) = x.dim();
        let network = &self.network;
        if channels != network.channels() {
            return Err(Error::data(
                "the recording",
                format!(
                    "{channels} channels for an encoder of {}",
                    network.channels()
                ),
                "pass (time, channels) with the channels the encoder was trained on",
            ));
        }
        let window = self.architecture.window;
        let (start, len) = match edges {
            Edges::Pad => (0, time),
            Edges::Drop => (window.left, (time + 1).saturating_sub(window.len())),
        };
        let d = network.outputs();
        let mut values = Array2::zeros((len, d));
        let out = values.as_slice_mut().expect("a fresh array is contiguous");
        let most = network.stretch::<E>(PIECE);
        out.par_chunks_mut(most * d)
            .enumerate()
            .for_each(|(i, out)| {
                let first = start + i * most;
                let steps = out.len() / d + window.len() - 1;
                let mut piece = Vec::with_capacity(steps * channels);
                for t in first..first + steps {
                    let t = t.saturating_sub(window.left).min(time - 1);
                    piece.extend(x.row(t));
                }
                let plan = network.plan(&self.parameters, 1, steps);
                let mut pre = vec![E::zero(); plan.len];
                forward(&plan, &piece, &mut pre, out, &mut Vec::new());
            });
        Ok(Embedding { start, values })
    }
}
