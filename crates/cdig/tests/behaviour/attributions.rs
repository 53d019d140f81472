//! Reading a result: strongest coefficients, sums along axes, the printed table.

use cdig::{CdigError, Explainer, RealFourier, Rule, Time};
use ndarray::{Array2, Axis, array};

use crate::models::{Activation, Network, random};

fn found() -> cdig::Attribution<f64> {
    let model = Network::random(&[2, 8], 4, 2, Activation::Tanh, 3);
    let domain = RealFourier::new(&[2, 8], 8.0).unwrap();
    let signal = random(&[2, 8], 5);
    let explainer = Explainer::new(&model).rule(Rule::GaussLegendre(16));
    explainer.explain(&domain, signal.view()).unwrap()
}

/// Ranked by absolute attribution, the rest being smaller than the last.
#[test]
fn the_strongest_come_first_in_words() {
    let found = found();
    for row in 0..2 {
        let top = found.top(row, 3).unwrap();
        let attribution = found.attribution.index_axis(Axis(0), row);
        for one in &top {
            assert_eq!(one.attribution, attribution[&one.index[..]]);
            let [channel, hz] = one.index[..] else {
                panic!("{:?}", one.index);
            };
            let words = format!("channel {channel}, frequency {hz} Hz");
            assert_eq!(one.words, words);
        }
        let least = top[2].attribution.abs();
        assert!(top[0].attribution.abs() >= top[1].attribution.abs());
        let larger = attribution.iter().filter(|a| a.abs() > least).count();
        assert_eq!(larger, 2);
    }
    assert_eq!(found.top(0, 100).unwrap().len(), 10);
    assert!(matches!(found.top(2, 1), Err(CdigError::Parameter { .. })));
}

/// Along either axis, sums over the other, and in all the total.
#[test]
fn sums_along_an_axis_add_up_to_the_total() {
    let found = found();
    let by_channel = found.by_axis(0).unwrap();
    let by_frequency = found.by_axis(1).unwrap();
    assert_eq!(by_channel.dim(), (2, 2));
    assert_eq!(by_frequency.dim(), (2, 5));
    let [first, second] = [0, 1].map(|channel| found.attribution[[1, channel, 3]]);
    assert_eq!(by_frequency[[1, 3]], first + second);
    for sums in [&by_channel, &by_frequency] {
        for (sum, total) in sums.sum_axis(Axis(1)).iter().zip(found.total()) {
            assert!((sum - total).abs() < 1e-14);
        }
    }
    assert!(found.by_axis(2).is_err());
}

/// `3 x_0 − 2 x_1` at (1, 4).
#[test]
fn an_attribution_prints_itself_as_a_table() {
    let mut model = Network::random(&[2], 1, 1, Activation::Linear, 1);
    model.inner = array![[3.0], [-2.0]];
    model.bias.fill(0.0);
    model.offset.fill(0.0);
    model.outer = Array2::ones((1, 1));
    let found = Explainer::new(&model)
        .rule(Rule::Midpoint(1))
        .explain(&Time::new(&[2]).unwrap(), array![1.0, 4.0].view())
        .unwrap();
    let expected = "time: 2 coefficients\n\
                    output 0 is -5, at the baseline 0; residual 0.0e0\n\
                    \x20           -8  time 1 samples\n\
                    \x20            3  time 0 samples";
    assert_eq!(found.to_string(), expected);
}
