//! Decoding by nearest neighbours.

mod tree;

use ndarray::{Array2, ArrayRef2};

use crate::check::{finite_matrix, parameter, same_shape};
use crate::error::{EvalError, Result};
use tree::{Near, Tree};

/// What "near" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metric {
    /// Euclidean distance.
    #[default]
    Euclidean,
    /// One minus the cosine of the angle; rows must not be zero.
    Cosine,
}

/// How much each neighbour counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weights {
    /// All the same.
    #[default]
    Uniform,
    /// The inverse of its distance; where some are at distance 0, those alone count.
    Distance,
}

/// Decoding from the `k` nearest neighbours among known samples: of continuous labels by their mean,
/// of classes by vote. Conventions are scikit-learn's; neighbours at exactly the same distance are
/// taken in the order of their index.
///
/// The search is exact, by a k-d tree; beyond some ten dimensions it amounts to a scan.
///
/// ```
/// use ndarray::array;
/// use xcebra_eval::Knn;
///
/// let embedding = array![[0.0], [1.0], [2.0], [10.0]];
/// let position = array![[0.0], [0.1], [0.2], [1.0]];
/// let decoded = Knn::new(2).regress(&embedding, &position, &array![[0.4]])?;
/// assert_eq!(decoded, array![[0.05]]);
/// let class = Knn::new(1).classify(&embedding, &[7, 7, 7, 9], &array![[8.0]])?;
/// assert_eq!(class, [9]);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knn {
    neighbours: usize,
    metric: Metric,
    weights: Weights,
}

const KNOWN: &str = "the known samples";
const QUERIES: &str = "the samples to decode";

impl Knn {
    /// `k` neighbours, Euclidean, uniform weights.
    #[must_use]
    pub fn new(neighbours: usize) -> Self {
        Self {
            neighbours,
            metric: Metric::default(),
            weights: Weights::default(),
        }
    }

    /// What "near" means.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// How much each neighbour counts.
    #[must_use]
    pub fn weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }

    /// Labels (m, outputs) of `queries` (m, p) from `known` samples (n, p) and their `labels`
    /// (n, outputs).
    ///
    /// # Errors
    /// [`EvalError::Shape`] if the shapes do not match, [`EvalError::Empty`],
    /// [`EvalError::NotFinite`], [`EvalError::Parameter`] unless `1 ≤ k ≤ n`,
    /// [`EvalError::ZeroVector`] where the cosine is asked for.
    pub fn regress<S: Copy + Into<f64>>(
        &self,
        known: &ArrayRef2<S>,
        labels: &ArrayRef2<S>,
        queries: &ArrayRef2<S>,
    ) -> Result<Array2<f64>> {
        let expected = [known.nrows(), labels.ncols()];
        same_shape("the labels", labels.shape(), KNOWN, &expected)?;
        let labels = finite_matrix("the labels", labels)?;
        let mut decoded = Array2::zeros((queries.nrows(), labels.ncols()));
        let neighbours = self.neighbours(known, queries)?;
        for (mut row, near) in decoded.rows_mut().into_iter().zip(neighbours) {
            let weights = self.weigh(&near);
            let total: f64 = weights.iter().sum();
            for (weight, (_, index)) in weights.iter().zip(&near) {
                row.scaled_add(*weight, &labels.row(*index));
            }
            row /= total;
        }
        Ok(decoded)
    }

    /// Classes of `queries` (m, p) from `known` samples (n, p) and their classes; among classes with
    /// the same weight the smallest wins.
    ///
    /// # Errors
    /// As [`regress`](Self::regress).
    pub fn classify<S: Copy + Into<f64>>(
        &self,
        known: &ArrayRef2<S>,
        classes: &[usize],
        queries: &ArrayRef2<S>,
    ) -> Result<Vec<usize>> {
        same_shape("the classes", &[classes.len()], KNOWN, &[known.nrows()])?;
        let vote = |near: Vec<Near>| {
            let weights = self.weigh(&near);
            let ballots = near.iter().map(|(_, index)| classes[*index]);
            let mut ballots: Vec<(usize, f64)> = ballots.zip(weights).collect();
            ballots.sort_by_key(|(class, _)| *class);
            let totals = ballots.chunk_by(|a, b| a.0 == b.0);
            let totals = totals.map(|same| (same[0].0, same.iter().map(|b| b.1).sum()));
            let winner = totals.fold((0, 0.0), |a: (usize, f64), b| if b.1 > a.1 { b } else { a });
            winner.0
        };
        Ok(self
            .neighbours(known, queries)?
            .into_iter()
            .map(vote)
            .collect())
    }

    /// For each query its nearest known samples, nearest first: distance and index.
    fn neighbours<S: Copy + Into<f64>>(
        &self,
        known: &ArrayRef2<S>,
        queries: &ArrayRef2<S>,
    ) -> Result<Vec<Vec<Near>>> {
        let expected = [queries.nrows(), known.ncols()];
        same_shape(QUERIES, queries.shape(), KNOWN, &expected)?;
        let known = self.prepare(KNOWN, known)?;
        let queries = self.prepare(QUERIES, queries)?;
        let k = self.neighbours;
        let expected = "from 1 to the number of known samples";
        parameter(
            "the number of neighbours",
            k,
            (1..=known.nrows()).contains(&k),
            expected,
        )?;
        let tree = Tree::new(&known);
        let nearest = queries.rows().into_iter().map(|query| {
            let mut near = tree.nearest(query, k);
            for (distance, _) in &mut near {
                *distance = match self.metric {
                    Metric::Euclidean => distance.sqrt(),
                    // |u − v|² = 2 (1 − u·v) between unit vectors
                    Metric::Cosine => 0.5 * *distance,
                };
            }
            near
        });
        Ok(nearest.collect())
    }

    /// Points between which Euclidean distances rank as the metric does.
    fn prepare<S: Copy + Into<f64>>(
        &self,
        what: &'static str,
        points: &ArrayRef2<S>,
    ) -> Result<Array2<f64>> {
        let mut points = finite_matrix(what, points)?;
        if self.metric == Metric::Cosine {
            for (row, mut point) in points.rows_mut().into_iter().enumerate() {
                let largest = point.fold(0.0_f64, |m, v| m.max(v.abs()));
                if largest == 0.0 {
                    return Err(EvalError::ZeroVector { what, row });
                }
                point /= largest;
                let norm: f64 = point.dot(&point).sqrt();
                point /= norm;
            }
        }
        Ok(points)
    }

    fn weigh(&self, near: &[Near]) -> Vec<f64> {
        let touching = near[0].0 == 0.0;
        let weight = |distance: f64| match self.weights {
            Weights::Uniform => 1.0,
            Weights::Distance if touching => f64::from(distance == 0.0),
            // relative to the nearest, which a tiny distance cannot overflow
            Weights::Distance => near[0].0 / distance,
        };
        near.iter().map(|(distance, _)| weight(*distance)).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, array};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_tree_finds_what_a_scan_finds(
            dims in 1usize..6,
            k in 1usize..30,
            // a coarse grid: many equal coordinates, points and distances
            points in vec(-4i32..5, 40 * 6..200 * 6),
            queries in vec(-5i32..6, 6 * 8),
        ) {
            let n = points.len() / 6;
            let points = Array2::from_shape_fn((n, dims), |(i, j)| f64::from(points[6 * i + j]));
            let queries = Array2::from_shape_fn((8, dims), |(i, j)| 0.5 * f64::from(queries[6 * i + j]));
            let tree = Tree::new(&points);
            for query in queries.rows() {
                let mut all: Vec<Near> = points
                    .axis_iter(Axis(0))
                    .enumerate()
                    .map(|(i, p)| ((&p - &query).mapv(|v| v * v).sum(), i))
                    .collect();
                all.sort_by(|a, b| a.partial_cmp(b).unwrap());
                // halves and their squares are exact
                prop_assert_eq!(tree.nearest(query, k), &all[..k]);
            }
        }
    }

    #[test]
    fn equal_points_make_no_deep_tree() {
        let points = Array2::from_elem((50_000, 2), 0.25);
        let near = Tree::new(&points).nearest(array![0.0, 0.0].view(), 3);
        assert_eq!(near, [(0.125, 0), (0.125, 1), (0.125, 2)]);
    }

    #[test]
    fn a_neighbour_at_distance_zero_counts_alone() {
        let known = array![[0.0f32], [0.0], [1.0]];
        let labels = array![[1.0f32], [3.0], [50.0]];
        let knn = Knn::new(3).weights(Weights::Distance);
        let decoded = knn.regress(&known, &labels, &array![[0.0], [0.5]]).unwrap();
        assert_eq!(decoded, array![[2.0], [18.0]]);
    }

    #[test]
    fn votes_that_tie_go_to_the_smallest_class() {
        let known = array![[0.0], [1.0], [2.0], [3.0]];
        let knn = Knn::new(4);
        assert_eq!(
            knn.classify(&known, &[5, 2, 5, 2], &array![[0.1]]),
            Ok(vec![2])
        );
        let knn = knn.weights(Weights::Distance);
        assert_eq!(
            knn.classify(&known, &[5, 2, 5, 2], &array![[0.1]]),
            Ok(vec![5])
        );
    }

    #[test]
    fn length_is_of_no_account_to_the_cosine() {
        let known = array![[1.0, 0.0], [0.0, 1e-200], [-1.0, 0.1]];
        let knn = Knn::new(1).metric(Metric::Cosine);
        let queries = array![[1e200, 1e199], [0.1, 5.0], [-3.0, 0.0]];
        assert_eq!(
            knn.classify(&known, &[0, 1, 2], &queries),
            Ok(vec![0, 1, 2])
        );
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        let x = array![[0.0, 0.0], [1.0, 2.0]];
        let y = array![[0.0], [1.0]];
        let knn = Knn::new(1);
        for k in [0, 3] {
            let error = Knn::new(k).regress(&x, &y, &x).unwrap_err();
            assert!(matches!(error, EvalError::Parameter { .. }));
        }
        assert!(matches!(
            knn.regress(&x, &array![[0.0]], &x),
            Err(EvalError::Shape { .. })
        ));
        assert!(matches!(
            knn.regress(&x, &y, &y),
            Err(EvalError::Shape { .. })
        ));
        assert!(matches!(
            knn.classify(&x, &[1], &x),
            Err(EvalError::Shape { .. })
        ));
        let none = Array2::<f64>::zeros((0, 2));
        assert!(matches!(
            knn.regress(&x, &y, &none),
            Err(EvalError::Empty { .. })
        ));
        assert!(knn.classify(&none, &[], &x).is_err());
        let broken = array![[0.0, f64::NAN]];
        assert!(matches!(
            knn.regress(&x, &y, &broken),
            Err(EvalError::NotFinite { .. })
        ));
        let cosine = knn.metric(Metric::Cosine).regress(&x, &y, &x).unwrap_err();
        assert_eq!(
            cosine.to_string(),
            "row 0 of the known samples is zero and has no direction"
        );
    }
}
