//! Channels that are constant but for rounding, against scikit-learn.

use ndarray::{Array2, Axis, s};
use xcebra_files::{DataArray, Source, Values, read};

use crate::{data, told};

fn array(name: &str) -> DataArray {
    read(&Source::new(data("constant_channels.npz"), name)).unwrap()
}

#[test]
fn the_same_channels_are_constant_as_for_scikit_learn() {
    let recording = array("x").recording().unwrap();
    let expected = array("constant").vector::<f64>().unwrap();
    assert!(recording.channels.len() > 40);
    let found = recording.constant_channels();
    for (name, expected) in recording.channels.iter().zip(&expected) {
        assert_eq!(found.contains(name), *expected == 1.0, "channel {name}");
    }
}

#[test]
fn they_are_refused_and_the_message_tells_rounding_from_nothing() {
    let x = array("x").matrix::<f64>().unwrap();
    let last = x.ncols() - 1;
    let rounded = x.slice(s![.., last..]).to_owned();
    let message = |x: Array2<f64>| {
        let array = DataArray::new(Source::new("d.npz", "x"), Values::F64(x.into_dyn()));
        let recording = array.recording().unwrap();
        told(&recording.require_varying_channels().unwrap_err())
    };
    let (problem, _) = message(rounded);
    assert!(
        problem.contains("1 of 1 channels never change by more than rounding: `0`"),
        "{problem}"
    );
    let (problem, advice) = message(Array2::from_elem((5, 1), 0.1));
    assert!(
        problem.contains("1 of 1 channels never change: `0`"),
        "{problem}"
    );
    assert_eq!(advice, "leave them out");
    let (_, advice) = message(Array2::from_elem((2, 5), 0.1));
    assert!(advice.contains("or transpose the array"), "{advice}");
}

#[test]
fn a_file_in_single_precision_has_its_own_rounding() {
    // a unit in the last place of 1e5 is 0.0078 in single precision: noise there, signal in double
    let x = Array2::from_shape_fn((600, 1), |(t, _)| 1e5 + 0.0078125 * (t % 2) as f64);
    let recording = |values| {
        let array = DataArray::new(Source::new("d.npz", "x"), values);
        array.recording().unwrap().constant_channels()
    };
    let single = Values::F32(x.mapv(|v| v as f32).into_dyn());
    assert_eq!(recording(single), ["0"]);
    assert!(recording(Values::F64(x.clone().into_dyn())).is_empty());
    // a hundred of them are a signal
    let wide = x.mapv(|v| (1e5 + 100.0 * (v - 1e5)) as f32);
    assert!(recording(Values::F32(wide.into_dyn())).is_empty());
}

#[test]
fn labels_that_are_constant_but_for_rounding_are_refused() {
    let x = array("x").matrix::<f64>().unwrap();
    let last = x.index_axis(Axis(1), x.ncols() - 1).to_owned();
    let n = last.len();
    let array = DataArray::new(Source::new("d.npz", "z"), Values::F64(last.into_dyn()));
    let text = array.label::<f64>(n).unwrap_err().to_string();
    assert!(text.contains("in every row"), "{text}");
}

#[test]
fn segments_are_what_lies_between_the_breaks() {
    let x = Array2::from_shape_fn((10, 1), |(t, _)| t as f64);
    let mut array = DataArray::new(Source::new("d.npz", "x"), Values::F64(x.into_dyn()));
    let segments = |array: &DataArray| array.clone().recording().unwrap().segments();
    assert_eq!(segments(&array), vec![0..10]);
    array.breaks = vec![3, 7];
    assert_eq!(segments(&array), vec![0..3, 3..7, 7..10]);
    assert_eq!(array.clone().transposed().shape(), [1, 10]);
    assert!(array.transposed().breaks.is_empty());
}
