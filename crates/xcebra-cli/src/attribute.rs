//! `xcebra attribute`: which inputs drive which latents.

mod significance;

use std::path::{Path, PathBuf};

use clap::Args;
use xcebra::explain::{SignalSource, Subject};
use xcebra::files::Source;
use xcebra::study::{AttributeJob, MapJob};
use xcebra::{
    Answer, AttributeSettings, ModelMapSettings, Problem, Result, SignificanceSettings,
    attribute_files, attribute_model,
};

use super::Session;
use super::figures::Figures;
use super::model_flags::ModelFlags;
use super::places::Places;
use super::study::refuse;

/// Compute attribution maps of a trained encoder, or of a model in an ONNX file
///
/// For each method, writes three arrays (inputs × latents) over all samples of the recording: the
/// mean of absolute attributions under the method's name, such as ing; their signed mean under that
/// name followed by _signed; and the largest absolute one under that name followed by _max.
///
/// For ing there are two more arrays. The array whose name ends in _comparable is a map whose columns can be
/// compared: effects of latents, or of latents that belong together, over their mean effect on all
/// channels. For latents that lie on a circle or a sphere, only its tangents are inverted. The array whose name
/// ends in _effect holds the effects: the change of a channel, in its standard deviations, when the
/// latents move by one standard deviation.
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
    /// Folder written by `xcebra fit`, or an .onnx file
    #[arg(long, value_name = "FOLDER or FILE")]
    model: PathBuf,

    /// Recording with the channels of the training; for an .onnx file one signal, a batch, or a recording that is
    /// cut into signals; any format that `xcebra files` lists
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// Session of the training whose encoder is explained: its number from 0, or the name of its file
    ///
    /// Needed only if the sessions of the training had different channels.
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,

    /// One method or several, separated by commas
    #[arg(long, value_name = "NAMES", default_value = "ing")]
    method: String,

    /// Samples from one signal of an .onnx file to the next when a recording is cut [default: the length of a
    /// signal]
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..))]
    hop: Option<u32>,

    /// Which axis of the input of an .onnx file is time, counted from 0 [default: the one that fits a recording,
    /// or is at least 4 times as long as all others]
    #[arg(long, value_name = "AXIS")]
    time_axis: Option<usize>,

    #[command(flatten)]
    model_flags: ModelFlags,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE", help_heading = "Options")]
    out: PathBuf,

    /// Also write a report with pictures, .html
    #[arg(long, value_name = "FILE", help_heading = "Options")]
    report: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Options")]
    figures: Figures,

    #[command(flatten)]
    significance: significance::Options,
}

const EXAMPLES: &str = "\
Examples:
  xcebra attribute --model run --data data.npz --out map.npz
  xcebra attribute --model run --data data.npz --method ing,neuron-gradient --out map.npz --report map.html
  xcebra attribute --model run --data data.npz --significance --out map.npz --report map.html
  xcebra attribute --model animals --session 1 --data rat2.npz --out rat2-map.npz
  xcebra attribute --model eeg.onnx --data trials.npz:x --method integrated-gradients --out maps.npz";

impl Attribute {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let data = ("--data", self.data.path.as_path());
        let mut read = vec![data, ("--model", self.model.as_path())];
        read.extend(self.model_flags.files());
        self.places().check(&read)?;
        if !self.model.is_dir() && is_onnx(&self.model) {
            return self.of_model(session);
        }
        self.require_folder_flags()?;
        let settings = AttributeSettings {
            methods: self.method.parse()?,
            significance: self.significance.settings(Some(self.trainings())),
        };
        let found = session.watched("stopping", |watch| {
            let of = self.session.as_deref();
            attribute_files(&self.model, of, &self.data, &settings, watch)
        })?;
        let answer = found.answer(Some(&self.out))?;
        self.places().write(
            || found.pictures(),
            || found.report(),
            |out| found.write(out),
        )?;
        if self.significance.is_set() {
            // what they were kept for is written
            let _ = std::fs::remove_dir_all(self.trainings());
        }
        Ok(answer)
    }

    /// Where the trainings of a test are kept while it is made.
    fn trainings(&self) -> PathBuf {
        let mut name = self.out.clone().into_os_string();
        name.push(".trainings");
        name.into()
    }

    /// The maps, for a plan whose folder is `out`.
    pub fn planned_maps(&self) -> Result<(AttributeJob, &Path)> {
        if self.significance.is_set() {
            return Err(Problem::setting(
                "--significance: maps with a test of their entries are a plan of their own",
                "use `xcebra plan significance`",
            ));
        }
        let of_file = !self.model.is_dir() && is_onnx(&self.model);
        if !of_file {
            return Ok((AttributeJob::Encoder(self.map_job()?), &self.out));
        }
        self.refuse_pages()?;
        self.require_one_input()?;
        let job = AttributeJob::Model {
            model: self.model.clone(),
            options: self.model_flags.options(),
            data: self.data.clone(),
            methods: self.method.clone(),
            time_axis: self.time_axis,
            hop: self.hop.map(|hop| hop as usize),
        };
        Ok((job, &self.out))
    }

    fn refuse_pages(&self) -> Result<()> {
        refuse(self.report.is_some(), "--report")?;
        refuse(self.figures.folder().is_some(), "--figures")
    }

    fn map_job(&self) -> Result<MapJob> {
        self.refuse_pages()?;
        self.require_folder_flags()?;
        Ok(MapJob {
            model: self.model.clone(),
            session: self.session.clone(),
            data: self.data.clone(),
            methods: self.method.clone(),
        })
    }

    /// The maps and their test, for a plan whose folder is `out`.
    pub fn planned(&self) -> Result<(MapJob, SignificanceSettings, &Path)> {
        let job = self.map_job()?;
        let test = self.significance.settings(None).ok_or_else(|| {
            Problem::setting(
                "the number of trainings is missing",
                "pass it with --significance N or --trainings N",
            )
        })?;
        Ok((job, test, &self.out))
    }

    fn places(&self) -> Places<'_> {
        Places {
            out: Some(&self.out),
            report: self.report.as_deref(),
            figures: &self.figures,
        }
    }

    /// Maps of a model that is not one of our encoders.
    fn of_model(&self, session: &Session) -> Result<Answer> {
        if self.significance.is_set() {
            return Err(Problem::setting(
                "--significance trains the encoder again, and an .onnx file cannot be trained again",
                "leave --significance out",
            ));
        }
        let settings = ModelMapSettings {
            methods: self.method.parse()?,
            time_axis: self.time_axis,
            hop: self.hop.map(|hop| hop as usize),
        };
        self.require_one_input()?;
        let data = SignalSource::File(self.data.clone());
        let options = self.model_flags.options();
        let subject = Subject::load_with(&self.model, &options, &[(None, &data)])?;
        let found = session.watched("stopping", |watch| {
            attribute_model(&subject, &data, &settings, watch)
        })?;
        let answer = found.answer(Some(&self.out))?;
        self.places().write(
            || found.pictures(),
            || found.report(),
            |out| found.write(out),
        )?;
        Ok(answer)
    }

    fn require_one_input(&self) -> Result<()> {
        match self.model_flags.several_inputs() {
            None => Ok(()),
            Some(_) => Err(Problem::setting(
                "--model-input: attribution maps explain one input",
                "name one input, and fix the others with --constant; `xcebra explain` explains several together",
            )),
        }
    }

    /// Refuses flags that mean nothing for an encoder of ours.
    fn require_folder_flags(&self) -> Result<()> {
        let set = [
            (self.hop.is_some(), "--hop"),
            (self.time_axis.is_some(), "--time-axis"),
            (
                self.model_flags.is_set(),
                "--model-input, --model-output, --dimension, --constant, --detach or --precision",
            ),
        ];
        match set.into_iter().find(|(set, _)| *set) {
            None => Ok(()),
            Some((_, flag)) => Err(Problem::setting(
                format!("{flag}: {} is not an .onnx file", self.model.display()),
                "leave it out: it is for ONNX files",
            )),
        }
    }
}

fn is_onnx(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    extension.eq_ignore_ascii_case("onnx")
}
