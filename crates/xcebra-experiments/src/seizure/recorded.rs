//! A real recording: the seconds of `examples-data/eeg`, and a discharge put into them.

use std::ops::Range;

use ndarray::{Array2, Axis, Slice};
use rand_chacha::ChaCha8Rng;
use xcebra::files::{Source, read};

use super::WINDOW;
use super::signals::{episodes, rhythm};
use crate::case_study::example;
use crate::error::Result;

/// Seconds that networks learn from; the others are held out.
const LEARNED: usize = 56;

/// Electrodes, in the order of the file, with the weight that the discharge has at each: largest at the
/// forehead on both sides, of the other sign behind.
pub(super) const ELECTRODES: [(&str, f64); 14] = [
    ("AF3", 0.8),
    ("F7", 0.6),
    ("F3", 1.0),
    ("FC5", 0.8),
    ("T7", 0.4),
    ("P7", -0.1),
    ("O1", -0.2),
    ("O2", -0.2),
    ("P8", -0.1),
    ("T8", 0.4),
    ("FC6", 0.8),
    ("F4", 1.0),
    ("F8", 0.6),
    ("AF4", 0.8),
];

/// Part of the recording.
pub(super) struct Part {
    /// (time, 14), slow drift taken away, in units of the root mean square of the part that is learned.
    pub(super) x: Array2<f64>,
    /// Lengths of the pieces without interruption.
    pub(super) runs: Vec<usize>,
}

/// The part to learn from and the part that is held out.
pub(super) fn recorded() -> Result<[Part; 2]> {
    let path = example("eeg/eeg.edf");
    let x = read(&Source::new(&path, "0..14"))?.matrix::<f64>()?;
    let shut = read(&Source::new(&path, "eyes shut"))?.vector::<f64>()?;
    let border = LEARNED * WINDOW;
    let part = |range: Range<usize>| {
        // seconds in which the eyes opened or shut are missing
        let runs: Vec<usize> = shut.to_vec()[range.clone()]
            .chunk_by(|a, b| a == b)
            .map(<[f64]>::len)
            .collect();
        let x = x.slice_axis(Axis(0), Slice::from(range)).to_owned();
        Part {
            x: without_drift(&x, &runs),
            runs,
        }
    };
    let mut parts = [part(0..border), part(border..x.nrows())];
    let squares = parts[0].x.iter().map(|v| v * v).sum::<f64>();
    let size = (squares / parts[0].x.len() as f64).sqrt();
    parts.iter_mut().for_each(|p| p.x /= size);
    Ok(parts)
}

/// Each sample less the mean of the second around it, as far as its run reaches.
fn without_drift(x: &Array2<f64>, runs: &[usize]) -> Array2<f64> {
    let mut out = x.clone();
    let mut start = 0;
    for length in runs {
        for t in start..start + length {
            let first = t.saturating_sub(WINDOW / 2).max(start);
            let end = (t + WINDOW / 2).min(start + length);
            let around = x.slice_axis(Axis(0), Slice::from(first..end));
            let mean = around.sum_axis(Axis(0)) / (end - first) as f64;
            let mut row = out.row_mut(t);
            row -= &mean;
        }
        start += length;
    }
    out
}

/// What is put into a recording.
pub(super) struct Discharge {
    /// Whether it is on at each sample.
    pub(super) on: Vec<f64>,
    /// Its course, 0 where it is off.
    pub(super) course: Vec<f64>,
}

impl Discharge {
    /// In episodes of two to five seconds.
    pub(super) fn in_episodes(time: usize, rng: &mut ChaCha8Rng) -> Self {
        Self::new(episodes(time, rng), rng)
    }

    /// All along.
    pub(super) fn throughout(time: usize, rng: &mut ChaCha8Rng) -> Self {
        Self::new(vec![1.0; time], rng)
    }

    fn new(on: Vec<f64>, rng: &mut ChaCha8Rng) -> Self {
        let course = rhythm(&on, rng);
        Self { on, course }
    }

    /// The recording (time, 14) with it, `size` times its root mean square where the weight is 1.
    pub(super) fn put_into(&self, x: &Array2<f64>, size: f64) -> Array2<f64> {
        Array2::from_shape_fn(x.dim(), |(t, channel)| {
            x[[t, channel]] + size * ELECTRODES[channel].1 * self.course[t]
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use rand::SeedableRng;
    use xcebra::files::DataFile;

    use super::*;

    #[test]
    fn the_file_has_the_electrodes_in_this_order() {
        let mut file = DataFile::open(&example("eeg/eeg.edf")).unwrap();
        let names: Vec<String> = file.arrays().unwrap().into_iter().map(|a| a.name).collect();
        assert_eq!(names[..14], ELECTRODES.map(|(name, _)| name.to_owned()));
        assert_eq!(names[14], "eyes shut");
    }

    #[test]
    fn parts_are_whole_seconds_without_level() {
        let [learned, held_out] = recorded().unwrap();
        assert_eq!(learned.x.dim(), (56 * WINDOW, 14));
        assert_eq!(held_out.x.dim(), (42 * WINDOW, 14));
        for part in [&learned, &held_out] {
            assert_eq!(part.runs.iter().sum::<usize>(), part.x.nrows());
            assert!(part.runs.iter().all(|run| run % WINDOW == 0));
        }
        let mean_square = learned.x.mapv(|v| v * v).mean().unwrap();
        assert!((mean_square - 1.0).abs() < 1e-12);
        // the file's numbers lie about 4,000 microvolts; what is left of that is rounding and drift
        assert!(learned.x.mean().unwrap().abs() < 0.02);
    }

    #[test]
    fn a_level_and_a_straight_line_are_taken_away_within_a_run() {
        let runs = [3 * WINDOW, WINDOW];
        let x = Array2::from_shape_fn((4 * WINDOW, 1), |(t, _)| match t < 3 * WINDOW {
            true => 100.0 + t as f64,
            false => -7.0,
        });
        let out = without_drift(&x, &runs);
        // a second from t − 64 to t + 63 has its mean half a sample before t
        for t in WINDOW / 2..3 * WINDOW - WINDOW / 2 {
            assert!((out[[t, 0]] - 0.5).abs() < 1e-9, "{t}");
        }
        assert!(out.column(0).iter().skip(3 * WINDOW).all(|v| *v == 0.0));
    }

    #[test]
    fn the_discharge_is_added_by_its_weights() {
        let discharge = Discharge {
            on: vec![1.0, 0.0],
            course: vec![2.0, 0.0],
        };
        let x = Array2::from_elem((2, 14), 1.0);
        let out = discharge.put_into(&x, 3.0);
        assert_eq!(out.row(1), Array2::from_elem((1, 14), 1.0).row(0));
        // F3 has the weight 1, O1 −0.2
        let found = array![out[[0, 2]], out[[0, 6]]];
        assert!((found - array![7.0, -0.2]).iter().all(|d| d.abs() < 1e-12));
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let drawn = Discharge::in_episodes(2000, &mut rng);
        for (on, v) in drawn.on.iter().zip(&drawn.course) {
            assert!(*on == 1.0 || *v == 0.0);
        }
        assert!(
            Discharge::throughout(9, &mut rng)
                .on
                .iter()
                .all(|v| *v == 1.0)
        );
    }
}
