//! How far a domain is from each law.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice, stack};
use num_complex::Complex;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;
use xcebra_numeric::Rule;

use super::smooth_model::SmoothModel;
use crate::baseline::Baseline;
use crate::domain::Domain;
use crate::error::Result;
use crate::explain::Explainer;
use crate::numeric::{inner, largest, max_abs, max_norm};
use crate::path::Path;
use crate::probe::ensure_shape;

/// Random directions in which the adjoint is compared, at each signal.
const DIRECTIONS: usize = 3;
/// Nodes that integrate a smooth model to rounding error in any reasonable domain.
const RULE: Rule = Rule::GaussLegendre(64);

/// A domain with signals and points in coefficient space to try it at.
pub(super) struct Bench<'a, A: Scalar> {
    domain: &'a dyn Domain<A>,
    signals: ArrayD<A>,
    coefficients: ArrayD<Complex<A>>,
    /// Coefficients moved a little, off the range of `forward`.
    points: ArrayD<Complex<A>>,
    /// Size of the coefficients.
    scale: f64,
}

impl<'a, A: Scalar> Bench<'a, A> {
    pub(super) fn new(
        domain: &'a dyn Domain<A>,
        signals: ArrayD<A>,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self> {
        let coefficients = domain.forward(signals.view())?;
        let mut shape = vec![signals.shape()[0]];
        shape.extend_from_slice(domain.coefficient_shape());
        ensure_shape("the domain's forward", coefficients.shape(), &shape)?;
        let scale = max_norm(&coefficients);
        let points = &coefficients + random(&shape, 0.05 * scale, rng);
        Ok(Self {
            domain,
            signals,
            coefficients,
            points,
            scale,
        })
    }

    fn inverse(&self, points: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let signals = self.domain.inverse(points)?;
        ensure_shape(
            "the domain's inverse",
            signals.shape(),
            self.signals.shape(),
        )?;
        Ok(signals)
    }

    fn inverse_vjp(
        &self,
        points: ArrayViewD<'_, Complex<A>>,
        cotangent: &ArrayD<A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let pulled = self.domain.inverse_vjp(points, cotangent.view())?;
        ensure_shape(
            "the domain's inverse_vjp",
            pulled.shape(),
            self.points.shape(),
        )?;
        Ok(pulled)
    }

    pub(super) fn round_trip(&self) -> Result<f64> {
        let back = self.inverse(self.coefficients.view())?;
        Ok(relative(
            max_abs(&(back - &self.signals)),
            max_abs(&self.signals),
        ))
    }

    pub(super) fn realness(&self, rng: &mut ChaCha8Rng) -> Result<f64> {
        if !self.domain.is_real() {
            return Ok(0.0);
        }
        let cotangent = self.cotangent(rng);
        let pulled = self.inverse_vjp(self.points.view(), &cotangent)?;
        let imaginary = |z: &ArrayD<Complex<A>>| {
            relative(largest(z.iter().map(|z| z.im.as_f64().abs())), max_norm(z))
        };
        let real = self.points.mapv(|z| Complex::new(z.re, A::zero()));
        let read = self.inverse(self.points.view())? - self.inverse(real.view())?;
        Ok(imaginary(&self.coefficients)
            .max(imaginary(&pulled))
            .max(relative(max_abs(&read), max_abs(&self.signals))))
    }

    pub(super) fn affinity(&self, rng: &mut ChaCha8Rng) -> Result<f64> {
        if !self.domain.has_affine_inverse() {
            return Ok(0.0);
        }
        let cotangent = self.cotangent(rng);
        let here = self.inverse_vjp(self.points.view(), &cotangent)?;
        let far = random(self.points.shape(), 2.0 * self.scale.max(1.0), rng);
        let there = self.inverse_vjp(far.view(), &cotangent)?;
        Ok(relative(max_norm(&(there - &here)), max_norm(&here)))
    }

    pub(super) fn adjoint(&self, rng: &mut ChaCha8Rng) -> Result<f64> {
        // differences of an affine function are exact for any step, so take one that rounds little
        let step = if self.domain.has_affine_inverse() {
            1.0
        } else {
            A::epsilon().as_f64().cbrt()
        };
        let mut worst = 0.0_f64;
        for _ in 0..DIRECTIONS {
            let cotangent = self.cotangent(rng);
            let direction = random(self.points.shape(), self.scale.max(f64::MIN_POSITIVE), rng);
            let shift = direction.mapv(|v| v * Complex::new(A::of(step), A::zero()));
            let pulled = self.inverse_vjp(self.points.view(), &cotangent)?;
            let after = self.inverse((&self.points + &shift).view())?;
            let before = self.inverse((&self.points - &shift).view())?;
            for i in 0..self.signals.shape()[0] {
                let row = Axis(0);
                let by_adjoint: f64 = pulled
                    .index_axis(row, i)
                    .iter()
                    .zip(direction.index_axis(row, i))
                    .map(|(g, v)| inner(*g, *v))
                    .sum();
                let (mut by_differences, mut size) = (0.0, 0.0);
                for ((g, after), before) in cotangent
                    .index_axis(row, i)
                    .iter()
                    .zip(after.index_axis(row, i))
                    .zip(before.index_axis(row, i))
                {
                    let term = g.as_f64() * (after.as_f64() - before.as_f64()) / (2.0 * step);
                    by_differences += term;
                    size += term.abs();
                }
                let error = largest(std::iter::once((by_adjoint - by_differences).abs()));
                worst = worst.max(relative(error, size));
            }
        }
        Ok(worst)
    }

    pub(super) fn completeness(&self, rng: &mut ChaCha8Rng) -> Result<f64> {
        let model = SmoothModel::new(self.domain.signal_shape(), max_abs(&self.signals), rng);
        let mut worst = 0.0_f64;
        for pair in 0..self.signals.shape()[0] - 1 {
            let end = |i| self.signals.index_axis(Axis(0), i).to_owned();
            // a polyline through both ends is the straight path, but takes the general route
            let ends = self
                .coefficients
                .slice_axis(Axis(0), Slice::from(pair..pair + 2));
            let found = Explainer::new(&model)
                .baseline(Baseline::Signal(end(pair)))
                .path(Path::Polyline(ends.to_owned()))
                .rule(RULE)
                .round_trip_tolerance(f64::INFINITY)
                .explain(self.domain, end(pair + 1).view())?;
            let sizes = stack![Axis(0), found.value, found.baseline_value];
            let scale = largest(sizes.iter().map(|v| v.abs()))
                .max(largest(found.attribution.iter().map(|a| a.abs())));
            worst = worst.max(relative(
                largest(found.residual.iter().map(|r| r.abs())),
                scale,
            ));
        }
        Ok(worst)
    }

    fn cotangent(&self, rng: &mut ChaCha8Rng) -> ArrayD<A> {
        ArrayD::from_shape_simple_fn(self.signals.raw_dim(), || A::of(rng.gen_range(-1.0..1.0)))
    }
}

/// `error / scale`, 0 if there is no error.
fn relative(error: f64, scale: f64) -> f64 {
    if error == 0.0 {
        0.0
    } else {
        error / scale.max(f64::MIN_POSITIVE)
    }
}

fn random<A: Scalar>(shape: &[usize], size: f64, rng: &mut ChaCha8Rng) -> ArrayD<Complex<A>> {
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        let mut part = || A::of(size * rng.gen_range(-1.0..1.0));
        Complex::new(part(), part())
    })
}
