//! Gradients averaged over noise.

use rand::Rng;
use rand_distr::StandardNormal;
use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::batch::Batch;
use crate::error::{AttrError, Result};
use crate::evaluate;
use crate::method::Method;
use crate::monte_carlo::Draws;
use crate::overview::Needs;
use crate::parameters::Parameters;

/// Standard deviation of the noise on each input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// This multiple of the standard deviation of the input over all samples.
    Relative(f64),
    /// This, for all inputs.
    Absolute(f64),
}

/// `SmoothGrad`, `"smooth-grad"`: the gradient averaged over normal noise around the sample (Smilkov et
/// al. 2017; captum: `NoiseTunnel(Saliency)`).
///
/// The map reports standard errors. Defaults: 50 draws, noise of a tenth of each input's standard
/// deviation. In text: `draws`, `noise` (a multiple of the standard deviation).
#[derive(Clone, Copy, Debug)]
pub struct SmoothGrad {
    draws: usize,
    noise: Noise,
}

impl SmoothGrad {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            draws: 50,
            noise: Noise::Relative(0.1),
        }
    }

    /// Sets the number of draws for each sample, at least 1.
    #[must_use]
    pub fn draws(mut self, draws: usize) -> Self {
        self.draws = draws;
        self
    }

    /// Sets the noise, finite and not negative.
    #[must_use]
    pub fn noise(mut self, noise: Noise) -> Self {
        self.noise = noise;
        self
    }

    pub(crate) fn parse(parameters: &mut Parameters) -> Result<Self> {
        let mut made = Self::new();
        made.draws = parameters.number("draws")?.unwrap_or(made.draws);
        let noise = parameters.number("noise")?;
        made.noise = noise.map_or(made.noise, Noise::Relative);
        Ok(made)
    }
}

impl Default for SmoothGrad {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Scalar> Method<A> for SmoothGrad {
    fn name(&self) -> &str {
        "smooth-grad"
    }

    fn check(&self) -> Result<()> {
        AttrError::positive("draws", self.draws)?;
        let (Noise::Relative(size) | Noise::Absolute(size)) = self.noise;
        if !size.is_finite() || size < 0.0 {
            let expected = "a finite number, not negative";
            return Err(AttrError::parameter("noise", size.to_string(), expected));
        }
        Ok(())
    }

    fn attribute(&self, batch: &Batch<'_, A>) -> Result<Attributions> {
        let (n, outputs, inputs) = (batch.len(), batch.outputs(), batch.inputs());
        let sizes: Vec<f64> = match self.noise {
            Noise::Absolute(size) => vec![size; inputs],
            Noise::Relative(factor) => {
                let deviations = batch.overview().standard_deviation()?;
                deviations.iter().map(|sd| factor * sd.as_f64()).collect()
            }
        };
        let mut rng = batch.rng("smooth-grad", 0);
        let mut means = Draws::new((n, outputs, inputs));
        evaluate::jacobians(
            batch,
            self.draws,
            |sample, draw, x| {
                if draw == 0 {
                    rng = batch.rng("smooth-grad", sample);
                }
                for (x, size) in x.iter_mut().zip(&sizes) {
                    let noise: f64 = rng.sample(StandardNormal);
                    *x += A::of(size * noise);
                }
            },
            |sample, draw, jacobian| {
                for (i, &slope) in jacobian.iter().enumerate() {
                    means.add((sample, i / inputs, i % inputs), draw, slope);
                }
            },
        )?;
        let (values, variances) = means.finish(self.draws);
        let mut found = Attributions::new(values);
        found.variances = variances;
        Ok(found)
    }

    fn needs(&self) -> Needs {
        Needs {
            moments: matches!(self.noise, Noise::Relative(_)),
            background: false,
        }
    }

    fn evaluations(&self, outputs: usize, _: usize) -> usize {
        self.draws * outputs
    }
}
