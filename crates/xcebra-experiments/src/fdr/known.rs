//! Recordings whose map and effects are known.

use ndarray::{Array2, Axis, Slice, concatenate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use xcebra::core::{Config, Labels, LearningRateSchedule, Recording, RegularizerConfig};
use xcebra::synth::{Block, Connectivity, Dataset, DatasetConfig};

use super::cell::Settings;
use crate::animal::{self, Encoder, Observation, Training, observe};
use crate::error::Result;
use crate::recordings::standardized;
use crate::scale::Scale;

/// A recording, how to train on it, and what is true of it.
pub(super) struct Known {
    pub recording: Recording<f32>,
    pub config: Config,
    /// Whether a channel depends on a block of latents.
    pub truth: Array2<bool>,
    /// How much: the mean over moments of `√(r Σ rᵀ)` with the true Jacobian's row `r` in the block and the covariance
    /// `Σ` of the block's latents, over the standard deviation of the channel.
    pub effects: Array2<f64>,
    /// The latents.
    pub latents: Array2<f64>,
}

/// Moments that true effects are means over.
const MOMENTS: usize = 400;

/// Name of the label: the second group of latents.
const LABEL: &str = "z2";

/// Two groups of latents, the second of which is the label.
pub(super) fn protocol(settings: &Settings) -> Result<Known> {
    let Settings {
        seed,
        samples,
        latents,
        channels,
        noise_channels,
        ..
    } = *settings;
    let block = |inputs: &[usize]| Block {
        channels,
        inputs: inputs.to_vec(),
    };
    let blocks = vec![block(&[0]), block(&[1]), block(&[0, 1])];
    let connectivity = Connectivity::new(vec![latents, latents], blocks)?;
    let data = DatasetConfig::new(connectivity)
        .samples(samples)
        .seed(seed)
        .noise(settings.noise);
    let data = data.generate::<f64>()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let noise = || rng.sample::<f64, _>(StandardNormal);
    let noise = Array2::from_shape_simple_fn((samples, noise_channels), noise);
    let x = concatenate(Axis(1), &[data.x.view(), noise.view()]).expect("a row a sample");
    let groups = [[0, latents], [latents, 2 * latents]];
    let truth = Array2::from_shape_fn((x.ncols(), 2), |(channel, group)| {
        channel < 3 * channels && data.map[[channel, groups[group][0]]]
    });
    let effects = effects(&data, &groups, noise_channels)?;
    let label = Labels::Continuous(data.group(1)?.to_owned());
    let standard = standardized(&x).mapv(|v| v as f32);
    Ok(Known {
        recording: Recording::new(standard.view())?.with_label(LABEL, label)?,
        config: config(settings),
        truth,
        effects,
        latents: data.z,
    })
}

fn effects(
    data: &Dataset<f64>,
    groups: &[[usize; 2]],
    noise_channels: usize,
) -> Result<Array2<f64>> {
    let samples = data.z.nrows();
    let moments = MOMENTS.min(samples);
    let deviations = data.x.std_axis(Axis(0), 0.0);
    let mut sums = Array2::zeros((data.x.ncols() + noise_channels, groups.len()));
    for moment in 0..moments {
        let jacobian = data.jacobian(moment * samples / moments)?;
        for (g, &[first, end]) in groups.iter().enumerate() {
            let range = Slice::from(first..end);
            let z = data.z.slice_axis(Axis(1), range).to_owned();
            let z = &z - &z.mean_axis(Axis(0)).expect("there are samples");
            let covariance = z.t().dot(&z) / samples as f64;
            let rows = jacobian.slice_axis(Axis(1), range);
            for (channel, row) in rows.outer_iter().enumerate() {
                let square = row.dot(&covariance.dot(&row)).max(0.0);
                sums[[channel, g]] += square.sqrt() / deviations[channel] / moments as f64;
            }
        }
    }
    Ok(sums)
}

fn config(settings: &Settings) -> Config {
    let mut config = Config::hybrid(2 * settings.latents, LABEL);
    config.regularizer = RegularizerConfig {
        start: settings.steps / 4,
        ramp: settings.steps / 4,
        ..RegularizerConfig::default()
    };
    config.train.steps = settings.steps;
    config.train.batch = settings.batch;
    config.train.learning_rate = 2e-3;
    config.train.schedule = LearningRateSchedule::Cosine;
    config.train.seed = 1000 * (settings.seed + 1);
    config
}

/// A simulated animal with a block of dimensions for position, heading and speed.
pub(super) fn animal(settings: &Settings, observation: Observation) -> Result<Known> {
    let mut protocol = animal::Protocol::at(Scale::Smoke).expect("there is a smoke scale");
    protocol.bins = settings.samples;
    protocol.cells_of_a_kind = settings.channels;
    protocol.untuned = settings.noise_channels;
    protocol.train.steps = settings.steps;
    protocol.train.batch = settings.batch;
    // with λ = 0.1 from a quarter of the steps on, one training differs from the next by as much as effects are large
    protocol.regularizer = RegularizerConfig {
        weight: 1.0,
        start: 0,
        ramp: settings.steps / 4,
        ..protocol.regularizer
    };
    let encoder = Encoder {
        observation,
        training: Training::Behaviour,
        regularized: true,
    };
    let settings = protocol.settings(settings.seed, encoder);
    let observed = observe(&settings)?;
    let table = |rows: &[[f64; 3]]| Array2::from_shape_fn((rows.len(), 3), |(i, v)| rows[i][v]);
    Ok(Known {
        truth: Array2::from_shape_fn((observed.truth.len(), 3), |(i, v)| observed.truth[i][v]),
        effects: table(&observed.effects),
        latents: observed.targets.clone(),
        recording: observed.recording()?,
        config: settings.config,
    })
}

#[cfg(test)]
mod tests {
    use super::super::cell::Kind;
    use super::*;

    #[test]
    fn recordings_have_the_map_they_say() {
        let known = protocol(&Settings::of_seed(Kind::Protocol, 3)).unwrap();
        assert_eq!(
            (known.recording.len(), known.recording.channels()),
            (4000, 18)
        );
        let Known { truth, latents, .. } = &known;
        assert_eq!((truth.dim(), latents.dim()), ((18, 2), (4000, 4)));
        assert_eq!(truth.iter().filter(|&&c| c).count(), 5 + 5 + 2 * 5);
        assert!(!truth[[0, 1]] && truth[[5, 1]] && truth[[10, 0]] && !truth[[17, 1]]);
    }

    /// Where nothing is connected there is no effect. In the form of the paper no effect moves a channel by much more than
    /// all of its standard deviation, and a channel of one group has most of it from there; fields of grid cells are finer
    /// than the spread of positions, and have larger ones.
    #[test]
    fn effects_are_where_connections_are() {
        for kind in Kind::ALL {
            let mut settings = Settings::of_seed(kind, 1);
            settings.samples = 2000;
            let known = match kind {
                Kind::Protocol => protocol(&settings),
                Kind::Rates => animal(&settings, Observation::Rates),
                Kind::Spikes => animal(&settings, Observation::Spikes),
            };
            let Known { truth, effects, .. } = known.unwrap();
            for (at, &connected) in truth.indexed_iter() {
                assert_eq!(connected, effects[at] > 0.0, "{kind:?} {at:?}");
                assert!(effects[at].is_finite(), "{kind:?} {at:?}");
            }
            if kind == Kind::Protocol {
                assert!(effects.iter().all(|&effect| effect < 2.0), "{effects}");
                assert!((0..5).all(|channel| effects[[channel, 0]] > 0.7));
            }
        }
    }
}
