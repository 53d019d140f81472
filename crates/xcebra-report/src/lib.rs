//! Figures for print and screen, and one self-contained page that holds them.
//!
//! A figure takes numbers and words and draws itself as SVG or PNG, with a sentence for readers who cannot
//! see it. It needs no fonts, follows a page's light or dark theme, and knows nothing of encoders or
//! attributions.
//!
//! | you have | you draw |
//! |---|---|
//! | a matrix of numbers or of classes | [`HeatMap`] |
//! | values at positions, one line or several | [`LineChart`], [`TimeSeries`], [`Panels`] |
//! | one value for each name | [`BarChart`] |
//! | points in a plane | [`Scatter`] |
//! | points in three or more dimensions, such as an embedding | [`PointCloud`] |
//! | values at electrodes of the head | [`ScalpMap`] |
//! | rectangles of time and frequency | [`TileMap`] |
//! | a figure for a paper: its width in millimetres, its letters in points | [`Paper`] |
//! | all of it with words and tables, on one page | [`Report`], [`Table`] |
//!
//! ```
//! use ndarray::array;
//! use xcebra_report::{HeatMap, Report};
//!
//! let map = array![[0.9, 0.1], [0.2, 0.8]];
//! let figure = HeatMap::new(map.view()).rows("channel").columns("latent").draw();
//! assert!(figure.svg().starts_with("<svg"));
//! let page = Report::new("A map").figure(figure, "Each latent drives one channel.");
//! assert!(page.html().contains("Each latent drives one channel."));
//! ```

#![forbid(unsafe_code)]

mod figure;
mod page;
mod picture;

pub use figure::{
    BarChart, Figure, HeatMap, LineChart, Panels, Paper, PointCloud, ScalpMap, Scatter, TileMap,
    TimeSeries, number,
};
pub use page::{Report, Table};
pub use picture::Picture;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
