//! The embedding's own coordinates: a circle of headings has one, not two.

use ndarray::{Array2, ArrayRef2, ArrayView2, ArrayViewD, Ix2};
use xcebra::model::{FnModel, ModelError};

use super::protocol::BLOCKS;

/// Columns of position, heading and speed in the own coordinates.
pub(super) const OWN_BLOCKS: [[usize; 2]; 3] = [[0, 2], [2, 3], [3, 4]];

/// Squared distance from the centre of the circle below which its angle is as good as unknown.
const LEAST_SQUARE: f32 = 1e-6;

/// The map from the embedding (position 2, heading 2, speed 1) to position 2, angle, speed.
///
/// The data lie on four dimensions: behaviour has four. In five the Jacobian of a perfect encoder has
/// rank 4, and that of a trained one a fifth singular value that is small, but not zero; its inverse
/// would be all that a pseudo-inverse shows. The angle is taken around the mean of the heading
/// block over the samples of `embedding`: the loss does not see where the circle is.
pub(super) fn own_coordinates(embedding: &ArrayRef2<f32>) -> FnModel<f32> {
    let [first, _] = BLOCKS[1];
    let mean = |column: usize| {
        let sum: f64 = embedding.column(column).iter().map(|&v| f64::from(v)).sum();
        (sum / embedding.nrows().max(1) as f64) as f32
    };
    let centre = [mean(first), mean(first + 1)];
    let around =
        move |row: &ndarray::ArrayRef1<f32>| [row[first] - centre[0], row[first + 1] - centre[1]];
    FnModel::new(
        [BLOCKS[2][1]],
        OWN_BLOCKS[2][1],
        move |x| {
            let x = matrix(x)?;
            let mut y = Array2::zeros((x.nrows(), OWN_BLOCKS[2][1]));
            for (x, mut y) in x.outer_iter().zip(y.outer_iter_mut()) {
                let [c, s] = around(&x);
                (y[0], y[1], y[2], y[3]) = (x[0], x[1], s.atan2(c), x[4]);
            }
            Ok(y)
        },
        move |x, cotangent| {
            let x = matrix(x)?;
            let mut pulled = Array2::zeros(x.dim());
            let rows = pulled.outer_iter_mut().zip(x.outer_iter());
            for ((mut pulled, x), by) in rows.zip(cotangent.outer_iter()) {
                let [c, s] = around(&x);
                let square = (c * c + s * s).max(LEAST_SQUARE);
                (pulled[0], pulled[1], pulled[4]) = (by[0], by[1], by[3]);
                pulled[first] = -s / square * by[2];
                pulled[first + 1] = c / square * by[2];
            }
            Ok(pulled.into_dyn())
        },
    )
}

fn matrix(x: ArrayViewD<'_, f32>) -> Result<ArrayView2<'_, f32>, ModelError> {
    let found = x.shape().to_vec();
    x.into_dimensionality::<Ix2>()
        .map_err(|_| ModelError::evaluation(format!("a batch of shape {found:?}")))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use xcebra::model::{Model, check_vjp};

    use super::own_coordinates;

    #[test]
    fn the_angle_is_that_around_the_centre_and_its_gradient_belongs_to_it() {
        // a circle of radius 2 around (7, −1)
        let embedding = Array2::from_shape_fn((8, 5), |(i, k)| {
            let angle = std::f32::consts::TAU * i as f32 / 8.0;
            match k {
                2 => 7.0 + 2.0 * angle.cos(),
                3 => -1.0 + 2.0 * angle.sin(),
                _ => k as f32,
            }
        });
        let model = own_coordinates(&embedding);
        let point = array![[0.5, -0.5, 7.0, 1.0, 3.0_f32]];
        let y = model.forward(point.view().into_dyn()).unwrap();
        let quarter = std::f32::consts::FRAC_PI_2;
        for (found, expected) in y.iter().zip([0.5, -0.5, quarter, 3.0]) {
            // single precision around 7
            assert!((found - expected).abs() < 1e-5, "{y}");
        }
        let point = array![[0.5, -0.5, 8.0, 0.3, 3.0_f32]];
        let check = check_vjp(&model, point.view().into_dyn()).unwrap();
        assert!(check.passed(), "{check:?}");
    }
}
