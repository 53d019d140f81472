//! Tables of the experiment.

use xcebra::core::Shared;

use super::cell::Outcome;
use super::protocol::{Settings, Way};
use crate::table::Table;

type Measured = (Settings, Outcome);

/// What sessions share, and what a new animal gives: the smallest and the largest value over seeds, and over both animals.
pub fn sessions(measured: &[Measured]) -> Table {
    let mut table = Table::new([
        "encoder.shared",
        "map of one animal reads the other, R²",
        "trained apart, R²",
        "auROC of each map",
        "maps of both read the new animal, R²",
        "auROC of its map",
        "the others kept their bits",
    ]);
    for way in Way::all().into_iter().filter(Way::is_plain) {
        let all = of(measured, way);
        let new = all.iter().filter_map(|outcome| outcome.new.as_ref());
        let frozen = new.clone().all(|new| new.frozen);
        table.push([
            match way.shared {
                Shared::None => "none".to_owned(),
                Shared::Trunk => "trunk".to_owned(),
            },
            range(all.iter().flat_map(|o| o.across)),
            range(
                all.iter()
                    .filter_map(|o| o.apart.as_ref())
                    .flat_map(|o| o.across),
            ),
            range(all.iter().flat_map(|o| o.auroc)),
            range(new.clone().flat_map(|new| new.across)),
            range(new.map(|new| new.auroc)),
            if frozen { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}

/// What masks change.
pub fn masks(measured: &[Measured]) -> Table {
    let mut table = Table::new([
        "encoder",
        "noise",
        "mask_channels",
        "mask_times",
        "map of one animal reads the other, R²",
        "with a fifth of the channels lost, R²",
        "latents, R²",
        "auROC of each map",
    ]);
    for way in Way::all()
        .into_iter()
        .filter(|way| way.shared == Shared::None)
    {
        let all = of(measured, way);
        table.push([
            if way.window {
                "offset10-mse"
            } else {
                "offset1-mse-clip"
            }
            .to_owned(),
            way.noise.to_string(),
            way.mask_channels.to_string(),
            way.mask_times.to_string(),
            range(all.iter().flat_map(|o| o.across)),
            range(all.iter().flat_map(|o| o.lost)),
            range(all.iter().flat_map(|o| o.latents)),
            range(all.iter().flat_map(|o| o.auroc)),
        ]);
    }
    table
}

fn of(measured: &[Measured], way: Way) -> Vec<&Outcome> {
    let same = measured.iter().filter(|(settings, _)| settings.way == way);
    same.map(|(_, outcome)| outcome).collect()
}

/// `mean (least to most)`, or `–` without values.
fn range(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.collect();
    if values.is_empty() {
        return "–".to_owned();
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    format!("{mean:.3} ({least:.3} to {most:.3})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_their_mean() {
        assert_eq!(range([0.5, 1.0, 0.9].into_iter()), "0.800 (0.500 to 1.000)");
        assert_eq!(range(std::iter::empty()), "–");
    }
}
