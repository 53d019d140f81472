//! How well labels can be read from an embedding, on what the training saw and on what it did not.

use std::collections::BTreeSet;

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};
use xcebra_core::{Config, Pieces, Recording};
use xcebra_eval::{LinearRegression, R2Average};
use xcebra_numeric::is_constant;

use crate::retraining::{Probe, RetrainError};

/// Fewer samples say nothing about what is held out.
const FEWEST: usize = 10;

/// R² of a linear map from an embedding to a label, fitted on samples of the training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelR2 {
    /// On these samples.
    pub training: f64,
    /// On samples that the training has not seen, if any were held out.
    pub held_out: Option<f64>,
}

/// Share of samples whose class a linear readout of the embedding names rightly; it is fitted on samples of
/// the training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelAccuracy {
    /// On these samples.
    pub training: f64,
    /// On samples that the training has not seen, if any were held out.
    pub held_out: Option<f64>,
    /// What always naming the most frequent class of the training would give: on samples held out, if
    /// there are some.
    pub chance: f64,
}

/// Which samples of a probe the training has seen.
pub struct Parts {
    training: Vec<usize>,
    held_out: Vec<usize>,
    /// Samples with a window, of the whole recording.
    all: [usize; 2],
}

impl Parts {
    pub fn of(
        probe: &Probe,
        config: &Config,
        recording: &Recording<f32>,
    ) -> Result<Self, RetrainError> {
        let window = config.encoder.architecture(recording.channels()).window;
        let sessions = recording.pieces();
        let v = &config.validation;
        if !v.is_on() {
            return Ok(Self {
                training: (0..probe.centers().len()).collect(),
                held_out: Vec::new(),
                all: [sessions.centers(window)?.len(), 0],
            });
        }
        // samples whose window reaches from one part into the other belong to neither
        let (training, held_out) = sessions.split_where_possible(v.held_out, v.blocks)?;
        let parts = [training.centers(window)?, held_out.centers(window)?];
        let of = |part: &Pieces| {
            let is_in = |t: usize| part.ranges().iter().any(|range| range.contains(&t));
            let centers = probe.centers().iter().enumerate();
            centers
                .filter(|(_, t)| is_in(**t))
                .map(|(i, _)| i)
                .collect()
        };
        Ok(Self {
            training: of(&parts[0]),
            held_out: of(&parts[1]),
            all: parts.map(|part| part.len()),
        })
    }

    /// Samples with a window, held out or not.
    pub fn samples(&self, held_out: bool) -> usize {
        self.all[usize::from(held_out)]
    }
}

/// How well a linear map reads a label (samples, columns): the mean over the columns that vary. None if it
/// is constant in the training.
pub fn r2(embedding: &Array2<f64>, label: &Array2<f64>, parts: &Parts) -> Option<LabelR2> {
    let of = |rows: &[usize]| (embedding.select(Axis(0), rows), label.select(Axis(0), rows));
    let (x, y) = of(&parts.training);
    let model = LinearRegression::fit(&x, &y).ok()?;
    let (held_x, held_y) = of(&parts.held_out);
    Some(LabelR2 {
        training: score(&model, &x, &y)?,
        held_out: (parts.held_out.len() >= FEWEST)
            .then(|| score(&model, &held_x, &held_y))
            .flatten(),
    })
}

/// R² of a linear map from an embedding to a label: the mean over the columns that vary.
pub fn score(model: &LinearRegression, x: &Array2<f64>, y: &Array2<f64>) -> Option<f64> {
    let varies = |c: &usize| !is_constant(y.column(*c).iter().copied(), f64::EPSILON);
    let columns: Vec<usize> = (0..y.ncols()).filter(varies).collect();
    let prediction = model.predict(x).ok()?.select(Axis(1), &columns);
    let truth = y.select(Axis(1), &columns);
    xcebra_eval::r2(&truth, &prediction, R2Average::Uniform).ok()
}

/// How often a linear readout names the class. None if the training has one class only.
pub fn accuracy(embedding: &Array2<f64>, label: &[i64], parts: &Parts) -> Option<LabelAccuracy> {
    let of = |rows: &[usize]| {
        let classes: Vec<i64> = rows.iter().map(|&row| label[row]).collect();
        (embedding.select(Axis(0), rows), classes)
    };
    let (x, y) = of(&parts.training);
    let classes: Vec<i64> = BTreeSet::from_iter(y.iter().copied()).into_iter().collect();
    if classes.len() < 2 {
        return None;
    }
    // least squares onto one indicator a class, and the largest wins
    let is = |(row, class): (usize, usize)| f64::from(u8::from(y[row] == classes[class]));
    let indicators = Array2::from_shape_fn((y.len(), classes.len()), is);
    let model = LinearRegression::fit(&x, &indicators).ok()?;
    let share = |x: &Array2<f64>, y: &[i64]| {
        let scores = model.predict(x).ok()?;
        let named = scores.rows().into_iter().map(|row| {
            let best = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
            best.map(|class| classes[class])
        });
        let right = named
            .zip(y)
            .filter(|(named, truth)| *named == Some(**truth));
        Some(right.count() as f64 / y.len() as f64)
    };
    let count = |y: &[i64], class: i64| y.iter().filter(|&&c| c == class).count();
    let frequent = classes
        .iter()
        .copied()
        .max_by_key(|&class| count(&y, class))?;
    let (held_x, held_y) = of(&parts.held_out);
    let held_out = (held_y.len() >= FEWEST)
        .then(|| share(&held_x, &held_y))
        .flatten();
    let judged = if held_out.is_some() { &held_y } else { &y };
    Some(LabelAccuracy {
        training: share(&x, &y)?,
        held_out,
        chance: count(judged, frequent) as f64 / judged.len() as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(training: std::ops::Range<usize>, held_out: std::ops::Range<usize>) -> Parts {
        Parts {
            all: [training.len(), held_out.len()],
            training: training.collect(),
            held_out: held_out.collect(),
        }
    }

    #[test]
    fn a_relation_that_ends_with_the_training_is_not_found_in_what_is_held_out() {
        let embedding = Array2::from_shape_fn((300, 1), |(t, _)| (0.7 * t as f64).sin());
        let label = Array2::from_shape_fn((300, 1), |(t, _)| match t < 200 {
            true => 3.0 * embedding[[t, 0]] + 1.0,
            false => (1.9 * t as f64).cos(),
        });
        let found = r2(&embedding, &label, &parts(0..200, 200..300)).unwrap();
        // exact but for rounding on one side; a wave of another frequency on the other
        assert!(found.training > 1.0 - 1e-12, "{found:?}");
        assert!(found.held_out.unwrap() < 0.0, "{found:?}");
        let found = r2(&embedding, &label, &parts(0..200, 0..0)).unwrap();
        assert_eq!(found.held_out, None);
    }

    #[test]
    fn a_column_that_is_constant_where_it_is_judged_does_not_count() {
        let embedding = Array2::from_shape_fn((300, 1), |(t, _)| (0.7 * t as f64).sin());
        let label = Array2::from_shape_fn((300, 2), |(t, k)| match (k, t < 200) {
            (1, false) => 7.0,
            _ => embedding[[t, 0]],
        });
        let found = r2(&embedding, &label, &parts(0..200, 200..300)).unwrap();
        assert!(found.held_out.unwrap() > 1.0 - 1e-12, "{found:?}");
    }

    #[test]
    fn classes_are_named_not_measured() {
        // three corners of a triangle, with numbers that are not a linear function of the plane
        let corner = |t: usize| [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)][t % 3];
        let class = |t: usize| [5, -2, 100][t % 3];
        let embedding = Array2::from_shape_fn((300, 2), |(t, k)| {
            let (x, y) = corner(t);
            [x, y][k]
        });
        let label: Vec<i64> = (0..300).map(class).collect();
        let found = accuracy(&embedding, &label, &parts(0..150, 150..300)).unwrap();
        assert_eq!((found.training, found.held_out), (1.0, Some(1.0)));
        assert!((found.chance - 1.0 / 3.0).abs() < 1e-12);
        // an embedding that does not know the class names the most frequent one
        let blind = Array2::from_elem((300, 2), 0.5);
        let label: Vec<i64> = (0..300).map(|t| i64::from(t % 4 == 0)).collect();
        let found = accuracy(&blind, &label, &parts(0..150, 150..300)).unwrap();
        assert_eq!(found.held_out, Some(found.chance));
        assert!(accuracy(&blind, &[3; 300], &parts(0..150, 150..300)).is_none());
    }
}
