//! Sessions of spikes and behaviour on one clock, and what is inside files, as a user meets them.

use std::fs;
use std::path::Path;

use crate::common::Folder;

/// A folder with the session on which the clock is tested.
fn folder() -> Folder {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xcebra-files/tests/data/containers");
    for name in ["session.nwb", "v73.mat", "clock.npz"] {
        fs::copy(data.join(name), folder.path(name)).unwrap();
    }
    folder
}

const SHORT: &str =
    "--set train.steps=5 --set train.batch=16 --set encoder.outputs=4 --set encoder.name=offset1";

#[test]
fn a_session_is_converted_and_trained_on_alike() {
    let folder = folder();
    let clock =
        "--bin 25ms --label position --label side=trials.side --units quality=good --epochs trials";
    let said = folder.json(&format!("convert session.nwb {clock} --out data.npz"));
    assert_eq!(said["labels"], serde_json::json!(["position", "side"]));
    let x = folder.array("data.npz", "x");
    let t = folder.array("data.npz", "t").values.to_float::<f64>();
    assert_eq!((x.values.element_type(), x.shape()[0]), ("uint8", t.len()));
    assert_eq!(folder.array("data.npz", "position").shape(), [t.len(), 2]);
    assert_eq!(said["bins"], t.len());
    assert_eq!(said["channels"], serde_json::json!(["0", "2", "4"]));
    // a stretch between two trials cuts the recording
    let segment = folder.array("data.npz", "segment").values.to_float::<f64>();
    let jumps = |pair: &(f64, f64)| (pair.1 - pair.0 - 0.025).abs() > 1e-6;
    let pairs = t.iter().copied().zip(t.iter().copied().skip(1));
    assert_eq!(segment[[t.len() - 1]], pairs.filter(jumps).count() as f64);

    folder.succeeds(&format!("fit --data session.nwb {clock} {SHORT} --out run"));
    let settings = folder.text("run/config.toml");
    for part in ["[data.clock]", "bin = \"25ms\"", "time-delta", "discrete"] {
        assert!(settings.contains(part), "{part}: {settings}");
    }
    assert!(folder.text("run/log.txt").contains("bins of 25 ms"));
    folder.succeeds("embed --model run --data session.nwb --out embedding.npz");
    assert_eq!(
        folder.array("embedding.npz", "embedding").shape(),
        [t.len(), 4]
    );
    folder.succeeds(
        "attribute --model run --data session.nwb --method neuron-gradient --out map.npz",
    );
    assert_eq!(folder.array("map.npz", "neuron-gradient").shape(), [3, 4]);
}

#[test]
fn counts_are_those_of_pynapple() {
    let folder = folder();
    folder.succeeds(
        "convert session.nwb --bin 25ms --label position --units quality=good --out data.npz",
    );
    let expected = folder.array("clock.npz", "good_x").values.to_float::<f64>();
    assert_eq!(
        folder.array("data.npz", "x").values.to_float::<f64>(),
        expected
    );
}

#[test]
fn bad_clocks_are_refused_and_nothing_is_written() {
    let folder = folder();
    for (arguments, parts) in [
        ("convert session.nwb --out a.npz", &["no --bin", "25ms"][..]),
        (
            "convert session.nwb --bin soon --out a.npz",
            &["`soon`", "25ms"],
        ),
        (
            "convert session.nwb --bin 25ms --label nothing --out a.npz",
            &["`nothing`"],
        ),
        (
            "convert session.nwb --bin 25ms --epochs naps --out a.npz",
            &["`naps`", "trials"],
        ),
        (
            "convert session.nwb --bin 25ms --units colour=red --out a.npz",
            &["`colour`", "quality"],
        ),
        (
            "convert session.nwb --bin 25ms --missing guess --out a.npz",
            &["`guess`", "interpolate"],
        ),
        (
            "convert session.nwb --bin 25ms --label x=position --out a.npz",
            &["`x`"],
        ),
        ("convert session.nwb:units --bin 1h --out a.npz", &["`1h`"]),
        (
            "convert session.nwb --bin 25ms --label =position --out a.npz",
            &["--label =position does not name a label"],
        ),
        (
            "convert session.nwb --bin 25ms --label g=clock.npz:good_t --out clock.npz",
            &["--out clock.npz is also a label", "would be replaced"],
        ),
        (
            "convert session.nwb --bin 25ms --constant refuse --out a.npz",
            &["never change", "`1`"],
        ),
        ("fit --data session.nwb --bin 0s --out a", &["`0s`"]),
    ] {
        folder.fails_with(arguments, parts);
        assert!(
            !folder.path("a.npz").exists() && !folder.path("a").exists(),
            "{arguments}"
        );
    }
}

#[test]
fn what_is_inside_a_file() {
    let folder = folder();
    let said = folder.succeeds("show session.nwb");
    for part in [
        "units",
        "(spikes)",
        "processing/behavior/Position/position",
        "1000 Hz from 2 s",
        "could be a recording: units",
        "could be epochs: intervals/trials",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = folder.json("show v73.mat");
    let arrays = said["arrays"].as_array().unwrap();
    assert!(
        arrays
            .iter()
            .any(|array| array["name"] == "s.a" && array["shape"] == serde_json::json!([3, 2]))
    );
    let formats = folder.succeeds("files");
    for part in ["NWB", ".h5 .hdf5", "BrainVision", "Parquet", ".safetensors"] {
        assert!(formats.contains(part), "{part}: {formats}");
    }
    folder.fails_with("show nothing.nwb", &["cannot read nothing.nwb"]);
}

#[test]
fn animals_with_different_units_are_trained_together() {
    let folder = Folder::new();
    // columns of `still` never change
    let table = |name: &str, channels: &[&str], still: &[&str]| {
        let mut text = format!("t,{}\n", channels.join(","));
        for row in 0..400 {
            let value = |(c, channel): (usize, &&str)| match still.contains(channel) {
                true => 5,
                false => (row * (c + 3) + row / 7) % 11,
            };
            let values: Vec<String> = channels
                .iter()
                .enumerate()
                .map(|channel| value(channel).to_string())
                .collect();
            text += &format!("{},{}\n", f64::from(row as u32) / 40.0, values.join(","));
        }
        folder.write(name, text);
    };
    table("a.csv", &["a0", "a1", "a2", "a3"], &["a2"]);
    table("b.csv", &["b0", "b1", "b2", "b3", "b4"], &["b3"]);
    // of the first animal, and a channel that is still in this session alone
    table("c.csv", &["a0", "a1", "a2", "a3"], &["a1", "a2"]);
    let data = "--data a.csv --data b.csv --data c.csv";
    let said = folder.json(&format!("fit {data} --bin 50ms {SHORT} --out run"));
    let subjects = said["subjects"].as_array().unwrap();
    let channels: Vec<&serde_json::Value> = subjects.iter().map(|s| &s["channels"]).collect();
    assert_eq!(channels, [3, 4]);
    let notes = said["notes"].to_string();
    for left_out in ["of a.csv with c.csv: a2\"", "of b.csv: b3\""] {
        let part = format!("channels that never change in any session {left_out}");
        assert!(notes.contains(&part), "{part}: {notes}");
    }
    // one animal: as before
    let data = "--data a.csv --data c.csv";
    let said = folder.json(&format!("fit {data} --bin 50ms {SHORT} --out one"));
    assert_eq!(said["channels"], 3);
    assert!(said["notes"].to_string().contains("any session: a2\""));
}

#[test]
fn a_label_that_the_file_declares_as_angles_is_on_the_circle() {
    let folder = folder();
    let fit = "fit --data session.nwb --bin 25ms --label direction --label speed";
    folder.succeeds(&format!("{fit} {SHORT} --out run"));
    let settings = folder.text("run/config.toml");
    let of = |label: &str| {
        let before = settings
            .split(&format!("label = \"{label}\""))
            .next()
            .unwrap();
        before.rsplit("kind = ").next().unwrap().trim().to_owned()
    };
    assert_eq!(
        [of("direction"), of("speed")],
        ["\"delta-vmf\"", "\"time-delta\""],
        "{settings}"
    );
}
