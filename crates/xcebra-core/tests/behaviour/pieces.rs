//! Stretches of a recording: cutting, windows, offsets, draws.

use std::ops::Range;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_core::sampling::References;
use xcebra_core::{Pieces, Window};

/// Sessions of the given lengths, with a gap of three samples before every second one.
fn pieces(lengths: &[usize]) -> Pieces {
    let mut start = 0;
    let ranges: Vec<Range<usize>> = lengths
        .iter()
        .enumerate()
        .map(|(i, len)| {
            start += 3 * (i % 2) + len;
            start - len..start
        })
        .collect();
    Pieces::new(ranges).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn places_count_the_samples_in_order(lengths in prop::collection::vec(1_usize..20, 1..30)) {
        let pieces = pieces(&lengths);
        let all: Vec<usize> = pieces.samples().collect();
        prop_assert_eq!(all.len(), pieces.len());
        prop_assert!(all.windows(2).all(|w| w[0] < w[1]));
        for (place, &sample) in all.iter().enumerate() {
            prop_assert_eq!(pieces.sample(place), sample);
        }
    }

    #[test]
    fn centers_are_the_samples_whose_window_fits(
        lengths in prop::collection::vec(1_usize..20, 1..10), left in 0_usize..6, right in 1_usize..6,
        offset in 0_usize..6,
    ) {
        let pieces = pieces(&lengths);
        let inside = |from: usize, to: usize| {
            pieces.ranges().iter().any(|r| r.start <= from && to <= r.end)
        };
        let expected: Vec<usize> =
            pieces.samples().filter(|&t| t >= left && inside(t - left, t + right)).collect();
        let centers = pieces.centers(Window { left, right });
        prop_assert_eq!(centers.is_err(), expected.is_empty());
        let Ok(centers) = centers else { return Ok(()) };
        prop_assert_eq!(centers.samples().collect::<Vec<_>>(), expected.clone());
        // an offset from center to center moves a whole window within its piece
        let expected: Vec<usize> = expected
            .into_iter()
            .filter(|&t| inside(t - left, t + offset + right))
            .collect();
        let starts = centers.with_lookahead(offset);
        prop_assert_eq!(starts.is_err(), expected.is_empty());
        if let Ok(starts) = starts {
            prop_assert_eq!(starts.samples().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_split_is_a_partition_into_even_blocks(
        lengths in prop::collection::vec(40_usize..400, 1..8), held_out in 0.1_f64..0.9, blocks in 1_usize..12,
    ) {
        let pieces = pieces(&lengths);
        let stretches = |len: usize| {
            let share = len as f64 / pieces.len() as f64;
            ((share * blocks as f64).round() as usize).max(1)
        };
        // it is possible where the shortest and the longest stretch have a sample for each part
        let possible = pieces.ranges().iter().map(ExactSizeIterator::len).all(|len| {
            [len / stretches(len), len.div_ceil(stretches(len))].into_iter().all(|stretch| {
                let out = (held_out * stretch as f64).round() as usize;
                0 < out && out < stretch
            })
        });
        let split = pieces.split(held_out, blocks);
        prop_assert_eq!(split.is_ok(), possible);
        let Ok((training, held)) = split else { return Ok(()) };
        let mut all: Vec<usize> = training.samples().chain(held.samples()).collect();
        all.sort_unstable();
        prop_assert_eq!(all, pieces.samples().collect::<Vec<_>>());
        prop_assert_eq!(training.ranges().len(), held.ranges().len());
        for (t, h) in training.ranges().iter().zip(held.ranges()) {
            prop_assert_eq!(t.end, h.start);
            let stretch = (t.len() + h.len()) as f64;
            prop_assert!((h.len() as f64 - held_out * stretch).abs() <= 0.5);
        }
        for range in pieces.ranges() {
            let ends: Vec<usize> =
                held.ranges().iter().map(|h| h.end).filter(|e| range.start < *e && *e <= range.end).collect();
            prop_assert_eq!(ends.len(), stretches(range.len()));
            prop_assert_eq!(*ends.last().unwrap(), range.end);
            for (i, end) in ends.iter().enumerate() {
                let even = range.len() as f64 * (i + 1) as f64 / ends.len() as f64;
                prop_assert!((even - (end - range.start) as f64).abs() < 1.0);
            }
        }
    }
}

proptest! {
    /// Segments of any length: what cannot be cut is for training, what can is cut as by `split`.
    #[test]
    fn short_stretches_are_left_to_the_training(
        lengths in prop::collection::vec(1_usize..60, 1..20), held_out in 0.05_f64..0.5, blocks in 1_usize..12,
    ) {
        let pieces = pieces(&lengths);
        let whole = pieces.split(held_out, blocks);
        let Ok((training, held)) = pieces.split_where_possible(held_out, blocks) else {
            prop_assert!(whole.is_err());
            return Ok(());
        };
        if let Ok(whole) = whole {
            prop_assert_eq!(&whole, &(training.clone(), held.clone()));
        }
        let mut all: Vec<usize> = training.samples().chain(held.samples()).collect();
        all.sort_unstable();
        prop_assert_eq!(all, pieces.samples().collect::<Vec<_>>());
        // each range of either part is inside one piece
        for range in training.ranges().iter().chain(held.ranges()) {
            let inside = |piece: &&Range<usize>| piece.start <= range.start && range.end <= piece.end;
            prop_assert_eq!(pieces.ranges().iter().filter(inside).count(), 1);
        }
    }
}

#[test]
fn one_block_is_the_end_of_the_session() {
    let (training, held) = pieces(&[100]).split(0.25, 1).unwrap();
    assert_eq!(training, Pieces::new(std::iter::once(0..75)).unwrap());
    assert_eq!(held, Pieces::new(std::iter::once(75..100)).unwrap());
    // of three sessions the longest is cut in two
    let (training, held) = Pieces::new([0..20, 20..60, 60..80])
        .unwrap()
        .split(0.5, 4)
        .unwrap();
    assert_eq!(training.ranges(), [0..10, 20..30, 40..50, 60..70]);
    assert_eq!(held.ranges(), [10..20, 30..40, 50..60, 70..80]);
}

#[test]
fn draws_are_uniform_over_the_pieces() {
    let centers = pieces(&[1, 7, 2, 30, 10]);
    let references = References::new(&centers, 0).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let draws = 100_000;
    let mut counts = std::collections::BTreeMap::<usize, f64>::new();
    for t in references.draw(draws, &mut rng) {
        *counts.entry(t).or_default() += 1.0;
    }
    assert!(counts.keys().copied().eq(centers.samples()));
    let expected = draws as f64 / 50.0;
    let chi2: f64 = counts
        .values()
        .map(|c| (c - expected).powi(2) / expected)
        .sum();
    // 49 degrees of freedom: exceeded with probability 1e-4 only
    assert!(chi2 < 95.6, "{chi2}");
}

#[test]
fn impossible_pieces_are_refused() {
    let message = |r: xcebra_core::Result<Pieces>| r.unwrap_err().to_string();
    assert!(message(Pieces::new([])).contains("no sample"));
    assert!(message(Pieces::new([4..4, 9..9])).contains("no sample"));
    assert!(message(Pieces::new([0..5, 4..9])).contains("0..5 comes before 4..9"));
    assert!(message(Pieces::new([5..9, 0..5])).contains("5..9 comes before 0..5"));
    let pieces = pieces(&[9, 5]);
    let window = Window { left: 5, right: 5 };
    let error = message(pieces.centers(window));
    assert!(
        error.contains("has 9 samples, too short for a window of 10"),
        "{error}"
    );
    assert!(message(pieces.with_lookahead(9)).contains("an offset of 9"));
    let huge = Window {
        left: usize::MAX,
        right: usize::MAX / 2,
    };
    assert!(pieces.ranges()[1].len() == 5 && pieces.with_lookahead(usize::MAX).is_err());
    let wide = Window {
        left: huge.left,
        right: 0,
    };
    assert!(message(pieces.centers(wide)).contains("too short"));

    let message = |held_out, blocks| pieces.split(held_out, blocks).unwrap_err().to_string();
    for held_out in [0.0, 1.0, -1.0, f64::NAN] {
        assert!(message(held_out, 1).contains("between 0 and 1"));
    }
    assert!(message(0.5, 0).contains("at least 1"));
    // the stretches of the second session hold fewer than 5 samples
    let error = message(0.08, 2);
    assert!(
        error.contains("12..17 are too short to hold out 0.08"),
        "{error}"
    );
    assert!(message(0.5, usize::MAX).contains("too short"));
}
