//! Attributions of one signal, or the means of several, over what their axes are.

use ndarray::{Array2, ArrayD, Axis, Ix2};

use super::arrays::Arrays;
use crate::Result;
use crate::explain::by_channel::{MOST_HEADS, between};
use crate::explain::channel_maps::{ChannelMap, cancelled_in_sum};
use crate::report::{BarChart, Figure, Panels, Report, ScalpMap, TileMap};

/// Coefficients that are listed.
const MOST_BARS: usize = 20;
/// Arrays along an axis of coefficients, with the title of that axis.
const AXES: [(&str, &str); 5] = [
    ("frequency_hz", "frequency (Hz)"),
    ("quefrency_s", "quefrency (s)"),
    ("time_s", "time (s)"),
    ("time_samples", "time (samples)"),
    ("low_hz", "lower edge of the band (Hz)"),
];

/// An axis of coefficients with numbers along it.
struct Along {
    axis: usize,
    title: &'static str,
    at: Vec<f64>,
}

/// What the axes of coefficients are, as far as the file says.
pub(super) struct Coefficients {
    along: Vec<Along>,
    /// What each axis is.
    roles: Option<Vec<String>>,
    /// Names along an axis without numbers: its position, and the names.
    names: Option<(usize, Vec<String>)>,
    /// Names of the bands that frequencies are summed over.
    bands: Option<Vec<String>>,
}

impl Coefficients {
    /// Those of a domain, whose arrays have names that begin with `prefix`.
    pub(super) fn of(
        prefix: &str,
        shape: &[usize],
        roles: Option<Vec<String>>,
        arrays: &mut Arrays,
    ) -> Result<Self> {
        let along = axes(prefix, shape, arrays)?;
        let mut names = None;
        for (axis, role) in roles.iter().flatten().enumerate() {
            let found = match role.as_str() {
                "channel" => arrays.channels(prefix)?,
                other => arrays.words(prefix, &format!("{other}_names"))?,
            };
            let found = found.filter(|names| shape.get(axis) == Some(&names.len()));
            names = names.or(found.map(|names| (axis, names)));
        }
        Ok(Self {
            along,
            roles,
            names,
            bands: arrays.words(prefix, "band_names")?,
        })
    }

    /// The shape of sums over named bands of coefficients of `shape`, if there are such bands.
    pub(super) fn of_bands(&self, shape: &[usize]) -> Option<Vec<usize>> {
        let (names, axis) = (self.bands.as_ref()?, self.position("frequency")?);
        let mut shape = shape.to_vec();
        *shape.get_mut(axis)? = names.len();
        Some(shape)
    }

    /// The pictures of an attribution, and of its sums over the named bands.
    pub(super) fn add(
        &self,
        report: Report,
        attribution: &ArrayD<f64>,
        bands: Option<&ArrayD<f64>>,
        value: &str,
    ) -> Report {
        let total: f64 = attribution.iter().sum();
        let lead = format!("The values add up to {}.", crate::report::number(total));
        let report = report.lead(&lead);
        let report = match &self.along[..] {
            [] => report.figure(
                strongest(attribution, value),
                "The coefficients with the largest absolute attributions.",
            ),
            [one] => {
                let (figure, caption) = self.over_one(attribution, one, value);
                report.figure(figure, &caption)
            }
            [first, second, ..] => {
                let plane = summed(attribution, &[first.axis, second.axis]);
                let lost = cancelled(&plane, attribution);
                let (figure, caption) = self.over_one(attribution, first, value);
                report
                    .figure(
                        map(first, second, &plane, value),
                        &format!("Summed over all other axes; {lost} of the absolute attribution cancels in the sum."),
                    )
                    .figure(figure, &caption)
            }
        };
        let report = match bands.zip(self.bands.as_ref()) {
            Some((sums, names)) => self.over_bands(report, sums, names, value),
            None => report,
        };
        match self.on_head(attribution, bands, value) {
            Some((figure, caption)) => report.figure(figure, &caption),
            None => report,
        }
    }

    /// A map of channels over the axis; bars if there are no channels.
    fn over_one(&self, attribution: &ArrayD<f64>, along: &Along, value: &str) -> (Figure, String) {
        let others = (0..attribution.ndim()).filter(|axis| *axis != along.axis);
        // the first axis besides is that of channels; what comes after is summed
        let rows = others
            .into_iter()
            .find(|axis| attribution.shape()[*axis] > 1);
        let Some(axis) = rows else {
            let sums = summed(attribution, &[along.axis]);
            let order = sorted(&along.at).into_iter();
            let points = order.map(|i| (along.at[i], sums[[i]]));
            let figure = Panels::new(along.title).bars(value, points);
            return (
                figure.title("Attribution").draw(),
                "What each coefficient contributes.".to_owned(),
            );
        };
        let plane = summed(attribution, &[axis, along.axis]);
        let role = match &self.roles {
            Some(roles) => roles[axis].as_str(),
            None => "channel",
        };
        let mut letters = role.chars();
        let first: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        let title = format!("{first}{}s", letters.as_str());
        let map = ChannelMap {
            names: self.names_of(axis),
            row: role,
            title: &title,
            axis: along.title,
            value,
        };
        let (figure, shown) = map.over_numbers(&along.at, matrix(plane.clone()).view());
        let caption = format!(
            "What each {role} contributes. In the sums over other axes, {} of the absolute attribution cancels; {} \
             of what is shown here cancels where {role}s are added up.",
            cancelled(&plane, attribution),
            crate::explain::percent(cancelled_in_sum(shown.view()))
        );
        (figure, caption)
    }

    /// The sums over named bands, and those of each channel.
    fn over_bands(
        &self,
        report: Report,
        sums: &ArrayD<f64>,
        names: &[String],
        value: &str,
    ) -> Report {
        let Some(axis) = self.position("frequency") else {
            return report;
        };
        let totals = summed(sums, &[axis]);
        let bars = names
            .iter()
            .zip(&totals)
            .fold(BarChart::new(value).signed(), |bars, (name, sum)| {
                bars.bar(name, *sum)
            });
        let report = report.figure(
            bars.title("Bands").draw(),
            &format!(
                "What each band contributes; {} of the absolute attribution of bands cancels in these sums.",
                cancelled(&totals, sums)
            ),
        );
        let Some(channels) = self.position("channel").filter(|&c| sums.shape()[c] > 1) else {
            return report;
        };
        let plane = matrix(summed(sums, &[channels, axis]));
        let map = ChannelMap {
            names: self.names_of(channels),
            row: "channel",
            title: "Channels and bands",
            axis: "band",
            value,
        };
        report.figure(
            map.over_names(names, plane.view()),
            "What each band of each channel contributes.",
        )
    }

    /// The attribution of electrodes, altogether and in each band.
    fn on_head(
        &self,
        attribution: &ArrayD<f64>,
        bands: Option<&ArrayD<f64>>,
        value: &str,
    ) -> Option<(Figure, String)> {
        let channels = self.position("channel")?;
        let map = ScalpMap::of(self.names_of(channels)?)?;
        let totals = summed(attribution, &[channels]);
        let mut heads = vec![(String::new(), totals.iter().copied().collect::<Vec<f64>>())];
        if let (Some(sums), Some(names), Some(axis)) =
            (bands, &self.bands, self.position("frequency"))
        {
            "all".clone_into(&mut heads[0].0);
            let each = summed(sums, &[axis, channels]);
            let each = names.iter().zip(each.outer_iter());
            heads.extend(each.map(|(name, one)| (name.clone(), one.iter().copied().collect())));
        }
        let of_bands = if heads.len() > 1 {
            " altogether and in each band"
        } else {
            ""
        };
        let caption = format!(
            "What each electrode contributes{of_bands}, seen from above with the nose at the top. {}",
            between(&map, heads.len(), "maps")
        );
        let signed = heads.iter().any(|head| head.1.iter().any(|v| *v < 0.0));
        let heads = heads.into_iter().take(MOST_HEADS);
        let map = heads.fold(map, |map, (name, values)| map.head(&name, &values));
        let map = map.title("On the head").value(value);
        let map = if signed { map.signed() } else { map };
        Some((map.draw(), caption))
    }

    fn position(&self, role: &str) -> Option<usize> {
        self.roles.as_ref()?.iter().position(|found| found == role)
    }

    fn names_of(&self, axis: usize) -> Option<&[String]> {
        let (named, names) = self.names.as_ref()?;
        (*named == axis).then_some(names)
    }
}

/// The axes of coefficients that have numbers in the file, the last of the same length first.
fn axes(prefix: &str, shape: &[usize], arrays: &mut Arrays) -> Result<Vec<Along>> {
    let mut found: Vec<Along> = Vec::new();
    for (name, title) in AXES {
        let Some(at) = arrays.look(&format!("{prefix}{name}"))? else {
            continue;
        };
        let free = |axis: &usize| shape[*axis] == at.len() && found.iter().all(|f| f.axis != *axis);
        // frequency stands before time, channels before both
        let candidates: Vec<usize> = (0..shape.len()).filter(free).collect();
        let frequency = name != "time_s" && name != "time_samples";
        let both = frequency
            && ["time_s", "time_samples"].iter().any(|time| {
                let time = arrays.shape(&format!("{prefix}{time}"));
                time.is_some_and(|time| time.iter().product::<usize>() == at.len())
            });
        let axis = match candidates.len() {
            0 => continue,
            n if both && n > 1 => candidates[n - 2],
            n => candidates[n - 1],
        };
        found.push(Along {
            axis,
            title,
            at: at.iter().copied().collect(),
        });
    }
    Ok(found)
}

fn map(rows: &Along, columns: &Along, plane: &ArrayD<f64>, value: &str) -> Figure {
    let (up, across) = (sorted(&rows.at), sorted(&columns.at));
    let pick = |order: &[usize], at: &[f64]| -> Vec<f64> { order.iter().map(|&i| at[i]).collect() };
    let values =
        Array2::from_shape_fn((up.len(), across.len()), |(i, j)| plane[[up[i], across[j]]]);
    TileMap::new(columns.title, rows.title)
        .title("Time and frequency")
        .value(value)
        .grid(
            &pick(&across, &columns.at),
            &pick(&up, &rows.at),
            values.view(),
        )
        .draw()
}

fn strongest(attribution: &ArrayD<f64>, value: &str) -> Figure {
    let mut entries: Vec<(String, f64)> = attribution
        .indexed_iter()
        .map(|(index, v)| (format!("{:?}", ndarray::Dimension::slice(&index)), *v))
        .filter(|entry| entry.1.is_finite())
        .collect();
    entries.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let bars = BarChart::new(value)
        .title("Strongest coefficients")
        .signed();
    let bars = entries
        .iter()
        .take(MOST_BARS)
        .fold(bars, |bars, (name, v)| bars.bar(name, *v));
    bars.draw()
}

/// The order of positions: frequencies of both signs may begin at zero.
fn sorted(at: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by(|&a, &b| at[a].total_cmp(&at[b]));
    order
}

/// The sum over all axes but `kept`, in this order.
fn summed(array: &ArrayD<f64>, kept: &[usize]) -> ArrayD<f64> {
    let mut order = kept.to_vec();
    order.extend((0..array.ndim()).filter(|axis| !kept.contains(axis)));
    let mut array = array.view().permuted_axes(order).to_owned();
    while array.ndim() > kept.len() {
        array = array.sum_axis(Axis(array.ndim() - 1));
    }
    array
}

fn matrix(plane: ArrayD<f64>) -> Array2<f64> {
    plane
        .into_dimensionality::<Ix2>()
        .expect("two axes are kept")
}

/// The share of the absolute attribution that a sum loses, in percent.
fn cancelled(sums: &ArrayD<f64>, of: &ArrayD<f64>) -> String {
    let all: f64 = of.iter().map(|v| v.abs()).sum();
    crate::explain::percent(crate::explain::cancelled(sums.iter().copied(), all))
}
