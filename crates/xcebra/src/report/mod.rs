//! Reports: figures for print and screen, and one self-contained page that holds them.

pub(crate) mod figure;
mod page;
mod pictures;

pub use figure::{BarChart, Figure, HeatMap, LineChart, Panels, Scatter, TileMap, TimeSeries};
pub use page::{Report, Table};
pub use pictures::{Picture, attribution_map, training_curves, verdict_map};
