//! What a training begins with: nothing, a trained run to go on from, or one to adapt to a new subject.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xcebra_core::{Encoder, Shared, Trainer};

use super::data::Data;
use super::fit_file::FitFile;
use super::known::Known;
use super::unfinished::Inputs;
use crate::{Problem, Result, Run, Sessions};

/// What a training begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Begin {
    /// Fresh encoders.
    #[default]
    Fresh,
    /// The encoders of the run in this folder, all of which are trained further.
    From(PathBuf),
    /// The encoders of the run in this folder, which keep their bits, and a fresh one for a new subject. With
    /// `encoder.shared = "trunk"` the new one has their trunk, and only its first layer is trained.
    Adapt(PathBuf),
}

impl Begin {
    /// Whether nothing was trained before.
    pub fn is_fresh(&self) -> bool {
        *self == Self::Fresh
    }

    /// The folder of the run.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Fresh => None,
            Self::From(folder) | Self::Adapt(folder) => Some(folder),
        }
    }

    /// As seen from any folder.
    ///
    /// # Errors
    /// [`Problem`] if there is no such folder, or if it is the one to write.
    pub(crate) fn absolute(&self, out: &Path) -> Result<Self> {
        let Some(folder) = self.folder() else {
            return Ok(self.clone());
        };
        let found = folder.canonicalize().map_err(|_| {
            Problem::from(crate::RunError::NoFolder {
                path: folder.to_path_buf(),
            })
        })?;
        if out.canonicalize().is_ok_and(|out| out == found) {
            return Err(Problem::file(
                format!("{} would be replaced while it is needed", folder.display()),
                "choose another --out",
            ));
        }
        Ok(match self {
            Self::Adapt(_) => Self::Adapt(found),
            _ => Self::From(found),
        })
    }

    /// All data that the training needs: those given, after those of the run where it is adapted, or
    /// those of the run where none are given.
    pub(crate) fn inputs(&self, given: Inputs) -> Result<Inputs> {
        let folder = match self {
            Self::Adapt(folder) => folder,
            Self::From(folder) if given.data.is_empty() => folder,
            _ => return Ok(given),
        };
        let earlier = Sessions::load(folder)?.and_then(|sessions| sessions.inputs);
        let Some(earlier) = earlier else {
            return Err(Problem::file(
                format!(
                    "{} does not say which data it was trained on",
                    folder.display()
                ),
                "train it again on files, so that its folder says so",
            ));
        };
        let mut data = Vec::new();
        for text in &earlier.data {
            data.push(earlier.source(text)?.to_string());
        }
        data.extend(given.data);
        Ok(Inputs { data, ..given })
    }

    /// Reads the data, on the scales of the run.
    pub(crate) fn read(&self, inputs: &Inputs, settings: &FitFile) -> Result<Data> {
        let Some(folder) = self.folder() else {
            return Data::read(inputs, settings);
        };
        let runs = Run::load_all(folder)?;
        let before = Sessions::load(folder)?.map(|sessions| sessions.subjects);
        let (count, by) = (inputs.data.len(), settings.data.subjects);
        let adapts = matches!(self, Self::Adapt(_));
        let known = match adapts {
            true => Known::of_new_subject(&runs, before, count),
            false => Known::of_same_subjects(&runs, before, count, by),
        };
        let data = Data::read_as(inputs, settings, &known)?;
        require_subjects(&data, &runs, adapts)?;
        Ok(data)
    }

    /// A trainer before its first step.
    pub(super) fn trainer(&self, settings: &FitFile, data: &Data) -> Result<Trainer<f32>> {
        let Some(folder) = self.folder() else {
            return Ok(Trainer::new(settings.config(), data.recording.clone())?);
        };
        let runs = Run::load_all(folder)?;
        let adapts = matches!(self, Self::Adapt(_));
        going_on(
            settings,
            data,
            (runs, adapts),
            &folder.display().to_string(),
        )
    }
}

/// A trainer that goes on with the encoders of some runs, or that adapts them to the last subject of the data.
pub(super) fn going_on(
    settings: &FitFile,
    data: &Data,
    (runs, adapts): (Vec<Run>, bool),
    place: &str,
) -> Result<Trainer<f32>> {
    let (config, recording) = (settings.config(), data.recording.clone());
    let mut encoders: Vec<Encoder<f32>> = runs.into_iter().map(|run| run.encoder).collect();
    let subject = encoders.len() - usize::from(!adapts);
    let channels = recording.channels_of(subject);
    let architecture = config.encoder.architecture(channels);
    if architecture.layers != encoders[0].architecture().layers
        || architecture.head != encoders[0].architecture().head
    {
        return Err(Problem::setting(
            format!("the section [encoder] does not describe the encoders in {place}"),
            "leave the encoder as it is, or train a fresh one",
        ));
    }
    if !adapts {
        return Ok(Trainer::with_encoders(config, recording, encoders)?);
    }
    let fresh = Encoder::of_subject(architecture, config.train.seed, subject)?;
    encoders.push(match config.encoder.shared {
        Shared::None => fresh,
        Shared::Trunk => fresh.with_trunk_of(&encoders[0])?,
    });
    Ok(Trainer::adapting(config, recording, encoders)?)
}

/// Refuses data of fewer or more subjects than those of the runs, and a new one if they are adapted.
pub(super) fn require_subjects(data: &Data, runs: &[Run], adapts: bool) -> Result<()> {
    let (found, expected) = (data.subjects.len(), runs.len() + usize::from(adapts));
    if found == expected {
        return Ok(());
    }
    let subjects = match found {
        1 => "1 subject".to_owned(),
        _ => format!("{found} subjects"),
    };
    Err(Problem::data(
        format!(
            "{} has the sessions of {subjects}, expected: {expected}",
            data.place
        ),
        "pass the sessions of that run, in their order",
    ))
}
