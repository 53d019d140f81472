//! Pictures of one attribution, chosen by what the axes of its coefficients mean.

use ndarray::{ArrayD, Dimension};

use crate::explain::Built;
use crate::explain::reading::{MOST_BARS, bars, is_banded, matrix, numbers, reduced, vector};
use crate::report::{Figure, HeatMap, Picture, TileMap};

/// One signal with its attribution, or the means of several.
#[derive(Clone)]
pub struct View<'a> {
    /// The domain.
    pub built: &'a Built,
    /// Samples a second, if known.
    pub sampling_rate: Option<f64>,
    /// Unit of frequencies with the factor from Hz to it, such as `("bpm", 60.0)`.
    pub frequency: (&'a str, f64),
    /// Which axis of the signal is time.
    pub time_axis: usize,
    /// The signal `(…shape)`.
    pub signal: ArrayD<f64>,
    /// Sizes of the coefficients `(…coefficient_shape)`.
    pub sizes: ArrayD<f64>,
    /// Attribution of the coefficients `(…coefficient_shape)`.
    pub attribution: ArrayD<f64>,
    /// Attribution of the samples `(…shape)`, where it is known.
    pub in_time: Option<ArrayD<f64>>,
}

/// Axes by which coefficients are read; over all others, such as channels, attribution is added up.
const READ_BY: [&str; 7] = [
    "frequency",
    "wavelet",
    "band",
    "part",
    "component",
    "quefrency",
    "time",
];

impl View<'_> {
    /// The signal and the attribution of its samples, then those of its coefficients; file names begin
    /// with `name`.
    pub fn pictures(&self, name: &str) -> Vec<Picture> {
        let mut pictures = self.in_time(name);
        pictures.extend(self.in_domain(name));
        pictures
    }

    /// The pictures of the coefficients alone.
    pub fn in_domain(&self, name: &str) -> Vec<Picture> {
        let mut pictures = Vec::new();
        let axes = &self.built.labels.axes;
        let read: Vec<usize> = READ_BY
            .iter()
            .filter_map(|word| axes.iter().position(|axis| axis.name == *word))
            .collect();
        let attribution = reduced(&self.attribution, &read, |sum, a| sum + a);
        let sizes = reduced(&self.sizes, &read, f64::hypot);
        let words: Vec<&str> = read.iter().map(|&i| axes[i].name.as_str()).collect();
        let axis = |i: usize| &axes[read[i]];
        let mut add = |suffix: &str, figure: Figure, caption: String| {
            pictures.push(Picture::new(format!("{name}-{suffix}"), figure, caption));
        };
        match words[..] {
            ["time"] => {}
            ["frequency"] => {
                let (figure, caption) =
                    self.spectrum(axis(0), &vector(&attribution), &vector(&sizes));
                add("spectrum", figure, caption);
            }
            ["wavelet"] => {
                let map = self.wavelet(axis(0), &vector(&attribution));
                add(
                    "scales",
                    map,
                    "Each tile is a wavelet: its width is the time and its height the \
                                    frequencies it covers."
                        .to_owned(),
                );
            }
            ["quefrency"] => add(
                "cepstrum",
                self.cepstrum(axis(0), &vector(&attribution)),
                String::new(),
            ),
            ["frequency", "time"] => {
                let map = self.plane().grid(
                    numbers(axis(1)),
                    &self.scaled(numbers(axis(0))),
                    matrix(&attribution).view(),
                );
                add(
                    "time-frequency",
                    map.draw(),
                    "What each frequency at each time contributes.".to_owned(),
                );
            }
            ["band", "time"] => {
                add(
                    "bands",
                    self.totals(axis(0), &matrix(&attribution)),
                    TOTALS.to_owned(),
                );
                let map = self.bands(numbers(axis(1)), &matrix(&attribution));
                add(
                    "time-frequency",
                    map,
                    "What each band at each time contributes.".to_owned(),
                );
            }
            ["frequency", "component" | "part"] => {
                let map = matrix(&attribution).reversed_axes();
                add("components", self.totals(axis(1), &map), TOTALS.to_owned());
                let positions: Vec<f64> = (0..map.nrows()).map(|i| i as f64).collect();
                let (title, _) = self.frequency_title();
                let tiles = TileMap::new(&title, &format!("{} (from 0)", axis(1).name))
                    .numbered()
                    .grid(&self.scaled(numbers(axis(0))), &positions, map.view())
                    .value("attribution");
                add(
                    "component-spectra",
                    tiles.draw(),
                    "Which frequencies of which component contribute.".to_owned(),
                );
            }
            ["component" | "part", "time"] => {
                add(
                    "components",
                    self.totals(axis(0), &matrix(&attribution)),
                    TOTALS.to_owned(),
                );
                let courses = self.courses(axis(0), axis(1), &matrix(&attribution));
                add(
                    "courses",
                    courses,
                    "When those that contribute most do so.".to_owned(),
                );
            }
            _ => add(
                "coefficients",
                self.largest(),
                "The coefficients that contribute most.".to_owned(),
            ),
        }
        if let Some(axis) = axes
            .iter()
            .position(|axis| axis.name != "component" && is_banded(axis))
            && words.contains(&"frequency")
        {
            add(
                "named-bands",
                self.groups(axis),
                "Attribution added up over the named bands.".to_owned(),
            );
        }
        if let Some(mixing) = &self.built.mixing {
            let figure = HeatMap::new(mixing.view())
                .signed()
                .title("Components")
                .rows("channel");
            let figure = figure.columns("component").value("weight").draw();
            add(
                "mixing",
                figure,
                "How much of each component is in each channel.".to_owned(),
            );
        }
        pictures
    }

    fn largest(&self) -> Figure {
        bars(self.strongest(MOST_BARS).into_iter())
    }

    /// The coefficients of most attribution, in words, with their attribution; none below a thousandth of
    /// the first.
    pub fn strongest(&self, count: usize) -> Vec<(String, f64)> {
        let labels = &self.built.labels;
        let mut all: Vec<(Vec<usize>, f64)> = self
            .attribution
            .indexed_iter()
            .map(|(index, a)| (index.slice().to_vec(), *a))
            .collect();
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        all.truncate(count);
        let least = all.first().map_or(0.0, |(_, a)| 1e-3 * a.abs());
        all.retain(|(_, a)| a.abs() > least);
        let word = |index: &[usize]| labels.describe(index).unwrap_or_default();
        all.iter().map(|(index, a)| (word(index), *a)).collect()
    }

    /// What a horizontal axis of time is called.
    pub(super) fn time_title(&self) -> &'static str {
        match self.sampling_rate {
            Some(_) => "time (s)",
            None => "time (samples)",
        }
    }

    pub(super) fn frequency_title(&self) -> (String, f64) {
        (
            format!("frequency ({})", self.frequency.0),
            self.frequency.1,
        )
    }

    pub(super) fn scaled(&self, hz: &[f64]) -> Vec<f64> {
        hz.iter().map(|f| f * self.frequency.1).collect()
    }
}

const TOTALS: &str = "Attribution added up over time and channels.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{DomainSpec, Setting};

    fn view<'a>(built: &'a Built, shape: &[usize]) -> View<'a> {
        let coefficients = built.domain.coefficient_shape().to_vec();
        let mut k: f64 = 0.0;
        let wave = |shape: &[usize]| {
            ArrayD::from_shape_simple_fn(shape, || {
                k += 1.0;
                (k * 0.37_f64).sin()
            })
        };
        let mut wave = wave;
        View {
            built,
            sampling_rate: Some(8.0),
            frequency: ("Hz", 1.0),
            time_axis: shape.len() - 1,
            signal: wave(shape),
            sizes: wave(&coefficients).mapv(f64::abs),
            attribution: wave(&coefficients),
            in_time: Some(wave(shape)),
        }
    }

    /// Every domain has pictures with something in them, whatever the shape.
    #[test]
    fn every_domain_is_drawn() {
        for shape in [&[32][..], &[1, 32], &[3, 32]] {
            let mut k: f64 = 0.0;
            let data = ArrayD::from_shape_simple_fn([&[4], shape].concat(), || {
                k += 1.0;
                (k * k * 0.3_f64).sin() + (k * 0.9_f64).cos().powi(3)
            });
            let mut setting = Setting::new(shape, data.view());
            setting.sampling_rate = Some(8.0);
            setting.bands = vec![("slow".to_owned(), 0.0..1.0), ("fast".to_owned(), 1.0..4.0)];
            for spec in [
                "time",
                "fourier",
                "rfft",
                "dct",
                "cepstrum",
                "analytic",
                "stft:8:2",
                "wavelet:haar:2",
                "packets:db2:2",
                "filter-bank:1:2",
                "seasonal-trend:4",
                "filter-bank:1+rfft",
                "pca",
                "ica",
                "pca:2",
                "pca+rfft",
                "pca+wavelet:haar:2",
            ] {
                let spec: DomainSpec = spec.parse().unwrap();
                let Ok(built) = spec.build(&setting) else {
                    assert!(
                        matches!(
                            spec,
                            DomainSpec::Pca(_) | DomainSpec::Ica(_) | DomainSpec::Then(..)
                        ),
                        "{spec}"
                    );
                    continue;
                };
                for picture in view(&built, shape).pictures("s") {
                    let (figure, _): (Figure, String) = picture.into();
                    assert!(
                        !figure.svg().contains("no data"),
                        "{spec} {shape:?}: {}",
                        figure.alt()
                    );
                    assert!(!figure.svg().contains("NaN"), "{spec}");
                }
            }
        }
    }

    #[test]
    fn frequencies_of_both_signs_are_one_bar() {
        let data = ArrayD::zeros(vec![1, 8]);
        let mut setting = Setting::new(&[8], data.view());
        setting.sampling_rate = Some(8.0);
        let built = DomainSpec::Fourier.build(&setting).unwrap();
        let mut view = view(&built, &[8]);
        view.attribution.fill(0.0);
        view.attribution[[2]] = 1.5;
        view.attribution[[6]] = 1.5;
        let (figure, caption): (Figure, String) = view.pictures("s").remove(1).into();
        assert!(caption.contains("Most comes from 2 Hz: 3."), "{caption}");
        assert!(
            figure
                .alt()
                .contains("attribution with its largest value 3 at 2"),
            "{}",
            figure.alt()
        );
    }

    #[test]
    fn other_axes_are_added_up() {
        let array = ArrayD::from_shape_fn(vec![2, 3, 4], |i| (i[0] * 12 + i[1] * 4 + i[2]) as f64);
        let sums = reduced(&array, &[2, 0], |sum, a| sum + a);
        assert_eq!(sums.shape(), [4, 2]);
        assert_eq!(sums[[1, 1]], 13.0 + 17.0 + 21.0);
    }
}
