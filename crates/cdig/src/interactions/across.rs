//! Interactions between groups of two domains.

use ndarray::{Array2, Array3, ArrayD, ArrayView, Axis, Dimension, IxDyn, concatenate};
use xcebra_model::{Model, Scalar};
use xcebra_numeric::ensure_finite as ensure_finite_result;

use super::switched::{assign, ensure_input_shape};
use crate::axes::Group;
use crate::domain::Domain;
use crate::ends::Ends;
use crate::error::Result;
use crate::numeric::ensure_finite;
use crate::probe::ensure_shape;

/// A domain, and groups of flat (row-major) indices of its coefficients; what no group holds becomes one
/// more, `other`. [`groups_of_axis`](crate::interactions::groups_of_axis) lists those of one axis.
pub type GroupsOf<'a, A> = (&'a dyn Domain<A>, &'a [Group]);

/// What groups of two domains hold in common or only do together.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InteractionsAcross {
    /// Names of the groups of the first and of the second domain.
    pub names: [Vec<String>; 2],
    /// What the output loses without a group, `f(x) − f(x∖G)`, `(outputs, groups)` of each domain.
    pub alone: [Array2<f64>; 2],
    /// `f(x) − f(x∖G) − f(x∖H) + f(x∖GH)`, `(outputs, groups of the first, groups of the second)`.
    pub values: Array3<f64>,
    /// Samples whose outputs were computed.
    pub evaluations: usize,
}

/// Interactions between groups of two domains, such as *band × time window*, by inclusion and exclusion,
/// from values only.
///
/// `x∖G` is the signal with the coefficients of group `G` at the baseline's values. A group of another domain
/// is not a separate part of the signal: the two overlap. `x∖GH` therefore removes `H` from the signal
/// without `G`, and `f(x∖GH)` is the mean over both orders, which matters where the two removals
/// do not commute. Then
/// `I(G, H) = f(x) − f(x∖G) − f(x∖H) + f(x∖GH)`
/// is what `G` and `H` share or only do together. For a linear model it is the effect of the signal's part that
/// is in both. It is 0 if the model is a sum of functions of different parts, and the whole effect of the
/// group if `G` and `H` are the same. Costs `1 + m + k + 2mk` values.
///
/// # Errors
/// [`CdigError`](crate::CdigError)`::Shape` for signals or domains of other shapes than the model's, `::Parameter`
/// for groups that are not a partition, `::RoundTrip` for a domain that does not give the signal back;
/// the errors of the model and of the domain.
pub fn interactions_across<A: Scalar, D: Dimension, E: Dimension>(
    model: &dyn Model<A>,
    first: GroupsOf<'_, A>,
    second: GroupsOf<'_, A>,
    baseline: ArrayView<'_, A, E>,
    signal: ArrayView<'_, A, D>,
) -> Result<InteractionsAcross> {
    ensure_input_shape(
        model.input_shape(),
        &[
            ("the signal", signal.shape()),
            ("the baseline", baseline.shape()),
            ("a signal of the first domain", first.0.signal_shape()),
            ("a signal of the second domain", second.0.signal_shape()),
        ],
    )?;
    let (baseline, signal) = (baseline.into_dyn().to_owned(), signal.into_dyn().to_owned());
    let first = Removal::new(first, &baseline, &signal)?;
    let second = Removal::new(second, &baseline, &signal)?;

    let whole = signal.insert_axis(Axis(0));
    let (without_first, without_second) = (first.each(&whole)?, second.each(&whole)?);
    // (first, second) and (second, first)
    let (one_order, other_order) = (second.each(&without_first)?, first.each(&without_second)?);
    let views = [
        &whole,
        &without_first,
        &without_second,
        &one_order,
        &other_order,
    ];
    let all = concatenate(Axis(0), &views.map(|v| v.view())).expect("one shape");
    let values = model.forward(all.view())?;
    let (n, outputs) = (all.len_of(Axis(0)), model.output_dim());
    ensure_shape("the model's values", values.shape(), &[n, outputs])?;
    let advice = "choose another baseline, or a model that is finite where groups are taken away";
    ensure_finite("the model's values", advice, &values, A::is_finite)?;

    let (m, k) = (first.names.len(), second.names.len());
    let value = |row: usize, o: usize| values[[row, o]].as_f64();
    let without = |start: usize, g: usize, o: usize| value(start + g, o);
    let lost = |start: usize, count: usize| {
        Array2::from_shape_fn((outputs, count), |(o, g)| {
            value(0, o) - without(start, g, o)
        })
    };
    let (pairs, swapped) = (1 + m + k, 1 + m + k + m * k);
    let interactions = Array3::from_shape_fn((outputs, m, k), |(o, g, h)| {
        let both = 0.5 * (value(pairs + g * k + h, o) + value(swapped + h * m + g, o));
        value(0, o) - without(1, g, o) - without(1 + m, h, o) + both
    });
    let alone = [lost(1, m), lost(1 + m, k)];
    for alone in &alone {
        ensure_finite_result("what the output loses without a group", alone)?;
    }
    ensure_finite_result("an interaction", &interactions)?;
    Ok(InteractionsAcross {
        alone,
        values: interactions,
        evaluations: n,
        names: [first.names, second.names],
    })
}

/// Takes groups of one domain away.
struct Removal<'a, A: Scalar> {
    domain: &'a dyn Domain<A>,
    ends: Ends<A>,
    group_of: Vec<usize>,
    names: Vec<String>,
}

impl<'a, A: Scalar> Removal<'a, A> {
    fn new(
        (domain, groups): GroupsOf<'a, A>,
        baseline: &ArrayD<A>,
        signal: &ArrayD<A>,
    ) -> Result<Self> {
        let ends = Ends::new(domain, baseline, signal, A::epsilon().as_f64().sqrt())?;
        let (group_of, names) = assign(groups, ends.start.len())?;
        Ok(Self {
            domain,
            ends,
            group_of,
            names,
        })
    }

    /// Every signal `(n, …)` without each group, `(n · groups, …)`, the groups of a signal together.
    fn each(&self, signals: &ArrayD<A>) -> Result<ArrayD<A>> {
        let coefficients = self.domain.forward(signals.view())?;
        let mut shape = coefficients.shape().to_vec();
        shape[0] *= self.names.len();
        let mut without = ArrayD::from_elem(IxDyn(&shape), num_complex::Complex::default());
        for (row, mut to) in without.outer_iter_mut().enumerate() {
            let (signal, group) = (row / self.names.len(), row % self.names.len());
            let pairs = coefficients.index_axis(Axis(0), signal);
            let pairs = pairs.iter().zip(&self.ends.start).zip(&self.group_of);
            for (to, ((present, absent), &of)) in to.iter_mut().zip(pairs) {
                *to = if of == group { *absent } else { *present };
            }
        }
        self.domain.inverse(without.view())
    }
}
