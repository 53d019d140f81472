//! Null distributions, power, false discoveries and coverage, in simulations of maps.

use crate::common::{Mlp, close, uniform};
use ndarray::{Array2, Array3, Axis, array};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use xcebra_attr::significance::{
    Blocks, Bootstrap, Connection, Control, Deviations, Findings, Pool, Significance, Tail,
};
use xcebra_attr::{AttrError, Methods, Options, Piece, attribute};

fn normal(rng: &mut ChaCha8Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn((10, 6), || rng.sample(StandardNormal))
}

/// Entries of the first two rows are connected.
const CONNECTED: usize = 12;

/// A map whose first two rows stand out by `shift`, against `draws` null maps.
fn simulate(test: Significance, shift: f64, draws: usize, seed: u64) -> Findings {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut map = normal(&mut rng);
    map.slice_axis_mut(Axis(0), (0..2).into())
        .mapv_inplace(|v| v + shift);
    test.test_with(&map, draws, |_| Ok(normal(&mut rng)))
        .unwrap()
}

/// Largest distance between the distribution of `p` and the uniform one on the multiples of `step`.
fn distance(mut p: Vec<f64>, step: f64) -> f64 {
    p.sort_by(f64::total_cmp);
    let share = |t: f64| p.partition_point(|&p| p <= t + 1e-12) as f64 / p.len() as f64;
    let count = (1.0 / step).round() as usize;
    (1..=count)
        .map(|k| (share(k as f64 * step) - k as f64 * step).abs())
        .fold(0.0, f64::max)
}

/// Bounds of Kolmogorov and Smirnov at 1 %: 1.63 over the root of the number of p-values.
#[test]
fn p_values_are_uniform_where_nothing_is_connected() {
    let all = (0..60).flat_map(|seed| {
        let found = simulate(Significance::new(), 0.0, 99, seed);
        assert_eq!(found.resolution(), 0.01);
        found.p_values().iter().copied().collect::<Vec<_>>()
    });
    let bound = 1.63 / 3600.0_f64.sqrt();
    let found = distance(all.collect(), 0.01);
    assert!(found < bound, "{found}");

    // pooled: one entry a simulation, since those of one share their nulls
    for (pool, size) in [(Pool::Row, 6), (Pool::Column, 10), (Pool::Map, 60)] {
        let test = Significance::new().pool(pool);
        let one = |seed: u64| simulate(test, 0.0, 20, 1000 + seed).p_values()[[3, 2]];
        let found = distance((0..400).map(one).collect(), 1.0 / (20 * size + 1) as f64);
        assert!(found < 1.63 / 20.0, "{pool:?} {found}");
    }
}

/// Mean share of false discoveries, its standard error, and share of connections found.
fn discoveries(test: Significance, shift: f64) -> (f64, f64, f64) {
    const RUNS: u64 = 300;
    let (mut shares, mut found) = (Vec::new(), 0.0);
    for seed in 0..RUNS {
        let significant = simulate(test, shift, 40, seed).significant();
        let hits: Vec<bool> = significant.iter().copied().collect();
        let count = |hits: &[bool]| hits.iter().filter(|&&hit| hit).count() as f64;
        found += count(&hits[..CONNECTED]) / CONNECTED as f64;
        shares.push(count(&hits[CONNECTED..]) / count(&hits).max(1.0));
    }
    let n = RUNS as f64;
    let mean = shares.iter().sum::<f64>() / n;
    let variance = shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt(), found / n)
}

/// For independent p-values the rate is the level times the share of true nulls, exactly.
#[test]
fn false_discoveries_are_at_their_nominal_rate() {
    let nulls = 0.8;
    for level in [0.05, 0.2] {
        let test = Significance::new().pool(Pool::Map);
        let test = test.level(level);
        let (rate, error, power) = discoveries(test, 4.0);
        assert!(
            (rate - level * nulls).abs() < 4.0 * error,
            "{rate} ± {error}"
        );
        assert!(power > 0.9, "{power}");
        let careful = test.control(Control::BenjaminiYekutieli);
        let (rate, error, power) = discoveries(careful, 4.0);
        // 1 + 1/2 + … + 1/60 = 4.68
        assert!(
            (rate - level * nulls / 4.68).abs() < 4.0 * error,
            "{rate} ± {error}"
        );
        assert!(power > 0.7, "{power}");
    }
    // nothing planted: no discovery in all but a share `level` of maps
    let test = Significance::new().pool(Pool::Map);
    let any = |seed: &u64| {
        simulate(test, 0.0, 40, *seed)
            .significant()
            .iter()
            .any(|&s| s)
    };
    let share = (0..400).filter(any).count() as f64 / 400.0;
    assert!(
        share < 0.05 + 4.0 * (0.05_f64 * 0.95 / 400.0).sqrt(),
        "{share}"
    );
}

#[test]
fn verdicts_by_hand() {
    // 99 null maps, entries 0.00 … 0.98
    let nulls: Vec<_> = (0..99)
        .map(|k| Array2::from_elem((1, 4), k as f64 / 100.0))
        .collect();
    let map = array![[5.0, 0.3, 0.7, 0.95]];
    let found = Significance::new().test(&map, &nulls).unwrap();
    assert_eq!(found.p_values(), array![[0.01, 0.7, 0.3, 0.05]]);
    close(found.q_values(), &array![[0.04, 0.7, 0.4, 0.1]], 1e-12);
    // room for errors of 1.0, 0.6 and 0.35: p-values 0.01, 0.4 and 0.65, of which only the first survives
    let verdicts = found.verdicts(&[1.3; 4]).unwrap();
    use Connection::{Connected, NotConnected, Undecided};
    assert_eq!(
        verdicts.map(),
        array![[Connected, NotConnected, Undecided, Undecided]]
    );
    let words = verdicts.to_string();
    assert!(words.contains("Of 4 entries, 1 are connected"), "{words}");
    assert!(
        words.contains("2 are undecided, by 99 null maps."),
        "{words}"
    );
    // whatever has room for every error is not connected; what has none is undecided; columns have their own
    let verdicts = found.verdicts(&[9.0, 9.0, 9.0, 0.5]).unwrap();
    assert_eq!(
        verdicts.map(),
        array![[Connected, NotConnected, NotConnected, Undecided]]
    );
    let verdicts = found.verdicts(&[0.0; 4]).unwrap();
    assert_eq!(verdicts.count(NotConnected), 0);
    for wrong in [&[1.0; 3][..], &[1.0, 1.0, 1.0, -1.0], &[f64::NAN; 4]] {
        let error = found.verdicts(wrong).unwrap_err().to_string();
        assert!(error.contains("smallest entries of interest"), "{error}");
    }

    // with 9 null maps, no p-value is below 0.1: nothing can be decided
    let found = Significance::new().test(&map, &nulls[..9]).unwrap();
    let verdicts = found.verdicts(&[9.0; 4]).unwrap();
    assert_eq!(verdicts.count(Undecided), 4);
    assert!(
        verdicts.to_string().contains("no p-value is below 0.100"),
        "{verdicts}"
    );
    // with 24, entries 0.00 … 0.23, a single p-value of 0.04 does not survive a correction for four
    let one = array![[5.0, 0.1, 0.1, 0.1]];
    let found = Significance::new().test(&one, &nulls[..24]).unwrap();
    let verdicts = found.verdicts(&[0.0; 4]).unwrap();
    assert_eq!(verdicts.count(Connected), 0);
    assert!(
        verdicts.to_string().contains("would need 80 null entries"),
        "{verdicts}"
    );
    // pooled, the same are enough: 4 / 97 = 0.041
    let pooled = Significance::new().pool(Pool::Row);
    let found = pooled.test(&one, &nulls[..24]).unwrap();
    assert_eq!(found.significant(), array![[true, false, false, false]]);
}

/// |AR(1)| has a known mean; blocks much longer than its memory cover it, single samples do not.
#[test]
fn block_intervals_cover_as_often_as_they_say() {
    let (n, phi) = (4000, 0.8_f64);
    let truth = (2.0 / std::f64::consts::PI / (1.0 - phi * phi)).sqrt();
    let covered = |seed: u64, blocks: usize, draws: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut state = rng.sample::<f64, _>(StandardNormal) / (1.0 - phi * phi).sqrt();
        let values = Array3::from_shape_simple_fn((n, 1, 1), || {
            state = phi * state + rng.sample::<f64, _>(StandardNormal);
            state
        });
        let all = Blocks::new(n, blocks).unwrap();
        let piece = Piece {
            method: "ar",
            first_sample: 0,
            block: 0,
            values: values.view(),
        };
        all.add(&piece).unwrap();
        let bootstrap = Bootstrap::new().resamples(draws).seed(seed);
        let found = all.intervals("ar", &bootstrap).unwrap();
        (found.low[[0, 0]]..found.high[[0, 0]]).contains(&truth)
    };
    let share = |runs: u64, blocks, draws| {
        let covers = (0..runs)
            .filter(|&seed| covered(seed, blocks, draws))
            .count();
        covers as f64 / runs as f64
    };
    // 50 blocks lose some 1 or 2 %; 300 runs have a standard error of 1.4 %
    let blocks = share(300, 50, 500);
    assert!((0.89..0.98).contains(&blocks), "{blocks}");
    // as if samples were independent: intervals less than half as long
    let single = share(60, n, 200);
    assert!(single < 0.8, "{single}");
}

#[test]
fn intervals_come_with_the_map_however_batches_are_cut() {
    let model = Mlp::<f64>::random(&[5], 8, 2, 1);
    let x = uniform((301, 5), 2);
    let methods: Methods<f64> = "ing,neuron-gradient".parse().unwrap();
    let run = |batch_size| {
        let blocks = Blocks::new(301, 20).unwrap();
        let sink = |piece: &Piece<'_>| blocks.add(piece);
        let options = Options::new().batch_size(batch_size);
        let maps = attribute(&model, &x, &methods, &options.sink(&sink)).unwrap();
        for map in &maps {
            let found = blocks.intervals(map.method(), &Bootstrap::new()).unwrap();
            let inside = ndarray::Zip::from(map.values())
                .and(&found.low)
                .and(&found.high)
                .all(|v, low, high| low < v && v < high);
            assert!(inside);
        }
        assert!(blocks.intervals("none", &Bootstrap::new()).is_err());
        blocks.intervals("ing", &Bootstrap::new()).unwrap()
    };
    let (a, b) = (run(301), run(7));
    let size = a.high.iter().fold(1.0, |a: f64, &b| a.max(b));
    close(&a.low, &b.low, 1e-12 * size);
    close(&a.high, &b.high, 1e-12 * size);
    let narrow = Bootstrap::new().level(0.5);
    let blocks = Blocks::new(301, 20).unwrap();
    let sink = |piece: &Piece<'_>| blocks.add(piece);
    attribute(&model, &x, &methods, &Options::new().sink(&sink)).unwrap();
    let half = blocks.intervals("ing", &narrow).unwrap();
    assert!((&half.high - &half.low).sum() < 0.5 * (&a.high - &a.low).sum());
}

#[test]
fn senseless_tests_are_refused() {
    let map = array![[1.0, 2.0]];
    let test = Significance::new();
    assert!(test.test(&map, &[]).is_err());
    assert!(test.test(&Array2::zeros((0, 2)), &[]).is_err());
    let error = test.test(&map, &[array![[1.0], [2.0]]]).unwrap_err();
    assert!(error.to_string().contains("expected (1, 2)"), "{error}");
    let error = test.test(&map, &[array![[1.0, f64::NAN]]]).unwrap_err();
    assert!(error.to_string().contains("output 1"), "{error}");
    assert!(
        test.test(&array![[f64::INFINITY, 1.0]], std::slice::from_ref(&map))
            .is_err()
    );
    let failing = test.test_with(&map, 3, |k| match k {
        2 => Err(AttrError::NoSamples),
        _ => Ok(map.clone()),
    });
    assert!(matches!(failing, Err(AttrError::NoSamples)));
    let found = test.test(&map, std::slice::from_ref(&map)).unwrap();
    assert!(found.verdicts(&[1.0]).is_err());
    for (level, shown) in [(0.0, "0"), (1.0, "1"), (f64::NAN, "NaN")] {
        let expected = format!("the level is {shown}, expected a number strictly between 0 and 1");
        let unmade = |_| unreachable!("a null map was made");
        let error = test.level(level).test_with(&map, 3, unmade).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(test.level(level).check().is_err());
    }
    let blocks = Blocks::new(10, 2).unwrap();
    for bootstrap in [Bootstrap::new().level(1.0), Bootstrap::new().resamples(99)] {
        let error = blocks.intervals("ing", &bootstrap).unwrap_err();
        assert!(!error.to_string().contains("the method"), "{error}");
    }
    assert!(Blocks::new(10, 11).is_err() && Blocks::new(10, 1).is_err());
    let blocks = Blocks::new(3, 2).unwrap();
    let values = Array3::zeros((4, 1, 1));
    let piece = Piece {
        method: "m",
        first_sample: 0,
        block: 0,
        values: values.view(),
    };
    assert!(blocks.add(&piece).is_err());
}

/// Squares of null entries are `χ²_3 / 3` times a size of their own each; the fitted tail need not
/// know either. p-values of entries drawn alike must be uniform (Kolmogorov and Smirnov at 1 %).
#[test]
fn a_fitted_tail_is_uniform_where_nothing_is_connected() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut draw = |row: usize, column: usize| {
        let squares: f64 = (0..3)
            .map(|_| rng.sample::<f64, _>(StandardNormal).powi(2))
            .sum();
        (squares / 3.0).sqrt() * (1.0 + row as f64 + 0.3 * column as f64)
    };
    let test = Significance::new().tail(Tail::Fitted);
    let mut all = Vec::new();
    for _ in 0..60 {
        let map = Array2::from_shape_fn((10, 6), |(i, k)| draw(i, k));
        let found = test.test_with(&map, 20, |_| {
            Ok(Array2::from_shape_fn((10, 6), |(i, k)| draw(i, k)))
        });
        let found = found.unwrap();
        assert_eq!(found.resolution(), 0.0);
        all.extend(found.p_values().iter().copied());
    }
    let found = distance(all, 0.001);
    assert!(found < 1.63 / 3600.0_f64.sqrt() + 0.001, "{found}");
}

/// With a fitted tail twenty null maps decide what their ranks cannot.
#[test]
fn few_null_maps_are_enough_for_a_fitted_tail() {
    let nulls: Vec<_> = (0..20)
        .map(|k| Array2::from_elem((1, 4), 0.5 + 0.05 * k as f64))
        .collect();
    let map = array![[20.0, 0.8, 0.1, 5.0]];
    let ranks = Significance::new().test(&map, &nulls).unwrap();
    assert!(!ranks.significant().iter().any(|&s| s));
    let fitted = Significance::new()
        .tail(Tail::Fitted)
        .test(&map, &nulls)
        .unwrap();
    assert_eq!(fitted.significant(), array![[true, false, false, true]]);
    assert!(fitted.p_values()[[0, 0]] < fitted.p_values()[[0, 3]]);

    // null entries that are zero, and all alike
    let zero = Significance::new().tail(Tail::Fitted);
    let found = zero
        .test(&array![[0.0, 1.0]], &vec![Array2::zeros((1, 2)); 3])
        .unwrap();
    assert_eq!(found.p_values(), array![[1.0, 0.0]]);
    // what has no distribution to fit
    assert!(zero.test(&array![[1.0]], &[array![[1.0]]]).is_err());
    assert!(
        zero.test(&array![[-1.0]], &[array![[1.0]], array![[2.0]]])
            .is_err()
    );
}

/// Unconnected entries and connections of exactly the smallest size of interest, in the worst case that the triangle
/// inequality allows: errors that take away from the connection. The share of these connections among entries that
/// are called not connected stays below the level, and the unconnected ones receive the verdict.
#[test]
fn false_omissions_stay_below_their_level() {
    const RUNS: u64 = 300;
    let (smallest, level) = (4.0, 0.1);
    let (mut shares, mut right) = (Vec::new(), 0.0);
    for seed in 0..RUNS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut error = |_| {
            let squares: f64 = (0..8)
                .map(|_| rng.sample::<f64, _>(StandardNormal).powi(2))
                .sum();
            (squares / 8.0).sqrt()
        };
        let mut map = Array2::from_shape_fn((20, 2), &mut error);
        // the first ten rows are connected
        for row in 0..10 {
            map.row_mut(row).mapv_inplace(|e| (smallest - e).max(0.0));
        }
        let test = Significance::new().tail(Tail::Fitted).level(level);
        let found = test.test_with(&map, 20, |_| Ok(Array2::from_shape_fn((20, 2), &mut error)));
        let verdicts = found.unwrap().verdicts(&[smallest; 2]).unwrap();
        let count = |rows: std::ops::Range<usize>| {
            let entries = verdicts.map().slice_axis(Axis(0), rows.into());
            let absent = entries.iter().filter(|v| **v == Connection::NotConnected);
            absent.count() as f64
        };
        let (wrong, absent) = (count(0..10), count(10..20));
        shares.push(wrong / (wrong + absent).max(1.0));
        right += absent / 20.0 / RUNS as f64;
    }
    let mean = shares.iter().sum::<f64>() / RUNS as f64;
    assert!(mean <= level, "{mean}");
    assert!(right > 0.9, "{right}");
}

#[test]
fn deviations_of_other_shapes_are_refused() {
    assert!(Deviations::new(&Array3::zeros((0, 2, 2))).is_err());
    assert!(Deviations::new(&Array3::zeros((2, 0, 2))).is_err());
    let mut found = Deviations::new(&Array3::zeros((3, 2, 2))).unwrap();
    let error = found.add(&Array3::zeros((3, 2, 1))).unwrap_err();
    assert!(error.to_string().contains("[3, 2, 2]"), "{error}");
    assert!(found.nulls().is_empty());
}

/// Entries of a model that errs and of trainings that err anew: a difference is the root of the sum of both squares. One
/// training in twenty errs ten times as much. Left out, its errors hide nothing; and p-values of entries that are
/// not connected stay conservative (Kolmogorov and Smirnov at 1 %, on the side of small ones), even where the model
/// itself is the one that errs most.
#[test]
fn a_training_that_went_wrong_hides_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut error = |size: f64| {
        Array2::from_shape_simple_fn((12, 3), || {
            let squares: f64 = (0..6)
                .map(|_| rng.sample::<f64, _>(StandardNormal).powi(2))
                .sum();
            size * (squares / 6.0).sqrt()
        })
    };
    let test = Significance::new().tail(Tail::Fitted);
    let (mut all, mut found, mut hidden) = (Vec::new(), 0, 0);
    for run in 0..60 {
        let own = error(if run % 20 == 0 { 10.0 } else { 1.0 });
        let nulls: Vec<_> = (0..20)
            .map(|k| {
                let other = error(if k == run % 20 { 10.0 } else { 1.0 });
                (own.mapv(|e| e * e) + other.mapv(|e| e * e)).mapv(f64::sqrt)
            })
            .collect();
        // entries of the first column are connected
        let mut map = own.clone();
        map.column_mut(0).mapv_inplace(|v| v + 6.0);
        let robust = test.without_strays().test(&map, &nulls).unwrap();
        if run % 20 > 0 {
            assert_eq!(robust.left_out(), [run % 20]);
            let power = |findings: &Findings| findings.significant().iter().filter(|s| **s).count();
            found += power(&robust);
            hidden += power(&test.test(&map, &nulls).unwrap());
            let verdicts = robust.verdicts(&[9.0; 3]).unwrap().to_string();
            assert!(
                verdicts.contains("by 19 null maps. One further null map"),
                "{verdicts}"
            );
        } else {
            assert!(robust.left_out().is_empty());
        }
        let unconnected = robust.p_values().columns().into_iter().skip(1);
        all.extend(unconnected.flatten().copied());
    }
    // of 57 runs with 12 connected entries each
    assert!(found > 57 * 11, "{found}");
    assert!(2 * hidden < found, "{hidden} of {found}");
    let count = all.len() as f64;
    for p in [0.01, 0.05, 0.1, 0.2] {
        let share = all.iter().filter(|v| **v <= p).count() as f64 / count;
        assert!(share < p + 1.63 / count.sqrt(), "{share} at {p}");
    }
}
