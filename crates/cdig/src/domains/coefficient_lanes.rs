//! Domains that transform the lanes along one axis one by one, in double precision.

use ndarray::{ArrayD, ArrayViewD, CowArray, IxDyn};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::lanes::{map_lane_pairs, map_lanes};
use super::time_axis::TimeAxis;
use crate::domain::{batch_len, vjp_len};
use crate::error::Result;

/// A coefficient as the transform of a lane computes with it: `f64` or `Complex<f64>`.
pub trait Coefficient: Copy + Default + Send + Sync + sealed::Sealed {
    /// Whether it is a real number.
    const IS_REAL: bool;

    /// It in double precision; the imaginary part is not read where there is none.
    fn read<A: Scalar>(z: Complex<A>) -> Self;

    /// It in the precision of a signal.
    fn write<A: Scalar>(self) -> Complex<A>;
}

/// Other types of coefficients would need other arithmetic.
mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for num_complex::Complex<f64> {}
}

impl Coefficient for f64 {
    const IS_REAL: bool = true;

    fn read<A: Scalar>(z: Complex<A>) -> Self {
        z.re.as_f64()
    }

    fn write<A: Scalar>(self) -> Complex<A> {
        Complex::new(A::of(self), A::zero())
    }
}

impl Coefficient for Complex<f64> {
    const IS_REAL: bool = false;

    fn read<A: Scalar>(z: Complex<A>) -> Self {
        Complex::new(z.re.as_f64(), z.im.as_f64())
    }

    fn write<A: Scalar>(self) -> Complex<A> {
        Complex::new(A::of(self.re), A::of(self.im))
    }
}

/// Lanes along `time`, each turned into coefficients that fill the axes `lane` in its place.
///
/// The functions take the transform of one lane; its last argument is the working memory of one
/// thread, which `work` makes.
#[derive(Debug, Clone)]
pub(super) struct CoefficientLanes {
    pub(super) time: TimeAxis,
    lane: Vec<usize>,
    shape: Vec<usize>,
}

impl CoefficientLanes {
    pub(super) fn new(time: TimeAxis, lane: &[usize]) -> Self {
        Self {
            shape: time.replaced(lane),
            lane: lane.to_vec(),
            time,
        }
    }

    /// Shape of the coefficients of one signal.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn kept(&self) -> Vec<(usize, usize)> {
        self.time.kept(self.lane.len())
    }

    /// Coefficients of one lane.
    fn len(&self) -> usize {
        self.lane.iter().product()
    }

    pub(super) fn forward<A: Scalar, C: Coefficient, W>(
        &self,
        signals: ArrayViewD<'_, A>,
        work: impl Fn() -> W + Sync + Send,
        lane: impl Fn(&[f64], &mut [C], &mut W) + Sync + Send,
    ) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", &self.time.shape, signals.shape())?;
        Ok(self.analyse(signals, work, lane))
    }

    pub(super) fn inverse<A: Scalar, C: Coefficient, W>(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        work: impl Fn() -> W + Sync + Send,
        lane: impl Fn(&[C], &mut [f64], &mut W) + Sync + Send,
    ) -> Result<ArrayD<A>> {
        batch_len("the coefficients", &self.shape, coefficients.shape())?;
        Ok(map_lanes(
            self.joined(&coefficients).view(),
            self.time.in_batch(),
            self.time.len(),
            A::zero(),
            || {
                let (z, x) = (vec![C::default(); self.len()], vec![0.0; self.time.len()]);
                (z, x, work())
            },
            |from, to, (z, x, work)| {
                read(from, z);
                lane(z, x, work);
                for (to, &x) in to.iter_mut().zip(&*x) {
                    *to = A::of(x);
                }
            },
        ))
    }

    /// Pull-back of an inverse whose derivative is the same everywhere: `lane` is its adjoint.
    pub(super) fn adjoint<A: Scalar, C: Coefficient, W>(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
        work: impl Fn() -> W + Sync + Send,
        lane: impl Fn(&[f64], &mut [C], &mut W) + Sync + Send,
    ) -> Result<ArrayD<Complex<A>>> {
        let signal = &self.time.shape;
        vjp_len(&self.shape, coefficients.shape(), signal, cotangent.shape())?;
        Ok(self.analyse(cotangent, work, lane))
    }

    /// Pull-back of any inverse: `lane` takes the point, the cotangent, and what to fill.
    pub(super) fn vjp<A: Scalar, C: Coefficient, W>(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
        work: impl Fn() -> W + Sync + Send,
        lane: impl Fn(&[C], &[f64], &mut [C], &mut W) + Sync + Send,
    ) -> Result<ArrayD<Complex<A>>> {
        let signal = &self.time.shape;
        let n = vjp_len(&self.shape, coefficients.shape(), signal, cotangent.shape())?;
        let points = self.joined(&coefficients);
        let pulled = map_lane_pairs(
            (points.view(), cotangent),
            self.time.in_batch(),
            self.len(),
            zero(),
            || {
                let z = vec![C::default(); self.len()];
                (z.clone(), vec![0.0; self.time.len()], z, work())
            },
            |point, cotangent, to, (z, g, pulled, work)| {
                read(point, z);
                read_real(cotangent, g);
                lane(z, g, pulled, work);
                write(pulled, to);
            },
        );
        Ok(self.split(pulled, n))
    }

    fn analyse<A: Scalar, C: Coefficient, W>(
        &self,
        signals: ArrayViewD<'_, A>,
        work: impl Fn() -> W + Sync + Send,
        lane: impl Fn(&[f64], &mut [C], &mut W) + Sync + Send,
    ) -> ArrayD<Complex<A>> {
        let n = signals.shape()[0];
        let coefficients = map_lanes(
            signals,
            self.time.in_batch(),
            self.len(),
            zero(),
            || {
                let (x, z) = (vec![0.0; self.time.len()], vec![C::default(); self.len()]);
                (x, z, work())
            },
            |from, to, (x, z, work)| {
                read_real(from, x);
                lane(x, z, work);
                write(z, to);
            },
        );
        self.split(coefficients, n)
    }

    /// The batch with all axes of a lane's coefficients in one.
    fn joined<'a, A: Scalar>(
        &self,
        coefficients: &'a ArrayViewD<'_, Complex<A>>,
    ) -> CowArray<'a, Complex<A>, IxDyn> {
        let mut shape = vec![coefficients.shape()[0]];
        shape.extend(self.time.with_length(self.len()));
        coefficients.to_shape(shape).expect("as many entries")
    }

    fn split<A: Scalar>(&self, coefficients: ArrayD<Complex<A>>, n: usize) -> ArrayD<Complex<A>> {
        let mut shape = vec![n];
        shape.extend_from_slice(&self.shape);
        coefficients
            .into_shape_with_order(shape)
            .expect("as many entries in standard layout")
    }
}

fn zero<A: Scalar>() -> Complex<A> {
    Complex::new(A::zero(), A::zero())
}

fn read<A: Scalar, C: Coefficient>(from: &[Complex<A>], to: &mut [C]) {
    for (to, &z) in to.iter_mut().zip(from) {
        *to = C::read(z);
    }
}

fn read_real<A: Scalar>(from: &[A], to: &mut [f64]) {
    for (to, x) in to.iter_mut().zip(from) {
        *to = x.as_f64();
    }
}

fn write<A: Scalar, C: Coefficient>(from: &[C], to: &mut [Complex<A>]) {
    for (to, z) in to.iter_mut().zip(from) {
        *to = z.write();
    }
}
