//! What happens to the outputs when some inputs are replaced by a baseline.

use ndarray::Array3;
use xcebra_model::Scalar;

use crate::attributions::Attributions;
use crate::baseline::Baseline;
use crate::batch::Batch;
use crate::error::Result;
use crate::evaluate;

/// `f(x) − f(x with a set of inputs replaced)`, averaged over baselines; each input carries the mean of
/// the sets it belongs to.
pub(super) fn replace<A: Scalar>(
    batch: &Batch<'_, A>,
    sets: &[Vec<usize>],
    baseline: &Baseline<A>,
    method: &str,
) -> Result<Attributions> {
    let (n, outputs, inputs) = (batch.len(), batch.outputs(), batch.inputs());
    let baselines = baseline.of(batch, method)?;
    let mut cover = vec![0.0; inputs];
    sets.iter().flatten().for_each(|&input| cover[input] += 1.0);
    let weights: Vec<f64> = cover
        .iter()
        .map(|cover| 1.0 / (baselines.count() as f64 * cover))
        .collect();
    let mut found = Array3::zeros((n, outputs, inputs));
    let attributed = found.as_slice_mut().expect("freshly made");
    let mut intact = vec![0.0; outputs];
    // point 0 is the sample itself
    evaluate::values(
        batch,
        1 + baselines.count() * sets.len(),
        |sample, point, x| {
            if let Some(point) = point.checked_sub(1) {
                let row = baselines.row(sample, point / sets.len());
                for &input in &sets[point % sets.len()] {
                    x[input] = row[input];
                }
            }
        },
        |sample, point, y| {
            let Some(point) = point.checked_sub(1) else {
                intact.copy_from_slice(y);
                return;
            };
            for (output, y) in y.iter().enumerate() {
                let row = &mut attributed[(sample * outputs + output) * inputs..][..inputs];
                for &input in &sets[point % sets.len()] {
                    row[input] += weights[input] * (intact[output] - y);
                }
            }
        },
    )?;
    Ok(Attributions::new(found))
}
