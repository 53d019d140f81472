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
use xcebra::report::Picture;

use crate::error::Result;
use crate::statistics::Estimate;
use crate::table::write_json;

/// How large a case study is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CaseScale {
    /// Every part once, in seconds: for continuous integration. Its numbers mean nothing.
    Smoke,
    /// What `docs/reports/case-studies.md` reports.
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
        trainer.run(|_, report| {
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

    /// Adds one window, one output of which was explained in both domains, unless it is too near that of the
    /// baseline.
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

    fn ways(&self, name: &str, time: &str) -> [(String, Vec<[f64; 2]>); 3] {
        let areas = |all: &[OrderCurves], part: fn(&OrderCurves) -> [&[f64]; 2]| -> Vec<[f64; 2]> {
            all.iter()
                .map(|c| part(c).map(|curve| c.area(curve)))
                .collect()
        };
        let own: fn(&OrderCurves) -> [&[f64]; 2] = |c| [&c.deletion, &c.insertion];
        [
            (name.to_owned(), areas(&self.domain, own)),
            (time.to_owned(), areas(&self.time, own)),
            (
                format!("random in {name}"),
                areas(&self.domain, |c| [&c.random_deletion, &c.random_insertion]),
            ),
        ]
    }

    /// Mean areas with bootstrap intervals over windows; the ways are called by the names of the domain and of
    /// time.
    pub(crate) fn areas(&self, name: &str, time: &str) -> Result<Vec<Areas>> {
        let one = |(way, areas): (String, Vec<[f64; 2]>)| {
            let column = |i: usize| Estimate::of(&areas.iter().map(|a| a[i]).collect::<Vec<_>>());
            Ok(Areas {
                way,
                deletion: column(0)?,
                insertion: column(1)?,
            })
        };
        self.ways(name, time).into_iter().map(one).collect()
    }

    /// The mean curves, their files' names beginning with `prefix`.
    pub(crate) fn pictures(&self, prefix: &str, name: &str) -> Vec<Picture> {
        let (Some(domain), Some(time)) = (
            OrderCurves::mean(&self.domain),
            OrderCurves::mean(&self.time),
        ) else {
            return Vec::new();
        };
        let chart = |title: &str, curves: [&Vec<f64>; 3]| {
            let named = [name, "time", "random"].into_iter().zip(curves);
            let named: Vec<_> = named.map(|(n, c)| (n, c.as_slice())).collect();
            domain.chart(title, &named).size(480.0, 300.0).draw()
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
            Picture::new(format!("{prefix}deletion"), deletion, ""),
            Picture::new(format!("{prefix}insertion"), insertion, ""),
        ]
    }
}

/// Explains outputs of a signal in several domains at the cost of one.
pub(crate) fn explain(
    model: &dyn Model<f64>,
    domains: &[&dyn Domain<f64>],
    outputs: impl IntoIterator<Item = usize>,
    signal: &ArrayD<f64>,
) -> Result<Vec<Attribution<f64>>> {
    Ok(Explainer::new(model)
        .outputs(outputs)
        .explain_many(domains, signal.view())?)
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
    write_json(&folder.join("summary.json"), summary)?;
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

#[cfg(test)]
mod tests {
    use ndarray::{ArrayView2, ArrayViewD, Axis};
    use xcebra::cdig::Time;
    use xcebra::model::FnModel;

    use super::*;

    fn estimate(mean: f64) -> Estimate {
        Estimate {
            mean,
            low: mean - 0.1,
            high: mean + 0.1,
        }
    }

    /// Of 50 samples the first is the output.
    fn first() -> impl Model<f64> {
        FnModel::new(
            vec![STEPS],
            1,
            |x: ArrayViewD<'_, f64>| {
                let rows = x.outer_iter().map(|row| row[[0]]);
                Ok(rows.collect::<ndarray::Array1<f64>>().insert_axis(Axis(1)))
            },
            |x: ArrayViewD<'_, f64>, c: ArrayView2<'_, f64>| {
                let mut gradient = ArrayD::zeros(x.raw_dim());
                gradient.index_axis_mut(Axis(1), 0).assign(&c.column(0));
                Ok(gradient)
            },
        )
    }

    #[test]
    fn areas_are_those_of_a_model_that_reads_one_sample() {
        let (model, time) = (first(), Time::new(&[STEPS]).unwrap());
        let mut faithfulness = Faithfulness::of_changes(0.5);
        for (i, size) in [2.0, -1.0, 0.1].into_iter().enumerate() {
            let signal = ArrayD::from_elem(vec![STEPS], size);
            let found = explain(&model, &[&time, &time], [0], &signal).unwrap();
            let domains: [&dyn Domain<f64>; 2] = [&time, &time];
            faithfulness.add(&model, domains, &found, i as u64).unwrap();
        }
        // the last is too near the baseline
        assert_eq!(faithfulness.domain.len(), 2);
        let areas = faithfulness.areas("here", "there").unwrap();
        let ways: Vec<&str> = areas.iter().map(|a| a.way.as_str()).collect();
        assert_eq!(ways, ["here", "there", "random in here"]);
        for own in &areas[..2] {
            // all is gone, or there, after the first of 50 steps
            assert!((own.deletion.mean - 0.01).abs() < 1e-9);
            assert!((own.insertion.mean - 0.99).abs() < 1e-9);
        }
        // a random order meets the sample anywhere
        assert!((0.1..0.9).contains(&areas[2].deletion.mean));
        assert_eq!(faithfulness.pictures("a-", "here").len(), 2);
    }

    #[test]
    fn areas_become_a_table() {
        let areas = Areas {
            way: "time".to_owned(),
            deletion: estimate(0.25),
            insertion: estimate(0.75),
        };
        let table = areas_table(&[areas]);
        let row = table.lines().last().unwrap();
        assert_eq!(
            row,
            "| time | 0.250 [0.150, 0.350] | 0.750 [0.650, 0.850] |"
        );
    }

    #[test]
    fn shares_of_nothing_are_no_number() {
        assert_eq!(share(0, 0), None);
        assert_eq!(percent(share(0, 0)), "–");
        assert_eq!(percent(share(2, 3)), "67 %");
    }
}
