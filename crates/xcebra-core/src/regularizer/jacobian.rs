//! The Jacobian regulariser of xCEBRA.

use super::{At, Probes, Ramp, Regularizer};
use crate::ops::Element;
use crate::ops::{Taped, Value};

/// `½ E ‖J_f(x)‖_F²` over the references (Schneider et al. 2025, eq. 4), exact or by random
/// projections (Hoffman, Roberts and Yaida 2019).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JacobianNorm {
    /// Its weight λ over the steps.
    pub schedule: Ramp,
    /// Directions in which the Jacobian is measured.
    pub probes: Probes,
}

impl<E: Element> Regularizer<E> for JacobianNorm {
    fn name(&self) -> &'static str {
        "jacobian"
    }

    fn weight(&self, step: usize) -> f64 {
        self.schedule.at(step)
    }

    fn penalty(&self, parameters: Taped<(usize,), E>, at: &mut At<'_, E>) -> Value<E> {
        let (probes, factor) = self.probes.draw(at.count, at.encoder.outputs(), at.rng);
        at.encoder
            .jacobian_penalty(parameters, at.samples, &probes, factor)
    }
}
