//! What is said of all signals together: how much cancels in sums and means, and what bands carry.

use crate::explain::{Built, Strongest, View, cancelled, cancelled_over_channels, percent};
use cdig::axes::Role;
use ndarray::{ArrayD, Axis};

use super::found::One;
use super::result::{Explanation, short};

/// The share that cancels from which on it is a note.
const WORTH_A_NOTE: f64 = 0.1;

/// Attribution of a named band, added up over all other axes; means over signals.
pub struct BandSum {
    pub name: String,
    /// Its limits in the unit of frequencies; none for what is in no band.
    pub limits: Option<std::ops::Range<f64>>,
    pub unit: &'static str,
    pub attribution: f64,
    /// The same of absolute attributions.
    pub absolute: f64,
}

impl BandSum {
    /// Its name with its limits.
    pub fn words(&self) -> String {
        match &self.limits {
            Some(limits) => format!(
                "{} ({}–{} {})",
                self.name, limits.start, limits.end, self.unit
            ),
            None => self.name.clone(),
        }
    }
}

/// The named bands of a view, if there are some.
pub fn bands(explained: &Explanation, view: &View<'_>) -> Option<Vec<BandSum>> {
    let bands = view.built.bands.as_ref()?;
    let totals = |array: &ArrayD<f64>| -> Vec<f64> {
        let sums = bands.sums(array, 0);
        sums.axis_iter(Axis(bands.axis))
            .map(|band| band.sum())
            .collect()
    };
    let (attribution, absolute) = (totals(&view.attribution), totals(&view.absolute));
    let (unit, factor) = explained.unit.factor();
    let sums = bands.bands.iter().enumerate().map(|(i, band)| BandSum {
        name: band.name.clone(),
        limits: band
            .limits
            .as_ref()
            .map(|l| rounded(l.start * factor)..rounded(l.end * factor)),
        unit,
        attribution: attribution[i],
        absolute: absolute[i],
    });
    Some(sums.collect())
}

/// Without the noise of a change of unit.
pub fn rounded(value: f64) -> f64 {
    match format!("{value:.9e}").parse() {
        Ok(rounded) => rounded,
        Err(_) => value,
    }
}

/// The strongest coefficients and the bands of a view, a line each.
pub fn lines(explained: &Explanation, view: &View<'_>, count: usize) -> Vec<String> {
    let strongest = view.strongest(count);
    let mut lines = Vec::new();
    if view.signals > 1 && !strongest.is_empty() {
        lines.push(format!(
            "means over {} signals: absolute attribution, attribution ± standard deviation",
            view.signals
        ));
    }
    lines.extend(strongest.iter().map(|one: &Strongest| match view.signals {
        1 => format!("  {:>12}  {}", short(one.attribution), one.words),
        _ => format!(
            "  {:>12}  {:>12} ± {:<10}  {}",
            short(one.absolute),
            short(one.mean()),
            short(one.spread),
            one.words
        ),
    }));
    for band in bands(explained, view).into_iter().flatten() {
        lines.push(format!(
            "  {:>12}  band {}, absolute attribution {}",
            short(band.attribution),
            band.words(),
            short(band.absolute)
        ));
    }
    lines
}

/// How much of the absolute attribution cancels if it is added up over channels; none without channels.
pub fn over_channels(found: &[One], built: &Built, domain: usize) -> Option<f64> {
    let channels = built
        .axes
        .iter()
        .position(|axis| axis.role == Role::Channel && axis.len() > 1);
    let attributions = found.iter().map(|one| one.scored[domain].attribution());
    cancelled_over_channels(channels, attributions)
}

/// How much of the absolute attribution cancels in means over signals; none of one signal.
pub fn over_signals(found: &[One], domain: usize) -> Option<f64> {
    if found.len() < 2 {
        return None;
    }
    let mut sums = ArrayD::zeros(found[0].scored[domain].attribution().raw_dim());
    found
        .iter()
        .for_each(|one| sums += &one.scored[domain].attribution());
    let absolute = found.iter().map(|one| one.scored[domain].absolute).sum();
    Some(cancelled(sums, absolute))
}

/// Says where signs cancel, in what reports and lists add up.
pub fn note_cancelling(domains: &[Built], found: &[One], notes: &mut Vec<String>) {
    let listed = |share: &dyn Fn(usize, &Built) -> Option<f64>| -> Option<String> {
        let domains = domains.iter().enumerate();
        let shares: Vec<String> = domains
            .filter_map(|(i, built)| Some((share(i, built)?, built)))
            .filter(|(share, _)| *share >= WORTH_A_NOTE)
            .map(|(share, built)| format!("{} in the domain {}", percent(share), built.name))
            .collect();
        (!shares.is_empty()).then(|| shares.join(", "))
    };
    if let Some(shares) = listed(&|domain, built| over_channels(found, built, domain)) {
        notes.push(format!(
            "channels differ in the sign of their attributions, so pictures that sum over them lose \
             part of the absolute attribution: {shares}; lists and the file keep channels apart"
        ));
    }
    if let Some(shares) = listed(&|domain, _| over_signals(found, domain)) {
        notes.push(format!(
            "the {} signals differ in the sign of their attributions, so means over them lose part of \
             the absolute attribution: {shares}; coefficients are ranked by mean absolute attribution",
            found.len()
        ));
    }
}
