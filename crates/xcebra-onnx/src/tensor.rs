//! Arrays in the order of C that are cheap to share and to reshape.

use std::sync::Arc;

use ndarray::{ArrayView2, ArrayViewMut2};
use xcebra_model::Scalar;

/// What the numbers of a tensor mean. All are computed as floating-point numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Real,
    /// Integers.
    Whole,
    /// Integers of at most 16 bits, such as those of quantised networks.
    Narrow {
        signed: bool,
        bits: u8,
    },
    /// 0 or 1.
    Bool,
}

impl Kind {
    /// Whether the numbers are integers.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Whole | Self::Narrow { .. })
    }

    /// The kind of what two tensors give together.
    pub fn with(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (a, b) if a.is_whole() && b.is_whole() => Self::Whole,
            _ => Self::Real,
        }
    }

    /// Smallest and largest number of an integer type of few bits.
    pub fn range(self) -> Option<(f64, f64)> {
        match self {
            Self::Narrow { signed: true, bits } => {
                let half = f64::exp2(f64::from(bits) - 1.0);
                Some((-half, half - 1.0))
            }
            Self::Narrow {
                signed: false,
                bits,
            } => Some((0.0, f64::exp2(f64::from(bits)) - 1.0)),
            _ => None,
        }
    }
}

/// An array whose copies share their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Tensor<A> {
    shape: Vec<usize>,
    data: Arc<Vec<A>>,
}

impl<A: Scalar> Tensor<A> {
    /// `data` has as many numbers as `shape` says.
    pub fn new(shape: &[usize], data: Vec<A>) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), data.len());
        Self {
            shape: shape.to_vec(),
            data: Arc::new(data),
        }
    }

    pub fn zeros(shape: &[usize]) -> Self {
        Self::new(shape, vec![A::zero(); shape.iter().product()])
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub fn data(&self) -> &[A] {
        &self.data
    }

    /// The same numbers in another shape of the same length.
    pub fn reshaped(&self, shape: &[usize]) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), self.data.len());
        Self {
            shape: shape.to_vec(),
            data: Arc::clone(&self.data),
        }
    }

    pub fn map(&self, f: impl Fn(A) -> A) -> Self {
        Self::new(&self.shape, self.data.iter().map(|&v| f(v)).collect())
    }

    /// Combines with a tensor of the same shape.
    pub fn zip(&self, other: &Self, f: impl Fn(A, A) -> A) -> Self {
        let pairs = self.data.iter().zip(other.data.iter());
        Self::new(&self.shape, pairs.map(|(&a, &b)| f(a, b)).collect())
    }

    /// Adds a tensor of the same shape.
    pub fn add_assign(&mut self, other: &Self) {
        for (a, &b) in Arc::make_mut(&mut self.data).iter_mut().zip(other.data()) {
            *a += b;
        }
    }

    /// The same numbers in another precision.
    pub fn cast<B: Scalar>(&self) -> Tensor<B> {
        let data = self.data.iter().map(|v| B::of(v.as_f64())).collect();
        Tensor::new(&self.shape, data)
    }
}

/// `c = a b + beta c`.
pub(crate) fn gemm<A: Scalar>(
    a: ArrayView2<'_, A>,
    b: ArrayView2<'_, A>,
    beta: A,
    mut c: ArrayViewMut2<'_, A>,
) {
    ndarray::linalg::general_mat_mul(A::one(), &a, &b, beta, &mut c);
}

/// A slice as a matrix in the order of C.
pub(crate) fn matrix<A>(rows: usize, columns: usize, data: &[A]) -> ArrayView2<'_, A> {
    ArrayView2::from_shape((rows, columns), data).expect("the slice holds rows × columns numbers")
}

/// A mutable slice as a matrix in the order of C.
pub(crate) fn matrix_mut<A>(rows: usize, columns: usize, data: &mut [A]) -> ArrayViewMut2<'_, A> {
    ArrayViewMut2::from_shape((rows, columns), data)
        .expect("the slice holds rows × columns numbers")
}
