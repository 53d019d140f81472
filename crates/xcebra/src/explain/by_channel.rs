//! Pictures of channels against the axis by which coefficients are read, and against named bands.

use cdig::axes::{AxisLabels, Role, Ticks};
use ndarray::{Array2, ArrayView2, Axis};

use crate::explain::channel_maps::{ChannelMap, cancelled_in_sum};
use crate::explain::reading::{matrix, reduced, vector};
use crate::explain::summary::percent;
use crate::explain::{Bands, View};
use crate::report::{Figure, Picture, ScalpMap};

/// Most heads that a reader can take in.
pub(crate) const MOST_HEADS: usize = 12;

impl View<'_> {
    /// What each channel contributes along the axis by which coefficients are read first, and in each named band;
    /// nothing if there are not several channels.
    pub(super) fn of_channels(&self, name: &str, read: &[usize]) -> Vec<Picture> {
        let axes = self.axes();
        let channels = axes.position(&Role::Channel);
        let Some(channels) = channels.filter(|&i| axes[i].len() > 1) else {
            return Vec::new();
        };
        let mut pictures = Vec::new();
        // over time alone they are drawn with the signal
        let first = read
            .first()
            .copied()
            .filter(|&i| i != channels && axes[i].len() > 1 && axes[i].role != Role::Time);
        if let Some(first) = first {
            let plane = reduced(&self.attribution, &[channels, first], |sum, a| sum + a);
            let sums = self.sums(&[channels, first], &plane);
            let (figure, shown) = self.along(&axes[first], matrix(&plane).view());
            let what = format!(
                "What each {} of each channel contributes.",
                axes[first].role
            );
            let caption = format!("{what}{sums}{}", cancellation(shown.view()));
            let suffix = format!("channel-{}", axes[first].role);
            pictures.push(Picture::new(format!("{name}-{suffix}"), figure, caption));
        }
        if let Some(bands) = self.built.bands.as_ref().filter(|b| b.axis != channels) {
            let (figure, caption) = self.channel_bands(bands, channels);
            pictures.push(Picture::new(
                format!("{name}-channel-bands"),
                figure,
                caption,
            ));
        }
        pictures.extend(self.scalp(name, channels));
        pictures
    }

    /// The attribution of electrodes as maps of the head, over all coefficients and in each band.
    fn scalp(&self, name: &str, channels: usize) -> Option<Picture> {
        let map = ScalpMap::of(self.built.channels.as_ref()?)?;
        let totals = reduced(&self.attribution, &[channels], |sum, a| sum + a);
        let mut heads = vec![(String::new(), vector(&totals).to_vec())];
        let axes = self.axes();
        let named = self.built.bands.as_ref().filter(|b| b.axis != channels);
        let (names, bands) = match (named, axes.position(&Role::Band)) {
            (Some(bands), _) => {
                let names = bands.bands.iter().map(|band| band.name.clone()).collect();
                let sums = bands.sums(&self.attribution, 0);
                let kept = [bands.axis, channels];
                (names, reduced(&sums, &kept, |sum, a| sum + a))
            }
            (None, Some(band)) => {
                let text = |i: usize| axes[band].text(i).unwrap_or_default();
                let names: Vec<String> = (0..axes[band].len()).map(text).collect();
                let kept = [band, channels];
                (names, reduced(&self.attribution, &kept, |sum, a| sum + a))
            }
            (None, None) => (Vec::new(), totals.clone()),
        };
        if !names.is_empty() {
            "all".clone_into(&mut heads[0].0);
            let each = names.into_iter().zip(bands.outer_iter());
            heads.extend(each.map(|(name, values)| (name, values.iter().copied().collect())));
        }
        let several = heads.len() > 1;
        let sums = self.sums(&[channels], &totals);
        let of_bands = if several {
            " altogether and in each band"
        } else {
            ""
        };
        let caption = format!(
            "What each electrode contributes{of_bands}, seen from above with the nose at the top.{sums} {}",
            between(&map, heads.len(), "maps")
        );
        let map = heads
            .iter()
            .take(MOST_HEADS)
            .fold(map, |map, (name, values)| map.head(name, values));
        let figure = map
            .title("On the head")
            .value("attribution")
            .signed()
            .draw();
        Some(Picture::new(format!("{name}-scalp"), figure, caption))
    }

    fn along(&self, axis: &AxisLabels, values: ArrayView2<'_, f64>) -> (Figure, Array2<f64>) {
        let title = match axis.unit.as_str() {
            "" => axis.role.to_string(),
            unit => format!("{} ({unit})", axis.role),
        };
        let heading = format!("Channels and {}", plural(&axis.role));
        let map = ChannelMap {
            names: self.built.channels.as_deref(),
            row: "channel",
            title: &heading,
            axis: &title,
            value: "attribution",
        };
        match &axis.ticks {
            Ticks::Numbers(at) => map.over_numbers(at, values),
            Ticks::Tiles(_) => {
                // wavelets of one level have the same frequencies
                let groups = axis.groups();
                let mut levels = Array2::zeros((values.nrows(), groups.len()));
                for (mut level, group) in levels.columns_mut().into_iter().zip(&groups) {
                    level.assign(&values.select(Axis(1), &group.members).sum_axis(Axis(1)));
                }
                let names: Vec<String> = groups.into_iter().map(|group| group.name).collect();
                (map.over_names(&names, levels.view()), levels)
            }
            _ => {
                let text = |i: usize| axis.text(i).unwrap_or_default();
                let names: Vec<String> = (0..axis.len()).map(text).collect();
                (map.over_names(&names, values), values.to_owned())
            }
        }
    }

    /// Channels against the named bands, and what the picture adds up.
    fn channel_bands(&self, bands: &Bands, channels: usize) -> (Figure, String) {
        let sums = bands.sums(&self.attribution, 0);
        let plane = matrix(&reduced(&sums, &[channels, bands.axis], |sum, a| sum + a));
        let map = ChannelMap {
            names: self.built.channels.as_deref(),
            row: "channel",
            title: "Channels and bands",
            axis: "band",
            value: "attribution",
        };
        let names: Vec<String> = bands.bands.iter().map(|band| band.name.clone()).collect();
        let figure = map.over_names(&names, plane.view());
        let share = super::cancelled(plane.iter().copied(), self.absolute.sum());
        let means = self.sums_over(&["each band".to_owned()], share);
        let caption = format!(
            "What each band of each channel contributes.{means}{}",
            cancellation(plane.view())
        );
        (figure, caption)
    }
}

/// What is between electrodes, which channels have no place, and how many of the maps that there might be, one for each
/// of `what`, are left out.
pub(crate) fn between(map: &ScalpMap, count: usize, what: &str) -> String {
    let left_out = match map.left_out() {
        [] => String::new(),
        [only] => format!(" {only} has no place on the head."),
        several => format!(" {} channels have no place on the head.", several.len()),
    };
    let first = match count {
        ..=MOST_HEADS => String::new(),
        count => format!(" Of {count} {what}, the first {MOST_HEADS} are drawn."),
    };
    format!("Values between electrodes are interpolated.{left_out}{first}")
}

/// How much of what is shown cannot be seen where channels are added up.
pub(super) fn cancellation(shown: ArrayView2<'_, f64>) -> String {
    match cancelled_in_sum(shown) {
        // rounding of sums
        share if share < 1e-9 => " Nothing of it cancels where channels are added up.".to_owned(),
        share => format!(
            " {} of the absolute attribution shown here cancels where channels are added up.",
            percent(share)
        ),
    }
}

fn plural(role: &Role) -> String {
    match role {
        Role::Frequency => "frequencies".to_owned(),
        Role::Quefrency => "quefrencies".to_owned(),
        role => format!("{role}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_HEADS, between};
    use crate::report::ScalpMap;

    #[test]
    fn captions_say_how_many_heads_are_left_out() {
        let map = ScalpMap::of(&["Fz", "C3", "C4", "Oz", "EMG"].map(str::to_owned)).unwrap();
        let all = "Values between electrodes are interpolated. EMG has no place on the head.";
        assert_eq!(between(&map, MOST_HEADS, "maps"), all);
        let first = " Of 13 components, the first 12 are drawn.";
        assert_eq!(between(&map, 13, "components"), format!("{all}{first}"));
    }
}
