//! The whole path on data with a known answer.

use std::path::PathBuf;
use std::time::Instant;

use ndarray::{Array2, ArrayView1};
use serde_json::json;
use xcebra_attr::AttributionMap;
use xcebra_attr::methods::title;
use xcebra_core::{Config, History, LearningRateSchedule, RegularizerConfig};
use xcebra_eval::{auroc_map, linear_r2};
use xcebra_files::{AtomicFolder, DataArray, FolderClaim, NpzOutput, Values, write_file};
use xcebra_model::{Model, Watch};
use xcebra_synth::{Dataset, DatasetConfig};

use crate::attribute::{AttributeSettings, add_maps, add_names, attribute};
use crate::dataset::{Names, add_dataset};
use crate::fit::{Arrays, Data, fit};
use crate::pictures::map_of_sizes;
use crate::report::{HeatMap, PointCloud, Report, Table, training_curves};
use crate::{Answer, FitFile, MODEL, Problem, Result, Run, answer};

/// Latents of the data, in two groups of three.
const DIMS: usize = 6;
/// Samples of the data.
const SAMPLES: usize = 20_000;
/// The scores as JSON; by this file the folder of an earlier demo is known.
const SCORES: &str = "demo.json";

/// A demonstration on data with a known answer.
#[derive(Clone, Debug)]
pub struct DemoJob {
    /// The folder to write; that of an earlier demo is replaced.
    pub out: PathBuf,
    /// Seed of the data and of the training.
    pub seed: u64,
    /// Training steps; fewer are faster and worse.
    pub steps: usize,
}

/// What the demo measured.
struct Scores {
    ing: f64,
    gradient: f64,
    r2: f64,
    synth: f64,
    fit: f64,
    attribute: f64,
}

/// Generates a recording whose attribution map is known, trains an encoder on it, computes two maps, scores
/// them against the truth, and writes data, model, maps and a report into a folder.
///
/// # Errors
/// [`Problem`] if the folder cannot be written, and of the kind
/// [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
pub fn demo(job: &DemoJob, watch: &Watch<'_>) -> Result<Answer> {
    AtomicFolder::check(&job.out, Some(SCORES))?;
    // until the end, so that two demos do not write one folder
    let _claim = FolderClaim::take(&job.out)?.ok_or_else(|| {
        Problem::file(
            format!("another program is writing {}", job.out.display()),
            "wait until it has finished, or choose another --out",
        )
    })?;
    let start = Instant::now();
    let data: Dataset<f32> = DatasetConfig::paper_protocol(DIMS)?
        .samples(SAMPLES)
        .seed(job.seed)
        .generate()?;
    let synth = start.elapsed().as_secs_f64();

    let settings = job.settings();
    let names = Names::of(data.mixing().connectivity());
    let x = || DataArray {
        columns: Some(names.channels.clone()),
        ..DataArray::in_memory("x", Values::F32(data.x.clone().into_dyn()))
    };
    let z2 = Values::F64(data.group(1)?.mapv(f64::from).into_dyn());
    let arrays = Arrays {
        sessions: vec![x()],
        labels: [("z2".to_owned(), vec![DataArray::in_memory("z2", z2).into()])].into(),
    };
    let fitted = fit(&settings, Data::of_arrays(arrays, &settings)?, watch)?;
    let run = fitted.run();

    let start = Instant::now();
    let methods = AttributeSettings {
        methods: "ing,neuron-gradient".parse()?,
        significance: None,
    };
    let recording = run.scaled(x())?;
    let maps = attribute(run, &recording, &methods, None, watch)?.maps;
    let attribute = start.elapsed().as_secs_f64();

    let embedding = run
        .encoder
        .forward(recording.x.samples().view().into_dyn())?;
    let scores = Scores {
        ing: auroc_map(&data.map, maps[0].values())?,
        gradient: auroc_map(&data.map, maps[1].values())?,
        r2: linear_r2(&embedding, &data.z)?,
        synth,
        fit: fitted.seconds(),
        attribute,
    };
    let log = format!(
        "xcebra {} demo, seed {}\n{}",
        env!("CARGO_PKG_VERSION"),
        job.seed,
        fitted.steps_log()
    );
    let answer = job.answer(&scores, &maps[0], run)?;
    let page = job.page(run, (&data, &names), &maps, fitted.history(), &scores);
    let page = with_embedding(page, &embedding, (&data, &names))
        .heading("Settings")
        .code(&run.settings.to_toml());

    let folder = AtomicFolder::create(&job.out, Some(SCORES))?;
    run.save(folder.path(), fitted.history(), &log)?;
    write_arrays(&folder, (&data, &names), &embedding, &maps)?;
    page.write(&folder.path().join("report.html"))?;
    let scores = format!("{:#}\n", answer.json);
    write_file(&folder.path().join(SCORES), scores.as_bytes())?;
    folder.commit()?;
    Ok(answer)
}

impl DemoJob {
    /// The settings of the demo: the hybrid form of the paper with a short schedule.
    fn settings(&self) -> FitFile {
        let steps = self.steps;
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

    fn answer(&self, scores: &Scores, ing: &AttributionMap, run: &Run) -> Result<Answer> {
        let Scores {
            ing: auroc,
            gradient,
            r2,
            synth,
            fit,
            attribute,
        } = scores;
        let out = self.out.display();
        let ranks = ing.inverses().map(|i| i.in_words(run.possible_rank()));
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
        let number = |key: &str, value: &f64| answer::number(key, *value);
        Ok(Answer {
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
        (data, names): (&Dataset<f32>, &Names),
        maps: &[AttributionMap],
        history: &History,
        scores: &Scores,
    ) -> Report {
        let groups = [("x1", 25), ("x2", 25)];
        let truth = HeatMap::of_mask(data.map.view(), "depends", "does not depend")
            .title("Truth")
            .rows("input channel")
            .columns("latent")
            .row_names(&names.channels)
            .row_groups(&groups)
            .column_names(&names.latents)
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
            let values = map.values().view();
            let figure = map_of_sizes(title(map.method()), "mean |attribution|", values)
                .row_names(&run.channels.names)
                .row_groups(&groups)
                .column_names(&columns(names));
            figures.push((figure.draw(), caption));
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
            report = report.paragraph(&format!("{}.", inverses.in_words(run.possible_rank())));
        }
        report.heading("Training").figures(training_curves(history))
    }
}

/// Adds the embedding, which any of the latents that are known can colour.
fn with_embedding(
    page: Report,
    embedding: &Array2<f32>,
    (data, names): (&Dataset<f32>, &Names),
) -> Report {
    let wide =
        |values: ArrayView1<'_, f32>| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    let latents = names.latents.iter().zip(data.z.columns());
    let cloud = PointCloud::new(embedding.mapv(f64::from).view()).title("Embedding");
    let cloud = latents.fold(cloud, |cloud, (name, latent)| {
        cloud.colored_by(&format!("true latent {name}"), &wide(latent))
    });
    page.heading("Embedding").figure(
        cloud.draw(),
        "Each point is a sample, coloured by the first of the true latents; an embedding that has found a latent \
         changes colour smoothly along a direction.",
    )
}

/// The latents of the encoder. Each belongs to a group of true latents; within the group it may be any mixture of them.
fn columns(names: &Names) -> Vec<String> {
    let groups = names.latents.iter().enumerate();
    let groups = groups.map(|(k, name)| match name.split_once('.') {
        Some((group, _)) => format!("{k} ({group})"),
        None => k.to_string(),
    });
    groups.collect()
}

fn write_arrays(
    folder: &AtomicFolder,
    (data, names): (&Dataset<f32>, &Names),
    embedding: &Array2<f32>,
    maps: &[AttributionMap],
) -> Result<()> {
    let mut output = NpzOutput::create(&folder.path().join("data.npz"))?;
    add_dataset(&mut output, data)?;
    output.commit()?;
    let mut output = NpzOutput::create(&folder.path().join("maps.npz"))?;
    add_maps(&mut output, maps)?;
    add_names(&mut output, &names.channels, "latent")?;
    output.add_text("latent_names", &columns(names))?;
    output.commit()?;
    let mut output = NpzOutput::create(&folder.path().join("embedding.npz"))?;
    output.add("embedding", embedding)?;
    Ok(output.commit()?)
}
