//! Axes in words, in another unit, and refused.

use super::*;

fn parts_and_frequencies() -> Vec<AxisLabels> {
    vec![
        AxisLabels::names(Role::Part, ["trend", "season"]),
        AxisLabels::frequencies(vec![0.0, 2.5, 5.0]),
    ]
}

#[test]
fn describes_coefficients_in_words() {
    let axes = Axes::new(parts_and_frequencies());
    assert_eq!(
        axes.describe(&[1, 1]).as_deref(),
        Some("part season, frequency 2.5 Hz")
    );
    assert_eq!(axes.describe(&[1, 3]), None);
    assert_eq!(axes.describe(&[1]), None);
    assert_eq!(
        AxisLabels::indices(Role::Channel, 2).describe(1).as_deref(),
        Some("channel 1")
    );
    let unknown = |len| AxisLabels::indices(Role::Axis(0), len);
    let frequency = AxisLabels::frequencies(vec![4.0]);
    let one = Axes::new(vec![unknown(1), frequency.clone()]);
    assert_eq!(one.describe(&[0, 0]).as_deref(), Some("frequency 4 Hz"));
    let two = Axes::new(vec![unknown(2), frequency]);
    assert_eq!(
        two.describe(&[1, 0]).as_deref(),
        Some("axis 0 1, frequency 4 Hz")
    );
}

/// 2 × 3 coefficients, then 2 of a remainder.
#[test]
fn flat_coefficients_are_told_by_what_they_are() {
    let remainder = AxisLabels::indices(Role::Other("remainder".into()), 2);
    let parts = vec![
        Axes::new(parts_and_frequencies()),
        Axes::new(vec![remainder]),
    ];
    let flat = Axes::new(vec![AxisLabels::new(
        Role::Coefficient,
        "",
        Ticks::Flat(parts),
    )]);
    assert_eq!(flat[0].len(), 8);
    let words = |axes: &Axes, i: usize| axes.describe(&[i]);
    assert_eq!(
        words(&flat, 4).as_deref(),
        Some("part season, frequency 2.5 Hz")
    );
    assert_eq!(words(&flat, 7).as_deref(), Some("remainder 1"));
    assert_eq!(words(&flat, 8), None);
    let bpm = flat.converted("Hz", "bpm", 60.0);
    assert_eq!(
        words(&bpm, 4).as_deref(),
        Some("part season, frequency 150 bpm")
    );
}

#[test]
fn refuses_labels_that_do_not_fit() {
    let axes = |groups: Vec<Group>| {
        let [parts, frequencies] = parts_and_frequencies().try_into().unwrap();
        Axes::new(vec![parts, frequencies.with_groups(groups)])
    };
    let group = |name: &str, members: Vec<usize>| Group {
        name: name.into(),
        members,
    };
    assert!(axes(vec![]).check(&[2, 3]).is_ok());
    assert!(axes(vec![]).check(&[3, 2]).is_err());
    let fit = vec![group("low", vec![0, 1]), group("high", vec![2])];
    assert!(axes(fit).check(&[2, 3]).is_ok());
    let overlap = vec![group("low", vec![0, 1]), group("high", vec![1])];
    assert!(axes(overlap).check(&[2, 3]).is_err());
    let out_of_range = vec![group("low", vec![3])];
    assert!(axes(out_of_range).check(&[2, 3]).is_err());
}

#[test]
fn only_frequencies_have_ranges() {
    let two_sided = AxisLabels::frequencies(vec![0.0, 1.0, -1.0]);
    assert_eq!(
        two_sided.frequency_ranges(),
        Some(vec![0.0..0.0, 1.0..1.0, 1.0..1.0])
    );
    let bands = AxisLabels::bands(vec![Band::new(0.0..2.0)]);
    assert_eq!(bands.frequency_ranges(), Some(vec![0.0..2.0]));
    assert_eq!(
        AxisLabels::times([0.0, 1.0], Some(2.0)).frequency_ranges(),
        None
    );
    assert_eq!(
        AxisLabels::names(Role::Band, ["low"]).frequency_ranges(),
        None
    );
}

#[test]
fn channels_are_named_if_there_are_as_many() {
    let names = ["C3".to_owned(), "C4".to_owned()];
    let axes = |channels| {
        let channels = AxisLabels::indices(Role::Channel, channels);
        Axes::new(vec![channels, AxisLabels::times([0.0, 1.0], None)]).with_channel_names(&names)
    };
    assert_eq!(
        axes(2).describe(&[1, 1]).as_deref(),
        Some("channel C4, time 1 samples")
    );
    assert_eq!(
        axes(3).describe(&[1, 1]).as_deref(),
        Some("channel 1, time 1 samples")
    );
}
