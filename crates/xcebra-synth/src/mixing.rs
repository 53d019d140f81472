//! Random smooth injective networks.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, NdFloat};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::check::{at_least_one, cast, parameter, point};
use crate::error::{Result, SynthError};
use crate::nonlinearity::Nonlinearity;

/// Points of the box by which layers are standardised.
const CALIBRATION_POINTS: usize = 2048;

/// How deep and how non-linear a [`Mixing`] is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixingConfig {
    /// Number of non-linear layers; 0 makes the mixing affine. Default 2.
    pub depth: usize,
    /// Strength of the non-linearity, 0 (none) up to but not including 1. The slope of the
    /// non-linearity runs from `1 − strength` to 1. Default 0.9.
    pub strength: f64,
}

impl Default for MixingConfig {
    fn default() -> Self {
        Self {
            depth: 2,
            strength: 0.9,
        }
    }
}

/// What the hidden layers of a [`Mixing`] are like; how many there are and how strongly they bend
/// is [`MixingConfig`]'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HiddenLayers {
    /// Channels of each hidden layer, from the number of inputs to the number of outputs: a layer
    /// outside that range could not be promised to be injective. `None`, the default, means as many
    /// as outputs.
    pub width: Option<usize>,
    /// What each hidden channel does.
    pub nonlinearity: Nonlinearity,
}

/// A random injective network `g` from `k` inputs to `n ≥ k` outputs with its exact Jacobian.
///
/// `g = A_L ∘ s ∘ A_{L−1} ∘ … ∘ s ∘ A_0`, affine maps `A_i(u) = W_i u + b_i` with a
/// [`Nonlinearity`] `s` of strength `c < 1` between them, elementwise; by default the smooth leaky
/// rectifier `s(u) = (1 − c) u + c softplus(3 u) / 3` in layers of `n` channels.
///
/// **Why it is injective.** Each `W_i = S_i Q_i`, where `Q_i` has orthonormal columns (random; no
/// layer is narrower than the one before) and `S_i` is diagonal and positive, so `A_i` has full column
/// rank. The slope of `s` is at least `1 − c > 0`. A composition of injective maps is injective; more than that,
/// `|g(z) − g(z')| ≥ m |z − z'|` for all `z, z'`, with
/// `m = (1 − c)^L Π_i min S_i > 0`, which is [`expansion`](Self::expansion). It bounds the smallest
/// singular value of every Jacobian from below, so all have full column rank.
///
/// **Scale.** `S_i` and `b_i` give every channel mean 0 and variance 1 over points drawn uniformly
/// from `[−1, 1]^k`, in hidden layers followed by a random shift in `[−1, 1]`, so that channels bend
/// in different places. The outputs are standardised likewise; the Jacobian includes all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixing {
    first: Affine,
    rest: Vec<Affine>,
    strength: f64,
    nonlinearity: Nonlinearity,
}

/// `u ↦ weights u + offset`.
#[derive(Debug, Clone, PartialEq)]
struct Affine {
    weights: Array2<f64>,
    offset: Array1<f64>,
    /// A lower bound of the smallest singular value of `weights`.
    expansion: f64,
}

impl Mixing {
    /// Draws a network with `inputs` inputs, `outputs` outputs and the default [`HiddenLayers`].
    ///
    /// # Errors
    /// [`SynthError::Parameter`] unless `inputs ≥ 1` and `0 ≤ strength < 1`;
    /// [`SynthError::TooFewChannels`] if `outputs < inputs`.
    pub fn random<R: Rng + ?Sized>(
        inputs: usize,
        outputs: usize,
        config: MixingConfig,
        rng: &mut R,
    ) -> Result<Self> {
        Self::with_layers(inputs, outputs, config, HiddenLayers::default(), rng)
    }

    /// Draws a network with hidden layers of your choice.
    ///
    /// # Errors
    /// As [`random`](Self::random), and [`SynthError::Parameter`] unless
    /// `inputs ≤ width ≤ outputs`.
    pub fn with_layers<R: Rng + ?Sized>(
        inputs: usize,
        outputs: usize,
        config: MixingConfig,
        layers: HiddenLayers,
        rng: &mut R,
    ) -> Result<Self> {
        let MixingConfig { depth, strength } = config;
        config.validate()?;
        at_least_one("inputs", inputs)?;
        if outputs < inputs {
            return Err(SynthError::TooFewChannels {
                what: "the mixing".to_owned(),
                channels: outputs,
                latents: inputs,
            });
        }
        let nonlinearity = layers.nonlinearity;
        let width = layers.width.unwrap_or(outputs);
        let fits = (inputs..=outputs).contains(&width);
        let expected = "no fewer than the inputs and no more than the outputs of every block";
        parameter("width", width as f64, fits, expected)?;
        let size = |layer: usize| if layer < depth { width } else { outputs };
        let shift = |layer: usize| if layer < depth { 1.0 } else { 0.0 };

        let shape = (CALIBRATION_POINTS, inputs);
        let points = Array2::from_shape_simple_fn(shape, || rng.gen_range(-1.0..=1.0));
        let (first, mut activations) = Affine::random(&points, size(0), shift(0), rng);
        let mut rest = Vec::with_capacity(depth);
        for layer in 1..=depth {
            activations.mapv_inplace(|u| nonlinearity.value(u, strength));
            let (affine, next) = Affine::random(&activations, size(layer), shift(layer), rng);
            rest.push(affine);
            activations = next;
        }
        Ok(Self {
            first,
            rest,
            strength,
            nonlinearity,
        })
    }

    /// Number of inputs, `k`.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.first.weights.ncols()
    }

    /// Number of outputs, `n`.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.rest.last().unwrap_or(&self.first).weights.nrows()
    }

    /// A number `m > 0` such that `|g(z) − g(z')| ≥ m |z − z'|` everywhere.
    #[must_use]
    pub fn expansion(&self) -> f64 {
        let slope = (1.0 - self.strength).powi(self.rest.len() as i32);
        let affine = self.rest.iter().map(|affine| affine.expansion);
        slope * self.first.expansion * affine.product::<f64>()
    }

    /// `g(z)`, (outputs), at one point `z` (inputs); the point may be outside the box.
    ///
    /// # Errors
    /// [`SynthError::PointLength`], [`SynthError::NotFinite`].
    pub fn value<A: NdFloat>(&self, z: &ArrayRef1<A>) -> Result<Array1<A>> {
        let z = point(z, self.inputs())?;
        Ok(self.evaluate(&z).mapv(cast))
    }

    /// `∂g/∂z`, (outputs, inputs), at one point `z` (inputs).
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn jacobian<A: NdFloat>(&self, z: &ArrayRef1<A>) -> Result<Array2<A>> {
        let z = point(z, self.inputs())?;
        Ok(self.differentiate(&z).mapv(cast))
    }

    pub(crate) fn evaluate(&self, z: &ArrayRef1<f64>) -> Array1<f64> {
        let mut u = self.first.apply(z);
        for affine in &self.rest {
            u.mapv_inplace(|u| self.nonlinearity.value(u, self.strength));
            u = affine.apply(&u);
        }
        u
    }

    pub(crate) fn differentiate(&self, z: &ArrayRef1<f64>) -> Array2<f64> {
        let mut u = self.first.apply(z);
        let mut jacobian = self.first.weights.clone();
        for affine in &self.rest {
            let slopes = u.mapv(|u| self.nonlinearity.slope(u, self.strength));
            jacobian *= &slopes.insert_axis(Axis(1));
            jacobian = affine.weights.dot(&jacobian);
            u.mapv_inplace(|u| self.nonlinearity.value(u, self.strength));
            u = affine.apply(&u);
        }
        jacobian
    }
}

impl MixingConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        let valid = (0.0..1.0).contains(&self.strength);
        parameter("strength", self.strength, valid, "0 ≤ strength < 1")
    }
}

impl Affine {
    /// A random map that standardises the rows of `inputs` (points, in), then shifts each channel
    /// by up to `shift`; also returns its values there, (points, outputs).
    fn random<R: Rng + ?Sized>(
        inputs: &ArrayRef2<f64>,
        outputs: usize,
        shift: f64,
        rng: &mut R,
    ) -> (Self, Array2<f64>) {
        let mut weights = orthonormal_columns(outputs, inputs.ncols(), rng);
        let values = inputs.dot(&weights.t());
        let points = values.nrows() as f64;
        let mean = values.sum_axis(Axis(0)) / points;
        let centred = values - &mean;
        let scale = centred
            .columns()
            .into_iter()
            .map(|channel| (points / channel.dot(&channel)).sqrt())
            .collect::<Array1<f64>>();
        let shifts = Array1::from_shape_simple_fn(outputs, || shift * rng.gen_range(-1.0..=1.0));
        weights *= &scale.view().insert_axis(Axis(1));
        let affine = Self {
            weights,
            offset: &shifts - &mean * &scale,
            expansion: scale.fold(f64::INFINITY, |least, &s| least.min(s)),
        };
        (affine, centred * &scale + &shifts)
    }

    fn apply(&self, u: &ArrayRef1<f64>) -> Array1<f64> {
        self.weights.dot(u) + &self.offset
    }
}

/// A random matrix (rows, columns), `columns ≤ rows`, with orthonormal columns, by Gram–Schmidt on
/// normal draws: uniformly distributed (Haar).
pub(crate) fn orthonormal_columns<R: Rng + ?Sized>(
    rows: usize,
    columns: usize,
    rng: &mut R,
) -> Array2<f64> {
    let mut basis: Vec<Array1<f64>> = Vec::with_capacity(columns);
    for _ in 0..columns {
        let mut vector = Array1::from_shape_simple_fn(rows, || StandardNormal.sample(rng));
        // once more for the rounding of the first time: "twice is enough" (Kahan and Parlett)
        for _ in 0..2 {
            for earlier in &basis {
                let overlap = earlier.dot(&vector);
                vector.scaled_add(-overlap, earlier);
            }
            let norm: f64 = vector.dot(&vector).sqrt();
            vector /= norm;
        }
        basis.push(vector);
    }
    Array2::from_shape_fn((rows, columns), |(i, j)| basis[j][i])
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn mixing(inputs: usize, outputs: usize, seed: u64) -> Mixing {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Mixing::random(inputs, outputs, MixingConfig::default(), &mut rng).unwrap()
    }

    #[test]
    fn columns_are_orthonormal() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (rows, columns) in [(1, 1), (25, 3), (25, 25), (60, 60)] {
            let q = orthonormal_columns(rows, columns, &mut rng);
            let gram: Array2<f64> = q.t().dot(&q);
            assert_abs_diff_eq!(gram, Array2::eye(columns), epsilon = 1e-14);
        }
    }

    #[test]
    fn strength_zero_and_depth_zero_are_affine() {
        let z = Array1::from(vec![0.3, -0.8]);
        for (depth, strength) in [(0, 0.9), (3, 0.0)] {
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            let config = MixingConfig { depth, strength };
            let affine = Mixing::random(2, 6, config, &mut rng).unwrap();
            let jacobian = affine.jacobian(&z).unwrap();
            let from_origin = affine.value(&z).unwrap() - affine.value(&(&z * 0.0)).unwrap();
            assert_abs_diff_eq!(jacobian.dot(&z), from_origin, epsilon = 1e-14);
        }
    }

    #[test]
    fn outputs_are_standardised() {
        let mixing = mixing(3, 25, 3);
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let points = 4000;
        let outputs: Vec<Array1<f64>> = (0..points)
            .map(|_| {
                let z = Array1::from_shape_simple_fn(3, || rng.gen_range(-1.0..=1.0));
                mixing.value(&z).unwrap()
            })
            .collect();
        for channel in 0..25 {
            let values = outputs.iter().map(|x| x[channel]);
            let mean = values.clone().sum::<f64>() / f64::from(points);
            let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(points);
            // five standard errors of the difference of two samples of 2,048 and 4,000 points,
            // for the variance at a kurtosis of 6
            let both = 1.0 / f64::from(points) + 1.0 / CALIBRATION_POINTS as f64;
            assert!(mean.abs() < 5.0 * both.sqrt());
            assert!((variance - 1.0).abs() < 5.0 * (5.0 * both).sqrt());
        }
    }

    #[test]
    fn hidden_layers_may_be_narrower_than_the_outputs() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let config = MixingConfig::default();
        let mut network = |width| {
            let layers = HiddenLayers {
                width: Some(width),
                nonlinearity: Nonlinearity::Tanh,
            };
            Mixing::with_layers(3, 9, config, layers, &mut rng)
        };
        let narrow = network(4).unwrap();
        assert_eq!((narrow.inputs(), narrow.outputs()), (3, 9));
        assert_eq!(narrow.first.weights.dim(), (4, 3));
        assert_eq!(narrow.rest[0].weights.dim(), (4, 4));
        assert_eq!(narrow.rest[1].weights.dim(), (9, 4));
        assert!(network(3).is_ok() && network(9).is_ok());
        for width in [0, 2, 10] {
            let error = network(width).unwrap_err();
            assert!(matches!(error, SynthError::Parameter { name: "width", .. }));
        }
    }

    #[test]
    fn wrong_parameters_are_refused() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for strength in [1.0, -0.1, f64::NAN] {
            let config = MixingConfig { depth: 1, strength };
            let error = Mixing::random(2, 4, config, &mut rng).unwrap_err();
            assert!(matches!(error, SynthError::Parameter { .. }));
        }
        let config = MixingConfig::default();
        assert!(Mixing::random(0, 4, config, &mut rng).is_err());
        let error = Mixing::random(3, 2, config, &mut rng).unwrap_err();
        assert!(matches!(error, SynthError::TooFewChannels { .. }));
        let mixing = mixing(2, 4, 6);
        assert_eq!(
            mixing.value(&Array1::<f64>::zeros(3)),
            Err(SynthError::PointLength {
                found: 3,
                expected: 2
            })
        );
        let error = mixing.jacobian(&Array1::from(vec![0.0, f32::NAN]));
        assert_eq!(
            error.unwrap_err().to_string(),
            "coordinate 1 of the point is NaN, but coordinates must be finite"
        );
    }
}
