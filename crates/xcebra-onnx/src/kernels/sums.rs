//! Sums over a row in a fixed number of lanes, for the compiler to vectorise.

use xcebra_model::Scalar;

/// Partial sums: registers of 16 lanes.
const LANES: usize = 16;

/// `Σ f(x)`.
#[inline(always)]
pub(crate) fn sum<A: Scalar>(row: &[A], f: impl Fn(A) -> A) -> A {
    let (whole, rest) = row.as_chunks::<LANES>();
    let mut sums = [A::zero(); LANES];
    for x in whole {
        for i in 0..LANES {
            sums[i] += f(x[i]);
        }
    }
    sums.into_iter().sum::<A>() + rest.iter().map(|&x| f(x)).sum()
}

/// `Σ f(a, b)` over rows of one length.
#[inline(always)]
pub(crate) fn sum_of_pairs<A: Scalar>(a: &[A], b: &[A], f: impl Fn(A, A) -> A) -> A {
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [A::zero(); LANES];
    for (a, b) in whole_a.iter().zip(whole_b) {
        for i in 0..LANES {
            sums[i] += f(a[i], b[i]);
        }
    }
    let rest = rest_a.iter().zip(rest_b).map(|(&a, &b)| f(a, b));
    sums.into_iter().sum::<A>() + rest.sum()
}

/// The largest number; −∞ for an empty row. NaN may be ignored.
#[inline(always)]
pub(crate) fn largest<A: Scalar>(row: &[A]) -> A {
    let larger = |a: A, b: A| if a > b { a } else { b };
    let (whole, rest) = row.as_chunks::<LANES>();
    let mut most = [A::neg_infinity(); LANES];
    for x in whole {
        for i in 0..LANES {
            most[i] = larger(most[i], x[i]);
        }
    }
    let all = most.into_iter().chain(rest.iter().copied());
    all.fold(A::neg_infinity(), larger)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, whose sums are exact in any order.
    #[test]
    fn rows_of_every_length() {
        for n in 0..70_i32 {
            let row: Vec<f32> = (0..n).map(|i| (i * 7 % 23 - 11) as f32).collect();
            let plain = |f: fn(f32) -> f32| row.iter().map(|&x| f(x)).sum::<f32>();
            assert_eq!(sum(&row, |x| x), plain(|x| x));
            assert_eq!(sum_of_pairs(&row, &row, |a, b| a * b), plain(|x| x * x));
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(largest(&row), most);
        }
    }
}
