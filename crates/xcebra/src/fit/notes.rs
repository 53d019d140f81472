//! What in the settings is likely to be a mistake, though a training with it is possible.

use ndarray::ArrayView1;
use xcebra_core::ops::Head;
use xcebra_core::{Config, Labels, LossConfig, PositivesConfig, Recording};

use super::data::Data;
use super::fit_file::FitFile;

/// One sentence for each.
///
/// A recording of more pieces than `files` is in segments.
pub fn notes(config: &Config, recording: &Recording<f32>, files: usize) -> Vec<String> {
    let mut all = Vec::new();
    let steps = config.train.steps;
    let architecture = config.encoder.architecture(recording.channels());
    let limit = match architecture.head {
        Head::Identity => f64::INFINITY,
        Head::Normalize | Head::Tanh => 1.0,
        Head::Clip { limit } => limit,
    };
    for (i, objective) in config.objectives().iter().enumerate() {
        if objective.schedule().at(steps - 1) == 0.0 {
            all.push(format!(
                "objective {i} never counts, because its weight is 0 in all {steps} steps (weight = {}, \
                 weight_start = {})",
                objective.weight, objective.weight_start
            ));
        }
        if let LossConfig::Mse { label } = &objective.loss
            && let Ok(values) = recording.label(label)
            && largest(values) > limit
        {
            all.push(format!(
                "outputs of the encoder reach at most ±{limit}, and the label `{label}` reaches {}: choose \
                 an encoder without a limit, such as offset1-mse, or a smaller unit",
                (1e3 * largest(values)).round() / 1e3
            ));
        }
        if let LossConfig::InfoNce { positives, .. } = &objective.loss
            && let PositivesConfig::DeltaVmf { label, .. } = positives
            && recording.label(label).is_ok_and(is_in_degrees)
        {
            all.push(format!(
                "the label `{label}` looks like degrees, and delta-vmf takes radians"
            ));
        }
    }
    let regularizer = &config.regularizer;
    if regularizer.weight > 0.0 && regularizer.schedule().at(steps - 1) == 0.0 {
        all.push(format!(
            "the Jacobian regulariser is off in all {steps} steps: regularizer.start = {}",
            regularizer.start
        ));
    }
    let window = architecture.window.len();
    let sessions = recording.sessions();
    let short = sessions.iter().filter(|s| s.len() < window).count();
    if short > 0 {
        let what = if sessions.len() > files {
            "segments"
        } else {
            "sessions"
        };
        all.push(format!(
            "{short} of {} {what} are shorter than the encoder's window of {window} samples; they are \
             left out of the training",
            sessions.len()
        ));
    }
    all
}

/// What it means that the sessions are of several subjects; nothing for one.
pub fn on_subjects(settings: &FitFile, data: &Data) -> Vec<String> {
    if data.subjects.len() == 1 {
        return Vec::new();
    }
    let subjects = data.subjects.iter().enumerate().map(|(number, subject)| {
        let sessions: Vec<String> = subject.sessions.iter().map(usize::to_string).collect();
        let sessions = match sessions.as_slice() {
            [one] => format!("session {one}"),
            several => format!("sessions {}", several.join(", ")),
        };
        let channels = subject.channels.names.len();
        format!("subject {number} is {sessions} with {channels} channels")
    });
    let subjects: Vec<String> = subjects.collect();
    let mut all = vec![format!(
        "there is an encoder for each of {} subjects: {}",
        data.subjects.len(),
        subjects.join("; ")
    )];
    let objectives = settings.config().objectives();
    if objectives.iter().all(|o| o.loss.labels().is_empty()) {
        all.push(
            "no objective uses a label, so nothing ties the subjects' embeddings together: a dimension may mean \
             something different in each subject"
                .to_owned(),
        );
    }
    all
}

/// Largest absolute value.
fn largest(labels: &Labels) -> f64 {
    match labels {
        Labels::Continuous(values) => values.iter().fold(0.0, |m, v| v.abs().max(m)),
        Labels::Discrete(classes) => classes.iter().fold(0.0, |m, &c| (c as f64).abs().max(m)),
    }
}

/// Whether angles lie in one turn of 360 and jump from its end to its beginning.
fn is_in_degrees(labels: &Labels) -> bool {
    let Labels::Continuous(values) = labels else {
        return false;
    };
    let turn = |v: &f64| (0.0..=360.0).contains(v) || (-180.0..=180.0).contains(v);
    let jumps = |column: ArrayView1<'_, f64>| {
        let pairs = column.iter().zip(column.iter().skip(1));
        pairs.map(|(a, b)| (b - a).abs()).any(|jump| jump > 180.0)
    };
    values.iter().all(turn) && values.columns().into_iter().any(jumps)
}
