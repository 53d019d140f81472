//! Learned temperatures, goodness of fit and reused memory: against CEBRA (`tests/data/README.md`).

use crate::common::losses::{differentiate, normal, term};
use crate::common::reference_files::{TOLERANCE, number, open, rows};
use dfdx::tensor::{AsArray, Cpu, SplitTape, TensorFromVec, Trace};
use dfdx::tensor_ops::Backward;
use ndarray::Array2;
use xcebra_core::ops::{self, Term, TermValue, info_nce, info_nce_at};
use xcebra_core::{Element, Metric, Similarity};

fn learned(metric: Metric, minimum: f64) -> Similarity {
    Similarity {
        learn: true,
        minimum,
        ..Similarity::new(metric, 1.0)
    }
}

/// Loss, gradients by embedding and by temperatures, and reports.
fn at_temperatures<E: Element>(
    values: &[E],
    d: usize,
    temperatures: &[f64],
    terms: &[Term],
) -> (f64, Vec<f64>, Vec<f64>, Vec<TermValue>) {
    let embedding = Cpu::default().tensor_from_vec(values.to_vec(), (values.len() / d, d));
    let parameters = ops::vector(temperatures.iter().map(|&t| E::of(t)).collect());
    let (loss, reports) = info_nce_at(
        embedding.leaky_trace(),
        Some(parameters.leaky_trace()),
        terms,
        &ops::Cpu::default(),
    );
    let (value, tape) = loss.split_tape();
    let found = value.array().as_f64();
    let gradients = dfdx::tensor::PutTape::put_tape(value, tape).backward();
    let double = |v: Vec<E>| v.iter().map(|g| g.as_f64()).collect();
    (
        found,
        double(gradients.get(&embedding).as_vec()),
        double(gradients.get(&parameters).as_vec()),
        reports,
    )
}

#[test]
fn single_precision_temperature_gradients_agree_with_double() {
    let (n, d) = (300, 6);
    for metric in [Metric::Euclidean, Metric::Cosine, Metric::Dot] {
        // rows around 100: the distance does not care, though every row has a product with its
        // gradient that is a hundred times larger than what remains of them all
        let offset = if metric == Metric::Euclidean {
            100.0
        } else {
            0.0
        };
        let single: Vec<f32> = normal::<f32>(3 * n * d, 5)
            .iter()
            .map(|v| v + offset)
            .collect();
        let double: Vec<f64> = single.iter().map(|&v| f64::from(v)).collect();
        let terms = [term(n, 0..d, learned(metric, 0.01))];
        let (_, _, exact, _) = at_temperatures(&double, d, &[0.5], &terms);
        let (_, _, found, _) = at_temperatures(&single, d, &[0.5], &terms);
        // sums of 300 × 300 weights of relative error 1e-6
        assert!(
            (exact[0] - found[0]).abs() < 1e-5 * (1.0 + exact[0].abs()),
            "{exact:?} {found:?}"
        );
    }
}

#[test]
fn without_parameters_temperatures_stay_where_they_start() {
    let values = normal::<f64>(3 * 20 * 3, 5);
    let start = Similarity {
        temperature: 0.6,
        ..learned(Metric::Euclidean, 0.01)
    };
    let (fixed, report) = info_nce(
        Cpu::default()
            .tensor_from_vec(values.clone(), (60, 3))
            .leaky_trace(),
        &[term(20, 0..3, start)],
    );
    assert_eq!(report[0].temperature, 0.6);
    let parameter = start.log_inverse_temperature();
    let (loss, ..) = at_temperatures(&values, 3, &[parameter], &[term(20, 0..3, start)]);
    assert!((fixed.array() - loss).abs() < 1e-13);
}

#[test]
fn learned_temperatures_equal_cebra() {
    let mut npz = open("objectives.npz");
    for (kind, metric, suffix) in [
        ("euclidean", Metric::Euclidean, ""),
        ("cosine_unit", Metric::Dot, "_unit"),
        ("cosine_unit", Metric::Cosine, "_unit"),
    ] {
        let values: Vec<f64> = ["ref", "neg", "pos"]
            .iter()
            .flat_map(|role| rows(&format!("{role}{suffix}")))
            .collect();
        for (case, temperature, minimum) in [("free", 0.7_f64, 0.1), ("held", 0.2, 0.3)] {
            let mut term = term(64, 0..6, learned(metric, minimum));
            term.weight = 1.0;
            let (loss, gradient, slope, reports) =
                at_temperatures(&values, 6, &[-temperature.ln()], &[term]);
            let mut expect = |what: &str, found: f64| {
                let expected = number(&mut npz, &format!("{kind}_{case}_{what}"));
                assert!(
                    (found - expected).abs() < TOLERANCE,
                    "{what}: {found} {expected}"
                );
            };
            expect("loss", loss);
            expect("align", reports[0].align);
            expect("uniform", reports[0].uniform);
            expect("temperature", reports[0].temperature);
            expect("slope", slope[0]);
            expect("bits", reports[0].bits_over_chance());
            assert_eq!(slope[0] == 0.0, case == "held");
            if metric != Metric::Cosine {
                let expected: Array2<f64> =
                    npz.by_name(&format!("{kind}_{case}_grad_ref")).unwrap();
                for (f, e) in gradient.iter().zip(&expected) {
                    assert!((f - e).abs() < TOLERANCE);
                }
            }
        }
    }
}

#[test]
fn a_collapsed_embedding_is_at_chance() {
    let (_, _, _, reports) = at_temperatures(
        &vec![0.3; 3 * 50 * 2],
        2,
        &[0.0],
        &[term(50, 0..2, learned(Metric::Euclidean, 0.01))],
    );
    assert!(reports[0].bits_over_chance().abs() < 1e-14);
}

/// Rows of zeros have no direction: their similarity is 0, and so is its derivative.
#[test]
fn rows_of_zeros_are_at_right_angles_to_all() {
    let mut values = vec![0.6, 0.8, 0.0, 0.0, 0.0, 0.0];
    let terms = [term(1, 0..2, Similarity::new(Metric::Cosine, 0.5))];
    let cosine = |values: &[f64]| differentiate(values, 2, |e| info_nce(e, &terms).0);
    assert_eq!(cosine(&values), (0.0, vec![0.0; 6]));
    // the negative is the reference: 0.8 (1 / 0.5 − 0)
    values[2..4].copy_from_slice(&[3.0, 4.0]);
    let (loss, gradient) = cosine(&values);
    assert!((loss - 1.6).abs() < 1e-15);
    assert!(gradient.iter().all(|g| g.abs() < 1e-15), "{gradient:?}");
}

#[test]
fn used_memory_gives_the_same_bits() {
    let engine = ops::Cpu::default();
    for (n, d) in [(513, 4), (40, 7), (600, 2), (1, 1)] {
        let values = normal::<f32>(3 * n * d, 6);
        for metric in [Metric::Euclidean, Metric::Cosine] {
            let terms = [term(n, 0..d, Similarity::new(metric, 0.5))];
            let fresh = differentiate(&values, d, |e| info_nce(e, &terms).0);
            let used = differentiate(&values, d, |e| info_nce_at(e, None, &terms, &engine).0);
            assert_eq!(fresh, used);
        }
    }
}
