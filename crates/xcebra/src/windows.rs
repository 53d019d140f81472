//! A recording as the windows that an encoder sees.

use std::ops::Range;

use ndarray::{Array2, ArrayD, Axis, Slice};
use xcebra_attr::{AttrError, Samples};
use xcebra_core::encoder::Edges;
use xcebra_core::{CoreError, Encoder, Recording};

/// The windows of a recording, read as they are needed: samples `[channels]` for an encoder that sees one at a
/// time, `[channels, window]` otherwise.
///
/// Sample 0 is the window around time `window.left`, the first that fits into the recording; no window
/// reaches from one session of the recording into another.
#[derive(Clone, Debug)]
pub struct Windows<'a> {
    recording: &'a Recording<f32>,
    shape: Vec<usize>,
    /// For each session that holds a window, how many there are before it and its first row.
    sessions: Vec<(usize, usize)>,
    len: usize,
}

impl<'a> Windows<'a> {
    /// The windows of an encoder on a recording.
    pub fn of(encoder: &Encoder<f32>, recording: &'a Recording<f32>) -> Self {
        let window = encoder.architecture().window;
        let channels = recording.channels();
        let shape = match window.len() {
            1 => vec![channels],
            len => vec![channels, len],
        };
        let (mut starts, mut len) = (Vec::new(), 0);
        for session in recording.sessions() {
            let windows = (session.len() + 1).saturating_sub(window.len());
            if windows > 0 {
                starts.push((len, session.start));
                len += windows;
            }
        }
        Self {
            recording,
            shape,
            sessions: starts,
            len,
        }
    }

    /// How many windows each session holds, for those that hold some.
    pub fn stretches(&self) -> Vec<usize> {
        let ends = self.sessions.iter().skip(1).map(|(before, _)| *before);
        let ends = ends.chain(std::iter::once(self.len));
        let both = self.sessions.iter().zip(ends);
        both.map(|((before, _), end)| end - before).collect()
    }

    /// Some windows of one session: how many of those from `range.start` on are in it, and its row.
    fn stretch(&self, range: &Range<usize>) -> (usize, usize) {
        let next = self
            .sessions
            .partition_point(|(before, _)| *before <= range.start);
        let (before, row) = self.sessions[next - 1];
        let end = self
            .sessions
            .get(next)
            .map_or(self.len, |(before, _)| *before);
        (end.min(range.end) - range.start, row + range.start - before)
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
        let window = self.shape.get(1).copied().unwrap_or(1);
        let mut shape = vec![range.len()];
        shape.extend(&self.shape);
        let (mut values, mut left) = (Vec::with_capacity(shape.iter().product()), range);
        while !left.is_empty() {
            let (count, row) = self.stretch(&left);
            let rows = self.recording.rows(row..row + count + window - 1);
            for windows in rows.windows((window, rows.ncols())) {
                // channels come before lags
                values.extend(windows.t());
            }
            left.start += count;
        }
        Ok(ArrayD::from_shape_vec(shape, values).expect("whole windows"))
    }
}

/// Times that are embedded between two reports of progress.
const STRETCH: usize = 16_384;
/// Values of a stretch at most: the samples of a file that stays on disk are read for a whole stretch.
const STRETCH_VALUES: usize = 1 << 25;

/// Embeds a recording stretch by stretch, each session by itself, and tells `progress` how many times are
/// done. Gives the time of each row and the embedding (times, outputs).
///
/// With [`Edges::Drop`], sessions shorter than the encoder's window are left out.
///
/// # Errors
/// [`CoreError::Data`] for other channels than the encoder's, and if with [`Edges::Drop`] no session is as long
/// as the window.
pub fn embed_sessions(
    encoder: &Encoder<f32>,
    recording: &Recording<f32>,
    edges: Edges,
    mut progress: impl FnMut(usize),
) -> Result<(Vec<usize>, Array2<f32>), CoreError> {
    let stretches = Stretches::of(encoder, recording, edges)?;
    let total = stretches.times().count();
    let mut embedding = Array2::zeros((total, encoder.architecture().outputs()));
    let mut done = 0;
    for stretch in 0..stretches.count() {
        let rows = stretches.embed(stretch)?;
        let place = Slice::from(done..done + rows.nrows());
        embedding.slice_axis_mut(Axis(0), place).assign(&rows);
        done += rows.nrows();
        progress(done);
    }
    Ok((stretches.times().collect(), embedding))
}

/// A recording in the stretches that are embedded one by one, each within one session.
pub struct Stretches<'a> {
    encoder: &'a Encoder<f32>,
    recording: &'a Recording<f32>,
    /// Times of each, and the session it is in.
    all: Vec<(Range<usize>, &'a Range<usize>)>,
}

impl<'a> Stretches<'a> {
    /// The stretches of a recording.
    ///
    /// # Errors
    /// As [`embed_sessions`].
    pub fn of(
        encoder: &'a Encoder<f32>,
        recording: &'a Recording<f32>,
        edges: Edges,
    ) -> Result<Self, CoreError> {
        let window = encoder.architecture().window;
        let sessions = recording.sessions();
        let stretch = (STRETCH_VALUES / recording.channels()).clamp(1, STRETCH);
        let mut all = Vec::new();
        for session in sessions {
            let wanted = match edges {
                Edges::Pad => session.clone(),
                Edges::Drop => {
                    session.start + window.left..(session.end + 1).saturating_sub(window.right)
                }
            };
            let firsts = wanted.clone().step_by(stretch);
            all.extend(firsts.map(|first| (first..wanted.end.min(first + stretch), session)));
        }
        if all.is_empty() {
            let longest = sessions.iter().map(Range::len).max();
            return Err(CoreError::Data {
                what: "the recording".to_owned(),
                problem: format!(
                    "{} samples for a window of {}",
                    longest.unwrap_or(0),
                    window.len()
                ),
                advice: "pass a longer recording, or pad its edges".to_owned(),
            });
        }
        Ok(Self {
            encoder,
            recording,
            all,
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// The time of each row of the embedding.
    pub fn times(&self) -> impl Iterator<Item = usize> {
        self.all.iter().flat_map(|(times, _)| times.clone())
    }

    /// How many rows a stretch has.
    pub fn rows(&self, stretch: usize) -> usize {
        self.all[stretch].0.len()
    }

    /// The embedding of a stretch (times, outputs).
    ///
    /// # Errors
    /// [`CoreError::Data`] for other channels than the encoder's.
    pub fn embed(&self, stretch: usize) -> Result<Array2<f32>, CoreError> {
        let (times, session) = &self.all[stretch];
        let window = self.encoder.architecture().window;
        // with as many neighbours as the windows reach out; rows are left out that see an end of the
        // stretch where the session goes on
        let from = times.start.saturating_sub(window.left).max(session.start);
        let to = session.end.min(times.end + window.right - 1);
        // a copy only of what has to be scaled or read, and then in the order of the file
        let rows = self.recording.rows(from..to);
        let found = self.encoder.embed(rows.view(), Edges::Pad)?.values;
        let rows = Slice::from(times.start - from..times.end - from);
        Ok(found.slice_axis(Axis(0), rows).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Axis, Slice};
    use xcebra_attr::Samples;
    use xcebra_core::encoder::{Edges, Sizes};
    use xcebra_core::{Architecture, Encoder, EncoderName, Recording, Scaling, Session};
    use xcebra_model::Model;

    use super::{STRETCH, Windows, embed_sessions};

    fn encoder() -> Encoder<f32> {
        let sizes = Sizes {
            units: 4,
            ..Sizes::default()
        };
        let architecture = Architecture::named(EncoderName::Offset10Mse, 3, 2, &sizes);
        Encoder::new(architecture, 0).unwrap()
    }

    fn waves(samples: usize) -> Array2<f32> {
        Array2::from_shape_fn((samples, 3), |(t, c)| ((t * 7 + c) as f32 * 0.1).sin())
    }

    #[test]
    fn stretches_join_without_a_seam() {
        let (encoder, x) = (encoder(), waves(STRETCH + 40));
        let recording = Recording::new(x.view()).unwrap();
        for edges in [Edges::Pad, Edges::Drop] {
            let whole = encoder.embed(x.view(), edges).unwrap();
            let mut done = Vec::new();
            let found = embed_sessions(&encoder, &recording, edges, |n| done.push(n));
            let (times, rows) = found.unwrap();
            assert_eq!((times[0], rows.dim()), (whole.start, whole.values.dim()));
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
        let (encoder, x) = (encoder(), waves(60));
        let recording = Recording::new(x.view()).unwrap();
        let windows = Windows::of(&encoder, &recording);
        assert_eq!((windows.len(), windows.sample_shape()), (51, &[3, 10][..]));
        let by_window = encoder
            .forward(windows.batch(0..51).unwrap().view())
            .unwrap();
        let (times, rows) = embed_sessions(&encoder, &recording, Edges::Drop, |_| ()).unwrap();
        assert_eq!(times[0], 5);
        assert!((&by_window - &rows).iter().all(|d| d.abs() < 1e-5));
        assert!(windows.batch(40..52).is_err());
        let batch = windows.batch(17..20).unwrap();
        assert_eq!(batch[[2, 1, 4]], x[[19 + 4, 1]]);
    }

    #[test]
    fn too_short_a_recording_is_refused() {
        let recording = Recording::new(waves(9).view()).unwrap();
        let short = embed_sessions(&encoder(), &recording, Edges::Drop, |_| ());
        assert!(short.unwrap_err().to_string().contains("window of 10"));
        assert!(embed_sessions(&encoder(), &recording, Edges::Pad, |_| ()).is_ok());
    }

    /// Integers that are scaled when a batch needs them, in sessions that the values do not show.
    #[test]
    fn sessions_are_recordings_of_their_own() {
        let encoder = encoder();
        let values: Vec<i16> = (0..270).map(|i| (i * i % 97) as i16).collect();
        let scaling = Scaling::Standard {
            mean: vec![40.0, 50.0, 60.0],
            scale: vec![30.0, 20.0, 10.0],
        };
        let x = Array2::from_shape_fn((90, 3), |(t, c)| {
            let value = f64::from(values[3 * t + c]);
            ((value - [40.0, 50.0, 60.0][c]) / [30.0, 20.0, 10.0][c]) as f32
        });
        let session = Session::new(values, 3).unwrap().scaled(scaling).unwrap();
        let recording = Recording::<f32>::from_sessions(vec![session]).unwrap();
        let recording = recording.with_sessions(&[30, 5, 55]).unwrap();
        let own = |session: &std::ops::Range<usize>| {
            let x = x.slice_axis(Axis(0), Slice::from(session.clone()));
            Recording::new(x).unwrap()
        };
        let windows = Windows::of(&encoder, &recording);
        assert_eq!(
            (windows.len(), windows.stretches()),
            (21 + 46, vec![21, 46])
        );
        let all = windows.batch(0..67).unwrap();
        let mut first = 0;
        for session in [&recording.sessions()[0], &recording.sessions()[2]] {
            let piece = own(session);
            let alone = Windows::of(&encoder, &piece);
            let same = all.slice_axis(Axis(0), Slice::from(first..first + alone.len()));
            assert_eq!(same, alone.batch(0..alone.len()).unwrap());
            first += alone.len();
        }
        for (edges, kept) in [(Edges::Pad, vec![0, 1, 2]), (Edges::Drop, vec![0, 2])] {
            let (times, rows) = embed_sessions(&encoder, &recording, edges, |_| ()).unwrap();
            let mut at = 0;
            for session in kept.iter().map(|&k| &recording.sessions()[k]) {
                let (own_times, alone) =
                    embed_sessions(&encoder, &own(session), edges, |_| ()).unwrap();
                let same = rows.slice_axis(Axis(0), Slice::from(at..at + alone.nrows()));
                assert_eq!(same, alone);
                assert_eq!(times[at], session.start + own_times[0]);
                at += alone.nrows();
            }
            assert_eq!((at, times.len()), (rows.nrows(), at));
        }
    }
}
