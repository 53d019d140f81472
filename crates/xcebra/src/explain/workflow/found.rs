//! What was found, output by output, signal by signal, domain by domain.

use std::sync::Arc;

use cdig::Attribution;
use cdig::attribution::Evaluations;
use cdig::choose::Concentration;
use ndarray::{ArrayD, ArrayViewD, Axis};

use super::in_domain;
use crate::explain::OrderCurves;

/// One explained output of all signals.
pub struct Row {
    /// What is explained, such as `0`, `2-0` or `predicted`.
    pub output: String,
    /// One entry for each signal.
    pub found: Vec<One>,
}

/// One output of one signal, explained.
pub struct One {
    /// In the order of the domains.
    pub scored: Vec<Scored>,
    /// Attribution of the samples, where it costs nothing more.
    pub in_time: Option<ArrayD<f64>>,
}

/// All outputs of one signal in one domain.
pub struct Explained {
    pub attribution: Attribution<f64>,
    /// Standard errors over several baselines.
    pub standard_error: Option<ArrayD<f64>>,
}

/// One output of one signal in one domain.
pub struct Scored {
    pub all: Arc<Explained>,
    /// Which of the outputs.
    row: usize,
    pub concentration: Concentration,
    /// The share of the change of the output that the coefficient of most absolute attribution carries; none
    /// if the output does not change.
    pub first_share: Option<f64>,
    /// The sum of absolute attributions.
    pub absolute: f64,
    pub curves: Option<OrderCurves>,
}

impl Scored {
    pub fn new(all: Arc<Explained>, row: usize, curves: Option<OrderCurves>) -> Self {
        let found = &all.attribution;
        let attribution = found.attribution.index_axis(Axis(0), row);
        let change = found.value[row] - found.baseline_value[row];
        let first = attribution.iter().copied();
        let first = first.max_by(|a, b| a.abs().total_cmp(&b.abs()));
        Self {
            concentration: Concentration::of(attribution.view()),
            first_share: first.map(|a| a / change).filter(|share| share.is_finite()),
            absolute: attribution.iter().map(|a| a.abs()).sum(),
            all,
            row,
            curves,
        }
    }

    /// Which of the outputs.
    pub fn row(&self) -> usize {
        self.row
    }

    /// Attribution `(…coefficient_shape)`.
    pub fn attribution(&self) -> ArrayViewD<'_, f64> {
        let attribution = &self.all.attribution.attribution;
        attribution.index_axis(Axis(0), self.row)
    }

    /// Standard error of the attribution over several baselines.
    pub fn standard_error(&self) -> Option<ArrayViewD<'_, f64>> {
        let error = self.all.standard_error.as_ref();
        error.map(|error| error.index_axis(Axis(0), self.row))
    }

    /// The output at the signal.
    pub fn value(&self) -> f64 {
        self.all.attribution.value[self.row]
    }

    /// The output at the baseline.
    pub fn baseline_value(&self) -> f64 {
        self.all.attribution.baseline_value[self.row]
    }

    /// The change of the output.
    pub fn change(&self) -> f64 {
        self.value() - self.baseline_value()
    }

    /// The change less the attributions.
    pub fn residual(&self) -> f64 {
        self.all.attribution.residual[self.row]
    }

    /// Its size relative to the change.
    pub fn relative_residual(&self) -> f64 {
        self.all.attribution.relative_residual()[self.row]
    }

    /// Share of the change that is in jumps.
    pub fn jump_share(&self) -> f64 {
        self.all.attribution.jump_share()[self.row]
    }

    /// What the adaptive rule estimates of its error, and the sizes of jumps.
    pub fn error_and_jumps(&self) -> Option<[f64; 2]> {
        let found = self.all.attribution.convergence.as_ref()?;
        Some([found.error_estimate[self.row], found.jumps[self.row]])
    }

    /// Evaluations of the model, of all outputs together.
    pub fn evaluations(&self) -> Evaluations {
        self.all.attribution.evaluations
    }

    /// The attribution of the coefficient that has most of it, positive if it has the sign of the change.
    pub fn first_towards_change(&self) -> f64 {
        let change = self.change().abs();
        self.first_share.map_or(0.0, |share| share * change)
    }
}

/// Domains by falling Gini coefficient of absolute attribution, on average over signals and outputs.
pub fn rank(rows: &[Row]) -> Vec<usize> {
    let first = rows.first().and_then(|row| row.found.first());
    let domains = first.map_or(0, |one| one.scored.len());
    let gini = |domain: usize| -> f64 {
        rows.iter()
            .flat_map(|row| in_domain(&row.found, domain))
            .map(|scored| scored.concentration.gini)
            .sum()
    };
    let mut order: Vec<usize> = (0..domains).collect();
    order.sort_by(|&a, &b| gini(b).total_cmp(&gini(a)));
    order
}
