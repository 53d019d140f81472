//! Nearest neighbours in label space.

use std::cmp::Ordering;

use kiddo::{ImmutableKdTree, SquaredEuclidean};
use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

use super::groups::Groups;
use super::subjects::Subjects;
use crate::error::{CoreError, Result};

/// Most columns of a label. Trees are built for 1, 2, 3, 4, 8 and 16 columns, the others padded
/// with zeros, which changes no distance.
pub const MOST_COLUMNS: usize = 16;

/// A k-d tree over the distinct values of a label.
///
/// Samples with equal labels are one point of the tree; a query for it draws one of them at
/// random, so that ties favour no sample.
pub struct Index {
    tree: Box<dyn Tree>,
    groups: Groups,
    columns: usize,
}

trait Tree: Send + Sync {
    /// The point nearest to each of the queries, which stand one after another.
    fn nearest(&self, queries: &[f64], columns: usize) -> Vec<usize>;
}

struct KdTree<const K: usize>(ImmutableKdTree<f64, K>);

impl<const K: usize> KdTree<K> {
    fn boxed(points: &[ArrayView1<'_, f64>]) -> Result<Box<dyn Tree>> {
        let entries: Vec<[f64; K]> = points.iter().map(pad).collect();
        let tree = ImmutableKdTree::new_from_slice(&entries).map_err(|e| {
            let problem = format!("it cannot be searched: {e:?}");
            CoreError::data("the label", problem, "choose another label")
        })?;
        Ok(Box::new(Self(tree)))
    }
}

impl<const K: usize> Tree for KdTree<K> {
    fn nearest(&self, queries: &[f64], columns: usize) -> Vec<usize> {
        queries
            .par_chunks(columns)
            .with_min_len(64)
            .map(|q| {
                let found = self
                    .0
                    .query(&pad(q))
                    .nearest_one::<SquaredEuclidean<f64>>()
                    .execute();
                found.item as usize
            })
            .collect()
    }
}

fn pad<'a, const K: usize>(point: impl IntoIterator<Item = &'a f64>) -> [f64; K] {
    let mut padded = [0.0; K];
    for (to, from) in padded.iter_mut().zip(point) {
        *to = *from;
    }
    padded
}

/// The order of rows of finite numbers; the two zeros are equal.
fn compare(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Ordering {
    let mut columns = a
        .iter()
        .zip(b)
        .map(|(a, b)| (a + 0.0).total_cmp(&(b + 0.0)));
    columns.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

impl Index {
    /// Indexes the rows of `labels` (time, columns), which are finite, at the given samples, of
    /// which there is at least one.
    ///
    /// # Errors
    /// [`CoreError::Data`] for more than [`MOST_COLUMNS`] columns.
    pub fn new(name: &str, labels: ArrayView2<'_, f64>, samples: Vec<usize>) -> Result<Self> {
        let columns = labels.ncols();
        let groups = Groups::new(samples, |a, b| compare(labels.row(a), labels.row(b)));
        let points: Vec<ArrayView1<'_, f64>> = (0..groups.len())
            .map(|g| labels.row(groups.members(g)[0]))
            .collect();
        let tree = match columns {
            1 => KdTree::<1>::boxed(&points)?,
            2 => KdTree::<2>::boxed(&points)?,
            3 => KdTree::<3>::boxed(&points)?,
            4 => KdTree::<4>::boxed(&points)?,
            5..=8 => KdTree::<8>::boxed(&points)?,
            9..=MOST_COLUMNS => KdTree::<MOST_COLUMNS>::boxed(&points)?,
            _ => {
                return Err(CoreError::data(
                    format!("the label `{name}`"),
                    format!("{columns} columns to search by"),
                    format!(
                        "use at most {MOST_COLUMNS} (an angle counts as two), for instance its \
                         principal components"
                    ),
                ));
            }
        };
        Ok(Self {
            tree,
            groups,
            columns,
        })
    }

    /// For each query, one row after another, a sample whose label is nearest; `uniform` in
    /// [0, 1) chooses among equals.
    pub fn nearest(&self, queries: &[f64], uniform: &[f64]) -> Vec<usize> {
        let points = self.tree.nearest(queries, self.columns);
        points
            .into_iter()
            .zip(uniform)
            .map(|(p, &u)| self.groups.pick(p, u))
            .collect()
    }
}

/// The centers of each subject by their labels.
#[derive(Debug)]
pub struct Indices(Vec<Index>);

impl Indices {
    /// Indexes the rows of `labels` (time, columns) at the centers of each subject.
    ///
    /// # Errors
    /// As [`Index::new`].
    pub fn new(name: &str, labels: ArrayView2<'_, f64>, subjects: &Subjects) -> Result<Self> {
        let centers = subjects.centers().iter();
        let indices = centers.map(|centers| Index::new(name, labels, centers.samples().collect()));
        Ok(Self(indices.collect::<Result<_>>()?))
    }

    /// As [`Index::nearest`], each query in the subject that `assigned` gives.
    pub fn nearest(&self, assigned: &[usize], queries: &[f64], uniform: &[f64]) -> Vec<usize> {
        let indices: Vec<&Index> = self.0.iter().collect();
        nearest_in(&indices, assigned, queries, uniform)
    }
}

/// As [`Index::nearest`], each query in the index whose place `assigned` gives.
pub fn nearest_in(
    indices: &[&Index],
    assigned: &[usize],
    queries: &[f64],
    uniform: &[f64],
) -> Vec<usize> {
    if let [index] = indices {
        return index.nearest(queries, uniform);
    }
    let columns = queries.len() / uniform.len().max(1);
    let mut places = vec![Vec::new(); indices.len()];
    for (query, &index) in assigned.iter().enumerate() {
        places[index].push(query);
    }
    let mut found = vec![0; assigned.len()];
    for (index, places) in indices.iter().zip(&places) {
        let own = places
            .iter()
            .flat_map(|&i| &queries[i * columns..][..columns]);
        let own: Vec<f64> = own.copied().collect();
        let uniform: Vec<f64> = places.iter().map(|&i| uniform[i]).collect();
        for (&i, nearest) in places.iter().zip(index.nearest(&own, &uniform)) {
            found[i] = nearest;
        }
    }
    found
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;

    use super::Index;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Against a scan of all samples; `levels` makes many labels equal.
        #[test]
        fn finds_the_nearest_label(
            n in 1_usize..400, columns in 1_usize..=16, levels in 1_u32..50, seed in 0_u64..1000,
        ) {
            let value = |i: usize, j: usize| {
                let h = (i as u64 * 131 + j as u64 * 31 + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                ((h >> 40) % u64::from(levels)) as f64 / f64::from(levels)
            };
            let labels = Array2::from_shape_fn((n, columns), |(i, j)| value(i, j));
            let index = Index::new("z", labels.view(), (0..labels.nrows()).collect()).unwrap();
            let queries = Array2::from_shape_fn((20, columns), |(i, j)| 1.2 * value(i + 7919, j) - 0.1);
            let found = index.nearest(queries.as_slice().unwrap(), &[0.37; 20]);
            for (q, &f) in queries.outer_iter().zip(&found) {
                let distance = |t: usize| (&labels.row(t) - &q).mapv(|v| v * v).sum();
                let best = (0..n).map(distance).fold(f64::INFINITY, f64::min);
                // the tree may sum the squares in another order
                prop_assert!(distance(f) <= best + 1e-12);
            }
        }
    }

    #[test]
    fn many_equal_labels_are_drawn_evenly() {
        let labels = Array2::from_shape_fn((5000, 1), |(i, _)| f64::from((i % 2) as u32));
        let index = Index::new("z", labels.view(), (0..labels.nrows()).collect()).unwrap();
        let uniform: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        let mut found = index.nearest(&vec![0.9; 1000], &uniform);
        assert!(found.iter().all(|t| t % 2 == 1));
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 1000);
    }
}
