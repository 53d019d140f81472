//! A recording as the windows that an encoder sees.

use std::ops::Range;

use ndarray::{Array2, ArrayD, ArrayView2, Axis, IxDyn, Slice};
use xcebra_attr::{AttrError, Samples};
use xcebra_core::encoder::Edges;
use xcebra_core::{CoreError, Encoder};

/// The windows of a recording (time, channels), read as they are needed: samples `[channels]` for an
/// encoder that sees one at a time, `[channels, window]` otherwise.
///
/// Sample 0 is the window around time `window.left`, the first that fits into the recording; no window
/// reaches from one segment of the recording into another.
#[derive(Clone, Debug)]
pub struct Windows<'a> {
    x: ArrayView2<'a, f32>,
    shape: Vec<usize>,
    /// For each segment that holds a window, how many there are before it and its first row.
    segments: Vec<(usize, usize)>,
    len: usize,
}

impl<'a> Windows<'a> {
    /// The windows of an encoder on a recording in one piece.
    pub fn of(encoder: &Encoder<f32>, x: ArrayView2<'a, f32>) -> Self {
        let whole = 0..x.nrows();
        Self::of_segments(encoder, x, std::slice::from_ref(&whole))
    }

    /// The windows of an encoder on a recording of several segments, ranges of its rows.
    pub fn of_segments(
        encoder: &Encoder<f32>,
        x: ArrayView2<'a, f32>,
        segments: &[Range<usize>],
    ) -> Self {
        let window = encoder.architecture().window;
        let shape = match window.len() {
            1 => vec![x.ncols()],
            len => vec![x.ncols(), len],
        };
        let (mut starts, mut len) = (Vec::new(), 0);
        for segment in segments {
            let windows = (segment.len() + 1).saturating_sub(window.len());
            if windows > 0 {
                starts.push((len, segment.start));
                len += windows;
            }
        }
        Self {
            x,
            shape,
            segments: starts,
            len,
        }
    }

    /// How many windows each segment holds, for those that hold some.
    pub fn stretches(&self) -> Vec<usize> {
        let ends = self.segments.iter().skip(1).map(|(before, _)| *before);
        let ends = ends.chain(std::iter::once(self.len));
        let both = self.segments.iter().zip(ends);
        both.map(|((before, _), end)| end - before).collect()
    }

    /// The row at which a window begins.
    fn row(&self, window: usize) -> usize {
        let segment = self
            .segments
            .partition_point(|(before, _)| *before <= window);
        let (before, row) = self.segments[segment - 1];
        row + window - before
    }
}

impl Samples<f32> for Windows<'_> {
    fn len(&self) -> usize {
        self.len
    }

    fn sample_shape(&self) -> &[usize] {
        &self.shape
    }

    fn batch(&self, range: Range<usize>) -> Result<ArrayD<f32>, AttrError> {
        if range.end > self.len() || range.start > range.end {
            return Err(AttrError::Parameter {
                name: "range",
                found: format!("{range:?}"),
                expected: format!("a range within 0..{}", self.len()),
                advice: None,
            });
        }
        if self.shape.len() == 1 && self.segments.len() <= 1 {
            let first = self.segments.first().map_or(0, |(_, row)| *row);
            return self.x.batch(first + range.start..first + range.end);
        }
        let rows: Vec<usize> = range.map(|window| self.row(window)).collect();
        let mut shape = vec![rows.len()];
        shape.extend(&self.shape);
        let wide = self.shape.len() > 1;
        let lag = |i: &IxDyn| if wide { i[2] } else { 0 };
        let at = |i: IxDyn| self.x[[rows[i[0]] + lag(&i), i[1]]];
        Ok(ArrayD::from_shape_fn(IxDyn(&shape), at))
    }
}

/// Times that are embedded between two reports of progress.
const STRETCH: usize = 16_384;

/// Embeds a recording (time, channels) of one session stretch by stretch, telling `progress` how
/// many times are done. Gives the time of the first row and the embedding (times, outputs).
///
/// # Errors
/// [`CoreError::Data`] for other channels than the encoder's, or a recording shorter than its window
/// with [`Edges::Drop`].
pub fn embed_session(
    encoder: &Encoder<f32>,
    x: ArrayView2<'_, f32>,
    edges: Edges,
    mut progress: impl FnMut(usize),
) -> Result<(usize, Array2<f32>), CoreError> {
    let window = encoder.architecture().window;
    let time = x.nrows();
    let (start, end) = match edges {
        Edges::Pad => (0, time),
        Edges::Drop => (window.left, (time + 1).saturating_sub(window.right)),
    };
    if start >= end {
        return Err(CoreError::Data {
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

/// Embeds a recording (time, channels) of several segments, ranges of its rows, each as a recording of its
/// own. Gives the time of each row and the embedding (times, outputs).
///
/// With [`Edges::Drop`], segments shorter than the encoder's window are left out.
///
/// # Errors
/// As [`embed_session`]; [`CoreError::Data`] if no segment is as long as the window.
pub fn embed_segments(
    encoder: &Encoder<f32>,
    x: ArrayView2<'_, f32>,
    segments: &[Range<usize>],
    edges: Edges,
    mut progress: impl FnMut(usize),
) -> Result<(Vec<usize>, Array2<f32>), CoreError> {
    let needed = match edges {
        Edges::Pad => 1,
        Edges::Drop => encoder.architecture().window.len(),
    };
    let fits = |segment: &&Range<usize>| segment.len() >= needed;
    let mut chosen: Vec<&Range<usize>> = segments.iter().filter(fits).collect();
    if chosen.is_empty() {
        // for the error of the longest
        chosen.extend(segments.iter().max_by_key(|segment| segment.len()));
    }
    let (mut times, mut parts) = (Vec::new(), Vec::new());
    for segment in chosen {
        let piece = x.slice_axis(Axis(0), Slice::from(segment.clone()));
        let done = times.len();
        let (first, rows) = embed_session(encoder, piece, edges, |n| progress(done + n))?;
        times.extend((0..rows.nrows()).map(|row| segment.start + first + row));
        parts.push(rows);
    }
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    let embedding = ndarray::concatenate(Axis(0), &views).expect("rows of one encoder");
    Ok((times, embedding))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Axis, Slice};
    use xcebra_attr::Samples;
    use xcebra_core::encoder::{Edges, Sizes};
    use xcebra_core::{Architecture, Encoder, EncoderName};
    use xcebra_model::Model;

    use super::{STRETCH, Windows, embed_segments, embed_session};

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
            let (start, rows) = embed_session(&encoder, x.view(), edges, |n| done.push(n)).unwrap();
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
        let (start, rows) = embed_session(&encoder, x.view(), Edges::Drop, |_| ()).unwrap();
        assert_eq!(start, 5);
        assert!((&by_window - &rows).iter().all(|d| d.abs() < 1e-5));
        assert!(windows.batch(40..52).is_err());
    }

    #[test]
    fn too_short_a_recording_is_refused() {
        let x = Array2::<f32>::zeros((9, 3));
        let short = embed_session(&encoder(), x.view(), Edges::Drop, |_| ());
        assert!(short.unwrap_err().to_string().contains("window of 10"));
        assert!(embed_session(&encoder(), x.view(), Edges::Pad, |_| ()).is_ok());
    }

    #[test]
    fn segments_are_recordings_of_their_own() {
        let encoder = encoder();
        let x = Array2::from_shape_fn((90, 3), |(t, c)| ((t * 5 + c) as f32 * 0.2).cos());
        let segments = [0..30, 30..35, 35..90];
        let own = |range: &std::ops::Range<usize>| {
            x.slice_axis(Axis(0), Slice::from(range.clone())).to_owned()
        };
        let windows = Windows::of_segments(&encoder, x.view(), &segments);
        assert_eq!(
            (windows.len(), windows.stretches()),
            (21 + 46, vec![21, 46])
        );
        let mut first = 0;
        for segment in [&segments[0], &segments[2]] {
            let piece = own(segment);
            let alone = Windows::of(&encoder, piece.view());
            let same = windows.batch(first..first + alone.len()).unwrap();
            assert_eq!(same, alone.batch(0..alone.len()).unwrap());
            first += alone.len();
        }
        for (edges, kept) in [(Edges::Pad, vec![0, 1, 2]), (Edges::Drop, vec![0, 2])] {
            let (times, rows) =
                embed_segments(&encoder, x.view(), &segments, edges, |_| ()).unwrap();
            let mut at = 0;
            for segment in kept.iter().map(|&k| &segments[k]) {
                let (start, alone) =
                    embed_session(&encoder, own(segment).view(), edges, |_| ()).unwrap();
                let same = rows.slice_axis(Axis(0), Slice::from(at..at + alone.nrows()));
                assert_eq!(same, alone);
                assert_eq!(times[at], segment.start + start);
                at += alone.nrows();
            }
            assert_eq!((at, times.len()), (rows.nrows(), at));
        }
        let short = embed_segments(&encoder, x.view(), &segments[1..2], Edges::Drop, |_| ());
        assert!(short.unwrap_err().to_string().contains("window of 10"));
    }
}
