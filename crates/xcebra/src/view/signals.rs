//! The signals that a file of explanations holds.

use ndarray::{ArrayD, Axis};

use super::arrays::Arrays;
use crate::Result;
use crate::explain::reading::by_channel;
use crate::report::{Figure, Report, TimeSeries};

/// Signals with separate pictures.
const MOST_SIGNALS: usize = 6;
/// Channels of a signal that are drawn.
const MOST_CHANNELS: usize = 24;
/// Ends of the names of signals, and of what their axes are.
const SIGNAL: &str = "signal";
const AXES: &str = "signal_axes";

/// The signals of one input.
struct Signals {
    /// One after the other, without an axis for them.
    all: Vec<ArrayD<f64>>,
    time_axis: usize,
    /// Samples a second, if the file tells.
    rate: Option<f64>,
    names: Option<Vec<String>>,
}

/// Adds the signals of each input; of explanations without signals, it says that they are missing.
pub(super) fn show(report: Report, arrays: &mut Arrays, explained: bool) -> Result<Report> {
    let mut report = report;
    let mut found = false;
    for prefix in arrays.stems(SIGNAL) {
        let Some(signals) = Signals::take(&prefix, arrays)? else {
            continue;
        };
        found = true;
        // one moment is no curve
        if signals.samples() < 2 {
            continue;
        }
        let title = match prefix.trim_end_matches('_') {
            "" => "Signals".to_owned(),
            input => format!("Signals of the input {input}"),
        };
        report = report.heading(&title);
        report = match &signals.all[..] {
            [only] => report.figure(signals.draw(only), &signals.caption("The signal")),
            several => {
                let each = several.iter().enumerate().take(MOST_SIGNALS);
                let parts = each.map(|(i, signal)| {
                    let title = format!("signal {i}");
                    let caption = signals.caption("What was explained");
                    Report::new(&title).figure(signals.draw(signal), &caption)
                });
                let report = report.choice("signal", parts.collect::<Vec<_>>());
                match several.len() {
                    n if n > MOST_SIGNALS => report.paragraph(&format!(
                        "These are the first {MOST_SIGNALS} of {n} signals."
                    )),
                    _ => report,
                }
            }
        };
    }
    Ok(match explained && !found {
        true => report.paragraph(
            "The file does not hold the signals, so they are not shown: it was written by an earlier version, or by \
             another program.",
        ),
        false => report,
    })
}

impl Signals {
    fn take(prefix: &str, arrays: &mut Arrays) -> Result<Option<Self>> {
        let Some(axes) = arrays.words(prefix, AXES)? else {
            return Ok(None);
        };
        let name = format!("{prefix}{SIGNAL}");
        let fits = arrays
            .shape(&name)
            .is_some_and(|shape| shape.len() == axes.len());
        let batch = axes.first().is_some_and(|axis| axis == SIGNAL);
        let time = axes.iter().position(|axis| axis == "time");
        let (true, Some(time)) = (fits, time) else {
            return Ok(None);
        };
        let Some(values) = arrays.take(&name)? else {
            return Ok(None);
        };
        let rate = arrays.take(&format!("{prefix}signal_sampling_rate_hz"))?;
        let rate = rate.and_then(|rate| rate.iter().copied().next());
        Ok(Some(Self {
            all: match batch {
                true => values.outer_iter().map(|one| one.to_owned()).collect(),
                false => vec![values],
            },
            time_axis: time - usize::from(batch),
            rate: rate.filter(|rate| rate.is_finite() && *rate > 0.0),
            names: arrays.channels(prefix)?,
        }))
    }

    /// Samples in time of a signal.
    fn samples(&self) -> usize {
        let first = self.all.first();
        first.map_or(0, |signal| signal.len_of(Axis(self.time_axis)))
    }

    fn channels(&self) -> usize {
        self.all.first().map_or(0, |signal| {
            signal.len() / signal.len_of(Axis(self.time_axis)).max(1)
        })
    }

    fn draw(&self, signal: &ArrayD<f64>) -> Figure {
        let rows = by_channel(signal, self.time_axis);
        let (title, step) = match self.rate {
            Some(rate) => ("time (s)", rate.recip()),
            None => ("time (samples)", 1.0),
        };
        let lane = if rows.nrows() == 1 { 160.0 } else { 26.0 };
        let series = TimeSeries::new(title, step)
            .title("Signal")
            .size(720.0, lane);
        let names = self.names.as_ref();
        let names = names.filter(|names| names.len() == rows.nrows());
        let lanes = rows.rows().into_iter().enumerate().take(MOST_CHANNELS);
        let series = lanes.fold(series, |series, (c, values)| {
            let name = match (names, rows.nrows()) {
                (Some(names), _) => names[c].clone(),
                (None, 1) => "signal".to_owned(),
                (None, _) => format!("channel {c}"),
            };
            series.channel(&name, &values.to_vec())
        });
        series.draw()
    }

    fn caption(&self, what: &str) -> String {
        match self.channels() {
            n if n > MOST_CHANNELS => {
                format!("{what}: the first {MOST_CHANNELS} of {n} channels.")
            }
            _ => format!("{what}."),
        }
    }
}
