//! Comparable maps against closed forms.

use crate::common::{Mlp, close, uniform};
use ndarray::{Array2, Array3, Axis, Ix2, array};
use std::cell::RefCell;
use std::f64::consts::{PI, SQRT_2, TAU};
use xcebra_attr::comparable::{Comparable, Effects, Frame, Sphere, TangentIng};
use xcebra_attr::methods::InvertedNeuronGradient;
use xcebra_attr::significance::Deviations;
use xcebra_attr::{AttrError, Methods, Options, attribute};
use xcebra_model::{FnModel, Model};

const SAMPLES: usize = 720;

/// Points of a circle of headings and of a line: cosine, sine, a coordinate that takes all values at every heading.
fn moments() -> Array2<f64> {
    Array2::from_shape_fn((SAMPLES, 3), |(t, j)| {
        let angle = TAU * t as f64 / SAMPLES as f64;
        let other = ((t * 7) % SAMPLES) as f64 / SAMPLES as f64 - 0.5;
        [angle.cos(), angle.sin(), other][j]
    })
}

/// Four channels: `a cos`, `a sin`, the line, and the line again.
const GAIN: f64 = 3.0;

fn channels() -> Array2<f64> {
    let weights = array![
        [GAIN, 0.0, 0.0],
        [0.0, GAIN, 0.0],
        [0.0, 0.0, 1.0],
        [0.0, 0.0, 2.0]
    ];
    moments().dot(&weights.t())
}

/// An encoder of these channels whose heading block is a circle around (4, −1), turned by `turn`, with a radial
/// direction that is squeezed by `squeeze`: `f = c + R ρ^squeeze u` with the polar coordinates of the first two
/// channels. Its third output is the line, by least norm.
fn encoder(turn: f64, squeeze: f64) -> FnModel<f64> {
    let (c, s) = (turn.cos(), turn.sin());
    let rotate = move |v: [f64; 2]| [c * v[0] - s * v[1], s * v[0] + c * v[1]];
    let back = move |v: [f64; 2]| [c * v[0] + s * v[1], c * v[1] - s * v[0]];
    FnModel::per_sample(
        [4],
        3,
        move |x| {
            let (a, b): (f64, f64) = (x[0], x[1]);
            let radius = a.hypot(b);
            let [p, q] = rotate([a, b].map(|v| v / radius * (radius / GAIN).powf(squeeze)));
            Ok(array![4.0 + p, q - 1.0, 0.2 * x[2] + 0.4 * x[3]])
        },
        move |x, by| {
            let (a, b): (f64, f64) = (x[0], x[1]);
            let radius = a.hypot(b);
            let unit = [a / radius, b / radius];
            let size = (radius / GAIN).powf(squeeze);
            let [p, q] = back([by[0], by[1]]);
            let radial = p * unit[0] + q * unit[1];
            let around = q * unit[0] - p * unit[1];
            // along the radius: squeeze · size / radius; around: size / radius
            let (radial, around) = (squeeze * size / radius * radial, size / radius * around);
            let pulled = [
                radial * unit[0] - around * unit[1],
                radial * unit[1] + around * unit[0],
            ];
            Ok(array![pulled[0], pulled[1], 0.2 * by[2], 0.4 * by[2]].into_dyn())
        },
    )
}

fn comparable(model: &dyn Model<f64>, x: &Array2<f64>, blocks: &[[usize; 2]]) -> Comparable {
    let frame = Frame::of_model(model, x, blocks).unwrap();
    let effects = Effects::new(&frame);
    let methods = Methods::new().with(TangentIng::new(frame.clone()));
    let sink = |piece: &xcebra_attr::Piece<'_>| effects.add(piece);
    attribute(model, x, &methods, &Options::new().sink(&sink)).unwrap();
    effects.finish(&vec![1.0; x.ncols()]).unwrap()
}

/// `∂x/∂θ` is `−a sin θ`, a heading's block of radius 1 has the covariance `I / 2`, and the tangent one unit: the
/// effect is the mean of `a |sin θ| / √2`, which is `√2 a / π`. That of the line is its weight times its deviation.
#[test]
fn the_effect_of_a_heading_is_that_of_its_angle() {
    // the mean of |sin| over 720 angles is off by π²/(3 · 720²), the deviation of the grid not at all
    let heading = SQRT_2 * GAIN / PI;
    let line = moments().column(2).std(0.0);
    for squeeze in [0.3, 0.01, 1e-4] {
        let found = comparable(&encoder(0.0, squeeze), &channels(), &[[0, 2], [2, 3]]);
        let expected = array![
            [heading, heading, 0.0],
            [heading, heading, 0.0],
            [0.0, 0.0, line],
            [0.0, 0.0, 2.0 * line]
        ];
        close(&found.effects, &expected, 2e-5);
        assert_eq!(found.kept, [1.0; 3]);
        // the mean over four channels is the background
        close(
            &found.values,
            &array![
                [2.0, 2.0, 0.0],
                [2.0, 2.0, 0.0],
                [0.0, 0.0, 4.0 / 3.0],
                [0.0, 0.0, 8.0 / 3.0]
            ],
            1e-5,
        );
    }
    // the raw map is ruined by the radial direction
    let methods = Methods::new().with(InvertedNeuronGradient);
    let raw = attribute(&encoder(0.0, 1e-4), &channels(), &methods, &Options::new()).unwrap();
    assert!(raw[0].values()[[0, 0]] > 1000.0);
}

#[test]
fn turning_or_mixing_a_block_changes_nothing() {
    let blocks = [[0, 2], [2, 3]];
    let one = comparable(&encoder(0.0, 0.01), &channels(), &blocks);
    for turn in [0.4, 2.0, -1.1] {
        let other = comparable(&encoder(turn, 0.01), &channels(), &blocks);
        close(&one.effects, &other.effects, 1e-9);
        close(&one.values, &other.values, 1e-9);
    }
    // flat blocks may be mixed by any matrix, up to the rounding of single precision in nothing
    let model = Mlp::<f64>::random(&[6], 12, 4, 5);
    let x = uniform((400, 6), 6);
    let mixing = array![
        [2.0, 0.5, 0.0, 0.0],
        [-1.0, 0.3, 0.0, 0.0],
        [0.0, 0.0, 0.1, 3.0],
        [0.0, 0.0, 1.0, 1.0]
    ];
    let plain = comparable(&model, &x, &[[0, 2], [2, 4]]);
    let (forward, backward) = (mixing.clone(), mixing);
    let (inner, outer) = (
        Mlp::<f64>::random(&[6], 12, 4, 5),
        Mlp::<f64>::random(&[6], 12, 4, 5),
    );
    let mixed = FnModel::new(
        [6],
        4,
        move |x| Ok(inner.forward(x)?.dot(&forward.t())),
        move |x, by| {
            let by = by
                .into_dimensionality::<Ix2>()
                .expect("a matrix")
                .dot(&backward);
            outer.vjp(x, by.view())
        },
    );
    let mixed = comparable(&mixed, &x, &[[0, 2], [2, 4]]);
    let largest = plain.effects.iter().fold(0.0, |a: f64, &b| a.max(b));
    close(&plain.effects, &mixed.effects, 1e-9 * largest);
    // all columns of a block are equal
    for k in [0, 2] {
        assert_eq!(plain.effects.column(k), plain.effects.column(k + 1));
    }
}

#[test]
fn a_flat_block_is_left_alone_to_the_bit() {
    let model = Mlp::<f64>::random(&[5], 9, 3, 2);
    let x = uniform((150, 5), 3);
    let frame = Frame::of_model(&model, &x, &[[0, 2], [2, 3]]).unwrap();
    assert!(frame.spheres().iter().all(Option::is_none));
    let methods = Methods::new()
        .with(InvertedNeuronGradient)
        .with(TangentIng::new(frame));
    let maps = attribute(&model, &x, &methods, &Options::new()).unwrap();
    assert_eq!(maps[0].values(), maps[1].values());
    assert_eq!(maps[0].signed(), maps[1].signed());
    assert_eq!(maps[0].inverses(), maps[1].inverses());
}

/// Two outputs of which one is clipped half of the time: its block has the effect of the other half.
#[test]
fn samples_at_a_clip_are_left_out_of_their_block() {
    let clipped = |v: f64| v.clamp(-0.25, f64::INFINITY);
    let model = FnModel::<f64>::per_sample(
        [2],
        2,
        move |x| Ok(array![clipped(x[0]), 0.5 * x[1]]),
        |x, by| {
            let moves = if x[0] > -0.25 { 1.0 } else { 0.0 };
            Ok(array![moves * by[0], 0.5 * by[1]].into_dyn())
        },
    );
    let x = Array2::from_shape_fn((200, 2), |(t, j)| {
        [
            (t as f64 + 0.5) / 200.0 - 0.75,
            ((t * 7) % 200) as f64 / 100.0,
        ][j]
    });
    let found = comparable(&model, &x, &[[0, 1], [1, 2]]);
    assert_eq!(found.kept, [0.5, 1.0]);
    let outputs = model.forward(x.view().into_dyn()).unwrap();
    let deviations = outputs.std_axis(Axis(0), 0.0);
    let expected = array![[deviations[0], 0.0], [0.0, 2.0 * deviations[1]]];
    close(&found.effects, &expected, 1e-12);
    // as one block, both are left out together; an output that never changes keeps nothing away
    let together = comparable(&model, &x, &[[0, 2]]);
    assert_eq!(together.kept, [0.5; 2]);
    let still = FnModel::<f64>::per_sample(
        [1],
        2,
        |x| Ok(array![x[0], 3.0]),
        |_, by| Ok(array![by[0]].into_dyn()),
    );
    let x = Array2::from_shape_fn((50, 1), |(t, _)| t as f64);
    let found = comparable(&still, &x, &[[0, 2]]);
    assert_eq!(found.kept, [1.0; 2]);
    close(&found.effects, &array![[x.std(0.0), x.std(0.0)]], 1e-12);
}

#[test]
fn circles_and_spheres_are_told_from_balls_lines_and_clusters() {
    let circle = |t: usize, n: usize| TAU * t as f64 / n as f64;
    let of = |f: &dyn Fn(usize) -> [f64; 2]| Array2::from_shape_fn((500, 2), |(t, j)| f(t)[j]);
    let ring = of(&|t| {
        [
            7.0 + 2.0 * circle(t, 500).cos(),
            2.0 * circle(t, 500).sin() - 3.0,
        ]
    });
    let found = Sphere::fit(&ring).unwrap();
    assert!(
        (&found.centre - &array![7.0, -3.0])
            .iter()
            .all(|d| d.abs() < 1e-9)
    );
    assert!((found.radius - 2.0).abs() < 1e-9 && found.holds());
    assert!(found.spread < 1e-9 && found.offset < 1e-9 && (found.evenness - 1.0).abs() < 1e-9);
    // a full disc has a spread of 1: rings of radius √u, u even in (0, 1)
    let disc = Array2::from_shape_fn((40_000, 2), |(t, j)| {
        let radius = (((t / 200) as f64 + 0.5) / 200.0).sqrt();
        radius * [circle(t % 200, 200).cos(), circle(t % 200, 200).sin()][j]
    });
    let found = Sphere::fit(&disc).unwrap();
    // the quadrature of √u over 200 cells is off by less than 1e-3
    assert!((found.spread - 1.0).abs() < 1e-3 && !found.holds());
    // boxes of two to five dimensions are fuller still, although their radii vary less and less
    for n in 2..6 {
        let found = Sphere::fit(&uniform((4000, n), 9)).unwrap();
        assert!(found.spread > 0.95 && !found.holds(), "{n}: {found:?}");
    }
    let sphere = uniform((3000, 4), 4).mapv(|v| v - uniform((3000, 4), 4).mean().unwrap());
    let lengths = sphere.map_axis(Axis(1), |v| v.dot(&v).sqrt());
    let sphere = &sphere / &lengths.insert_axis(Axis(1));
    assert!(Sphere::fit(&sphere).unwrap().holds());
    // a bent line is a small part of a large circle; two clusters have no direction but one
    let bent = of(&|t| {
        [
            t as f64 / 250.0 - 1.0,
            0.05 * (t as f64 / 250.0 - 1.0).powi(2),
        ]
    });
    assert!(!Sphere::fit(&bent).unwrap().holds());
    let clusters = of(&|t| [if t % 2 == 0 { 1.0 } else { -1.0 }, 0.01 * (t % 7) as f64]);
    assert!(!Sphere::fit(&clusters).is_some_and(|s| s.holds()));
    assert!(!Sphere::fit(&of(&|t| [t as f64, t as f64])).is_some_and(|s| s.holds()));
    assert!(!Sphere::fit(&of(&|_| [1.0, 2.0])).is_some_and(|s| s.holds()));
    assert_eq!(Sphere::fit(&Array2::zeros((9, 1))), None);
}

fn frame_of(model: &dyn Model<f64>, x: &Array2<f64>) -> Frame {
    Frame::of_model(model, x, &[[0, 2], [2, 3]]).unwrap()
}

#[test]
fn batches_and_blocks_that_do_not_fit() {
    let (model, x) = (encoder(0.3, 0.1), channels());
    for blocks in [
        &[[0, 2]][..],
        &[[0, 2], [1, 3]],
        &[[1, 3]],
        &[[0, 2], [2, 2], [2, 3]],
        &[],
    ] {
        let error = Frame::of_model(&model, &x, blocks).unwrap_err();
        assert!(error.to_string().contains("from 0 to 3"), "{error}");
    }
    assert!(
        Effects::new(&frame_of(&model, &x))
            .finish(&[0.0; 4])
            .is_err()
    );
    let none = Array2::zeros((0, 4));
    let error = Frame::of_model(&model, &none, &[[0, 3]]).unwrap_err();
    assert!(matches!(error, AttrError::NoSamples));
    assert!(Frame::of(&array![[f64::NAN]], &[[0, 1]]).is_err());
    let frame = Frame::of_model(&model, &x, &[[0, 2], [2, 3]]).unwrap();
    assert!(matches!(
        Effects::new(&frame).finish(&[1.0; 4]),
        Err(AttrError::NoSamples)
    ));
    assert!(frame.effects(Array3::zeros((2, 4, 2)).view()).is_err());
    assert!(Deviations::of_blocks(&Array3::zeros((2, 4, 2)), &frame).is_err());
    let run = |size: usize| {
        let (effects, counted) = (Effects::new(&frame), RefCell::new(0));
        let methods = Methods::new().with(TangentIng::new(frame.clone()));
        let sink = |piece: &xcebra_attr::Piece<'_>| {
            *counted.borrow_mut() += 1;
            effects.add(piece)
        };
        let options = Options::new().batch_size(size).sink(&sink);
        attribute(&model, &x, &methods, &options).unwrap();
        (effects.finish(&[1.0; 4]).unwrap(), counted.into_inner())
    };
    let (whole, cut) = (run(SAMPLES), run(31));
    assert!(whole.1 == 1 && cut.1 > 1);
    // sums over samples in other orders
    close(&whole.0.effects, &cut.0.effects, 1e-12);
}

/// Of a flat frame with one block an output, effects are absolute values times the output's deviation.
#[test]
fn deviations_of_blocks_are_effects_of_differences() {
    let embedding = array![[1.0, 0.0], [-1.0, 4.0], [1.0, 0.0], [-1.0, 4.0]];
    let frame = Frame::of(&embedding, &[[0, 1], [1, 2]]).unwrap();
    let own = Array3::from_shape_fn((2, 3, 2), |(n, i, k)| (1 + n + 2 * i + k) as f64);
    let other = own.mapv(|v| v - 0.5);
    let mut found = Deviations::of_blocks(&own, &frame).unwrap();
    found.add(&other).unwrap();
    let means = own.mean_axis(Axis(0)).unwrap();
    close(&found.map(), &(&means * &array![1.0, 2.0]), 1e-12);
    close(
        &found.nulls()[0],
        &array![[0.5, 1.0], [0.5, 1.0], [0.5, 1.0]],
        1e-12,
    );
    // one block: deviations add up as the outputs do, which are opposite: |−½ + 2 · ½|
    let frame = Frame::of(&embedding, &[[0, 2]]).unwrap();
    let mut found = Deviations::of_blocks(&own, &frame).unwrap();
    // a sample that the other training leaves out does not count
    let mut left_out = other;
    left_out.index_axis_mut(Axis(0), 0).fill(0.0);
    found.add(&left_out).unwrap();
    close(&found.nulls()[0], &array![[0.5], [0.5], [0.5]], 1e-12);
}
