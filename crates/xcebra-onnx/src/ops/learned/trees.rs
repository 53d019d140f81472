//! Ensembles of decision trees. Their results move in steps: the derivative is zero.

mod read;

use xcebra_model::Scalar;

use super::linear::{label, labels, transformed, transformed_by};
use super::{numbers, table};
use crate::builder::{Builder, Slot};
use crate::error::{AGAIN, Result};
use crate::ops::elementwise::{Pair, binary};
use crate::ops::functions::{Function, apply};
use crate::ops::layout::join;
use crate::ops::{Call, Op, Pass, take};
use crate::tensor::{Kind, Tensor};

#[derive(Clone, Copy, Debug)]
enum Rule {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
    /// One of some numbers.
    Member,
    Leaf,
}

/// A place in a tree: where a sample goes from here.
struct Branch {
    rule: Rule,
    feature: usize,
    threshold: f64,
    members: Vec<f64>,
    /// Where it goes if the rule holds, and if not.
    next: [usize; 2],
    /// Whether the rule holds for a number that is missing.
    missing: bool,
    /// Result and weight of a leaf.
    weights: Vec<(usize, f64)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Together {
    Sum,
    Average,
    Min,
    Max,
}

/// Numbers of nodes and leaves in the form of version 5.
struct Values {
    thresholds: Vec<f64>,
    modes: Vec<f64>,
    weights: Vec<f64>,
    /// Those of one node after those of the other, each list ended by what is not a number.
    members: Vec<f64>,
}

/// The trees; each sample walks through all.
struct Trees {
    branches: Vec<Branch>,
    roots: Vec<usize>,
    together: Together,
    base: Vec<f64>,
}

pub(super) fn regress<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let targets = usize::try_from(call.node.int("n_targets").unwrap_or(1)).unwrap_or(0);
    let together = match call.node.text("aggregate_function").unwrap_or("SUM") {
        "AVERAGE" => Together::Average,
        "MIN" => Together::Min,
        "MAX" => Together::Max,
        _ => Together::Sum,
    };
    let y = walk(b, call, "target", targets, together)?;
    transformed(b, call, y)
}

/// The form of version 5, in which nodes and leaves are apart.
pub(super) fn ensemble<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, features) = table(b, call)?;
    let results = usize::try_from(call.node.int("n_targets").unwrap_or(1)).unwrap_or(0);
    let together = match call.node.int("aggregate_function").unwrap_or(1) {
        0 => Together::Average,
        1 => Together::Sum,
        2 => Together::Min,
        3 => Together::Max,
        other => {
            return b.refuse(format!("the aggregate function {other} is not known"));
        }
    };
    let mut tensor = |name: &str| match call.node.tensor(name) {
        Some(literal) => b.doubles(literal),
        None => Ok(Vec::new()),
    };
    let values = Values {
        thresholds: tensor("nodes_splits")?,
        modes: tensor("nodes_modes")?,
        weights: tensor("leaf_weights")?,
        members: tensor("membership_values")?,
    };
    b.check(&[results])?;
    let trees = match read::ensemble(call, &values, results, features) {
        Ok((branches, roots)) => Trees {
            branches,
            roots,
            together,
            base: vec![0.0; results],
        },
        Err(problem) => return b.refuse_with(problem, AGAIN),
    };
    let shape = [b.shape(x)[0], results];
    let y = b.emit(trees, &[x], &shape)?;
    b.flatten_derivative(y);
    let transformations = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];
    let transformation = usize::try_from(call.node.int("post_transform").unwrap_or(0));
    let name = transformation.ok().and_then(|i| transformations.get(i));
    transformed_by(b, name.unwrap_or(&"of an unknown number"), y)
}

/// Two classes may have one score, which is that of the second.
pub(super) fn classify<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let classes = labels(call).len();
    let ids = call.node.ints("class_ids").unwrap_or_default();
    let single = classes == 2 && ids.windows(2).all(|pair| pair[0] == pair[1]);
    if !single {
        let y = walk(b, call, "class", classes, Together::Sum)?;
        let label = label(b, call, y)?;
        let y = transformed(b, call, y)?;
        return Ok(vec![label, y]);
    }
    let positive = numbers(b, call, "class_weights")?.iter().all(|&w| w >= 0.0);
    let y = walk(b, call, "class", 1, Together::Sum)?;
    let logistic = call.node.text("post_transform") == Some("LOGISTIC");
    // as onnxruntime decides it, before the transformation
    let half = if positive { 0.5 } else { 0.0 };
    let half = b.constant(&[], Kind::Real, vec![half])?;
    let place = binary(b, Pair::Greater, y, half)?;
    let place = crate::ops::layout::reshape_to(b, place, &[b.shape(y)[0]])?;
    let names = b.constant(&[2], Kind::Whole, labels(call))?;
    let label = take::rows(b, names, place)?;
    let second = transformed(b, call, y)?;
    let first = if positive || logistic {
        let one = b.constant(&[], Kind::Real, vec![1.0])?;
        binary(b, Pair::Sub, one, second)?
    } else {
        apply(b, Function::Neg, second)?
    };
    Ok(vec![label, join(b, &[first, second], 1)?])
}

/// The weights of the leaves that every sample reaches; `of` is `target` or `class`.
fn walk<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    of: &str,
    results: usize,
    together: Together,
) -> Result<Slot> {
    let (x, features) = table(b, call)?;
    let base = numbers(b, call, "base_values")?;
    if results == 0 || ![0, results].contains(&base.len()) {
        return b.refuse(format!("{} base values for {results} results", base.len()));
    }
    b.check(&[results])?;
    let values = [
        numbers(b, call, "nodes_values")?,
        numbers(b, call, &format!("{of}_weights"))?,
    ];
    let trees = match read::forest(call, of, results, features, values) {
        Ok((branches, roots)) => Trees {
            branches,
            roots,
            together,
            base: if base.is_empty() {
                vec![0.0; results]
            } else {
                base
            },
        },
        Err(problem) => return b.refuse_with(problem, AGAIN),
    };
    let shape = [b.shape(x)[0], results];
    let y = b.emit(trees, &[x], &shape)?;
    b.flatten_derivative(y);
    Ok(y)
}

impl Trees {
    fn leaf<A: Scalar>(&self, root: usize, row: &[A]) -> &Branch {
        let mut at = root;
        loop {
            let branch = &self.branches[at];
            if matches!(branch.rule, Rule::Leaf) {
                return branch;
            }
            let (x, threshold) = (row[branch.feature].as_f64(), branch.threshold);
            let holds = match branch.rule {
                _ if x.is_nan() => branch.missing,
                Rule::LessOrEqual => x <= threshold,
                Rule::Less => x < threshold,
                Rule::GreaterOrEqual => x >= threshold,
                Rule::Greater => x > threshold,
                Rule::Equal => x == threshold,
                Rule::Member => branch.members.contains(&x),
                Rule::NotEqual | Rule::Leaf => x != threshold,
            };
            at = branch.next[usize::from(!holds)];
        }
    }

    fn row<A: Scalar>(&self, row: &[A]) -> Vec<f64> {
        let mut found: Vec<Option<f64>> = vec![None; self.base.len()];
        for &root in &self.roots {
            for &(result, weight) in &self.leaf(root, row).weights {
                let old = found[result];
                found[result] = Some(match (self.together, old) {
                    (_, None) => weight,
                    (Together::Min, Some(old)) => old.min(weight),
                    (Together::Max, Some(old)) => old.max(weight),
                    (_, Some(old)) => old + weight,
                });
            }
        }
        let count = match self.together {
            Together::Average => self.roots.len().max(1) as f64,
            _ => 1.0,
        };
        let sums = found.iter().zip(&self.base);
        sums.map(|(sum, base)| sum.unwrap_or(0.0) / count + base)
            .collect()
    }
}

impl<A: Scalar> Op<A> for Trees {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let shape = inputs[0].shape();
        let rows = inputs[0].data().chunks_exact(shape[1].max(1));
        let mut data: Vec<A> = rows.flat_map(|row| self.row(row)).map(A::of).collect();
        let results = self.base.len();
        // samples without features
        data.resize(shape[0] * results, A::zero());
        vec![Tensor::new(&[shape[0], results], data)]
    }

    fn backward(&self, _pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![None]
    }
}
