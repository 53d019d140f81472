//! Means of random draws, with their standard errors.

use ndarray::Array3;

/// Running means over draws of one number for each (sample, output, feature), by the recurrence of
/// Welford (1962).
pub(crate) struct Draws {
    shape: (usize, usize, usize),
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Draws {
    pub(crate) fn new(shape: (usize, usize, usize)) -> Self {
        let size = shape.0 * shape.1 * shape.2;
        Self {
            shape,
            mean: vec![0.0; size],
            squares: vec![0.0; size],
        }
    }

    /// Adds the `draw`-th draw, from 0 on, of one number.
    pub(crate) fn add(
        &mut self,
        (sample, output, feature): (usize, usize, usize),
        draw: usize,
        value: f64,
    ) {
        let at = (sample * self.shape.1 + output) * self.shape.2 + feature;
        let off = value - self.mean[at];
        self.mean[at] += off / (draw + 1) as f64;
        self.squares[at] += off * (value - self.mean[at]);
    }

    /// Means, and their squared standard errors if there were two draws at least.
    pub(crate) fn finish(self, draws: usize) -> (Array3<f64>, Option<Array3<f64>>) {
        let array = |values| Array3::from_shape_vec(self.shape, values).expect("one number each");
        let scale = 1.0 / (draws as f64 * (draws as f64 - 1.0));
        let variances = (draws > 1).then(|| array(self.squares) * scale);
        (array(self.mean), variances)
    }
}
