//! Trend, season and remainder.

use ndarray::{ArrayD, ArrayView, Axis, Dimension};
use stlrs::StlParams;
use xcebra_model::Scalar;

use super::basis::Basis;
use super::filter_bank::{add_parts, repeat_for_parts};
use super::lanewise::{LaneTransform, Lanewise};
use crate::axes::{AxisLabels, Role};
use crate::domain::Domain;
use crate::error::{CdigError, Result};

const PARTS: [&str; 3] = ["trend", "season", "remainder"];

/// Seasonal-trend decomposition by loess (STL): `x_t = trend_t + season_t + remainder_t`.
///
/// In the place of time the coefficients have two axes: part (`trend`, `season`, `remainder`, in the unit
/// of the signal) and time in seconds. The inverse is the sum: real and affine, although the
/// decomposition itself is not linear when it is robust. For one attribution a part as a whole, see
/// [`amounts_in`](SeasonalTrend::amounts_in).
///
/// Smoothers default to those of `statsmodels`: season 7 samples (periods), trend the smallest odd number
/// above `1.5 period / (1 − 1.5/season)`, low-pass the smallest odd number above the period, all locally
/// linear, evaluated at every sample; 5 inner iterations, or 2 inner and 15 outer ones if robust.
///
/// Source: Cleveland, Cleveland, `McRae`, Terpenning, "STL: a seasonal-trend decomposition procedure
/// based on loess", J. Official Statistics 6 (1990); computed by the crate `stlrs`, in double
/// precision whatever the signal's type.
pub type SeasonalTrend = Lanewise<Loess>;

/// The decomposition of one lane, as [`SeasonalTrend`] has it.
#[derive(Debug, Clone)]
pub struct Loess {
    samples: usize,
    rate: f64,
    settings: Settings,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    period: usize,
    season: usize,
    degrees: [i32; 3],
    jumps: [usize; 3],
    robust: bool,
}

impl Lanewise<Loess> {
    /// The decomposition of signals of `shape`, for example `[channels, time]`, at `sampling_rate`
    /// in Hz, with a season that repeats every `period` samples.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one, [`CdigError::Parameter`] if the
    /// rate is not positive, the period below 2 samples, or the signal shorter than two periods.
    pub fn new(shape: &[usize], sampling_rate: f64, period: usize) -> Result<Self> {
        Self::on_last_axis(shape, sampling_rate, |n, hz| Loess::new(n, hz, period))
    }

    /// As [`new`](Self::new), with `axis` of the signal (counted without the batch axis) as time
    /// instead of the last one.
    ///
    /// # Errors
    /// As [`new`](Self::new), also if there is no such axis.
    pub fn on_axis(
        shape: &[usize],
        axis: usize,
        sampling_rate: f64,
        period: usize,
    ) -> Result<Self> {
        Self::of(shape, axis, sampling_rate, |n, hz| {
            Loess::new(n, hz, period)
        })
    }

    /// Gives outliers little weight, so that they end in the remainder; off by default.
    #[must_use]
    pub fn robust(mut self, robust: bool) -> Self {
        self.transform.settings.robust = robust;
        self
    }

    /// Length of the seasonal smoother in periods, 7 by default; longer is steadier.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if it is even or below 3.
    pub fn season(mut self, length: usize) -> Result<Self> {
        if length < 3 || length.is_multiple_of(2) {
            let expected = "an odd number of periods, at least 3";
            return Err(CdigError::parameter(
                "the seasonal smoother",
                length,
                expected,
            ));
        }
        self.transform.settings.season = length;
        Ok(self)
    }

    /// Degrees of the local polynomials of season, trend and low-pass, 0 or 1; 1 by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if one is above 1.
    pub fn degrees(mut self, season: u8, trend: u8, low_pass: u8) -> Result<Self> {
        let degrees = [season, trend, low_pass];
        if degrees.iter().any(|&degree| degree > 1) {
            return Err(CdigError::parameter(
                "the degrees of the smoothers",
                format!("{degrees:?}"),
                "0 or 1 each",
            ));
        }
        self.transform.settings.degrees = degrees.map(i32::from);
        Ok(self)
    }

    /// Smooths season, trend and low-pass only at samples this far apart, and interpolates: faster, less
    /// exact. 1 by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if one is 0.
    pub fn jumps(mut self, season: usize, trend: usize, low_pass: usize) -> Result<Self> {
        self.transform.settings.jumps = [season, trend, low_pass];
        if self.transform.settings.jumps.contains(&0) {
            return Err(CdigError::parameter(
                "the jumps of the smoothers",
                format!("{:?}", self.transform.settings.jumps),
                "at least 1 sample each",
            ));
        }
        Ok(self)
    }

    /// Trend, season and remainder of one signal as three components (of every channel), their
    /// amounts as coefficients: 1 for `signal` itself, 0 for the zero baseline. Components that are
    /// 0 throughout are left out.
    ///
    /// # Errors
    /// [`CdigError::Shape`] or [`CdigError::NonFinite`] if `signal` is not a finite signal of the
    /// domain's shape; [`CdigError::Parameter`] if components depend on each other.
    pub fn amounts_in<A: Scalar, D: Dimension>(
        &self,
        signal: ArrayView<'_, A, D>,
    ) -> Result<Basis> {
        let parts = self.forward(signal.into_dyn().insert_axis(Axis(0)))?;
        let parts = parts.index_axis_move(Axis(0), 0).mapv(|z| z.re.as_f64());
        let axis = self.axis.time.axis;
        let lanes = parts.len() / (PARTS.len() * self.axis.len());
        let (mut names, mut components) = (Vec::new(), Vec::new());
        for (part, name) in parts.axis_iter(Axis(axis)).zip(PARTS) {
            for lane in 0..lanes {
                let mut component = ArrayD::<f64>::zeros(part.raw_dim());
                let from = part.lanes(Axis(axis)).into_iter().nth(lane);
                let to = component.lanes_mut(Axis(axis)).into_iter().nth(lane);
                let (Some(from), Some(mut to)) = (from, to) else {
                    continue;
                };
                to.assign(&from);
                if component.iter().any(|&x| x != 0.0) {
                    components.push(component);
                    names.push(if lanes == 1 {
                        name.to_owned()
                    } else {
                        format!("{name} {lane}")
                    });
                }
            }
        }
        let views: Vec<_> = components.iter().map(|part| part.view()).collect();
        let stacked = ndarray::stack(Axis(0), &views).map_err(|_| CdigError::Shape {
            what: "the list of components".into(),
            found: vec![0],
            expected: "a signal that is not 0 throughout".into(),
            advice: None,
        })?;
        Basis::components(stacked.view())?.names(names)
    }
}

impl Loess {
    fn new(samples: usize, rate: f64, period: usize) -> Result<Self> {
        if period < 2 || samples / 2 < period {
            return Err(CdigError::parameter(
                "the period",
                format!("{period} samples"),
                format!("at least 2 and at most half of the signal's {samples} samples"),
            ));
        }
        Ok(Self {
            samples,
            rate,
            settings: Settings {
                period,
                season: 7,
                degrees: [1; 3],
                jumps: [1; 3],
                robust: false,
            },
        })
    }

    fn parameters(&self) -> StlParams {
        let Settings {
            period,
            season,
            degrees,
            jumps,
            robust,
        } = self.settings;
        let odd_above = |x: usize| x + 1 + x % 2;
        let trend = (1.5 * period as f64 / (1.0 - 1.5 / season as f64)).ceil() as usize;
        let mut parameters = StlParams::new();
        parameters
            .seasonal_length(season)
            .trend_length(odd_above(trend - 1))
            .low_pass_length(odd_above(period))
            .seasonal_degree(degrees[0])
            .trend_degree(degrees[1])
            .low_pass_degree(degrees[2])
            .seasonal_jump(jumps[0])
            .trend_jump(jumps[1])
            .low_pass_jump(jumps[2])
            .inner_loops(if robust { 2 } else { 5 })
            .outer_loops(if robust { 15 } else { 0 })
            .robust(robust);
        parameters
    }
}

impl LaneTransform for Loess {
    type Coefficient = f64;
    type Work = ();

    fn name(&self) -> &str {
        "seasonal trend"
    }

    fn shape(&self) -> Vec<usize> {
        vec![PARTS.len(), self.samples]
    }

    fn work(&self) {}

    fn forward(&self, x: &[f64], z: &mut [f64], (): &mut ()) {
        let found = self.parameters().fit(x, self.settings.period);
        let (season, trend, ..) = found.expect("settings are checked").into_parts();
        let n = x.len();
        for t in 0..n {
            z[t] = trend[t];
            z[n + t] = season[t];
            z[2 * n + t] = x[t] - trend[t] - season[t];
        }
    }

    fn inverse(&self, z: &[f64], x: &mut [f64], (): &mut ()) {
        add_parts(z, x);
    }

    /// The cotangent itself for every part.
    fn adjoint(&self, g: &[f64], z: &mut [f64], (): &mut ()) {
        repeat_for_parts(g, z);
    }

    fn axes(&self) -> Vec<AxisLabels> {
        let times = (0..self.samples).map(|t| t as f64);
        vec![
            AxisLabels::names(Role::Part, PARTS).grouped_by_name(),
            AxisLabels::times(times, Some(self.rate)),
        ]
    }

    fn needs_finite(&self) -> bool {
        true
    }
}
