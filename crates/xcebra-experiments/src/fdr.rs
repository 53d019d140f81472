//! False discoveries, calibrated: how often does the test of map entries call a connection that is not?
//!
//! Many small recordings with a known map, a quick training each, the test of `xcebra attribute
//! --significance`, and counts: of false discoveries against the nominal rate, of connections found, of
//! entries left undecided.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use ndarray::{Array2, Axis, concatenate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use xcebra::attr::{
    Blocks, Bootstrap, Connection, Control, Intervals, Methods, Options, Piece, Significance, Tail,
    attribute,
};
use xcebra::core::{
    Config, Edges, Labels, LearningRateSchedule, Recording, RegularizerConfig, Trainer,
};
use xcebra::synth::{Block, Connectivity, DatasetConfig};
use xcebra::{Null, Retraining};

/// Result of the calibration.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Samples of a recording.
const SAMPLES: usize = 4000;
/// Steps of a training.
const STEPS: usize = 500;
/// Samples of a batch.
const BATCH: usize = 128;
/// Trainings that an entry is compared with.
const TRAININGS: usize = 20;
/// Latents of each of the two groups.
const LATENTS: usize = 2;
/// Channels of each of the three blocks that latents drive.
const CHANNELS: usize = 5;
/// Channels of nothing but noise.
const NOISE_CHANNELS: usize = 3;

/// Nominal rates.
pub const LEVELS: [f64; 3] = [0.05, 0.1, 0.2];

/// Entries of a map by truth and verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Connected, and called so.
    pub found: usize,
    /// Not connected, and called connected.
    pub false_discoveries: usize,
    /// Connected, and called not connected.
    pub missed: usize,
    /// Called not connected.
    pub rejected: usize,
    /// Called neither.
    pub undecided: usize,
    /// Connected in truth.
    pub connected: usize,
    /// All.
    pub entries: usize,
}

/// What one recording gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Seed of the recording.
    pub seed: u64,
    /// auROC of the map.
    pub auroc: f64,
    /// R² of the latents from the embedding.
    pub r2: f64,
    /// The true map, row by row.
    pub truth: Vec<bool>,
    /// The map.
    pub map: Vec<f64>,
    /// Upper ends of the intervals of its entries.
    pub upper: Vec<f64>,
    /// The null maps.
    pub nulls: Vec<Vec<f64>>,
}

/// All that was measured; kept in a file after each recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Settings, in words.
    pub settings: String,
    /// Seconds of all recordings, also of earlier runs.
    pub seconds: f64,
    /// One entry a recording.
    pub outcomes: Vec<Outcome>,
}

impl Calibration {
    /// Recordings unless asked otherwise.
    pub const DATA_SETS: u64 = 60;

    /// Measures recordings of the seeds `0..sets`, except those that the file has already, and writes
    /// the file after each. `say` is told how far it is.
    ///
    /// # Errors
    /// If a training fails or the file cannot be written, or holds another calibration.
    pub fn run(file: &Path, sets: u64, say: impl Fn(&str)) -> Result<Self> {
        let mut all = match fs::read_to_string(file) {
            Ok(text) => serde_json::from_str(&text)?,
            Err(_) => Self {
                settings: settings(),
                ..Self::default()
            },
        };
        if all.settings != settings() {
            let path = file.display();
            return Err(format!("{path} holds results of other settings; remove it").into());
        }
        let known: Vec<u64> = all.outcomes.iter().map(|outcome| outcome.seed).collect();
        let seeds: Vec<u64> = (0..sets).filter(|seed| !known.contains(seed)).collect();
        let start = Instant::now();
        for (i, &seed) in seeds.iter().enumerate() {
            let begun = Instant::now();
            all.outcomes.push(measure(seed)?);
            all.seconds += begun.elapsed().as_secs_f64();
            let temporary = file.with_extension("partial");
            fs::write(&temporary, serde_json::to_string_pretty(&all)?)?;
            fs::rename(&temporary, file)?;
            let elapsed = start.elapsed().as_secs_f64();
            let left = elapsed / (i + 1) as f64 * (seeds.len() - i - 1) as f64;
            let done = known.len() + i + 1;
            say(&format!(
                "{done} of {sets} recordings, {:.0} min left",
                left / 60.0
            ));
        }
        Ok(all)
    }
}

fn settings() -> String {
    let channels = 3 * CHANNELS + NOISE_CHANNELS;
    format!(
        "{SAMPLES} samples of {channels} channels: {CHANNELS} driven by latents z1, {CHANNELS} by z2, \
         {CHANNELS} by both, {NOISE_CHANNELS} of white noise; {LATENTS} latents a group; noise 0.1 on \
         all; {STEPS} steps at batch {BATCH}; {TRAININGS} trainings on resampled recordings"
    )
}

/// A recording with its map.
fn recording(seed: u64) -> Result<(Recording<f32>, Array2<bool>, Array2<f64>)> {
    let block = |inputs: &[usize]| Block {
        channels: CHANNELS,
        inputs: inputs.to_vec(),
    };
    let blocks = vec![block(&[0]), block(&[1]), block(&[0, 1])];
    let connectivity = Connectivity::new(vec![LATENTS, LATENTS], blocks)?;
    let data = DatasetConfig::new(connectivity)
        .samples(SAMPLES)
        .seed(seed)
        .noise(0.1);
    let data = data.generate::<f64>()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let noise = || rng.sample::<f64, _>(StandardNormal);
    let noise = Array2::from_shape_simple_fn((SAMPLES, NOISE_CHANNELS), noise);
    let mut x = concatenate(Axis(1), &[data.x.view(), noise.view()])?;
    for mut channel in x.columns_mut() {
        let (mean, scale) = (channel.sum() / SAMPLES as f64, channel.std(0.0));
        channel.mapv_inplace(|v| (v - mean) / scale);
    }
    let nothing = Array2::from_elem((NOISE_CHANNELS, 2 * LATENTS), false);
    let map = concatenate(Axis(0), &[data.map.view(), nothing.view()])?;
    let label = Labels::Continuous(data.group(1)?.to_owned());
    let recording = Recording::new(x.mapv(|v| v as f32).view())?.with_label("z2", label)?;
    Ok((recording, map, data.z))
}

fn config(seed: u64) -> Config {
    let mut config = Config::hybrid(2 * LATENTS, "z2");
    config.regularizer = RegularizerConfig {
        start: STEPS / 4,
        ramp: STEPS / 4,
        ..RegularizerConfig::default()
    };
    config.train.steps = STEPS;
    config.train.batch = BATCH;
    config.train.learning_rate = 2e-3;
    config.train.schedule = LearningRateSchedule::Cosine;
    config.train.seed = 1000 * (seed + 1);
    config
}

/// Everything for one recording.
fn measure(seed: u64) -> Result<Outcome> {
    let (recording, truth, latents) = recording(seed)?;
    let config = config(seed);
    let mut trainer = Trainer::new(config.clone(), recording.clone())?;
    trainer.run(|_| ControlFlow::Continue(()))?;
    let (encoder, _) = trainer.finish()?;
    let methods: Methods<f32> = "ing".parse()?;

    let retraining = Retraining::new(Null::Resampled, TRAININGS);
    let go_on = |_| ControlFlow::Continue(());
    let retrained = retraining.run(&encoder, &config, &recording, &methods, go_on)?;
    let tested = retrained.maps.first().ok_or("no map")?;

    let x = recording.samples().to_owned();
    let blocks = Blocks::new(SAMPLES, 40)?;
    let sink = |piece: &Piece<'_>| blocks.add(piece);
    attribute(&encoder, &x, &methods, &Options::new().with_sink(&sink))?;
    let intervals = blocks.intervals("ing", &Bootstrap::new())?;

    let (_, embedding) = xcebra::embed(&encoder, x.view(), Edges::Pad, |_| ())?;
    let embedding = embedding.mapv(f64::from);
    Ok(Outcome {
        seed,
        auroc: xcebra::eval::auroc_map(&truth, &tested.map)?,
        r2: xcebra::eval::linear_r2(&embedding, &latents)?,
        truth: truth.iter().copied().collect(),
        map: tested.map.iter().copied().collect(),
        upper: intervals.upper.iter().copied().collect(),
        nulls: tested
            .nulls
            .iter()
            .map(|m| m.iter().copied().collect())
            .collect(),
    })
}

fn count(truth: &Array2<bool>, verdicts: &Array2<Connection>) -> Counts {
    let mut counts = Counts::default();
    for (&connected, verdict) in truth.iter().zip(verdicts) {
        counts.entries += 1;
        counts.connected += usize::from(connected);
        match (verdict, connected) {
            (Connection::Connected, true) => counts.found += 1,
            (Connection::Connected, false) => counts.false_discoveries += 1,
            (Connection::NotConnected, _) => {
                counts.rejected += 1;
                counts.missed += usize::from(connected);
            }
            (Connection::Undecided, _) => counts.undecided += 1,
        }
    }
    counts
}

/// The ways to test: control, tail, and name.
const WAYS: [(&str, Control, Tail); 3] = [
    ("BH, fitted tail", Control::BenjaminiHochberg, Tail::Fitted),
    ("BY, fitted tail", Control::BenjaminiYekutieli, Tail::Fitted),
    ("BH, ranks", Control::BenjaminiHochberg, Tail::Ranks),
];

impl Outcome {
    /// The share of entries without a connection whose p-value is 0.05 or less, and counts of verdicts.
    fn judge(&self, control: Control, tail: Tail, level: f64) -> Result<(f64, Counts)> {
        let columns = 2 * LATENTS;
        let shape = (self.map.len() / columns, columns);
        let array = |values: &[f64]| Array2::from_shape_vec(shape, values.to_vec());
        let truth = Array2::from_shape_vec(shape, self.truth.clone())?;
        let nulls: std::result::Result<Vec<_>, _> = self.nulls.iter().map(|n| array(n)).collect();
        let test = Significance::new().with_level(level)?;
        let test = test.with_control(control).with_tail(tail);
        let found = test.test(&array(&self.map)?, &nulls?)?;
        let upper = array(&self.upper)?;
        let lower = upper.clone();
        let verdicts = found.verdicts(&Intervals { lower, upper })?;
        let p_values = found.p_values().iter().zip(&truth);
        let unconnected = p_values.filter(|(_, connected)| !**connected);
        let small = unconnected.clone().filter(|(p, _)| **p <= 0.05).count();
        let share = small as f64 / unconnected.count() as f64;
        Ok((share, count(&truth, verdicts.map())))
    }
}

/// One row of the table: means over recordings, rates with the half-width of an interval of 95 %.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The way to test.
    pub test: String,
    /// The nominal rate.
    pub nominal: f64,
    /// Share of false ones among entries called connected.
    pub false_discoveries: (f64, f64),
    /// Share of connections called so.
    pub power: f64,
    /// Share of entries that are undecided.
    pub undecided: f64,
    /// Share of connections among entries called not connected.
    pub missed: f64,
    /// Share of p-values up to 0.05 among entries without a connection.
    pub small_p: (f64, f64),
}

/// The table.
///
/// # Errors
/// If the file held something else than results.
pub fn rows(calibration: &Calibration) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, control, tail) in WAYS {
        for nominal in LEVELS {
            let judged = calibration.outcomes.iter();
            let judged = judged.map(|outcome| outcome.judge(control, tail, nominal));
            let judged: Vec<(f64, Counts)> = judged.collect::<Result<_>>()?;
            let share = |of: &dyn Fn(&Counts) -> (usize, usize)| {
                let share = |(_, counts): &(f64, Counts)| {
                    let (part, all) = of(counts);
                    part as f64 / all.max(1) as f64
                };
                mean(&judged.iter().map(share).collect::<Vec<_>>())
            };
            rows.push(Row {
                test: name.to_owned(),
                nominal,
                false_discoveries: share(&|c| (c.false_discoveries, c.found + c.false_discoveries)),
                power: share(&|c| (c.found, c.connected)).0,
                undecided: share(&|c| (c.undecided, c.entries)).0,
                missed: share(&|c| (c.missed, c.rejected)).0,
                small_p: mean(&judged.iter().map(|(small, _)| *small).collect::<Vec<_>>()),
            });
        }
    }
    Ok(rows)
}

/// Mean and half-width of its interval of 95 %.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, 1.96 * (variance / n).sqrt())
}

/// The result as text and a table in Markdown.
///
/// # Errors
/// As [`rows`].
pub fn summary(calibration: &Calibration) -> Result<String> {
    let over =
        |of: fn(&Outcome) -> f64| mean(&calibration.outcomes.iter().map(of).collect::<Vec<_>>());
    let mut text = format!(
        "{} recordings: {}. auROC of the maps {:.3}, R² of the latents {:.3}; {:.0} s.\n\n\
         | test | nominal | false discoveries | power | undecided | connected among \"not connected\" | p ≤ 0.05 where nothing is connected |\n\
         |---|---|---|---|---|---|---|\n",
        calibration.outcomes.len(),
        calibration.settings,
        over(|o| o.auroc).0,
        over(|o| o.r2).0,
        calibration.seconds,
    );
    for row in rows(calibration)? {
        let ((rate, off), (small, spread)) = (row.false_discoveries, row.small_p);
        let _ = writeln!(
            text,
            "| {} | {} | {rate:.3} ± {off:.3} | {:.2} | {:.2} | {:.2} | {small:.3} ± {spread:.3} |",
            row.test, row.nominal, row.power, row.undecided, row.missed
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn entries_are_counted_by_truth_and_verdict() {
        use Connection::{Connected, NotConnected, Undecided};
        let truth = array![[true, true, true], [false, false, false]];
        let verdicts = array![
            [Connected, NotConnected, Undecided],
            [Connected, NotConnected, NotConnected]
        ];
        let counts = count(&truth, &verdicts);
        assert_eq!((counts.found, counts.false_discoveries), (1, 1));
        assert_eq!((counts.missed, counts.rejected), (1, 3));
        assert_eq!(
            (counts.undecided, counts.connected, counts.entries),
            (1, 3, 6)
        );
    }

    #[test]
    fn recordings_have_the_map_they_say() {
        let (recording, map, latents) = recording(3).unwrap();
        assert_eq!((recording.len(), recording.channels()), (4000, 18));
        assert_eq!((map.dim(), latents.dim()), ((18, 4), (4000, 4)));
        let connected = map.iter().filter(|&&c| c).count();
        assert_eq!(connected, 5 * 2 + 5 * 2 + 5 * 4);
        assert!(!map[[0, 2]] && map[[5, 2]] && map[[10, 0]] && !map[[17, 3]]);
    }
}
