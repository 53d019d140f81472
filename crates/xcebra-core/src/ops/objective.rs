//! The whole training loss, composed on the tape.

use std::sync::Arc;

use dfdx::tensor::{AsArray, Cpu, Gradients, SplitTape, Trace};
use dfdx::tensor_ops::{Backward, TryAdd, TryMul};

use super::{Term, TermValue, Vector, encode, info_nce, jacobian_penalty};
use crate::element::Element;
use crate::encoder::Encoder;
use crate::error::{Error, Result};

/// The Jacobian penalty of one step.
#[derive(Clone, Debug)]
pub struct Penalty<E> {
    /// Its first samples of the batch on which it is measured.
    pub samples: usize,
    /// Directions, as [`jacobian_penalty`] takes them.
    pub probes: Vec<E>,
    /// Their factor.
    pub factor: f64,
    /// Weight λ.
    pub weight: f64,
}

/// Value and gradient of the training loss at one batch.
#[derive(Debug)]
pub struct Evaluation<E: Element> {
    /// Weighted sum of the InfoNCE terms.
    pub loss: f64,
    /// Each term before its weight.
    pub terms: Vec<TermValue>,
    /// The penalty before its weight.
    pub penalty: Option<f64>,
    /// Gradients of the whole, by parameter.
    pub gradients: Gradients<E, Cpu>,
}

/// Embeds the batch `x`, adds up InfoNCE terms and penalty, and differentiates.
///
/// # Errors
/// [`Error::Engine`] if the tape fails.
pub fn evaluate<E: Element>(
    encoder: &Encoder<E>,
    parameters: &Vector<E>,
    x: Arc<Vec<E>>,
    terms: &[Term],
    penalty: Option<&Penalty<E>>,
) -> Result<Evaluation<E>> {
    let engine = |e: dfdx::tensor::CpuError| Error::Engine(e.to_string());
    let head = penalty.map(|p| {
        let samples = &x[..p.samples * encoder.network().inputs()];
        jacobian_penalty(
            encoder,
            parameters.leaky_trace(),
            samples,
            &p.probes,
            p.factor,
        )
    });
    let embedding = encode(encoder, parameters.leaky_trace(), x);
    let (mut total, reports) = info_nce(embedding, terms);
    let loss = terms
        .iter()
        .zip(&reports)
        .map(|(t, r)| t.weight * r.loss())
        .sum();
    let mut measured = None;
    if let (Some(head), Some(p)) = (head, penalty) {
        let (value, tape) = head.split_tape();
        measured = Some(value.array().as_f64());
        let head = dfdx::tensor::PutTape::put_tape(value, tape);
        let weighted = head.try_mul(E::of(p.weight)).map_err(engine)?;
        total = total.try_add(weighted).map_err(engine)?;
    }
    let gradients = total.try_backward().map_err(engine)?;
    Ok(Evaluation {
        loss,
        terms: reports,
        penalty: measured,
        gradients,
    })
}
