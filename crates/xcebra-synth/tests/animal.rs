//! The simulated animal and its cells against their closed forms.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use proptest::prelude::*;
use xcebra_synth::{Behaviour, Cell, Motion, Population, PopulationConfig, SynthError, Tuning};

/// A quick, forgetful animal in a box that is not square.
const MOTION: Motion = Motion {
    width: 1.5,
    height: 0.8,
    mean_speed: 0.5,
    persistence: 0.3,
};

fn long_run() -> Behaviour {
    MOTION.simulate(400_000, 0.05, 1).unwrap()
}

/// The largest distance of a sample's distribution from the uniform one on `[0, 1)`.
fn distance_from_uniform(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let ranked = values.iter().enumerate();
    ranked.fold(0.0, |worst: f64, (i, &v)| {
        worst.max(((i as f64 + 0.5) / n - v).abs())
    })
}

#[test]
fn position_heading_and_speed_have_their_stationary_distributions() {
    let run = long_run();
    // 20,000 s; velocities are forgotten within 2 τ = 0.6 s, places within a crossing of the box or
    // two, 10 s at most: 33,000 and 2,000 independent draws. Kolmogorov–Smirnov, exceeded with
    // probability 1e-5 by the true distribution
    let (slow, quick) = (2.47 / 2_000.0_f64.sqrt(), 2.47 / 33_000.0_f64.sqrt());
    let x = run.position.column(0).mapv(|x| x / 1.5);
    let y = run.position.column(1).mapv(|y| y / 0.8);
    assert!(distance_from_uniform(x.to_vec()) < slow);
    assert!(distance_from_uniform(y.to_vec()) < slow);
    let heading = run.heading.mapv(|angle| angle / TAU);
    assert!(distance_from_uniform(heading.to_vec()) < quick);
    // Rayleigh: P(speed < v) = 1 − exp(−v² / 2σ²), σ = mean / √(π/2)
    let sigma = 0.5 / FRAC_PI_2.sqrt();
    let speed = run
        .speed
        .mapv(|v| 1.0 - (-v * v / (2.0 * sigma * sigma)).exp());
    assert!(distance_from_uniform(speed.to_vec()) < quick);
    // mean 0.5 with standard deviation σ √(2 − π/2); five errors
    let error = sigma * (2.0 - FRAC_PI_2).sqrt() / 33_000.0_f64.sqrt();
    assert!((run.speed.mean().unwrap() - 0.5).abs() < 5.0 * error);
    let squares = run.speed.mapv(|v| v * v).mean().unwrap();
    let expected = MOTION.mean_square_speed();
    assert!((expected - 2.0 * sigma * sigma).abs() < 1e-15);
    // v² is exponential: its deviation is its mean
    assert!((squares / expected - 1.0).abs() < 5.0 / 33_000.0_f64.sqrt());
}

#[test]
fn heading_and_speed_are_those_of_the_movement() {
    let run = MOTION.simulate(5_000, 0.01, 2).unwrap();
    let mut away_from_walls = 0;
    for t in 1..5_000 {
        let moved: Vec<f64> = (0..2)
            .map(|axis| run.position[[t, axis]] - run.position[[t - 1, axis]])
            .collect();
        let near = |p: f64, extent: f64| p < 0.05 || p > extent - 0.05;
        if near(run.position[[t, 0]], 1.5) || near(run.position[[t, 1]], 0.8) {
            continue;
        }
        away_from_walls += 1;
        // differences of positions near 1 are good to 1e-16, times 1 / 0.01
        let velocity = [
            run.speed[t] * run.heading[t].cos(),
            run.speed[t] * run.heading[t].sin(),
        ];
        for axis in 0..2 {
            assert!((moved[axis] / 0.01 - velocity[axis]).abs() < 1e-12);
        }
    }
    assert!(away_from_walls > 2_000);
}

#[test]
fn the_walk_is_smooth() {
    let run = MOTION.simulate(50_000, 0.01, 3).unwrap();
    // away from walls, velocities at a lag of h correlate as exp(−h/τ)
    let velocity = |t: usize| {
        let (v, angle) = (run.speed[t], run.heading[t]);
        [v * angle.cos(), v * angle.sin()]
    };
    let far = |t: usize, axis: usize, extent: f64| {
        (0.25 * extent..0.75 * extent).contains(&run.position[[t, axis]])
    };
    let (mut products, mut squares) = (0.0, 0.0);
    for t in 0..49_995 {
        if far(t, 0, 1.5) && far(t, 1, 0.8) {
            let (now, later) = (velocity(t), velocity(t + 5));
            products += now[0] * later[0] + now[1] * later[1];
            squares += now[0] * now[0] + now[1] * now[1];
        }
    }
    let expected = (-0.05_f64 / 0.3).exp();
    // a quarter of 500 s, forgotten within 0.6 s: 200 pairs of components with a spread of
    // √(1 − 0.72) each; five errors
    assert!((products / squares - expected).abs() < 5.0 * 0.53 / 200.0_f64.sqrt());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_animal_stays_in_its_box(
        seed in any::<u64>(),
        width in 0.01..10.0f64,
        height in 0.01..10.0f64,
        mean_speed in 0.01..100.0f64,
        bin in 0.001..10.0f64,
    ) {
        // up to 1,000 m in a step across a box of 1 cm
        let motion = Motion { width, height, mean_speed, persistence: 0.5 };
        let run = motion.simulate(300, bin, seed).unwrap();
        for t in 0..300 {
            prop_assert!((0.0..=width).contains(&run.position[[t, 0]]));
            prop_assert!((0.0..=height).contains(&run.position[[t, 1]]));
            prop_assert!((0.0..TAU).contains(&run.heading[t]));
            prop_assert!(run.speed[t] >= 0.0 && run.speed[t].is_finite());
        }
    }

    #[test]
    fn grids_repeat_every_spacing_and_every_sixty_degrees(
        x in -2.0..2.0f64,
        y in -2.0..2.0f64,
        spacing in 0.1..1.0f64,
        orientation in 0.0..TAU,
        turn in 0i32..6,
    ) {
        let phase = [0.3, -0.1];
        let grid = Tuning::Grid { spacing, orientation, phase };
        let at = |x: f64, y: f64| grid.response([phase[0] + x, phase[1] + y], 0.0, 0.0);
        let here = at(x, y);
        prop_assert!((0.0..=1.0 + 1e-12).contains(&here));
        let angle = f64::from(turn) * PI / 3.0;
        let (sin, cos) = angle.sin_cos();
        // phases up to 2 · 2π · 2 / 0.1 carry a relative error of a few ε
        let rotated = at(cos * x - sin * y, sin * x + cos * y);
        prop_assert!((rotated - here).abs() < 1e-11);
        let neighbour = orientation + angle;
        let moved = at(x + spacing * neighbour.cos(), y + spacing * neighbour.sin());
        prop_assert!((moved - here).abs() < 1e-11);
        // and not at thirty degrees, seen at a neighbouring field
        let (sin, cos) = (orientation + PI / 6.0).sin_cos();
        prop_assert!((at(0.0, 0.0) - 1.0).abs() < 1e-12);
        prop_assert!(at(spacing * cos, spacing * sin) < 0.5);
    }

    #[test]
    fn rates_are_positive_and_independent_of_what_the_map_denies(
        seed in any::<u64>(),
        x in 0.0..1.0f64,
        y in 0.0..1.0f64,
        heading in 0.0..TAU,
        speed in 0.0..2.0f64,
    ) {
        let config = PopulationConfig { untuned: 4, ..PopulationConfig::default() };
        let population = Population::random(&config, &Motion::default(), seed).unwrap();
        let moved = [0.37, 0.61];
        for cell in population.cells() {
            let rate = cell.rate([x, y], heading, speed);
            prop_assert!(rate >= 0.5 && rate.is_finite());
            let changed = [
                cell.rate([moved[0], y], heading, speed),
                cell.rate([x, moved[1]], heading, speed),
                cell.rate([x, y], heading + 2.0, speed),
                cell.rate([x, y], heading, speed + 0.5),
            ];
            for (changed, depends) in changed.into_iter().zip(cell.depends_on()) {
                prop_assert!(depends || changed == rate);
            }
        }
    }
}

#[test]
fn every_dependence_on_the_map_is_seen_in_the_rates() {
    let motion = Motion::default();
    let population = Population::random(&PopulationConfig::default(), &motion, 4).unwrap();
    let run = motion.simulate(4_000, 0.1, 5).unwrap();
    let points = run.variables();
    for (index, cell) in population.cells().iter().enumerate() {
        for (variable, depends) in cell.depends_on().into_iter().enumerate() {
            let steepest = points.rows().into_iter().map(|point| {
                let rate = |v: &[f64; 4]| cell.rate([v[0], v[1]], v[2], v[3]);
                let here = [point[0], point[1], point[2], point[3]];
                let mut moved = here;
                moved[variable] += 1e-4;
                ((rate(&moved) - rate(&here)) / 1e-4).abs()
            });
            // Hz per metre, radian or metre a second; peaks are 10 to 30 Hz
            let seen = steepest.fold(0.0, f64::max) > 1.0;
            assert_eq!(seen, depends, "{index} {variable}");
        }
    }
}

#[test]
fn tunings_have_their_closed_forms() {
    let place = Tuning::Place {
        centre: [0.2, 0.4],
        width: 0.1,
    };
    // one standard deviation away: exp(−½)
    let response = place.response([0.2, 0.5], 1.0, 1.0);
    assert!((response - (-0.5_f64).exp()).abs() < 1e-14);
    let direction = Tuning::HeadDirection {
        preferred: 1.0,
        concentration: 2.0,
    };
    assert_eq!(direction.response([0.0; 2], 1.0, 0.0), 1.0);
    let opposite = direction.response([0.0; 2], 1.0 + PI, 0.0);
    assert!((opposite - (-4.0_f64).exp()).abs() < 1e-14);
    let speed = Tuning::Speed { reference: 0.4 };
    assert_eq!(speed.response([0.0; 2], 0.0, 0.2), 0.5);

    // a grid's mean over a unit cell is 1/3: midpoint rule on the lattice, exact for cosines
    let grid = Tuning::Grid {
        spacing: 0.5,
        orientation: 0.0,
        phase: [0.1, 0.1],
    };
    let mut sum = 0.0;
    for i in 0..12 {
        for j in 0..12 {
            let (u, v) = (f64::from(i) / 12.0, f64::from(j) / 12.0);
            let x = 0.5 * (u + 0.5 * v);
            let y = 0.5 * 3f64.sqrt() / 2.0 * v;
            sum += grid.response([x, y], 0.0, 0.0);
        }
    }
    assert!((sum / 144.0 - 1.0 / 3.0).abs() < 1e-13);

    let both = Cell::new(vec![place, direction], 0.5, 8.0).unwrap();
    let expected = 0.5 + 8.0 * (-0.5_f64).exp() * (-4.0_f64).exp();
    assert!((both.rate([0.2, 0.5], 1.0 + PI, 9.0) - expected).abs() < 1e-14);
    assert_eq!(both.depends_on(), [true, true, true, false]);
    let untuned = Cell::new(vec![], 0.5, 8.0).unwrap();
    assert_eq!(untuned.rate([3.0, 2.0], 1.0, 9.0), 8.5);
    assert_eq!(untuned.depends_on(), [false; 4]);
}

#[test]
fn spikes_are_poisson_given_the_rates() {
    let motion = Motion::default();
    let population = Population::random(&PopulationConfig::default(), &motion, 6).unwrap();
    let behaviour = motion.simulate(4_000, 0.05, 7).unwrap();
    let recording = population.record(behaviour, 8).unwrap();
    let (mut sum, mut squares, mut spread) = (0.0, 0.0, 0.0);
    for (&count, &rate) in recording.counts.iter().zip(&recording.rates) {
        assert!(count >= 0.0 && count.fract() == 0.0);
        let mean = rate * 0.05;
        sum += count - mean;
        squares += (count - mean).powi(2);
        spread += mean;
    }
    // independent given the rates, each with its mean as variance; five errors. The variance of a
    // square is λ + 2λ², here at most 4 λ for λ up to 1.5 in most bins
    assert!(sum.abs() < 5.0 * f64::sqrt(spread));
    assert!((squares - spread).abs() < 5.0 * f64::sqrt(4.0 * spread));
}

#[test]
fn the_map_lists_kinds_in_order() {
    let config = PopulationConfig {
        place: 1,
        grid: 1,
        head_direction: 1,
        speed: 1,
        conjunctive: 4,
        untuned: 1,
        ..PopulationConfig::default()
    };
    let population = Population::random(&config, &MOTION, 9).unwrap();
    let behaviour = MOTION.simulate(10, 0.05, 10).unwrap();
    let recording = population.record(behaviour, 11).unwrap();
    let (yes, no) = (true, false);
    let expected = [
        [yes, no, no],
        [yes, no, no],
        [no, yes, no],
        [no, no, yes],
        [yes, yes, no],
        [yes, yes, no],
        [yes, no, yes],
        [no, yes, yes],
        [no, no, no],
    ];
    assert_eq!(recording.grouped_map.dim(), (9, 3));
    for (cell, row) in expected.iter().enumerate() {
        assert_eq!(recording.grouped_map.row(cell).to_vec(), row);
        let [position, heading, speed] = *row;
        let full = [position, position, heading, speed];
        assert_eq!(recording.map.row(cell).to_vec(), full);
    }
    assert_eq!(Behaviour::VARIABLES, ["x", "y", "heading", "speed"]);
    let variables = recording.behaviour.variables();
    assert_eq!(variables.column(3), recording.behaviour.speed);
    assert_eq!(variables.column(1), recording.behaviour.position.column(1));
}

#[test]
fn the_seed_determines_everything() {
    let run = MOTION.simulate(200, 0.02, 12).unwrap();
    assert_eq!(run, MOTION.simulate(200, 0.02, 12).unwrap());
    assert_ne!(run, MOTION.simulate(200, 0.02, 13).unwrap());
    let longer = MOTION.simulate(300, 0.02, 12).unwrap();
    assert!(run.heading.iter().eq(longer.heading.iter().take(200)));
    let config = PopulationConfig::default();
    let population = Population::random(&config, &MOTION, 14).unwrap();
    assert_eq!(
        population,
        Population::random(&config, &MOTION, 14).unwrap()
    );
    assert_ne!(
        population,
        Population::random(&config, &MOTION, 15).unwrap()
    );
    let recording = population.record(run.clone(), 16).unwrap();
    assert_eq!(recording, population.record(run.clone(), 16).unwrap());
    assert_ne!(recording.counts, population.record(run, 17).unwrap().counts);
}

#[test]
fn what_cannot_be_is_refused() {
    let broken = |change: fn(&mut Motion)| {
        let mut motion = Motion::default();
        change(&mut motion);
        let refused = motion.simulate(10, 0.1, 0).unwrap_err();
        assert!(matches!(refused, SynthError::Parameter { .. }));
        assert!(Population::random(&PopulationConfig::default(), &motion, 0).is_err());
    };
    broken(|motion| motion.width = 0.0);
    broken(|motion| motion.height = f64::NAN);
    broken(|motion| motion.mean_speed = -1.0);
    broken(|motion| motion.persistence = f64::INFINITY);
    assert!(Motion::default().simulate(0, 0.1, 0).is_err());
    assert!(Motion::default().simulate(10, 0.0, 0).is_err());

    let tuning = Tuning::Speed { reference: 0.0 };
    assert!(Cell::new(vec![tuning], 0.0, 1.0).is_err());
    let tuning = Tuning::Speed { reference: 1.0 };
    assert!(Cell::new(vec![tuning], -1.0, 1.0).is_err());
    assert!(Cell::new(vec![tuning], 1.0, 0.0).is_err());
    assert!(Cell::new(vec![], 1.0, 0.0).is_ok());
    let tuning = Tuning::Place {
        centre: [0.0, f64::NAN],
        width: 1.0,
    };
    assert!(Cell::new(vec![tuning], 1.0, 1.0).is_err());
    assert_eq!(
        Population::new(vec![]),
        Err(SynthError::Nothing { missing: "cells" })
    );
    let config = PopulationConfig {
        peak: 0.0,
        ..PopulationConfig::default()
    };
    assert!(Population::random(&config, &MOTION, 0).is_err());
    let mut behaviour = MOTION.simulate(3, 0.1, 0).unwrap();
    behaviour.speed[1] = f64::NAN;
    let population = Population::random(&PopulationConfig::default(), &MOTION, 0).unwrap();
    assert!(matches!(
        population.record(behaviour, 0),
        Err(SynthError::Rate { .. })
    ));
}
