//! All domains, for tests that hold in every one.

use cdig::domains::{
    AnalyticSignal, Basis, ComplexCepstrum, Compose, Dct, FilterBank, Fourier, PerChannel,
    SeasonalTrend, Stft, Wavelet, WaveletFamily, WaveletPackets, Window, WithRemainder,
};
use cdig::{Domain, RealFourier, Scalar, Time};
use ndarray::{Array2, ArrayD, Axis};
use proptest::prelude::*;

use crate::models::random;

/// Where time is, and how many samples and channels there are.
#[derive(Debug, Clone)]
pub struct Layout {
    pub shape: Vec<usize>,
    pub time: usize,
}

/// Layouts that every domain takes: the number of samples is a multiple of 4, at least 8.
pub fn layouts() -> impl Strategy<Value = Layout> {
    (2_usize..6, 1_usize..4, 0_usize..3).prop_map(|(quarter, channels, order)| {
        let steps = 4 * quarter;
        let (shape, time) = match order {
            0 => (vec![steps], 0),
            1 => (vec![channels, steps], 1),
            _ => (vec![steps, channels], 0),
        };
        Layout { shape, time }
    })
}

impl Layout {
    fn steps(&self) -> usize {
        self.shape[self.time]
    }

    /// The axis of channels, or time if there is none.
    fn channels(&self) -> usize {
        if self.shape.len() == 2 {
            1 - self.time
        } else {
            0
        }
    }

    /// Signals with most of their weight at time 0, whose spectra stay away from 0.
    pub fn decaying(&self, n: usize, seed: u64) -> ArrayD<f64> {
        let mut shape = vec![n];
        shape.extend_from_slice(&self.shape);
        let mut signals = random(&shape, seed);
        for (t, mut moment) in signals.axis_iter_mut(Axis(self.time + 1)).enumerate() {
            moment *= 0.4_f64.powi(t as i32);
            if t == 0 {
                moment += 3.0;
            }
        }
        signals
    }
}

/// An invertible matrix that is not orthogonal.
fn mixing(n: usize, seed: u64) -> Array2<f64> {
    let noise = random(&[n, n], seed) * (0.6 / n as f64);
    Array2::eye(n) + noise.into_dimensionality::<ndarray::Ix2>().unwrap()
}

/// Every domain on its own, and combinations, at 8 samples a second.
pub fn every_domain<A: Scalar>(layout: &Layout, seed: u64) -> Vec<Box<dyn Domain<A>>> {
    let Layout { shape, time } = layout;
    let (shape, time) = (&shape[..], *time);
    let wide = layout.channels();
    let width = shape[wide];
    let offset: Vec<f64> = random(&[width], seed).iter().copied().collect();
    let mut batch = vec![3 * width];
    batch.extend_from_slice(shape);
    let data = random(&batch, seed ^ 1);
    let independent = Basis::from_mixing(shape, wide, &offset, mixing(width, seed).view()).unwrap();
    let truncated = Basis::pca(data.view(), wide, width.div_ceil(2)).unwrap();
    let bank = FilterBank::new(shape, 8.0, &[1.0, 2.5]).unwrap();
    let hann = Window::Hann.samples(6);

    let mut all: Vec<Box<dyn Domain<A>>> = vec![
        Box::new(Time::new(shape).unwrap().along(time).unwrap()),
        Box::new(Fourier::new(shape, 8.0).unwrap().along(time).unwrap()),
        Box::new(RealFourier::new(shape, 8.0).unwrap().along(time).unwrap()),
        Box::new(Dct::new(shape, 8.0).unwrap().along(time).unwrap()),
        Box::new(
            Stft::new(shape, 8.0, &hann, 2)
                .unwrap()
                .along(time)
                .unwrap(),
        ),
        Box::new(bank.transition(0.8).unwrap().along(time).unwrap()),
        Box::new(
            AnalyticSignal::new(shape, 8.0)
                .unwrap()
                .along(time)
                .unwrap(),
        ),
        Box::new(
            ComplexCepstrum::new(shape, 8.0)
                .unwrap()
                .along(time)
                .unwrap(),
        ),
        Box::new(independent.clone()),
        Box::new(Basis::pca(data.view(), wide, width).unwrap()),
        Box::new(WithRemainder::new(truncated)),
        Box::new(WithRemainder::new(
            Basis::components(random(&batch, seed ^ 2).slice_axis(Axis(0), (0..2).into())).unwrap(),
        )),
        Box::new(WithRemainder::new(Fourier::new(shape, 8.0).unwrap())),
    ];
    for (family, level) in [
        (WaveletFamily::Haar, 1),
        (WaveletFamily::Daubechies(2), 3),
        (WaveletFamily::Symlet(4), 2),
    ] {
        let wavelet = Wavelet::on_axis(shape, time, 8.0, family, level).unwrap();
        all.push(Box::new(wavelet));
        let level = level.min(2);
        let packets = WaveletPackets::on_axis(shape, time, 8.0, family, level).unwrap();
        all.push(Box::new(packets));
    }
    for robust in [false, true] {
        let parts = SeasonalTrend::on_axis(shape, time, 8.0, 4).unwrap();
        all.push(Box::new(parts.robust(robust)));
    }

    // combinations
    let spectrum = RealFourier::new(shape, 8.0).unwrap().along(time).unwrap();
    let polar = AnalyticSignal::new(shape, 8.0)
        .unwrap()
        .along(time)
        .unwrap();
    let parts = SeasonalTrend::on_axis(shape, time, 8.0, 4).unwrap();
    let split = Domain::<A>::coefficient_shape(&parts).to_vec();
    let of_parts = Dct::new(&split, 8.0).unwrap().along(time + 1).unwrap();
    all.push(Box::new(
        Compose::new(independent.clone(), spectrum).unwrap(),
    ));
    all.push(Box::new(Compose::new(independent, polar).unwrap()));
    all.push(Box::new(Compose::new(parts, of_parts).unwrap()));
    if shape.len() == 2 {
        let one = Stft::new(&[layout.steps()], 8.0, &hann, 3).unwrap();
        all.push(Box::new(PerChannel::new(shape, wide, one).unwrap()));
        let one = AnalyticSignal::new(&[layout.steps()], 8.0).unwrap();
        all.push(Box::new(PerChannel::new(shape, wide, one).unwrap()));
    }
    all
}
