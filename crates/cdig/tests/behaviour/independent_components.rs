//! Fitting independent components, with the cargo feature `ica`.

use cdig::domains::Basis;
use cdig::laws::Laws;
use cdig::{CdigError, Domain};
use ndarray::{Array2, ArrayD, Axis, IxDyn, array};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A draw with heavy tails.
fn laplace(rng: &mut ChaCha8Rng) -> f64 {
    let u: f64 = rng.gen_range(-0.5..0.5);
    -u.signum() * (1.0 - 2.0 * u.abs()).max(1e-300).ln()
}

const STEPS: usize = 20_000;

/// A square wave, a saw tooth and noise with heavy tails.
fn sources() -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut rows = Array2::zeros((3, STEPS));
    for t in 0..STEPS {
        let time = t as f64 / 97.0;
        rows[[0, t]] = (time.sin()).signum();
        rows[[1, t]] = (0.37 * time).fract() - 0.5;
        rows[[2, t]] = laplace(&mut rng);
    }
    rows
}

fn mixed() -> (Array2<f64>, ArrayD<f64>) {
    let mixing = array![
        [2.0, 1.0, 0.3],
        [0.4, -1.0, 0.5],
        [1.0, 0.6, -0.7],
        [0.2, 0.1, 1.0]
    ];
    let offset = array![[1.0], [0.0], [-2.0], [0.5]];
    let x = mixing.dot(&sources()) + offset;
    (mixing, x.insert_axis(Axis(0)).into_dyn())
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let product = |x: &[f64], y: &[f64], mx: f64, my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    product(a, b, ma, mb) / (product(a, a, ma, ma) * product(b, b, mb, mb)).sqrt()
}

/// Each source is found once, up to order, sign and scale. The bound is that of sampling: with
/// 20,000 samples, correlations among the given sources themselves are of the order of 1/√20000.
#[test]
fn sources_are_found_and_the_mixture_is_exact_on_their_span() {
    let (_, x) = mixed();
    let basis = Basis::ica(x.view(), 0, 3, 0).unwrap();
    let z = basis.forward(x.view()).unwrap().mapv(|z| z.re);
    let truth = sources();
    let mut taken = Vec::new();
    for source in truth.rows() {
        let scores: Vec<f64> = (0..3)
            .map(|i| {
                let found: Vec<f64> = z.index_axis(Axis(1), i).iter().copied().collect();
                correlation(&found, &source.to_vec()).abs()
            })
            .collect();
        let best = (0..3)
            .max_by(|&a, &b| scores[a].total_cmp(&scores[b]))
            .unwrap();
        assert!(scores[best] > 0.995, "{scores:?}");
        taken.push(best);
    }
    taken.sort_unstable();
    assert_eq!(taken, [0, 1, 2]);
    // 4 channels of 3 sources: not exact in general, but on these data up to rounding
    assert!(!Domain::<f64>::is_exact(&basis));
    let z = basis.forward(x.view()).unwrap();
    let back = basis.inverse(z.view()).unwrap();
    assert!(back.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-12));
    let small = Basis::from_mixing(&[4, 12], 0, basis.offset(), basis.mixing()).unwrap();
    Laws::<f64>::new().check(&small).unwrap();
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let (_, x) = mixed();
    let fit = |seed| {
        Basis::ica(x.view(), 0, 3, seed)
            .unwrap()
            .mixing()
            .to_owned()
    };
    assert_eq!(fit(1), fit(1));
    // another start, the same fixed point: signs and order are conventions of the domain
    for (a, b) in fit(1).iter().zip(&fit(2)) {
        assert!((a - b).abs() < 1e-3, "{a} and {b}");
    }
}

#[test]
fn data_without_independent_components_are_refused() {
    let (_, x) = mixed();
    let message = Basis::ica(x.view(), 0, 4, 0).unwrap_err().to_string();
    assert!(
        message.contains("1 to 3, the rank of the data"),
        "{message}"
    );
    assert!(Basis::ica(x.view(), 0, 0, 0).is_err());
    // of normal sources any rotation is as good as another: either none is found, or one that stays
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let normal = ArrayD::from_shape_simple_fn(IxDyn(&[1, 6, 400]), || {
        (0..12).map(|_| rng.gen_range(-0.5..0.5)).sum::<f64>()
    });
    match Basis::ica(normal.view(), 0, 6, 0) {
        Ok(basis) => assert_eq!(basis.mixing().dim(), (6, 6)),
        Err(CdigError::NotConverged {
            change, tolerance, ..
        }) => assert!(change > tolerance),
        Err(other) => panic!("{other}"),
    }
}
