//! Sanity checks by randomised models (Adebayo et al. 2018).

use ndarray::{Array, ArrayRef, Dimension};

use crate::check::{finite_flat, same_shape};
use crate::correlation::{pearson, spearman};
use crate::error::{EvalError, Result};

/// How alike two attribution maps are, by four measures from −1 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Spearman's correlation of the values.
    pub spearman: f64,
    /// Spearman's correlation of the absolute values.
    pub spearman_absolute: f64,
    /// Pearson's correlation of the values.
    pub pearson: f64,
    /// Cosine of the angle between the maps.
    pub cosine: f64,
}

/// How alike the attribution map of a model and that of the same architecture with randomised weights
/// are. A method that explains the model gives another map; one whose map hardly changes explains the
/// input or the architecture.
///
/// # Errors
/// [`EvalError::Shape`] if the shapes differ, [`EvalError::Empty`], [`EvalError::NotFinite`],
/// [`EvalError::Constant`] if all values of a map are equal, or equal but for their sign.
pub fn similarity<S: Copy + Into<f64>, D: Dimension>(
    map: &ArrayRef<S, D>,
    randomised: &ArrayRef<S, D>,
) -> Result<Similarity> {
    let (what, other) = ("the map of the randomised model", "the map");
    same_shape(what, randomised.shape(), other, map.shape())?;
    let (a, b) = (finite_flat(other, map)?, finite_flat(what, randomised)?);
    let sizes = |values: &[f64]| values.iter().map(|v| v.abs()).collect::<Vec<f64>>();
    Ok(Similarity {
        spearman: spearman(&a, &b)?,
        spearman_absolute: spearman(&sizes(&a), &sizes(&b))?,
        pearson: pearson(&a, &b)?,
        cosine: cosine(&a, &b),
    })
}

/// [`similarity`] of a map to those of models randomised further and further, in their order: the
/// cascade of Adebayo et al. from the output layer down, or several independent randomisations.
///
/// # Errors
/// [`EvalError::Empty`] without randomised maps; otherwise as [`similarity`].
pub fn randomisation<S: Copy + Into<f64>, D: Dimension>(
    map: &ArrayRef<S, D>,
    randomised: &[Array<S, D>],
) -> Result<Vec<Similarity>> {
    if randomised.is_empty() {
        return Err(EvalError::Empty {
            what: "the maps of randomised models",
            shape: vec![0],
        });
    }
    randomised
        .iter()
        .map(|other| similarity(map, other))
        .collect()
}

/// Of vectors that are not zero.
fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let unit = |values: &[f64]| {
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let scaled = values.iter().map(move |v| v / largest);
        let norm = scaled.clone().map(|v| v * v).sum::<f64>().sqrt();
        scaled.map(|v| v / norm).collect::<Vec<f64>>()
    };
    let pairs = unit(a).into_iter().zip(unit(b));
    pairs.map(|(u, v)| u * v).sum::<f64>().clamp(-1.0, 1.0)
}
