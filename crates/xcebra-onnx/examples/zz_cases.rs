//! Throw-away.
use ndarray::{ArrayD, Ix1, IxDyn, OwnedRepr};
use ndarray_npy::NpzReader;
use std::fs::File;
use std::io::Write;
use xcebra_model::{Advice as _, Model, VjpCheck};
use xcebra_onnx::OnnxOptions;

fn run(parts: &[&str]) -> (String, String) {
    let mut z = NpzReader::new(File::open(parts[1]).unwrap()).unwrap();
    let model: ndarray::Array1<u8> = z.by_name::<OwnedRepr<u8>, Ix1>("model").unwrap();
    let x: ArrayD<f64> = z.by_name::<OwnedRepr<f64>, IxDyn>("x").unwrap();
    let y: ArrayD<f64> = z
        .by_name::<OwnedRepr<f64>, IxDyn>(&format!("y{}", parts[4]))
        .unwrap();
    let mut options = OnnxOptions::new()
        .input(parts[2])
        .output(parts[3])
        .no_batch_axis()
        .sample_shape(x.shape().to_vec());
    for c in parts[7].split('|').filter(|c| !c.is_empty()) {
        let (i, name) = c.split_once('=').unwrap();
        let a: ArrayD<f64> = z
            .by_name::<OwnedRepr<f64>, IxDyn>(&format!("c{i}"))
            .unwrap();
        options = options.constant(name, a);
    }
    let model = match options.from_bytes::<f64>(&model.to_vec()) {
        Ok(m) => m,
        Err(e) => {
            return (
                "REFUSED".into(),
                format!("{e} [{}]", e.advice().unwrap_or_default()),
            );
        }
    };
    let batch = x.clone().insert_axis(ndarray::Axis(0));
    let found = match model.forward(batch.view()) {
        Ok(v) => v,
        Err(e) => return ("FAILED".into(), e.to_string()),
    };
    if found.len() != y.len() {
        return (
            "WRONG".into(),
            format!("length {} {}", found.len(), y.len()),
        );
    }
    let mut worst: f64 = 0.0;
    for (a, b) in found.iter().zip(y.iter()) {
        let d = if a == b || (a.is_nan() && b.is_nan()) {
            0.0
        } else {
            (a - b).abs() / (1.0 + b.abs())
        };
        worst = if d.is_nan() {
            f64::INFINITY
        } else {
            worst.max(d)
        };
    }
    let tol = if parts[5] == "1" { 5e-3 } else { 2e-5 };
    if worst > tol {
        return (
            "WRONG".into(),
            format!(
                "value error {worst:.2e}: {:?} {:?}",
                found.iter().take(6).collect::<Vec<_>>(),
                y.iter().take(6).collect::<Vec<_>>()
            ),
        );
    }
    if x.len() * y.len() > 4_000_000 {
        return ("OK".into(), String::new());
    }
    match VjpCheck::default().directions(2).run(&model, batch.view()) {
        Ok(r) if r.passed() => ("OK".into(), String::new()),
        other => ("GRAD".into(), format!("{other:?}")),
    }
}

fn main() {
    let manifest = std::fs::read_to_string("/work/w14/opscases/manifest.tsv").unwrap();
    let mut out = File::create("/work/w14/opscases/result.tsv").unwrap();
    let filter = std::env::args().nth(1).unwrap_or_default();
    for line in manifest.lines().filter(|l| l.contains(&filter)) {
        let parts: Vec<&str> = line.split('\t').collect();
        let (state, text) =
            std::panic::catch_unwind(|| run(&parts)).unwrap_or(("PANIC".into(), String::new()));
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}",
            parts[0],
            parts[3],
            state,
            parts[6],
            text.replace(['\t', '\n'], " ")
        )
        .unwrap();
    }
}
