//! Aggregates over samples, batch by batch.
//!
//! Within a batch, sums are plain; over batches, they are compensated. The relative error of a
//! mean of absolute values is so bounded by the batch size times 1.1e-16, however many batches.

use ndarray::{Array2, ArrayView3};
use xcebra_numeric::{Packer, Unpacker};

use crate::attributions::Attributions;
use crate::error::{AttrError, Result};
use crate::inverse::Inversion;

/// Aggregates over the samples of one batch; entries are columns by inputs.
pub(crate) struct Partial {
    samples: usize,
    signed: Vec<f64>,
    absolute: Vec<f64>,
    largest: Vec<f64>,
    inversions: Option<Vec<Inversion>>,
    variances: Option<Vec<f64>>,
    residuals: Option<Array2<f64>>,
}

impl Partial {
    /// Checks what the method called `name` found for the `n` samples from `first` on, and sums it
    /// up; there should be `columns` columns, of a model with `outputs` outputs.
    pub(crate) fn new(
        name: &str,
        found: &Attributions,
        (n, columns, inputs): (usize, usize, usize),
        outputs: usize,
        first: usize,
    ) -> Result<Self> {
        let values = &found.values;
        let fits = values.dim() == (n, columns, inputs)
            && found.inversions.as_ref().is_none_or(|all| all.len() == n)
            && found
                .variances
                .as_ref()
                .is_none_or(|v| v.dim() == values.dim())
            && found
                .residuals
                .as_ref()
                .is_none_or(|r| r.dim() == (n, outputs));
        if !fits {
            return Err(AttrError::Shape {
                what: "what an attribution method returned for a batch",
                found: values.shape().to_vec(),
                expected: format!(
                    "({n}, {columns}, {inputs}), variances alike, residuals ({n}, {outputs}), and \
                     as many inversions as samples, if there are any"
                ),
            });
        }
        let size = columns * inputs;
        let mut partial = Self {
            samples: n,
            signed: vec![0.0; size],
            absolute: vec![0.0; size],
            largest: vec![0.0; size],
            inversions: found.inversions.clone(),
            variances: found.variances.as_ref().map(|variances| {
                let sums = variances.sum_axis(ndarray::Axis(0));
                sums.iter().copied().collect()
            }),
            residuals: found.residuals.clone(),
        };
        let values = values.as_standard_layout();
        for sample in values
            .as_slice()
            .expect("standard layout")
            .chunks_exact(size)
        {
            for (i, &value) in sample.iter().enumerate() {
                partial.signed[i] += value;
                partial.absolute[i] += value.abs();
                partial.largest[i] = partial.largest[i].max(value.abs());
            }
        }
        // an infinity or NaN in any sample shows in the sum
        match partial.absolute.iter().all(|sum| sum.is_finite()) {
            true => Ok(partial),
            false => Err(blame(name, &values.view(), first)),
        }
    }
}

/// The first entry that is not finite, or the largest if only their sum overflows.
fn blame(name: &str, values: &ArrayView3<'_, f64>, first: usize) -> AttrError {
    let size = |v: &f64| if v.is_nan() { f64::INFINITY } else { v.abs() };
    let worst = values
        .indexed_iter()
        .reduce(|a, b| if size(b.1) > size(a.1) { b } else { a });
    let ((i, output, input), &value) = worst.expect("a sum that is not finite has terms");
    AttrError::NonFinite {
        what: format!("the attribution by {name}"),
        sample: first + i,
        output,
        input,
        value,
    }
}

/// Aggregates over all samples so far.
#[derive(Clone)]
pub(crate) struct Totals {
    pub(crate) samples: usize,
    signed: Vec<Sum>,
    absolute: Vec<Sum>,
    pub(crate) largest: Vec<f64>,
    pub(crate) inversions: Option<InversionTotals>,
    variances: Option<Vec<Sum>>,
    residuals: Option<(Vec<Sum>, Vec<f64>)>,
}

/// Statistics of the inversions so far.
#[derive(Clone, Default)]
pub(crate) struct InversionTotals {
    /// Number of samples of each rank, from 0 on.
    pub(crate) ranks: Vec<usize>,
    pub(crate) smallest: f64,
    pub(crate) largest: f64,
    logarithms: Sum,
}

impl Totals {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            samples: 0,
            signed: vec![Sum::default(); size],
            absolute: vec![Sum::default(); size],
            largest: vec![0.0; size],
            inversions: None,
            variances: None,
            residuals: None,
        }
    }

    /// Adds a batch. The order of batches matters to the last bit.
    pub(crate) fn absorb(&mut self, partial: &Partial) {
        self.samples += partial.samples;
        for (total, &sum) in self.signed.iter_mut().zip(&partial.signed) {
            total.add(sum);
        }
        for (total, &sum) in self.absolute.iter_mut().zip(&partial.absolute) {
            total.add(sum);
        }
        take_largest(&mut self.largest, &partial.largest);
        if let Some(inversions) = &partial.inversions {
            let totals = self.inversions.get_or_insert_default();
            inversions.iter().for_each(|one| totals.add(one));
        }
        if let Some(variances) = &partial.variances {
            let empty = || vec![Sum::default(); variances.len()];
            let totals = self.variances.get_or_insert_with(empty);
            for (total, &sum) in totals.iter_mut().zip(variances) {
                total.add(sum);
            }
        }
        if let Some(residuals) = &partial.residuals {
            let outputs = residuals.ncols();
            let empty = || (vec![Sum::default(); outputs], vec![0.0; outputs]);
            let (sums, largest) = self.residuals.get_or_insert_with(empty);
            for ((_, output), residual) in residuals.indexed_iter() {
                sums[output].add(residual.abs());
                largest[output] = f64::max(largest[output], residual.abs());
            }
        }
    }

    /// Adds what was found on samples that follow. The order matters to the last bit.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.samples += other.samples;
        Sum::merge_all(&mut self.signed, &other.signed);
        Sum::merge_all(&mut self.absolute, &other.absolute);
        take_largest(&mut self.largest, &other.largest);
        if let Some(inversions) = &other.inversions {
            let totals = self.inversions.get_or_insert_default();
            totals.merge(inversions);
        }
        if let Some(variances) = &other.variances {
            let empty = || vec![Sum::default(); variances.len()];
            Sum::merge_all(self.variances.get_or_insert_with(empty), variances);
        }
        if let Some((sums, largest)) = &other.residuals {
            let empty = || (vec![Sum::default(); sums.len()], vec![0.0; sums.len()]);
            let own = self.residuals.get_or_insert_with(empty);
            Sum::merge_all(&mut own.0, sums);
            take_largest(&mut own.1, largest);
        }
    }

    /// Packs all numbers.
    pub(crate) fn pack(&self, packer: &mut Packer) {
        packer.number(self.samples as f64);
        packer.list(Sum::numbers(&self.signed));
        packer.list(Sum::numbers(&self.absolute));
        packer.list(self.largest.iter().copied());
        packer.optional(self.inversions.as_ref().map(|totals| {
            let known = [totals.smallest, totals.largest];
            let known = known.into_iter().chain(Sum::numbers(&[totals.logarithms]));
            let ranks = totals.ranks.iter().map(|&count| count as f64);
            known.chain(ranks).collect::<Vec<_>>()
        }));
        packer.optional(self.variances.as_deref().map(Sum::numbers));
        let residuals = self.residuals.as_ref();
        packer.optional(residuals.map(|(sums, _)| Sum::numbers(sums)));
        packer.optional(residuals.map(|(_, largest)| largest.clone()));
    }

    /// What [`pack`](Self::pack) has packed.
    pub(crate) fn unpack(unpacker: &mut Unpacker<'_>) -> Option<Self> {
        let samples = unpacker.count()?;
        let signed = Sum::of_numbers(unpacker.list()?)?;
        let absolute = Sum::of_numbers(unpacker.list_of(2 * signed.len())?)?;
        let largest = unpacker.list_of(signed.len())?.to_vec();
        let inversions = match unpacker.optional()? {
            Some([smallest, largest, sum, lost, ranks @ ..]) => Some(InversionTotals {
                ranks: ranks.iter().map(|&count| count as usize).collect(),
                smallest: *smallest,
                largest: *largest,
                logarithms: Sum {
                    sum: *sum,
                    lost: *lost,
                },
            }),
            Some(_) => return None,
            None => None,
        };
        let variances = match unpacker.optional()? {
            Some(numbers) => Some(Sum::of_numbers(numbers)?),
            None => None,
        };
        let residuals = match (unpacker.optional()?, unpacker.optional()?) {
            (Some(sums), Some(largest)) => Some((Sum::of_numbers(sums)?, largest.to_vec())),
            (None, None) => None,
            _ => return None,
        };
        Some(Self {
            samples,
            signed,
            absolute,
            largest,
            inversions,
            variances,
            residuals,
        })
    }

    /// Standard errors of [`mean`](Self::mean), from those of the samples.
    pub(crate) fn standard_errors(&self) -> Option<Vec<f64>> {
        let n = self.samples as f64;
        let error = |sum: &Sum| sum.value().max(0.0).sqrt() / n;
        Some(self.variances.as_ref()?.iter().map(error).collect())
    }

    /// Means and largest of the absolute residuals of each output.
    pub(crate) fn residuals(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        let (sums, largest) = self.residuals.as_ref()?;
        let means = sums.iter().map(|sum| sum.value() / self.samples as f64);
        Some((means.collect(), largest.clone()))
    }

    pub(crate) fn mean(&self) -> Vec<f64> {
        self.signed
            .iter()
            .map(|sum| sum.value() / self.samples as f64)
            .collect()
    }

    pub(crate) fn mean_absolute(&self) -> Vec<f64> {
        self.absolute
            .iter()
            .map(|sum| sum.value() / self.samples as f64)
            .collect()
    }
}

impl InversionTotals {
    fn add(&mut self, inversion: &Inversion) {
        if self.ranks.len() <= inversion.rank {
            self.ranks.resize(inversion.rank + 1, 0);
        }
        self.ranks[inversion.rank] += 1;
        if let Some(condition) = inversion.condition {
            let first = self.inverted() == 1;
            self.smallest = if first {
                condition
            } else {
                self.smallest.min(condition)
            };
            self.largest = self.largest.max(condition);
            self.logarithms.add(condition.ln());
        }
    }

    fn merge(&mut self, other: &Self) {
        if other.inverted() > 0 {
            self.smallest = match self.inverted() {
                0 => other.smallest,
                _ => self.smallest.min(other.smallest),
            };
            self.largest = self.largest.max(other.largest);
            self.logarithms.merge(other.logarithms);
        }
        if self.ranks.len() < other.ranks.len() {
            self.ranks.resize(other.ranks.len(), 0);
        }
        for (count, more) in self.ranks.iter_mut().zip(&other.ranks) {
            *count += more;
        }
    }

    /// Number of samples of rank 1 and above.
    pub(crate) fn inverted(&self) -> usize {
        self.ranks.iter().skip(1).sum()
    }

    pub(crate) fn mean_logarithm(&self) -> f64 {
        self.logarithms.value() / self.inverted() as f64
    }
}

/// A compensated sum (Neumaier, 1974).
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let total = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() {
            (self.sum - total) + value
        } else {
            (value - total) + self.sum
        };
        self.sum = total;
    }

    fn merge(&mut self, other: Self) {
        self.add(other.sum);
        self.add(other.lost);
    }

    fn merge_all(sums: &mut [Self], others: &[Self]) {
        for (sum, other) in sums.iter_mut().zip(others) {
            sum.merge(*other);
        }
    }

    fn value(self) -> f64 {
        self.sum + self.lost
    }

    fn numbers(sums: &[Self]) -> Vec<f64> {
        sums.iter().flat_map(|sum| [sum.sum, sum.lost]).collect()
    }

    fn of_numbers(numbers: &[f64]) -> Option<Vec<Self>> {
        let pairs = numbers.chunks_exact(2);
        pairs.remainder().is_empty().then(|| {
            let sums = pairs.map(|pair| Self {
                sum: pair[0],
                lost: pair[1],
            });
            sums.collect()
        })
    }
}

fn take_largest(largest: &mut [f64], others: &[f64]) {
    for (largest, &other) in largest.iter_mut().zip(others) {
        *largest = largest.max(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_are_not_lost_beside_large_ones() {
        let mut sum = Sum::default();
        for value in [1.0, 1e100, 1.0, -1e100] {
            sum.add(value);
        }
        assert_eq!(sum.value(), 2.0);
    }
}
