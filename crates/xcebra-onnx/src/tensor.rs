//! Arrays in the order of C that are cheap to share and to reshape.

use std::sync::Arc;

use pulp::Arch;
use xcebra_model::Scalar;

use crate::buffer;

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
        Self::new(shape, buffer::zeros(shape.iter().product()))
    }

    /// A shape whose numbers nobody will read.
    pub fn hollow(shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
            data: Arc::default(),
        }
    }

    /// Leaves the numbers to later steps, unless another tensor shares them.
    pub fn recycle(self) {
        if let Ok(data) = Arc::try_unwrap(self.data) {
            buffer::give(data);
        }
    }

    /// The numbers, if no other tensor shares them.
    pub fn owned(&mut self) -> Option<&mut Vec<A>> {
        Arc::get_mut(&mut self.data)
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Numbers that the shape has room for.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
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
        let mut data = buffer::of_any_value(self.data.len());
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (y, &x) in data.iter_mut().zip(self.data.iter()) {
                    *y = f(x);
                }
            },
        );
        Self::new(&self.shape, data)
    }

    /// Combines with a tensor of the same shape.
    pub fn zip(&self, other: &Self, f: impl Fn(A, A) -> A) -> Self {
        let mut data = buffer::of_any_value(self.data.len());
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let pairs = self.data.iter().zip(other.data.iter());
                for (y, (&a, &b)) in data.iter_mut().zip(pairs) {
                    *y = f(a, b);
                }
            },
        );
        Self::new(&self.shape, data)
    }

    /// Adds a tensor of the same shape.
    pub fn add_assign(&mut self, other: &Self) {
        let data = Arc::make_mut(&mut self.data);
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (a, &b) in data.iter_mut().zip(other.data()) {
                    *a += b;
                }
            },
        );
    }

    /// The same numbers in another precision.
    pub fn cast<B: Scalar>(&self) -> Tensor<B> {
        let data = self.data.iter().map(|v| B::of(v.as_f64())).collect();
        Tensor::new(&self.shape, data)
    }
}
