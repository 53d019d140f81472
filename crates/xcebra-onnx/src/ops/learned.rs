//! The operators of `ai.onnx.ml`: scaling, linear models, support vectors and trees of scikit-learn and its kin.

mod features;
mod linear;
mod trees;
mod vectors;

use xcebra_model::Scalar;

use super::Call;
use crate::builder::{Builder, Slot};
use crate::error::Result;

pub(crate) fn lower<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    match call.node.op.as_str() {
        "Scaler" => linear::scale(b, call),
        "Normalizer" => linear::normalize(b, call),
        "LinearRegressor" => linear::regress(b, call),
        "LinearClassifier" => return linear::classify(b, call),
        "SVMRegressor" => vectors::regress(b, call),
        "TreeEnsembleRegressor" => trees::regress(b, call),
        "TreeEnsemble" => trees::ensemble(b, call),
        "TreeEnsembleClassifier" => return trees::classify(b, call),
        "Imputer" => features::impute(b, call),
        "Binarizer" => features::binarize(b, call),
        "FeatureVectorizer" => features::join_all(b, call),
        "ArrayFeatureExtractor" => features::extract(b, call),
        "LabelEncoder" => features::encode(b, call),
        // names for the columns of a tensor, which keeps its numbers
        "ZipMap" => call.required(b, 0),
        _ => b.refuse_with(
            "this operator of ai.onnx.ml is not supported",
            "choose a value before this node as the output, or export the model without it",
        ),
    }
    .map(|slot| vec![slot])
}

/// Numbers of an attribute, in single precision or as a tensor of doubles.
fn numbers<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, name: &str) -> Result<Vec<f64>> {
    match call.node.tensor(&format!("{name}_as_tensor")) {
        Some(literal) => b.doubles(literal),
        None => Ok(call.node.floats(name).unwrap_or_default().to_vec()),
    }
}

/// (samples, features); one sample may come without the first axis.
fn table<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<(Slot, usize)> {
    let x = call.required(b, 0)?;
    let x = super::layout::as_real(b, x)?;
    match *b.shape(x) {
        [features] => Ok((super::layout::reshape_to(b, x, &[1, features])?, features)),
        [_, features] => Ok((x, features)),
        _ => b.refuse(format!(
            "an input of shape {:?}, expected samples and features",
            b.shape(x)
        )),
    }
}
