//! A generated data set as arrays of a file.

use ndarray_npy::WritableElement;
use xcebra_files::NpzOutput;
use xcebra_numeric::Entry;
use xcebra_synth::{Connectivity, Dataset};

use crate::Result;

/// Adds the arrays of a data set of two groups: `x`, `z`, `z1`, `z2`, `map`, and the names of channels and latents.
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
    output.add("map", &data.map)?;
    let names = Names::of(data.mixing().connectivity());
    output.add_text("channel_names", &names.channels)?;
    Ok(output.add_text("latent_names", &names.latents)?)
}

/// What channels and latents are called: `x2.0` is the first channel of the second block, `z1.2` the third latent of the
/// first group.
pub(crate) struct Names {
    pub(crate) channels: Vec<String>,
    pub(crate) latents: Vec<String>,
}

impl Names {
    pub(crate) fn of(connectivity: &Connectivity) -> Self {
        let counted = |letter: &str, sizes: &[usize]| {
            let parts = sizes.iter().enumerate();
            let names = parts.flat_map(|(part, &size)| {
                let stem = format!("{letter}{}", part + 1);
                (0..size).map(move |i| format!("{stem}.{i}"))
            });
            names.collect()
        };
        let blocks: Vec<usize> = connectivity.blocks().iter().map(|b| b.channels).collect();
        Self {
            channels: counted("x", &blocks),
            latents: counted("z", connectivity.groups()),
        }
    }
}
