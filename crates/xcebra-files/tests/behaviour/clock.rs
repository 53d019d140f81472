//! Recordings on one clock, against pynapple and elephant on the same session, and against what is known.

use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, ArrayD, Axis};
use xcebra_files::{
    Aligned, AlignedLabel, Alignment, Constant, DataFile, FileError, LabelSource, Missing,
    NpzOutput, Source, align, read,
};

use crate::{data, told};

pub fn session() -> Source {
    Source::file(file("session.nwb"))
}

pub fn file(name: &str) -> PathBuf {
    data("containers").join(name)
}

fn expected(name: &str) -> ArrayD<f64> {
    read(&Source::new(file("clock.npz"), name))
        .unwrap()
        .values
        .to_float()
}

pub fn label(name: &str, array: &str) -> LabelSource {
    LabelSource {
        name: name.to_owned(),
        array: array.to_owned(),
    }
}

/// All units, the silent one as well.
pub fn keeping(bin: f64) -> Alignment {
    Alignment {
        constant: Constant::Keep,
        ..Alignment::new(bin)
    }
}

fn numbers(aligned: &Aligned, name: &str) -> ArrayD<f64> {
    match &aligned
        .labels
        .iter()
        .find(|(other, _)| other == name)
        .unwrap()
        .1
    {
        AlignedLabel::Vector(values) => values.clone().into_dyn(),
        AlignedLabel::Matrix(values) => values.clone().into_dyn(),
        AlignedLabel::Classes(ids) => ids.mapv(|id| id as f64).into_dyn(),
        AlignedLabel::Text(_) => panic!("{name} is text"),
    }
}

fn close(found: &ArrayD<f64>, expected: &ArrayD<f64>, tolerance: f64, what: &str) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what} {at}: {a} {b}");
    }
}

#[test]
fn counts_and_positions_are_those_of_pynapple() {
    for (name, settings) in [
        ("all", keeping(0.025)),
        ("good", keeping(0.025).units("quality=good").unwrap()),
    ] {
        let aligned = align(&session(), &[label("position", "position")], &settings).unwrap();
        assert_eq!(
            aligned.x.values.to_float::<f64>(),
            expected(&format!("{name}_x")),
            "{name}"
        );
        // the centres may differ by the rounding of an edge to nanoseconds
        close(
            &Array1::from(aligned.times.clone()).into_dyn(),
            &expected(&format!("{name}_t")),
            1e-12,
            name,
        );
        close(
            &numbers(&aligned, "position"),
            &expected(&format!("{name}_position")),
            1e-12,
            name,
        );
        assert_eq!(aligned.x.breaks, [140], "{name}");
    }
}

#[test]
fn rates_are_those_of_elephant() {
    for (name, settings) in [
        ("all", keeping(0.025)),
        ("good", keeping(0.025).units("quality=good").unwrap()),
    ] {
        let settings = Alignment {
            smooth: Some(0.06),
            ..settings
        };
        let aligned = align(&session(), &[label("position", "position")], &settings).unwrap();
        close(
            &aligned.x.values.to_float(),
            &expected(&format!("{name}_rates")),
            1e-10,
            name,
        );
    }
}

#[test]
fn epochs_and_their_properties() {
    let settings = Alignment {
        epochs: Some("trials:side=left".to_owned()),
        ..keeping(0.1)
    };
    let aligned = align(&session(), &[label("position", "position")], &settings).unwrap();
    assert_eq!(aligned.x.values.to_float::<f64>(), expected("left_x"));
    close(
        &Array1::from(aligned.times.clone()).into_dyn(),
        &expected("left_t"),
        1e-12,
        "left",
    );
    // a property of the trials as classes
    let all = Alignment {
        epochs: Some("trials".to_owned()),
        ..keeping(0.1)
    };
    let aligned = align(&session(), &[label("side", "trials.side")], &all).unwrap();
    let AlignedLabel::Text(sides) = &aligned.labels[0].1 else {
        panic!("no text")
    };
    let mut seen: Vec<&str> = sides.iter().map(|side| &**side).collect();
    seen.dedup();
    // the second trial ends at 4, where unit 0 is not observed until 4.5
    assert_eq!(seen, ["left", "right", "left", "right"]);
}

#[test]
fn faster_signals_are_averaged_as_pynapple_does() {
    let source = Source::new(file("session.nwb"), "lfp");
    let aligned = align(&source, &[], &Alignment::new(0.02)).unwrap();
    close(
        &Array1::from(aligned.times.clone()).into_dyn(),
        &expected("lfp_t"),
        1e-12,
        "t",
    );
    // the same sum of volts in another order of multiplication
    close(
        &aligned.x.values.to_float(),
        &expected("lfp_x"),
        1e-15,
        "lfp",
    );
    assert_eq!(aligned.x.sampling_rate, Some(50.0));
}

#[test]
fn directions_stay_on_the_circle() {
    let mut open = DataFile::open(&file("session.nwb")).unwrap();
    let series = open.series(Some("direction")).unwrap().remove(0);
    let times: Vec<f64> = (0..series.rows()).map(|row| series.times.at(row)).collect();
    let mut unwrapped = series.values.vector::<f64>().unwrap();
    for row in 1..times.len() {
        let turn = unwrapped[row] - unwrapped[row - 1];
        unwrapped[row] -= TAU * (turn / TAU).round();
    }
    // bins that are shorter than the steps, in which angles are interpolated
    let aligned = align(&session(), &[label("d", "direction")], &keeping(0.02)).unwrap();
    let found = numbers(&aligned, "d");
    assert!(found.len() > 400);
    for (time, found) in aligned.times.iter().zip(&found) {
        let row = times
            .partition_point(|other| other <= time)
            .min(times.len() - 1);
        let part = (time - times[row - 1]) / (times[row] - times[row - 1]);
        let between = unwrapped[row - 1] + part * (unwrapped[row] - unwrapped[row - 1]);
        let off = (found - between).rem_euclid(TAU);
        // rounding of sums of angles up to some turns
        assert!(off.min(TAU - off) < 1e-9, "{time}: {found} {between}");
        assert!((0.0..TAU).contains(found), "{time}: {found}");
    }
    // longer ones, in which they are averaged
    let aligned = align(&session(), &[label("d", "direction")], &keeping(0.05)).unwrap();
    for (time, found) in aligned.times.iter().zip(&numbers(&aligned, "d")) {
        let within = times.iter().zip(&unwrapped);
        let within = within.filter(|(other, _)| (*other - time).abs() < 0.025);
        let (cos, sin) = within.fold((0.0, 0.0), |(c, s), (_, a)| (c + a.cos(), s + a.sin()));
        let off = (found - f64::atan2(sin, cos)).rem_euclid(TAU);
        assert!(off.min(TAU - off) < 1e-9, "{time}: {found}");
        assert!((0.0..TAU).contains(found), "{time}: {found}");
    }
}

#[test]
fn silent_units_are_left_out_or_refused() {
    let aligned = align(
        &session(),
        &[label("position", "position")],
        &Alignment::new(0.025),
    )
    .unwrap();
    assert_eq!(
        aligned.x.columns.clone().unwrap(),
        ["0", "2", "3", "4", "5"]
    );
    assert!(
        aligned
            .notes
            .iter()
            .any(|note| note.contains("never change") && note.contains("`1`")),
        "{:?}",
        aligned.notes
    );
    let refuse = Alignment {
        constant: Constant::Refuse,
        ..Alignment::new(0.025)
    };
    let error = align(&session(), &[], &refuse).unwrap_err();
    assert!(told(&error).0.contains("`1`"), "{error}");
}

/// A recording `x` at 100 Hz from second 10 on, and `y`, at 20 Hz with a missing stretch; both `2 t`.
fn written(folder: &Path) -> Source {
    let times =
        |rate: f64, rows: usize| Array1::from_shape_fn(rows, |row| 10.0 + row as f64 / rate);
    let (fast, slow) = (times(100.0, 1000), times(20.0, 200));
    let mut y = slow.mapv(|t| 2.0 * t);
    y.slice_mut(ndarray::s![40..52]).fill(f64::NAN);
    let mut output = NpzOutput::create(&folder.join("d.npz")).unwrap();
    let x = fast.mapv(|t| 2.0 * t).insert_axis(Axis(1));
    output.add("x", &x).unwrap();
    output.add("t", &fast).unwrap();
    output.add_with_gaps("y", &y).unwrap();
    output.add("u", &slow).unwrap();
    output.commit().unwrap();
    Source::new(folder.join("d.npz"), "x@t")
}

#[test]
fn missing_values_cut_the_recording_or_are_filled() {
    let folder = tempfile::tempdir().unwrap();
    let source = written(folder.path());
    let y = [label("y", "y@u")];
    let with = |missing| {
        align(
            &source,
            &y,
            &Alignment {
                missing,
                ..Alignment::new(0.02)
            },
        )
    };
    let cut = with(Missing::Cut).unwrap();
    assert_eq!(cut.x.breaks.len(), 1, "{:?}", cut.notes);
    let jump = cut.x.breaks[0];
    assert!(
        cut.times[jump - 1] < 12.0 && cut.times[jump] > 12.5,
        "{:?}",
        &cut.times[jump - 1..=jump]
    );
    close(
        &numbers(&cut, "y"),
        &Array1::from(cut.times.clone()).mapv(|t| 2.0 * t).into_dyn(),
        1e-9,
        "y",
    );
    let filled = with(Missing::Interpolate(1.0)).unwrap();
    assert!(filled.x.breaks.is_empty());
    close(
        &numbers(&filled, "y"),
        &Array1::from(filled.times.clone())
            .mapv(|t| 2.0 * t)
            .into_dyn(),
        1e-9,
        "y",
    );
    assert_eq!(with(Missing::Interpolate(0.5)).unwrap().times, cut.times);
    let (said, help) = told(&with(Missing::Refuse).unwrap_err());
    assert!(
        said.contains("y in") && help.contains("--missing"),
        "{said} {help}"
    );
}

#[test]
fn labels_of_another_file_have_times_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let source = written(folder.path());
    let rows = |row: usize| {
        let t = 9.0 + 0.031 * row as f64;
        let state = if t < 14.0 { "rest" } else { "walk" };
        format!("{t},{},{state}\n", 3.0 * t)
    };
    let table: String = std::iter::once("t,p,state\n".to_owned())
        .chain((0..300).map(rows))
        .collect();
    fs::write(folder.path().join("beh.csv"), table).unwrap();
    let at = |array: &str| format!("{}:{array}", folder.path().join("beh.csv").display());
    let labels = [
        label("p", &at("p@t")),
        label("state", &at("state@t")),
        label("q", &at("p")),
    ];
    let aligned = align(&source, &labels, &Alignment::new(0.02)).unwrap();
    let times = Array1::from(aligned.times.clone());
    for name in ["p", "q"] {
        close(
            &numbers(&aligned, name),
            &times.mapv(|t| 3.0 * t).into_dyn(),
            1e-9,
            name,
        );
    }
    let AlignedLabel::Text(states) = &aligned.labels[1].1 else {
        panic!("no text")
    };
    for (t, state) in times.iter().zip(states) {
        assert!(
            (*t - 14.0).abs() < 0.031 || (**state == *"walk") == (*t > 14.0),
            "{t} {state}"
        );
    }
    // the table ends at 18.27 s, the recording begins at 10 s
    assert!(times[0] > 10.0 && times[times.len() - 1] < 18.28);
}

#[test]
fn what_does_not_fit_together_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let source = written(folder.path());
    let early = Array2::from_shape_fn((50, 1), |(row, _)| row as f64);
    let mut output = NpzOutput::create(&folder.path().join("early.npz")).unwrap();
    output.add("z", &early).unwrap();
    output.add("w", &Array1::linspace(0.0, 5.0, 50)).unwrap();
    output.commit().unwrap();
    let z = label(
        "z",
        &format!("{}:z@w", folder.path().join("early.npz").display()),
    );
    let settings = |f: fn(Alignment) -> Alignment| f(Alignment::new(0.02));
    let cases: [(Result<Aligned, FileError>, &str); 8] = [
        (align(&source, &[z], &settings(|s| s)), "does not overlap"),
        (
            align(&source, &[label("a", "nothing")], &settings(|s| s)),
            "`nothing`",
        ),
        (
            align(&Source::new(&source.path, "x"), &[], &settings(|s| s)),
            "when its rows were measured",
        ),
        (
            align(
                &source,
                &[],
                &settings(|s| Alignment {
                    smooth: Some(0.1),
                    ..s
                }),
            ),
            "smoothing is for spikes",
        ),
        (
            align(
                &source,
                &[],
                &settings(|s| Alignment {
                    epochs: Some("trials".to_owned()),
                    ..s
                }),
            ),
            "`trials`",
        ),
        (
            align(
                &session(),
                &[],
                &settings(|s| s.units("colour=red").unwrap()),
            ),
            "no property `colour`",
        ),
        (
            align(
                &session(),
                &[],
                &settings(|s| s.units("quality=best").unwrap()),
            ),
            "quality=best",
        ),
        (align(&source, &[], &Alignment::new(f64::NAN)), "bin"),
    ];
    for (result, part) in cases {
        let (said, help) = told(&result.unwrap_err());
        assert!(
            said.contains(part) && !help.is_empty(),
            "{part}: {said} {help}"
        );
    }
}
