//! InfoNCE losses over ranges of embedding dimensions as one operation of the tape.

use dfdx::shapes::Rank0;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape};

use super::{Cpu, Element, Engine, Taped, Term, TermValue, Vector, scalar};

/// [`info_nce_at`] fixed temperatures, on the processor.
///
/// # Panics
/// If a term's rows or dimensions lie outside the embedding, or are empty.
pub fn info_nce<E: Element>(
    embedding: Taped<(usize, usize), E>,
    terms: &[Term],
) -> (Taped<Rank0, E>, Vec<TermValue>) {
    info_nce_at(embedding, None, terms, &Cpu::default())
}

/// `Σ_t weight_t mean_i [ −φ(u_i, u_i⁺) + log Σ_j exp φ(u_i, v_j) ]` over the rows of
/// `embedding` (rows, d), with the value of each term (van den Oord, Li and Vinyals 2018;
/// Schneider et al. 2025, eq. 2).
///
/// `log_inverse_temperatures` holds `log 1/τ` of the terms whose similarity learns its
/// temperature, in the order of the terms; the gradient stops at the similarity's minimum. Without
/// them every term stays at its similarity's temperature.
///
/// Time is O(n² d), memory O(n d): the matrix of all pairs is never stored.
///
/// # Panics
/// If a term's rows or dimensions lie outside the embedding, or are empty, or if there are not as
/// many temperatures as terms that learn theirs.
pub fn info_nce_at<E: Element>(
    embedding: Taped<(usize, usize), E>,
    log_inverse_temperatures: Option<Taped<(usize,), E>>,
    terms: &[Term],
    engine: &dyn Engine<E>,
) -> (Taped<Rank0, E>, Vec<TermValue>) {
    let (embedding, mut tape) = embedding.split_tape();
    let temperatures = log_inverse_temperatures.map(|t| {
        let (t, other) = t.split_tape();
        tape = std::mem::take(&mut tape).merge(other);
        t
    });
    let learned = temperatures.as_ref().map(Vector::as_vec);
    if let Some(learned) = &learned {
        let learning = terms.iter().filter(|t| t.similarity.learn).count();
        assert_eq!(learned.len(), learning, "temperatures of other terms");
    }
    let columns = dfdx::shapes::HasShape::shape(&embedding).1;
    let values = embedding.as_vec();
    let mut gradient = vec![E::zero(); values.len()];
    let mut slopes = Vec::new();
    let mut reports = Vec::with_capacity(terms.len());
    let mut total = 0.0;
    for term in terms {
        let mut term = term.clone();
        let mut passed = 0.0;
        if let (Some(learned), true) = (&learned, term.similarity.learn) {
            let parameter = learned[slopes.len()].as_f64();
            (term.similarity.temperature, passed) = term.similarity.temperature_at(parameter);
        }
        let (report, slope) = engine.info_nce(&values, columns, &term, &mut gradient);
        if term.similarity.learn {
            slopes.push(E::of(passed * slope));
        }
        total += term.weight * report.loss();
        reports.push(report);
    }
    if values.iter().any(|v| !v.is_finite()) {
        total = f64::NAN;
    }

    let out = scalar(E::of(total));
    let (out_ghost, embedding_ghost) = (out.ghost(), embedding.ghost());
    let temperatures_ghost = temperatures.map(|t| t.ghost());
    tape.add_backward_op(move |gradients| {
        let c = gradients.get_or_alloc_mut(&out_ghost)?[0];
        let target = gradients.get_or_alloc_mut(&embedding_ghost)?;
        for (g, s) in target.iter_mut().zip(gradient) {
            *g += c * s;
        }
        if let Some(ghost) = temperatures_ghost {
            for (g, s) in gradients.get_or_alloc_mut(&ghost)?.iter_mut().zip(slopes) {
                *g += c * s;
            }
        }
        Ok(())
    });
    (out.put_tape(tape), reports)
}
