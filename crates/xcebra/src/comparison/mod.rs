//! Whether embeddings of several runs, seeds or animals say the same.
//!
//! `compare` trains a run again from other seeds; here embeddings that there are already are compared.

mod files;
mod result;

pub use files::{CompareJob, compare_files};
pub use result::Compared;

use ndarray::{Array1, Array2, ArrayView2};
use xcebra_eval::{by_label, consistency, procrustes_disparity};
use xcebra_model::Watch;

use crate::{Problem, Result};

/// An embedding to compare.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedEmbedding {
    /// What it is called.
    pub name: String,
    /// The embedding (samples, dimensions).
    pub values: Array2<f64>,
    /// The label of its samples, by which embeddings of other samples are compared.
    pub label: Option<Array1<f64>>,
    /// What it is of, such as an animal: scores between groups leave out pairs of the same group.
    pub group: Option<String>,
}

/// Compares embeddings by the R² of the linear map from each to each other, and by what is left of their distance
/// when they are turned onto each other (Procrustes).
///
/// Without labels they are of the same samples, as those of several runs on one recording. With labels, of any
/// samples, each is first averaged in `bins` bins of the label that all have; see [`by_label`]. The numbers are those
/// of CEBRA's `consistency_score` between runs and between data sets.
///
/// # Errors
/// [`Problem`] if there are fewer than two embeddings, only some have a label, they differ in length without labels,
/// or a label leaves a bin empty; of the kind [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
///
/// ```
/// use ndarray::{Array2, array};
/// use xcebra::model::Watch;
/// use xcebra::{NamedEmbedding, compare_embeddings};
///
/// let first = Array2::from_shape_fn((50, 2), |(t, k)| (t as f64 / 5.0 + k as f64).sin());
/// let second = first.dot(&array![[0.0, -2.0], [1.0, 1.0]]);
/// let named = |name: &str, values| NamedEmbedding { name: name.to_owned(), values, label: None, group: None };
/// let compared = compare_embeddings(&[named("a", first), named("b", second)], 100, &Watch::new())?;
/// assert!(compared.r2[[0, 1]] > 1.0 - 1e-12);
/// # Ok::<(), xcebra::Problem>(())
/// ```
pub fn compare_embeddings(
    embeddings: &[NamedEmbedding],
    bins: usize,
    watch: &Watch<'_>,
) -> Result<Compared> {
    if embeddings.len() < 2 {
        return Err(Problem::data(
            format!("too few embeddings to compare: {}", embeddings.len()),
            "pass at least two embeddings",
        ));
    }
    let labels = labels(embeddings)?;
    let aligned = match &labels {
        Some(labels) => {
            let views: Vec<_> = embeddings.iter().map(|e| e.values.view()).collect();
            let labels: Vec<&[f64]> = labels.iter().map(Vec::as_slice).collect();
            by_label(&views, &labels, bins).map_err(|error| named(error, embeddings))?
        }
        None => {
            require_same_samples(embeddings)?;
            embeddings.iter().map(|e| e.values.clone()).collect()
        }
    };
    if watch.is_stopped() {
        return Err(Problem::stopped());
    }
    let views: Vec<ArrayView2<'_, f64>> = aligned.iter().map(|e| e.view()).collect();
    let r2 = consistency(&views)?.scores;
    Ok(Compared {
        names: embeddings.iter().map(|e| e.name.clone()).collect(),
        groups: groups(embeddings)?,
        bins: labels.is_some().then_some(bins),
        disparity: disparities(&aligned)?,
        r2,
        notes: Vec::new(),
    })
}

/// The labels, if all have one.
fn labels(embeddings: &[NamedEmbedding]) -> Result<Option<Vec<Vec<f64>>>> {
    let found: Vec<Vec<f64>> = embeddings
        .iter()
        .filter_map(|e| Some(e.label.as_ref()?.to_vec()))
        .collect();
    match found.len() {
        0 => Ok(None),
        all if all == embeddings.len() => Ok(Some(found)),
        some => Err(Problem::data(
            format!("of {} embeddings {some} have a label", embeddings.len()),
            "pass a label for every embedding, or for none",
        )),
    }
}

fn groups(embeddings: &[NamedEmbedding]) -> Result<Option<Vec<String>>> {
    let found: Vec<String> = embeddings.iter().filter_map(|e| e.group.clone()).collect();
    match found.len() {
        0 => Ok(None),
        all if all == embeddings.len() && found.iter().any(|group| *group != found[0]) => {
            Ok(Some(found))
        }
        _ => Err(Problem::data(
            "the embeddings are not divided into groups",
            "name a group for each embedding, with at least two groups in all",
        )),
    }
}

fn require_same_samples(embeddings: &[NamedEmbedding]) -> Result<()> {
    let first = &embeddings[0];
    let other = embeddings
        .iter()
        .find(|e| e.values.nrows() != first.values.nrows());
    match other {
        None => Ok(()),
        Some(other) => Err(Problem::data(
            format!(
                "{} has {} samples, and {} has {}",
                first.name,
                first.values.nrows(),
                other.name,
                other.values.nrows()
            ),
            "embeddings of other samples are compared by a label that all have: name it with --label",
        )),
    }
}

/// The error of an embedding by its name instead of its number.
fn named(error: xcebra_eval::EvalError, embeddings: &[NamedEmbedding]) -> Problem {
    let place = match &error {
        xcebra_eval::EvalError::EmptyBin { embedding, .. } => {
            embeddings.get(*embedding).map(|e| e.name.clone())
        }
        _ => None,
    };
    let problem = Problem::from(error);
    match place {
        Some(place) => problem.context(&place),
        None => problem,
    }
}

/// Disparities of all pairs, if the embeddings have one number of dimensions.
fn disparities(aligned: &[Array2<f64>]) -> Result<Option<Array2<f64>>> {
    if aligned.iter().any(|e| e.ncols() != aligned[0].ncols()) {
        return Ok(None);
    }
    let count = aligned.len();
    let mut all = Array2::zeros((count, count));
    for i in 0..count {
        for j in i + 1..count {
            let disparity = procrustes_disparity(&aligned[i], &aligned[j])?;
            all[[i, j]] = disparity;
            all[[j, i]] = disparity;
        }
    }
    Ok(Some(all))
}
