//! Interactions between groups of coefficients.
//!
//! Single attributions share out what two groups only do together. These two measures say how much
//! that is.

mod across;
pub(crate) mod switched;

use ndarray::{Array2, Array3, ArrayD, Axis, IxDyn};
use xcebra_model::{Model, Scalar};
use xcebra_numeric::{Rule, ensure_finite as ensure_finite_result};

use crate::error::{CdigError, Result};
use crate::probe::ensure_shape;
pub use across::{GroupsOf, InteractionsAcross, interactions_across};
pub use switched::{Switched, groups_of_axis};

/// Interactions `(outputs, groups, groups)` of the groups of a [`Switched`] model.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Interactions {
    /// Names of the groups.
    pub names: Vec<String>,
    /// Off the diagonal what a pair adds to its parts; on it what a group does alone. Symmetric, in
    /// the unit of the output.
    pub values: Array3<f64>,
    /// Samples whose outputs were computed.
    pub evaluations: usize,
}

/// Interactions by inclusion and exclusion, from values only: with `g(S)` the model where the groups
/// in `S` are the signal's and all others the baseline's,
/// `I(G, H) = g({G, H}) − g({G}) − g({H}) + g(∅)`, and `I(G, G) = g({G}) − g(∅)` on the diagonal.
///
/// 0 for two groups of which the model is a sum. The sum of diagonal and pairs
/// is `F(x) − F(x')` unless three or more groups act together. Costs `1 + m + m(m − 1)/2` values for
/// `m` groups.
///
/// # Errors
/// Whatever model or domain report; [`CdigError::NonFinite`] for values that are not finite.
pub fn interactions<A: Scalar>(switched: &Switched<'_, A>) -> Result<Interactions> {
    let m = switched.names().len();
    let pairs: Vec<(usize, usize)> = (0..m).flat_map(|g| (g..m).map(move |h| (g, h))).collect();
    // row 0 is the empty coalition, then every pair, of which (g, g) is g alone
    let mut corners = Array2::zeros((1 + pairs.len(), m));
    for (row, &(g, h)) in pairs.iter().enumerate() {
        corners[[row + 1, g]] = A::one();
        corners[[row + 1, h]] = A::one();
    }
    let values = checked_values(switched, corners.into_dyn())?;
    let at = |row: usize, o: usize| values[[row, o]] - values[[0, o]];
    let alone: Vec<usize> = (0..pairs.len())
        .filter(|&p| pairs[p].0 == pairs[p].1)
        .map(|p| p + 1)
        .collect();
    let mut found = Array3::zeros((values.ncols(), m, m));
    for o in 0..values.ncols() {
        for (row, &(g, h)) in pairs.iter().enumerate() {
            let together = at(row + 1, o);
            let value = if g == h {
                together
            } else {
                together - at(alone[g], o) - at(alone[h], o)
            };
            found[[o, g, h]] = value;
            found[[o, h, g]] = value;
        }
    }
    ensure_finite_result("an interaction", &found)?;
    Ok(Interactions {
        names: switched.names().to_vec(),
        values: found,
        evaluations: values.nrows(),
    })
}

/// Integrated Hessians of groups (Janizek, Sturmfels, Lee 2021, arXiv 2002.04138): for `G ≠ H`
/// `∫∫ αβ ∂²g/∂u_G∂u_H (αβ u) dα dβ` at `u = 1`, on the diagonal the same plus `∫∫ ∂g/∂u_G (αβ u) dα dβ`,
/// so that every row sums to the group's integrated gradient.
///
/// With `t = αβ` the double integrals are `∫ −t ln t · ∂²g (t) dt` and `∫ −ln t · ∂g (t) dt`, taken by
/// `nodes` Gauss–Legendre nodes in `s`, `t = s⁴`, which tames the logarithm; second derivatives are central differences of the pull-back with half-width
/// `step` (in units of the way from baseline to signal), so the model should be smooth: a `ReLU`
/// network has no second derivative, use [`interactions`] there. Costs `nodes · (2m + 1)`
/// gradients an output.
///
/// # Errors
/// [`CdigError::Parameter`] for no nodes or a step that is not positive; otherwise as
/// [`interactions`].
pub fn integrated_hessians<A: Scalar>(
    switched: &Switched<'_, A>,
    nodes: usize,
    step: f64,
) -> Result<Interactions> {
    if !(step.is_finite() && step > 0.0) {
        return Err(CdigError::parameter(
            "the step of integrated Hessians",
            step,
            "a positive finite number, such as 1e-4 in f64",
        ));
    }
    let nodes = Rule::GaussLegendre(nodes).nodes()?;
    let (m, outputs) = (switched.names().len(), switched.output_dim());
    let mut found = Array3::<f64>::zeros((outputs, m, m));
    for node in &nodes {
        let t = node.position.powi(4);
        let mut points = Array2::from_elem((2 * m + 1, m), A::of(t));
        for g in 0..m {
            points[[2 * g, g]] = A::of(t + step);
            points[[2 * g + 1, g]] = A::of(t - step);
        }
        let points = points.into_dyn();
        let gradients = switched.jacobian(points.view())?;
        ensure_finite("the gradient of the switched model", &gradients)?;
        let gradient = |row: usize, o: usize, h: usize| gradients[[row, o, h]].as_f64();
        // dt = 4s³ ds
        let first = -node.weight * 4.0 * node.position.powi(3) * t.ln();
        let second = first * t;
        for o in 0..outputs {
            for g in 0..m {
                for h in 0..m {
                    let rise = gradient(2 * g, o, h) - gradient(2 * g + 1, o, h);
                    found[[o, g, h]] += second * rise / (2.0 * step);
                }
                found[[o, g, g]] += first * gradient(2 * m, o, g);
            }
        }
    }
    // finite differences leave the two halves unequal by their own error
    let transposed = found.clone().permuted_axes([0, 2, 1]);
    let values = 0.5 * (found + transposed);
    ensure_finite_result("an integrated Hessian", &values)?;
    Ok(Interactions {
        names: switched.names().to_vec(),
        values,
        evaluations: nodes.len() * (2 * m + 1) * outputs,
    })
}

/// Values `(n, outputs)`, finite.
fn checked_values<A: Scalar>(model: &dyn Model<A>, x: ArrayD<A>) -> Result<Array2<f64>> {
    let n = x.len_of(Axis(0));
    let values = model.forward(x.view())?;
    ensure_shape(
        "the model's values",
        values.shape(),
        &[n, model.output_dim()],
    )?;
    ensure_finite("the model's values", &values.view().into_dyn().to_owned())?;
    Ok(values.mapv(A::as_f64))
}

fn ensure_finite<A: Scalar>(what: &str, array: &ndarray::Array<A, IxDyn>) -> Result<()> {
    let advice = "choose another baseline, or a model that is finite where groups are switched off";
    crate::numeric::ensure_finite(what, advice, array, A::is_finite)
}
