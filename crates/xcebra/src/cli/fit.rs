//! `xcebra fit`: trains an encoder on a recording.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use ndarray::{Array2, ArrayView1, Axis, Slice};
use serde_json::json;
use xcebra::core::{Labels, Recording};
use xcebra::files::{AtomicFolder, DataFile, Source};
use xcebra::report::{Figure, Report, Scatter, Table, training_curves};
use xcebra::{Channels, FitFile, MODEL, Run, read_recording};

use super::training::{Trained, train};
use super::{Outcome, Problem, Result, Session};

/// Train an encoder on a recording
///
/// The recording is an array (time, channels) of the data file, the labels are arrays with one
/// value or one row for each of its samples. The run's folder holds the model, its settings, the
/// training curves, a log, and a report with pictures.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Fit {
    /// Recording and labels: .npz, .npy or .csv; an array named here replaces that of the settings
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// Settings, .toml [default: one objective, positives one sample later]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Changes one setting, such as train.steps=4000 or objective.1.dims=[3,6]; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,

    /// Folder to write
    #[arg(long, short, value_name = "FOLDER")]
    out: PathBuf,

    /// Replace the folder if it holds an earlier run
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Settings (TOML), each with its default unless it says otherwise:
  [data]
  x = \"x\"                       # array (time, channels), or columns of a table: \"acc_*\"
  labels = { z2 = \"z2\" }        # label name = array; empty by default: a label is the
                                # array of its own name
  standardize = true            # bring each channel to mean 0 and standard deviation 1
  [encoder]
  name = \"offset1-mse-clip\"     # or offset1, offset1-mse
  outputs = 6                   # embedding dimensions
  clip = 5.0                    # offset1-mse-clip: limit of each output
  hidden = 32                   # offset1: hidden units
  [[objective]]                 # any number of them; their losses add up
  dims = [0, 6]                 # embedding dimensions 0 to 5; all by default
  positives = { kind = \"time\", offset = 1 }
  similarity = { kind = \"euclidean\", temperature = 1.0 }   # or cosine, dot
  weight = 1.0
  [[objective]]
  dims = [3, 6]
  positives = { kind = \"time-delta\", label = \"z2\", delta = 1 }
                                # or { kind = \"discrete\", label = \"state\" }
  [regularizer]
  weight = 0.1                  # λ of the Jacobian penalty, 0 for none
  start = 2500                  # first step of its rise from 0
  ramp = 2500                   # steps of the rise
  projections = 1               # random projections a sample; 0 = exact
  [train]
  steps = 20000
  batch = 512
  learning_rate = 3e-4
  schedule = \"constant\"         # or cosine: a short rise, then down to 1 %
  seed = 0
  log_every = 50                # steps between two points of the training curves

Examples:
  xcebra fit --data data.npz --config fit.toml --out run
  xcebra fit --data data.npz:traces --set encoder.outputs=3 --set train.steps=4000 --out run
  xcebra fit --data walk.csv:\"ankle_*\" --config gait.toml --out run";

impl Fit {
    pub fn run(&self, session: &Session) -> Result<Outcome> {
        let mut settings = read_settings(self.config.as_deref(), &self.set)?;
        if let Some(array) = &self.data.array {
            settings.data.x.clone_from(array);
        }
        let marker = self.force.then_some(MODEL);
        AtomicFolder::check(&self.out, marker).map_err(|error| self.advise(error))?;
        self.keep_inputs(&settings)?;
        let (recording, channels, labels) = read_data(&self.data, &settings)?;
        let (samples, inputs) = (recording.len(), recording.channels());
        let x = recording.samples().to_owned();

        let trained = train(session, settings.config(), recording)?;
        let Trained {
            encoder,
            history,
            seconds,
            samples_per_second,
            log,
        } = trained;
        let run = Run {
            encoder,
            settings,
            channels,
        };
        let place = self.data.path.display().to_string();
        let log = format!(
            "xcebra {} fit\nrecording: {place}, array {}, {samples} samples × {inputs} channels\n\
             {log}{seconds:.1} s, {samples_per_second:.0} samples/s\n",
            env!("CARGO_PKG_VERSION"),
            run.settings.data.x,
        );
        let folder = AtomicFolder::create(&self.out, marker).map_err(|e| self.advise(e))?;
        run.save(folder.path(), &history, &log)?;
        let loss = history.loss.last().copied().unwrap_or(f64::NAN);
        let steps = run.settings.train.steps;
        let lead = format!(
            "An encoder of {inputs} channels to {} dimensions, trained on {samples} samples of \
             {place} in {steps} steps.",
            run.settings.encoder.outputs
        );
        let table = Table::new(&["", ""])
            .row(["loss at the last step".to_owned(), format!("{loss:.3}")])
            .row(["seconds".to_owned(), format!("{seconds:.1}")])
            .row([
                "samples a second".to_owned(),
                format!("{samples_per_second:.0}"),
            ]);
        let report = Report::new("Training of an encoder")
            .lead(&lead)
            .table(table)
            .heading("Training")
            .figures(training_curves(&history))
            .heading("Embedding")
            .figures(embedding_figures(&run, &x, &labels)?)
            .heading("Settings")
            .code(&run.settings.to_toml());
        report.write(&folder.path().join("report.html"))?;
        folder.commit()?;
        let out = self.out.display();
        Ok(Outcome {
            text: format!(
                "{out}: model, settings, curves, log and report.html\n\
                 {samples} samples × {inputs} channels, {steps} steps in {seconds:.1} s \
                 ({samples_per_second:.0} samples/s), loss {loss:.3}"
            ),
            json: json!({
                "out": out.to_string(),
                "samples": samples,
                "channels": inputs,
                "steps": steps,
                "loss": loss,
                "seconds": seconds,
                "samples_per_second": samples_per_second,
            }),
        })
    }

    /// Refuses to replace a folder that holds the data.
    fn keep_inputs(&self, settings: &FitFile) -> Result<()> {
        let Ok(folder) = self.out.canonicalize() else {
            return Ok(());
        };
        let labels = settings.labels().into_values();
        let labels = labels.filter_map(|label| label.parse::<Source>().ok());
        for path in labels
            .map(|label| label.path)
            .chain([self.data.path.clone()])
        {
            if path.canonicalize().is_ok_and(|p| p.starts_with(&folder)) {
                return Err(Problem::new(
                    format!(
                        "{} lies in {}, which is to be replaced",
                        path.display(),
                        self.out.display()
                    ),
                    "choose another --out",
                ));
            }
        }
        Ok(())
    }

    fn advise(&self, error: xcebra::files::FileError) -> Problem {
        if !self.force && self.out.join(MODEL).is_file() {
            return Problem::new(
                format!("{} holds an earlier run", self.out.display()),
                "choose another --out, or replace it with --force",
            );
        }
        error.into()
    }
}

/// No settings are longer; a device that never ends is.
const MOST_BYTES: u64 = 1 << 20;
/// Longer lines, such as those of a data file, are not shown.
const LONGEST_LINE: usize = 200;

/// Settings from a file, or the defaults, with changes.
fn read_settings(path: Option<&Path>, set: &[String]) -> Result<FitFile> {
    let Some(path) = path else {
        return Ok(FitFile::parse("", set)?);
    };
    let name = path.display().to_string();
    let unreadable = |reason: String| {
        Problem::new(
            format!("cannot read {name}: {reason}"),
            "pass a TOML file, as `xcebra fit --help` shows it",
        )
    };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
        .map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 == MOST_BYTES {
        return Err(unreadable("it is longer than any settings".to_owned()));
    }
    FitFile::parse(&text, set).map_err(|error| match error.span.clone() {
        Some(_) if text.lines().any(|line| line.len() > LONGEST_LINE) => unreadable(error.message),
        Some(span) => Problem::in_text(error.message, error.advice, (&name, &text), span),
        None => error.into(),
    })
}

/// More classes than this are drawn as numbers.
const MOST_CLASSES: usize = 8;

/// A label's name and values (time, k).
type PicturedLabel = (String, Array2<f64>);

/// The recording on a common scale with its labels, its channels, and the labels for pictures.
fn read_data(
    source: &Source,
    settings: &FitFile,
) -> Result<(Recording<f32>, Channels, Vec<PicturedLabel>)> {
    let raw = read_recording(source, &settings.data.x)?;
    raw.require_samples(2, "training")?;
    raw.require_varying_channels()?;
    let channels = Channels::of(&raw, settings.data.standardize)?;
    let mut recording = Recording::new(channels.apply(&raw)?.view())?;
    let mut file = DataFile::open(&source.path)?;
    let mut pictured = Vec::new();
    for (name, array) in settings.labels() {
        if raw.channels.contains(&array) {
            return Err(Problem::new(
                format!("the label `{name}` is also a channel of {}", raw.place),
                format!("leave it out of the channels, as in data.x=\"*,!{array}\""),
            ));
        }
        let values = file.read_or_source(&array)?;
        let labels = if settings.is_discrete(&name) {
            let classes = values.classes(raw.samples())?;
            pictured.push((
                name.clone(),
                classes.mapv(|c| c as f64).insert_axis(Axis(1)),
            ));
            Labels::Discrete(classes.to_vec())
        } else {
            let label = values.label(raw.samples())?;
            pictured.push((name.clone(), label.clone()));
            Labels::Continuous(label)
        };
        recording = recording.with_label(name, labels)?;
    }
    Ok((recording, channels, pictured))
}

/// Two embedding dimensions coloured by each label, or by time if there is none.
fn embedding_figures(
    run: &Run,
    x: &Array2<f32>,
    labels: &[PicturedLabel],
) -> Result<Vec<(Figure, String)>> {
    let settings = &run.settings;
    let outputs = settings.encoder.outputs;
    if outputs < 2 {
        return Ok(Vec::new());
    }
    // a picture holds only so many points
    let stride = x.nrows().div_ceil(Scatter::MOST_POINTS).max(1);
    let some = x.slice_axis(Axis(0), Slice::new(0, None, stride as isize));
    let embedding = xcebra::model::Model::forward(&run.encoder, some.into_dyn())?;
    let plot = |name: &str, first: usize| {
        let point = |row: ArrayView1<'_, f32>| (f64::from(row[first]), f64::from(row[first + 1]));
        let points: Vec<(f64, f64)> = embedding.rows().into_iter().map(point).collect();
        let plot = Scatter::new(&points)
            .title(&format!("Embedding, coloured by {name}"))
            .axes(
                &format!("dimension {first}"),
                &format!("dimension {}", first + 1),
            );
        let caption = format!(
            "Embedding dimensions {first} and {}; the colour is {name}.",
            first + 1
        );
        (plot, caption)
    };
    if labels.is_empty() {
        let times: Vec<f64> = (0..x.nrows()).step_by(stride).map(|t| t as f64).collect();
        let (plot, caption) = plot("sample", 0);
        return Ok(vec![(plot.colored_by("sample", &times).draw(), caption)]);
    }
    let figures = labels.iter().map(|(name, values)| {
        // the dimensions that were trained with the label; one alone has a neighbour to show
        let first = settings
            .dims_of(name)
            .map_or(0, |[first, _]| first.min(outputs - 2));
        let (plot, caption) = plot(name, first);
        let values: Vec<f64> = values.column(0).iter().step_by(stride).copied().collect();
        let mut distinct = values.clone();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        if !settings.is_discrete(name) || distinct.len() > MOST_CLASSES {
            return (plot.colored_by(name, &values).draw(), caption);
        }
        let class = |v: &f64| distinct.iter().position(|d| d == v).unwrap_or_default();
        let classes: Vec<usize> = values.iter().map(class).collect();
        let names: Vec<String> = distinct.iter().map(|d| format!("{name} {d}")).collect();
        (plot.classes(&classes, &names).draw(), caption)
    });
    Ok(figures.collect())
}
