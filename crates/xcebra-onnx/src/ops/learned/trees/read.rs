//! The trees of a file: lists of nodes and leaves that are checked to be trees.

use std::collections::{HashMap, HashSet};

use super::{Branch, Rule, Values};
use crate::ops::Call;

/// Branches and roots of the trees of a file, with thresholds of nodes and weights of leaves.
pub(super) fn forest(
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
    let mut begun = HashSet::new();
    let mut roots = Vec::new();
    for i in 0..count {
        if places.insert((trees[i], ids[i]), i).is_some() {
            return Err(format!(
                "node {} of tree {} is there twice",
                ids[i], trees[i]
            ));
        }
        if begun.insert(trees[i]) {
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
        let feature = match is_leaf {
            true => 0,
            false => feature(columns[i], features)?,
        };
        branches.push(Branch {
            rule,
            feature,
            threshold: thresholds[i],
            members: Vec::new(),
            next,
            missing: missing.get(i).is_some_and(|&m| m != 0),
            weights: Vec::new(),
        });
    }
    check_trees(&parents, &roots)?;
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
                return Err(format!("tree {} has no leaf {}", in_trees[i], at[i]));
            }
        }
    }
    Ok((branches, roots))
}

/// Branches and roots in the form of version 5: the nodes, and after them the leaves.
pub(super) fn ensemble(
    call: &Call<'_>,
    values: &Values,
    results: usize,
    features: usize,
) -> Result<(Vec<Branch>, Vec<usize>), String> {
    let ints = |name: &str| call.node.ints(name).unwrap_or_default();
    let columns = ints("nodes_featureids");
    let sides = [
        (ints("nodes_truenodeids"), ints("nodes_trueleafs")),
        (ints("nodes_falsenodeids"), ints("nodes_falseleafs")),
    ];
    let missing = ints("nodes_missing_value_tracks_true");
    let targets = ints("leaf_targetids");
    let (count, leaves) = (columns.len(), values.weights.len());
    let mut lengths = vec![values.thresholds.len(), values.modes.len()];
    lengths.extend(
        sides
            .iter()
            .flat_map(|(ids, leafs)| [ids.len(), leafs.len()]),
    );
    if lengths.iter().any(|&length| length != count) || targets.len() != leaves {
        return Err(format!(
            "its {count} nodes have attributes of lengths {lengths:?}, and its {leaves} leaves {} results",
            targets.len()
        ));
    }
    // each list is ended, the last one too
    let mut members: Vec<&[f64]> = values.members.split(|m| m.is_nan()).collect();
    members.pop();
    let mut members = members.into_iter();
    let mut parents = vec![0; count];
    let mut branches = Vec::with_capacity(count + leaves);
    for i in 0..count {
        let rules = [
            Rule::LessOrEqual,
            Rule::Less,
            Rule::GreaterOrEqual,
            Rule::Greater,
            Rule::Equal,
            Rule::NotEqual,
            Rule::Member,
        ];
        let mode = values.modes[i];
        let Some(&rule) = rules.get(mode as usize).filter(|_| mode >= 0.0) else {
            return Err(format!("the rule {mode} of a node is not known"));
        };
        let members = match rule {
            Rule::Member => members.next().map(<[f64]>::to_vec),
            _ => Some(Vec::new()),
        };
        let Some(members) = members else {
            return Err("a node lacks the numbers that it compares with".to_owned());
        };
        let mut next = [0; 2];
        for (next, (ids, leafs)) in next.iter_mut().zip(&sides) {
            let most = if leafs[i] == 0 { count } else { leaves };
            let Some(id) = usize::try_from(ids[i]).ok().filter(|&id| id < most) else {
                return Err(format!("node or leaf {} is not there", ids[i]));
            };
            *next = match leafs[i] {
                0 => {
                    parents[id] += 1;
                    id
                }
                _ => count + id,
            };
        }
        branches.push(Branch {
            rule,
            feature: feature(columns[i], features)?,
            threshold: values.thresholds[i],
            members,
            next,
            missing: missing.get(i).is_some_and(|&m| m != 0),
            weights: Vec::new(),
        });
    }
    for (&target, &weight) in targets.iter().zip(&values.weights) {
        let Some(target) = usize::try_from(target).ok().filter(|&t| t < results) else {
            return Err(format!("a leaf of result {target} of {results}"));
        };
        branches.push(Branch {
            rule: Rule::Leaf,
            feature: 0,
            threshold: 0.0,
            members: Vec::new(),
            next: [0; 2],
            missing: false,
            weights: vec![(target, weight)],
        });
    }
    let root = |&id: &i64| usize::try_from(id).ok().filter(|&id| id < count);
    let roots = ints("tree_roots").iter().map(root);
    let Some(roots) = roots.collect::<Option<Vec<usize>>>() else {
        return Err("a root is not among its nodes".to_owned());
    };
    check_trees(&parents, &roots)?;
    Ok((branches, roots))
}

/// The feature that a node compares, if it exists.
fn feature(column: i64, features: usize) -> Result<usize, String> {
    match usize::try_from(column) {
        Ok(feature) if feature < features => Ok(feature),
        _ => Err(format!("a node asks for feature {column} of {features}")),
    }
}

/// Every node is reached in one way, a root in none: no walk goes round in circles.
fn check_trees(parents: &[usize], roots: &[usize]) -> Result<(), String> {
    match parents.iter().any(|&n| n > 1) || roots.iter().any(|&r| parents[r] > 0) {
        true => Err("its nodes do not form trees".to_owned()),
        false => Ok(()),
    }
}
