//! What domains refuse, by type and in words.

use cdig::domains::{
    AnalyticSignal, Basis, ComplexCepstrum, Compose, Dct, FilterBank, Fourier, PerChannel,
    SeasonalTrend, Stft, Wavelet, WaveletFamily, WaveletPackets, Window,
};
use cdig::{CdigError, Domain, Explainer};
use ndarray::{Array2, ArrayD, Axis, array};
use xcebra_model::Advice;

use crate::models::{Activation, Network, random};

const HAAR: WaveletFamily = WaveletFamily::Haar;

#[track_caller]
fn parameter<T>(found: Result<T, CdigError>, words: &str) {
    match found {
        Err(error @ CdigError::Parameter { .. }) => {
            let message = error.to_string();
            assert!(message.contains(words), "{message}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not refused: {words}"),
    }
}

#[track_caller]
fn shape<T>(found: Result<T, CdigError>) {
    match found {
        Err(CdigError::Shape { .. }) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not refused"),
    }
}

#[track_caller]
fn not_finite<T>(found: Result<T, CdigError>) {
    assert!(matches!(found, Err(CdigError::NonFinite { .. })));
}

#[test]
fn empty_shapes_and_wrong_rates_are_refused_by_every_domain() {
    let window = Window::Hann.samples(4);
    for empty in [&[][..], &[0], &[2, 0], &[0, 8]] {
        shape(Dct::new(empty, 1.0));
        shape(Stft::new(empty, 1.0, &window, 1));
        shape(Wavelet::new(empty, 1.0, HAAR, 1));
        shape(WaveletPackets::new(empty, 1.0, HAAR, 1));
        shape(AnalyticSignal::new(empty, 1.0));
        shape(ComplexCepstrum::new(empty, 1.0));
        shape(FilterBank::new(empty, 1.0, &[0.1]));
        shape(SeasonalTrend::new(empty, 1.0, 2));
        shape(Basis::from_mixing(
            empty,
            0,
            &[],
            Array2::zeros((0, 0)).view(),
        ));
    }
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        parameter(Dct::new(&[8], rate), "sampling rate");
        parameter(Stft::new(&[8], rate, &window, 1), "sampling rate");
        parameter(Wavelet::new(&[8], rate, HAAR, 1), "sampling rate");
        parameter(WaveletPackets::new(&[8], rate, HAAR, 1), "sampling rate");
        parameter(AnalyticSignal::new(&[8], rate), "sampling rate");
        parameter(ComplexCepstrum::new(&[8], rate), "sampling rate");
        parameter(FilterBank::new(&[8], rate, &[0.1]), "sampling rate");
        parameter(SeasonalTrend::new(&[8], rate, 2), "sampling rate");
    }
    parameter(Dct::new(&[8], 1.0).unwrap().along(1), "time axis");
    parameter(Wavelet::on_axis(&[8], 1, 1.0, HAAR, 1), "time axis");
    parameter(SeasonalTrend::on_axis(&[8], 1, 1.0, 2), "time axis");
}

#[test]
fn windows_that_lose_samples_are_refused() {
    let hann = Window::Hann.samples(8);
    parameter(Stft::new(&[32], 1.0, &[], 1), "window's length");
    parameter(Stft::new(&[32], 1.0, &hann, 0), "hop");
    parameter(Stft::new(&[32], 1.0, &hann, 8), "at sample 4");
    parameter(Stft::new(&[32], 1.0, &hann, 20), "no inverse exists");
    parameter(Stft::new(&[32], 1.0, &[0.0; 4], 1), "no inverse exists");
    not_finite(Stft::new(&[32], 1.0, &[1.0, f64::NAN], 1));
    assert!(Stft::new(&[32], 1.0, &Window::Rectangular.samples(8), 8).is_ok());
    assert!(Stft::new(&[32], 1.0, &hann, 7).is_ok());
    assert!(Stft::new(&[1], 1.0, &hann, 100).is_ok());
}

#[test]
fn levels_and_wavelets_out_of_range_are_refused() {
    parameter(Wavelet::new(&[8], 1.0, HAAR, 0), "1 to 3 for 8 samples");
    parameter(Wavelet::new(&[8], 1.0, HAAR, 4), "1 to 3 for 8 samples");
    parameter(Wavelet::new(&[9], 1.0, HAAR, 5), "1 to 4 for 9 samples");
    parameter(Wavelet::new(&[1], 1.0, HAAR, 1), "level");
    parameter(Wavelet::new(&[8], 1.0, HAAR, usize::MAX), "level");
    assert!(Wavelet::new(&[9], 1.0, HAAR, 4).is_ok());
    for family in [
        WaveletFamily::Daubechies(0),
        WaveletFamily::Daubechies(11),
        WaveletFamily::Symlet(3),
        WaveletFamily::Symlet(7),
    ] {
        parameter(Wavelet::new(&[8], 1.0, family, 1), &family.to_string());
    }
    parameter(
        WaveletPackets::new(&[12], 1.0, HAAR, 3),
        "1 to 2 for 12 samples",
    );
    parameter(WaveletPackets::new(&[8], 1.0, HAAR, 0), "level");
    parameter(
        WaveletPackets::new(&[7], 1.0, HAAR, 1),
        "a multiple of 2^level",
    );
    let odd = WaveletPackets::new(&[7], 1.0, HAAR, 1).err().unwrap();
    assert_eq!(odd.advice().as_deref(), Some("cut or pad the signal"));
}

#[test]
fn bands_that_do_not_fit_are_refused() {
    for edges in [
        &[0.0][..],
        &[4.0],
        &[2.0, 2.0],
        &[3.0, 1.0],
        &[f64::NAN],
        &[-1.0],
    ] {
        parameter(FilterBank::new(&[8], 8.0, edges), "band edges");
    }
    let bank = || FilterBank::new(&[8], 8.0, &[1.0, 3.0]).unwrap();
    for width in [-0.1, 1.1, f64::NAN] {
        parameter(bank().transition(width), "0 to 1 Hz");
    }
    parameter(bank().names(["low"]), "one for each band");
    assert!(FilterBank::new(&[8], 8.0, &[]).is_ok());
}

#[test]
fn bases_that_are_none_are_refused() {
    let mixing = |columns: Array2<f64>| Basis::from_mixing(&[2, 5], 0, &[0.0; 2], columns.view());
    parameter(mixing(array![[1.0, 2.0], [2.0, 4.0]]), "singular: vector 1");
    parameter(mixing(array![[0.0, 2.0], [0.0, 4.0]]), "singular: vector 0");
    not_finite(mixing(array![[1.0, f64::NAN], [2.0, 4.0]]));
    shape(mixing(array![[1.0, 2.0, 3.0], [2.0, 4.0, 1.0]]));
    shape(mixing(Array2::zeros((2, 0))));
    let unit = Array2::eye(2);
    shape(Basis::from_mixing(&[2, 5], 0, &[0.0; 3], unit.view()));
    shape(Basis::from_mixing(&[2, 5], 1, &[0.0; 5], unit.view()));
    not_finite(Basis::from_mixing(
        &[2, 5],
        0,
        &[0.0, f64::INFINITY],
        unit.view(),
    ));
    parameter(
        Basis::from_mixing(&[2, 5], 2, &[0.0; 2], unit.view()),
        "axis",
    );
    let skewed = array![[1.0, 0.1], [0.0, 1.0]];
    parameter(
        Basis::from_orthonormal(&[2, 5], 0, &[0.0; 2], skewed.view()),
        "orthonormal",
    );
    not_finite(Basis::from_orthonormal(
        &[2],
        0,
        &[0.0; 2],
        array![[f64::NAN, 0.0]].view(),
    ));
    let named = Basis::from_mixing(&[2, 5], 0, &[0.0; 2], unit.view()).unwrap();
    parameter(named.names(["one"]), "one for each component");
}

#[test]
fn data_that_cannot_be_fitted_are_refused() {
    let data = random(&[4, 3, 5], 1);
    parameter(Basis::pca(data.view(), 0, 0), "number of components");
    parameter(Basis::pca(data.view(), 0, 4), "1 to 3");
    parameter(Basis::pca(data.view(), 2, 1), "axis");
    shape(Basis::pca(random(&[1, 3], 1).view(), 0, 1));
    shape(Basis::pca(random(&[0, 3, 5], 1).view(), 0, 1));
    shape(Basis::pca(random(&[3], 1).view(), 0, 1));
    let mut gap = data.clone();
    gap[[1, 2, 3]] = f64::NAN;
    not_finite(Basis::pca(gap.view(), 0, 1));

    let twice = ndarray::stack![
        Axis(0),
        data.index_axis(Axis(0), 0),
        data.index_axis(Axis(0), 0)
    ];
    parameter(Basis::components(twice.view()), "vector 1");
    parameter(
        Basis::components(ArrayD::<f64>::zeros(vec![1, 5]).view()),
        "vector 0",
    );
    shape(Basis::components(ArrayD::<f64>::zeros(vec![0, 5]).view()));
    shape(Basis::components(ArrayD::<f64>::zeros(vec![5]).view()));
    shape(Basis::components(random(&[3, 2], 1).view())); // more components than samples
}

#[test]
fn seasons_out_of_range_are_refused() {
    let stl = |period| SeasonalTrend::new(&[12], 1.0, period);
    for period in [0, 1, 7, usize::MAX] {
        parameter(stl(period), "the period");
    }
    parameter(stl(6).unwrap().season(6), "odd number of periods");
    parameter(stl(6).unwrap().season(1), "odd number of periods");
    parameter(stl(6).unwrap().degrees(0, 2, 1), "0 or 1");
    parameter(stl(6).unwrap().jumps(1, 0, 1), "jumps");
    let message = stl(6)
        .unwrap()
        .amounts_in(ArrayD::<f64>::zeros(vec![12]).view());
    shape(message);
    shape(stl(6).unwrap().amounts_in(random(&[13], 1).view()));
    let gap = ArrayD::from_elem(vec![1, 12], f64::NAN);
    not_finite(stl(6).unwrap().robust(true).forward(gap.view()));
}

/// A signal whose spectrum vanishes, silence first of all, has no cepstrum; the error says where and
/// what to do.
#[test]
fn signals_without_a_cepstrum_are_refused() {
    let domain = ComplexCepstrum::new(&[2, 8], 8.0).unwrap();
    let mut signals = random(&[3, 2, 8], 4);
    let mut constant = signals.index_axis_mut(Axis(0), 1);
    constant.index_axis_mut(Axis(0), 1).fill(1.0);
    match domain.forward(signals.view()) {
        Err(CdigError::SpectralZero {
            signal, frequency, ..
        }) => {
            assert_eq!((signal, frequency), (1, 1.0));
        }
        other => panic!("{other:?}"),
    }
    let model = Network::random(&[2, 8], 3, 1, Activation::Tanh, 0);
    let found = Explainer::new(&model).explain(&domain, random(&[2, 8], 1).view());
    let error = found.unwrap_err();
    assert!(error.advice().unwrap().contains("unit impulse"), "{error}");
    parameter(domain.split_at(0.0), "quefrency");
}

#[test]
fn combinations_that_do_not_fit_are_refused() {
    let dct = || Dct::new(&[8], 1.0).unwrap();
    let fourier = || Fourier::<f64>::new(&[8], 1.0).unwrap();
    parameter(
        Compose::<f64>::new(fourier(), dct()),
        "'fourier', which is complex",
    );
    shape(Compose::<f64>::new(dct(), Dct::new(&[9], 1.0).unwrap()));
    shape(PerChannel::<f64>::new(&[2, 9], 0, dct()));
    parameter(PerChannel::<f64>::new(&[2, 8], 2, dct()), "axis");
    let phase = AnalyticSignal::new(&[8], 1.0).unwrap();
    shape(phase.clone().phase_of_silence(random(&[9], 1).view()));
    not_finite(phase.phase_of_silence(ndarray::Array1::from_elem(8, f64::NAN).view()));
}
