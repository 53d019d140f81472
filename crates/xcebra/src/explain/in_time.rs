//! Pictures of a signal and of the attribution of its samples.

use cdig::axes::Role;
use ndarray::Axis;

use crate::explain::View;
use crate::explain::by_channel::cancellation;
use crate::explain::channel_maps::ChannelMap;
use crate::explain::reading::{bars, by_channel};
use crate::explain::summary::cancelled;
use crate::report::{Panels, Picture, TimeSeries};

/// Most lanes that a reader can take in.
const MOST_CHANNELS: usize = 24;

impl View<'_> {
    /// The signal and what each of its samples contributes.
    pub fn in_time(&self, name: &str) -> Vec<Picture> {
        let step = self.sampling_rate.map_or(1.0, f64::recip);
        let title = self.time_title();
        let signal = by_channel(&self.signal, self.time_axis);
        let times: Vec<f64> = (0..signal.ncols()).map(|t| t as f64 * step).collect();
        let over_time = |row: ndarray::ArrayView1<'_, f64>| -> Vec<(f64, f64)> {
            times.iter().copied().zip(row.iter().copied()).collect()
        };
        let in_time = self.in_time.as_ref();
        let attribution = in_time.map(|[a, _]| by_channel(a, self.time_axis));
        let absolute = in_time.map_or(0.0, |[_, absolute]| absolute.sum());
        let signals = match self.signals {
            1 => "The signal".to_owned(),
            n => format!("The mean of {n} signals"),
        };
        // what is shown is averaged, and perhaps added up over these axes
        let sums = |axes: &[String], shown: &[f64]| {
            self.sums_over(axes, cancelled(shown.iter().copied(), absolute))
        };
        if signal.nrows() == 1 {
            let mut panels = Panels::new(title)
                .title("In time")
                .line("signal", over_time(signal.row(0)));
            let mut caption = format!("{signals}.");
            if let Some(attribution) = &attribution {
                panels = panels.bars("attribution", over_time(attribution.row(0)));
                let means = sums(&[], &attribution.row(0).to_vec());
                caption =
                    format!("{signals}, and what each sample contributes to the output.{means}");
            }
            return vec![Picture::new(format!("{name}-time"), panels.draw(), caption)];
        }
        let mut lanes = TimeSeries::new(title, step)
            .title("Signal")
            .size(720.0, 26.0);
        for (c, channel) in signal.rows().into_iter().enumerate().take(MOST_CHANNELS) {
            lanes = lanes.channel(&self.channel(c), &channel.to_vec());
        }
        let mut caption = format!("{signals}.");
        if signal.nrows() > MOST_CHANNELS {
            caption = format!(
                "{signals}: the first {MOST_CHANNELS} of {} channels.",
                signal.nrows()
            );
        }
        let mut pictures = Vec::new();
        if signal.ncols() > 1 {
            pictures.push(Picture::new(
                format!("{name}-signal"),
                lanes.draw(),
                caption,
            ));
        }
        if let Some(attribution) = &attribution {
            let totals = attribution.sum_axis(Axis(1));
            let named = totals
                .iter()
                .enumerate()
                .map(|(c, a)| (self.channel(c), *a));
            let time = match attribution.ncols() {
                1 => Vec::new(),
                _ => vec![Role::Time.to_string()],
            };
            let caption = format!(
                "What each channel contributes.{}",
                sums(&time, &totals.to_vec())
            );
            pictures.push(Picture::new(
                format!("{name}-channels"),
                bars(named),
                caption,
            ));
            if attribution.ncols() == 1 {
                return pictures;
            }
            let map = ChannelMap {
                names: self.built.channels.as_deref(),
                row: "channel",
                title: "In time",
                axis: title,
                value: "attribution",
            };
            let (figure, shown) = map.over_numbers(&times, attribution.view());
            let means = sums(&[], &attribution.iter().copied().collect::<Vec<_>>());
            let caption = format!(
                "What each sample of each channel contributes to the output.{means}{}",
                cancellation(shown.view())
            );
            pictures.push(Picture::new(format!("{name}-time"), figure, caption));
        }
        pictures
    }
}
