//! The integral along the path, by nodes that are fixed or chosen on the way.
//!
//! Sums over path points are in double precision whatever the model computes in, in an order that
//! depends neither on the number of threads nor on the batch size.

use ndarray::{Array1, ArrayD, ArrayView1};
use rayon::prelude::*;
use xcebra_model::Scalar;
use xcebra_numeric::{Node, Rule, ensure_finite};

use crate::attribution::Convergence;
use crate::error::Result;
use crate::integrand::{Integrand, batch_shape};
use crate::probe::Probe;
use crate::progress::Tracker;
use crate::quadrature::{Answers, FEWEST, Mesh, Place, ROUNDINGS, Sketch};

/// Entries of a sum handed to one thread at a time.
const CHUNK: usize = 8192;
/// Bytes of integrands that the adaptive rule keeps; others are computed again when their weights
/// are known.
const KEPT: usize = 256 << 20;

/// How the points of a path are taken.
pub(crate) struct Plan {
    pub(crate) rule: Rule,
    /// Nodes of a fixed rule on one piece.
    pub(crate) nodes: Vec<Node>,
    /// Path points that go through the model together.
    pub(crate) batch: usize,
    /// Relative precision of the model's arithmetic.
    pub(crate) precision: f64,
}

/// An integral `(rows, …entry_shape)`, and what the adaptive rule knows about it.
pub(crate) struct Integral {
    pub(crate) sum: ArrayD<f64>,
    /// What rounding may make of the change of each output less its sum.
    pub(crate) rounding: Array1<f64>,
    pub(crate) convergence: Option<Convergence>,
}

impl Plan {
    pub(crate) fn new(rule: Rule, batch: usize, precision: f64) -> Result<Self> {
        let nodes = match rule {
            Rule::Adaptive { .. } => rule.check().map(|()| Vec::new())?,
            _ => rule.nodes()?,
        };
        Ok(Self {
            rule,
            nodes,
            batch,
            precision,
        })
    }

    /// The largest number of points on a path with this number of pieces.
    pub(crate) fn points(&self, pieces: usize) -> usize {
        match self.rule {
            Rule::Adaptive { budget, .. } => budget.max(FEWEST * pieces),
            _ => pieces * self.nodes.len(),
        }
    }

    /// The largest rounding error of a sum of this many terms, relative to their size.
    pub(crate) fn rounding(&self, terms: usize) -> f64 {
        ROUNDINGS.max((terms as f64).sqrt()) * self.precision
    }

    pub(crate) fn integrate<A: Scalar>(
        &self,
        probe: &mut Probe<'_, A>,
        integrand: &Integrand<'_, A>,
        tracker: &Tracker<'_>,
    ) -> Result<Integral> {
        match self.rule {
            Rule::Adaptive { tolerance, .. } => self.adaptive(probe, integrand, tracker, tolerance),
            _ => self.fixed(probe, integrand, tracker),
        }
    }

    fn fixed<A: Scalar>(
        &self,
        probe: &mut Probe<'_, A>,
        integrand: &Integrand<'_, A>,
        tracker: &Tracker<'_>,
    ) -> Result<Integral> {
        let mut sum = Sum::new(probe.rows(), integrand.entry_shape());
        let mut sizes = Array1::<f64>::zeros(probe.rows());
        let steps: Vec<(Place, f64)> = (0..integrand.pieces())
            .flat_map(|piece| {
                let step = move |node: &Node| ((piece, node.position), node.weight);
                self.nodes.iter().map(step)
            })
            .collect();
        for steps in steps.chunks(self.batch) {
            let (places, weights): (Vec<Place>, Vec<f64>) = steps.iter().copied().unzip();
            let sampled = integrand.at(probe, &places, false)?;
            sum.add(places.len(), |i, _| weights[i], &sampled.terms);
            let rows = sampled.sizes.chunks(probe.rows()).zip(&weights);
            for (row, weight) in rows {
                sizes
                    .iter_mut()
                    .zip(row)
                    .for_each(|(s, size)| *s += weight * size);
            }
            tracker.advance(places.len())?;
        }
        // once for the integral, once for the values at the two ends, of which nothing else is known
        let rounding = 2.0 * self.rounding(integrand.entries());
        Ok(Integral {
            sum: sum.finish(),
            rounding: sizes * rounding,
            convergence: None,
        })
    }

    fn adaptive<A: Scalar>(
        &self,
        probe: &mut Probe<'_, A>,
        integrand: &Integrand<'_, A>,
        tracker: &Tracker<'_>,
        tolerance: f64,
    ) -> Result<Integral> {
        let rows = probe.rows();
        let entries = integrand.entries().max(1);
        let most = (KEPT / (size_of::<f64>() * rows * entries).max(1)).max(self.batch);
        let most_points = self.points(integrand.pieces());
        let sketch = Sketch::new(entries);
        let wanted = (tolerance, most_points);
        let precision = (self.precision, self.rounding(entries));
        let mut mesh = Mesh::new(rows, integrand.pieces(), sketch, wanted, precision);
        let mut kept = Vec::new();
        loop {
            let places = mesh.ask();
            if places.is_empty() {
                break;
            }
            let mut answers = Answers::default();
            for places in places.chunks(self.batch) {
                let sampled = integrand.at(probe, places, true)?;
                let values = sampled.values.expect("they were asked for");
                answers.values.extend(values);
                answers.sizes.extend(&sampled.sizes);
                let first = answers.slopes.len();
                for terms in sampled.terms.chunks(entries) {
                    let shares = || integrand.shares(terms);
                    answers.slopes.push(shares().sum());
                    sketch.push(shares(), &mut answers.sketches);
                }
                let slopes = ArrayView1::from(&answers.slopes[first..]);
                ensure_finite("the slope of the output along the path", &slopes)?;
                let room = (most - kept.len() / (rows * entries)).min(places.len());
                kept.extend_from_slice(&sampled.terms[..room * rows * entries]);
                tracker.advance(places.len())?;
            }
            mesh.tell(&places, &answers);
        }
        let outcome = mesh.finish();
        let places = mesh.places();
        tracker.give_back(most_points - places.len());

        let weight = |i: usize, row: usize| outcome.weights[i * rows + row];
        let mut sum = Sum::new(rows, integrand.entry_shape());
        let first = kept.len() / (rows * entries);
        sum.add(first, weight, &kept);
        drop(kept);
        for (batch, again) in places[first..].chunks(self.batch).enumerate() {
            let sampled = integrand.at(probe, again, false)?;
            let offset = first + batch * self.batch;
            sum.add(
                again.len(),
                |i, row| weight(offset + i, row),
                &sampled.terms,
            );
        }
        Ok(Integral {
            sum: sum.finish(),
            rounding: Array1::from(outcome.rounding),
            convergence: Some(Convergence {
                error_estimate: Array1::from(outcome.error_estimate),
                quadrature_residual: Array1::from(outcome.quadrature_residual),
                jumps: Array1::from(outcome.jumps),
                tolerance_met: outcome.tolerance_met,
                points: places.len(),
            }),
        })
    }
}

/// A weighted sum of integrands.
struct Sum {
    shape: Vec<usize>,
    entries: usize,
    sum: Vec<f64>,
}

impl Sum {
    fn new(rows: usize, entry_shape: &[usize]) -> Self {
        let entries = entry_shape.iter().product();
        Self {
            shape: batch_shape(rows, entry_shape),
            entries,
            sum: vec![0.0; rows * entries],
        }
    }

    /// Adds `Σ_i weight(i, row) terms[i, row]` to every row, `n` points in their order.
    fn add(&mut self, n: usize, weight: impl Fn(usize, usize) -> f64 + Sync, terms: &[f64]) {
        let (entries, all) = (self.entries, self.sum.len());
        self.sum
            .par_chunks_mut(CHUNK)
            .enumerate()
            .for_each(|(chunk, sum)| {
                for i in 0..n {
                    let first = chunk * CHUNK;
                    let terms = &terms[i * all + first..][..sum.len()];
                    for (j, (sum, term)) in sum.iter_mut().zip(terms).enumerate() {
                        *sum += weight(i, (first + j) / entries) * term;
                    }
                }
            });
    }

    fn finish(self) -> ArrayD<f64> {
        ArrayD::from_shape_vec(self.shape, self.sum).expect("one value an entry")
    }
}
