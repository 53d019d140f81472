//! A recording as the windows that an encoder sees.

use std::ops::Range;

use ndarray::{Array2, ArrayD, ArrayView2, Axis, IxDyn, Slice};
use xcebra_attr::{AttrError, Samples};
use xcebra_core::encoder::Edges;
use xcebra_core::{Encoder, Error, Window};

/// The windows of a recording (time, channels) of one session, read as they are needed: samples
/// `[channels]` for an encoder that sees one at a time, `[channels, window]` otherwise.
///
/// Sample 0 is the window around time `window.left`, the first that lies inside the recording.
#[derive(Clone, Debug)]
pub struct Windows<'a> {
    x: ArrayView2<'a, f32>,
    window: Window,
    shape: Vec<usize>,
}

impl<'a> Windows<'a> {
    /// The windows of an encoder.
    pub fn of(encoder: &Encoder<f32>, x: ArrayView2<'a, f32>) -> Self {
        let window = encoder.architecture().window;
        let shape = match window.len() {
            1 => vec![x.ncols()],
            len => vec![x.ncols(), len],
        };
        Self { x, window, shape }
    }
}

impl Samples<f32> for Windows<'_> {
    fn len(&self) -> usize {
        (self.x.nrows() + 1).saturating_sub(self.window.len())
    }

    fn sample_shape(&self) -> &[usize] {
        &self.shape
    }

    fn batch(&self, range: Range<usize>) -> Result<ArrayD<f32>, AttrError> {
        if self.shape.len() == 1 {
            return self.x.batch(range);
        }
        if range.end > self.len() || range.start > range.end {
            return Err(AttrError::Parameter {
                name: "range",
                found: format!("{range:?}"),
                expected: format!("a range within 0..{}", self.len()),
            });
        }
        let (n, first) = (range.len(), range.start);
        let at = |i: IxDyn| self.x[[first + i[0] + i[2], i[1]]];
        Ok(ArrayD::from_shape_fn(
            IxDyn(&[n, self.shape[0], self.shape[1]]),
            at,
        ))
    }
}

/// Times that are embedded between two reports of progress.
const STRETCH: usize = 16_384;

/// Embeds a recording (time, channels) of one session stretch by stretch, telling `progress` how
/// many times are done. Gives the time of the first row and the embedding (times, outputs).
///
/// # Errors
/// [`Error::Data`] for other channels than the encoder's, or a recording shorter than its window
/// with [`Edges::Drop`].
pub fn embed(
    encoder: &Encoder<f32>,
    x: ArrayView2<'_, f32>,
    edges: Edges,
    mut progress: impl FnMut(usize),
) -> Result<(usize, Array2<f32>), Error> {
    let window = encoder.architecture().window;
    let time = x.nrows();
    let (start, end) = match edges {
        Edges::Pad => (0, time),
        Edges::Drop => (window.left, (time + 1).saturating_sub(window.right)),
    };
    if start >= end {
        return Err(Error::Data {
            what: "the recording".to_owned(),
            problem: format!("{time} samples for a window of {}", window.len()),
            advice: "pass a longer recording, or pad its edges".to_owned(),
        });
    }
    let outputs = encoder.architecture().outputs();
    let mut embedding = Array2::zeros((end - start, outputs));
    for first in (start..end).step_by(STRETCH) {
        let last = end.min(first + STRETCH);
        // with as many neighbours as the windows reach out; rows that see an end of the stretch
        // which is none of the recording are left out
        let from = first.saturating_sub(window.left);
        let to = time.min(last + window.right - 1);
        let stretch = x.slice_axis(Axis(0), Slice::from(from..to));
        let rows = encoder.embed(stretch, Edges::Pad)?.values;
        let rows = rows.slice_axis(Axis(0), Slice::from(first - from..last - from));
        let place = Slice::from(first - start..last - start);
        embedding.slice_axis_mut(Axis(0), place).assign(&rows);
        progress(last - start);
    }
    Ok((start, embedding))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use xcebra_attr::Samples;
    use xcebra_core::encoder::{Edges, Sizes};
    use xcebra_core::{Architecture, Encoder, EncoderName};
    use xcebra_model::Model;

    use super::{STRETCH, Windows, embed};

    fn encoder() -> Encoder<f32> {
        let sizes = Sizes {
            units: 4,
            ..Sizes::default()
        };
        let architecture = Architecture::named(EncoderName::Offset10Mse, 3, 2, &sizes);
        Encoder::new(architecture, 0).unwrap()
    }

    #[test]
    fn stretches_join_without_a_seam() {
        let encoder = encoder();
        let x = Array2::from_shape_fn((STRETCH + 40, 3), |(t, c)| ((t * 7 + c) as f32 * 0.1).sin());
        for edges in [Edges::Pad, Edges::Drop] {
            let whole = encoder.embed(x.view(), edges).unwrap();
            let mut done = Vec::new();
            let (start, rows) = embed(&encoder, x.view(), edges, |n| done.push(n)).unwrap();
            assert_eq!((start, rows.dim()), (whole.start, whole.values.dim()));
            assert_eq!(done.last(), Some(&rows.nrows()));
            let far = (&rows - &whole.values)
                .iter()
                .fold(0.0_f32, |m, d| m.max(d.abs()));
            // single precision, products in blocks of another size
            assert!(far < 1e-5, "{far}");
        }
    }

    #[test]
    fn windows_are_what_the_encoder_embeds() {
        let encoder = encoder();
        let x = Array2::from_shape_fn((60, 3), |(t, c)| ((t * 5 + c) as f32 * 0.2).cos());
        let windows = Windows::of(&encoder, x.view());
        assert_eq!((windows.len(), windows.sample_shape()), (51, &[3, 10][..]));
        let by_window = encoder
            .forward(windows.batch(0..51).unwrap().view())
            .unwrap();
        let (start, rows) = embed(&encoder, x.view(), Edges::Drop, |_| ()).unwrap();
        assert_eq!(start, 5);
        assert!((&by_window - &rows).iter().all(|d| d.abs() < 1e-5));
        assert!(windows.batch(40..52).is_err());
    }

    #[test]
    fn too_short_a_recording_is_refused() {
        let x = Array2::<f32>::zeros((9, 3));
        let short = embed(&encoder(), x.view(), Edges::Drop, |_| ());
        assert!(short.unwrap_err().to_string().contains("window of 10"));
        assert!(embed(&encoder(), x.view(), Edges::Pad, |_| ()).is_ok());
    }
}
