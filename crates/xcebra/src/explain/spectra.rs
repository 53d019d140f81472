//! Pictures over frequency or quefrency alone.

use cdig::AxisLabels;
use ndarray::Array1;

use crate::explain::View;
use crate::explain::axes::quefrencies;
use crate::explain::reading::{numbers, short};
use crate::report::{Figure, Panels};

impl View<'_> {
    pub(super) fn spectrum(
        &self,
        axis: &AxisLabels,
        attribution: &Array1<f64>,
        sizes: &Array1<f64>,
    ) -> (Figure, String) {
        let signed = numbers(axis);
        let (title, factor) = self.frequency_title();
        // both signs of a frequency belong to one oscillation
        let entries = signed.iter().zip(sizes).zip(attribution);
        let entries = entries.map(|((hz, size), a)| (hz.abs() * factor, *size, *a));
        let mut folded: Vec<(f64, f64, f64)> = entries.collect();
        folded.sort_by(|a, b| a.0.total_cmp(&b.0));
        folded.dedup_by(|next, entry| {
            let same = (next.0 - entry.0).abs() < 1e-9 * (1.0 + entry.0);
            if same {
                entry.2 += next.2;
            }
            same
        });
        let mut figure = Panels::new(&title)
            .title("Spectrum")
            .line("size of the coefficient", folded.iter().map(|e| (e.0, e.1)))
            .bars("attribution", folded.iter().map(|e| (e.0, e.2)));
        let largest = folded.iter().max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()));
        let mut caption = "The spectrum of the signal, and what each of its frequencies contributes to the output.".to_owned();
        if let Some((f, _, a)) = largest.filter(|e| e.2 != 0.0) {
            let unit = self.frequency.0;
            figure = figure.mark(*f, &format!("{} {unit}", short(*f)));
            caption = format!(
                "{caption} Most comes from {} {unit}: {}.",
                short(*f),
                short(*a)
            );
        }
        if signed.iter().any(|hz| *hz < 0.0) {
            caption.push_str(" Positive and negative frequencies are added up.");
        }
        (figure.draw(), caption)
    }

    pub(super) fn cepstrum(&self, axis: &AxisLabels, attribution: &Array1<f64>) -> Figure {
        let quefrencies = quefrencies(axis, self.sampling_rate.unwrap_or(1.0));
        let bars = quefrencies.into_iter().zip(attribution.iter().copied());
        Panels::new("quefrency (s)")
            .title("Cepstrum")
            .bars("attribution", bars)
            .draw()
    }
}
