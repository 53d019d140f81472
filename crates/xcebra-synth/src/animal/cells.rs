//! Cells that fire as a function of where the animal is, where it heads and how fast.

use std::f64::consts::PI;

use crate::check::{finite, non_negative, positive};
use crate::error::Result;

/// How one cell depends on one variable, as a factor that is 1 at its best place, direction or
/// reference speed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Tuning {
    /// A place field: `exp(−|p − centre|² / 2 width²)`.
    Place {
        /// Where the cell fires most, metres.
        centre: [f64; 2],
        /// Standard deviation of the field, metres.
        width: f64,
    },
    /// A hexagonal grid of fields: `(3/2 + Σ_{i=1}^3 cos k_i·(p − phase)) / (9/2)` with wave vectors
    /// of length `4π / (√3 spacing)` at `orientation` + 30°, 90°, 150° (Solstad, Moser, Einevoll
    /// 2006). From 0 to 1, mean 1/3.
    Grid {
        /// Distance of neighbouring fields, metres.
        spacing: f64,
        /// Direction from a field to one of its neighbours, radians; every 60° is the same.
        orientation: f64,
        /// Where one of the fields is, metres.
        phase: [f64; 2],
    },
    /// A preferred direction: `exp(κ (cos(heading − preferred) − 1))`, von Mises.
    HeadDirection {
        /// Preferred heading, radians.
        preferred: f64,
        /// Concentration `κ`; the tuning's half width is about `1/√κ` radians.
        concentration: f64,
    },
    /// Proportional to speed: `speed / reference` (Kropff, Carmichael, Moser, Moser 2015). Not
    /// bounded.
    Speed {
        /// The speed at which the factor is 1, metres per second.
        reference: f64,
    },
}

impl Tuning {
    /// The factor at a position (metres), heading (radians) and speed (metres per second).
    #[must_use]
    pub fn response(&self, position: [f64; 2], heading: f64, speed: f64) -> f64 {
        match *self {
            Self::Place { centre, width } => {
                let (x, y) = (position[0] - centre[0], position[1] - centre[1]);
                (-(x * x + y * y) / (2.0 * width * width)).exp()
            }
            Self::Grid {
                spacing,
                orientation,
                phase,
            } => {
                let wave_number = 4.0 * PI / (3f64.sqrt() * spacing);
                let (x, y) = (position[0] - phase[0], position[1] - phase[1]);
                let wave = |degrees: f64| {
                    let angle = orientation + degrees.to_radians();
                    (wave_number * (x * angle.cos() + y * angle.sin())).cos()
                };
                // rounding may take the sum of cosines a little below −3/2
                ((1.5 + wave(30.0) + wave(90.0) + wave(150.0)) / 4.5).max(0.0)
            }
            Self::HeadDirection {
                preferred,
                concentration,
            } => (concentration * ((heading - preferred).cos() - 1.0)).exp(),
            Self::Speed { reference } => speed / reference,
        }
    }

    /// Whether it depends on x, y, heading, speed.
    #[must_use]
    pub fn depends_on(&self) -> [bool; 4] {
        match self {
            Self::Place { .. } | Self::Grid { .. } => [true, true, false, false],
            Self::HeadDirection { .. } => [false, false, true, false],
            Self::Speed { .. } => [false, false, false, true],
        }
    }

    fn validate(&self) -> Result<()> {
        match *self {
            Self::Place { centre, width } => {
                positive("width", width)?;
                centre.into_iter().try_for_each(|c| finite("centre", c))
            }
            Self::Grid {
                spacing,
                orientation,
                phase,
            } => {
                positive("spacing", spacing)?;
                finite("orientation", orientation)?;
                phase.into_iter().try_for_each(|p| finite("phase", p))
            }
            Self::HeadDirection {
                preferred,
                concentration,
            } => {
                finite("preferred", preferred)?;
                positive("concentration", concentration)
            }
            Self::Speed { reference } => positive("reference", reference),
        }
    }
}

/// A cell: firing rate `baseline + peak · Π_i tuning_i`, in Hz. Several tunings make it conjunctive,
/// none a cell that does not care what the animal does.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    tunings: Vec<Tuning>,
    baseline: f64,
    peak: f64,
}

impl Cell {
    /// A cell with the given tunings, baseline and peak above it, both in Hz.
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) unless baseline and peak are finite and
    /// not negative, widths, spacings, concentrations and reference speeds positive and finite, and
    /// everything else finite. A tuned cell needs a positive peak, or it would not depend on what
    /// its map says.
    pub fn new(tunings: Vec<Tuning>, baseline: f64, peak: f64) -> Result<Self> {
        non_negative("baseline", baseline)?;
        non_negative("peak", peak)?;
        if !tunings.is_empty() {
            positive("peak", peak)?;
        }
        tunings.iter().try_for_each(Tuning::validate)?;
        Ok(Self {
            tunings,
            baseline,
            peak,
        })
    }

    /// What the cell is tuned to.
    #[must_use]
    pub fn tunings(&self) -> &[Tuning] {
        &self.tunings
    }

    /// The firing rate in Hz at a position (metres), heading (radians) and speed (metres per second).
    #[must_use]
    pub fn rate(&self, position: [f64; 2], heading: f64, speed: f64) -> f64 {
        let tunings = self.tunings.iter();
        let factors = tunings.map(|tuning| tuning.response(position, heading, speed));
        self.baseline + self.peak * factors.product::<f64>()
    }

    /// Whether the rate depends on x, y, heading, speed.
    #[must_use]
    pub fn depends_on(&self) -> [bool; 4] {
        self.tunings.iter().fold([false; 4], |all, tuning| {
            let one = tuning.depends_on();
            std::array::from_fn(|variable| all[variable] || one[variable])
        })
    }
}
