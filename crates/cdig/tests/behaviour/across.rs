//! Interactions between groups of two domains.

use cdig::axes::Group;
use cdig::interactions::Switched;
use cdig::interactions::{groups_of_axis, interactions, interactions_across};
use cdig::{CdigError, Domain, Model, RealFourier, Time};
use ndarray::{ArrayD, Axis};

use crate::models::{Activation, Network, Pointwise, random};

const SAMPLES: usize = 16;

fn bands() -> RealFourier<f64> {
    let bands = [("slow", 0.0..2.5), ("fast", 2.5..9.0)];
    RealFourier::new(&[SAMPLES], 16.0)
        .unwrap()
        .bands(bands)
        .unwrap()
}

fn halves() -> Vec<Group> {
    let half = |name: &str, members: std::ops::Range<usize>| Group {
        name: name.into(),
        members: members.collect(),
    };
    vec![half("early", 0..8), half("late", 8..16)]
}

/// The part of a signal in one group of a domain.
fn part(domain: &dyn Domain<f64>, x: &ArrayD<f64>, group: &Group) -> ArrayD<f64> {
    let mut z = domain.forward(x.view().insert_axis(Axis(0))).unwrap();
    let inside = |i: usize| group.members.contains(&i);
    let outside = z.iter_mut().enumerate().filter(|(i, _)| !inside(*i));
    outside.for_each(|(_, z)| *z = num_complex::Complex::new(0.0, 0.0));
    domain.inverse(z.view()).unwrap().remove_axis(Axis(0))
}

/// A linear model: what lies in the band and in the window, `w·(P_G P_H + P_H P_G)x / 2`, computed by
/// keeping parts instead of taking them away. 1e-13 is rounding.
#[test]
fn a_linear_model_shows_what_lies_in_both() {
    let model = Network {
        outer: ndarray::Array2::ones((1, 1)),
        ..Network::random(&[SAMPLES], 1, 1, Activation::Linear, 3)
    };
    let (bands, time) = (bands(), Time::new(&[SAMPLES]).unwrap());
    let (slow_fast, halves) = (groups_of_axis(&bands, 0).unwrap(), halves());
    let (x, zero) = (random(&[SAMPLES], 1), ArrayD::zeros(vec![SAMPLES]));
    let first: (&dyn Domain<f64>, _) = (&bands, &slow_fast[..]);
    let second: (&dyn Domain<f64>, _) = (&time, &halves[..]);
    let found = interactions_across(&model, first, second, zero.view(), x.view()).unwrap();
    assert_eq!(found.names, [["slow", "fast"], ["early", "late"]]);
    assert_eq!(found.evaluations, 1 + 2 + 2 + 8);
    let weights = model.inner.column(0).to_owned().into_dyn();
    for (g, band) in slow_fast.iter().enumerate() {
        let in_band = part(&bands, &x, band);
        assert!((found.alone[0][[0, g]] - (&weights * &in_band).sum()).abs() < 1e-13);
        for (h, half) in halves.iter().enumerate() {
            let one = part(&time, &in_band, half);
            let other = part(&bands, &part(&time, &x, half), band);
            let expected = 0.5 * (&weights * &(one + other)).sum();
            assert!((found.values[[0, g, h]] - expected).abs() < 1e-13);
        }
    }
}

/// Twice the same domain and two groups: off the diagonal, what taking away both shows is what
/// `interactions` finds by putting both in; on it, all that the group does.
#[test]
fn of_one_domain_with_itself_they_are_those_of_its_groups() {
    let model = Network::random(&[SAMPLES], 6, 2, Activation::Tanh, 1);
    let bands = bands();
    let groups = groups_of_axis(&bands, 0).unwrap();
    let (x, base) = (random(&[SAMPLES], 1), random(&[SAMPLES], 2));
    let both: (&dyn Domain<f64>, _) = (&bands, &groups[..]);
    let found = interactions_across(&model, both, both, base.view(), x.view()).unwrap();
    let switched = Switched::between(&model, &bands, base.view(), x.view(), &groups).unwrap();
    let expected = interactions(&switched).unwrap();
    for o in 0..2 {
        for (g, h) in [(0, 1), (1, 0)] {
            assert!((found.values[[o, g, h]] - expected.values[[o, 0, 1]]).abs() < 1e-12);
        }
        for g in 0..2 {
            assert!((found.values[[o, g, g]] - found.alone[0][[o, g]]).abs() < 1e-12);
        }
    }
}

/// The product of the energy of the slow band and of the late fast one: bands interact with the
/// windows whose content they need, and the late half with the fast band more than the early.
#[test]
fn groups_of_different_domains_that_act_together_are_found() {
    let fast = 2.0 * std::f64::consts::PI * 5.0 / 16.0;
    let model = Pointwise {
        shape: vec![SAMPLES],
        value_and_gradient: move |x: &[f64]| {
            let tone: Vec<f64> = (8..16).map(|t| (fast * t as f64).sin()).collect();
            let late: f64 = x[8..].iter().zip(&tone).map(|(x, w)| x * w).sum();
            let mut gradient = vec![0.0; SAMPLES];
            gradient[8..]
                .iter_mut()
                .zip(&tone)
                .for_each(|(g, w)| *g = 2.0 * late * w);
            (late * late, gradient)
        },
    };
    let (bands, time) = (bands(), Time::new(&[SAMPLES]).unwrap());
    let (groups, halves) = (groups_of_axis(&bands, 0).unwrap(), halves());
    let x = ArrayD::from_shape_fn(vec![SAMPLES], |t| (fast * t[0] as f64).sin());
    let zero = ArrayD::zeros(vec![SAMPLES]);
    let found = interactions_across::<f64, _, _>(
        &model,
        (&bands, &groups),
        (&time, &halves),
        zero.view(),
        x.view(),
    )
    .unwrap();
    let all = model.forward(x.insert_axis(Axis(0)).view()).unwrap()[[0, 0]];
    assert!(found.values[[0, 1, 1]] > 0.9 * all, "{}", found.values);
    for (g, h) in [(0, 0), (0, 1), (1, 0)] {
        assert!(
            found.values[[0, g, h]].abs() < 0.2 * all,
            "{}",
            found.values
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let model = Network::random(&[SAMPLES], 2, 1, Activation::Tanh, 1);
    let time = Time::new(&[SAMPLES]).unwrap();
    let other = Time::new(&[SAMPLES + 1]).unwrap();
    let (x, halves) = (random(&[SAMPLES], 1), halves());
    let good: (&dyn Domain<f64>, &[Group]) = (&time, &halves);
    let refused =
        |first, second| interactions_across(&model, first, second, x.view(), x.view()).unwrap_err();
    assert!(matches!(
        refused(good, (&other, &halves)),
        CdigError::Shape { .. }
    ));
    assert!(matches!(
        refused((&time, &[]), good),
        CdigError::Parameter { .. }
    ));
    let twice = [halves[0].clone(), halves[0].clone()];
    assert!(matches!(
        refused(good, (&time, &twice)),
        CdigError::Parameter { .. }
    ));
}
