//! What comes out of a training: an encoder, files, a report, and an answer in words and as JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use xcebra_core::{History, Recording, Validation};
use xcebra_files::write_file;

use super::data::Data;
use super::fit_file::FitFile;
use super::training::Trained;
use super::unfinished::Inputs;
use super::{NOTE, subjects};
use crate::answer::{Answer, number, numbers, optional};
use crate::report::{Picture, Report, Table, training_curves};
use crate::{Diagnostics, Problem, Result, Run, SeedAgreement, Sessions};

/// Names of classes that are text in the data.
const CLASSES: &str = "classes.json";

/// A finished training with all that can be written of it.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The folder that holds it, if one does.
    pub(super) folder: Option<PathBuf>,
    /// The files it was trained on, if they were files.
    pub(super) inputs: Option<Inputs>,
    /// Whether it began with encoders that were trained before.
    pub(super) goes_on: bool,
    /// Where a run was adapted to a new subject, how well its labels are read by the maps of the others.
    basis: Option<BTreeMap<String, [f64; 2]>>,
    /// What each subject has: its encoder, and what it is like.
    runs: Vec<Run>,
    diagnostics: Vec<Diagnostics>,
    data: Data,
    trained: Trained,
    curves: Vec<Picture>,
    embedding: Vec<Picture>,
}

impl Fitted {
    pub(super) fn new(settings: FitFile, data: Data, trained: Trained) -> Result<Self> {
        let run = |subject: usize| Run {
            encoder: trained.encoders[subject].clone(),
            settings: settings.clone(),
            channels: data.subjects[subject].channels.clone(),
        };
        let runs: Vec<Run> = (0..data.subjects.len()).map(run).collect();
        let diagnostics = subjects::diagnose(&runs, &data.recording, &trained.history)?;
        Ok(Self {
            folder: None,
            inputs: None,
            goes_on: false,
            basis: None,
            curves: training_curves(&trained.history),
            embedding: subjects::pictures(&runs, &data)?,
            runs,
            diagnostics,
            data,
            trained,
        })
    }

    /// Looks whether the basis of the earlier subjects held for the last one.
    pub(super) fn judge_basis(&mut self) -> Result<()> {
        self.basis = Some(subjects::basis(&self.runs, &self.data.recording)?);
        Ok(())
    }

    /// Refuses a training that its settings and data do not repeat.
    pub(crate) fn require_repeatable(&self) -> Result<()> {
        match self.goes_on {
            false => Ok(()),
            true => Err(Problem::setting(
                "the encoders began with those of an earlier training, which another training does not repeat",
                "train from the start",
            )),
        }
    }

    /// All pictures of the report.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.curves.iter().chain(&self.embedding)
    }

    /// The same, whose files are in this folder now.
    pub(crate) fn in_folder(self, folder: &Path) -> Self {
        Self {
            folder: Some(folder.to_path_buf()),
            ..self
        }
    }

    /// Writes the files of the run and the report into an existing folder, the encoder last: the folder that
    /// `xcebra fit` writes.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn write(&self, folder: &Path) -> Result<()> {
        self.report().write(&folder.join("report.html"))?;
        for (subject, diagnostics) in self.diagnostics.iter().enumerate() {
            diagnostics.save_subject(folder, subject)?;
        }
        if let Some(classes) = self.classes() {
            write_file(&folder.join(CLASSES), format!("{classes:#}\n").as_bytes())?;
        }
        for (subject, run) in self.runs.iter().enumerate().skip(1) {
            run.save_other(folder, subject)?;
        }
        if let Some(sessions) = self.sessions() {
            sessions.save(folder)?;
        }
        Ok(self
            .run()
            .save(folder, &self.trained.history, &self.log())?)
    }

    /// Whether the training was stopped before its last step.
    pub fn is_part(&self) -> bool {
        self.trained.is_part(&self.run().settings)
    }

    /// What it was trained on: recording, labels and channels.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The recording that it was trained on.
    pub fn recording(&self) -> &Recording<f32> {
        &self.data.recording
    }

    /// The trained encoder, of the first subject if there are several.
    pub fn run(&self) -> &Run {
        &self.runs[0]
    }

    /// The trained encoder of each subject.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Which session is whose; none if there is one subject and its data were in memory.
    fn sessions(&self) -> Option<Sessions> {
        let needed = self.runs.len() > 1 || self.inputs.is_some();
        needed.then(|| Sessions {
            inputs: self.inputs.clone(),
            subjects: self.data.session_subjects(),
        })
    }

    /// The training curves.
    pub fn history(&self) -> &History {
        &self.trained.history
    }

    /// What the encoder is like, and whether it can be trusted; that of the first subject if there are several.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics[0]
    }

    /// What the encoder of each subject is like.
    pub fn all_diagnostics(&self) -> &[Diagnostics] {
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
        self.diagnostics[0].seeds = Some(agreement);
        self.diagnostics[0].save(folder)?;
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
        let (samples, inputs) = (self.data.recording.len(), self.channels());
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
            "xcebra {} fit\nrecording: {}, array {}, {samples} samples × {inputs}{sessions}\n\
             {}{}{:.1} s, {:.0} samples/s\n",
            env!("CARGO_PKG_VERSION"),
            self.data.place,
            self.run().settings.data.x,
            self.trained.effort.log,
            self.ending()
                .map_or(String::new(), |text| format!("{text}\n")),
            self.trained.effort.seconds,
            self.trained.samples_per_second(),
        )
    }

    /// The report.
    pub fn report(&self) -> Report {
        let (samples, inputs) = (self.data.recording.len(), self.channels());
        let trained = &self.trained;
        let encoder = match self.runs.len() {
            1 => "An encoder",
            _ => "Encoders",
        };
        let lead = format!(
            "{encoder} of {inputs} to {} dimensions, trained on {samples} samples of {} in \
             {} steps.",
            self.run().settings.encoder.outputs,
            self.data.place,
            trained.steps
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
        for sentence in self.sentences() {
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
            .code(&self.run().settings.to_toml())
    }

    /// The answer, for a reader and for a program.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a number of it is not finite.
    pub fn answer(&self) -> Result<Answer> {
        let (samples, inputs) = (self.data.recording.len(), self.channels());
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
            "{samples} samples × {inputs}{pieces}, {} steps in {seconds:.1} s ({rate:.0} samples/s), \
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
        for sentence in self.sentences() {
            text += &format!("\n{sentence}");
        }
        let bits = validation.map(|v| numbers("bits", &v.bits)).transpose()?;
        let counts = self.data.channel_counts();
        let mut json = json!({
                "out": out,
                "samples": samples,
                "channels": counts[0],
                "sessions": self.data.files.len(),
                "segments": segments,
                "steps": trained.steps,
                "loss": number("loss", loss)?,
                "validation_loss": optional("validation_loss", validation.map(|v| v.loss))?,
                "bits": bits,
                "stopped_early": trained.stopped_early,
                "seconds": number("seconds", seconds)?,
                "samples_per_second": number("samples_per_second", rate)?,
                "diagnostics": self.diagnostics(),
                "notes": self.notes(),
        });
        if self.runs.len() > 1 {
            let subjects = self
                .data
                .subjects
                .iter()
                .zip(&self.diagnostics)
                .zip(&counts);
            let subjects = subjects.map(|((subject, diagnostics), channels)| {
                json!({
                    "sessions": subject.sessions,
                    "channels": channels,
                    "diagnostics": diagnostics,
                })
            });
            json["subjects"] = subjects.collect();
        }
        if let Some(basis) = &self.basis {
            json["basis"] = json!(basis);
        }
        Ok(Answer { text, json })
    }

    /// Where encoders were adapted to a new subject: for each label the R², mean and least, with which the linear maps of
    /// the earlier subjects read it from the new one.
    pub fn basis(&self) -> Option<&BTreeMap<String, [f64; 2]>> {
        self.basis.as_ref()
    }

    /// What there is to say of the encoders, subject by subject if there are several.
    pub fn sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(basis) = &self.basis {
            all.extend(subjects::basis_in_words(basis));
        }
        all.extend(Diagnostics::sentences_of(&self.diagnostics));
        all
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

    fn channels(&self) -> String {
        subjects::channels_in_words(&self.data.channel_counts())
    }

    fn loss(&self) -> f64 {
        let loss = self.trained.history.loss.last();
        loss.copied().unwrap_or(f64::NAN)
    }

    /// The validation of the parameters that were taken.
    fn validation(&self) -> Option<&Validation> {
        let patience = self.run().settings.validation.patience;
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
