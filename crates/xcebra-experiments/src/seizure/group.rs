//! Seconds with and without the rhythm: does the network know them, and what does it go by?

use ndarray::{Array2, Axis};
use serde::Serialize;
use xcebra::cdig::domains::Compose;
use xcebra::cdig::{Attribution, RealFourier, Time};
use xcebra::core::Encoder;
use xcebra::eval::auroc;
use xcebra::report::{BarChart, Panels, Picture};

use super::components::{Named, components, largest, most_alike, seconds};
use super::{CYCLES, RATE, WINDOW};
use crate::case_study::{Areas, CaseScale, Faithfulness, explain, predict, share};
use crate::error::Result;
use crate::statistics::Estimate;

/// Recordings of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// How well the network tells seconds with the rhythm from others, area under the ROC curve.
    pub auroc: f64,
    /// Components, as many as channels.
    pub components: usize,
    /// Correlation of the rhythm with the independent component that is most like it.
    pub separation: f64,
    /// Seconds with the rhythm that were explained.
    pub windows: usize,
    /// Those in which that component has most of the attribution.
    pub component_named: Option<f64>,
    /// Mean share of the absolute attribution of components that it has.
    pub component_share: Estimate,
    /// Those in which its strongest frequency is the rhythm's or its second or third harmonic's.
    pub frequency_named: Option<f64>,
    /// Faithfulness of components over time, and of channels over time.
    pub faithfulness: Vec<Areas>,
}

/// A recording that the network has not seen.
pub(super) struct Trial {
    /// (time, channels), whole seconds.
    pub(super) x: Array2<f64>,
    /// Whether the rhythm is on at each sample.
    pub(super) on: Vec<f64>,
    /// Its course.
    pub(super) course: Vec<f64>,
}

impl Trial {
    /// The share of each second in which the rhythm is on.
    fn present(&self) -> Vec<f64> {
        self.on
            .chunks_exact(WINDOW)
            .map(|on| on.iter().sum::<f64>() / WINDOW as f64)
            .collect()
    }
}

impl Group {
    /// Explains seconds in which the rhythm is on all along; the pictures show the first.
    pub(super) fn of(
        encoder: &Encoder<f64>,
        trial: &Trial,
        scale: CaseScale,
        name: &str,
    ) -> Result<(Self, Vec<Picture>)> {
        let channels = trial.x.ncols();
        let ica = components(&trial.x)?;
        let (component, separation) = most_alike(&ica, &trial.x, &trial.course)?;
        let spectra = Compose::new(ica.clone(), RealFourier::new(&[channels, WINDOW], RATE)?)?;
        let time = Time::new(&[channels, WINDOW])?;
        let (mut scores, mut truth) = (Vec::new(), Vec::new());
        let mut named = Named::new(component);
        let mut rhythmic = 0;
        // after the few steps of the smallest scale the network hardly tells any second from the baseline
        let mut faithfulness = Faithfulness::of_changes(scale.pick(0.0, 0.2));
        let mut pictures = Vec::new();
        for (i, (signal, present)) in seconds(&trial.x).iter().zip(trial.present()).enumerate() {
            // seconds at the edge of an episode are neither
            if present != 0.0 && present != 1.0 {
                continue;
            }
            scores.push(predict(encoder, signal)?[0]);
            truth.push(present == 1.0);
            if present == 0.0 || named.windows() >= scale.pick(4, 42) {
                continue;
            }
            let found = explain(encoder, &[&ica, &time, &spectra], [0], signal)?;
            faithfulness.add(encoder, [&ica, &time], &found[..2], i as u64)?;
            let sums = named.add(&found[0]);
            let own = of_component(&found[2], component);
            rhythmic += usize::from(rhythmic_at(largest(&own) as f64 * RATE / WINDOW as f64));
            if pictures.is_empty() {
                pictures = drawn(name, component, &sums, &own);
            }
        }
        pictures.extend(faithfulness.pictures(&format!("{name}-"), "components"));
        let group = Self {
            auroc: auroc(&truth, &scores)?,
            components: channels,
            separation,
            windows: named.windows(),
            component_named: named.rate(),
            component_share: named.share()?,
            frequency_named: share(rhythmic, named.windows()),
            faithfulness: faithfulness.areas("components over time", "channels over time")?,
        };
        Ok((group, pictures))
    }
}

/// Whether a bin of 1 Hz is that of the rhythm, which wanders by a tenth, or of its second or third harmonic.
fn rhythmic_at(hz: f64) -> bool {
    (1..=3)
        .map(f64::from)
        .any(|h| (hz - h * CYCLES).abs() <= 0.1 * h * CYCLES + 0.5)
}

/// Attribution of the frequencies of one component, 0 Hz as nothing.
fn of_component(found: &Attribution<f64>, component: usize) -> Vec<f64> {
    let row = found.attribution.index_axis(Axis(0), 0);
    let mut own: Vec<f64> = row.index_axis(Axis(0), component).iter().copied().collect();
    own[0] = 0.0;
    own
}

/// Attribution of components as wholes, with a word at the one that is asked for.
pub(super) fn bars(by_component: &[f64], (asked, word): (usize, &str)) -> BarChart {
    let all = by_component.iter().enumerate();
    all.fold(BarChart::new("attribution"), |chart, (i, a)| {
        let word = if i == asked { word } else { "" };
        chart.bar(format!("{word} component {i}").trim_start(), *a)
    })
}

fn drawn(name: &str, component: usize, by_component: &[f64], spectrum: &[f64]) -> Vec<Picture> {
    let points = spectrum
        .iter()
        .enumerate()
        .map(|(k, a)| (k as f64 * RATE / WINDOW as f64, *a));
    let panels =
        Panels::new("frequency (Hz)").bars("attribution of the component's frequencies", points);
    let spectrum = panels.range(0.0, 30.0).mark(CYCLES, "rhythm").draw();
    vec![
        Picture::new(
            format!("{name}-components"),
            bars(by_component, (component, "rhythm:")).draw(),
            "",
        ),
        Picture::new(format!("{name}-component-spectrum"), spectrum, ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_counts_by_how_long_the_rhythm_is_on() {
        let mut on = vec![0.0; 3 * WINDOW];
        on[WINDOW / 2..2 * WINDOW].fill(1.0);
        let trial = Trial {
            x: Array2::zeros((3 * WINDOW, 1)),
            course: on.clone(),
            on,
        };
        assert_eq!(trial.present(), [0.5, 1.0, 0.0]);
    }

    #[test]
    fn the_rhythm_has_three_harmonics() {
        let named: Vec<u32> = (0..=20).filter(|&hz| rhythmic_at(f64::from(hz))).collect();
        assert_eq!(named, [3, 5, 6, 7, 8, 9, 10]);
    }
}
