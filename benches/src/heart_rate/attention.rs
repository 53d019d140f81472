//! Four-head attention of the tokens of each signal, without a residual.

use ndarray::{Array1, Array2};
use xcebra_model::Scalar;

use super::{FEATURES, Named, TOKENS};

const HEADS: usize = 4;
const WIDTH: usize = FEATURES / HEADS;
/// Numbers of one head of one signal: tokens × width, and scores.
type Block<A> = [[A; WIDTH]; TOKENS];
type Scores<A> = [[A; TOKENS]; TOKENS];

pub struct Attention<A> {
    /// Query, key and value, then out: `(out, in)` and bias.
    layers: [(Array2<A>, Array1<A>); 4],
}

/// Queries, keys and values, and the attention of every head of every signal.
pub struct Saved<A> {
    projected: [Array2<A>; 3],
    scores: Vec<Scores<A>>,
}

impl<A: Scalar> Attention<A> {
    pub fn new(named: &Named<'_>) -> Self {
        Self {
            layers: ["query", "key", "value", "out"].map(|name| named.dense(name)),
        }
    }

    /// `(signals · tokens, features)` to the same.
    pub fn forward(&self, tokens: &Array2<A>) -> (Array2<A>, Saved<A>) {
        let [query, key, value, out] = &self.layers;
        let projected = [query, key, value].map(|(w, b)| tokens.dot(&w.t()) + b);
        let mut mixed = Array2::zeros(tokens.raw_dim());
        let mut scores = Vec::with_capacity(tokens.nrows() / TOKENS * HEADS);
        for (signal, head) in heads(tokens.nrows()) {
            let [q, k, v] = [0, 1, 2].map(|i| block(&projected[i], signal, head));
            let mut weights = times_transposed(&q, &k);
            weights.iter_mut().for_each(softmax);
            put(&mut mixed, signal, head, &times(&weights, &v));
            scores.push(weights);
        }
        let attended = mixed.dot(&out.0.t()) + &out.1;
        (attended, Saved { projected, scores })
    }

    /// Gradient of the tokens.
    pub fn backward(&self, saved: &Saved<A>, back: &Array2<A>) -> Array2<A> {
        let [query, key, value, out] = &self.layers;
        let mixed = back.dot(&out.0);
        let mut gradients = [0, 1, 2].map(|_| Array2::<A>::zeros(back.raw_dim()));
        let scale = A::one() / A::of((WIDTH as f64).sqrt());
        for ((signal, head), weights) in heads(back.nrows()).zip(&saved.scores) {
            let [q, k, v] = [0, 1, 2].map(|i| block(&saved.projected[i], signal, head));
            let g = block(&mixed, signal, head);
            put(
                &mut gradients[2],
                signal,
                head,
                &times(&transposed(weights), &g),
            );
            let mut change = unscaled(&g, &v);
            for (change, weights) in change.iter_mut().zip(weights) {
                let pairs = change.iter().zip(weights);
                let mean = pairs.map(|(c, w)| *c * *w).sum::<A>();
                for (c, w) in change.iter_mut().zip(weights) {
                    *c = scale * *w * (*c - mean);
                }
            }
            put(&mut gradients[0], signal, head, &times(&change, &k));
            put(
                &mut gradients[1],
                signal,
                head,
                &times(&transposed(&change), &q),
            );
        }
        let mut sum = gradients[0].dot(&query.0);
        sum += &gradients[1].dot(&key.0);
        sum += &gradients[2].dot(&value.0);
        sum
    }
}

fn heads(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows / TOKENS).flat_map(|signal| (0..HEADS).map(move |head| (signal, head)))
}

fn block<A: Scalar>(all: &Array2<A>, signal: usize, head: usize) -> Block<A> {
    let all = all.as_slice().expect("standard layout");
    std::array::from_fn(|t| {
        let from = (signal * TOKENS + t) * FEATURES + head * WIDTH;
        std::array::from_fn(|i| all[from + i])
    })
}

fn put<A: Scalar>(all: &mut Array2<A>, signal: usize, head: usize, block: &Block<A>) {
    let all = all.as_slice_mut().expect("standard layout");
    for (t, row) in block.iter().enumerate() {
        let to = (signal * TOKENS + t) * FEATURES + head * WIDTH;
        all[to..][..WIDTH].copy_from_slice(row);
    }
}

fn times<A: Scalar>(scores: &Scores<A>, block: &Block<A>) -> Block<A> {
    scores.map(|scores| {
        let mut sum = [A::zero(); WIDTH];
        for (score, row) in scores.into_iter().zip(block) {
            for (sum, x) in sum.iter_mut().zip(row) {
                *sum += score * *x;
            }
        }
        sum
    })
}

fn transposed<A: Scalar>(scores: &Scores<A>) -> Scores<A> {
    std::array::from_fn(|i| std::array::from_fn(|j| scores[j][i]))
}

fn unscaled<A: Scalar>(a: &Block<A>, b: &Block<A>) -> Scores<A> {
    // with the second block transposed, the inner loop runs over neighbours
    let columns: [[A; TOKENS]; WIDTH] = std::array::from_fn(|i| std::array::from_fn(|t| b[t][i]));
    a.map(|row| {
        let mut sum = [A::zero(); TOKENS];
        for (x, column) in row.into_iter().zip(&columns) {
            for (sum, y) in sum.iter_mut().zip(column) {
                *sum += x * *y;
            }
        }
        sum
    })
}

fn times_transposed<A: Scalar>(q: &Block<A>, k: &Block<A>) -> Scores<A> {
    let scale = A::one() / A::of((WIDTH as f64).sqrt());
    unscaled(q, k).map(|row| row.map(|x| scale * x))
}

fn softmax<A: Scalar>(row: &mut [A; TOKENS]) {
    let most = row.iter().fold(A::neg_infinity(), |m, x| m.max(*x));
    row.iter_mut().for_each(|x| *x = (*x - most).exp());
    let sum: A = row.iter().copied().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}
