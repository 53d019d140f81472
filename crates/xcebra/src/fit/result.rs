//! What comes out of a training: an encoder, files, a report, and an answer in words and as JSON.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use xcebra_core::{History, Recording, Validation};
use xcebra_files::write_file;

use super::data::Data;
use super::fit_file::FitFile;
use super::training::Trained;
use super::{NOTE, figures};
use crate::answer::{Answer, number, numbers, optional};
use crate::report::{Picture, Report, Table, training_curves};
use crate::{Diagnostics, Result, Run, SeedAgreement};

/// Names of classes that are text in the data.
const CLASSES: &str = "classes.json";

/// A finished training with all that can be written of it.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The folder that holds it, if one does.
    pub(super) folder: Option<PathBuf>,
    run: Run,
    data: Data,
    trained: Trained,
    curves: Vec<Picture>,
    embedding: Vec<Picture>,
    diagnostics: Diagnostics,
}

impl Fitted {
    pub(super) fn new(settings: FitFile, data: Data, trained: Trained) -> Result<Self> {
        let run = Run {
            encoder: trained.encoder.clone(),
            settings,
            channels: data.channels.clone(),
        };
        let embedding = figures::embedding(&run, &data.recording, &data.labels)?;
        let (config, recording) = (run.settings.config(), &data.recording);
        let diagnostics = Diagnostics::of(&run.encoder, &config, recording, &trained.history)?;
        Ok(Self {
            folder: None,
            diagnostics,
            curves: training_curves(&trained.history),
            embedding,
            run,
            data,
            trained,
        })
    }

    /// All pictures of the report.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.curves.iter().chain(&self.embedding)
    }

    /// Writes the files of the run and the report into an existing folder, the encoder last: the folder that
    /// `xcebra fit` writes.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn write(&self, folder: &Path) -> Result<()> {
        self.report().write(&folder.join("report.html"))?;
        self.diagnostics.save(folder)?;
        if let Some(classes) = self.classes() {
            write_file(&folder.join(CLASSES), format!("{classes:#}\n").as_bytes())?;
        }
        Ok(self.run.save(folder, &self.trained.history, &self.log())?)
    }

    /// Whether the training was stopped before its last step.
    pub fn is_part(&self) -> bool {
        self.trained.is_part(&self.run.settings)
    }

    /// What it was trained on: recording, labels and channels.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The recording that it was trained on.
    pub fn recording(&self) -> &Recording<f32> {
        &self.data.recording
    }

    /// The trained encoder.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The training curves.
    pub fn history(&self) -> &History {
        &self.trained.history
    }

    /// What the encoder is like, and whether it can be trusted.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// The lines of the log that the steps of the training left.
    pub fn steps_log(&self) -> &str {
        &self.trained.effort.log
    }

    /// Seconds that the training took.
    pub fn seconds(&self) -> f64 {
        self.trained.effort.seconds
    }

    /// Adds to the written results how alike trainings from several seeds are.
    pub(super) fn add_seeds(&mut self, agreement: SeedAgreement, folder: &Path) -> Result<()> {
        self.diagnostics.seeds = Some(agreement);
        self.diagnostics.save(folder)?;
        Ok(self.report().write(&folder.join("report.html"))?)
    }

    /// For each label whose classes are text, their names in the order of their numbers.
    fn classes(&self) -> Option<Value> {
        let named = self.data.labels.iter();
        let named = named.filter_map(|l| Some((l.name.clone(), json!(l.classes.as_ref()?))));
        let named: Map<String, Value> = named.collect();
        (!named.is_empty()).then_some(Value::Object(named))
    }

    /// The log.
    pub fn log(&self) -> String {
        let (samples, inputs) = self.size();
        let pieces = |what: &str, lengths: Vec<usize>| match lengths.len() {
            1 => String::new(),
            n => {
                let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
                format!(" in {n} {what} of {}", lengths.join(", "))
            }
        };
        let mut sessions = pieces("sessions", self.data.files.clone());
        if self.has_gaps() {
            let segments = self.data.recording.sessions().iter();
            sessions += &pieces("segments", segments.map(ExactSizeIterator::len).collect());
        }
        format!(
            "xcebra {} fit\nrecording: {}, array {}, {samples} samples × {inputs} channels{sessions}\n\
             {}{}{:.1} s, {:.0} samples/s\n",
            env!("CARGO_PKG_VERSION"),
            self.data.place,
            self.run.settings.data.x,
            self.trained.effort.log,
            self.ending()
                .map_or(String::new(), |text| format!("{text}\n")),
            self.trained.effort.seconds,
            self.trained.samples_per_second(),
        )
    }

    /// The report.
    pub fn report(&self) -> Report {
        let (samples, inputs) = self.size();
        let trained = &self.trained;
        let lead = format!(
            "An encoder of {inputs} channels to {} dimensions, trained on {samples} samples of {} in \
             {} steps.",
            self.run.settings.encoder.outputs, self.data.place, trained.steps
        );
        let mut table = Table::new(&["", ""]).row([
            "loss at the last step".to_owned(),
            format!("{:.3}", self.loss()),
        ]);
        if let Some(validation) = self.validation() {
            let loss = format!("{:.3}", validation.loss);
            let step = validation.step + 1;
            table = table.row([format!("loss on held-out samples, step {step}"), loss]);
            for (objective, bits) in validation.bits.iter().enumerate() {
                let what = format!("bits over chance on them, objective {objective}");
                table = table.row([what, format!("{bits:.3}")]);
            }
        }
        let table = table
            .row([
                "seconds".to_owned(),
                format!("{:.1}", trained.effort.seconds),
            ])
            .row([
                "samples per second".to_owned(),
                format!("{:.0}", trained.samples_per_second()),
            ]);
        let mut report = Report::new("Training of an encoder")
            .lead(&lead)
            .table(table);
        if let Some(text) = self.ending() {
            report = report.paragraph(&format!("The training {text}."));
        }
        report = report.heading("Can it be trusted?");
        for sentence in self.diagnostics.sentences() {
            report = report.paragraph(&sentence);
        }
        let notes = self.notes();
        if !notes.is_empty() {
            report = report.heading("Notes");
        }
        for note in notes {
            report = report.paragraph(note);
        }
        report
            .heading("Training")
            .figures(self.curves.iter().cloned())
            .heading("Embedding")
            .figures(self.embedding.iter().cloned())
            .heading("Settings")
            .code(&self.run.settings.to_toml())
    }

    /// The answer, for a reader and for a program.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a number of it is not finite.
    pub fn answer(&self) -> Result<Answer> {
        let (samples, inputs) = self.size();
        let (trained, loss) = (&self.trained, self.loss());
        let (seconds, rate) = (trained.effort.seconds, trained.samples_per_second());
        let out = self
            .folder
            .as_ref()
            .map(|folder| folder.display().to_string());
        let segments = self.data.recording.sessions().len();
        let pieces = match self.has_gaps() {
            true => format!(" in {segments} segments"),
            false => String::new(),
        };
        let files = out
            .as_ref()
            .map(|out| format!("{out}: model, settings, curves, log and report.html\n"));
        let mut text = files.unwrap_or_default();
        text += &format!(
            "{samples} samples × {inputs} channels{pieces}, {} steps in {seconds:.1} s ({rate:.0} samples/s), \
             loss {loss:.3}",
            trained.steps
        );
        let validation = self.validation();
        if let Some(validation) = validation {
            text += &format!(", held out {:.3}", validation.loss);
        }
        if let Some(ending) = self.ending() {
            text += &format!("\n{ending}");
        }
        for sentence in self.diagnostics.sentences() {
            text += &format!("\n{sentence}");
        }
        let bits = validation.map(|v| numbers("bits", &v.bits)).transpose()?;
        Ok(Answer {
            text,
            json: json!({
                "out": out,
                "samples": samples,
                "channels": inputs,
                "sessions": self.data.files.len(),
                "segments": segments,
                "steps": trained.steps,
                "loss": number("loss", loss)?,
                "validation_loss": optional("validation_loss", validation.map(|v| v.loss))?,
                "bits": bits,
                "stopped_early": trained.stopped_early,
                "seconds": number("seconds", seconds)?,
                "samples_per_second": number("samples_per_second", rate)?,
                "diagnostics": self.diagnostics,
                "notes": self.notes(),
            }),
        })
    }

    /// Whether a file holds a recording that was interrupted.
    fn has_gaps(&self) -> bool {
        self.data.recording.sessions().len() > self.data.files.len()
    }

    /// The notes of the training, from its log, which a resumed one has from before.
    pub fn notes(&self) -> Vec<&str> {
        let lines = self.trained.effort.log.lines();
        lines.filter_map(|line| line.strip_prefix(NOTE)).collect()
    }

    fn size(&self) -> (usize, usize) {
        (self.data.recording.len(), self.data.recording.channels())
    }

    fn loss(&self) -> f64 {
        let loss = self.trained.history.loss.last();
        loss.copied().unwrap_or(f64::NAN)
    }

    /// The validation of the parameters that were taken.
    fn validation(&self) -> Option<&Validation> {
        let patience = self.run.settings.validation.patience;
        self.trained.history.taken(patience)
    }

    /// How the training ended, if not with its last step.
    fn ending(&self) -> Option<String> {
        let best = self.validation().filter(|_| self.trained.stopped_early)?;
        Some(format!(
            "stopped early, after step {}; its parameters are those after step {}",
            self.trained.steps,
            best.step + 1
        ))
    }
}
