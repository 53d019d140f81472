//! Arrays of every shape: read in the only way there is, with words about a choice, or refused.

use proptest::prelude::*;
use xcebra_model::Advice;

use super::*;
use ndarray::Slice;

/// The problem and the advice.
fn told(error: &FileError) -> String {
    format!("{error}; {}", error.advice().unwrap_or_default())
}

fn counted_up(shape: &[usize]) -> ArrayD<f64> {
    let len: usize = shape.iter().product();
    let values = (0..len).map(|i| i as f64).collect();
    ArrayD::from_shape_vec(IxDyn(shape), values).unwrap()
}

fn input(shape: &[usize]) -> Input {
    Input::new(counted_up(shape), "x")
}

fn arranged(found: &[usize], shape: &[usize], time: usize, hop: Option<usize>) -> Signals {
    Signals::arrange(input(found), shape, Some(time), hop).unwrap()
}

#[test]
fn one_signal_or_a_batch_with_or_without_axes_of_length_1() {
    for (found, shape, n, single) in [
        (&[1, 8][..], &[1, 8][..], 1, true),
        (&[8], &[1, 8], 1, true),
        (&[8, 1], &[1, 8], 1, true),
        (&[3, 1, 8], &[1, 8], 3, false),
        (&[3, 8], &[1, 8], 3, false),
        (&[1, 8], &[8], 1, false),
        (&[5, 2, 8], &[2, 8], 5, false),
        (&[4], &[4, 1, 1], 1, true),
    ] {
        let signals = Signals::arrange(input(found), shape, None, None).unwrap();
        assert_eq!((signals.len(), signals.single), (n, single), "{found:?}");
        assert_eq!(&signals.values.shape()[1..], shape);
        let counted = counted_up(found);
        assert!(signals.values.iter().eq(counted.iter()));
    }
}

#[test]
fn a_recording_is_cut_and_turned() {
    // time × channels, where value = 2 time + channel
    let signals = arranged(&[10, 2], &[2, 4], 1, None);
    assert_eq!(signals.starts, Some(vec![0, 4]));
    assert_eq!(signals.values[[1, 0, 3]], 14.0);
    assert_eq!(signals.values[[1, 1, 0]], 9.0);
    assert_eq!(
        signals.notes,
        ["x: 2 samples of 10 left out, too few for another signal of 4"]
    );
    let kept = arranged(&[10, 2], &[4, 2], 0, Some(3));
    assert_eq!(kept.starts, Some(vec![0, 3, 6]));
    assert_eq!(kept.values[[2, 1, 1]], 15.0);
    assert!(kept.notes.is_empty(), "{:?}", kept.notes);
    // channels first: value = 10 channel + time
    let turned = arranged(&[2, 10], &[2, 4], 1, None);
    assert_eq!(turned.values[[0, 1, 2]], 12.0);
    assert!(
        turned.notes[0].contains("(channels, time)"),
        "{:?}",
        turned.notes
    );
    let vector = arranged(&[9], &[1, 4], 1, Some(5));
    assert_eq!(vector.starts, Some(vec![0, 5]));
    assert_eq!(vector.values[[1, 0, 0]], 5.0);
}

/// The layouts of PyTorch and Keras, of one signal, of a batch, and of a recording.
#[test]
fn time_is_the_axis_that_fits_or_that_is_clearly_longer() {
    for (found, shape, expected) in [
        (&[2, 32][..], &[2, 32][..], Some(1)),
        (&[32, 2], &[32, 2], Some(0)),
        (&[5, 32, 2], &[32, 2], Some(0)),
        (&[1000, 2], &[32, 2], Some(0)),
        (&[1000, 2], &[2, 32], Some(1)),
        (&[7, 1, 22, 400], &[1, 22, 400], Some(2)),
        (&[7, 400, 1], &[400, 1], Some(0)),
        // fits one axis only, though the axes are nearly as long
        (&[50, 10], &[10, 12], Some(1)),
        (&[50, 12], &[10, 12], Some(0)),
        // nothing tells
        (&[8, 8], &[8, 8], None),
        (&[3, 8, 8], &[8, 8], None),
        (&[100, 8], &[8, 8], None),
        (&[9, 30, 20], &[30, 20], None),
    ] {
        let signals = Signals::arrange(input(found), shape, None, None);
        match (signals, expected) {
            (Ok(signals), Some(axis)) => {
                assert_eq!(signals.time_axis, axis, "{found:?} {shape:?}");
                let words = format!("time is axis {axis} of the model's input");
                assert!(signals.reading.starts_with(&words), "{}", signals.reading);
                let choices = shape.iter().filter(|&&n| n > 1).count() > 1;
                let said = signals.notes.iter().any(|note| note.contains(&words));
                assert_eq!(said, choices, "{found:?} {shape:?} {:?}", signals.notes);
            }
            (Err(error), None) => {
                let text = told(&error);
                for part in ["axis 0 (", "axis 1 (", "--time-axis 0 or --time-axis 1"] {
                    assert!(text.contains(part), "{text}");
                }
            }
            (found_axis, expected) => {
                let found_axis = found_axis.map(|signals| signals.time_axis);
                panic!("{found:?} {shape:?}: {found_axis:?}, not {expected:?}");
            }
        }
    }
}

#[test]
fn what_rows_are_may_be_certain() {
    let mut edf = input(&[8, 8]);
    edf.rows_are_time = true;
    edf.columns = (0..8).map(|c| format!("C{c}")).collect();
    let signals = Signals::arrange(edf, &[8, 4], Some(1), None).unwrap();
    // value = 8 time + channel
    assert_eq!(signals.values[[1, 3, 2]], 51.0);
    assert_eq!(signals.channels.as_ref().unwrap()[3], "C3");
    // without that, the same shape as one signal in the model's layout is another signal
    let error = Signals::arrange(input(&[8, 8]), &[8, 8], Some(1), None).unwrap_err();
    assert!(told(&error).contains("(1, 8, 8)"), "{error}");
    let cut = Signals::arrange(input(&[8, 8]), &[8, 8], Some(1), Some(8)).unwrap();
    assert_eq!(cut.values[[0, 3, 2]], 19.0);
    assert!(cut.notes[0].contains("(time, channels)"), "{:?}", cut.notes);
    let exact = Signals::arrange(input(&[1, 8, 8]), &[8, 8], Some(1), None).unwrap();
    assert_eq!(exact.values[[0, 3, 2]], 26.0);
}

/// Rows of a table are moments in time if they can be; an array without names may be either.
#[test]
fn rows_of_a_table_are_moments_in_time() {
    let mut table = input(&[5, 3]);
    table.columns = ["a", "b", "c"].map(str::to_owned).to_vec();
    let signals = Signals::arrange(table.clone(), &[3, 5], None, None).unwrap();
    assert_eq!(signals.time_axis, 1);
    // value = 3 time + channel
    assert_eq!(signals.values[[0, 2, 4]], 14.0);
    assert!(Signals::arrange(input(&[5, 3]), &[3, 5], None, None).is_err());
    // one signal a row
    let rows = Signals::arrange(table, &[1, 3], None, None).unwrap();
    assert_eq!(rows.values.shape(), [5, 1, 3]);
}

#[test]
fn no_signal_crosses_an_interruption() {
    let mut broken = input(&[30, 1]);
    broken.breaks = vec![7, 9, 20];
    broken.rows_are_time = true;
    let signals = Signals::arrange(broken.clone(), &[1, 4], None, Some(2)).unwrap();
    // pieces 0–7, 7–9 (too short), 9–20, 20–30
    assert_eq!(
        signals.starts,
        Some(vec![0, 2, 9, 11, 13, 15, 20, 22, 24, 26])
    );
    assert!(
        signals.notes[0].contains("interrupted 3 times"),
        "{:?}",
        signals.notes
    );
    assert!(
        signals.notes[1].contains("4 samples of 30"),
        "{:?}",
        signals.notes
    );
    let error = Signals::arrange(broken, &[1, 12], None, None).unwrap_err();
    assert!(error.to_string().contains("at least 12 samples"), "{error}");
    // as long as one signal, but in two pieces
    let mut two = input(&[8, 1]);
    two.breaks = vec![4];
    two.rows_are_time = true;
    assert!(Signals::arrange(two, &[8], None, None).is_err());
}

#[test]
fn parts_keep_their_starts() {
    let signals = arranged(&[12, 2], &[2, 4], 1, None);
    let part = signals.part(&[1, 2]).unwrap();
    assert_eq!(part.starts, Some(vec![4, 8]));
    assert_eq!(part.values[[0, 0, 0]], signals.values[[1, 0, 0]]);
    assert!(signals.part(&[2, 3]).is_none() && signals.part(&[]).is_none());
}

#[test]
fn misfits_and_gaps_are_refused() {
    let message = |values: ArrayD<f64>, hop| {
        let input = Input::new(values, "array `x`");
        let found = Signals::arrange(input, &[2, 4], Some(1), hop);
        told(&found.unwrap_err())
    };
    for found in [&[3][..], &[3, 3], &[3, 2], &[2, 2, 5], &[0, 2, 4], &[]] {
        let text = message(counted_up(found), None);
        assert!(
            text.contains("array `x`") && !text.ends_with("; "),
            "{text}"
        );
    }
    assert!(message(counted_up(&[3, 2, 4]), Some(2)).contains("--hop"));
    let mut gap = counted_up(&[2, 4]);
    gap[[1, 2]] = f64::NAN;
    assert!(message(gap, None).contains("[1, 2]"));
}

#[test]
fn impossible_axes_are_refused() {
    for (shape, axis) in [(&[2, 4][..], Some(2)), (&[], None), (&[2, 0], None)] {
        assert!(
            Signals::arrange(input(&[2, 4]), shape, axis, None).is_err(),
            "{shape:?}"
        );
    }
}

/// All ways to read an array, by the meaning of the words: the axis of time with the signals.
fn all_ways(found: &[usize], shape: &[usize]) -> Vec<(usize, ArrayD<f64>)> {
    let array = counted_up(found);
    let long: Vec<usize> = (0..shape.len()).filter(|&i| shape[i] > 1).collect();
    let axes = if long.is_empty() {
        vec![shape.len() - 1]
    } else {
        long
    };
    let without_ones =
        |shape: &[usize]| -> Vec<usize> { shape.iter().copied().filter(|&n| n > 1).collect() };
    let mut ways: Vec<(usize, ArrayD<f64>)> = Vec::new();
    for axis in axes {
        let mut found_here = Vec::new();
        let in_layout = |n: usize| {
            let full = [&[n], shape].concat();
            array.clone().into_shape_with_order(full).unwrap()
        };
        if without_ones(found) == without_ones(shape) {
            found_here.push(in_layout(1));
        }
        if found.len() > 1 && without_ones(&found[1..]) == without_ones(shape) {
            found_here.push(in_layout(found[0]));
        }
        let tables = match found.len() {
            1 => vec![array.clone().insert_axis(Axis(1))],
            2 => vec![array.clone(), array.clone().reversed_axes()],
            _ => Vec::new(),
        };
        for table in tables {
            let channels = shape.iter().product::<usize>() / shape[axis];
            let (samples, width) = (table.len_of(Axis(0)), table.len_of(Axis(1)));
            if width != channels || samples < shape[axis] {
                continue;
            }
            let n = samples / shape[axis];
            let used = table
                .slice_axis(Axis(0), Slice::from(0..n * shape[axis]))
                .to_owned();
            let others: Vec<usize> = (0..shape.len())
                .filter(|&i| i != axis)
                .map(|i| shape[i])
                .collect();
            let cut = [&[n, shape[axis]], &others[..]].concat();
            let mut cut = used
                .as_standard_layout()
                .into_owned()
                .into_shape_with_order(cut)
                .unwrap();
            // time from its place behind the signals to its place among the axes
            for place in 1..=axis {
                cut.swap_axes(place, place + 1);
            }
            found_here.push(cut);
        }
        // a batch in the opposite order, where nothing else fits
        if let ([_, a, b], [c, d]) = (found, shape)
            && (a, b) == (d, c)
            && *a > 1
            && *b > 1
            && found_here.is_empty()
        {
            let turned = array.clone().permuted_axes(vec![0, 2, 1]);
            found_here.push(turned.as_standard_layout().into_owned());
        }
        for signals in found_here {
            if !ways.iter().any(|(a, s)| *a == axis && *s == signals) {
                ways.push((axis, signals));
            }
        }
    }
    ways
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    /// Of several ways to read an array none is taken silently.
    #[test]
    fn every_reading_is_the_only_one_or_said_or_refused(
        shape in prop::collection::vec(prop::sample::select(vec![1_usize, 2, 3, 4, 8, 9, 32]), 1..4),
        kind in 0..6_usize,
        numbers in prop::collection::vec(prop::sample::select(vec![1_usize, 2, 3, 4, 8, 9, 32]), 1..4),
    ) {
        // arrays that have something to do with the model, and any others
        let mut found = match kind {
            0 => shape.clone(),
            1 => [&numbers[..1], &shape[..]].concat(),
            2 => vec![numbers[0] * 7, shape.iter().product::<usize>() / shape[shape.len() - 1]],
            3 => vec![numbers[0] * 7, shape.iter().product::<usize>() / shape[0]],
            _ => numbers,
        };
        if kind == 5 {
            found.reverse();
        }
        let ways = all_ways(&found, &shape);
        match Signals::arrange(input(&found), &shape, None, None) {
            Ok(signals) => {
                let taken = (signals.time_axis, signals.values.clone());
                prop_assert!(ways.contains(&taken), "{:?}", signals.reading);
                let axis_word = format!("time is axis {}", taken.0);
                if ways.iter().any(|(axis, _)| *axis != taken.0) {
                    prop_assert!(signals.notes.iter().any(|n| n.contains(&axis_word)), "{:?}", signals.notes);
                }
                if ways.iter().any(|(axis, values)| *axis == taken.0 && *values != taken.1) {
                    prop_assert!(signals.notes.iter().any(|n| n.contains("is read as")), "{:?}", signals.notes);
                }
                // asked for, the axis is taken without a word about it
                let asked = Signals::arrange(input(&found), &shape, Some(taken.0), None).unwrap();
                prop_assert_eq!(&asked.values, &taken.1);
                prop_assert!(!asked.notes.iter().any(|n| n.contains(&axis_word)));
            }
            Err(error) => {
                prop_assert!(ways.len() != 1, "{error}");
                if ways.len() > 1 {
                    let text = error.to_string();
                    prop_assert!(text.contains(" or "), "{text}");
                }
            }
        }
    }
}

/// Signals (n, times, channels) for a model of [3 channels, 40 times], and the other way round: each number comes to
/// its place, and that is said. A square has no opposite order.
#[test]
fn a_batch_in_the_opposite_order_is_turned_and_said() {
    for (shape, time_axis) in [([3, 40], 1), ([40, 3], 0)] {
        let x = ArrayD::from_shape_fn(vec![2, shape[1], shape[0]], |i| {
            (100 * i[0] + 10 * i[1] + i[2]) as f64
        });
        let signals = Signals::arrange(Input::new(x.clone(), "x"), &shape, None, None).unwrap();
        assert_eq!(signals.values.shape(), [2, shape[0], shape[1]]);
        assert_eq!((signals.time_axis, signals.len()), (time_axis, 2));
        for (i, value) in signals.values.indexed_iter() {
            assert_eq!(*value, x[[i[0], i[2], i[1]]]);
        }
        let said = signals.notes.join("; ");
        assert!(said.contains("opposite order of the model"), "{said}");
    }
    // which of two axes is time has to be said all the same
    let x = ArrayD::zeros(vec![2, 8, 9]);
    let error = Signals::arrange(Input::new(x, "x"), &[9, 8], None, None).unwrap_err();
    let said = told(&error);
    assert!(
        said.contains("--time-axis 0") && said.contains("--time-axis 1"),
        "{said}"
    );
}
