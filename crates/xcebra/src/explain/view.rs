//! Pictures of one attribution, chosen by what the axes of its coefficients mean.

use cdig::axes::{Axes, Role};
use ndarray::{Array2, ArrayD};

use crate::explain::Built;
use crate::explain::axes::own_bands;
use crate::explain::by_channel::{MOST_HEADS, between};
use crate::explain::reading::{MOST_BARS, bars, matrix, reduced, tiles, vector};
use crate::explain::summary::cancelled;
use crate::report::{Figure, HeatMap, Picture, ScalpMap, TileMap};

/// One signal with its attribution, or the means of several.
#[derive(Clone)]
pub struct View<'a> {
    /// The domain.
    pub built: &'a Built,
    /// Samples per second, if known.
    pub sampling_rate: Option<f64>,
    /// Unit of frequencies with the factor from Hz to it, such as `("bpm", 60.0)`.
    pub frequency: (&'a str, f64),
    /// Which axis of the signal is time.
    pub time_axis: usize,
    /// The signal `(…shape)`.
    pub signal: ArrayD<f64>,
    /// Sizes of the coefficients `(…coefficient_shape)`.
    pub sizes: ArrayD<f64>,
    /// How many signals these are the means of.
    pub signals: usize,
    /// Attribution of the coefficients `(…coefficient_shape)`.
    pub attribution: ArrayD<f64>,
    /// Absolute attribution of the coefficients, which differs from the size of `attribution` where signs differ
    /// between signals.
    pub absolute: ArrayD<f64>,
    /// Standard deviation of `attribution` over signals, if there are several.
    pub spread: Option<ArrayD<f64>>,
    /// Attribution of the samples `(…shape)`, where it is known, and its absolute size.
    pub in_time: Option<[ArrayD<f64>; 2]>,
}

/// The axes by which coefficients are read, in the order of pictures; over all others, such as channels, attribution
/// is added up.
fn read_by(axes: &Axes) -> Vec<usize> {
    let order = [
        Role::Frequency,
        Role::Wavelet,
        Role::Band,
        Role::Part,
        Role::Component,
        Role::Quefrency,
        Role::Time,
    ];
    let axes = order.iter().filter_map(|role| axes.position(role));
    axes.collect()
}

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
        let axes = self.axes();
        let read = read_by(&axes);
        let attribution = reduced(&self.attribution, &read, |sum, a| sum + a);
        let absolute = reduced(&self.absolute, &read, |sum, a| sum + a);
        let sizes = reduced(&self.sizes, &read, f64::hypot);
        let roles: Vec<&Role> = read.iter().map(|&i| &axes[i].role).collect();
        let axis = |i: usize| &axes[read[i]];
        let sums = self.sums(&read, &attribution);
        // totals of what is read by axis `kept` alone
        let total = |kept: usize| {
            let array = reduced(&self.attribution, &[read[kept]], |sum, a| sum + a);
            let caption = self.sums(&[read[kept]], &array);
            let figure = self.totals(axis(kept), &vector(&array));
            (figure, caption.trim_start().to_owned())
        };
        let mut add = |suffix: &str, figure: Figure, caption: String| {
            pictures.push(Picture::new(format!("{name}-{suffix}"), figure, caption));
        };
        match roles[..] {
            [Role::Time] => {}
            [Role::Frequency] => {
                let (figure, caption) = self.spectrum(
                    axis(0),
                    &vector(&attribution),
                    &vector(&absolute),
                    &vector(&sizes),
                );
                add("spectrum", figure, format!("{caption}{sums}"));
            }
            [Role::Wavelet] => {
                let map = self.wavelet(tiles(axis(0)), &vector(&attribution));
                add(
                    "scales",
                    map,
                    format!(
                        "Each tile is a wavelet: its width is the time and its height the frequencies it \
                         covers.{sums}"
                    ),
                );
            }
            [Role::Quefrency] => add(
                "cepstrum",
                self.cepstrum(axis(0), &vector(&attribution)),
                sums.trim_start().to_owned(),
            ),
            [Role::Frequency, Role::Time] => {
                let map = self.plane().grid(
                    axis(1).ticks.numbers(),
                    axis(0).ticks.numbers(),
                    matrix(&attribution).view(),
                );
                add(
                    "time-frequency",
                    map.draw(),
                    format!("What each frequency at each time contributes.{sums}"),
                );
            }
            [Role::Band, Role::Time] => {
                let (figure, caption) = total(0);
                add("bands", figure, caption);
                let bands = own_bands(&axes).unwrap_or_default();
                let map = self.bands(bands, axis(1).ticks.numbers(), &matrix(&attribution));
                add(
                    "time-frequency",
                    map,
                    format!("What each band at each time contributes.{sums}"),
                );
            }
            [Role::Frequency, Role::Component | Role::Part] => {
                let (figure, caption) = total(1);
                add("components", figure, caption);
                let map = matrix(&attribution).reversed_axes();
                let positions: Vec<f64> = (0..map.nrows()).map(|i| i as f64).collect();
                let rows = format!("{} (from 0)", axis(1).role);
                let tiles = TileMap::new(&self.frequency_title(), &rows)
                    .numbered()
                    .grid(axis(0).ticks.numbers(), &positions, map.view())
                    .value("attribution");
                add(
                    "component-spectra",
                    tiles.draw(),
                    format!(
                        "Which frequencies of which {} contribute.{sums}",
                        axis(1).role
                    ),
                );
            }
            [Role::Component | Role::Part, Role::Time] => {
                let (figure, caption) = total(0);
                add("components", figure, caption);
                let courses = self.courses(axis(0), axis(1), &matrix(&attribution));
                add(
                    "courses",
                    courses,
                    format!("When the strongest ones contribute.{sums}"),
                );
            }
            _ => {
                let means = self.sums_over(
                    &[],
                    cancelled(self.attribution.iter().copied(), self.absolute.sum()),
                );
                add(
                    "coefficients",
                    self.largest(),
                    format!("The coefficients of most absolute attribution.{means}"),
                );
            }
        }
        if let Some(bands) = &self.built.bands {
            let (figure, caption) = self.named_bands(bands);
            add("named-bands", figure, caption);
        }
        pictures.extend(self.of_channels(name, &read));
        let mut add = |suffix: &str, figure: Figure, caption: String| {
            pictures.push(Picture::new(format!("{name}-{suffix}"), figure, caption));
        };
        if let Some(mixing) = self.built.axes.mixing() {
            if let Some(map) = channels_on_head(self.built, mixing) {
                let caption = format!(
                    "How much of each component each electrode has. {}",
                    between(&map, mixing.ncols(), "components")
                );
                add("mixing-scalp", map.draw(), caption);
            }
            let figure = HeatMap::new(mixing.view())
                .signed()
                .title("Components")
                .rows("channel");
            let channels = self.built.channels.clone().unwrap_or_default();
            let figure = figure.row_names(&channels).columns("component");
            let figure = figure.value("weight").draw();
            add(
                "mixing",
                figure,
                "How much of each component is in each channel.".to_owned(),
            );
        }
        pictures
    }

    /// The axis by which coefficients are read first: what it is, its entries in words, and the attribution of
    /// each, summed over all other axes.
    pub fn by_first_axis(&self) -> (String, Vec<String>, Vec<f64>) {
        let axes = self.axes();
        let Some(&first) = read_by(&axes).first() else {
            let sum = self.attribution.sum();
            return ("coefficients".to_owned(), vec!["all".to_owned()], vec![sum]);
        };
        let axis = &axes[first];
        let title = match axis.unit.as_str() {
            "" => axis.role.to_string(),
            unit => format!("{} ({unit})", axis.role),
        };
        let sums = vector(&reduced(&self.attribution, &[first], |sum, a| sum + a));
        // the unit is in the title
        let unit = format!(" {}", axis.unit);
        let names = (0..axis.len()).map(|i| match axis.text(i) {
            Some(text) => text.strip_suffix(&unit).unwrap_or(&text).to_owned(),
            None => i.to_string(),
        });
        (title, names.collect(), sums.to_vec())
    }

    fn largest(&self) -> Figure {
        let strongest = self.strongest(MOST_BARS).into_iter();
        bars(strongest.map(|one| (one.words, one.attribution)))
    }

    /// What the axes of the coefficients mean, with frequencies in the unit of the view.
    pub fn axes(&self) -> Axes {
        let (unit, factor) = self.frequency;
        self.built.axes.clone().converted("Hz", unit, factor)
    }

    /// What a horizontal axis of time is called.
    pub(super) fn time_title(&self) -> &'static str {
        match self.sampling_rate {
            Some(_) => "time (s)",
            None => "time (samples)",
        }
    }

    pub(super) fn frequency_title(&self) -> String {
        format!("frequency ({})", self.frequency.0)
    }

    /// The name of a channel.
    pub(super) fn channel(&self, index: usize) -> String {
        let names = self.built.channels.as_ref();
        match names.and_then(|names| names.get(index)) {
            Some(name) => name.clone(),
            None => format!("channel {index}"),
        }
    }
}

/// Components as maps of the head.
fn channels_on_head(built: &Built, mixing: &Array2<f64>) -> Option<ScalpMap> {
    let map = ScalpMap::of(built.channels.as_ref()?)?;
    let map = map.title("Components on the head").value("weight").signed();
    let each = mixing.columns().into_iter().enumerate().take(MOST_HEADS);
    Some(each.fold(map, |map, (i, weights)| {
        map.head(&format!("component {i}"), &weights.to_vec())
    }))
}

#[cfg(test)]
mod tests;
