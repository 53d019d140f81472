//! Redundant, clipped, normalised and constant outputs.

use crate::common::{Head, Mlp, close, linear, uniform};
use ndarray::{Array2, Axis, Slice, array, concatenate};
use xcebra_attr::inverse::{Tolerance, pseudo_inverse};
use xcebra_attr::methods::InvertedNeuronGradient;
use xcebra_attr::{AttributionMap, Methods, Options, attribute};
use xcebra_model::{Model, Scalar, check_vjp};

fn ing<A: Scalar>(model: &dyn Model<A>, x: &Array2<A>, options: &Options<'_>) -> AttributionMap {
    let methods = Methods::new().with(InvertedNeuronGradient);
    attribute(model, x, &methods, options).unwrap().remove(0)
}

/// Outputs of unit length lose one rank, in either precision and for few and many inputs, and the
/// inverse stays as small as the rest of the spectrum lets it.
#[test]
fn normalised_outputs_lose_one_rank() {
    for (inputs, hidden, outputs) in [(50, 64, 6), (8, 96, 4), (5, 96, 3), (120, 64, 8)] {
        let full = [vec![0; outputs - 1], vec![60, 0]].concat();
        let x = uniform((60, inputs), 2);

        let model = Mlp::<f64>::random(&[inputs], hidden, outputs, 1).with_head(Head::Normalised);
        assert!(check_vjp(&model, x.view().into_dyn()).unwrap().passed());
        let double = ing(&model, &x, &Options::new());
        assert_eq!(double.inverses().unwrap().rank_counts(), full);
        assert!(double.inverses().unwrap().condition().unwrap().max < 100.0);

        let model = Mlp::<f32>::random(&[inputs], hidden, outputs, 1).with_head(Head::Normalised);
        let single = ing(&model, &x.mapv(|v| v as f32), &Options::new());
        assert_eq!(single.inverses().unwrap().rank_counts(), full);
        // weights rounded to 6e-8, amplified by the condition number twice over
        let size = double.values().fold(0.0_f64, |a, &b| a.max(b));
        close(single.values(), double.values(), 1e-4 * size);
    }
}

/// A clipped output has no gradient: its column of the map is zero and the others are those of
/// the other outputs alone.
#[test]
fn clipped_outputs_drop_out() {
    let clip = 0.4;
    let model = Mlp::<f64>::random(&[7], 24, 3, 5).with_head(Head::Clipped(clip));
    let x = uniform((200, 7), 6);
    let map = ing(&model, &x, &Options::new());
    let y = model.forward(x.view().into_dyn()).unwrap();
    let inside = y.map_axis(Axis(1), |row| row.iter().filter(|v| v.abs() < clip).count());
    let summary = map.inverses().unwrap();
    for rank in 0..=3 {
        let count = inside.iter().filter(|&&inside| inside == rank).count();
        assert!(count > 0, "the test should meet rank {rank}");
        assert_eq!(summary.rank_counts()[rank], count);
    }
    assert_eq!(summary.min_rank(), 0);
    assert!(!summary.is_full_rank());
    assert!(map.values().iter().all(|v| v.is_finite()));
    for (i, y) in y.outer_iter().enumerate() {
        let alone = x.slice_axis(Axis(0), Slice::from(i..=i)).to_owned();
        let map = ing(&model, &alone, &Options::new());
        for (k, y) in y.iter().enumerate() {
            let zero = map.values().column(k).iter().all(|&v| v == 0.0);
            assert_eq!(zero, y.abs() >= clip);
        }
    }
}

#[test]
fn repeated_outputs_share_their_attribution() {
    let weights = uniform((2, 6), 9);
    let repeated = concatenate![Axis(0), weights, weights];
    let x = uniform((10, 6), 10);
    let once = ing(&linear(&weights), &x, &Options::new());
    let twice = ing(&linear(&repeated), &x, &Options::new());
    // [W; W]⁺ = ½ [W⁺, W⁺]
    let halves = once.signed() * 0.5;
    close(
        twice.signed(),
        &concatenate![Axis(1), halves, halves],
        1e-14,
    );
    assert_eq!(twice.inverses().unwrap().rank_counts(), [0, 0, 10, 0, 0]);
    let (a, b) = (once.inverses().unwrap(), twice.inverses().unwrap());
    let (a, b) = (a.condition().unwrap(), b.condition().unwrap());
    assert!((a.geometric_mean - b.geometric_mean).abs() < 1e-5 * a.max);
}

#[test]
fn a_constant_model_has_no_attribution() {
    let map = ing(
        &linear(&Array2::<f64>::zeros((2, 3))),
        &uniform((4, 3), 1),
        &Options::new(),
    );
    assert_eq!(map.values(), &Array2::zeros((3, 2)));
    let summary = map.inverses().unwrap();
    assert_eq!(
        (summary.rank_counts(), summary.condition()),
        (&[4, 0, 0][..], None)
    );
}

#[test]
fn tolerances_decide_what_is_zero() {
    // singular values 4, 1 and 0.01
    let weights = array![
        [4.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.01, 0.0]
    ];
    let x = uniform((3, 4), 1);
    let rank = |tolerance| {
        let options = Options::new().tolerance(tolerance);
        let map = ing(&linear(&weights), &x, &options);
        let rank = map.inverses().unwrap().min_rank();
        assert_eq!(pseudo_inverse(&weights, tolerance).unwrap().rank, rank);
        rank
    };
    assert_eq!(rank(Tolerance::Auto), 3);
    assert_eq!(rank(Tolerance::Relative(0.0)), 3);
    assert_eq!(rank(Tolerance::Relative(0.002)), 3);
    assert_eq!(rank(Tolerance::Relative(0.003)), 2);
    assert_eq!(rank(Tolerance::Relative(0.3)), 1);
    assert_eq!(rank(Tolerance::Absolute(0.005)), 3);
    assert_eq!(rank(Tolerance::Absolute(0.01)), 2);
    assert_eq!(rank(Tolerance::Absolute(2.0)), 1);
    assert_eq!(rank(Tolerance::Absolute(5.0)), 0);
    for senseless in [
        Tolerance::Relative(1.0),
        Tolerance::Relative(f64::NAN),
        Tolerance::Absolute(-1.0),
        Tolerance::Absolute(f64::INFINITY),
    ] {
        let options = Options::new().tolerance(senseless);
        let methods = Methods::all();
        assert!(attribute(&linear(&weights), &x, &methods, &options).is_err());
        assert!(pseudo_inverse(&weights, senseless).is_err());
    }
}
