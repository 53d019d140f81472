//! What experiments do with recordings alike.

use ndarray::{Array2, Axis};

/// `count` rows, evenly spaced.
pub(crate) fn every(x: &Array2<f32>, count: usize) -> Array2<f32> {
    let rows: Vec<usize> = (0..count).map(|i| i * x.nrows() / count).collect();
    x.select(Axis(0), &rows)
}

/// Columns less their means, over their standard deviations; constant ones become 0.
pub(crate) fn standardized(values: &Array2<f64>) -> Array2<f64> {
    let mut out = values.clone();
    for mut column in out.columns_mut() {
        let mean = column.mean().unwrap_or_default();
        let deviation = column.std(0.0);
        column.mapv_inplace(|v| (v - mean) / if deviation > 0.0 { deviation } else { 1.0 });
    }
    out
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_are_evenly_spaced_from_the_first() {
        let x = Array2::from_shape_fn((10, 1), |(t, _)| t as f32);
        assert_eq!(every(&x, 4), array![[0.0], [2.0], [5.0], [7.0]]);
    }

    #[test]
    fn standardized_columns_have_mean_0_and_variance_1() {
        let out = standardized(&array![[1.0, 5.0], [3.0, 5.0]]);
        assert_eq!(out, array![[-1.0, 0.0], [1.0, 0.0]]);
    }
}
