//! Laws and closed forms of pseudo-inverses.

use crate::common::{close, uniform};
use ndarray::{Array2, Array3, ArrayView2, Axis, array};
use proptest::prelude::*;
use xcebra_attr::AttrError;
use xcebra_attr::inverse::{Tolerance, pseudo_inverse, pseudo_inverses};

fn norm(a: &Array2<f64>) -> f64 {
    a.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The four conditions of Moore and Penrose, each relative to the size of its terms.
#[track_caller]
fn is_pseudo_inverse(a: &ArrayView2<'_, f64>, x: &ArrayView2<'_, f64>, tolerance: f64) {
    let (a, x) = (a.to_owned(), x.to_owned());
    let (ax, xa) = (a.dot(&x), x.dot(&a));
    let size = (norm(&a) * norm(&x)).max(1.0);
    assert!(norm(&(ax.dot(&a) - &a)) <= tolerance * size * norm(&a));
    assert!(norm(&(xa.dot(&x) - &x)) <= tolerance * size * norm(&x));
    assert!(norm(&(&ax - &ax.t())) <= tolerance * size);
    assert!(norm(&(&xa - &xa.t())) <= tolerance * size);
}

/// Backward stable: a few roundings of at most forty terms each.
const BY_SVD: f64 = 1e-13;

/// What the normal equations are allowed: 1e-16 times the squared condition number, 1e6.
const BY_ANY_MEANS: f64 = 1e-9;

/// A matrix of the given shape and rank, as a product of thin ones.
fn of_rank(rows: usize, columns: usize, rank: usize, seed: u64) -> Array2<f64> {
    uniform((rows, rank), seed).dot(&uniform((rank, columns), seed + 1))
}

/// Rows drawn as products of random reflections: orthogonal to rounding.
fn orthogonal(size: usize, seed: u64) -> Array2<f64> {
    let mut q = Array2::eye(size);
    for v in uniform((size, size), seed).outer_iter() {
        let v = v.insert_axis(Axis(1));
        let scale = 2.0 / v.iter().map(|v| v * v).sum::<f64>();
        q = &q - &(v.dot(&v.t().dot(&q)) * scale);
    }
    q
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_laws_hold_whatever_the_rank(
        rows in 1_usize..9, columns in 1_usize..40, rank in 0_usize..9, seed in 0_u64..1_000_000,
        exponent in -120_i32..120,
    ) {
        let rank = rank.min(rows).min(columns);
        let scale = 10.0_f64.powi(exponent);
        let matrix = of_rank(rows, columns, rank, seed) * scale;
        // products of random matrices can be ill-conditioned by chance; those singular
        // values must not be near the tolerance for the rank to be defined
        let inverse = pseudo_inverse(&matrix, Tolerance::Auto).unwrap();
        let near = |v: &f64| *v > 1e-15 * inverse.singular_values[0] && *v < 1e-9 * inverse.singular_values[0];
        prop_assume!(!inverse.singular_values.iter().take(rank).any(near));
        prop_assert_eq!(inverse.rank, rank);
        is_pseudo_inverse(&(&matrix / scale).view(), &(&inverse.matrix * scale).view(), BY_SVD);

        let batch = matrix.clone().insert_axis(Axis(0));
        let (inverses, inversions) = pseudo_inverses(&batch, Tolerance::Auto).unwrap();
        prop_assert_eq!(inversions[0].rank, rank);
        is_pseudo_inverse(
            &(&matrix / scale).view(),
            &(&inverses.index_axis(Axis(0), 0) * scale).view(),
            BY_ANY_MEANS,
        );
        match (inversions[0].condition, inverse.condition()) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() <= 1e-6 * b, "{} {}", a, b),
            (a, b) => prop_assert_eq!(a, b),
        }
    }

    /// `A = U diag(s) Vᵀ` has the inverse `V diag(1/s) Uᵀ`, whichever side is longer and over ten
    /// decades of singular values.
    #[test]
    fn known_singular_values_are_found(
        short in 1_usize..8, extra in 0_usize..20, tall: bool, seed in 0_u64..1_000_000,
        exponents in prop::collection::vec(-10.0_f64..0.0, 8), zeros in 0_usize..3,
    ) {
        let long = short + extra;
        let (u, v) = (orthogonal(short, seed), orthogonal(long, seed + 1));
        let mut values: Vec<f64> = exponents.iter().take(short).map(|e| 10.0_f64.powf(*e)).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        let rank = short.saturating_sub(zeros).max(1);
        values[rank..].fill(0.0);
        let expand = |f: &dyn Fn(f64) -> f64| {
            let mut middle = Array2::zeros((short, long));
            for (i, &value) in values.iter().enumerate() {
                middle[[i, i]] = f(value);
            }
            u.dot(&middle).dot(&v.t())
        };
        let matrix = expand(&|value| value);
        let expected = expand(&|value| if value > 0.0 { 1.0 / value } else { 0.0 });
        let (matrix, expected) = if tall {
            (matrix.t().to_owned(), expected)
        } else {
            (matrix, expected.t().to_owned())
        };
        let inverse = pseudo_inverse(&matrix, Tolerance::Auto).unwrap();
        prop_assert_eq!(inverse.rank, rank);
        for (found, value) in inverse.singular_values.iter().zip(&values) {
            // forming the matrix rounds its entries by 1e-16 of the largest
            prop_assert!((found - value).abs() <= 1e-14 * values[0]);
        }
        // the same rounding, amplified by the condition number
        let condition = values[0] / values[rank - 1];
        let size = expected.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        close(&inverse.matrix, &expected, 1e-14 * condition * size);
    }
}

#[test]
fn closed_forms() {
    // an outer product: (u vᵀ)⁺ = v uᵀ / (|u|² |v|²)
    for (rows, columns) in [(3, 5), (6, 21), (5, 3), (1, 9), (9, 1)] {
        let ones = Array2::<f64>::ones((rows, columns));
        let inverse = pseudo_inverse(&ones, Tolerance::Auto).unwrap();
        let entries = (rows * columns) as f64;
        close(
            &inverse.matrix,
            &Array2::from_elem((columns, rows), 1.0 / entries),
            1e-15,
        );
        assert!((inverse.singular_values[0] - entries.sqrt()).abs() < 1e-14);
        assert_eq!((inverse.rank, inverse.condition()), (1, Some(1.0)));
    }
    // an invertible matrix
    let matrix = array![[1.0, 2.0, 2.0], [2.0, -1.0, -1.0], [2.0, 1.0, -1.0]];
    let exact = array![[2.0, 4.0, 0.0], [0.0, -5.0, 5.0], [4.0, 3.0, -5.0]] / 10.0;
    close(
        &pseudo_inverse(&matrix, Tolerance::Auto).unwrap().matrix,
        &exact,
        1e-15,
    );
    // nothing to invert
    let zero = pseudo_inverse(&Array2::<f32>::zeros((2, 3)), Tolerance::Auto).unwrap();
    assert_eq!((zero.matrix, zero.rank), (Array2::zeros((3, 2)), 0));
    assert_eq!(zero.singular_values, array![0.0, 0.0]);
}

/// Where entries span the whole range of `f64`, the smallest are zero beside the largest.
#[test]
fn extreme_sizes_neither_overflow_nor_vanish() {
    for size in [1e-300, 1e-160, 1e160, 1e300] {
        let matrix = array![[3.0, 4.0], [0.0, 5.0]] * size;
        let inverse = pseudo_inverse(&matrix, Tolerance::Auto).unwrap();
        close(
            &(inverse.matrix * size),
            &(array![[5.0, -4.0], [0.0, 3.0]] / 15.0),
            1e-15,
        );
        let batch = matrix.insert_axis(Axis(0));
        let (inverses, inversions) = pseudo_inverses(&batch, Tolerance::Auto).unwrap();
        let inverse = inverses.index_axis(Axis(0), 0).to_owned() * size;
        close(&inverse, &(array![[5.0, -4.0], [0.0, 3.0]] / 15.0), 1e-15);
        assert_eq!(inversions[0].rank, 2);
    }
    let mixed = array![[1e200, 0.0], [0.0, 1e-200]];
    assert_eq!(
        pseudo_inverse(&mixed, Tolerance::Relative(0.0))
            .unwrap()
            .rank,
        1
    );
}

/// Noise of the size of `f32` rounding makes full ranks of no meaning.
#[test]
fn the_tolerance_is_that_of_the_type() {
    let exact = of_rank(4, 30, 3, 1);
    let single = exact.mapv(|v| v as f32);
    assert_eq!(pseudo_inverse(&single, Tolerance::Auto).unwrap().rank, 3);
    let promoted = single.mapv(f64::from);
    assert_eq!(pseudo_inverse(&promoted, Tolerance::Auto).unwrap().rank, 4);
    let batch = single.insert_axis(Axis(0));
    assert_eq!(
        pseudo_inverses(&batch, Tolerance::Auto).unwrap().1[0].rank,
        3
    );
}

#[test]
fn views_in_any_order_are_inverted_alike() {
    let matrix = uniform((3, 8), 4);
    let inverse = pseudo_inverse(&matrix, Tolerance::Auto).unwrap().matrix;
    let transposed = pseudo_inverse(&matrix.t(), Tolerance::Auto).unwrap().matrix;
    close(&inverse.t(), &transposed, 1e-15);
    let batch = Array3::from_shape_fn((2, 3, 8), |(i, k, j)| matrix[[k, j]] * (i + 1) as f64);
    let stored_otherwise = batch
        .clone()
        .permuted_axes([2, 0, 1])
        .as_standard_layout()
        .into_owned();
    let (a, _) = pseudo_inverses(&batch, Tolerance::Auto).unwrap();
    let (b, _) =
        pseudo_inverses(&stored_otherwise.permuted_axes([1, 2, 0]), Tolerance::Auto).unwrap();
    assert_eq!(a, b);
    assert_eq!(a.dim(), (2, 8, 3));
}

#[test]
fn what_cannot_be_inverted_is_refused_and_named() {
    let mut batch = Array3::<f32>::ones((4, 2, 3));
    batch[[2, 1, 0]] = f32::NAN;
    let error = pseudo_inverses(&batch, Tolerance::Auto).unwrap_err();
    assert!(matches!(
        error,
        AttrError::NonFinite {
            sample: 2,
            output: 1,
            input: 0,
            ..
        }
    ));
    assert!(
        error
            .to_string()
            .contains("sample 2 is NaN at output 1, input 0"),
        "{error}"
    );
    assert!(pseudo_inverse(&array![[f64::INFINITY]], Tolerance::Auto).is_err());
    let empty = pseudo_inverse(&Array2::<f64>::zeros((0, 3)), Tolerance::Auto);
    assert!(matches!(empty, Err(AttrError::Shape { .. })));
    let (none, inversions) =
        pseudo_inverses(&Array3::<f64>::zeros((0, 2, 3)), Tolerance::Auto).unwrap();
    assert_eq!((none.dim(), inversions.len()), ((0, 3, 2), 0));
}
