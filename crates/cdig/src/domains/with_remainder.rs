//! An approximate domain made exact.

use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, Axis, Slice, concatenate};
use num_complex::Complex;
use xcebra_model::Scalar;

use crate::axes::{Axes, AxisLabels, Group, Role, Ticks};
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::Result;

/// What the domain leaves of a signal, as a group and in words.
const REMAINDER: &str = "remainder";

/// A domain together with what it cannot represent: `x = T⁻¹(z) + r`.
///
/// Coefficients, on one axis: those of the domain, flattened, then the remainder
/// `r = x − T⁻¹(T(x))`, sample by sample. The sum of the attribution of the remainder, its group
/// `remainder`, is the part of the output that the domain leaves unexplained; with it attributions
/// add up to the whole. The other groups are those of the first axis of the domain that has any, or one
/// group `represented`. Real and affine as the domain is; always exact.
#[derive(Clone)]
pub struct WithRemainder<A: Scalar> {
    domain: Arc<dyn Domain<A>>,
    name: String,
    shape: [usize; 1],
}

impl<A: Scalar> WithRemainder<A> {
    /// `domain` and its remainder.
    pub fn new(domain: impl Domain<A> + 'static) -> Self {
        let count = |shape: &[usize]| shape.iter().product::<usize>();
        Self {
            shape: [count(domain.coefficient_shape()) + count(domain.signal_shape())],
            name: format!("{} with remainder", domain.name()),
            domain: Arc::new(domain),
        }
    }

    /// Number of coefficients of the domain; the remainder follows.
    pub fn represented(&self) -> usize {
        self.domain.coefficient_shape().iter().product()
    }

    /// Flattens both and puts them one after the other.
    fn join(
        &self,
        n: usize,
        coefficients: &ArrayD<Complex<A>>,
        remainder: ArrayViewD<'_, A>,
    ) -> ArrayD<Complex<A>> {
        let remainder = remainder.mapv(|x| Complex::new(x, A::zero()));
        let flat = |array: &ArrayD<Complex<A>>| {
            let shape = vec![n, array.len() / n.max(1)];
            array.to_shape(shape).expect("as many entries").into_owned()
        };
        if n == 0 {
            return ArrayD::from_elem(vec![0, self.shape[0]], Complex::default());
        }
        concatenate![Axis(1), flat(coefficients), flat(&remainder)]
    }

    /// Coefficients of the domain.
    fn domains_own(
        &self,
        n: usize,
        coefficients: &ArrayViewD<'_, Complex<A>>,
    ) -> ArrayD<Complex<A>> {
        let own = coefficients.slice_axis(Axis(1), Slice::from(..self.represented()));
        let mut shape = vec![n];
        shape.extend_from_slice(self.domain.coefficient_shape());
        own.to_shape(shape).expect("as many entries").into_owned()
    }
}

impl<A: Scalar> Domain<A> for WithRemainder<A> {
    fn name(&self) -> &str {
        &self.name
    }

    fn signal_shape(&self) -> &[usize] {
        self.domain.signal_shape()
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.shape
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        let n = batch_len("the signals", self.signal_shape(), signals.shape())?;
        let coefficients = self.domain.forward(signals.view())?;
        let remainder = &signals - &self.domain.inverse(coefficients.view())?;
        Ok(self.join(n, &coefficients, remainder.view()))
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let n = batch_len("the coefficients", &self.shape, coefficients.shape())?;
        let own = self.domains_own(n, &coefficients);
        let mut signals = self.domain.inverse(own.view())?;
        let remainder = coefficients.slice_axis(Axis(1), Slice::from(self.represented()..));
        for (mut signal, remainder) in signals.outer_iter_mut().zip(remainder.outer_iter()) {
            for (x, r) in signal.iter_mut().zip(remainder) {
                *x += r.re;
            }
        }
        Ok(signals)
    }

    /// That of the domain, and the cotangent itself.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let (points, signal) = (coefficients.shape(), self.signal_shape());
        let n = vjp_len(&self.shape, points, signal, cotangent.shape())?;
        let own = self.domains_own(n, &coefficients);
        let pulled = self.domain.inverse_vjp(own.view(), cotangent.view())?;
        Ok(self.join(n, &pulled, cotangent))
    }

    fn is_real(&self) -> bool {
        self.domain.is_real()
    }

    fn has_affine_inverse(&self) -> bool {
        self.domain.has_affine_inverse()
    }

    fn axes(&self) -> Axes {
        let own = self.domain.axes();
        let groups_of: Vec<Vec<Group>> = own.iter().map(AxisLabels::groups).collect();
        let grouped = groups_of.iter().position(|groups| !groups.is_empty());
        let mut groups = vec![Group {
            name: "represented".into(),
            members: Vec::new(),
        }];
        // group of each index along the grouped axis
        let mut group_of = Vec::new();
        if let Some(axis) = grouped {
            groups.clone_from(&groups_of[axis]);
            group_of = vec![None; own[axis].len()];
            for (i, group) in groups.iter_mut().enumerate() {
                for member in std::mem::take(&mut group.members) {
                    group_of[member] = Some(i);
                }
            }
        }
        for (i, index) in ndarray::indices(self.domain.coefficient_shape())
            .into_iter()
            .enumerate()
        {
            let group = grouped.map_or(Some(0), |axis| group_of[index[axis]]);
            if let Some(group) = group {
                groups[group].members.push(i);
            }
        }
        let first = self.represented();
        groups.push(Group {
            name: REMAINDER.into(),
            members: (first..self.shape[0]).collect(),
        });
        let samples = self.shape[0] - first;
        let remainder = AxisLabels::indices(Role::Other(REMAINDER.into()), samples);
        let parts = Ticks::Flat(vec![own, Axes::new(vec![remainder])]);
        let axis = AxisLabels::new(Role::Coefficient, "", parts).with_groups(groups);
        Axes::new(vec![axis])
    }
}

impl<A: Scalar> fmt::Debug for WithRemainder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithRemainder").field(&self.name).finish()
    }
}
