//! Adam, as dfdx has it.

use dfdx::optim::AdamConfig;
use dfdx::tensor::{Cpu, Gradients, Storage};
use dfdx::tensor_ops::WeightDecay;

use super::Vector;
use crate::element::Element;
use crate::error::{Error, Result};

/// State of Adam (Kingma and Ba 2015) for one vector of parameters, with β = (0.9, 0.999) and
/// ε = 1e-8.
pub struct Adam<E: Element> {
    first: <Cpu as Storage<E>>::Vec,
    second: <Cpu as Storage<E>>::Vec,
    step: i32,
}

impl<E: Element> Adam<E> {
    /// Fresh state for `len` parameters.
    ///
    /// # Errors
    /// [`Error::Engine`] if there is no memory.
    pub fn new(len: usize) -> Result<Self> {
        let alloc = || {
            Storage::<E>::try_alloc_len(&Cpu::default(), len)
                .map_err(|e| Error::Engine(e.to_string()))
        };
        Ok(Self {
            first: alloc()?,
            second: alloc()?,
            step: 0,
        })
    }

    /// One step down the gradient.
    ///
    /// # Errors
    /// [`Error::Engine`] if the engine refuses.
    pub fn step(
        &mut self,
        parameters: &mut Vector<E>,
        gradients: &mut Gradients<E, Cpu>,
        learning_rate: f64,
    ) -> Result<()> {
        let config = AdamConfig {
            lr: learning_rate,
            weight_decay: None::<WeightDecay>,
            ..AdamConfig::default()
        };
        let engine = |e: dfdx::tensor::CpuError| Error::Engine(e.to_string());
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
