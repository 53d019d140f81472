//! Encoders in files.

use std::collections::HashMap;

use ndarray::ArrayD;
use xcebra_core::encoder::Sizes;
use xcebra_core::{Architecture, Element, Encoder, EncoderName};
use xcebra_model::Model;

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
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
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
    assert!(missing.err().unwrap().to_string().contains("writable"));
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
