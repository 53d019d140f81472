//! A seizure-like rhythm in many channels: does the attribution find the source that carries it?
//!
//! Nineteen sources, one of them a spike-and-wave rhythm of three a second that comes and goes, are mixed
//! into nineteen channels. A convolutional network learns from one second whether the rhythm is there. Its
//! attribution to independent components is asked for the component, and to their spectra for the frequency.
//! The same with the rhythm put into a real recording of fourteen channels; and, in that recording as it is,
//! the movements of the eyes.

mod components;
mod eyes;
mod group;
mod recorded;
mod signals;

use std::path::Path;

use ndarray::{Array2, Axis, concatenate};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use xcebra::core::Encoder;
use xcebra::core::encoder::Layer;
use xcebra::report::Picture;

use crate::case_study::{Areas, CaseScale, Lesson, areas_table, percent, write};
use crate::error::Result;
pub use eyes::Eyes;
pub use group::Group;
use group::Trial;
use recorded::{Discharge, Part, recorded};
use signals::{RHYTHM, Sources, mixing};

const RATE: f64 = 128.0;
/// Samples that the network sees: a second.
const WINDOW: usize = 128;
const CYCLES: f64 = 3.0;
/// Size of the slow wave in the real recording, over the recording's root mean square.
const IMPLANTED: f64 = 2.0;

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Generated sources.
    pub generated: Group,
    /// The rhythm in the real recording.
    pub implanted: Group,
    /// The real recording as it is.
    pub eyes: Eyes,
}

/// Trains the networks, explains them, and writes what came out into `folder`; returns it in Markdown.
///
/// # Errors
/// If a part fails or the folder cannot be written.
pub fn reproduce(scale: CaseScale, folder: &Path) -> Result<(Summary, String)> {
    let (generated, mut pictures) = generated(scale)?;
    let parts = recorded()?;
    let (implanted, more) = implanted(scale, &parts)?;
    pictures.extend(more);
    let (eyes, more) = Eyes::of(&parts, scale)?;
    pictures.extend(more);
    let summary = Summary {
        generated,
        implanted,
        eyes,
    };
    let markdown = markdown(&summary);
    write(folder, &summary, &markdown, &pictures)?;
    Ok((summary, markdown))
}

fn generated(scale: CaseScale) -> Result<(Group, Vec<Picture>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mixing = mixing(&mut rng);
    let training = Sources::draw(scale.pick(40, 1200), &mut rng);
    let test = Sources::draw(scale.pick(40, 200), &mut rng);
    let x = training.mixed(&mixing);
    let encoder = train(scale, &x, &[x.nrows()], &training.on)?;
    let trial = Trial {
        x: test.mixed(&mixing),
        course: test.values.column(RHYTHM).to_vec(),
        on: test.on,
    };
    Group::of(&encoder, &trial, scale, "generated")
}

/// The network learns from copies of the first part, each with episodes of its own, and is asked about the
/// held-out part once with the rhythm and once without.
fn implanted(scale: CaseScale, [learned, held_out]: &[Part; 2]) -> Result<(Group, Vec<Picture>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let time = learned.x.nrows();
    let (mut copies, mut runs, mut on) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.pick(1, 20) {
        let discharge = Discharge::in_episodes(time, &mut rng);
        copies.push(discharge.put_into(&learned.x, IMPLANTED));
        runs.extend(&learned.runs);
        on.extend(discharge.on);
    }
    let copies: Vec<_> = copies.iter().map(|x| x.view()).collect();
    let x = concatenate(Axis(0), &copies).expect("copies of one recording");
    let encoder = train(scale, &x, &runs, &on)?;

    let discharge = Discharge::throughout(held_out.x.nrows(), &mut rng);
    let with = discharge.put_into(&held_out.x, IMPLANTED);
    let silent = vec![0.0; held_out.x.nrows()];
    let trial = Trial {
        x: concatenate(Axis(0), &[with.view(), held_out.x.view()]).expect("the same channels"),
        on: [discharge.on, silent.clone()].concat(),
        course: [discharge.course, silent].concat(),
    };
    Group::of(&encoder, &trial, scale, "implanted")
}

fn train(scale: CaseScale, x: &Array2<f64>, runs: &[usize], on: &[f64]) -> Result<Encoder<f64>> {
    let target = Array2::from_shape_fn((on.len(), 1), |(t, _)| on[t]);
    lesson(scale).train(&x.mapv(|v| v as f32), runs, target)
}

fn lesson(scale: CaseScale) -> Lesson {
    Lesson {
        layers: vec![
            Layer::dense(12),
            Layer::convolution(12, 33),
            Layer::convolution(16, 96),
            Layer::dense(16),
            Layer::dense(1),
        ],
        steps: scale.pick(20, 350),
        batch: scale.pick(16, 96),
        learning_rate: 2e-3,
        seed: 0,
    }
}

fn markdown(summary: &Summary) -> String {
    let mut text = "| recording | auROC | component found by ICA, correlation | windows | component named | its share | frequency named |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for (name, group) in [
        ("generated", &summary.generated),
        ("real, rhythm put in", &summary.implanted),
    ] {
        text += &format!(
            "| {name} | {:.3} | {:.3} | {} | {} | {} | {} |\n",
            group.auroc,
            group.separation,
            group.windows,
            percent(group.component_named),
            group.component_share.text(),
            percent(group.frequency_named),
        );
    }
    let eyes = &summary.eyes;
    text += &format!(
        "\nEyes: correlation of the network's output with the two electrodes {:.3}, of one component {:.3}, of all \
         {:.3}; {} movements, that one component named in {}, the one that contributes most in {}; correlation of \
         attribution with contribution {:.3}.\n",
        eyes.correlation,
        eyes.separation,
        eyes.together,
        eyes.windows,
        percent(eyes.single_named),
        percent(eyes.component_named),
        eyes.contribution_correlation
    );
    let areas: [(&str, &[Areas]); 3] = [
        ("Generated", &summary.generated.faithfulness),
        ("Real, rhythm put in", &summary.implanted.faithfulness),
        ("Eyes", &eyes.faithfulness),
    ];
    for (name, areas) in areas {
        text += &format!("\n{name}:\n\n{}", areas_table(areas));
    }
    text
}
