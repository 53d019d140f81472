//! Decompositions by statsmodels and `PyWavelets`; see `tests/data/README.md`.

use std::fs::File;

use cdig::Domain;
use cdig::domains::{SeasonalTrend, Wavelet, WaveletFamily, WaveletPackets};
use ndarray::{ArrayD, Axis, IxDyn, OwnedRepr};
use ndarray_npy::NpzReader;

fn load(file: &str, name: &str) -> ArrayD<f64> {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut file = NpzReader::new(File::open(path).unwrap()).unwrap();
    file.by_name::<OwnedRepr<f64>, IxDyn>(name).unwrap()
}

fn coefficients(domain: &dyn Domain<f64>, signal: &ArrayD<f64>) -> ArrayD<f64> {
    let z = domain.forward(signal.view().insert_axis(Axis(0))).unwrap();
    z.index_axis(Axis(0), 0).mapv(|z| z.re)
}

fn assert_close(found: &ArrayD<f64>, expected: &ArrayD<f64>, tolerance: f64, what: &str) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance, "{what}: {a} and {b}");
    }
}

fn series(name: &str) -> ArrayD<f64> {
    load("stl.npz", name)
}

/// Both compute the same sums, in another order: 1e-10 for numbers of the order of 10, which
/// the loess fits of 5 to 30 iterations carry on.
#[test]
fn seasonal_trend_is_that_of_statsmodels() {
    let stl = |x: &str, period| SeasonalTrend::new(series(x).shape(), 1.0, period).unwrap();
    let noisy = || stl("robust_x", 12);
    for (domain, x, name) in [
        (stl("paper_x", 64).season(11).unwrap(), "paper_x", "paper"),
        (noisy().robust(true), "robust_x", "robust"),
        (noisy(), "robust_x", "nonrobust_noisy"),
        (noisy().degrees(0, 0, 0).unwrap(), "robust_x", "deg0_noisy"),
        (
            noisy().robust(true).jumps(2, 3, 3).unwrap(),
            "robust_x",
            "jump_robust",
        ),
    ] {
        let signal = series(x);
        let parts = coefficients(&domain, &signal);
        let part = |i| parts.index_axis(Axis(0), i).to_owned();
        let (trend, season) = (
            series(&format!("{name}_trend")),
            series(&format!("{name}_seasonal")),
        );
        assert_close(&part(0), &trend, 1e-10, name);
        assert_close(&part(1), &season, 1e-10, name);
        assert_close(&part(2), &(signal - trend - season), 1e-10, name);
    }
}

/// Order, sign, phase of decimation, and the order of packets; 1e-13 is rounding of sums over 20
/// taps. `PyWavelets`' symlet filters miss orthonormality by up to 8e-13 (`Σ h² − 1`), ours by rounding.
#[test]
fn wavelets_and_packets_are_those_of_pywavelets() {
    let x = load("wavelets.npz", "x");
    for family in [
        WaveletFamily::Haar,
        WaveletFamily::Daubechies(2),
        WaveletFamily::Daubechies(4),
        WaveletFamily::Daubechies(10),
        WaveletFamily::Symlet(4),
        WaveletFamily::Symlet(5),
        WaveletFamily::Symlet(6),
    ] {
        let tolerance = match family {
            WaveletFamily::Symlet(_) => 1e-11,
            _ => 1e-13,
        };
        let wavelet = Wavelet::new(&[32], 1.0, family, 3).unwrap();
        let expected = load("wavelets.npz", &format!("{family}_dwt3"));
        assert_close(
            &coefficients(&wavelet, &x),
            &expected,
            tolerance,
            &format!("{family}"),
        );
        let packets = WaveletPackets::new(&[32], 1.0, family, 2).unwrap();
        let expected = load("wavelets.npz", &format!("{family}_packets2"));
        assert_close(
            &coefficients(&packets, &x),
            &expected,
            tolerance,
            &format!("{family}"),
        );
    }
}
