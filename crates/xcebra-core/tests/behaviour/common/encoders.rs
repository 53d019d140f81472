//! What several tests of encoders need.

use ndarray::{Array3, ArrayD, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::Sizes;
use xcebra_core::{Architecture, Element, Encoder, EncoderName};

pub fn normal<E: Element>(len: usize, seed: u64) -> Vec<E> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..len)
        .map(|_| E::of(rng.sample::<f64, _>(rand_distr::StandardNormal)))
        .collect()
}

pub fn named<E: Element>(
    name: EncoderName,
    channels: usize,
    outputs: usize,
    units: usize,
) -> Encoder<E> {
    let sizes = Sizes {
        units,
        ..Sizes::default()
    };
    Encoder::new(Architecture::named(name, channels, outputs, &sizes), 1).unwrap()
}

/// A batch (n, window, channels) as a model takes it.
pub fn batch<E: Element>(encoder: &Encoder<E>, x: &[E]) -> ArrayD<E> {
    let (window, channels) = (
        encoder.architecture().window.len(),
        encoder.architecture().inputs,
    );
    let n = x.len() / (window * channels);
    let x = Array3::from_shape_vec((n, window, channels), x.to_vec()).unwrap();
    if window == 1 {
        return x.index_axis_move(Axis(1), 0).into_dyn();
    }
    x.permuted_axes([0, 2, 1]).into_dyn()
}

pub fn numbers<E: Element>(encoder: &Encoder<E>) -> usize {
    encoder.architecture().window.len() * encoder.architecture().inputs
}
