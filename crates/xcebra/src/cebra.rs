//! Encoders that were trained with CEBRA, as runs.

use std::path::{Path, PathBuf};

use serde_json::json;
use xcebra_core::Encoder;
use xcebra_files::AtomicFolder;

use crate::fit::channels_in_words;
use crate::{Answer, Channels, FitFile, MODEL, Problem, Result, Run};

/// Takes over a model of CEBRA.
#[derive(Clone, Debug)]
pub struct ImportJob {
    /// Its `state_dict`, in a file of safetensors.
    pub model: PathBuf,
    /// The name that CEBRA knows the model by, such as `offset10-model`.
    pub architecture: String,
    /// The folder to write.
    pub out: PathBuf,
    /// Whether to replace an earlier run in that folder.
    pub force: bool,
}

/// The encoder of each session of a CEBRA model, from its `state_dict` in a file of safetensors, and the name that CEBRA
/// knows it by. Channels have their numbers as names and are not scaled, since CEBRA does neither.
///
/// # Errors
/// As [`Encoder::load_cebra_sessions`].
pub fn load_cebra(path: &Path, name: &str) -> Result<Vec<Run>> {
    let encoders = Encoder::<f32>::load_cebra_sessions(path, name)?;
    let run = |encoder: Encoder<f32>| {
        let architecture = encoder.architecture();
        let mut settings = FitFile::default();
        settings.data.standardize = false;
        settings.encoder.outputs = architecture.outputs();
        settings.encoder.hidden = architecture.layers[0].outputs;
        // names with numbers in them have no setting of the same spelling
        if let Ok(named) = serde_json::from_value(name.replacen("-model", "", 1).into()) {
            settings.encoder.name = named;
        }
        Run {
            channels: Channels::unscaled(architecture.inputs),
            encoder,
            settings,
        }
    };
    Ok(encoders.into_iter().map(run).collect())
}

/// Writes the folder of a run with a model of CEBRA, as [`fit_files`](crate::fit_files) writes that of a training.
///
/// # Errors
/// [`Problem`] if the file is not that of such a model, or the folder cannot be written.
pub fn import_cebra(job: &ImportJob) -> Result<Answer> {
    let ending = job.model.extension().and_then(|ending| ending.to_str());
    if let Some("pt" | "pth") = ending {
        return Err(Problem::file(
            format!("{} is a file of torch", job.model.display()),
            "convert it with the Python package: xcebra.XCEBRA.from_cebra(\"model.pt\").save(\"run\")",
        ));
    }
    let runs = load_cebra(&job.model, &job.architecture)?;
    if job.out.join(MODEL).is_file() && !job.force {
        return Err(Problem::file(
            format!("{} holds a trained encoder", job.out.display()),
            "choose another --out, or replace it with --force",
        ));
    }
    let folder = AtomicFolder::create(&job.out, Some(MODEL))?;
    let subjects: Vec<usize> = (0..runs.len()).collect();
    Run::save_all(&runs, &subjects, folder.path())?;
    folder.commit()?;
    let architecture = runs[0].encoder.architecture();
    let outputs = architecture.outputs();
    let inputs: Vec<usize> = runs
        .iter()
        .map(|run| run.encoder.architecture().inputs)
        .collect();
    let out = job.out.display().to_string();
    Ok(Answer {
        text: format!(
            "{out}: {} of {} and {outputs} latents\n",
            job.architecture,
            channels_in_words(&inputs)
        ),
        json: json!({
            "out": out,
            "architecture": job.architecture,
            "channels": inputs,
            "latents": outputs,
            "window": architecture.window.len(),
        }),
    })
}
