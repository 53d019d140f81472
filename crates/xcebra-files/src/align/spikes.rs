//! Counts of spikes, and rates.

use ndarray::Array2;

use super::bins::{Bins, Span, intersection};
use super::settings::matching;
use crate::error::{FileError, Result};
use crate::timed::Spikes;

/// Standard deviations at which the Gaussian kernel ends, as in elephant.
const CUTOFF: f64 = 5.0;

/// The units that were chosen.
pub(super) struct Chosen {
    pub(super) place: String,
    pub(super) names: Vec<String>,
    times: Vec<Vec<f64>>,
    /// When all of them were observed, if the file says so.
    pub(super) observed: Option<Vec<Span>>,
    pub(super) notes: Vec<String>,
}

/// The units that fulfil all conditions.
pub(super) fn chosen(mut spikes: Spikes, conditions: &[(String, Vec<String>)]) -> Result<Chosen> {
    let all = spikes.times.len();
    let rows = matching(&spikes.place, conditions, &spikes.properties, all)?;
    if rows.is_empty() {
        return Err(FileError::Value {
            place: spikes.place,
            problem: "it has no units".to_owned(),
            advice: "name a time series, or another file".to_owned(),
        });
    }
    if rows.iter().all(|&unit| spikes.times[unit].is_empty()) {
        return Err(FileError::Value {
            place: spikes.place,
            problem: "none of the units has a spike".to_owned(),
            advice: "choose other units".to_owned(),
        });
    }
    let mut notes = spikes.notes;
    if rows.len() < all {
        notes.push(format!(
            "{} of {all} units of {} are taken",
            rows.len(),
            spikes.place
        ));
    }
    let observed = spikes.observed.map(|observed| {
        let spans = |unit: &usize| -> Vec<Span> {
            let spans = observed[*unit].iter().filter(|[from, to]| from < to);
            super::bins::apart(spans.map(|&[from, to]| Span { from, to }).collect())
        };
        rows.iter()
            .map(spans)
            .fold(vec![Span::ALL], |a, b| intersection(&a, &b))
    });
    Ok(Chosen {
        names: rows
            .iter()
            .map(|&unit| spikes.names[unit].clone())
            .collect(),
        times: rows
            .iter()
            .map(|&unit| std::mem::take(&mut spikes.times[unit]))
            .collect(),
        place: spikes.place,
        observed,
        notes,
    })
}

impl Chosen {
    /// From the first to the last spike of all units.
    pub(super) fn ends(&self) -> Result<Span> {
        let firsts = self.times.iter().filter_map(|times| times.first());
        let lasts = self.times.iter().filter_map(|times| times.last());
        let span = Span {
            from: firsts.copied().fold(f64::INFINITY, f64::min),
            to: lasts.copied().fold(f64::NEG_INFINITY, f64::max),
        };
        match span.from < span.to {
            true => Ok(span),
            false => Err(FileError::Value {
                place: self.place.clone(),
                problem: "its spikes are all at one time".to_owned(),
                advice: "give a label or epochs to limit the time".to_owned(),
            }),
        }
    }

    /// Spikes in each bin, (bins, units).
    pub(super) fn counts(&self, bins: &Bins) -> Array2<f64> {
        let mut counts = Array2::zeros((bins.len(), self.times.len()));
        for (unit, times) in self.times.iter().enumerate() {
            for bin in 0..bins.len() {
                let from = times.partition_point(|&time| time < bins.begin(bin));
                let inside = times[from..]
                    .iter()
                    .take_while(|&&time| bins.holds(bin, time));
                counts[[bin, unit]] = inside.count() as f64;
            }
        }
        counts
    }

    /// Rates in Hz, (bins, units): counts convolved with a Gaussian of the standard deviation `sigma` within
    /// each segment, without correction at its borders.
    ///
    /// The kernel is that of elephant: 2 ⌈5σ/bin⌉ + 1 points, evenly spaced from −5σ to 5σ.
    pub(super) fn rates(&self, bins: &Bins, sigma: f64) -> Array2<f64> {
        let counts = self.counts(bins);
        let mut rates = Array2::zeros(counts.dim());
        let kernel = kernel(sigma, bins.bin);
        let half = kernel.len() / 2;
        for segment in bins.segments() {
            for unit in 0..counts.ncols() {
                for from in segment.clone() {
                    let count = counts[[from, unit]];
                    if count == 0.0 {
                        continue;
                    }
                    let first = from.saturating_sub(half).max(segment.start);
                    for to in first..segment.end.min(from + half + 1) {
                        rates[[to, unit]] += count * kernel[half + to - from];
                    }
                }
            }
        }
        rates
    }
}

/// The values of the kernel in Hz.
fn kernel(sigma: f64, bin: f64) -> Vec<f64> {
    let half = (CUTOFF * sigma / bin).ceil().max(1.0) as usize;
    let points = 2 * half;
    let norm = 1.0 / (sigma * (2.0 * std::f64::consts::PI).sqrt());
    let value = |i: usize| {
        let z = CUTOFF * (2.0 * i as f64 / points as f64 - 1.0);
        norm * (-0.5 * z * z).exp()
    };
    (0..=points).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_a_density() {
        // its points are a bin apart where 5σ is a whole number of bins; the tails beyond 5σ hold 6e-7
        for (sigma, bin) in [(0.05, 0.025), (0.2, 0.01)] {
            let sum: f64 = kernel(sigma, bin).iter().sum();
            assert!((sum * bin - 1.0).abs() < 1e-6, "{sum}");
        }
    }
}
