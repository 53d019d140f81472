//! The integral along the path: two routes to the same numbers.
//!
//! Sums over path points are in double precision whatever the model computes in, in the order of
//! the points, so that the result depends neither on the number of threads nor on the batch size.

use ndarray::{ArrayD, Axis, IxDyn};
use num_complex::Complex;
use rayon::prelude::*;
use xcebra_model::Scalar;

use crate::domain::Domain;
use crate::error::{CdigError, Result};
use crate::numeric::{inner, is_finite};
use crate::path::BoundPath;
use crate::probe::{Probe, ensure_shape};
use crate::progress::Tracker;
use crate::quadrature::Node;

/// Entries of a sum handed to one thread at a time.
const CHUNK: usize = 8192;

/// How the points of a path are taken.
pub(crate) struct Plan<'a> {
    /// The rule on one piece.
    pub(crate) nodes: &'a [Node],
    /// Path points that go through the model together.
    pub(crate) batch: usize,
}

/// Path mean of the gradient of each output in signal space, `(outputs, …signal)`, on the straight
/// path from `baseline` to `signal`: all that any domain with an affine inverse needs.
pub(crate) fn mean_gradient<A: Scalar>(
    probe: &mut Probe<'_, A>,
    baseline: &ArrayD<A>,
    signal: &ArrayD<A>,
    plan: &Plan<'_>,
    tracker: &mut Tracker<'_>,
) -> Result<ArrayD<f64>> {
    let change = signal - baseline;
    let outputs = probe.outputs.len();
    let entries = outputs * signal.len();
    let mut sum = vec![0.0; entries];
    for nodes in plan.nodes.chunks(plan.batch) {
        let mut points = ArrayD::zeros(batch_shape(nodes.len(), signal.shape()));
        for (mut point, node) in points.outer_iter_mut().zip(nodes) {
            point.assign(baseline);
            point.scaled_add(A::of(node.position), &change);
        }
        let gradients = probe.gradients(&points.view(), |i| nodes[i].position)?;
        let gradients = gradients.as_slice().expect("standard layout");
        let weights: Vec<f64> = nodes.iter().map(|node| node.weight).collect();
        add_weighted(&mut sum, &weights, |i, entry| {
            gradients[i * entries + entry].as_f64()
        });
        tracker.advance(nodes.len())?;
    }
    Ok(
        ArrayD::from_shape_vec(batch_shape(outputs, signal.shape()), sum)
            .expect("one value an entry"),
    )
}

/// Attribution `(outputs, …coefficients)` from a path-mean gradient: `Re(conj(Aᵀg) dz)` with `Aᵀ`
/// the adjoint of the affine inverse.
pub(crate) fn attribute_affine<A: Scalar>(
    domain: &dyn Domain<A>,
    gradient: &ArrayD<f64>,
    start: &ArrayD<Complex<A>>,
    end: &ArrayD<Complex<A>>,
) -> Result<ArrayD<f64>> {
    let outputs = gradient.shape()[0];
    let shape = batch_shape(outputs, start.shape());
    let gradient = gradient.mapv(A::of);
    let points = start.broadcast(IxDyn(&shape)).expect("one row for all");
    let pulled = domain.inverse_vjp(points, gradient.view())?;
    ensure_shape("the domain's inverse_vjp", pulled.shape(), &shape)?;
    let change = end - start;
    let mut attribution = ArrayD::zeros(shape);
    for (mut to, pulled) in attribution.outer_iter_mut().zip(pulled.outer_iter()) {
        ndarray::Zip::from(&mut to)
            .and(&pulled)
            .and(&change)
            .for_each(|to, &g, &dz| *to = inner(g, dz));
    }
    Ok(attribution)
}

/// Attribution `(outputs, …coefficients)` along any path in any domain:
/// `∫ Re(conj(∂/∂a + i ∂/∂b) F · γ') dα`, entry by entry.
pub(crate) fn attribute_path<A: Scalar>(
    probe: &mut Probe<'_, A>,
    domain: &dyn Domain<A>,
    path: &BoundPath<'_, A>,
    plan: &Plan<'_>,
    tracker: &mut Tracker<'_>,
) -> Result<ArrayD<f64>> {
    let outputs = probe.outputs.len();
    let shape = domain.coefficient_shape();
    let entries: usize = shape.iter().product();
    let mut sums = vec![vec![0.0; entries]; outputs];
    let pieces = path.pieces();
    let steps: Vec<(usize, Node)> = (0..pieces)
        .flat_map(|piece| plan.nodes.iter().map(move |&node| (piece, node)))
        .collect();
    for steps in steps.chunks(plan.batch) {
        let position = |i: usize| {
            let (piece, node) = &steps[i];
            (*piece as f64 + node.position) / pieces as f64
        };
        let mut points = ArrayD::from_elem(batch_shape(steps.len(), shape), zero());
        let mut derivatives = points.clone();
        for (i, (piece, node)) in steps.iter().enumerate() {
            let at = path.at(*piece, node.position)?;
            points.index_axis_mut(Axis(0), i).assign(&at.point);
            derivatives
                .index_axis_mut(Axis(0), i)
                .assign(&at.derivative);
        }
        let what = "the domain's inverse";
        let signals = domain.inverse(points.view())?;
        let expected = batch_shape(steps.len(), domain.signal_shape());
        ensure_shape(what, signals.shape(), &expected)?;
        ensure_finite_rows(what, &signals, |x| x.is_finite(), position)?;
        let gradients = probe.gradients(&signals.view(), position)?;

        let what = "the domain's inverse_vjp";
        let derivatives = derivatives.as_slice().expect("standard layout");
        let weights: Vec<f64> = steps.iter().map(|(_, node)| node.weight).collect();
        for (output, sum) in sums.iter_mut().enumerate() {
            let cotangent = gradients.index_axis(Axis(1), output);
            let pulled = domain.inverse_vjp(points.view(), cotangent)?;
            ensure_shape(what, pulled.shape(), points.shape())?;
            ensure_finite_rows(what, &pulled, |z| is_finite(*z), position)?;
            let pulled = pulled.as_standard_layout();
            let pulled = pulled.as_slice().expect("standard layout");
            add_weighted(sum, &weights, |i, entry| {
                let at = i * entries + entry;
                inner(pulled[at], derivatives[at])
            });
        }
        tracker.advance(steps.len())?;
    }
    Ok(
        ArrayD::from_shape_vec(batch_shape(outputs, shape), sums.concat())
            .expect("one value an entry"),
    )
}

/// Adds `Σ_i weight_i term(i, entry)` to every entry.
fn add_weighted(
    sum: &mut [f64],
    weights: &[f64],
    term: impl Fn(usize, usize) -> f64 + Send + Sync,
) {
    sum.par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(chunk, sum)| {
            for (i, weight) in weights.iter().enumerate() {
                for (j, sum) in sum.iter_mut().enumerate() {
                    *sum += weight * term(i, chunk * CHUNK + j);
                }
            }
        });
}

fn ensure_finite_rows<T>(
    what: &str,
    rows: &ArrayD<T>,
    is_finite: impl Fn(&T) -> bool,
    position: impl Fn(usize) -> f64,
) -> Result<()> {
    let wrong = rows
        .outer_iter()
        .position(|row| !row.iter().all(&is_finite));
    match wrong {
        None => Ok(()),
        Some(i) => Err(CdigError::NonFinitePath {
            what: what.to_owned(),
            position: position(i),
        }),
    }
}

fn batch_shape(n: usize, item: &[usize]) -> Vec<usize> {
    let mut shape = vec![n];
    shape.extend_from_slice(item);
    shape
}

fn zero<A: Scalar>() -> Complex<A> {
    Complex::new(A::zero(), A::zero())
}
