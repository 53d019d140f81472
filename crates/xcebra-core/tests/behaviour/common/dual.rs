//! Plain computations in numbers that carry their derivative along one direction, so that a gradient
//! is checked to rounding, where differences would leave seven digits. A derivative of a derivative
//! is a dual number of dual numbers.

use std::ops::{Add, Mul, Sub};

/// What the plain computations need of a number.
pub trait Real: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    fn of(value: f64) -> Self;
    fn value(self) -> f64;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn recip(self) -> Self;
    fn sqrt(self) -> Self;
    fn tanh(self) -> Self;
    /// The distribution function of the standard normal distribution.
    fn normal(self) -> Self;
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn value(self) -> f64 {
        self
    }
    fn exp(self) -> Self {
        f64::exp(self)
    }
    fn ln(self) -> Self {
        f64::ln(self)
    }
    fn recip(self) -> Self {
        f64::recip(self)
    }
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    fn tanh(self) -> Self {
        f64::tanh(self)
    }
    fn normal(self) -> Self {
        0.5 * libm::erfc(-self / 2.0_f64.sqrt())
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Dual<T> {
    pub value: T,
    pub slope: T,
}

impl<T: Real> Dual<T> {
    pub fn constant(value: T) -> Self {
        let slope = T::of(0.0);
        Self { value, slope }
    }

    /// A function of this number, given its value and derivative here.
    fn through(self, value: T, derivative: T) -> Self {
        let slope = derivative * self.slope;
        Self { value, slope }
    }
}

impl<T: Real> Add for Dual<T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            slope: self.slope + other.slope,
        }
    }
}

impl<T: Real> Sub for Dual<T> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
            slope: self.slope - other.slope,
        }
    }
}

impl<T: Real> Mul for Dual<T> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            slope: self.value * other.slope + self.slope * other.value,
        }
    }
}

impl<T: Real> Real for Dual<T> {
    fn of(value: f64) -> Self {
        Self::constant(T::of(value))
    }
    fn value(self) -> f64 {
        self.value.value()
    }
    fn exp(self) -> Self {
        let e = self.value.exp();
        self.through(e, e)
    }
    fn ln(self) -> Self {
        self.through(self.value.ln(), self.value.recip())
    }
    fn recip(self) -> Self {
        let r = self.value.recip();
        self.through(r, T::of(-1.0) * r * r)
    }
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.through(root, T::of(0.5) * root.recip())
    }
    fn tanh(self) -> Self {
        let tanh = self.value.tanh();
        self.through(tanh, T::of(1.0) - tanh * tanh)
    }
    fn normal(self) -> Self {
        let x = self.value;
        let density = T::of(std::f64::consts::TAU.sqrt().recip()) * (T::of(-0.5) * x * x).exp();
        self.through(x.normal(), density)
    }
}

/// Numbers with their slopes.
pub fn along(values: &[f64], slopes: &[f64]) -> Vec<Dual<f64>> {
    assert_eq!(values.len(), slopes.len());
    values
        .iter()
        .zip(slopes)
        .map(|(&value, &slope)| Dual { value, slope })
        .collect()
}

/// A sum of no term is 0.
pub fn sum<T: Real>(terms: impl IntoIterator<Item = T>) -> T {
    terms.into_iter().fold(T::of(0.0), |sum, term| sum + term)
}
