//! Many cells, their spikes, and the truth about them.

use std::f64::consts::TAU;
use std::iter::repeat_n;

use ndarray::Array2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::cells::{Cell, Tuning};
use super::motion::{Behaviour, Motion};
use crate::check::{non_negative, positive};
use crate::error::{Result, SynthError};
use crate::noise::poisson_counts;
use crate::random::stream;

/// How many cells of each kind, and how strongly they fire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PopulationConfig {
    /// Place cells; fields are 8 to 16 % of the box's shorter side wide. Default 20.
    pub place: usize,
    /// Grid cells; spacings are 30 to 60 % of the box's shorter side. Default 20.
    pub grid: usize,
    /// Head-direction cells, concentrations 2 to 6. Default 20.
    pub head_direction: usize,
    /// Speed cells. Default 20.
    pub speed: usize,
    /// Conjunctive cells, in turn place × heading, grid × heading, place × speed, heading × speed.
    /// Default 20.
    pub conjunctive: usize,
    /// Cells that fire at a constant rate. Default 0.
    pub untuned: usize,
    /// Rate of a tuned cell away from what it is tuned to, Hz. Default 0.5.
    pub baseline: f64,
    /// Mean peak rate above the baseline, Hz; each cell has one half to three halves of it. Default
    /// 20.
    pub peak: f64,
}

impl Default for PopulationConfig {
    fn default() -> Self {
        Self {
            place: 20,
            grid: 20,
            head_direction: 20,
            speed: 20,
            conjunctive: 20,
            untuned: 0,
            baseline: 0.5,
            peak: 20.0,
        }
    }
}

/// Cells recorded together.
///
/// ```
/// use xcebra_synth::{Motion, Population, PopulationConfig};
///
/// # fn main() -> xcebra_synth::Result<()> {
/// let motion = Motion::default();
/// let population = Population::random(&PopulationConfig::default(), &motion, 1)?;
/// let behaviour = motion.simulate(1_000, 0.025, 2)?; // 25 s in bins of 25 ms
/// let recording = population.record(behaviour, 3)?;
/// assert_eq!(recording.counts.dim(), (1_000, 100));
/// assert!(recording.map[[0, 0]] && !recording.map[[0, 2]]); // a place cell: x, not heading
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    cells: Vec<Cell>,
}

/// What was recorded, and the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Spike counts (bins, cells): Poisson with mean rate × bin, given the rates.
    pub counts: Array2<f64>,
    /// Firing rates (bins, cells) in Hz.
    pub rates: Array2<f64>,
    /// What the animal did.
    pub behaviour: Behaviour,
    /// The ground-truth map (cells, 4): whether a cell's rate is a function of x, y, heading, speed.
    pub map: Array2<bool>,
    /// The same (cells, 3) for position, heading, speed.
    pub grouped_map: Array2<bool>,
}

impl Population {
    /// These cells.
    ///
    /// # Errors
    /// [`SynthError::Nothing`] without cells.
    pub fn new(cells: Vec<Cell>) -> Result<Self> {
        if cells.is_empty() {
            return Err(SynthError::Nothing { missing: "cells" });
        }
        Ok(Self { cells })
    }

    /// Randomly tuned cells for the box and speed of `motion`, kind after kind in the order of
    /// [`PopulationConfig`]. Every cell has a separate random stream.
    ///
    /// # Errors
    /// [`SynthError::Nothing`] without cells, [`SynthError::Parameter`] unless the rates are finite,
    /// the peak positive and the baseline not negative, or if `motion` is invalid.
    pub fn random(config: &PopulationConfig, motion: &Motion, seed: u64) -> Result<Self> {
        motion.validate()?;
        non_negative("baseline", config.baseline)?;
        positive("peak", config.peak)?;
        let mut kinds: Vec<&[Kind]> = Vec::new();
        kinds.extend(repeat_n(&[place as Kind] as &[Kind], config.place));
        kinds.extend(repeat_n(&[grid as Kind] as &[Kind], config.grid));
        kinds.extend(repeat_n(
            &[heading as Kind] as &[Kind],
            config.head_direction,
        ));
        kinds.extend(repeat_n(&[speed as Kind] as &[Kind], config.speed));
        kinds.extend(CONJUNCTIONS.iter().cycle().take(config.conjunctive));
        kinds.extend(repeat_n(&[] as &[Kind], config.untuned));
        let cells = kinds.into_iter().enumerate().map(|(cell, kinds)| {
            let rng = &mut stream(seed, cell as u64);
            let peak = config.peak * rng.gen_range(0.5..1.5);
            let tunings = kinds.iter().map(|kind| kind(motion, rng)).collect();
            Cell::new(tunings, config.baseline, peak)
        });
        Self::new(cells.collect::<Result<_>>()?)
    }

    /// The cells.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Firing rates (bins, cells) in Hz.
    #[must_use]
    pub fn rates(&self, behaviour: &Behaviour) -> Array2<f64> {
        let shape = (behaviour.heading.len(), self.cells.len());
        Array2::from_shape_fn(shape, |(t, cell)| {
            let position = [behaviour.position[[t, 0]], behaviour.position[[t, 1]]];
            self.cells[cell].rate(position, behaviour.heading[t], behaviour.speed[t])
        })
    }

    /// The ground-truth map (cells, 4): whether a cell's rate is a function of x, y, heading, speed.
    #[must_use]
    pub fn map(&self) -> Array2<bool> {
        Array2::from_shape_fn((self.cells.len(), 4), |(cell, variable)| {
            self.cells[cell].depends_on()[variable]
        })
    }

    /// Records spikes while the animal behaves.
    ///
    /// # Errors
    /// [`SynthError::Rate`] where the behaviour makes a rate that is negative or not finite.
    pub fn record(&self, behaviour: Behaviour, seed: u64) -> Result<Recording> {
        let rates = self.rates(&behaviour);
        let means = &rates * behaviour.bin;
        let counts = poisson_counts(&means, &mut stream(seed, 0))?;
        let map = self.map();
        let grouped = |(cell, group): (usize, usize)| map[[cell, group + 1]];
        // x and y always go together
        let grouped_map = Array2::from_shape_fn((self.cells.len(), 3), grouped);
        Ok(Recording {
            counts,
            rates,
            behaviour,
            map,
            grouped_map,
        })
    }
}

type Kind = fn(&Motion, &mut ChaCha8Rng) -> Tuning;

const CONJUNCTIONS: [&[Kind]; 4] = [
    &[place, heading],
    &[grid, heading],
    &[place, speed],
    &[heading, speed],
];

fn place(motion: &Motion, rng: &mut ChaCha8Rng) -> Tuning {
    Tuning::Place {
        centre: somewhere(motion, rng),
        width: motion.width.min(motion.height) * rng.gen_range(0.08..0.16),
    }
}

fn grid(motion: &Motion, rng: &mut ChaCha8Rng) -> Tuning {
    Tuning::Grid {
        spacing: motion.width.min(motion.height) * rng.gen_range(0.3..0.6),
        orientation: rng.gen_range(0.0..TAU / 6.0),
        phase: somewhere(motion, rng),
    }
}

fn heading(_: &Motion, rng: &mut ChaCha8Rng) -> Tuning {
    Tuning::HeadDirection {
        preferred: rng.gen_range(0.0..TAU),
        concentration: rng.gen_range(2.0..6.0),
    }
}

fn speed(motion: &Motion, rng: &mut ChaCha8Rng) -> Tuning {
    Tuning::Speed {
        reference: motion.mean_speed * rng.gen_range(1.0..3.0),
    }
}

fn somewhere(motion: &Motion, rng: &mut ChaCha8Rng) -> [f64; 2] {
    [motion.width, motion.height].map(|extent| extent * rng.gen_range(0.0..1.0))
}
