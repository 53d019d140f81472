//! The work that both sides of the comparison do.

use ndarray::{Array2, Axis, Slice, concatenate};
use xcebra_core::{
    Config, EncoderName, Labels, LossConfig, Metric, ObjectiveConfig, PositivesConfig, Recording,
    Result, Session, Similarity,
};
use xcebra_synth::DatasetConfig;

/// Latents of the recording, and outputs of the encoder.
pub const DIMS: usize = 6;

/// The synthetic recording of the paper's protocol: samples (time, 50) and the second group of
/// latents (time, 3).
///
/// # Errors
/// None for a positive number of samples.
pub fn recording(samples: usize) -> xcebra_synth::Result<(Array2<f32>, Array2<f64>)> {
    let data = DatasetConfig::paper_protocol(DIMS)?
        .samples(samples)
        .seed(1)
        .generate::<f32>()?;
    let z2 = data.group(1)?.mapv(f64::from);
    Ok((data.x, z2))
}

/// The training of the comparison: `hybrid` objectives with the regulariser at its full weight 0.1
/// and one projection, or positives one sample later only (`time`) without it.
///
/// # Errors
/// For other names.
pub fn config(objectives: &str, batch: usize) -> std::result::Result<Config, String> {
    let mut config = Config::hybrid(DIMS, "z2");
    config.train.batch = batch;
    config.train.steps = usize::MAX;
    config.regularizer.start = 0;
    config.regularizer.ramp = 0;
    match objectives {
        "hybrid" => {}
        "time" => {
            config.objective.truncate(1);
            config.regularizer.weight = 0.0;
        }
        other => {
            return Err(format!(
                "no objectives `{other}`; there are hybrid and time"
            ));
        }
    }
    Ok(config)
}

/// The training of a convolutional encoder as CEBRA's users know it: one objective by the label, over ten
/// samples, cosine similarity at temperature 1, without the regulariser.
///
/// # Errors
/// For names that no encoder has.
pub fn config_of_encoder(name: &str, batch: usize) -> Result<Config> {
    let mut config = Config::hybrid(DIMS, "z2");
    config.encoder.name = EncoderName::parse(name)?;
    config.objective = vec![ObjectiveConfig::new(LossConfig::InfoNce {
        positives: PositivesConfig::TimeDelta {
            label: "z2".into(),
            delta: 10,
        },
        similarity: Similarity::new(Metric::Cosine, 1.0),
    })];
    config.train.batch = batch;
    config.train.steps = usize::MAX;
    config.regularizer.weight = 0.0;
    Ok(config)
}

/// Samples of [`doubled`].
pub const DOUBLED: usize = 20_000;

/// The first samples of the recording with twice its channels: each sample, and the one that comes `DOUBLED`
/// samples later.
///
/// # Errors
/// As [`labelled`].
pub fn doubled(x: &Array2<f32>, z2: &Array2<f64>) -> Result<Recording<f32>> {
    let of = |first: usize| x.slice_axis(Axis(0), Slice::from(first..first + DOUBLED));
    let both = concatenate(Axis(1), &[of(0), of(DOUBLED)]);
    let both = both.expect("both parts have the same number of samples");
    let z2 = z2.slice_axis(Axis(0), Slice::from(..DOUBLED));
    labelled(&both, z2.to_owned())
}

/// The training of two animals: one objective by the label, over all dimensions, without the regulariser, and
/// `batch` references of each.
#[must_use]
pub fn config_of_animals(batch: usize) -> Config {
    let mut config = Config::hybrid(DIMS, "z2");
    config.objective.remove(0);
    config.objective[0].dims = None;
    config.train.batch = 2 * batch;
    config.train.steps = usize::MAX;
    config.regularizer.weight = 0.0;
    config
}

/// The first half of the recording seen by 40 channels and the second by 45, as two subjects.
///
/// # Errors
/// As [`Recording::from_subjects`] and [`Recording::with_label`].
pub fn animals(x: &Array2<f32>, z2: Array2<f64>) -> Result<Recording<f32>> {
    let half = x.nrows() / 2;
    let session = |rows: std::ops::Range<usize>, channels: usize| {
        let part = x.slice_axis(Axis(0), Slice::from(rows));
        let part = part.slice_axis(Axis(1), Slice::from(..channels));
        Session::new(part.iter().copied().collect::<Vec<f32>>(), channels)
    };
    let sessions = vec![session(0..half, 40)?, session(half..x.nrows(), 45)?];
    let recording = Recording::from_subjects(sessions, vec![0, 1])?;
    recording.with_label("z2", Labels::Continuous(z2))
}

/// Puts samples and label together.
///
/// # Errors
/// As [`Recording::new`] and [`Recording::with_label`].
pub fn labelled(x: &Array2<f32>, z2: Array2<f64>) -> Result<Recording<f32>> {
    Recording::new(x.view())?.with_label("z2", Labels::Continuous(z2))
}
