//! Pictures over time and frequency.

use cdig::axes::{Band, Tile};
use ndarray::{Array1, Array2};

use crate::explain::View;
use crate::report::{Figure, TileMap};

impl View<'_> {
    pub(super) fn wavelet(&self, tiles: &[Tile], attribution: &Array1<f64>) -> Figure {
        let mut map = self.plane().log_y();
        for (tile, a) in tiles.iter().zip(attribution) {
            let (from, to) = (
                tile.centre - tile.width / 2.0,
                tile.centre + tile.width / 2.0,
            );
            map = map.tile((from, to), (tile.limits.start, tile.limits.end), *a);
        }
        map.draw()
    }

    pub(super) fn bands(&self, bands: &[Band], times: &[f64], attribution: &Array2<f64>) -> Figure {
        let mut map = self.plane();
        let half = times.get(1).map_or(0.5, |t| (t - times[0]) / 2.0);
        // one row at a time: rows have their own heights
        for (row, band) in attribution.rows().into_iter().zip(bands) {
            let every = times.len().div_ceil(320).max(1);
            for (chunk, at) in row.to_vec().chunks(every).zip(times.chunks(every)) {
                let largest = chunk.iter().max_by(|a, b| a.abs().total_cmp(&b.abs()));
                let x = (at[0] - half, at[at.len() - 1] + half);
                let y = (band.limits.start, band.limits.end);
                map = map.tile(x, y, *largest.unwrap_or(&0.0));
            }
        }
        map.draw()
    }

    /// An empty map over time and frequency.
    pub(super) fn plane(&self) -> TileMap {
        TileMap::new("time (s)", &self.frequency_title())
            .title("Time and frequency")
            .value("attribution")
    }
}
