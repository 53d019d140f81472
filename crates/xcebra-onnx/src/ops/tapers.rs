//! Constants of spectral analysis: windows and the weights of mel bands.

use std::f64::consts::TAU;

use xcebra_model::Scalar;

use super::Call;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Kind;

/// Cosines that add up to the window of this name.
fn cosines(op: &str) -> Vec<f64> {
    match op {
        "HannWindow" => vec![0.5, -0.5],
        // as PyTorch and SciPy have it since 25/46 of the definition was rounded
        "HammingWindow" => vec![25.0 / 46.0, -21.0 / 46.0],
        _ => vec![0.42, -0.5, 0.08],
    }
}

/// A sum of cosines over one period, which ends before the next begins unless `periodic` is 0.
pub(crate) fn window<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let size = call.required(b, 0)?;
    let size = b.number(size, "the length of the window")?;
    if !(0.0..1e15).contains(&size) {
        return b.refuse(format!("a window of length {size}"));
    }
    let period = match call.node.int("periodic").unwrap_or(1) {
        0 => size - 1.0,
        _ => size,
    };
    let size = size as usize;
    // before it is allocated
    b.check(&[size])?;
    let cosines = cosines(&call.node.op);
    let value = |i: usize| {
        let angle = if period > 0.0 {
            TAU * i as f64 / period
        } else {
            0.0
        };
        let cosines = cosines.iter().enumerate();
        cosines
            .map(|(k, weight)| weight * (k as f64 * angle).cos())
            .sum()
    };
    b.constant(&[size], Kind::Real, (0..size).map(value).collect())
}

/// Triangles of equal width on the mel scale: (frequencies, bands).
pub(crate) fn mel<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let number = |i: usize, what: &str| {
        let slot = call.required(b, i)?;
        b.number(slot, what)
    };
    let bands = number(0, "the number of bands")?;
    let length = number(1, "the length of the transform")?;
    let rate = number(2, "the sampling rate")?;
    let (low, high) = (
        number(3, "the lowest frequency")?,
        number(4, "the highest frequency")?,
    );
    let sizes = 0.0..1e9;
    let is_wrong = !sizes.contains(&bands) || !sizes.contains(&length);
    if is_wrong || rate <= 0.0 || !(0.0..high).contains(&low) {
        return b.refuse(format!(
            "{bands} bands from {low} to {high} Hz of a transform of length {length} at {rate} Hz"
        ));
    }
    let (bands, frequencies) = (bands as usize, length as usize / 2 + 1);
    b.check(&[frequencies, bands])?;
    let mel = |hertz: f64| 2595.0 * (1.0 + hertz / 700.0).log10();
    let step = (mel(high) - mel(low)) / (bands + 2) as f64;
    // edges of the bands, in bins of the transform
    let edge = |i: usize| {
        let hertz = 700.0 * (10_f64.powf((mel(low) + i as f64 * step) / 2595.0) - 1.0);
        ((length + 1.0) * hertz / rate).floor()
    };
    let weight = |bin: f64, band: usize| {
        let (left, centre, right) = (edge(band), edge(band + 1), edge(band + 2));
        if left == centre && bin == centre {
            1.0
        } else if (left..=centre).contains(&bin) && left < centre {
            (bin - left) / (centre - left)
        } else if (centre..right).contains(&bin) {
            (right - bin) / (right - centre)
        } else {
            0.0
        }
    };
    let weights = (0..frequencies * bands).map(|i| weight((i / bands) as f64, i % bands));
    b.constant(&[frequencies, bands], Kind::Real, weights.collect())
}
