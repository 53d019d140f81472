//! Heart rate from a pulse signal with motion in it: does the attribution show the heart, and when the
//! model errs, the motion?
//!
//! A convolutional network learns the heart rate from eight seconds of a generated pulse at 32 Hz into which
//! a rhythmic movement is mixed. Its Fourier attribution is compared with the frequencies that were put in.

mod signals;

use std::path::Path;

use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use xcebra::cdig::{Attribution, RealFourier, Time};
use xcebra::core::Encoder;
use xcebra::core::encoder::Layer;
use xcebra::report::{Panels, Picture};

use crate::case_study::{
    Areas, CaseScale, Faithfulness, Lesson, areas_table, explain, percent, predict, share, write,
};
use crate::error::Result;
use crate::statistics::Estimate;
use signals::{SESSION, Sample, Session, generated, recorded};

const RATE: f64 = 32.0;
/// Samples that the network sees.
const WINDOW: usize = 256;
/// Heart rates are learned as (bpm − CENTRE) / SPREAD.
const CENTRE: f64 = 105.0;
const SPREAD: f64 = 30.0;
/// One bin of the spectrum, in beats a minute.
const BIN: f64 = 60.0 * RATE / WINDOW as f64;
/// Errors that count as right and as wrong, in beats a minute.
const RIGHT: f64 = 5.0;
const WRONG: f64 = 15.0;
/// Marks nearer to each other, in beats a minute, would be written over each other.
const LEGIBLE: f64 = 40.0;

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Windows with movement as in the training.
    pub ordinary: Group,
    /// Windows with movement stronger than the pulse.
    pub strong: Group,
    /// Windows of real recordings, without known movement.
    pub real: Group,
    /// Faithfulness on ordinary windows.
    pub faithfulness: Vec<Areas>,
}

/// Windows of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// How many.
    pub windows: usize,
    /// Absolute error in beats a minute.
    pub error: Estimate,
    /// Predicted within 5 beats a minute.
    pub right: usize,
    /// Off by more than 15.
    pub wrong: usize,
    /// Of the right ones, those whose strongest frequency is the heart rate or a harmonic, to one bin.
    pub heart_named: Option<f64>,
    /// Of the right ones, those with more attribution at the heart's frequencies than at the movement's.
    pub heart_over_motion: Option<f64>,
    /// Of the wrong ones, those with more at the movement's.
    pub motion_over_heart: Option<f64>,
    /// Mean share of absolute attribution at the heart's frequencies, right and wrong.
    pub heart_share: [Option<f64>; 2],
    /// Mean share at the movement's.
    pub motion_share: [Option<f64>; 2],
}

struct Seen {
    error: f64,
    named: bool,
    heart: f64,
    motion: f64,
}

impl Seen {
    /// Whether the network was right or wrong; nothing in between.
    fn kind(&self) -> Option<&'static str> {
        match self.error {
            error if error <= RIGHT => Some("right"),
            error if error > WRONG => Some("wrong"),
            _ => None,
        }
    }
}

/// Trains the network, explains it, and writes what came out into `folder`; returns it in Markdown.
///
/// # Errors
/// If a part fails or the folder cannot be written.
pub fn reproduce(scale: CaseScale, folder: &Path) -> Result<(Summary, String)> {
    let encoder = train(scale)?;
    let count = scale.pick(6, 200);
    let ordinary = generated(count, 0.1..0.7, 1);
    let strong = generated(count, 1.0..2.0, 2);
    let mut real = recorded()?;
    real.truncate(scale.pick(4, usize::MAX));
    let mut faithfulness = Faithfulness::of_changes(RIGHT / SPREAD);
    let mut pictures = Vec::new();
    let ordinary = group(
        &encoder,
        &ordinary,
        Some(&mut faithfulness),
        "ordinary",
        &mut pictures,
    )?;
    let strong = group(&encoder, &strong, None, "strong", &mut pictures)?;
    let real = group(&encoder, &real, None, "real", &mut pictures)?;
    pictures.extend(faithfulness.pictures("", "frequency"));
    let summary = Summary {
        ordinary,
        strong,
        real,
        faithfulness: faithfulness.areas("frequency", "time")?,
    };
    let markdown = markdown(&summary);
    write(folder, &summary, &markdown, &pictures)?;
    Ok((summary, markdown))
}

fn train(scale: CaseScale) -> Result<Encoder<f64>> {
    let sessions = scale.pick(40, 1500);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (mut x, mut target) = (Vec::new(), Vec::new());
    for _ in 0..sessions {
        let strength = rng.gen_range(0.0..0.8);
        let session = Session::draw(&mut rng, strength);
        x.extend(session.x.iter().map(|&v| v as f32));
        target.extend((0..SESSION).map(|t| (session.mean_rate(t) - CENTRE) / SPREAD));
    }
    let rows = x.len();
    let x = Array2::from_shape_vec((rows, 1), x).expect("one channel");
    let target = Array2::from_shape_vec((rows, 1), target).expect("one column");
    let lesson = Lesson {
        layers: vec![
            Layer::convolution(16, 33),
            Layer::convolution(16, 9),
            Layer::convolution(32, 216),
            Layer::dense(32),
            Layer::dense(1),
        ],
        steps: scale.pick(20, 800),
        batch: scale.pick(32, 128),
        learning_rate: 2e-3,
        seed: 0,
    };
    lesson.train(&x, &vec![SESSION; sessions], target)
}

fn group(
    encoder: &Encoder<f64>,
    samples: &[Sample],
    mut faithfulness: Option<&mut Faithfulness>,
    name: &str,
    pictures: &mut Vec<Picture>,
) -> Result<Group> {
    let domain = RealFourier::new(&[1, WINDOW], RATE)?;
    let time = Time::new(&[1, WINDOW])?;
    let mut all = Vec::new();
    // a window that is right and one that is wrong, with marks apart
    let mut undrawn = vec!["right", "wrong"];
    for (i, sample) in samples.iter().enumerate() {
        let predicted = CENTRE + SPREAD * predict(encoder, &sample.x)?[0];
        let found = explain(encoder, &[&domain, &time], [0], &sample.x)?;
        if let Some(faithfulness) = faithfulness.as_deref_mut() {
            faithfulness.add(encoder, [&domain, &time], &found, i as u64)?;
        }
        let seen = look(sample, predicted, &found[0]);
        if sample
            .motion
            .is_none_or(|m| (m - sample.heart).abs() > LEGIBLE)
            && let Some(kind) = seen.kind()
            && let Some(place) = undrawn.iter().position(|k| *k == kind)
        {
            undrawn.remove(place);
            let name = format!("{name}-{kind}");
            pictures.push(picture(sample, predicted, &found[0], &name));
        }
        all.push(seen);
    }
    Group::of(&all, samples.iter().all(|s| s.motion.is_some()))
}

/// Attribution by frequency in beats a minute, 0 left out.
fn by_frequency(found: &Attribution<f64>) -> Vec<(f64, f64)> {
    found
        .attribution
        .iter()
        .enumerate()
        .skip(1)
        .map(|(k, a)| (BIN * k as f64, SPREAD * a))
        .collect()
}

fn near(frequency: f64, base: f64, harmonics: u8) -> bool {
    (1..=harmonics).any(|h| (frequency - f64::from(h) * base).abs() <= BIN)
}

fn look(sample: &Sample, predicted: f64, found: &Attribution<f64>) -> Seen {
    let spectrum = by_frequency(found);
    let total: f64 = spectrum.iter().map(|(_, a)| a.abs()).sum();
    let at = |holds: &dyn Fn(f64) -> bool| {
        spectrum
            .iter()
            .filter(|(f, _)| holds(*f))
            .map(|(_, a)| a.abs())
            .sum::<f64>()
            / total
    };
    let heart = |f: f64| near(f, sample.heart, 3);
    let motion = |f: f64| sample.motion.is_some_and(|m| near(f, m, 2));
    let strongest = spectrum
        .iter()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    Seen {
        error: (predicted - sample.heart).abs(),
        named: strongest.is_some_and(|(f, _)| heart(*f)),
        // frequencies that could be either count for neither
        heart: at(&|f| heart(f) && !motion(f)),
        motion: at(&|f| motion(f) && !heart(f)),
    }
}

impl Group {
    fn of(all: &[Seen], moved: bool) -> Result<Self> {
        let errors: Vec<f64> = all.iter().map(|s| s.error).collect();
        let of_kind =
            |kind| -> Vec<&Seen> { all.iter().filter(|s| s.kind() == Some(kind)).collect() };
        let (right, wrong) = (of_kind("right"), of_kind("wrong"));
        let mean = |of: &[&Seen], value: fn(&Seen) -> f64| {
            (!of.is_empty()).then(|| of.iter().map(|s| value(s)).sum::<f64>() / of.len() as f64)
        };
        let count = |of: &[&Seen], holds: fn(&Seen) -> bool| {
            share(of.iter().filter(|s| holds(s)).count(), of.len())
        };
        let where_moved = |value: Option<f64>| value.filter(|_| moved);
        Ok(Self {
            windows: all.len(),
            error: Estimate::of(&errors)?,
            right: right.len(),
            wrong: wrong.len(),
            heart_named: count(&right, |s| s.named),
            heart_over_motion: where_moved(count(&right, |s| s.heart > s.motion)),
            motion_over_heart: where_moved(count(&wrong, |s| s.motion > s.heart)),
            heart_share: [mean(&right, |s| s.heart), mean(&wrong, |s| s.heart)],
            motion_share: [&right, &wrong].map(|of| where_moved(mean(of, |s| s.motion))),
        })
    }
}

fn picture(sample: &Sample, predicted: f64, found: &Attribution<f64>, name: &str) -> Picture {
    let sizes = found
        .coefficients
        .iter()
        .enumerate()
        .map(|(k, z)| (BIN * k as f64, z.norm()));
    let mut panels = Panels::new("frequency (bpm)")
        .title(&format!(
            "Heart rate {:.0} bpm, predicted {predicted:.0} bpm",
            sample.heart
        ))
        .line("spectrum", sizes)
        .bars("attribution (bpm)", by_frequency(found))
        .range(0.0, 480.0)
        .mark(sample.heart, "heart");
    if let Some(motion) = sample.motion {
        panels = panels.mark(motion, "motion");
    }
    Picture::new(name, panels.draw(), "")
}

fn markdown(summary: &Summary) -> String {
    let mut text = "| windows | error (bpm) | right | strongest frequency is the heart's | heart over motion, of the right | wrong | motion over heart, of the wrong |\n| --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for (name, group) in [
        ("as trained", &summary.ordinary),
        ("strong motion", &summary.strong),
        ("real", &summary.real),
    ] {
        text += &format!(
            "| {} {name} | {:.1} [{:.1}, {:.1}] | {} | {} | {} | {} | {} |\n",
            group.windows,
            group.error.mean,
            group.error.low,
            group.error.high,
            group.right,
            percent(group.heart_named),
            percent(group.heart_over_motion),
            group.wrong,
            percent(group.motion_over_heart),
        );
    }
    format!("{text}\n{}", areas_table(&summary.faithfulness))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonics_count_to_one_bin() {
        assert!(near(120.0 + BIN, 60.0, 3) && near(180.0, 60.0, 3));
        assert!(!near(240.0, 60.0, 3) && !near(90.0, 60.0, 3));
    }

    #[test]
    fn a_group_counts_right_and_wrong_by_their_errors() {
        let seen = |error, named, heart, motion| Seen {
            error,
            named,
            heart,
            motion,
        };
        let all = [
            seen(5.0, true, 0.6, 0.1),
            seen(1.0, false, 0.2, 0.4),
            seen(10.0, true, 0.9, 0.0),
            seen(15.5, false, 0.1, 0.7),
        ];
        let group = Group::of(&all, true).unwrap();
        assert_eq!((group.windows, group.right, group.wrong), (4, 2, 1));
        assert_eq!(group.heart_named, Some(0.5));
        assert_eq!(group.heart_over_motion, Some(0.5));
        assert_eq!(group.motion_over_heart, Some(1.0));
        assert_eq!(group.motion_share, [Some(0.25), Some(0.7)]);
        let unmoved = Group::of(&all[..1], false).unwrap();
        assert_eq!((unmoved.wrong, unmoved.motion_over_heart), (0, None));
        assert_eq!(unmoved.heart_over_motion, None);
    }
}
