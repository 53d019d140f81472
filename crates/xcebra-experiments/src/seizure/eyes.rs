//! Eyes that move: a real cause in the real recording, and two electrodes that say when.
//!
//! Eye movements and blinks are largest at the electrodes above the eyes, AF3 and AF4. The network does not
//! see these two; it learns their mean from the other twelve. No single component of the twelve is the eyes, so
//! that the answer is what each of them contributes by least squares. Asked at the largest movements, the
//! attribution should give each component that.

use ndarray::{Array2, ArrayView1, Axis};
use serde::Serialize;
use xcebra::cdig::Time;
use xcebra::cdig::domains::Basis;
use xcebra::core::Encoder;
use xcebra::eval::pearson;
use xcebra::report::Picture;

use super::components::{Named, components, largest, most_alike, window};
use super::group::bars;
use super::recorded::Part;
use super::{WINDOW, lesson};
use crate::case_study::{Areas, CaseScale, Faithfulness, explain, predict, share};
use crate::error::Result;

/// Positions of AF3 and AF4.
const ABOVE_THE_EYES: [usize; 2] = [0, 13];
/// Movements of at least this many standard deviations of what was learned are explained.
const LEAST: f64 = 2.0;
/// The number of samples from one predicted window to the next, for the correlation.
const STRIDE: usize = 8;

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Eyes {
    /// Correlation of the two electrodes with what the network makes of the others, on held-out seconds.
    pub correlation: f64,
    /// Components, as many as electrodes that the network sees.
    pub components: usize,
    /// Correlation of the two with the independent component that is most like them.
    pub separation: f64,
    /// Correlation of the two with the best sum of components.
    pub together: f64,
    /// Movements that were explained.
    pub windows: usize,
    /// Those in which the component most like the two has most of the attribution.
    pub single_named: Option<f64>,
    /// Those in which the component that contributes most by least squares has.
    pub component_named: Option<f64>,
    /// Correlation of attribution with contribution, over components and movements.
    pub contribution_correlation: f64,
    /// Faithfulness of components over time, and of channels over time.
    pub faithfulness: Vec<Areas>,
}

impl Eyes {
    /// Trains on the first part and explains movements of the second; the picture shows the largest.
    pub(super) fn of(parts: &[Part; 2], scale: CaseScale) -> Result<(Self, Vec<Picture>)> {
        let [learned, held_out] = parts;
        let (mut target, mut course) = (above(&learned.x), above(&held_out.x));
        let square = target.iter().map(|v| v * v).sum::<f64>() / target.len() as f64;
        target.iter_mut().for_each(|v| *v /= square.sqrt());
        course.iter_mut().for_each(|v| *v /= square.sqrt());
        let (seen, x) = (others(&learned.x), others(&held_out.x));
        let target = Array2::from_shape_vec((target.len(), 1), target).expect("one column");
        let encoder = lesson(scale).train(&seen.mapv(|v| v as f32), &learned.runs, target)?;

        let channels = x.ncols();
        let ica = components(&x)?;
        let (component, separation) = most_alike(&ica, &x, &course)?;
        let time = Time::new(&[channels, WINDOW])?;
        let contributions = Contributions::of(&ica, &x, &course);
        let mut named = Named::new(component);
        let (mut attributed, mut contributed, mut hits) = (Vec::new(), Vec::new(), 0);
        let mut faithfulness = Faithfulness::of_changes(scale.pick(0.0, 0.5));
        let mut pictures = Vec::new();
        let mut moments = moments(&course, &held_out.runs, LEAST);
        moments.truncate(scale.pick(3, usize::MAX));
        for (i, moment) in moments.into_iter().enumerate() {
            let signal = window(&x, moment - WINDOW / 2);
            let found = explain(&encoder, &[&ica, &time], [0], &signal)?;
            faithfulness.add(&encoder, [&ica, &time], &found, i as u64)?;
            let sums = named.add(&found[0]);
            let parts = contributions.at(moment);
            hits += usize::from(largest(&sums) == largest(&parts));
            if pictures.is_empty() {
                pictures.push(Picture::new(
                    "eyes-components",
                    bars(&sums, (largest(&parts), "eyes:")).draw(),
                    "",
                ));
            }
            attributed.extend(sums);
            contributed.extend(parts);
        }
        pictures.extend(faithfulness.pictures("eyes-", "components"));
        let eyes = Self {
            correlation: correlation(&encoder, &x, &course, &held_out.runs)?,
            components: channels,
            separation,
            together: contributions.correlation,
            windows: named.windows(),
            single_named: named.rate(),
            component_named: share(hits, named.windows()),
            contribution_correlation: pearson(&attributed, &contributed)?,
            faithfulness: faithfulness.areas("components over time", "channels over time")?,
        };
        Ok((eyes, pictures))
    }
}

/// What components contribute to a course by least squares.
struct Contributions {
    /// (time, components).
    parts: Array2<f64>,
    /// Of their sum with the course.
    correlation: f64,
}

impl Contributions {
    /// Components of a recording (time, channels) are uncorrelated and of variance 1 in it, so that the
    /// coefficients of least squares are covariances.
    fn of(ica: &Basis, x: &Array2<f64>, course: &[f64]) -> Self {
        let time = course.len() as f64;
        let course = ArrayView1::from(course);
        let course = &course - course.sum() / time;
        let mut parts = x.dot(&ica.unmixing().t());
        for mut part in parts.columns_mut() {
            part -= part.sum() / time;
            part *= part.dot(&course) / time;
        }
        let explained = parts.sum_axis(Axis(1)).dot(&course) / course.dot(&course);
        Self {
            parts,
            correlation: explained.max(0.0).sqrt(),
        }
    }

    fn at(&self, t: usize) -> Vec<f64> {
        self.parts.row(t).to_vec()
    }
}

/// The mean of the two electrodes above the eyes.
fn above(x: &Array2<f64>) -> Vec<f64> {
    let [left, right] = ABOVE_THE_EYES.map(|i| x.column(i));
    left.iter().zip(right).map(|(l, r)| (l + r) / 2.0).collect()
}

/// The other electrodes.
fn others(x: &Array2<f64>) -> Array2<f64> {
    let kept: Vec<usize> = (0..x.ncols())
        .filter(|i| !ABOVE_THE_EYES.contains(i))
        .collect();
    x.select(Axis(1), &kept)
}

/// Middles of windows within runs, of which the network is asked for the sample in the middle.
fn middles(runs: &[usize]) -> Vec<usize> {
    let mut start = 0;
    let mut all = Vec::new();
    for run in runs {
        let end = (start + run + 1).saturating_sub(WINDOW / 2);
        all.extend(start + WINDOW / 2..end);
        start += run;
    }
    all
}

/// Moments at which a course is at least so large, a window apart, the largest first.
fn moments(course: &[f64], runs: &[usize], least: f64) -> Vec<usize> {
    let mut candidates = middles(runs);
    candidates.retain(|&t| course[t].abs() >= least);
    candidates.sort_by(|&a, &b| course[b].abs().total_cmp(&course[a].abs()));
    let mut chosen: Vec<usize> = Vec::new();
    for t in candidates {
        if chosen.iter().all(|c| t.abs_diff(*c) >= WINDOW) {
            chosen.push(t);
        }
    }
    chosen
}

fn correlation(
    encoder: &Encoder<f64>,
    x: &Array2<f64>,
    course: &[f64],
    runs: &[usize],
) -> Result<f64> {
    let (mut predicted, mut true_ones) = (Vec::new(), Vec::new());
    for middle in middles(runs).into_iter().step_by(STRIDE) {
        predicted.push(predict(encoder, &window(x, middle - WINDOW / 2))?[0]);
        true_ones.push(course[middle]);
    }
    Ok(pearson(&predicted, &true_ones)?)
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn the_two_electrodes_are_kept_apart() {
        let x = Array2::from_shape_fn((2, 14), |(t, c)| (100 * t + c) as f64);
        assert_eq!(above(&x), [6.5, 106.5]);
        let others = others(&x);
        assert_eq!(others.ncols(), 12);
        assert_eq!((others[[0, 0]], others[[0, 11]]), (1.0, 12.0));
    }

    #[test]
    fn contributions_are_those_of_least_squares() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let sources = Array2::from_shape_simple_fn((20 * WINDOW, 2), || rng.gen_range(-1.0..1.0));
        let x = sources.dot(&array![[1.0, 0.5], [-0.4, 1.0]]);
        // a sum of the channels, which the components therefore give without remainder
        let course: Vec<f64> = x.rows().into_iter().map(|r| 2.0 * r[0] - r[1]).collect();
        let ica = components(&x).unwrap();
        let found = Contributions::of(&ica, &x, &course);
        assert!((found.correlation - 1.0).abs() < 1e-9);
        let mean = course.iter().sum::<f64>() / course.len() as f64;
        for t in [0, 77, 2000] {
            let sum: f64 = found.at(t).iter().sum();
            assert!((sum - (course[t] - mean)).abs() < 1e-9);
        }
    }

    #[test]
    fn windows_stay_within_runs() {
        // of two windows and of one
        let all = middles(&[2 * WINDOW, WINDOW]);
        let expected: Vec<usize> = (64..=192).chain([256 + 64]).collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn moments_are_large_and_a_window_apart() {
        let mut course = vec![0.1; 5 * WINDOW];
        course[100] = -3.0;
        course[150] = 2.5;
        course[400] = 2.0;
        // nearer to the end than half a window
        course[5 * WINDOW - 10] = 9.0;
        assert_eq!(moments(&course, &[5 * WINDOW], 2.0), [100, 400]);
    }
}
