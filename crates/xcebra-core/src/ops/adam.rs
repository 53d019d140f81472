//! Adam and AdamW, as dfdx has them.

use dfdx::optim::AdamConfig;
use dfdx::tensor::{Cpu, Gradients, Storage};
use dfdx::tensor_ops::WeightDecay;

use super::Vector;
use crate::error::{CoreError, Result};
use crate::ops::Element;

/// State of Adam (Kingma and Ba 2015) for one vector of parameters, with β = (0.9, 0.999) and
/// ε = 1e-8.
pub struct Adam<E: Element> {
    first: <Cpu as Storage<E>>::Vec,
    second: <Cpu as Storage<E>>::Vec,
    step: i32,
}

/// The numbers of an [`Adam`], to be kept and given back.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments<E> {
    /// Running mean of the gradients.
    pub first: Vec<E>,
    /// Running mean of their squares.
    pub second: Vec<E>,
    /// Steps made.
    pub step: i32,
}

impl<E: Element> Adam<E> {
    /// Fresh state for `len` parameters.
    ///
    /// # Errors
    /// [`CoreError::Engine`] if there is no memory.
    pub fn new(len: usize) -> Result<Self> {
        let alloc = || {
            Storage::<E>::try_alloc_len(&Cpu::default(), len)
                .map_err(|e| CoreError::Engine(e.to_string()))
        };
        Ok(Self {
            first: alloc()?,
            second: alloc()?,
            step: 0,
        })
    }

    /// The state that [`moments`](Self::moments) gave.
    ///
    /// # Errors
    /// [`CoreError::Data`] if the two vectors differ in length; [`CoreError::Engine`] if there is no memory.
    pub fn from_moments(moments: &Moments<E>) -> Result<Self> {
        if moments.first.len() != moments.second.len() {
            return Err(CoreError::data(
                "the optimiser's state",
                format!(
                    "the checkpoint is damaged, with {} and {} numbers",
                    moments.first.len(),
                    moments.second.len()
                ),
                "train again",
            ));
        }
        let mut adam = Self::new(moments.first.len())?;
        adam.first.copy_from_slice(&moments.first);
        adam.second.copy_from_slice(&moments.second);
        adam.step = moments.step;
        Ok(adam)
    }

    /// Its numbers.
    pub fn moments(&self) -> Moments<E> {
        Moments {
            first: self.first.to_vec(),
            second: self.second.to_vec(),
            step: self.step,
        }
    }

    /// One step down the gradient. With `weight_decay` above 0 it is AdamW: every parameter
    /// shrinks by `learning_rate · weight_decay` of itself besides (Loshchilov and Hutter 2019).
    ///
    /// # Errors
    /// [`CoreError::Engine`] if the engine refuses.
    pub fn step(
        &mut self,
        parameters: &mut Vector<E>,
        gradients: &mut Gradients<E, Cpu>,
        learning_rate: f64,
        weight_decay: f64,
    ) -> Result<()> {
        let config = AdamConfig {
            lr: learning_rate,
            weight_decay: (weight_decay > 0.0).then_some(WeightDecay::Decoupled(weight_decay)),
            ..AdamConfig::default()
        };
        let engine = |e: dfdx::tensor::CpuError| CoreError::Engine(e.to_string());
        let gradient = gradients
            .get_or_alloc_mut(parameters)
            .map_err(engine)?
            .clone();
        self.step += 1;
        config
            .try_update(
                self.step,
                parameters,
                &mut self.first,
                &mut self.second,
                &gradient,
            )
            .map_err(engine)
    }
}

impl<E: Element> std::fmt::Debug for Adam<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adam")
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
