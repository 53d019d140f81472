//! Samples of a recording, on the scale of a training.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, CowArray, Ix2};
use xcebra_model::Scalar;

use super::{Recording, Store};
use crate::window::Window;

impl<E: Scalar> Recording<E> {
    /// All samples, (time, channels); see [`rows`](Self::rows).
    ///
    /// # Panics
    /// If there are several subjects.
    pub fn samples(&self) -> CowArray<'_, E, Ix2> {
        self.rows(0..self.len())
    }

    /// Some samples, (time, channels). They are a view of the recording where it holds them as they are,
    /// and a copy where they have to be scaled or converted, or come from several sessions.
    ///
    /// # Panics
    /// If the range reaches out of the recording, or from one subject into another.
    pub fn rows(&self, range: Range<usize>) -> CowArray<'_, E, Ix2> {
        let channels = self.channels_at(&range);
        let shape = (range.len(), channels);
        if let [session] = self.store.sessions.as_slice()
            && let Some(values) = session.as_slice::<E>()
        {
            let values = &values[range.start * channels..range.end * channels];
            let view = ArrayView2::from_shape(shape, values);
            return view.expect("whole samples fill their shape").into();
        }
        let mut rows = Vec::with_capacity(range.len() * channels);
        self.append(range, &mut rows, &mut Vec::new());
        let rows = Array2::from_shape_vec(shape, rows);
        rows.expect("whole samples fill their shape").into()
    }

    /// Appends samples, one after another; `wide` is room.
    pub(crate) fn append(&self, mut range: Range<usize>, out: &mut Vec<E>, wide: &mut Vec<f64>) {
        let Store { sessions, ends, .. } = &*self.store;
        let mut at = match sessions.len() {
            1 => 0,
            _ => ends.partition_point(|&end| end <= range.start),
        };
        while range.start < range.end {
            let start = ends[at] - sessions[at].len();
            let end = range.end.min(ends[at]);
            sessions[at].append(range.start - start..end - start, out, wide);
            (range.start, at) = (end, at + 1);
        }
    }

    /// The windows around the given times, one after another: (times, window, channels). All are of one
    /// subject, of the given channels.
    ///
    /// Every window lies in the recording; [`crate::sampling`] draws no others.
    pub(crate) fn gather(
        &self,
        times: impl ExactSizeIterator<Item = usize>,
        channels: usize,
        window: Window,
    ) -> Vec<E> {
        let mut rows = Vec::with_capacity(times.len() * window.len() * channels);
        let mut wide = Vec::new();
        for t in times {
            let first = t - window.left;
            self.append(first..first + window.len(), &mut rows, &mut wide);
        }
        rows
    }
}
