//! Encoders in files.

use std::collections::HashMap;

use ndarray::{Array2, ArrayD};
use safetensors::SafeTensors;
use xcebra_core::encoder::{Layer, Sizes};
use xcebra_core::ops::Head;
use xcebra_core::{Architecture, Edges, Element, Encoder, EncoderName};
use xcebra_model::{Advice, Model};

fn encoder<E: Element>(name: EncoderName) -> Encoder<E> {
    let sizes = Sizes {
        units: 8,
        depth: 1,
        clip: 2.5,
    };
    Encoder::new(Architecture::named(name, 7, 3, &sizes), 5).unwrap()
}

fn round_trip<E: Element>() {
    for name in [
        EncoderName::Offset1,
        EncoderName::Offset1Mse,
        EncoderName::Offset1MseClip,
        EncoderName::Offset1MseResnet,
        EncoderName::Offset5,
        EncoderName::Offset10Mse,
    ] {
        let encoder = encoder::<E>(name);
        let bytes = encoder.to_safetensors().unwrap();
        let again = Encoder::<E>::from_safetensors(&bytes).unwrap();
        assert_eq!(again.architecture(), encoder.architecture());
        assert_eq!(again.parameters(), encoder.parameters());
        let shape = [&[5], encoder.input_shape()].concat();
        let mut count = 0;
        let x = ArrayD::from_shape_simple_fn(shape, || {
            count += 1;
            E::of((f64::from(count) * 0.7).sin())
        });
        assert_eq!(
            again.forward(x.view()).unwrap(),
            encoder.forward(x.view()).unwrap()
        );
    }
}

#[test]
fn encoders_survive_the_round_trip() {
    round_trip::<f32>();
    round_trip::<f64>();
}

/// Embeds (time, channels) with nothing but the tensors of a file, as `docs/reference/file-formats.md` says.
fn embedded(bytes: &[u8], layers: &[Layer], x: &Array2<f64>) -> Array2<f64> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    assert_eq!(file.len(), 2 * layers.len());
    let tensor = |name: String, shape: &[usize]| {
        let tensor = file.tensor(&name).unwrap();
        assert_eq!(tensor.shape(), shape, "{name}");
        let numbers = tensor.data().as_chunks::<8>().0.iter();
        let numbers = numbers.map(|b| f64::from_le_bytes(*b)).collect();
        ArrayD::from_shape_vec(shape, numbers).unwrap()
    };
    let mut h = x.clone();
    for (l, layer) in layers.iter().enumerate() {
        let (inputs, outputs, taps) = (h.ncols(), layer.outputs, layer.kernel);
        let shape = [taps, outputs, inputs];
        let w = tensor(
            format!("layers.{l}.weight"),
            &shape[usize::from(taps == 1)..],
        );
        let w = w.into_shape_with_order(shape).unwrap();
        let b = tensor(format!("layers.{l}.bias"), &[outputs]);
        let y = Array2::from_shape_fn((h.nrows() + 1 - taps, outputs), |(t, o)| {
            let seen = |j: usize| (0..inputs).map(move |i| (j, i));
            let sum = (0..taps).flat_map(seen);
            let mut y = b[[o]] + sum.map(|(j, i)| w[[j, o, i]] * h[[t + j, i]]).sum::<f64>();
            if l + 1 < layers.len() {
                y *= (1.0 + libm::erf(y / 2_f64.sqrt())) / 2.0;
            }
            y + match layer.skip {
                true => h[[t + (taps - 1) / 2, o]],
                false => 0.0,
            }
        });
        h = y;
    }
    h
}

#[test]
fn tensors_have_the_names_and_shapes_that_are_documented() {
    let x = Array2::from_shape_fn((30, 4), |(t, c)| (1.7 * (t * (c + 2)) as f64).sin());
    let conv = |kernel| Layer::convolution(5, kernel);
    for (layers, head) in [
        (vec![Layer::dense(6), Layer::dense(3)], Head::Identity),
        (vec![Layer::dense(4).skip(), Layer::dense(3)], Head::Tanh),
        (
            vec![
                conv(2),
                conv(4).skip(),
                conv(3).identity(),
                Layer::convolution(3, 2),
            ],
            Head::Normalize,
        ),
        (
            vec![conv(3), Layer::convolution(3, 1)],
            Head::Clip { limit: 0.1 },
        ),
    ] {
        let architecture = Architecture::new(4, layers.clone(), head);
        let encoder = Encoder::<f64>::new(architecture, 3).unwrap();
        let mut expected = embedded(&encoder.to_safetensors().unwrap(), &layers, &x);
        for mut row in expected.rows_mut() {
            let norm = row.dot(&row).sqrt();
            row.mapv_inplace(|y| match head {
                Head::Identity => y,
                Head::Normalize => y / norm,
                Head::Clip { limit } => y.clamp(-limit, limit),
                Head::Tanh => y.tanh(),
            });
        }
        let found = encoder.embed(x.view(), Edges::Drop).unwrap().values;
        assert_eq!(found.dim(), expected.dim());
        for (f, e) in found.iter().zip(&expected) {
            // double precision on both sides, sums of at most 20 terms
            assert!((f - e).abs() < 1e-12, "{head:?}: {f} {e}");
        }
    }
}

#[test]
fn a_double_encoder_loads_in_single_precision() {
    let double = encoder::<f64>(EncoderName::Offset1Mse);
    let single = Encoder::<f32>::from_safetensors(&double.to_safetensors().unwrap()).unwrap();
    for (s, d) in single.parameters().iter().zip(double.parameters()) {
        assert_eq!(*s, *d as f32);
    }
}

/// Files written before encoders had windows: the same tensors, their widths in the metadata.
#[test]
fn files_that_list_widths_are_read() {
    let encoder = encoder::<f32>(EncoderName::Offset1);
    let bytes = encoder.to_safetensors().unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let widths = r#"{"inputs":7,"hidden":[8,8,4],"outputs":3,"head":{"kind":"normalize"}}"#;
    let metadata = HashMap::from([("xcebra.architecture".to_owned(), widths.to_owned())]);
    let old = safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap();
    let again = Encoder::<f32>::from_safetensors(&old).unwrap();
    assert_eq!(again.architecture(), encoder.architecture());
    assert_eq!(again.parameters(), encoder.parameters());
}

#[test]
fn files_are_written_whole_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let encoder = encoder::<f32>(EncoderName::Offset1);
    encoder.save(&path).unwrap();
    assert_eq!(
        Encoder::<f32>::load(&path).unwrap().parameters(),
        encoder.parameters()
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = encoder.save(folder.path().join("no/such/folder/model.safetensors"));
    let error = missing.err().unwrap();
    assert!(error.advice().unwrap().contains("writable"), "{error}");
}

#[test]
fn damaged_files_are_refused_without_a_panic() {
    let bytes = encoder::<f32>(EncoderName::Offset1)
        .to_safetensors()
        .unwrap();
    for len in 0..bytes.len() {
        assert!(
            Encoder::<f32>::from_safetensors(&bytes[..len]).is_err(),
            "{len} bytes"
        );
    }
    for at in 0..600.min(bytes.len()) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x5a;
        // a flip may leave a valid file; it must never panic or ask for unbounded memory
        let _ = Encoder::<f32>::from_safetensors(&damaged);
    }
    let mut infinite = bytes.clone();
    let end = infinite.len();
    infinite[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert!(
        Encoder::<f32>::from_safetensors(&infinite)
            .err()
            .unwrap()
            .to_string()
            .contains("inf")
    );
    let foreign = safetensors::serialize(
        Vec::<(String, safetensors::tensor::TensorView<'_>)>::new(),
        None,
    );
    let error = Encoder::<f32>::from_safetensors(&foreign.unwrap())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("not an xcebra encoder"), "{error}");
}
