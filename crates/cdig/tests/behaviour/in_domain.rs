//! Models as functions of coefficients.

use cdig::domains::Fourier;
use cdig::{CdigError, Domain, InDomain, Model, RealFourier, Time};
use ndarray::{Array1, ArrayD, Axis};
use num_complex::Complex;
use proptest::prelude::*;
use xcebra_model::check_vjp;

use crate::laws::Logarithm;
use crate::models::{Activation, Network, random};

fn network(shape: &[usize], activation: Activation, seed: u64) -> Network {
    Network::random(shape, 5, 3, activation, seed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Pull-backs against finite differences, real and complex, affine and not, and the Jacobian
    /// against the pull-backs; `encode` leads back to the signal.
    #[test]
    fn in_domain_derivatives_agree_with_finite_differences(
        n in 2_usize..9,
        kind in 0_usize..4,
        seed in any::<u64>(),
    ) {
        let shape = [2, n];
        let model = network(&shape, Activation::Tanh, seed);
        let domain: Box<dyn Domain<f64>> = match kind {
            0 => Box::new(Time::new(&shape).unwrap()),
            1 => Box::new(Fourier::new(&shape, 1.0).unwrap()),
            2 => Box::new(RealFourier::new(&shape, 1.0).unwrap()),
            _ => Box::new(Logarithm::new(&shape)),
        };
        let inside = InDomain::new(&model, &*domain).unwrap();
        let signals = random(&[3, 2, n], seed ^ 1) + 2.0;
        let x = inside.encode(signals.view()).unwrap();
        let direct = model.forward(signals.view()).unwrap();
        for (a, b) in inside.forward(x.view()).unwrap().iter().zip(&direct) {
            prop_assert!((a - b).abs() < 1e-12);
        }
        prop_assert!(check_vjp(&inside, x.view()).unwrap().passed());
        let jacobian = inside.jacobian(x.view()).unwrap();
        for k in 0..3 {
            let mut cotangent = ndarray::Array2::zeros((3, 3));
            cotangent.column_mut(k).fill(1.0);
            let row = inside.vjp(x.view(), cotangent.view()).unwrap();
            for (a, b) in jacobian.index_axis(Axis(1), k).iter().zip(&row) {
                prop_assert!((a - b).abs() < 1e-14);
            }
        }
    }
}

/// For `f(x) = ⟨w, x⟩` the derivative with respect to `z_k = a + ib` of the one-sided spectrum is
/// `2 W_k / N` as (re, im), half of it at 0 Hz and Nyquist, with `W` the spectrum of `w`.
#[test]
fn a_linear_model_in_closed_form() {
    let n = 8;
    let mut model = Network::random(&[n], 1, 1, Activation::Linear, 3);
    model.outer.fill(1.0);
    let w: Array1<f64> = model.inner.column(0).to_owned();
    let domain = RealFourier::new(&[n], 8.0)
        .unwrap()
        .bands([("slow", 0.0..1.5), ("fast", 1.5..5.0)])
        .unwrap();
    let inside = InDomain::new(&model, &domain).unwrap();
    assert_eq!(inside.input_shape(), [5, 2]);
    let x = inside.encode(random(&[1, n], 1).view()).unwrap();
    let jacobian = inside.jacobian(x.view()).unwrap();
    let spectrum: Vec<Complex<f64>> = (0..=n / 2)
        .map(|k| {
            let wave = |t: usize| {
                let angle = -std::f64::consts::TAU * (k * t) as f64 / n as f64;
                Complex::from_polar(w[t], angle)
            };
            let share = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
            (0..n).map(wave).sum::<Complex<f64>>() * (share / n as f64)
        })
        .collect();
    let sizes = inside.pool_parts(jacobian.view()).unwrap();
    assert_eq!(sizes.shape(), [1, 1, 5]);
    for (k, expected) in spectrum.iter().enumerate() {
        // rounding of eight terms
        assert!((jacobian[[0, 0, k, 0]] - expected.re).abs() < 1e-14);
        let single = k == 0 || 2 * k == n;
        let imaginary = if single { 0.0 } else { expected.im };
        assert!((jacobian[[0, 0, k, 1]] - imaginary).abs() < 1e-14);
        assert!((sizes[[0, 0, k]] - expected.re.hypot(imaginary)).abs() < 1e-14);
    }
    let (names, bands) = inside.pool_groups(sizes.view(), 0).unwrap();
    assert_eq!(names, ["slow", "fast"]);
    let slow = (sizes[[0, 0, 0]].powi(2) + sizes[[0, 0, 1]].powi(2)).sqrt();
    assert!((bands[[0, 0, 0]] - slow).abs() < 1e-15);
    assert_eq!(inside.axes(), Domain::<f64>::axes(&domain));
}

#[test]
fn real_domains_pool_to_absolute_values() {
    let model = network(&[4], Activation::Tanh, 1);
    let time = Time::new(&[4]).unwrap();
    let inside = InDomain::new(&model, &time).unwrap();
    let map = random(&[2, 3, 4], 1);
    assert_eq!(inside.pool_parts(map.view()).unwrap(), map.mapv(f64::abs));
    assert!(matches!(
        inside.pool_groups(map.view(), 0),
        Err(CdigError::Parameter { .. })
    ));
}

#[test]
fn refuses_what_does_not_fit() {
    let model = network(&[4], Activation::Tanh, 1);
    let other = Fourier::<f64>::new(&[5], 1.0).unwrap();
    assert!(matches!(
        InDomain::new(&model, &other),
        Err(CdigError::Shape { .. })
    ));
    let domain = Fourier::<f64>::new(&[4], 1.0).unwrap();
    let inside = InDomain::new(&model, &domain).unwrap();
    let wrong = ArrayD::<f64>::zeros(vec![2, 4]);
    assert!(inside.pool_parts(wrong.view()).is_err());
    assert!(inside.forward(wrong.view()).is_err());
    assert!(inside.encode(random(&[2, 3], 1).view()).is_err());
    let empty = ArrayD::<f64>::zeros(vec![0, 4, 2]);
    assert_eq!(inside.jacobian(empty.view()).unwrap().shape(), [0, 3, 4, 2]);
}

/// A convolutional encoder made by hand: each kernel is as long as the window, a cosine and a sine of one
/// frequency on one channel, whose squares add up to the amplitude there; the last layer mixes the
/// amplitudes and saturates.
struct Amplitudes {
    /// Channel and frequency bin of each amplitude.
    tones: Vec<(usize, usize)>,
    /// `(outputs, tones)`.
    mixing: ndarray::Array2<f64>,
}

const WINDOW: usize = 32;
const CHANNELS: usize = 3;

impl Amplitudes {
    /// Amplitudes of a window `(channels, time)`, and their gradients.
    fn amplitudes(&self, x: &ndarray::ArrayViewD<'_, f64>) -> Vec<(f64, ArrayD<f64>)> {
        let tone = |&(channel, bin): &(usize, usize)| {
            let angle = |t: usize| std::f64::consts::TAU * (bin * t) as f64 / WINDOW as f64;
            let (mut re, mut im) = (0.0, 0.0);
            for t in 0..WINDOW {
                re += angle(t).cos() * x[[channel, t]] * 2.0 / WINDOW as f64;
                im += angle(t).sin() * x[[channel, t]] * 2.0 / WINDOW as f64;
            }
            let amplitude = re.hypot(im);
            let gradient = ArrayD::from_shape_fn(vec![CHANNELS, WINDOW], |at| {
                let along = (re * angle(at[1]).cos() + im * angle(at[1]).sin()) / amplitude;
                if at[0] == channel {
                    along * 2.0 / WINDOW as f64
                } else {
                    0.0
                }
            });
            (amplitude, gradient)
        };
        self.tones.iter().map(tone).collect()
    }
}

impl Model<f64> for Amplitudes {
    fn input_shape(&self) -> &[usize] {
        &[CHANNELS, WINDOW]
    }

    fn output_dim(&self) -> usize {
        self.mixing.nrows()
    }

    fn forward(
        &self,
        x: ndarray::ArrayViewD<'_, f64>,
    ) -> Result<ndarray::Array2<f64>, cdig::ModelError> {
        let rows = x.outer_iter().flat_map(|x| {
            let found: Array1<f64> = self.amplitudes(&x).into_iter().map(|(a, _)| a).collect();
            self.mixing.dot(&found).mapv(f64::tanh).to_vec()
        });
        let shape = (x.shape()[0], self.output_dim());
        Ok(ndarray::Array2::from_shape_vec(shape, rows.collect()).unwrap())
    }

    fn vjp(
        &self,
        x: ndarray::ArrayViewD<'_, f64>,
        cotangent: ndarray::ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, cdig::ModelError> {
        let mut gradients = ArrayD::zeros(x.raw_dim());
        let rows = gradients
            .outer_iter_mut()
            .zip(x.outer_iter())
            .zip(cotangent.outer_iter());
        for ((mut gradient, x), cotangent) in rows {
            let tones = self.amplitudes(&x);
            let found: Array1<f64> = tones.iter().map(|(a, _)| *a).collect();
            let slope = self.mixing.dot(&found).mapv(|p| 1.0 - p.tanh().powi(2));
            let back = (&slope * &cotangent).dot(&self.mixing);
            for ((_, tone), back) in tones.iter().zip(back) {
                gradient.scaled_add(back, tone);
            }
        }
        Ok(gradients)
    }
}

/// `Jᵀ (J Jᵀ)⁻¹` of a matrix with few, independent rows, by Gauss–Jordan elimination.
fn pseudo_inverse(jacobian: &ndarray::Array2<f64>) -> ndarray::Array2<f64> {
    let d = jacobian.nrows();
    let (mut gram, mut inverse) = (jacobian.dot(&jacobian.t()), ndarray::Array2::eye(d));
    for i in 0..d {
        let pivot = gram[[i, i]];
        for matrix in [&mut gram, &mut inverse] {
            matrix.row_mut(i).mapv_inplace(|v| v / pivot);
        }
        for j in (0..d).filter(|&j| j != i) {
            let factor = gram[[j, i]];
            for matrix in [&mut gram, &mut inverse] {
                let row = matrix.row(i).to_owned();
                matrix.row_mut(j).scaled_add(-factor, &row);
            }
        }
    }
    jacobian.t().dot(&inverse)
}

/// Where attribution of latents and of frequencies meet: latent 1 drives the slow band of channels 0 and 1,
/// latent 2 the slow band of channel 1 as well, latent 3 the fast band of channel 2. An encoder
/// that recovers them takes latent 2 as the difference of two amplitudes, so its gradient points at channel 0,
/// which latent 2 does not drive. The inverted Jacobian has the zeros of the true map.
#[test]
fn inverted_gradients_name_the_band_of_the_channel_that_a_latent_drives() {
    let model = Amplitudes {
        tones: vec![(0, 3), (1, 3), (2, 9)],
        mixing: ndarray::array![[0.8, 0.0, 0.0], [-0.7, 0.7, 0.0], [0.0, 0.0, 0.9]],
    };
    let domain = RealFourier::new(&[CHANNELS, WINDOW], 32.0)
        .unwrap()
        .bands([("slow", 0.0..6.5), ("fast", 6.5..17.0)])
        .unwrap();
    let inside = InDomain::new(&model, &domain).unwrap();
    let windows = 20;
    let latent = |i: usize, l: usize| 0.3 + 0.2 * ((i * (2 * l + 3)) as f64 * 0.41).sin();
    let noise = random(&[windows, CHANNELS, WINDOW], 5);
    let signals = ArrayD::from_shape_fn(vec![windows, CHANNELS, WINDOW], |at| {
        let (i, channel, t) = (at[0], at[1], at[2] as f64);
        let wave = |bin: f64| (std::f64::consts::TAU * bin * t / 32.0 + i as f64 + 0.3).sin();
        let driven = match channel {
            0 => latent(i, 0) * wave(3.0),
            1 => (latent(i, 0) + latent(i, 1)) * wave(3.0),
            _ => latent(i, 2) * wave(9.0),
        };
        driven + 0.01 * noise[at]
    });
    assert!(check_vjp(&model, signals.view()).unwrap().passed());
    let x = inside.encode(signals.view()).unwrap();
    let jacobians = inside.jacobian(x.view()).unwrap();
    let mean_map = |invert: bool| {
        let mut inverted = jacobians.clone();
        for (mut to, jacobian) in inverted.outer_iter_mut().zip(jacobians.outer_iter()) {
            let inputs = jacobian.len() / 3;
            let flat = jacobian.to_shape((3, inputs)).unwrap().into_owned();
            let rows = if invert {
                pseudo_inverse(&flat).reversed_axes()
            } else {
                flat
            };
            to.iter_mut().zip(rows.iter()).for_each(|(to, v)| *to = *v);
        }
        let sizes = inside.pool_parts(inverted.view()).unwrap();
        let (names, bands) = inside.pool_groups(sizes.view(), 1).unwrap();
        assert_eq!(names, ["slow", "fast"]);
        bands.mean_axis(Axis(0)).unwrap() // latent, channel, band
    };
    let driven = [[0, 0, 0], [0, 1, 0], [1, 1, 0], [2, 2, 1]];
    let (inverted, gradient) = (mean_map(true), mean_map(false));
    let largest = inverted.iter().fold(0.0_f64, |m, v| m.max(*v));
    for (at, value) in inverted.indexed_iter() {
        let true_cell = driven.iter().any(|cell| (0..3).all(|i| at[i] == cell[i]));
        // rounding, and nothing else, is left where nothing is driven
        let bound = 1e-9 * largest;
        assert!((*value > 0.1 * largest) == true_cell, "{at:?}: {value}");
        assert!(true_cell || *value < bound, "{at:?}: {value}");
    }
    assert!(gradient[[1, 0, 0]] > 0.5 * gradient[[1, 1, 0]]);
}
