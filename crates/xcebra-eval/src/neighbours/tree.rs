//! A k-d tree of points in any number of dimensions.

use ndarray::{Array2, ArrayView1, Axis};

/// Leaves are scanned; smaller ones cost more steps than they save distances.
const LEAF: usize = 16;

/// Exact nearest neighbours. Points at equal distances are ordered by their index, so that the answer
/// does not depend on how the tree was built.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    /// Points in the order of the leaves.
    points: Array2<f64>,
    /// The index each had before.
    indices: Vec<usize>,
    root: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// A range of points.
    Leaf(std::ops::Range<usize>),
    /// Points with a coordinate up to `at` (below) and from `at` on (above).
    Split {
        axis: usize,
        at: f64,
        below: Box<Node>,
        above: Box<Node>,
    },
}

/// Squared distance and index.
pub(super) type Near = (f64, usize);

impl Tree {
    /// A tree of finite points (n, p).
    pub(super) fn new(points: &Array2<f64>) -> Self {
        let mut indices: Vec<usize> = (0..points.nrows()).collect();
        let root = build(points, &mut indices, 0);
        Self {
            points: points.select(Axis(0), &indices),
            indices,
            root,
        }
    }

    /// The `k` points nearest to `query`, nearest first; `k` is at most the number of points.
    pub(super) fn nearest(&self, query: ArrayView1<'_, f64>, k: usize) -> Vec<Near> {
        let mut best = Vec::with_capacity(k + 1);
        self.search(&self.root, query, k, &mut best);
        best
    }

    fn search(&self, node: &Node, query: ArrayView1<'_, f64>, k: usize, best: &mut Vec<Near>) {
        match node {
            Node::Leaf(range) => {
                for row in range.clone() {
                    let point = self.points.row(row);
                    let pairs = point.iter().zip(query);
                    let distance = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
                    insert(best, (distance, self.indices[row]), k);
                }
            }
            Node::Split {
                axis,
                at,
                below,
                above,
            } => {
                let offset = query[*axis] - at;
                let (near, far) = if offset < 0.0 {
                    (below, above)
                } else {
                    (above, below)
                };
                self.search(near, query, k, best);
                // at an equal distance a smaller index may still win
                if best.len() < k || offset * offset <= best[k - 1].0 {
                    self.search(far, query, k, best);
                }
            }
        }
    }
}

/// Splits at the median of the widest axis; `first` is the position of `indices[0]` in the whole.
fn build(points: &Array2<f64>, indices: &mut [usize], first: usize) -> Node {
    let widest = (0..points.ncols()).map(|axis| {
        let values = indices.iter().map(|&i| points[[i, axis]]);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        (high - low, axis)
    });
    let (extent, axis) = widest.fold((0.0, 0), |a, b| if b.0 > a.0 { b } else { a });
    if indices.len() <= LEAF || extent == 0.0 {
        return Node::Leaf(first..first + indices.len());
    }
    let middle = indices.len() / 2;
    let value = |i: &usize| points[[*i, axis]];
    indices.select_nth_unstable_by(middle, |a, b| value(a).total_cmp(&value(b)));
    let at = value(&indices[middle]);
    let (below, above) = indices.split_at_mut(middle);
    Node::Split {
        axis,
        at,
        below: Box::new(build(points, below, first)),
        above: Box::new(build(points, above, first + middle)),
    }
}

/// Keeps the `k` least, in order.
fn insert(best: &mut Vec<Near>, new: Near, k: usize) {
    if best.len() == k && best[k - 1] <= new {
        return;
    }
    let position = best.partition_point(|old| *old <= new);
    best.insert(position, new);
    best.truncate(k);
}
