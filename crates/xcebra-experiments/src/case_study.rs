//! What the case studies share: a trained encoder, explanations of it, and how faithful they are.

use std::ops::ControlFlow;
use std::path::Path;

use ndarray::{Array2, ArrayD};
use serde::Serialize;
use xcebra::cdig::{Attribution, Domain, Explainer};
use xcebra::core::encoder::Layer;
use xcebra::core::{
    Config, Encoder, EncoderName, Labels, LossConfig, ObjectiveConfig, Recording, Trainer,
};
use xcebra::explain::{Order, OrderCurves};
use xcebra::files::{ensure_folder, write_file};
use xcebra::model::Model;
use xcebra::report::{LineChart, Picture};

use crate::error::{Error, Result};
use crate::statistics::Estimate;

/// How large a case study is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CaseScale {
    /// Every part once, in seconds: for continuous integration. Its numbers mean nothing.
    Smoke,
    /// What `docs/case-studies.md` reports.
    Full,
}

impl CaseScale {
    /// The first in a smoke run, otherwise the second.
    pub fn pick<T>(self, smoke: T, full: T) -> T {
        match self {
            Self::Smoke => smoke,
            Self::Full => full,
        }
    }
}

/// A training with mean squared error.
pub(crate) struct Lesson {
    pub(crate) layers: Vec<Layer>,
    pub(crate) steps: usize,
    pub(crate) batch: usize,
    pub(crate) learning_rate: f64,
    pub(crate) seed: u64,
}

impl Lesson {
    /// Trains an encoder in single precision to give `target` (time, outputs) for the windows of `x` (time,
    /// channels), and gives it in double precision, in which it is explained.
    pub(crate) fn train(
        self,
        x: &Array2<f32>,
        sessions: &[usize],
        target: Array2<f64>,
    ) -> Result<Encoder<f64>> {
        let mut config = Config::default();
        config.encoder.name = EncoderName::Custom;
        config.encoder.outputs = target.ncols();
        config.encoder.layers = self.layers;
        let label = "target".to_owned();
        config.objective = vec![ObjectiveConfig::new(LossConfig::Mse {
            label: label.clone(),
        })];
        config.regularizer.weight = 0.0;
        config.train.steps = self.steps;
        config.train.batch = self.batch;
        config.train.learning_rate = self.learning_rate;
        config.train.schedule = xcebra::core::LearningRateSchedule::Cosine;
        config.train.seed = self.seed;
        let recording = Recording::new(x.view())?
            .with_sessions(sessions)?
            .with_label(label, Labels::Continuous(target))?;
        let mut trainer = Trainer::new(config, recording)?;
        let every = (self.steps / 5).max(1);
        trainer.run(|report| {
            if (report.step + 1).is_multiple_of(every) {
                eprintln!("step {}: loss {:.4}", report.step + 1, report.loss);
            }
            ControlFlow::Continue(())
        })?;
        let (encoder, _) = trainer.finish()?;
        Ok(Encoder::from_safetensors(&encoder.to_safetensors()?)?)
    }
}

/// Insertion and deletion of a domain, of time and of random orders, window by window.
pub(crate) struct Faithfulness {
    /// Smallest change of the output of which shares are taken: those of nearly nothing say nothing.
    least: f64,
    domain: Vec<OrderCurves>,
    time: Vec<OrderCurves>,
}

/// Areas under the curves of one way, smaller deletion and larger insertion being better.
#[derive(Clone, Debug, Serialize)]
pub struct Areas {
    /// Which order: by the domain's attribution, by that of time, or random in the domain.
    pub way: String,
    /// Area under deletion.
    pub deletion: Estimate,
    /// Area under insertion.
    pub insertion: Estimate,
}

/// Points of the curves, besides their start.
const STEPS: usize = 50;
/// Random orders a window.
const ORDERS: usize = 5;

impl Faithfulness {
    /// Of windows whose output is at least so far from that of the baseline.
    pub(crate) fn of_changes(least: f64) -> Self {
        Self {
            least,
            domain: Vec::new(),
            time: Vec::new(),
        }
    }

    /// Adds one window, unless its output is too near that of the baseline.
    pub(crate) fn add(
        &mut self,
        model: &dyn Model<f64>,
        domains: [&dyn Domain<f64>; 2],
        found: &[Attribution<f64>],
        seed: u64,
    ) -> Result<()> {
        if (found[0].value[0] - found[0].baseline_value[0]).abs() < self.least {
            return Ok(());
        }
        let curves = |i: usize, orders| {
            OrderCurves::of(
                model,
                domains[i],
                &found[i],
                Order::Signed,
                STEPS,
                (orders, seed),
            )
        };
        if let (Some(domain), Some(time)) = (curves(0, ORDERS)?, curves(1, 0)?) {
            self.domain.push(domain);
            self.time.push(time);
        }
        Ok(())
    }

    fn ways(&self, name: &str) -> [(String, Vec<[f64; 2]>); 3] {
        let areas = |all: &[OrderCurves], part: fn(&OrderCurves) -> [&[f64]; 2]| -> Vec<[f64; 2]> {
            all.iter()
                .map(|c| part(c).map(|curve| c.area(curve)))
                .collect()
        };
        let own: fn(&OrderCurves) -> [&[f64]; 2] = |c| [&c.deletion, &c.insertion];
        [
            (name.to_owned(), areas(&self.domain, own)),
            ("time".to_owned(), areas(&self.time, own)),
            (
                format!("random in {name}"),
                areas(&self.domain, |c| [&c.random_deletion, &c.random_insertion]),
            ),
        ]
    }

    /// Mean areas with bootstrap intervals over windows.
    pub(crate) fn areas(&self, name: &str) -> Result<Vec<Areas>> {
        let one = |(way, areas): (String, Vec<[f64; 2]>)| {
            let column = |i: usize| Estimate::of(&areas.iter().map(|a| a[i]).collect::<Vec<_>>());
            Ok(Areas {
                way,
                deletion: column(0)?,
                insertion: column(1)?,
            })
        };
        self.ways(name).into_iter().map(one).collect()
    }

    /// The mean curves.
    pub(crate) fn pictures(&self, name: &str) -> Vec<Picture> {
        let (Some(domain), Some(time)) = (
            OrderCurves::mean(&self.domain),
            OrderCurves::mean(&self.time),
        ) else {
            return Vec::new();
        };
        let chart = |title: &str, curves: [&Vec<f64>; 3]| {
            let points = |values: &Vec<f64>| -> Vec<(f64, f64)> {
                domain
                    .fractions
                    .iter()
                    .map(|f| 100.0 * f)
                    .zip(values.iter().copied())
                    .collect()
            };
            LineChart::new("coefficients exchanged (%)", "share of the change")
                .title(title)
                .size(480.0, 300.0)
                .from_zero()
                .series(name, points(curves[0]))
                .series("time", points(curves[1]))
                .series("random", points(curves[2]))
                .draw()
        };
        let deletion = chart(
            "Deletion",
            [&domain.deletion, &time.deletion, &domain.random_deletion],
        );
        let insertion = chart(
            "Insertion",
            [&domain.insertion, &time.insertion, &domain.random_insertion],
        );
        vec![
            Picture::new("deletion", deletion, ""),
            Picture::new("insertion", insertion, ""),
        ]
    }
}

/// Explains a signal in a domain and in time at the cost of one.
pub(crate) fn explain(
    model: &dyn Model<f64>,
    domains: [&dyn Domain<f64>; 2],
    output: usize,
    signal: &ArrayD<f64>,
) -> Result<Vec<Attribution<f64>>> {
    Ok(Explainer::new(model)
        .outputs([output])
        .explain_many(&domains, signal.view())?)
}

/// The output of a model for one signal.
pub(crate) fn predict(model: &dyn Model<f64>, signal: &ArrayD<f64>) -> Result<Vec<f64>> {
    let one = signal.view().insert_axis(ndarray::Axis(0));
    Ok(model.forward(one)?.row(0).to_vec())
}

/// A Markdown table of areas.
pub(crate) fn areas_table(areas: &[Areas]) -> String {
    let mut text =
        "| order | area under deletion | area under insertion |\n| --- | --- | --- |\n".to_owned();
    for one in areas {
        text += &format!(
            "| {} | {} | {} |\n",
            one.way,
            one.deletion.text(),
            one.insertion.text()
        );
    }
    text
}

/// Writes `summary.json`, `results.md` and the pictures.
pub(crate) fn write(
    folder: &Path,
    summary: &impl Serialize,
    markdown: &str,
    pictures: &[Picture],
) -> Result<()> {
    ensure_folder(folder)?;
    let path = folder.join("summary.json");
    let json = serde_json::to_string_pretty(summary).map_err(|e| Error::json(&path, &e))?;
    write_file(&path, json.as_bytes())?;
    write_file(&folder.join("results.md"), markdown.as_bytes())?;
    Ok(pictures
        .iter()
        .try_for_each(|picture| picture.write(folder))?)
}

/// A file of the repository's example data.
pub(crate) fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples-data")
        .join(name)
}

/// The mean of no values is no number a summary may hold.
pub(crate) fn share(hits: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| hits as f64 / of as f64)
}

/// A share in words.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or("–".to_owned(), |share| format!("{:.0} %", 100.0 * share))
}
