//! Ensembles of decision trees. Their results move in steps: the derivative is zero.

use std::collections::HashMap;

use xcebra_model::Scalar;

use super::linear::{label, labels, transformed};
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
    Leaf,
}

/// A place in a tree: where a sample goes from here.
struct Branch {
    rule: Rule,
    feature: usize,
    threshold: f64,
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
    let values = [
        numbers(b, call, "nodes_values")?,
        numbers(b, call, &format!("{of}_weights"))?,
    ];
    let trees = match read(call, of, results, features, values) {
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

/// Branches and roots of the trees of a file, with thresholds of nodes and weights of leaves.
fn read(
    call: &Call<'_>,
    of: &str,
    results: usize,
    features: usize,
    [thresholds, weights]: [Vec<f64>; 2],
) -> Result<(Vec<Branch>, Vec<usize>), String> {
    let ints = |name: &str| call.node.ints(name).unwrap_or_default();
    let (trees, ids) = (ints("nodes_treeids"), ints("nodes_nodeids"));
    let (yes, no) = (ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
    let modes = call.node.texts("nodes_modes").unwrap_or_default();
    let columns = ints("nodes_featureids");
    let missing = ints("nodes_missing_value_tracks_true");
    let count = trees.len();
    let lengths = [
        ids.len(),
        yes.len(),
        no.len(),
        modes.len(),
        columns.len(),
        thresholds.len(),
    ];
    if lengths != [count; 6] {
        return Err(format!(
            "its {count} nodes have attributes of lengths {lengths:?}"
        ));
    }
    let mut places = HashMap::new();
    let mut roots: Vec<usize> = Vec::new();
    for i in 0..count {
        if places.insert((trees[i], ids[i]), i).is_some() {
            return Err(format!(
                "node {} of tree {} is there twice",
                ids[i], trees[i]
            ));
        }
        if !roots.iter().any(|&r| trees[r] == trees[i]) {
            roots.push(i);
        }
    }
    let mut parents = vec![0; count];
    let mut branches = Vec::with_capacity(count);
    for i in 0..count {
        let rule = match modes[i].as_str() {
            "LEAF" => Rule::Leaf,
            "BRANCH_LEQ" => Rule::LessOrEqual,
            "BRANCH_LT" => Rule::Less,
            "BRANCH_GTE" => Rule::GreaterOrEqual,
            "BRANCH_GT" => Rule::Greater,
            "BRANCH_EQ" => Rule::Equal,
            "BRANCH_NEQ" => Rule::NotEqual,
            other => return Err(format!("the rule {other} of a node is not known")),
        };
        let is_leaf = matches!(rule, Rule::Leaf);
        let mut next = [0; 2];
        if !is_leaf {
            for (next, id) in next.iter_mut().zip([yes[i], no[i]]) {
                let Some(&place) = places.get(&(trees[i], id)) else {
                    return Err(format!("tree {} has no node {id}", trees[i]));
                };
                parents[place] += 1;
                *next = place;
            }
        }
        let feature = usize::try_from(columns[i]).unwrap_or(usize::MAX);
        if !is_leaf && feature >= features {
            return Err(format!(
                "a node asks for feature {} of {features}",
                columns[i]
            ));
        }
        branches.push(Branch {
            rule,
            feature,
            threshold: thresholds[i],
            next,
            missing: missing.get(i).is_some_and(|&m| m != 0),
            weights: Vec::new(),
        });
    }
    // every node is reached in one way, a root in none: no walk goes round in circles
    if parents.iter().any(|&n| n > 1) || roots.iter().any(|&r| parents[r] > 0) {
        return Err("its nodes do not form trees".to_owned());
    }
    let list = |name: &str| ints(&format!("{of}_{name}")).to_vec();
    let (in_trees, at, which) = (list("treeids"), list("nodeids"), list("ids"));
    if [at.len(), which.len(), weights.len()] != [in_trees.len(); 3] {
        return Err("weights, results and nodes of its leaves differ in number".to_owned());
    }
    for (i, &weight) in weights.iter().enumerate() {
        let result = usize::try_from(which[i]).unwrap_or(usize::MAX);
        // the one score of two classes may be called the second
        let result = if results == 1 { 0 } else { result };
        match places.get(&(in_trees[i], at[i])) {
            Some(&place) if result < results => branches[place].weights.push((result, weight)),
            _ => {
                return Err(format!(
                    "leaf {} of tree {} is not there",
                    at[i], in_trees[i]
                ));
            }
        }
    }
    Ok((branches, roots))
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
