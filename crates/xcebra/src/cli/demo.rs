//! `xcebra demo`: the whole path on data with a known answer.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use ndarray::Array2;
use serde_json::json;
use xcebra::attr::{AttributionMap, Methods};
use xcebra::core::{
    Config, History, Labels, LearningRateSchedule, Recording, RegularizerConfig, Trainer,
};
use xcebra::eval::{auroc_map, linear_r2};
use xcebra::files::{AtomicFolder, FolderClaim, NpzOutput, write_file};
use xcebra::model::Model;
use xcebra::report::{HeatMap, Report, Table, attribution_map, training_curves};
use xcebra::synth::{Dataset, DatasetConfig};
use xcebra::{Channels, Effort, FitFile, MODEL, Run, Windows};

use super::attribute::{add_maps, attribute_with_progress, possible_rank, title};
use super::training::train;
use super::{Outcome, Problem, Result, Session, interrupt, outcome};

/// Latents of the data, in two groups of three.
const DIMS: usize = 6;
/// Samples of the data.
const SAMPLES: usize = 20_000;
/// The scores as JSON; by this file the folder of an earlier demo is known.
const SCORES: &str = "demo.json";

/// See it work: data with a known answer, training, attribution map, score, report
///
/// Generates a synthetic recording of 50 channels whose attribution map is known, and trains a
/// regularised contrastive encoder on it. Computes the inverted neuron gradient (ING) and, for
/// comparison, the plain neuron gradient, and scores both against the truth. Writes data, model,
/// maps and a report with pictures into a folder.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Demo {
    /// Folder to write; the folder of an earlier demo is replaced
    #[arg(long, short, value_name = "FOLDER", default_value = "xcebra-demo")]
    out: PathBuf,

    /// Seed of the data and of the training
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Training steps; fewer are faster and worse
    #[arg(long, default_value_t = 2500, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
}

const EXAMPLES: &str = "\
Examples:
  xcebra demo
  xcebra --json demo --seed 3 --out demo-3";

/// What the demo measured.
struct Scores {
    ing: f64,
    gradient: f64,
    r2: f64,
    synth: f64,
    fit: f64,
    attribute: f64,
}

impl Demo {
    pub fn run(&self, session: &Session) -> Result<Outcome> {
        AtomicFolder::check(&self.out, Some(SCORES))?;
        // until the end of the command, so that two demos do not write one folder
        let _claim = FolderClaim::take(&self.out)?.ok_or_else(|| {
            Problem::new(
                format!("another program is writing {}", self.out.display()),
                "wait until it has finished, or choose another --out",
            )
        })?;
        let start = Instant::now();
        let data: Dataset<f32> = DatasetConfig::paper_protocol(DIMS)?
            .samples(SAMPLES)
            .seed(self.seed)
            .generate()?;
        let synth = start.elapsed().as_secs_f64();

        let settings = self.settings();
        let raw = xcebra::files::Recording {
            place: "the synthetic recording".to_owned(),
            values: data.x.mapv(f64::from),
            channels: (0..data.x.ncols()).map(|c| c.to_string()).collect(),
            sampling_rate: None,
            breaks: Vec::new(),
            notes: Vec::new(),
            epsilon: f64::from(f32::EPSILON),
        };
        let channels = Channels::of(&raw, settings.data.standardize)?;
        let x = channels.apply(&raw)?;
        let label = data.group(1)?.mapv(f64::from);
        let recording = Recording::new(x.view())?.with_label("z2", Labels::Continuous(label))?;
        let trainer = Trainer::new(settings.config(), recording)?;
        interrupt::listen(session, "stopping");
        let go_on = |_: &Trainer<f32>, _: &Effort| interrupt::check();
        let trained = train(session, trainer, Effort::default(), go_on)?;
        let run = Run {
            encoder: trained.encoder,
            settings,
            channels,
        };

        let start = Instant::now();
        let methods: Methods<f32> = "ing,neuron-gradient".parse()?;
        let windows = Windows::of(&run.encoder, x.view());
        let maps = attribute_with_progress(session, &run, &windows, &methods, None)?;
        let attribute = start.elapsed().as_secs_f64();

        let embedding = run.encoder.forward(x.view().into_dyn())?;
        let scores = Scores {
            ing: auroc_map(&data.map, maps[0].values())?,
            gradient: auroc_map(&data.map, maps[1].values())?,
            r2: linear_r2(&embedding, &data.z)?,
            synth,
            fit: trained.effort.seconds,
            attribute,
        };
        let log = format!(
            "xcebra {} demo, seed {}\n{}",
            env!("CARGO_PKG_VERSION"),
            self.seed,
            trained.effort.log
        );
        let outcome = self.outcome(&scores, &maps[0], &run)?;
        let page = self.page(&run, &data, &maps, &trained.history, &scores);

        let folder = AtomicFolder::create(&self.out, Some(SCORES))?;
        run.save(folder.path(), &trained.history, &log)?;
        write_arrays(&folder, &data, &embedding, &maps)?;
        page.write(&folder.path().join("report.html"))?;
        let scores = format!("{:#}\n", outcome.json);
        write_file(&folder.path().join(SCORES), scores.as_bytes())?;
        folder.commit()?;
        Ok(outcome)
    }

    /// The settings of the demo: the hybrid form of the paper with a short schedule.
    fn settings(&self) -> FitFile {
        let steps = self.steps as usize;
        let mut config = Config::hybrid(DIMS, "z2");
        config.regularizer = RegularizerConfig {
            start: steps / 4,
            ramp: steps / 4,
            ..RegularizerConfig::default()
        };
        config.train.steps = steps;
        config.train.learning_rate = 2e-3;
        config.train.schedule = LearningRateSchedule::Cosine;
        config.train.seed = self.seed;
        config.train.log_every = 10;
        FitFile::of(config)
    }

    fn outcome(&self, scores: &Scores, ing: &AttributionMap, run: &Run) -> Result<Outcome> {
        let Scores {
            ing: auroc,
            gradient,
            r2,
            synth,
            fit,
            attribute,
        } = scores;
        let out = self.out.display();
        let ranks = ing.inverses().map(|i| i.in_words(possible_rank(run)));
        let ranks = ranks.unwrap_or_default();
        let text = format!(
            "auROC, inverted neuron gradient   {auroc:.4}\n\
             auROC, neuron gradient            {gradient:.4}\n\
             R² of the latents                 {r2:.4}\n\
             seconds: data                     {synth:.1}\n\
             seconds: training                 {fit:.1}\n\
             seconds: maps                     {attribute:.1}\n\
             {ranks}\n\
             \n\
             {out}: open report.html; data.npz, maps.npz, {MODEL}, config.toml, {SCORES}"
        );
        let number = |key: &str, value: &f64| outcome::number(key, *value);
        Ok(Outcome {
            text,
            json: json!({
                "out": out.to_string(),
                "seed": self.seed,
                "auroc": {
                    "ing": number("auroc.ing", auroc)?,
                    "neuron_gradient": number("auroc.neuron_gradient", gradient)?,
                },
                "r2_latents": number("r2_latents", r2)?,
                "seconds": {
                    "synth": number("seconds.synth", synth)?,
                    "fit": number("seconds.fit", fit)?,
                    "attribute": number("seconds.attribute", attribute)?,
                },
            }),
        })
    }

    fn page(
        &self,
        run: &Run,
        data: &Dataset<f32>,
        maps: &[AttributionMap],
        history: &History,
        scores: &Scores,
    ) -> Report {
        let groups = [("x1", 25), ("x2", 25)];
        let half = DIMS.div_ceil(2);
        let latents: Vec<String> = (0..DIMS)
            .map(|k| {
                if k < half {
                    format!("z1.{k}")
                } else {
                    format!("z2.{}", k - half)
                }
            })
            .collect();
        let truth = HeatMap::of_mask(data.map.view(), "depends", "does not depend")
            .title("Truth")
            .rows("input channel")
            .columns("latent")
            .row_groups(&groups)
            .column_names(&latents)
            .draw();
        let captions = [
            format!(
                "The encoder's Jacobian, inverted; auROC against the truth {:.3}.",
                scores.ing
            ),
            format!(
                "The encoder's Jacobian itself; auROC against the truth {:.3}.",
                scores.gradient
            ),
        ];
        let mut figures = vec![(
            truth,
            "Which channel depends on which latent: the channels of x1 see only the latents z1, those of x2 see z1 and z2."
                .to_owned(),
        )];
        for (map, caption) in maps.iter().zip(captions) {
            let figure = attribution_map(
                title(map.method()),
                "mean |attribution|",
                map.values().view(),
                &run.channels.names,
                &groups,
            );
            figures.push((figure, caption));
        }
        let number = |v: f64| format!("{v:.4}");
        let seconds = |v: f64| format!("{v:.1} s");
        let table = Table::new(&["measure", "value"])
            .row([
                "auROC of the inverted neuron gradient".to_owned(),
                number(scores.ing),
            ])
            .row([
                "auROC of the neuron gradient".to_owned(),
                number(scores.gradient),
            ])
            .row([
                "R² of the latents from the embedding".to_owned(),
                number(scores.r2),
            ])
            .row(["time: data".to_owned(), seconds(scores.synth)])
            .row(["time: training".to_owned(), seconds(scores.fit)])
            .row(["time: maps".to_owned(), seconds(scores.attribute)]);
        let lead = format!(
            "A recording of {SAMPLES} samples and 50 channels was generated from {DIMS} latents that are \
             known. An encoder was trained on it without seeing the map; its inverted Jacobian \
             tells which channels depend on which latents. Seed {}.",
            self.seed
        );
        let mut report = Report::new("xcebra: a map with a known answer")
            .lead(&lead)
            .table(table)
            .heading("Maps")
            .paragraph(
                "An auROC of 1 means that every true connection has a larger value than every \
                 absent one; 0.5 is chance.",
            )
            .figures(figures);
        if let Some(inverses) = maps[0].inverses() {
            report = report.paragraph(&format!("{}.", inverses.in_words(possible_rank(run))));
        }
        report
            .heading("Training")
            .figures(training_curves(history))
            .heading("Settings")
            .code(&run.settings.to_toml())
    }
}

fn write_arrays(
    folder: &AtomicFolder,
    data: &Dataset<f32>,
    embedding: &Array2<f32>,
    maps: &[AttributionMap],
) -> Result<()> {
    let mut output = NpzOutput::create(&folder.path().join("data.npz"))?;
    super::synth::add_dataset(&mut output, data)?;
    output.commit()?;
    let mut output = NpzOutput::create(&folder.path().join("maps.npz"))?;
    add_maps(&mut output, maps)?;
    output.commit()?;
    let mut output = NpzOutput::create(&folder.path().join("embedding.npz"))?;
    output.add("embedding", embedding)?;
    Ok(output.commit()?)
}
