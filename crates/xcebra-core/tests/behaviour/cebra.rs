//! Encoders of CEBRA, read and compared with what CEBRA computes (`tests/data/README.md`).

use std::collections::HashMap;

use dfdx::tensor::{AsArray, SplitTape, Trace};
use dfdx::tensor_ops::Backward;
use ndarray::{ArrayD, Axis, Ix2, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use xcebra_core::encoder::Trainable as _;
use xcebra_core::ops::{self, Head};
use xcebra_core::regularizer::Probes;
use xcebra_core::{Edges, Encoder};
use xcebra_model::Model;

/// Both sides compute in double precision, in sums of at most 200 terms; relative above 1.
const TOLERANCE: f64 = 1e-12;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cebra");

fn models() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".safetensors").unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// One file: what CEBRA computed, and its tensors by name.
struct Reference {
    bytes: Vec<u8>,
}

impl Reference {
    fn open(model: &str) -> Self {
        let bytes = std::fs::read(format!("{FOLDER}/{model}.safetensors")).unwrap();
        Self { bytes }
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).unwrap()
    }

    fn array(&self, name: &str) -> Option<ArrayD<f64>> {
        let tensors = self.tensors();
        let tensor = tensors.tensor(&format!("reference.{name}")).ok()?;
        assert_eq!(tensor.dtype(), Dtype::F64);
        let values = tensor.data().as_chunks::<8>().0;
        let values = values.iter().map(|b| f64::from_le_bytes(*b)).collect();
        Some(ArrayD::from_shape_vec(IxDyn(tensor.shape()), values).unwrap())
    }

    /// The `state_dict` of the tensors that begin with `prefix`, which is taken off, each changed.
    fn state_dict(
        &self,
        prefix: &str,
        change: impl Fn(&str) -> Option<(String, Vec<usize>)>,
    ) -> Vec<u8> {
        let tensors = self.tensors();
        let views: HashMap<String, TensorView<'_>> = tensors
            .iter()
            .filter_map(|(key, tensor)| {
                let key = key.strip_prefix(prefix)?;
                let (name, shape) = change(key)?;
                let shape = if shape.is_empty() {
                    tensor.shape().to_vec()
                } else {
                    shape
                };
                let view = TensorView::new(tensor.dtype(), shape, tensor.data()).unwrap();
                Some((name, view))
            })
            .collect();
        safetensors::serialize(views, None).unwrap()
    }

    fn model(&self) -> Vec<u8> {
        self.state_dict("", own)
    }
}

/// Tensors of the model itself.
fn own(key: &str) -> Option<(String, Vec<usize>)> {
    key.starts_with("net.")
        .then(|| (key.to_owned(), Vec::new()))
}

fn assert_close<'a>(
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
    what: &str,
) {
    let mut count = 0;
    let mut expected = expected.into_iter();
    for f in found {
        let e = expected.next().unwrap();
        assert!(
            (f - e).abs() <= TOLERANCE * e.abs().max(1.0),
            "{what}: {f} against {e}"
        );
        count += 1;
    }
    assert!(count > 0 && expected.next().is_none(), "{what}");
}

#[test]
fn outputs_and_jacobians_equal_cebra() {
    assert_eq!(models().len(), 22);
    for model in models() {
        let file = Reference::open(&model);
        let encoder = Encoder::<f64>::from_cebra(&file.model(), &model).unwrap();
        let x = file.array("x").unwrap();
        let y = encoder.forward(x.view()).unwrap();
        assert_close(&y, &file.array("y").unwrap(), &model);
        let jacobian = encoder.jacobian(x.view()).unwrap();
        let expected = file.array("jacobian").unwrap();
        assert_eq!(jacobian.shape(), expected.shape());
        assert_close(&jacobian, &expected, &model);
    }
}

#[test]
fn embeddings_of_a_recording_equal_cebra() {
    let mut count = 0;
    for model in models() {
        let file = Reference::open(&model);
        let Some(recording) = file.array("recording") else {
            continue;
        };
        let encoder = Encoder::<f64>::from_cebra(&file.model(), &model).unwrap();
        let recording = recording.into_dimensionality::<Ix2>().unwrap();
        let found = encoder.embed(recording.t(), Edges::Drop).unwrap();
        let expected = file.array("embedding").unwrap();
        let expected = expected.into_dimensionality::<Ix2>().unwrap();
        assert_eq!(found.start, encoder.architecture().window.left);
        assert_close(&found.values, expected.t(), &model);
        count += 1;
    }
    assert_eq!(count, 11);
}

/// CEBRA's classes without their normalisation, for the names with `-mse` that CEBRA does not have.
#[test]
fn unnormalised_convolutions_equal_cebra() {
    let mut names = Vec::new();
    for model in models() {
        let file = Reference::open(&model);
        let Some(raw) = file.array("raw") else {
            continue;
        };
        let name = format!("{}-mse", model.replace("-more-dropout", ""));
        let encoder = Encoder::<f64>::from_cebra(&file.model(), &name).unwrap();
        let x = file.array("x").unwrap();
        assert_close(&encoder.forward(x.view()).unwrap(), &raw, &name);
        let jacobian = encoder.jacobian(x.view()).unwrap();
        assert_close(&jacobian, &file.array("raw_jacobian").unwrap(), &name);
        names.push(name);
    }
    names.sort();
    names.dedup();
    assert_eq!(
        names,
        [10, 15, 18, 20, 36, 40, 5, 50].map(|times| format!("offset{times}-model-mse"))
    );
}

#[test]
fn penalties_and_their_gradients_equal_cebra() {
    let mut count = 0;
    for model in models() {
        let file = Reference::open(&model);
        let Some(expected) = file.array("penalty") else {
            continue;
        };
        let encoder = Encoder::<f64>::from_cebra(&file.model(), &model).unwrap();
        // (n, channels, window) to (n, window, channels)
        let mut x = file.array("x").unwrap();
        if x.ndim() == 3 {
            x.swap_axes(1, 2);
        }
        let n = x.len_of(Axis(0));
        let x: Vec<f64> = x.iter().copied().collect();
        let mut rng = rand_chacha::rand_core::SeedableRng::seed_from_u64(0);
        let (probes, factor) = Probes::Exact.draw::<f64>(n, encoder.output_dim(), &mut rng);
        let parameters = ops::vector(encoder.parameters().to_vec());
        let penalty = encoder.jacobian_penalty(parameters.leaky_trace(), &x, &probes, factor);
        let (value, tape) = penalty.split_tape();
        assert_close(&[value.array()], &expected, &model);
        let gradients = dfdx::tensor::PutTape::put_tape(value, tape).backward();
        // gradients are named and laid out as what they belong to
        let gradient = file.state_dict("gradient.", own);
        let gradient = Encoder::<f64>::from_state_dict(&gradient, Head::Identity).unwrap();
        assert_close(
            &gradients.get(&parameters).as_vec(),
            gradient.parameters(),
            &model,
        );
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn encoders_of_cebra_load_from_files_and_save_as_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cebra.safetensors");
    let file = Reference::open("offset10-model-mse");
    // as parallel training names them
    let bytes = file.state_dict("", |key| {
        Some((format!("module.{}", own(key)?.0), Vec::new()))
    });
    std::fs::write(&path, bytes).unwrap();
    let encoder = Encoder::<f32>::load_cebra(&path, "offset10-model-mse").unwrap();
    let again = Encoder::<f32>::from_safetensors(&encoder.to_safetensors().unwrap()).unwrap();
    assert_eq!(again.parameters(), encoder.parameters());
    assert_eq!(again.architecture(), encoder.architecture());
    let x = file.array("x").unwrap();
    let y = again.forward(x.mapv(|v| v as f32).view()).unwrap();
    for (f, e) in y.iter().zip(&file.array("y").unwrap()) {
        // single precision through five layers of sums of at most 12 terms of order 1
        assert!((f64::from(*f) - e).abs() < 2e-6, "{f} {e}");
    }
    let error = Encoder::<f32>::load_cebra(&path, "offset5").err().unwrap();
    assert!(error.to_string().contains("offset5 has"), "{error}");
}

#[test]
fn foreign_state_dicts_are_refused() {
    let file = Reference::open("offset10-model-mse");
    let refused = |bytes: &[u8], name: &str, words: &str| {
        let error = Encoder::<f64>::from_cebra(bytes, name)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(words), "{error}");
    };
    let whole = file.model();
    for name in [
        "offset10-model-4x-subsample",
        "custom",
        "",
        "offset1-model-mse-clip",
    ] {
        refused(&whole, name, "name is `");
    }
    refused(
        &whole,
        "offset1-model-mse-clip-5-10",
        "one limit for both sides",
    );
    refused(&whole, "offset1-model-mse-v2-manylayers", "a number before");
    refused(
        &whole,
        "offset20-model",
        "5 layers, but offset20-model has 10",
    );
    refused(
        &whole,
        "offset1-model-v2",
        "5 layers, but offset1-model-v2 has 4",
    );
    refused(
        &whole,
        "offset1-model-mse-v2-2layers",
        "its layer 0, `net.0`, is 4 units of kernel 2",
    );
    refused(&whole[..200], "offset10-model-mse", "the state_dict");

    let name = "offset10-model-mse";
    let without = |gone: &'static str| {
        file.state_dict("", move |key| own(key).filter(|(name, _)| name != gone))
    };
    refused(&without("net.2.module.0.bias"), name, "`net.2` has no bias");
    refused(&without("net.0.weight"), name, "`net.0` has no weight");
    refused(&file.state_dict("", |_| None), name, "no layers");
    refused(&file.bytes, name, "no layer's");
    let shaped = |which: &'static str, shape: &'static [usize]| {
        file.state_dict("", move |key| {
            let shape = if key == which {
                shape.to_vec()
            } else {
                Vec::new()
            };
            own(key).map(|(name, _)| (name, shape))
        })
    };
    refused(&shaped("net.0.weight", &[24]), name, "expected (out, in)");
    refused(&shaped("net.0.weight", &[2, 6, 2]), name, "expected [2]");
    refused(&shaped("net.0.bias", &[2, 2]), name, "expected [4]");
    refused(
        &shaped("net.2.module.0.weight", &[4, 3, 4]),
        name,
        "takes 3 inputs",
    );
    refused(&shaped("net.5.weight", &[2, 2, 6]), name, "takes 2 inputs");
}
