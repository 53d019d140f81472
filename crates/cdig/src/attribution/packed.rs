//! An explanation as plain numbers, so that another process can take it up to the last bit.

use ndarray::{Array1, ArrayD};
use num_complex::Complex;
use xcebra_numeric::{Packer, Rule, Unpacker};

use super::{Attribution, Convergence, Evaluations};
use crate::domain::Domain;

impl Attribution<f64> {
    /// Packs all numbers; what the domain says of itself is not among them.
    pub fn pack(&self, packer: &mut Packer) {
        packer.list(self.outputs.iter().map(|&output| output as f64));
        packer.optional(self.weights.clone());
        for coefficients in [&self.coefficients, &self.baseline_coefficients] {
            packer.list(coefficients.iter().flat_map(|z| [z.re, z.im]));
        }
        packer.list(self.attribution.iter().copied());
        let rows = [
            &self.value,
            &self.baseline_value,
            &self.residual,
            &self.rounding,
        ];
        rows.iter().for_each(|row| packer.list(row.to_vec()));
        packer.optional(self.convergence.as_ref().map(|known| {
            let judged = [
                f64::from(u8::from(known.tolerance_met)),
                known.points as f64,
            ];
            let rows = [
                &known.error_estimate,
                &known.quadrature_residual,
                &known.jumps,
            ];
            let rows = rows.into_iter().flat_map(|row| row.to_vec());
            judged.into_iter().chain(rows).collect::<Vec<_>>()
        }));
        packer.number(self.evaluations.values as f64);
        packer.number(self.evaluations.gradients as f64);
    }

    /// What [`pack`](Self::pack) has packed of an explanation in this domain by this rule; `None` if these numbers are
    /// not such an explanation.
    pub fn unpack(
        unpacker: &mut Unpacker<'_>,
        domain: &dyn Domain<f64>,
        rule: Rule,
    ) -> Option<Self> {
        let outputs = unpacker.list()?.iter().map(|&output| output as usize);
        let outputs: Vec<usize> = outputs.collect();
        let weights = unpacker.optional()?.map(<[f64]>::to_vec);
        let rows = match weights {
            Some(_) => 1,
            None => outputs.len(),
        };
        let shape = domain.coefficient_shape();
        let size: usize = shape.iter().product();
        let coefficients = complex(unpacker.list_of(2 * size)?, shape)?;
        let baseline_coefficients = complex(unpacker.list_of(2 * size)?, shape)?;
        let attribution = unpacker.list_of(rows * size)?.to_vec();
        let attribution = ArrayD::from_shape_vec([&[rows], shape].concat(), attribution).ok()?;
        let mut row = || Some(Array1::from(unpacker.list_of(rows)?.to_vec()));
        let (value, baseline_value, residual, rounding) = (row()?, row()?, row()?, row()?);
        let convergence = match unpacker.optional()? {
            Some(known) => Some(convergence(known, rows)?),
            None => None,
        };
        Some(Self {
            domain: domain.name().to_owned(),
            outputs,
            weights,
            coefficients,
            baseline_coefficients,
            attribution,
            axes: domain.axes(),
            value,
            baseline_value,
            residual,
            rounding,
            convergence,
            evaluations: Evaluations {
                values: unpacker.count()?,
                gradients: unpacker.count()?,
            },
            rule,
        })
    }
}

fn complex(numbers: &[f64], shape: &[usize]) -> Option<ArrayD<Complex<f64>>> {
    let numbers = numbers.chunks_exact(2);
    let numbers = numbers.map(|pair| Complex::new(pair[0], pair[1]));
    ArrayD::from_shape_vec(shape, numbers.collect()).ok()
}

fn convergence(known: &[f64], rows: usize) -> Option<Convergence> {
    if known.len() != 2 + 3 * rows {
        return None;
    }
    let row = |k: usize| Array1::from(known[2 + k * rows..][..rows].to_vec());
    Some(Convergence {
        error_estimate: row(0),
        quadrature_residual: row(1),
        jumps: row(2),
        tolerance_met: known[0] == 1.0,
        points: known[1] as usize,
    })
}
