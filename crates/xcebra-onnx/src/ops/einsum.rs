//! Sums of products by labels of axes, as products of matrices.

use xcebra_model::Scalar;

use super::Call;
use super::layout::{permute, reshape_to};
use super::matmul::multiply;
use super::reduce::{Reduction, reduce};
use super::select::Select;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::strides;

/// A value and the label of each of its axes.
struct Labelled {
    slot: Slot,
    labels: Vec<char>,
}

pub(crate) fn lower<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let inputs = call.all(b)?;
    let equation: String = call
        .node
        .text("equation")
        .unwrap_or_default()
        .replace(' ', "");
    let (terms, result) = match equation.split_once("->") {
        Some((terms, result)) => (terms, Some(result)),
        None => (equation.as_str(), None),
    };
    let terms: Vec<&str> = terms.split(',').collect();
    if terms.len() != inputs.len() {
        return b.refuse(format!(
            "{} inputs for the equation '{equation}'",
            inputs.len()
        ));
    }
    let mut values = Vec::new();
    for (&slot, term) in inputs.iter().zip(&terms) {
        let labels = labels(b, term, b.rank(slot))?;
        values.push(diagonal(b, Labelled { slot, labels }, term)?);
    }
    let result = match result {
        Some(result) => {
            let dots = values
                .iter()
                .flat_map(|v| &v.labels)
                .filter(|l| l.is_ascii_digit());
            let most = dots
                .map(|&l| l as usize - '0' as usize + 1)
                .max()
                .unwrap_or(0);
            let named = result.replace("...", "").chars().count();
            labels(
                b,
                result,
                named + if result.contains("...") { most } else { 0 },
            )?
        }
        None => once(&values),
    };
    check_lengths(b, &values, &equation)?;
    if result
        .iter()
        .any(|l| !values.iter().any(|v| v.labels.contains(l)))
    {
        return b.refuse(format!(
            "the equation '{equation}' makes an axis from nothing"
        ));
    }
    let mut values = values.into_iter();
    let Some(mut product) = values.next() else {
        return b.refuse("no input");
    };
    while let Some(next) = values.next() {
        let later: Vec<char> = values
            .as_slice()
            .iter()
            .flat_map(|v| v.labels.clone())
            .collect();
        let needed = |l: &char| result.contains(l) || later.contains(l);
        product = multiplied(b, product, next, needed)?;
    }
    let product = summed(b, product, |l| result.contains(l))?;
    let place = |l: &char| product.labels.iter().position(|m| m == l).unwrap_or(0);
    permute(
        b,
        product.slot,
        &result.iter().map(place).collect::<Vec<_>>(),
    )
}

/// One label an axis; the axes of an ellipsis are numbered from the last, by digits.
fn labels<A: Scalar>(b: &Builder<A>, term: &str, rank: usize) -> Result<Vec<char>> {
    let wrong = || {
        b.refuse(format!(
            "the term '{term}' of its equation for {rank} axes is not supported"
        ))
    };
    let plain = term.replace("...", "");
    let hidden = match rank.checked_sub(plain.chars().count()) {
        Some(hidden) if (hidden == 0 || term.contains("...")) && hidden < 10 => hidden,
        _ => return wrong(),
    };
    let dots: String = (0..hidden)
        .rev()
        .map(|i| char::from(b'0' + i as u8))
        .collect();
    let labels: Vec<char> = term.replacen("...", &dots, 1).chars().collect();
    let valid = labels
        .iter()
        .all(|l| l.is_ascii_alphabetic() || (l.is_ascii_digit() && dots.contains(*l)));
    if valid && labels.len() == rank {
        Ok(labels)
    } else {
        wrong()
    }
}

/// The numbers whose places on all axes of one label are the same; each label is left once.
fn diagonal<A: Scalar>(b: &mut Builder<A>, x: Labelled, term: &str) -> Result<Labelled> {
    let shape = b.shape(x.slot).to_vec();
    let mut labels: Vec<char> = Vec::new();
    let mut to = Vec::new();
    for (&label, &length) in x.labels.iter().zip(&shape) {
        match labels.iter().position(|&l| l == label) {
            None => {
                labels.push(label);
                to.push(length);
            }
            Some(first) if to[first] == length => {}
            Some(_) => {
                return b.refuse(format!(
                    "axes '{label}' of the term '{term}' differ in length"
                ));
            }
        }
    }
    if labels.len() == x.labels.len() {
        return Ok(x);
    }
    let (from, own) = (strides(&shape), strides(&to));
    let along = |i: usize, label: &char| {
        let axis = labels.iter().position(|l| l == label).unwrap_or(0);
        i / own[axis] % to[axis]
    };
    let place = |i: usize| {
        let axes = x.labels.iter().zip(&from);
        axes.map(|(label, stride)| along(i, label) * stride).sum()
    };
    let map = (0..to.iter().product()).map(place).collect();
    let op = Select::places(&shape, &to, map);
    let slot = b.emit_as(b.kind(x.slot), op, &[x.slot], &to)?;
    Ok(Labelled { slot, labels })
}

/// The labels of a result that is not given: the ellipsis, and in order those that occur once.
fn once(values: &[Labelled]) -> Vec<char> {
    let all: Vec<char> = values.iter().flat_map(|v| v.labels.clone()).collect();
    let mut dots: Vec<char> = all.iter().copied().filter(char::is_ascii_digit).collect();
    dots.sort_unstable_by(|a, b| b.cmp(a));
    dots.dedup();
    let single = |l: &&char| l.is_ascii_alphabetic() && all.iter().filter(|m| m == l).count() == 1;
    let mut named: Vec<char> = all.iter().filter(single).copied().collect();
    named.sort_unstable();
    [dots, named].concat()
}

fn check_lengths<A: Scalar>(b: &Builder<A>, values: &[Labelled], equation: &str) -> Result<()> {
    let axes = |v: &Labelled| {
        let lengths = b.shape(v.slot).to_vec();
        v.labels
            .clone()
            .into_iter()
            .zip(lengths)
            .collect::<Vec<_>>()
    };
    let all: Vec<(char, usize)> = values.iter().flat_map(axes).collect();
    match all
        .iter()
        .find(|(l, n)| all.iter().any(|(m, k)| l == m && n != k))
    {
        Some((label, _)) => b.refuse_with(
            format!("axes '{label}' of '{equation}' differ in length"),
            "repeat the shorter axis before this node",
        ),
        None => Ok(()),
    }
}

/// Sums over the axes that are not needed.
fn summed<A: Scalar>(
    b: &mut Builder<A>,
    x: Labelled,
    needed: impl Fn(&char) -> bool,
) -> Result<Labelled> {
    let axes: Vec<usize> = (0..x.labels.len())
        .filter(|&i| !needed(&x.labels[i]))
        .collect();
    if axes.is_empty() {
        return Ok(x);
    }
    Ok(Labelled {
        slot: reduce(b, Reduction::Sum, x.slot, &axes, false)?,
        labels: x.labels.into_iter().filter(needed).collect(),
    })
}

/// The product of two values, summed over the axes that nobody needs later.
fn multiplied<A: Scalar>(
    b: &mut Builder<A>,
    x: Labelled,
    y: Labelled,
    needed: impl Fn(&char) -> bool,
) -> Result<Labelled> {
    let x = summed(b, x, |l| needed(l) || y.labels.contains(l))?;
    let y = summed(b, y, |l| needed(l) || x.labels.contains(l))?;
    let in_both = |l: &&char| x.labels.contains(l) && y.labels.contains(l);
    let of = |v: &Labelled, keep: &dyn Fn(&&char) -> bool| -> Vec<char> {
        v.labels.iter().filter(keep).copied().collect()
    };
    let stack = of(&x, &|l| in_both(l) && needed(l));
    let inner = of(&x, &|l| in_both(l) && !needed(l));
    let left = of(&x, &|l| !y.labels.contains(l));
    let right = of(&y, &|l| !x.labels.contains(l));
    let (x, outer) = as_matrices(b, &x, [&stack, &left, &inner])?;
    let (y, columns) = as_matrices(b, &y, [&stack, &inner, &right])?;
    let z = multiply(b, x, y)?;
    let mut shape = outer[..stack.len() + left.len()].to_vec();
    shape.extend(&columns[stack.len() + inner.len()..]);
    Ok(Labelled {
        slot: reshape_to(b, z, &shape)?,
        labels: [stack, left, right].concat(),
    })
}

/// A stack of matrices with the given axes; returns their lengths too.
fn as_matrices<A: Scalar>(
    b: &mut Builder<A>,
    x: &Labelled,
    parts: [&[char]; 3],
) -> Result<(Slot, Vec<usize>)> {
    let place = |l: &char| x.labels.iter().position(|m| m == l).unwrap_or(0);
    let order: Vec<usize> = parts.iter().flat_map(|p| p.iter().map(place)).collect();
    let slot = permute(b, x.slot, &order)?;
    let lengths = b.shape(slot).to_vec();
    let (stack, rest) = lengths.split_at(parts[0].len());
    let (rows, columns) = rest.split_at(parts[1].len());
    let shape = [stack, rows, columns].map(|part| part.iter().product::<usize>());
    Ok((reshape_to(b, slot, &shape)?, lengths))
}
