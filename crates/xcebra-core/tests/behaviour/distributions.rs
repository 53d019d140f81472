//! Distributions of positives in label space, against their definitions.

use ndarray::{Array2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::sampling::{
    DeltaNormal, DeltaVmf, Discrete, Mixed, Positives, References, TimeDelta, Uniform,
};
use xcebra_core::{Labels, Pieces, PositivesConfig, Recording, Window};

fn recording(labels: Vec<(&str, Labels)>, time: usize) -> Recording<f32> {
    let x = Array2::from_shape_fn((time, 1), |(t, _)| t as f32);
    labels
        .into_iter()
        .fold(Recording::new(x.view()).unwrap(), |r, (name, l)| {
            r.with_label(name, l).unwrap()
        })
}

fn column(time: usize, f: impl Fn(usize) -> f64) -> Labels {
    Labels::Continuous(Array2::from_shape_fn((time, 1), |(t, _)| f(t)))
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Kolmogorov's distance between draws and a distribution function.
fn distance(mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    draws.sort_by(f64::total_cmp);
    let n = draws.len() as f64;
    let at = |(i, &x): (usize, &f64)| {
        let below = cdf(x) - i as f64 / n;
        below.abs().max((below - 1.0 / n).abs())
    };
    draws.iter().enumerate().map(at).fold(0.0, f64::max)
}

/// Kolmogorov's distance of `n` draws is larger with probability 1e-4 only; `grid` is what the
/// spacing of the labels adds.
fn bound(n: usize, grid: f64) -> f64 {
    2.23 / (n as f64).sqrt() + grid
}

#[test]
fn delta_normal_moves_labels_by_a_gaussian() {
    let (n, draws, sigma) = (20_001, 20_000, 0.8);
    // labels from −10 to 10 in steps of 0.001, in an order that has nothing to do with time
    let label = |t: usize| ((t * 7919) % n) as f64 / 1000.0 - 10.0;
    let recording = recording(vec![("y", column(n, label))], n);
    let normal = DeltaNormal::new(&recording, &recording.pieces(), "y", sigma).unwrap();
    let reference = (0..n).find(|&t| label(t) == 1.0).unwrap();
    let found = normal.draw(&vec![reference; draws], &mut rng(0));
    let moved = found.iter().map(|&p| label(p) - 1.0).collect();
    let cdf = |x: f64| 0.5 * (1.0 + libm::erf(x / sigma / 2.0_f64.sqrt()));
    // half a step of the labels times the density at 0
    let distance = distance(moved, cdf);
    assert!(distance < bound(draws, 0.0005 * 0.5 / sigma), "{distance}");
}

/// Every reference by itself; whole numbers count as real ones.
#[test]
fn delta_normal_starts_at_each_reference() {
    let n = 600;
    let recording = recording(
        vec![
            ("y", column(n, |t| ((t * 7) % n) as f64)),
            (
                "class",
                Labels::Discrete((0..n as i64).map(|t| t % 5).collect()),
            ),
        ],
        n,
    );
    let references: Vec<usize> = (0..n).collect();
    for label in ["y", "class"] {
        // one label away is a hundred standard deviations
        let normal = DeltaNormal::new(&recording, &recording.pieces(), label, 0.01).unwrap();
        for (r, p) in references.iter().zip(normal.draw(&references, &mut rng(1))) {
            let same = if label == "y" {
                p == *r
            } else {
                p % 5 == r % 5
            };
            assert!(same, "{label}: {p} for {r}");
        }
    }
}

#[test]
fn delta_normal_moves_every_column() {
    let side = 101;
    let label = Array2::from_shape_fn((side * side, 2), |(t, k)| {
        [t / side, t % side][k] as f64 / 10.0
    });
    let recording = recording(vec![("y", Labels::Continuous(label.clone()))], side * side);
    let normal = DeltaNormal::new(&recording, &recording.pieces(), "y", 0.7).unwrap();
    let centre = side * side / 2;
    let draws = 20_000;
    let found = normal.draw(&vec![centre; draws], &mut rng(1));
    let moved = label.select(Axis(0), &found) - label.row(centre);
    let n = draws as f64;
    // the lattice adds (0.1)² / 12 to the variance, Sheppard's correction
    let variance = 0.49 + 0.01 / 12.0;
    for k in 0..2 {
        let (mean, square) = (
            moved.column(k).sum() / n,
            moved.column(k).mapv(|v| v * v).sum() / n,
        );
        // five standard errors
        assert!(mean.abs() < 5.0 * (variance / n).sqrt(), "{mean}");
        assert!(
            (square - variance).abs() < 5.0 * variance * (2.0 / n).sqrt(),
            "{square}"
        );
    }
    let product = (&moved.column(0) * &moved.column(1)).sum() / n;
    assert!(product.abs() < 5.0 * variance / n.sqrt(), "{product}");
}

#[test]
fn delta_vmf_moves_angles_around_the_circle() {
    let (n, draws) = (20_000, 20_000);
    let step = std::f64::consts::TAU / n as f64;
    // angles of several windings; the reference's noise goes over the seam
    let label = |t: usize| step * ((t * 7919) % n) as f64 + std::f64::consts::TAU * (t % 3) as f64;
    let recording = recording(vec![("angle", column(n, label))], n);
    let pieces = recording.pieces();
    for kappa in [1e-6, 0.5, 4.0, 300.0] {
        let vmf = DeltaVmf::new(&recording, &pieces, "angle", kappa).unwrap();
        let reference = 1234;
        let found = vmf.draw(&vec![reference; draws], &mut rng(2));
        let turn = |a: f64| {
            (a + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI
        };
        let moved: Vec<f64> = found
            .iter()
            .map(|&p| turn(label(p) - label(reference)))
            .collect();
        // the distribution function by the midpoint rule on the labels' own grid
        let density: Vec<f64> = (0..n)
            .map(|i| (kappa * (turn(step * (i as f64 + 0.5)).cos() - 1.0)).exp())
            .collect();
        let total: f64 = density.iter().sum();
        let mut cumulated = vec![0.0];
        // from −π on
        for i in 0..n {
            cumulated.push(cumulated[i] + density[(i + n / 2) % n] / total);
        }
        let cdf = |x: f64| {
            cumulated[((x + std::f64::consts::PI) / step)
                .round()
                .clamp(0.0, n as f64) as usize]
        };
        let highest = density.iter().copied().fold(0.0, f64::max) / total;
        let distance = distance(moved, cdf);
        assert!(distance < bound(draws, highest), "κ {kappa}: {distance}");
    }
}

#[test]
fn equal_angles_are_drawn_evenly_whatever_their_winding() {
    let n = 600;
    let turns = |t: usize| std::f64::consts::TAU * [0.0, 1.0, -1.0][t % 3];
    let label = column(n, |t| if t % 2 == 0 { turns(t) } else { 3.0 });
    let recording = recording(vec![("angle", label)], n);
    let vmf = DeltaVmf::new(&recording, &recording.pieces(), "angle", 50.0).unwrap();
    let draws = 90_000;
    let mut counts = vec![0.0; n];
    for p in vmf.draw(&vec![0; draws], &mut rng(3)) {
        counts[p] += 1.0;
    }
    let even: Vec<f64> = counts.iter().copied().step_by(2).collect();
    assert_eq!(even.iter().sum::<f64>(), draws as f64);
    let chi2: f64 = even.iter().map(|c| (c - 300.0).powi(2) / 300.0).sum();
    // 299 degrees of freedom: exceeded with probability 1e-4 only
    assert!(chi2 < 396.0, "{chi2}");
}

/// Labels rise by 0.9 a sample within each session, so that the moved label is that of the next
/// sample, and the positive the nearest of the reference's class.
#[test]
fn mixed_takes_the_nearest_label_of_the_class() {
    let n = 400;
    let label = |t: usize| 0.9 * t as f64 + if t < 250 { 0.0 } else { 1e4 };
    let mut generator = rng(4);
    let classes: Vec<i64> = (0..n).map(|_| generator.gen_range(-2..3)).collect();
    let recording = recording(
        vec![
            ("y", column(n, label)),
            ("class", Labels::Discrete(classes.clone())),
        ],
        n,
    )
    .with_sessions(&[250, 150])
    .unwrap();
    let centers = recording
        .pieces()
        .centers(Window { left: 3, right: 4 })
        .unwrap();
    let mixed = Mixed::new(&recording, &centers, "class", "y", 1).unwrap();
    let references: Vec<usize> = centers.samples().collect();
    for (&r, p) in references.iter().zip(mixed.draw(&references, &mut rng(5))) {
        assert_eq!(classes[p], classes[r]);
        let away = |t: usize| (label(t) - label(r) - 0.9).abs();
        let nearest = centers.samples().filter(|&t| classes[t] == classes[r]);
        let best = nearest.map(away).fold(f64::INFINITY, f64::min);
        // labels near 1e4 round at 2e-12
        assert!(away(p) < best + 1e-11, "{r}: {p}");
    }
}

#[test]
fn uniform_positives_ignore_their_reference() {
    let centers = Pieces::new([3..13, 20..60]).unwrap();
    let uniform = Uniform::new(&centers).unwrap();
    let mut counts = [0.0; 60];
    for p in uniform.draw(&[7; 50_000], &mut rng(6)) {
        counts[p] += 1.0;
    }
    let chi2: f64 = centers
        .samples()
        .map(|t| (counts[t] - 1000.0_f64).powi(2) / 1000.0)
        .sum();
    assert_eq!(centers.samples().map(|t| counts[t]).sum::<f64>(), 50_000.0);
    // 49 degrees of freedom: exceeded with probability 1e-4 only
    assert!(chi2 < 95.6, "{chi2}");
}

/// Of 900 samples with three distinct labels, each sample of a label is drawn as often.
#[test]
fn equal_labels_are_drawn_evenly() {
    let n = 900;
    let recording = recording(
        vec![
            ("y", column(n, |t| (t % 3) as f64)),
            // a class of its own for the samples of one label
            (
                "class",
                Labels::Discrete((0..n).map(|t| i64::from(t % 3 == 0)).collect()),
            ),
        ],
        n,
    );
    let pieces = recording.pieces();
    let references: Vec<usize> = (0..n).cycle().take(90_000).collect();
    let distributions: [Box<dyn Positives>; 5] = [
        Box::new(Discrete::new(&recording, &pieces, "class").unwrap()),
        Box::new(DeltaNormal::new(&recording, &pieces, "y", 0.6).unwrap()),
        Box::new(DeltaVmf::new(&recording, &pieces, "y", 2.0).unwrap()),
        Box::new(TimeDelta::new(&recording, &pieces, "y", 1).unwrap()),
        Box::new(Mixed::new(&recording, &pieces, "class", "y", 1).unwrap()),
    ];
    for distribution in distributions {
        let mut counts = vec![0.0; n];
        for p in distribution.draw(&references, &mut rng(7)) {
            counts[p] += 1.0;
        }
        for label in 0..3 {
            let own: Vec<f64> = counts.iter().copied().skip(label).step_by(3).collect();
            let expected = own.iter().sum::<f64>() / 300.0;
            let chi2: f64 = own.iter().map(|c| (c - expected).powi(2) / expected).sum();
            // 299 degrees of freedom: exceeded with probability 1e-4 only
            assert!(chi2 < 396.0, "{chi2}");
        }
    }
}

fn all_kinds() -> Vec<PositivesConfig> {
    let (y, class) = (|| "y".to_owned(), || "class".to_owned());
    vec![
        PositivesConfig::Time { offset: 3 },
        PositivesConfig::TimeDelta {
            label: y(),
            delta: 2,
        },
        PositivesConfig::DeltaNormal {
            label: y(),
            sigma: 0.3,
        },
        PositivesConfig::DeltaVmf {
            label: y(),
            kappa: 2.0,
        },
        PositivesConfig::Discrete { label: class() },
        PositivesConfig::Mixed {
            discrete: class(),
            continuous: y(),
            delta: 2,
        },
        PositivesConfig::Uniform {},
    ]
}

fn three_sessions() -> Recording<f32> {
    let n = 900;
    let y = Array2::from_shape_fn((n, 3), |(t, k)| (0.1 * (t * (k + 1)) as f64).sin());
    recording(
        vec![
            ("y", Labels::Continuous(y)),
            (
                "class",
                Labels::Discrete((0..n as i64).map(|t| t % 4).collect()),
            ),
        ],
        n,
    )
    .with_sessions(&[300, 5, 595])
    .unwrap()
}

#[test]
fn every_positive_is_a_center_of_its_part() {
    let recording = three_sessions();
    let window = Window { left: 4, right: 6 };
    let long = Pieces::new([0..300, 305..900]).unwrap();
    let (training, held) = long.split(0.3, 4).unwrap();
    for part in [recording.pieces(), training, held] {
        let centers = part.centers(window).unwrap();
        for kind in all_kinds() {
            let positives = kind.distribution(&recording, &centers).unwrap();
            let mut rng = rng(8);
            let references = References::new(&centers, positives.lookahead()).unwrap();
            let drawn = references.draw(3000, &mut rng);
            for (r, p) in drawn.iter().zip(positives.draw(&drawn, &mut rng)) {
                let piece = |t: usize| centers.ranges().iter().position(|c| c.contains(&t));
                assert!(piece(p).is_some(), "{kind:?}: {p}");
                assert!(
                    positives.lookahead() == 0 || piece(p) == piece(*r),
                    "{kind:?}"
                );
            }
        }
    }
}

/// A piece of one sample more than the span will do, a shorter one will not.
#[test]
fn spans_are_what_a_piece_must_hold() {
    let recording = three_sessions();
    for kind in all_kinds() {
        let serves = |samples: usize| {
            let centers = Pieces::new(std::iter::once(0..samples))?;
            let positives = kind.distribution(&recording, &centers)?;
            References::new(&centers, positives.lookahead())
        };
        let least = kind.span() + 1;
        assert!(serves(least).is_ok(), "{kind:?}");
        assert!(least == 1 || serves(least - 1).is_err(), "{kind:?}");
    }
}

#[test]
fn draws_do_not_depend_on_the_number_of_threads() {
    let recording = three_sessions();
    let centers = recording.pieces();
    for kind in all_kinds() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let positives = kind.distribution(&recording, &centers).unwrap();
                let mut rng = rng(9);
                let references = References::new(&centers, positives.lookahead()).unwrap();
                let drawn = references.draw(5000, &mut rng);
                (positives.draw(&drawn, &mut rng), rng.r#gen::<u64>())
            })
        };
        let one = run(1);
        assert_eq!(one, run(2), "{kind:?}");
        assert_eq!(one, run(5), "{kind:?}");
    }
}

#[test]
fn impossible_distributions_are_refused() {
    let recording = three_sessions();
    let centers = recording.pieces();
    let refused = |kind: PositivesConfig, words: &str| {
        let error = kind
            .distribution(&recording, &centers)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(words), "{error}");
    };
    let y = || "y".to_owned();
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(PositivesConfig::DeltaNormal { label: y(), sigma }, "sigma");
        refused(
            PositivesConfig::DeltaVmf {
                label: y(),
                kappa: sigma,
            },
            "kappa",
        );
    }
    refused(
        PositivesConfig::DeltaVmf {
            label: y(),
            kappa: 1e9,
        },
        "at most 1e8",
    );
    refused(
        PositivesConfig::DeltaVmf {
            label: "class".into(),
            kappa: 1.0,
        },
        "angles in radians",
    );
    let mixed = |discrete: &str, continuous: &str, delta| PositivesConfig::Mixed {
        discrete: discrete.into(),
        continuous: continuous.into(),
        delta,
    };
    refused(mixed("y", "y", 1), "whole numbers for `mixed`");
    refused(mixed("class", "z", 1), "`z`");
    refused(mixed("class", "y", 0), "delta is 0");
    refused(mixed("class", "y", 595), "too short");
    let wide = Labels::Continuous(Array2::from_shape_fn((900, 9), |(t, k)| (t * k) as f64));
    let recording = recording.clone().with_label("wide", wide).unwrap();
    let error = DeltaVmf::new(&recording, &centers, "wide", 1.0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("18 columns"), "{error}");
    // a point on the circle is no pair of angles
    let points = Array2::from_shape_fn((900, 2), |(t, k)| {
        let angle = 0.1 * t as f64;
        f64::from(if k == 0 { angle.cos() } else { angle.sin() } as f32)
    });
    let two = points.mapv(|v| 1.5 * v);
    let recording = recording
        .with_label("points", Labels::Continuous(points))
        .unwrap()
        .with_label("two", Labels::Continuous(two))
        .unwrap();
    let error = DeltaVmf::new(&recording, &centers, "points", 1.0).unwrap_err();
    let advice = xcebra_model::Advice::advice(&error);
    assert!(advice.unwrap().contains("atan2"), "{error}");
    assert!(DeltaVmf::new(&recording, &centers, "two", 1.0).is_ok());
}
