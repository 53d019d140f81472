//! Pictures over frequency or quefrency alone.

use cdig::axes::AxisLabels;
use ndarray::Array1;

use crate::explain::View;
use crate::explain::reading::short;
use crate::report::{Figure, Panels};

/// What is known of one frequency, whatever its sign.
#[derive(Clone, Copy)]
struct Entry {
    frequency: f64,
    size: f64,
    attribution: f64,
    absolute: f64,
}

impl View<'_> {
    /// The spectrum with its attribution, both already added up over the other axes; `absolute` is the
    /// absolute attribution before that.
    pub(super) fn spectrum(
        &self,
        axis: &AxisLabels,
        attribution: &Array1<f64>,
        absolute: &Array1<f64>,
        sizes: &Array1<f64>,
    ) -> (Figure, String) {
        let signed = axis.ticks.numbers();
        // both signs of a frequency belong to one oscillation
        let mut folded: Vec<Entry> = (0..signed.len())
            .map(|k| Entry {
                frequency: signed[k].abs(),
                size: sizes[k],
                attribution: attribution[k],
                absolute: absolute[k],
            })
            .collect();
        folded.sort_by(|a, b| a.frequency.total_cmp(&b.frequency));
        folded.dedup_by(|next, entry| {
            let same = (next.frequency - entry.frequency).abs() < 1e-9 * (1.0 + entry.frequency);
            if same {
                entry.attribution += next.attribution;
                entry.absolute += next.absolute;
            }
            same
        });
        let mut figure = Panels::new(&self.frequency_title())
            .title("Spectrum")
            .line(
                "size of the coefficient",
                folded.iter().map(|e| (e.frequency, e.size)),
            )
            .bars(
                "attribution",
                folded.iter().map(|e| (e.frequency, e.attribution)),
            );
        let most = |value: fn(&Entry) -> f64| {
            let largest = folded.iter().max_by(|a, b| value(a).total_cmp(&value(b)));
            largest.copied().filter(|entry| value(entry) > 0.0)
        };
        let mut caption = match self.signals {
            1 => "The spectrum of the signal, and what each of its frequencies contributes to the output.".to_owned(),
            _ => "The mean spectrum, and what each frequency contributes to the output on average.".to_owned(),
        };
        if let (Some(sum), Some(absolute)) = (most(|e| e.attribution.abs()), most(|e| e.absolute)) {
            let unit = self.frequency.0;
            let words = |entry: Entry| format!("{} {unit}", short(entry.frequency));
            figure = figure.mark(sum.frequency, &words(sum));
            let value = short(sum.attribution);
            caption = match sum.frequency == absolute.frequency {
                true => format!("{caption} Most comes from {}: {value}.", words(sum)),
                false => format!(
                    "{caption} The largest sum is {value}, at {}; most absolute attribution is at {}.",
                    words(sum),
                    words(absolute)
                ),
            };
        }
        if signed.iter().any(|f| *f < 0.0) {
            caption.push_str(" Positive and negative frequencies are summed.");
        }
        (figure.draw(), caption)
    }

    pub(super) fn cepstrum(&self, axis: &AxisLabels, attribution: &Array1<f64>) -> Figure {
        let quefrencies = axis.ticks.numbers().iter().copied();
        let bars = quefrencies.zip(attribution.iter().copied());
        Panels::new(&format!("{} ({})", axis.role, axis.unit))
            .title("Cepstrum")
            .bars("attribution", bars)
            .draw()
    }
}
