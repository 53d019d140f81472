//! Data sets: shapes, truth, determinism, errors.

use std::collections::HashSet;

use ndarray::{Array1, Array2, Axis, array, s};
use xcebra_synth::{Block, Connectivity, Dataset, DatasetConfig, MixingConfig, SynthError};

fn paper(dims: usize) -> DatasetConfig {
    DatasetConfig::paper_protocol(dims).unwrap().samples(400)
}

fn three_groups() -> Connectivity {
    let block = |channels, inputs: &[usize]| Block {
        channels,
        inputs: inputs.to_vec(),
    };
    let blocks = vec![block(5, &[2]), block(6, &[1, 0]), block(4, &[2, 0])];
    Connectivity::new(vec![2, 1, 2], blocks).unwrap()
}

/// Largest absolute entries of the Jacobians at all samples.
fn largest_slopes(data: &Dataset<f64>) -> Array2<f64> {
    let mut largest = Array2::zeros(data.map.dim());
    for t in 0..data.x.nrows() {
        let jacobian = data.jacobian(t).unwrap();
        largest.zip_mut_with(&jacobian, |l: &mut f64, v| *l = l.max(v.abs()));
    }
    largest
}

#[test]
fn the_support_of_the_jacobian_is_the_map() {
    for dims in 2..10 {
        check_support(&paper(dims).seed(dims as u64));
    }
    check_support(&DatasetConfig::new(three_groups()).samples(400));
}

fn check_support(config: &DatasetConfig) {
    let data = config.generate::<f64>().unwrap();
    for (&slope, &connected) in largest_slopes(&data).iter().zip(&data.map) {
        if connected {
            // slopes are of order 1; a connection nowhere above 0.01 would not be seen in the data
            assert!(slope > 0.01);
        } else {
            assert_eq!(slope, 0.0);
        }
    }
}

#[test]
fn the_jacobian_of_the_whole_agrees_with_finite_differences() {
    let data = DatasetConfig::new(three_groups())
        .samples(20)
        .generate::<f64>()
        .unwrap();
    let h = 1e-5;
    for z in data.z.rows() {
        let jacobian = data.jacobian_at(&z).unwrap();
        for latent in 0..5 {
            let mut step = Array1::zeros(5);
            step[latent] = h;
            let above = data.observe(&(&z + &step)).unwrap();
            let below = data.observe(&(&z - &step)).unwrap();
            let difference = (above - below) / (2.0 * h);
            // truncation h² |g'''| / 6 and rounding ε / h stay below 1e-8
            approx::assert_abs_diff_eq!(difference, jacobian.column(latent), epsilon = 1e-7);
        }
    }
}

#[test]
fn observations_are_the_mixed_latents() {
    let data = paper(5).generate::<f64>().unwrap();
    for (x, z) in data.x.rows().into_iter().zip(data.z.rows()) {
        assert_eq!(data.observe(&z).unwrap(), x);
    }
    assert_eq!(data.map, Connectivity::paper_protocol(5).unwrap().map());
    assert_eq!(data.mixing().connectivity().groups(), [3, 2]);
}

#[test]
fn groups_are_views_of_the_latents() {
    let data = DatasetConfig::new(three_groups())
        .samples(10)
        .generate::<f32>()
        .unwrap();
    assert_eq!(data.group(0).unwrap(), data.z.slice(s![.., 0..2]));
    assert_eq!(data.group(1).unwrap(), data.z.slice(s![.., 2..3]));
    assert_eq!(data.group(2).unwrap(), data.z.slice(s![.., 3..5]));
    assert_eq!(
        data.group(3).unwrap_err().to_string(),
        "group 3 does not exist: there are 3, counted from 0"
    );
}

#[test]
fn different_latents_give_different_observations() {
    let data = paper(4).samples(5000).generate::<f64>().unwrap();
    let distinct = |m: &Array2<f64>, columns: std::ops::Range<usize>| {
        let rows = m.axis_iter(Axis(0));
        let bits = rows.map(|row| {
            let row = row.slice_move(s![columns.clone()]);
            row.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        });
        bits.collect::<HashSet<_>>().len()
    };
    assert_eq!(distinct(&data.z, 0..4), 5000);
    assert_eq!(distinct(&data.x, 0..25), 5000);
    assert_eq!(distinct(&data.x, 25..50), 5000);
}

#[test]
fn the_seed_determines_everything() {
    let config = paper(4).seed(3).noise(0.2);
    let data = config.generate::<f64>().unwrap();
    assert_eq!(data, config.generate::<f64>().unwrap());
    let other = paper(4).seed(4).noise(0.2).generate::<f64>().unwrap();
    assert_ne!(data.z, other.z);
    let origin = Array1::zeros(4);
    assert_ne!(data.observe(&origin), other.observe(&origin));
}

#[test]
fn a_longer_recording_begins_with_the_shorter_one() {
    let short = paper(4).noise(0.1).generate::<f64>().unwrap();
    let long = paper(4).noise(0.1).samples(700).generate::<f64>().unwrap();
    assert_eq!(short.x, long.x.slice(s![..400, ..]));
    assert_eq!(short.z, long.z.slice(s![..400, ..]));
}

#[test]
fn noise_is_added_and_changes_nothing_else() {
    let clean = paper(4).generate::<f64>().unwrap();
    let noisy = paper(4).noise(0.5).generate::<f64>().unwrap();
    assert_eq!(clean.z, noisy.z);
    assert_eq!(clean.mixing(), noisy.mixing());
    let noise = &noisy.x - &clean.x;
    let n = noise.len() as f64;
    // 20,000 draws: five standard errors of mean and variance
    assert!(noise.mean().unwrap().abs() < 5.0 * 0.5 / n.sqrt());
    let variance = noise.mapv(|v| v * v).mean().unwrap();
    assert!((variance / 0.25 - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
}

#[test]
fn both_precisions_hold_the_same_numbers() {
    let config = paper(6).seed(9).noise(0.1);
    let double = config.generate::<f64>().unwrap();
    let single = config.generate::<f32>().unwrap();
    assert_eq!(single.x, double.x.mapv(|v| v as f32));
    assert_eq!(single.z, double.z.mapv(|v| v as f32));
    assert_eq!(single.map, double.map);
    // at a point that f32 holds exactly
    let z = array![0.5, -0.25, 0.125, 0.75, -1.0, 0.0];
    let rounded = double.jacobian_at(&z).unwrap().mapv(|v| v as f32);
    assert_eq!(single.jacobian_at(&z.mapv(|v| v as f32)).unwrap(), rounded);
}

#[test]
fn latents_stay_in_the_box_and_observations_are_standardised() {
    let data = paper(4)
        .samples(20_000)
        .step(0.3)
        .generate::<f64>()
        .unwrap();
    assert!(data.z.iter().all(|z| z.abs() <= 1.0));
    // the scale is set on the uniform distribution, the walk avoids the walls a little and its
    // samples are dependent: rough bounds
    for channel in data.x.columns() {
        assert!(channel.mean().unwrap().abs() < 0.3);
        assert!((channel.std(0.0) - 1.0).abs() < 0.3);
    }
}

#[test]
fn what_cannot_be_generated_is_refused() {
    let strength = |strength| MixingConfig { depth: 1, strength };
    for config in [
        paper(4).samples(0),
        paper(4).step(0.0),
        paper(4).step(f64::NAN),
        paper(4).noise(-1.0),
        paper(4).noise(f64::INFINITY),
        paper(4).mixing(strength(1.0)),
        paper(4).mixing(strength(-0.5)),
    ] {
        let error = config.generate::<f64>().unwrap_err();
        assert!(matches!(error, SynthError::Parameter { .. }), "{error}");
    }
    assert_eq!(
        paper(4)
            .noise(-1.0)
            .generate::<f32>()
            .unwrap_err()
            .to_string(),
        "noise is -1, expected 0 or a standard deviation up to 1e30"
    );
    assert!(DatasetConfig::paper_protocol(1).is_err());

    let data = paper(4).generate::<f64>().unwrap();
    assert_eq!(
        data.jacobian(400),
        Err(SynthError::OutOfRange {
            what: "sample",
            index: 400,
            count: 400
        })
    );
    let short = Array1::zeros(3);
    let length = SynthError::PointLength {
        found: 3,
        expected: 4,
    };
    assert_eq!(data.jacobian_at(&short), Err(length.clone()));
    assert_eq!(data.observe(&short), Err(length));
    let broken = array![0.0, 0.0, f64::NEG_INFINITY, 0.0];
    let error = data.jacobian_at(&broken).unwrap_err();
    assert!(matches!(error, SynthError::NotFinite { index: 2, .. }));
}
