//! A decoder that is fitted to one array and scored on another, such as the embedding of another animal.

use ndarray::Array2;
use xcebra_model::Watch;

use super::{DecodeSettings, Decoded, Pass, Scores, Target, require_pair, shuffles};
use crate::{Problem, Result};

/// Decodes the label of an array (samples, columns) by a decoder that is fitted to another array and its label, all of
/// it. What is held out does not matter, as all samples are new to the decoder. Shuffles change the array that is
/// decoded.
///
/// # Errors
/// [`Problem`] as [`decode`](super::decode), of either array, and if arrays or labels do not fit together.
///
/// ```
/// use ndarray::Array2;
/// use xcebra::model::Watch;
/// use xcebra::{DecodeSettings, Decoder, Target, decode_across};
///
/// let embedding = |shift: f64| Array2::from_shape_fn((200, 2), |(t, k)| (t as f64 / 9.0 + k as f64 + shift).sin());
/// let label = |embedding: &Array2<f64>| Target::Numbers(embedding.mapv(|z| 2.0 * z + 1.0));
/// let (first, second) = (embedding(0.0), embedding(1.5));
/// let settings = DecodeSettings { decoder: Decoder::Linear, ..Default::default() };
/// let decoded = decode_across((&first, &label(&first)), (&second, &label(&second)), &settings, &Watch::new())?;
/// assert!(decoded.scores.main() > 0.999999);
/// # Ok::<(), xcebra::Problem>(())
/// ```
pub fn decode_across(
    (known, label): (&Array2<f64>, &Target),
    (x, target): (&Array2<f64>, &Target),
    settings: &DecodeSettings,
    watch: &Watch<'_>,
) -> Result<Decoded> {
    require_pair(known, label)
        .map_err(|problem| problem.context("what the decoder is fitted to"))?;
    require_pair(x, target)?;
    require_alike((known, label), (x, target))?;
    let target = &target.in_classes_of(label);
    watch.progress("decode", (0, 1 + settings.shuffles.count as u64), "");
    let pass = |x: &Array2<f64>, target: &Target| {
        if watch.is_stopped() {
            return Err(Problem::stopped());
        }
        let decoded = settings.decoder.decode((known, label), x)?;
        let decoded = decoded.in_classes_of(target);
        let scores = Scores::of(target, &decoded)?;
        Ok(Pass {
            samples: (0..target.len()).collect(),
            decoded,
            folds: vec![scores.clone()],
            scores,
        })
    };
    let found = pass(x, target)?;
    let control = shuffles::control((x, target), settings.shuffles, &found, pass, watch)?;
    let mut decoded = found.decoded(target, settings, control);
    decoded.fitted_to = Some(label.len());
    Ok(decoded)
}

/// Refuses arrays with other columns, and labels of other kinds.
fn require_alike(
    (known, label): (&Array2<f64>, &Target),
    (x, target): (&Array2<f64>, &Target),
) -> Result<()> {
    if known.ncols() != x.ncols() {
        return Err(Problem::data(
            format!(
                "the decoder is fitted to {} columns, and the array to decode has {}",
                known.ncols(),
                x.ncols()
            ),
            "pass embeddings with the same dimensions, such as those of animals that were trained together",
        ));
    }
    let face = |target: &Target| match target {
        Target::Numbers(values) => (format!("numbers in {} columns", values.ncols()), 0),
        Target::Angle(_) => ("angles".to_owned(), 1),
        Target::Classes { .. } => ("classes".to_owned(), 2),
    };
    let (fitted, decoded) = (face(label), face(target));
    match fitted == decoded {
        true => Ok(()),
        false => Err(Problem::data(
            format!(
                "the label that the decoder is fitted to is {}, and the one to decode is {}",
                fitted.0, decoded.0
            ),
            "pass labels with the same columns, and say which kind they are",
        )),
    }
}

impl Target {
    /// The same classes under the numbers that another label gives them, those that it lacks after its own.
    fn in_classes_of(&self, other: &Self) -> Self {
        let (Self::Classes { ids, names }, Self::Classes { names: known, .. }) = (self, other)
        else {
            return self.clone();
        };
        let mut all = known.clone();
        let numbers: Vec<usize> = names
            .iter()
            .map(|name| {
                let found = all.iter().position(|one| one == name);
                found.unwrap_or_else(|| {
                    all.push(name.clone());
                    all.len() - 1
                })
            })
            .collect();
        Self::Classes {
            ids: ids.iter().map(|&id| numbers[id]).collect(),
            names: all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decoder;

    fn classes(ids: &[usize], names: &[&str]) -> Target {
        Target::Classes {
            ids: ids.to_vec(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn classes_go_by_their_names() {
        let found = classes(&[0, 1, 1], &["b", "c"]).in_classes_of(&classes(&[], &["a", "b"]));
        assert_eq!(found, classes(&[1, 2, 2], &["a", "b", "c"]));
    }

    /// The second array lacks a class of the first and has one more, which cannot be decoded.
    #[test]
    fn a_class_that_was_never_seen_is_never_decoded() {
        let known = Array2::from_shape_vec((4, 1), vec![0.0, 0.1, 5.0, 5.1]).unwrap();
        let x = Array2::from_shape_vec((4, 1), vec![5.2, 4.9, 0.05, 9.0]).unwrap();
        let label = classes(&[0, 0, 1, 1], &["rest", "run"]);
        let target = classes(&[0, 0, 1, 1], &["run", "swim"]);
        let settings = DecodeSettings {
            decoder: Decoder::Neighbours {
                count: 1,
                metric: xcebra_eval::Metric::Euclidean,
            },
            ..DecodeSettings::default()
        };
        let found = decode_across((&known, &label), (&x, &target), &settings, &Watch::new());
        let found = found.unwrap();
        let names = ["rest", "run", "swim"];
        assert_eq!(found.decoded, classes(&[1, 1, 0, 1], &names));
        assert_eq!(found.target, classes(&[1, 1, 2, 2], &names));
        // right at both samples of one class, at none of the other
        assert_eq!(found.scores.main(), 0.5);
    }
}
