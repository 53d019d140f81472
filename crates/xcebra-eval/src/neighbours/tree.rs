//! A k-d tree of points in any number of dimensions.

use ndarray::{Array2, ArrayView1, Axis};

/// Leaves are scanned; smaller ones cost more steps than they save distances.
const LEAF: usize = 16;

/// Subtrees are left out only if they are farther than this share beyond the worst neighbour: bounds
/// are sums that were added up in another order than distances.
const SLACK: f64 = 1e-12;

/// Exact nearest neighbours. Points at equal distances are ordered by their index, so that the answer
/// does not depend on how the tree was built.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    /// Points, one after another, in the order of the leaves.
    points: Vec<f64>,
    dims: usize,
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
            points: points.select(Axis(0), &indices).into_iter().collect(),
            dims: points.ncols(),
            indices,
            root,
        }
    }

    /// The `k` points nearest to `query`, nearest first; `k` is at most the number of points.
    pub(super) fn nearest(&self, query: ArrayView1<'_, f64>, k: usize) -> Vec<Near> {
        let mut search = Search {
            tree: self,
            query: query.to_vec(),
            offsets: vec![0.0; self.dims],
            k,
            best: Vec::with_capacity(k + 1),
        };
        search.visit(&self.root, 0.0);
        search.best
    }
}

struct Search<'a> {
    tree: &'a Tree,
    query: Vec<f64>,
    /// How far, along each axis, the query is outside the box of the visited node.
    offsets: Vec<f64>,
    k: usize,
    best: Vec<Near>,
}

impl Search<'_> {
    /// `bound` is the squared distance of the query from the node's box, the sum of squared offsets.
    fn visit(&mut self, node: &Node, bound: f64) {
        match node {
            Node::Leaf(range) => {
                let dims = self.tree.dims;
                let points = &self.tree.points[range.start * dims..range.end * dims];
                let indices = &self.tree.indices[range.clone()];
                for (point, &index) in points.chunks_exact(dims).zip(indices) {
                    let distance = squared_distance(point, &self.query);
                    insert(&mut self.best, (distance, index), self.k);
                }
            }
            Node::Split {
                axis,
                at,
                below,
                above,
            } => {
                let offset = self.query[*axis] - at;
                let (near, far) = if offset < 0.0 {
                    (below, above)
                } else {
                    (above, below)
                };
                self.visit(near, bound);
                let before = std::mem::replace(&mut self.offsets[*axis], offset);
                let bound = bound - before * before + offset * offset;
                // at an equal distance a smaller index may still win
                if self.best.len() < self.k || bound * (1.0 - SLACK) <= self.best[self.k - 1].0 {
                    self.visit(far, bound);
                }
                self.offsets[*axis] = before;
            }
        }
    }
}

/// In four sums, which a processor adds up side by side.
fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let ((left, left_rest), (right, right_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    for (a, b) in left.iter().zip(right) {
        for lane in 0..4 {
            let difference = a[lane] - b[lane];
            sums[lane] += difference * difference;
        }
    }
    let rest = left_rest.iter().zip(right_rest);
    let rest: f64 = rest.map(|(a, b)| (a - b) * (a - b)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
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
