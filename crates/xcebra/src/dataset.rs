//! A generated data set as arrays of a file.

use ndarray_npy::WritableElement;
use xcebra_files::NpzOutput;
use xcebra_numeric::Entry;
use xcebra_synth::Dataset;

use crate::Result;

/// Adds the arrays of a data set of two groups: `x`, `z`, `z1`, `z2`, `map`.
///
/// # Errors
/// [`Kind::File`](xcebra_model::Kind::File).
pub fn add_dataset<A>(output: &mut NpzOutput, data: &Dataset<A>) -> Result<()>
where
    A: ndarray::NdFloat + WritableElement + Entry,
{
    output.add("x", &data.x)?;
    output.add("z", &data.z)?;
    output.add("z1", &data.group(0)?)?;
    output.add("z2", &data.group(1)?)?;
    Ok(output.add("map", &data.map)?)
}
