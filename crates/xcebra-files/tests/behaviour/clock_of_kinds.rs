//! Kinds of channels and labels on one clock: of several rates, angles, classes, without a text, silent.

use ndarray::{Array1, Array2, Axis};
use xcebra_files::{
    AlignedLabel, Alignment, DataFile, LabelForm, NpzOutput, Series, Source, align, label_forms,
};

use crate::clock::{file, keeping, label, session};
use crate::{data, told};

/// Two rates in one EDF file come to one clock, with its annotations.
#[test]
fn channels_of_several_rates() {
    const BIN: f64 = 0.5;
    let signals = data("signals");
    let stage = [label("stage", "annotations:Sleep stage*")];
    for (name, labels) in [("rates.edf", &[][..]), ("pyedflib.edf", &stage[..])] {
        let source = Source::file(signals.join(name));
        let aligned = align(&source, labels, &keeping(BIN)).unwrap();
        let x = aligned.x.values.to_float::<f64>();
        let all = DataFile::of(&source).unwrap().series(None).unwrap();
        assert!(all.len() > 1, "{name}");
        let last = |series: &Series| series.times.at(series.rows() - 1);
        let end = all.iter().map(last).fold(f64::INFINITY, f64::min);
        let mut column = 0;
        for series in &all {
            let rate = series.values.sampling_rate.unwrap();
            let values = series.values.matrix::<f64>().unwrap();
            for own in values.columns() {
                for (bin, &centre) in aligned.times.iter().enumerate() {
                    assert!((centre - BIN * (bin as f64 + 0.5)).abs() < 1e-9, "{name}");
                    let expected = if 1.0 / rate < BIN {
                        let from = centre - BIN / 2.0;
                        let times = (0..own.len()).map(|row| row as f64 / rate);
                        let within = times.zip(own);
                        let within: Vec<f64> = within
                            .filter(|(t, _)| from <= *t && *t < from + BIN && *t <= end)
                            .map(|(_, value)| *value)
                            .collect();
                        within.iter().sum::<f64>() / within.len() as f64
                    } else {
                        let row = (centre * rate).floor() as usize;
                        let part = centre * rate - row as f64;
                        own[row] + part * (own[row + 1] - own[row])
                    };
                    let found = x[[bin, column]];
                    // sums in another order
                    let far = 1e-9 * expected.abs().max(1.0);
                    assert!(
                        (found - expected).abs() < far,
                        "{name} {bin} {column}: {found} {expected}"
                    );
                }
                column += 1;
            }
        }
        assert_eq!(x.shape(), [aligned.times.len(), column], "{name}");
        for (_, label) in &aligned.labels {
            let AlignedLabel::Text(texts) = label else {
                panic!("annotations are text");
            };
            let letters: String = texts.iter().filter_map(|t| t.chars().next_back()).collect();
            // stage W from 1.5 to 3.5 s, stage 2 to 6.5 s, none before and after
            assert_eq!(letters, "eeeWWWW222222eee");
        }
    }
}

#[test]
fn what_labels_hold() {
    let labels = ["position", "direction", "trials.side"].map(|name| label(name, name));
    let forms = label_forms(&session(), &labels, &Alignment::new(0.025)).unwrap();
    assert_eq!(
        forms,
        [LabelForm::Numbers, LabelForm::Angles, LabelForm::Classes]
    );
    let settings = Alignment {
        angles: vec!["position".to_owned()],
        ..Alignment::new(0.025)
    };
    let forms = label_forms(&session(), &labels[..1], &settings).unwrap();
    assert_eq!(forms, [LabelForm::Angles]);
    assert!(label_forms(&session(), &[label("n", "nothing")], &settings).is_err());
}

#[test]
fn a_label_without_a_text_is_refused() {
    let source = Source::new(file("unusual.h5"), "x@t");
    let side = [label("side", "empty/side@empty/t")];
    let (said, help) = told(&align(&source, &side, &Alignment::new(0.25)).unwrap_err());
    assert!(said.contains("it holds no texts"), "{said}");
    assert_eq!(help, "leave the label out, or name another array");
}

/// Means of equal values differ by rounding where their numbers do.
#[test]
fn a_channel_that_changes_by_rounding_alone_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let times = Array1::from_shape_fn(400, |row| row as f64 / 100.0);
    let x = Array2::from_shape_fn((400, 2), |(row, c)| if c == 0 { row as f64 } else { 0.1 });
    let mut output = NpzOutput::create(&folder.path().join("d.npz")).unwrap();
    output.add("x", &x).unwrap();
    output.add("t", &times).unwrap();
    output.commit().unwrap();
    let source = Source::new(folder.path().join("d.npz"), "x@t");
    // 3 or 4 values a bin
    let kept = align(&source, &[], &keeping(0.035))
        .unwrap()
        .x
        .values
        .to_float::<f64>();
    let still: Vec<f64> = kept.index_axis(Axis(1), 1).iter().copied().collect();
    assert!(still.iter().any(|value| *value != still[0]));
    let aligned = align(&source, &[], &Alignment::new(0.035)).unwrap();
    assert_eq!(aligned.x.columns.unwrap(), ["0"]);
    assert!(aligned.notes[1].contains("`1`"), "{:?}", aligned.notes);
}
