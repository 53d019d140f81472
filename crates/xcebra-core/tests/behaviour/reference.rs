//! Values and gradients against numbers computed with CEBRA and PyTorch (`tests/data/README.md`).

use std::fs::File;

use crate::common::reference_files::{TOLERANCE, number, open};
use dfdx::tensor::{AsArray, Cpu, SplitTape, TensorFromVec, Trace};
use dfdx::tensor_ops::Backward;
use ndarray::{Array1, Array2, Array3};
use ndarray_npy::NpzReader;
use xcebra_core::encoder::Trainable as _;
use xcebra_core::ops::{self, Head, Term, info_nce};
use xcebra_core::regularizer::Probes;
use xcebra_core::{Architecture, Encoder, Metric, Similarity};
use xcebra_model::Model;

fn matrix(npz: &mut NpzReader<File>, name: &str) -> Array2<f64> {
    npz.by_name(name).unwrap()
}

fn assert_close(found: &[f64], expected: &Array2<f64>, tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= tolerance, "{what}[{i}]: {f} against {e}");
    }
}

fn check_info_nce(kind: &str, metric: Metric, suffix: &str) {
    let mut npz = open("infonce.npz");
    let rows = ["ref", "pos", "neg"].map(|role| matrix(&mut npz, &format!("{role}{suffix}")));
    let all: Vec<f64> = rows.iter().flat_map(|r| r.iter().copied()).collect();
    for (tag, temperature) in [("t1", 1.0), ("t05", 0.5)] {
        let name = |what: &str| format!("{kind}_{tag}_{what}");
        let embedding = Cpu::default().tensor_from_vec(all.clone(), (192, 6));
        let term = Term {
            reference: 0..64,
            positive: 64..128,
            negative: 128..192,
            dims: 0..6,
            similarity: Similarity::new(metric, temperature),
            weight: 1.0,
        };
        let (loss, values) = info_nce(embedding.leaky_trace(), &[term]);
        let (value, tape) = loss.split_tape();
        for (found, what) in [
            (value.array(), "loss"),
            (values[0].loss(), "loss"),
            (values[0].align, "align"),
            (values[0].uniform, "uniform"),
        ] {
            let expected = number(&mut npz, &name(what));
            assert!(
                (found - expected).abs() < TOLERANCE,
                "{}: {found} {expected}",
                name(what)
            );
        }
        let gradients = dfdx::tensor::PutTape::put_tape(value, tape).backward();
        let gradient = gradients.get(&embedding).as_vec();
        for (i, role) in ["ref", "pos", "neg"].iter().enumerate() {
            let what = name(&format!("grad_{role}"));
            let expected = matrix(&mut npz, &what);
            assert_close(
                &gradient[i * 384..(i + 1) * 384],
                &expected,
                TOLERANCE,
                &what,
            );
        }
    }
}

#[test]
fn squared_euclidean_info_nce_equals_cebra() {
    check_info_nce("euclidean", Metric::Euclidean, "");
}

#[test]
fn dot_product_info_nce_equals_cebra() {
    check_info_nce("cosine", Metric::Dot, "");
    check_info_nce("cosine_unit", Metric::Dot, "_unit");
}

/// CEBRA normalises in its encoder; the loss on the raw rows must be that on the unit rows.
#[test]
fn cosine_info_nce_equals_cebra_on_unit_rows() {
    let mut npz = open("infonce.npz");
    let rows = ["ref", "pos", "neg"].map(|role| matrix(&mut npz, role));
    let all: Vec<f64> = rows.iter().flat_map(|r| r.iter().copied()).collect();
    for (tag, temperature) in [("t1", 1.0), ("t05", 0.5)] {
        let embedding = Cpu::default().tensor_from_vec(all.clone(), (192, 6));
        let term = Term {
            reference: 0..64,
            positive: 64..128,
            negative: 128..192,
            dims: 0..6,
            similarity: Similarity::new(Metric::Cosine, temperature),
            weight: 1.0,
        };
        let (loss, values) = info_nce(embedding.leaky_trace(), &[term]);
        let expected = number(&mut npz, &format!("cosine_unit_{tag}_loss"));
        assert!((values[0].loss() - expected).abs() < TOLERANCE);
        // the chain rule through u = y / ‖y‖, by hand, from CEBRA's gradient at u
        let gradient = loss.backward().get(&embedding).as_vec();
        for (i, role) in ["ref", "pos", "neg"].iter().enumerate() {
            let outer = matrix(&mut npz, &format!("cosine_unit_{tag}_grad_{role}"));
            let unit = matrix(&mut npz, &format!("{role}_unit"));
            let norms = rows[i].map_axis(ndarray::Axis(1), |r| r.dot(&r).sqrt());
            let along = (&outer * &unit).sum_axis(ndarray::Axis(1));
            let expected = (&outer - &(&unit * &along.insert_axis(ndarray::Axis(1))))
                / &norms.insert_axis(ndarray::Axis(1));
            assert_close(
                &gradient[i * 384..(i + 1) * 384],
                &expected,
                TOLERANCE,
                role,
            );
        }
    }
}

/// The reference's network: 10 → 16 → 16 → 4.
fn reference_encoder(npz: &mut NpzReader<File>) -> Encoder<f64> {
    let mut parameters = Vec::new();
    for layer in 1..=3 {
        parameters.extend(matrix(npz, &format!("W{layer}")));
        parameters.extend(
            npz.by_name::<ndarray::OwnedRepr<f64>, ndarray::Ix1>(&format!("b{layer}"))
                .unwrap(),
        );
    }
    let architecture = Architecture::dense(10, &[16, 16], 4, Head::Identity);
    Encoder::from_parameters(architecture, parameters).unwrap()
}

#[test]
fn encoder_and_its_jacobian_equal_pytorch() {
    let mut npz = open("jacobian_reg.npz");
    let encoder = reference_encoder(&mut npz);
    let x = matrix(&mut npz, "x");
    let y = encoder.forward(x.view().into_dyn()).unwrap();
    assert_close(
        y.as_slice().unwrap(),
        &matrix(&mut npz, "y"),
        TOLERANCE,
        "y",
    );
    let expected: Array3<f64> = npz.by_name("jacobian").unwrap();
    let found = encoder.jacobian(x.view().into_dyn()).unwrap();
    for (f, e) in found.iter().zip(&expected) {
        assert!((f - e).abs() < TOLERANCE, "{f} {e}");
    }

    let taped = encoder.encode(
        ops::vector(encoder.parameters().to_vec()).leaky_trace(),
        std::sync::Arc::new(x.iter().copied().collect()),
    );
    assert_eq!(taped.as_vec(), y.into_raw_vec_and_offset().0);
}

#[test]
fn jacobian_penalty_equals_cebra() {
    let mut npz = open("jacobian_reg.npz");
    let encoder = reference_encoder(&mut npz);
    let x: Vec<f64> = matrix(&mut npz, "x").into_iter().collect();
    let parameters = ops::vector(encoder.parameters().to_vec());
    let mut rng = rand_chacha::rand_core::SeedableRng::seed_from_u64(0);
    let (probes, factor) = Probes::Exact.draw::<f64>(32, 4, &mut rng);
    let penalty = encoder.jacobian_penalty(parameters.leaky_trace(), &x, &probes, factor);
    let (value, tape) = penalty.split_tape();
    let expected = number(&mut npz, "value");
    assert!(
        (value.array() - expected).abs() < TOLERANCE,
        "{} {expected}",
        value.array()
    );

    let gradients = dfdx::tensor::PutTape::put_tape(value, tape).backward();
    let gradient = gradients.get(&parameters).as_vec();
    let mut at = 0;
    for layer in 1..=3 {
        let weight = matrix(&mut npz, &format!("grad_W{layer}"));
        assert_close(
            &gradient[at..at + weight.len()],
            &weight,
            TOLERANCE,
            "weight",
        );
        at += weight.len();
        let bias: Array1<f64> = npz.by_name(&format!("grad_b{layer}")).unwrap();
        let len = bias.len();
        let bias = bias.insert_axis(ndarray::Axis(0));
        assert_close(&gradient[at..at + len], &bias, TOLERANCE, "bias");
        at += len;
    }
    assert_eq!(at, gradient.len());
}
