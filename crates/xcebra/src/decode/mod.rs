//! Decoding labels from an embedding, or from any array, on parts of the time that the decoder does not see, or on
//! another array.

mod across;
mod decoder;
mod files;
mod result;
mod scores;
mod shuffles;
mod target;

pub use across::decode_across;
pub use decoder::Decoder;
pub use files::{DecodeJob, FitOn, decode_files};
pub use result::Decoded;
pub use scores::Scores;
pub(crate) use shuffles::order;
pub use shuffles::{Shuffle, ShuffleControl, Shuffles};
pub use target::{Target, TargetKind};

use ndarray::{Array2, Axis, concatenate};
use xcebra_eval::{Fold, blocks, last_share};
use xcebra_model::Watch;
use xcebra_numeric::ensure_finite;

use crate::{Problem, Result};

/// The part of the time on which a decoder is scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HeldOut {
    /// This many blocks of consecutive samples, each held out once.
    Blocks(usize),
    /// The last share of the time.
    Last(f64),
}

/// How labels are decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecodeSettings {
    /// The decoder.
    pub decoder: Decoder,
    /// What is held out.
    pub held_out: HeldOut,
    /// Samples that are left out between what is held out and what the decoder is fitted to.
    pub gap: usize,
    /// The control by shuffling; none if its count is 0.
    pub shuffles: Shuffles,
}

impl Default for DecodeSettings {
    /// Three nearest neighbours, five blocks, no gap, no shuffles.
    fn default() -> Self {
        Self {
            decoder: Decoder::default(),
            held_out: HeldOut::Blocks(5),
            gap: 0,
            shuffles: Shuffles::default(),
        }
    }
}

/// What one pass over all folds gives: the decoded label of every sample that is held out.
struct Pass {
    /// The samples that are held out, in the order of the rows of `decoded`.
    samples: Vec<usize>,
    decoded: Target,
    folds: Vec<Scores>,
    scores: Scores,
}

/// Decodes a label from an array (samples, columns): each part that is held out by a decoder that is fitted to the
/// others.
///
/// # Errors
/// [`Problem`] if the array and the label differ in length, values are not finite, the decoder does not fit the kind
/// of the label, or too few samples are left; of the kind [`Interrupted`](xcebra_model::Kind::Interrupted) if the
/// watch stops it.
///
/// ```
/// use ndarray::Array2;
/// use xcebra::model::Watch;
/// use xcebra::{DecodeSettings, Decoder, Target, decode};
///
/// let embedding = Array2::from_shape_fn((200, 2), |(t, k)| (t as f64 / 9.0 + k as f64).sin());
/// let label = Target::Numbers(embedding.mapv(|z| 2.0 * z + 1.0));
/// let settings = DecodeSettings { decoder: Decoder::Ridge { alpha: 1e-6 }, ..Default::default() };
/// let decoded = decode(&embedding, &label, &settings, &Watch::new())?;
/// assert!(decoded.scores.main() > 0.999999);
/// # Ok::<(), xcebra::Problem>(())
/// ```
pub fn decode(
    x: &Array2<f64>,
    target: &Target,
    settings: &DecodeSettings,
    watch: &Watch<'_>,
) -> Result<Decoded> {
    require_pair(x, target)?;
    let folds = settings.folds(x.nrows())?;
    let total = 1 + settings.shuffles.count as u64;
    watch.progress("decode", (0, total), "");
    let pass = |x: &Array2<f64>, target: &Target| pass(x, target, settings.decoder, &folds, watch);
    let found = pass(x, target)?;
    let control = shuffles::control((x, target), settings.shuffles, &found, pass, watch)?;
    Ok(found.decoded(target, settings, control))
}

impl Pass {
    fn decoded(
        self,
        target: &Target,
        settings: &DecodeSettings,
        control: Option<ShuffleControl>,
    ) -> Decoded {
        Decoded {
            target: target.clone(),
            settings: *settings,
            fitted_to: None,
            samples: self.samples,
            decoded: self.decoded,
            folds: self.folds,
            scores: self.scores,
            control,
            notes: Vec::new(),
        }
    }
}

impl DecodeSettings {
    fn folds(&self, samples: usize) -> Result<Vec<Fold>> {
        Ok(match self.held_out {
            HeldOut::Blocks(count) => blocks(samples, count, self.gap)?,
            HeldOut::Last(share) => vec![last_share(samples, share, self.gap)?],
        })
    }
}

fn require_pair(x: &Array2<f64>, target: &Target) -> Result<()> {
    let (rows, columns) = x.dim();
    if rows != target.len() {
        return Err(Problem::data(
            format!(
                "the array has {rows} rows, and the label has {}",
                target.len()
            ),
            "pass the label of the samples that the array has",
        ));
    }
    if columns == 0 || rows < 2 {
        return Err(Problem::data(
            format!("the array is ({rows}, {columns}), which leaves nothing to decode from"),
            "pass at least two samples and one column",
        ));
    }
    ensure_finite("the array", x)?;
    target.require_finite()
}

fn pass(
    x: &Array2<f64>,
    target: &Target,
    decoder: Decoder,
    folds: &[Fold],
    watch: &Watch<'_>,
) -> Result<Pass> {
    let (mut samples, mut parts, mut scores) = (Vec::new(), Vec::new(), Vec::new());
    for (number, fold) in folds.iter().enumerate() {
        if watch.is_stopped() {
            return Err(Problem::stopped());
        }
        let known: Vec<usize> = fold.known().collect();
        let held: Vec<usize> = fold.held_out.clone().collect();
        let of = |rows: &[usize]| x.select(Axis(0), rows);
        let decoded = decoder
            .decode((&of(&known), &target.rows(&known)), &of(&held))
            .map_err(|problem| problem.context(&format!("block {number}")))?;
        scores.push(Scores::of(&target.rows(&held), &decoded)?);
        samples.extend(held);
        parts.push(decoded);
    }
    let decoded = Target::joined(parts)?;
    Ok(Pass {
        scores: Scores::of(&target.rows(&samples), &decoded)?,
        samples,
        decoded,
        folds: scores,
    })
}

/// Rows of several matrices one after another.
fn stacked(parts: &[Array2<f64>]) -> Result<Array2<f64>> {
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    concatenate(Axis(0), &views).map_err(|error| {
        Problem::data(
            format!("the parts do not fit together: {error}"),
            "give every part the same columns",
        )
    })
}
