//! `xcebra attribute`: which inputs drive which latents.

mod significance;
mod tested;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use ndarray::Array2;
use serde_json::{Map, Value, json};
use xcebra::attr::{AttrError, AttributionMap, Methods, Options, Piece, Samples, Sink, attribute};
use xcebra::core::ops::Head;
use xcebra::files::{NpzOutput, Source, ensure_folder, ensure_writable};
use xcebra::report::{Figure, Picture, Report, Table, attribution_map};
use xcebra::{Diagnostics, Run, ScaledRecording, Windows};

use super::interrupt::{self, Interruptible};
use super::outcome::{number, optional};
use super::{Outcome, Problem, Result, Session};
use significance::Test;
use tested::AllTested;

/// Compute attribution maps of a trained encoder
///
/// For each method, writes three arrays (inputs × latents) over all samples of the recording: the
/// mean of absolute attributions under the method's name, such as ing; their signed mean under that
/// name followed by _signed; and the largest absolute one under that name followed by _max.
///
/// If an encoder sees several samples at once, these are means and maxima over the lags. The array
/// whose name ends in _lags then holds the map lag by lag (channels × window × latents).
///
///   ing                    inverted neuron gradient: pseudo-inverse of the encoder's Jacobian
///   neuron-gradient        the Jacobian itself
///   input-x-gradient       the Jacobian times the input
///   smooth-grad            mean Jacobian around the input
///   integrated-gradients   mean gradient on the way from a baseline, times the difference from it
///   gradient-shap          the same, from random samples
///   feature-ablation       the change when a baseline replaces a channel
///   occlusion              the same, for windows of time
///   shapley-sampling       Shapley values by random permutations
///   exact-shapley          Shapley values, at most 16 inputs
///   …-inverse              pseudo-inverse of any of these except ing
///
/// Parameters follow in parentheses. Quote them for the shell:
///   --method "integrated-gradients(nodes=20, baseline=mean)"
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = EXAMPLES)]
pub struct Attribute {
    /// Folder written by `xcebra fit`
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,

    /// Recording with the channels of the training: .npz, .npy, .csv, .edf, .bdf or .wav
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// One method or several, separated by commas
    #[arg(long, value_name = "NAMES", default_value = "ing")]
    method: String,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// Also write a report with pictures, .html
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Also write each map as a picture, NAME.svg and NAME.png, into this folder
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,

    #[command(flatten)]
    significance: significance::Options,
}

const EXAMPLES: &str = "\
Examples:
  xcebra attribute --model run --data data.npz --out map.npz
  xcebra attribute --model run --data data.npz --method ing,neuron-gradient --out map.npz --report map.html
  xcebra attribute --model run --data data.npz --significance --out map.npz --report map.html";

impl Attribute {
    pub fn run(&self, session: &Session) -> Result<Outcome> {
        let methods: Methods<f32> = self.method.parse()?;
        super::require_npz(&self.out)?;
        let data = ("--data", self.data.path.as_path());
        super::require_distinct(("--out", &self.out), &[data])?;
        ensure_writable(&self.out)?;
        if let Some(report) = &self.report {
            super::require_distinct(("--report", report), &[data, ("--out", &self.out)])?;
            ensure_writable(report)?;
        }
        if let Some(figures) = &self.figures {
            ensure_folder(figures)?;
        }
        let run = Run::load(&self.model)?;
        let recording = run.recording(&self.data)?;
        let mut notes = recording.notes.clone();
        let start = Instant::now();
        interrupt::listen(session, "stopping");
        let windows = windows_of(&run, &recording)?;
        let place = (self.model.as_path(), &run);
        let test = self
            .significance
            .prepare(session, place, &self.data, &windows)?;
        let add = test
            .as_ref()
            .map(|test: &Test| |piece: &Piece<'_>| test.add(piece));
        let sink = add.as_ref().map(|add| add as Sink<'_>);
        let maps = attribute_with_progress(session, &run, &windows, &methods, sink)?;
        let tested = test.as_ref().map(|test| test.run(session, &run, &methods));
        let tested = tested.transpose()?;
        interrupt::check()?;
        let seconds = start.elapsed().as_secs_f64();
        let zero = maps
            .iter()
            .filter(|map| map.max_abs().iter().all(|&value| value == 0.0));
        notes.extend(zero.map(|map| {
            format!(
                "the map {} is zero: on this recording the encoder's outputs do not change; look at \
                 the training curves, and train with a smaller train.learning_rate",
                map.method()
            )
        }));
        for note in &notes {
            session.note(note);
        }
        let diagnostics = Diagnostics::load(&self.model);

        let out = self.out.display().to_string();
        let inputs = recording.x.ncols();
        let samples = maps.first().map_or(0, AttributionMap::samples);
        let mut text =
            format!("{out}: maps (inputs × latents) of {samples} samples, {seconds:.1} s");
        let mut described = Map::new();
        if recording.segments.len() > 1 {
            text.push_str(&format!(", {} segments", recording.segments.len()));
        }
        for map in &maps {
            let (rows, columns) = by_channel(map).values.dim();
            text.push_str(&format!("\n{} ({rows}, {columns})", map.method()));
            let mut entry = json!({ "shape": [rows, columns] });
            if let Some(inverses) = map.inverses() {
                text.push_str(&format!(": {}", inverses.in_words(possible_rank(&run))));
                entry["min_rank"] = json!(inverses.min_rank());
                entry["mean_rank"] = number("mean_rank", inverses.mean_rank())?;
                let condition = inverses.condition().map(|c| c.geometric_mean);
                entry["condition"] = optional("condition", condition)?;
            }
            if let Some(tested) = &tested {
                text.push_str(&tested.text(map.method(), &run.channels.names));
                entry["significance"] = tested.json(map.method())?;
            }
            described.insert(map.method().to_owned(), entry);
        }
        if let Some(diagnostics) = &diagnostics {
            text.push_str(&format!(
                "\nThe encoder: {}",
                about(diagnostics, &maps).join(" ")
            ));
        }
        let json = json!({
            "out": out,
            "samples": samples,
            "inputs": inputs,
            "segments": recording.segments.len(),
            "seconds": number("seconds", seconds)?,
            "maps": Value::Object(described),
            "diagnostics": diagnostics,
            "notes": notes,
        });

        let mut output = NpzOutput::create(&self.out)?;
        add_maps(&mut output, &maps)?;
        if let Some(tested) = &tested {
            tested.write(&mut output)?;
        }
        output.commit()?;
        if let Some(path) = &self.report {
            let page = self.page(&run, &maps, diagnostics.as_ref(), tested.as_ref(), &notes);
            page.write(path)?;
        }
        if let Some(folder) = &self.figures {
            for map in &maps {
                Picture::new(map.method(), picture(map, &run), "").write(folder)?;
            }
        }
        Ok(Outcome { text, json })
    }

    fn page(
        &self,
        run: &Run,
        maps: &[AttributionMap],
        diagnostics: Option<&Diagnostics>,
        tested: Option<&AllTested>,
        notes: &[String],
    ) -> Report {
        let channels = &run.channels.names;
        let lead = format!(
            "Which of {} channels depend on which of {} latents, by the encoder in {} on {}.",
            channels.len(),
            run.settings.encoder.outputs,
            self.model.display(),
            self.data.path.display()
        );
        let mut report = Report::new("Attribution maps").lead(&lead);
        for map in maps {
            let unit = if run.settings.data.standardize {
                "a channel's value is in its standard deviations"
            } else {
                "a channel's value is in its own units"
            };
            let caption = format!(
                "Mean over {} samples of the absolute attribution; {unit}.{}",
                map.samples(),
                map.inverses()
                    .map(|i| format!(" {}.", i.in_words(possible_rank(run))))
                    .unwrap_or_default()
            );
            let figure = picture(map, run);
            report = report.figure(figure, &caption);
        }
        if !notes.is_empty() {
            report = report.heading("Notes");
        }
        for note in notes {
            report = report.paragraph(note);
        }
        if let Some(diagnostics) = diagnostics {
            report = report.heading("Can the encoder be trusted?");
            for sentence in about(diagnostics, maps) {
                report = report.paragraph(&sentence);
            }
        }
        if let Some(tested) = tested {
            report = tested.report(report, channels);
        }
        for map in maps {
            report = report
                .heading(&format!("{}: values", title(map.method())))
                .table(table(map, channels));
        }
        report
    }
}

/// A map as a heat map.
fn picture(map: &AttributionMap, run: &Run) -> Figure {
    attribution_map(
        title(map.method()),
        "mean |attribution|",
        by_channel(map).values.view(),
        &run.channels.names,
        &[],
    )
}

/// The name of a method for a reader.
pub fn title(method: &str) -> &str {
    match method {
        "ing" => "Inverted neuron gradient",
        "neuron-gradient" => "Neuron gradient",
        "input-x-gradient" => "Input × gradient",
        "smooth-grad" => "SmoothGrad",
        "integrated-gradients" => "Integrated gradients",
        "gradient-shap" => "Gradient SHAP",
        "feature-ablation" => "Feature ablation",
        "occlusion" => "Occlusion",
        "shapley-sampling" => "Shapley values, sampled",
        "exact-shapley" => "Shapley values",
        other => other,
    }
}

/// What there is to say of the encoder beside maps; ranks only where no map tells its own.
fn about(diagnostics: &Diagnostics, maps: &[AttributionMap]) -> Vec<String> {
    match maps.iter().any(|map| map.inverses().is_some()) {
        true => diagnostics.sentences_without_ranks(),
        false => diagnostics.sentences(),
    }
}

/// The largest rank that the outputs of an encoder allow.
pub fn possible_rank(run: &Run) -> usize {
    let architecture = run.encoder.architecture();
    architecture.outputs() - usize::from(architecture.head == Head::Normalize)
}

/// The windows of a recording, of which there must be some.
fn windows_of<'a>(run: &Run, recording: &'a ScaledRecording) -> Result<Windows<'a>> {
    let windows = Windows::of_segments(&run.encoder, recording.x.view(), &recording.segments);
    if !windows.is_empty() {
        return Ok(windows);
    }
    let longest = recording.segments.iter().map(ExactSizeIterator::len).max();
    Err(Problem::new(
        format!(
            "{} samples without interruption are fewer than the {} that the encoder sees at once",
            longest.unwrap_or(0),
            run.encoder.architecture().window.len()
        ),
        "pass a longer recording",
    ))
}

/// Maps over all windows of a recording, with progress; attributions of samples go to `sink`, and without
/// one they are not kept.
pub fn attribute_with_progress(
    session: &Session,
    run: &Run,
    windows: &Windows<'_>,
    methods: &Methods<f32>,
    sink: Option<Sink<'_>>,
) -> Result<Vec<AttributionMap>> {
    let progress = session.progress("attribute", windows.len() as u64);
    let observe = |done: usize, _: usize| {
        progress.at(done as u64, "");
        interrupt::flow()
    };
    let mut options = Options::new().with_observer(&observe);
    if let Some(sink) = sink {
        options = options.with_sink(sink);
    }
    let model = Interruptible(&run.encoder);
    attribute(&model, windows, methods, &options).map_err(interrupt::or)
}

/// A map (channels × latents), lags pooled if there are several.
pub struct ByChannel {
    pub values: Array2<f64>,
    signed: Array2<f64>,
    max_abs: Array2<f64>,
}

/// The map of an encoder's channels.
pub fn by_channel(map: &AttributionMap) -> ByChannel {
    let pooled = |lags: Result<Array2<f64>, AttrError>, plain: &Array2<f64>| {
        lags.unwrap_or_else(|_| plain.clone())
    };
    ByChannel {
        values: pooled(map.over_lags(), map.values()),
        signed: pooled(map.signed_over_lags(), map.signed()),
        max_abs: pooled(map.max_over_lags(), map.max_abs()),
    }
}

/// Three arrays a map, and that of all lags if there are several.
pub fn add_maps(output: &mut NpzOutput, maps: &[AttributionMap]) -> Result<()> {
    for map in maps {
        let name = map.method();
        let pooled = by_channel(map);
        output.add(name, &pooled.values)?;
        output.add(&format!("{name}_signed"), &pooled.signed)?;
        output.add(&format!("{name}_max"), &pooled.max_abs)?;
        if let Ok(lags) = map.per_lag() {
            output.add(&format!("{name}_lags"), &lags.to_owned())?;
        }
    }
    Ok(())
}

fn table(map: &AttributionMap, channels: &[String]) -> Table {
    let mut header = vec!["channel".to_owned()];
    header.extend((0..map.outputs()).map(|k| format!("latent {k}")));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::new(&header);
    for (channel, row) in channels.iter().zip(by_channel(map).values.rows()) {
        let cells = row.iter().map(|v| format!("{v:.4}"));
        table = table.row(std::iter::once(channel.clone()).chain(cells));
    }
    table
}
