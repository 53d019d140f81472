//! One training step's value and gradient, without a trainer.

use std::sync::Arc;

use crate::encoder::Trainable;
use crate::error::Result;
use crate::ops::{Element, Embedded, Gradients, Sum, Term, TermValue, Vector, info_nce_at, traced};

/// The Jacobian penalty for [`evaluate`].
#[derive(Clone, Debug)]
pub struct Penalty<E> {
    /// Its first samples of the batch on which it is measured.
    pub samples: usize,
    /// Directions, as [`Trainable::jacobian_penalty`] takes them.
    pub probes: Vec<E>,
    /// Their factor.
    pub factor: f64,
    /// Weight λ.
    pub weight: f64,
}

/// Value and gradient of a loss at one batch.
#[derive(Debug)]
pub struct Evaluation<E: Element> {
    /// Weighted sum of the InfoNCE terms.
    pub loss: f64,
    /// Each term before its weight.
    pub terms: Vec<TermValue>,
    /// The penalty before its weight.
    pub penalty: Option<f64>,
    /// Gradients of the whole, by parameter.
    pub gradients: Gradients<E>,
}

/// Embeds the batch `x`, adds up InfoNCE terms and penalty, and differentiates: the plain training
/// step, for your own loops.
///
/// # Errors
/// [`CoreError::Engine`](crate::CoreError::Engine) if there is neither a term nor a penalty, or the tape fails.
pub fn evaluate<E: Element>(
    encoder: &dyn Trainable<E>,
    parameters: &Vector<E>,
    x: Arc<Vec<E>>,
    terms: &[Term],
    penalty: Option<&Penalty<E>>,
) -> Result<Evaluation<E>> {
    let mut sum = Sum::default();
    let mut measured = None;
    if let Some(p) = penalty {
        let samples = &x[..p.samples * encoder.window().len() * encoder.channels()];
        let value = encoder.jacobian_penalty(traced(parameters), samples, &p.probes, p.factor);
        measured = Some(sum.add(p.weight, value)?);
    }
    let embedded = Embedded::of(encoder.encode(traced(parameters), x));
    let (mut loss, mut reports) = (0.0, Vec::new());
    if !terms.is_empty() {
        let engine = encoder.engine();
        let (value, values) = info_nce_at(embedded.taped(), None, terms, &*engine);
        loss = sum.add(1.0, value)?;
        reports = values;
    }
    Ok(Evaluation {
        loss,
        terms: reports,
        penalty: measured,
        gradients: sum.backward(embedded)?,
    })
}
