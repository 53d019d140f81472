//! `xcebra synth`: data with a known answer.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use ndarray_npy::WritableElement;
use serde_json::json;
use xcebra::files::{NpzOutput, ensure_writable};
use xcebra::model::Watch;
use xcebra::synth::{Dataset, DatasetConfig, MixingConfig};
use xcebra::{Answer, Problem, Result, add_dataset, number};

use super::Session;

/// Generate a recording whose attribution map is known
///
/// Latents move at random in the box [−1, 1]^d, in two groups: z1 (the first half, rounded up) and
/// z2. Random smooth injective networks mix them. Channels 0 to 24 depend on z1 only, channels 25 to 49
/// on both. The output holds the arrays
///
///   x    (samples, 50)    the recording
///   z    (samples, dims)  the latents; z1 and z2 are its two groups of columns
///   map  (50, dims)       bool: whether a channel depends on a latent
///
/// The same seed gives the same data.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = EXAMPLES)]
pub struct Synth {
    /// Number of latents, 2 to 25
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(2..=25))]
    dims: u16,

    /// Number of samples in time
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=MOST_SAMPLES))]
    samples: u64,

    /// Seed of all random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// Standard deviation of a latent's step from one sample to the next
    #[arg(long, default_value_t = 0.1, allow_negative_numbers = true)]
    step: f64,

    /// Standard deviation of the normal noise added to x, whose standard deviation is about 1
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    noise: f64,

    /// Non-linear layers of the mixing networks; 0 makes them affine
    #[arg(long, default_value_t = MixingConfig::default().depth as u8, value_parser = clap::value_parser!(u8).range(..=32))]
    depth: u8,

    /// Strength of the mixing networks' non-linearity, from 0 to below 1
    #[arg(long, default_value_t = MixingConfig::default().strength, allow_negative_numbers = true)]
    strength: f64,

    /// Element type of x and z
    #[arg(long, value_enum, default_value_t = Precision::Float32)]
    precision: Precision,
}

/// Ten million samples of 50 channels take 2 GB in single precision.
const MOST_SAMPLES: u64 = 10_000_000;

const EXAMPLES: &str = "\
Examples:
  xcebra synth --out data.npz
  xcebra synth --dims 9 --samples 100000 --seed 3 --noise 0.1 --out noisy.npz";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Precision {
    Float32,
    Float64,
}

impl Synth {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        super::require_npz(&self.out)?;
        ensure_writable(&self.out)?;
        let mixing = MixingConfig {
            depth: self.depth.into(),
            strength: self.strength,
        };
        let config = DatasetConfig::paper_protocol(self.dims.into())?
            .samples(self.samples as usize)
            .seed(self.seed)
            .step(self.step)
            .noise(self.noise)
            .mixing(mixing);
        session.watched("stopping", |watch| match self.precision {
            Precision::Float32 => self.write::<f32>(&config, watch),
            Precision::Float64 => self.write::<f64>(&config, watch),
        })
    }

    fn write<A>(&self, config: &DatasetConfig, watch: &Watch<'_>) -> Result<Answer>
    where
        A: ndarray::NdFloat + WritableElement + xcebra::numeric::Entry,
    {
        let start = Instant::now();
        watch.progress("synth", (0, 2), "generating");
        let data: Dataset<A> = config.generate()?;
        if watch.is_stopped() {
            return Err(Problem::stopped());
        }
        watch.progress("synth", (1, 2), "writing");
        let mut output = NpzOutput::create(&self.out)?;
        add_dataset(&mut output, &data)?;
        output.commit()?;
        let seconds = start.elapsed().as_secs_f64();
        let (samples, channels) = data.x.dim();
        let groups = data.mixing().connectivity().groups();
        let text = format!(
            "{}: x ({samples}, {channels}), z ({samples}, {}) in groups of {groups:?}, map ({channels}, {})",
            self.out.display(),
            self.dims,
            self.dims,
        );
        let json = json!({
            "out": self.out.display().to_string(),
            "samples": samples,
            "channels": channels,
            "latents": self.dims,
            "groups": groups,
            "seed": self.seed,
            "seconds": number("seconds", seconds)?,
        });
        Ok(Answer { text, json })
    }
}
