//! The losses of a training on the embedding of a batch.

use std::ops::Range;

use super::{PartValue, Trainer};
use crate::encoder::Trainable;
use crate::error::Result;
use crate::objective::{Batch, Similarity, Targets};
use crate::ops::Element;
use crate::ops::{self, Buffers, Embedded, Pairs, Sum, Taped, Term, TermValue, Value};
use crate::regularizer::Ramp;

/// One objective.
pub struct Objective<E: Element> {
    pub dims: Range<usize>,
    pub weight: Ramp,
    pub kind: Kind<E>,
}

/// What an objective compares.
pub enum Kind<E: Element> {
    /// Positives and negatives, by a shipped similarity.
    Known(Similarity),
    /// Positives and negatives, by your own similarity.
    Own(OwnLoss<E>),
    /// The references and a label; with the loss of an encoder that always says 0, or all classes
    /// alike.
    Supervised {
        name: String,
        targets: Targets<E>,
        naive: f64,
    },
}

/// InfoNCE by your own similarity.
pub type OwnLoss<E> = Box<
    dyn Fn(Taped<(usize, usize), E>, &Pairs, &Buffers<E>) -> (Value<E>, TermValue) + Send + Sync,
>;

impl<E: Element> Objective<E> {
    /// The similarity whose temperature it learns.
    pub fn learns(&self) -> Option<&Similarity> {
        match &self.kind {
            Kind::Known(similarity) if similarity.learn => Some(similarity),
            _ => None,
        }
    }

    /// Its loss where nothing is learned, with `n` negatives.
    pub fn chance(&self, n: usize) -> f64 {
        match &self.kind {
            Kind::Supervised { naive, .. } => *naive,
            _ => (n as f64).ln(),
        }
    }
}

/// The loss that a supervised objective has without an encoder.
pub fn naive_loss<E: Element>(targets: &Targets<E>) -> f64 {
    match targets {
        Targets::Values { values, .. } => {
            values.iter().map(|v| v.as_f64().powi(2)).sum::<f64>() / values.len() as f64
        }
        Targets::Classes(classes) => {
            let count = classes.iter().max().map_or(1, |last| last + 1);
            (count as f64).ln()
        }
    }
}

/// The losses at one batch.
#[derive(Default)]
pub struct Losses {
    /// Their weighted sum.
    pub loss: f64,
    /// Each contrastive objective, before its weight.
    pub terms: Vec<TermValue>,
    /// The others.
    pub parts: Vec<PartValue>,
    /// Weighted sum of the absolute values of your own losses, of which no chance level is known.
    pub own: f64,
}

impl<E: Element, N: Trainable<E>> Trainer<E, N> {
    /// Adds all losses on an embedding to `sum`.
    pub(super) fn add_losses(
        &self,
        step: usize,
        batch: &Batch,
        embedded: &Embedded<E>,
        sum: &mut Sum<E>,
    ) -> Result<Losses> {
        let mut all = Losses::default();
        let mut known = Vec::new();
        let mut places = Vec::new();
        let mut positives = batch.positives.iter();
        for objective in &self.objectives {
            let weight = objective.weight.at(step);
            let dims = objective.dims.clone();
            if let Kind::Supervised { name, targets, .. } = &objective.kind {
                let targets = targets.at(&batch.times[batch.references.clone()]);
                let rows = batch.references.clone();
                let value = (weight > 0.0)
                    .then(|| {
                        sum.add(
                            weight,
                            ops::supervised(embedded.taped(), rows, dims, &targets),
                        )
                    })
                    .transpose()?;
                all.loss += weight * value.unwrap_or(0.0);
                all.parts.push(PartValue::new(name, value, weight));
                continue;
            }
            let positive = positives.next().expect("one range an objective").clone();
            let pairs = Pairs {
                reference: batch.references.clone(),
                positive,
                negative: batch.negatives.clone(),
                dims,
            };
            match &objective.kind {
                Kind::Own(loss) => {
                    let (value, report) = loss(embedded.taped(), &pairs, &self.buffers);
                    sum.add(weight, value)?;
                    all.loss += weight * report.loss();
                    all.terms.push(report);
                }
                Kind::Known(similarity) => {
                    places.push(all.terms.len());
                    all.terms.push(TermValue::default());
                    known.push(Term {
                        reference: pairs.reference,
                        positive: pairs.positive,
                        negative: pairs.negative,
                        dims: pairs.dims,
                        similarity: *similarity,
                        weight,
                    });
                }
                Kind::Supervised { .. } => unreachable!("it was dealt with above"),
            }
        }
        if !known.is_empty() {
            let temperatures = self.temperatures.as_ref().map(|t| ops::traced(&t.values));
            let (value, reports) =
                ops::info_nce_at(embedded.taped(), temperatures, &known, &*self.engine);
            sum.add(1.0, value)?;
            for ((place, term), report) in places.into_iter().zip(&known).zip(reports) {
                all.loss += term.weight * report.loss();
                all.terms[place] = report;
            }
        }
        for own in &self.losses {
            let weight = own.weight(step);
            let value = (weight > 0.0)
                .then(|| sum.add(weight, own.loss(embedded.taped(), batch)))
                .transpose()?;
            all.loss += weight * value.unwrap_or(0.0);
            all.own += (weight * value.unwrap_or(0.0)).abs();
            all.parts.push(PartValue::new(own.name(), value, weight));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::{Targets, naive_loss};

    #[test]
    fn losses_without_an_encoder() {
        let values = vec![1.0, -2.0, 3.0, 0.0];
        assert_eq!(naive_loss(&Targets::Values { values, columns: 2 }), 3.5);
        let classes = Targets::<f32>::Classes(vec![0, 4, 1, 4]);
        assert_eq!(naive_loss(&classes), 5.0_f64.ln());
    }
}
