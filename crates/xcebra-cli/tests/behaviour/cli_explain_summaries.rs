//! What `xcebra explain` says of many numbers, on linear models whose attributions are known.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use ndarray::{Array2, ArrayD};
use serde_json::Value;

use crate::common::signal_files::{EdfSignal, edf};
use crate::common::{Folder, assert_self_contained};

fn folder(model: &str, x: Array2<f64>) -> Folder {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::copy(data.join(model), folder.path(model)).unwrap();
    folder.write_npz("x.npz", &[("x", x)]);
    folder
}

fn tone(cycles: f64, t: usize) -> f64 {
    (TAU * cycles * t as f64 / 32.0).cos()
}

/// Two channels of the same tone: attributions at 5 Hz are 16 and −8.
fn opposite() -> Folder {
    folder(
        "opposite.onnx",
        Array2::from_shape_fn((2, 32), |(_, t)| tone(5.0, t)),
    )
}

fn floats(folder: &Folder, array: &str) -> ArrayD<f64> {
    folder.array("o.npz", array).values.to_float()
}

/// Weights are in single precision.
fn assert_close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
}

/// x0 is 10 and −10 in turn, x1 always 0.1: mean |a| is 10 and 0.1, the mean of x0 is 0.
#[test]
fn coefficients_are_ranked_by_what_does_not_cancel() {
    let x = Array2::from_shape_fn((200, 2), |(i, t)| match t {
        0 => 10.0 * if i % 2 == 0 { 1.0 } else { -1.0 },
        _ => 0.1,
    });
    let folder = folder("pair.onnx", x);
    let run = "explain --model pair.onnx --input x.npz:x --domain time --rule midpoint:4 --out o.npz --report r.html";
    let json = folder.json(run);
    let [first, second] = [0, 1].map(|i| &json["strongest"][i]);
    assert_eq!(first["coefficient"], "time 0 samples");
    assert_eq!(first["index"], serde_json::json!([0]));
    assert_close(&first["mean_absolute_attribution"], 10.0);
    assert_close(&first["attribution"], 0.0);
    assert_close(&first["standard_deviation"], 10.0);
    assert_close(&second["mean_absolute_attribution"], 0.1);
    assert_close(&second["attribution"], 0.1);
    assert_close(&second["standard_deviation"], 0.0);
    // means are 0 and 0.1, absolute means 10 and 0.1
    assert_close(&json["cancelled_over_signals"], 1.0 - 0.1 / 10.1);
    let notes = json["notes"].to_string();
    assert!(
        notes.contains("99.01 %") && notes.contains("ranked by mean absolute"),
        "{notes}"
    );
    let text = folder.succeeds(run);
    let place = |word: &str| {
        text.find(word)
            .unwrap_or_else(|| panic!("no {word} in {text}"))
    };
    assert!(place("time 0 samples") < place("time 1 samples"), "{text}");
    let page = folder.text("r.html");
    assert!(page.contains("99.01 % of the absolute attribution cancels in this"));
    assert!(page.contains("Attribution is averaged over 200 signals"));
    assert!(page.find("time 0 samples").unwrap() < page.find("time 1 samples").unwrap());
}

/// |16| + |−8| = 24, of which the sum over channels keeps 8.
#[test]
fn what_cancels_between_channels_is_said() {
    let folder = opposite();
    for (domain, kept) in [
        ("rfft", "frequency"),
        ("stft:8:4", "each time"),
        ("dct", "frequencies"),
    ] {
        let json = folder.json(&format!(
            "explain --model opposite.onnx --input x.npz:x --domain {domain} --fs 32 --out o.npz --report r.html"
        ));
        assert_close(&json["cancelled_over_channels"], 2.0 / 3.0);
        let notes = json["notes"].to_string();
        assert!(
            notes.contains(&format!("67 % in the domain {domain}")),
            "{notes}"
        );
        let page = folder.text("r.html");
        let said = "Attribution is summed over 2 channels; 67 % of the absolute attribution cancels in this.";
        assert!(page.contains(kept) && page.contains(said), "{domain}");
    }
    // one coefficient carries twice the change, which is said
    let text = folder.succeeds(
        "explain --model opposite.onnx --input x.npz:x --domain rfft --fs 32 --out o.npz",
    );
    assert!(
        text.contains("the first alone carries 200 % of the change"),
        "{text}"
    );
    assert!(
        text.contains("positive and negative attributions are 3.000 times the change together"),
        "{text}"
    );
}

/// No object has two numbers for one thing: areas under curves are those of the report.
#[test]
fn areas_are_one_number() {
    let folder = opposite();
    let json = folder.json(
        "explain --model opposite.onnx --input x.npz:x --domains time,rfft,dct --fs 32 --out o.npz --report r.html",
    );
    let page = folder.text("r.html");
    assert_self_contained(&page);
    assert_eq!(json["ranked_by"], "gini");
    let domains = json["domains"].as_array().unwrap();
    // 2 of 34 complex frequencies carry all: Gini 1 − …, more than of 64 samples
    assert_eq!(domains[0]["domain"], "rfft");
    for domain in domains {
        assert!(domain.get("deletion_area").is_none(), "{domain}");
        let area = domain["faithfulness"]["deletion_area"].as_f64().unwrap();
        assert!(page.contains(&format!("{area:.3}")), "{area}");
        let gini = domain["gini"].as_f64().unwrap();
        assert!(page.contains(&format!("{gini:.3}")), "{gini}");
    }
    // the mean absolute difference of 16, 8 and 32 zeros over twice their mean, by hand:
    // (2 · 32 · 24 + 2 · 8) / (2 · 34 · 24)
    assert_close(
        &domains[0]["gini"],
        f64::from(2 * 32 * 24 + 2 * 8) / f64::from(2 * 34 * 24),
    );
    assert!(page.contains("34 complex"));
}

/// Every word and number that tells a frequency, in beats per minute as in Hz.
#[test]
fn one_unit_of_frequency_everywhere() {
    let folder = opposite();
    for domain in [
        "rfft",
        "fourier",
        "dct",
        "stft:16:4",
        "packets:haar:3",
        "filter-bank:2:4",
        "wavelet:haar:3",
        "filter-bank:4+rfft",
    ] {
        let run = format!(
            "explain --model opposite.onnx --input x.npz:x --domain {domain} --fs 32 --bands low=0-4,high=4-16 \
             --out o.npz --report r.html --figures f"
        );
        let hz = folder.json(&run);
        let bpm = folder.json(&format!("{run} --frequency-unit bpm"));
        for name in ["strongest", "bands", "names", "notes"] {
            let text = bpm[name].to_string();
            assert!(!text.contains("Hz"), "{domain} {name}: {text}");
        }
        assert_eq!(
            hz["strongest"][0]["attribution"],
            bpm["strongest"][0]["attribution"]
        );
        assert_eq!(bpm["bands"][0]["high"], 240.0);
        assert_eq!(hz["bands"][0]["high"], 4.0);
        let page = folder.text("r.html");
        // the sampling rate has its own unit
        let page = page.replace("32 Hz", "");
        assert!(
            !page.contains("Hz"),
            "{domain}: {:?}",
            &page[page.find("Hz").unwrap() - 60..][..80]
        );
        for file in folder
            .entries()
            .iter()
            .filter(|file| file.ends_with(".svg"))
        {
            assert!(!folder.text(file).contains("Hz"), "{domain} {file}");
        }
        let text = folder.succeeds(&format!("{run} --frequency-unit bpm"));
        assert!(!text.contains("Hz"), "{domain}: {text}");
        for (name, factor) in [("frequency", 60.0), ("low", 60.0), ("band_high", 60.0)] {
            let names: Vec<String> = ["hz", "bpm"].map(|unit| format!("{name}_{unit}")).to_vec();
            let has = |name: &str| {
                xcebra::files::read(&xcebra::files::Source::new(folder.path("o.npz"), name)).is_ok()
            };
            assert_eq!(has(&names[0]), has(&names[1]), "{domain} {name}");
            if has(&names[0]) {
                assert_eq!(
                    floats(&folder, &names[0]) * factor,
                    floats(&folder, &names[1])
                );
            }
        }
    }
    let json = folder.json(
        "explain --model opposite.onnx --input x.npz:x --domain filter-bank:2:4 --fs 32 --out o.npz --frequency-unit bpm",
    );
    assert_eq!(
        json["names"]["band"],
        serde_json::json!(["0–120 bpm", "120–240 bpm", "240–960 bpm"])
    );
}

/// 16 − 8 at 5 Hz, in `theta`; nothing elsewhere.
#[test]
fn bands_are_numbers_in_every_domain_that_has_them() {
    let folder = opposite();
    let run = "explain --model opposite.onnx --input x.npz:x --fs 32 --out o.npz";
    for domain in ["rfft", "fourier", "filter-bank:4:8", "filter-bank:4:8+rfft"] {
        let call = format!("{run} --domain {domain} --bands theta=4-8,alpha=8-16");
        let json = folder.json(&call);
        let bands = json["bands"].as_array().unwrap();
        assert_eq!(bands[0]["name"], "theta");
        assert_close(&bands[0]["attribution"], 8.0);
        assert_close(&bands[0]["absolute_attribution"], 24.0);
        assert_close(&bands[1]["attribution"], 0.0);
        let text = folder.succeeds(&call);
        assert!(
            text.contains("8.000  band theta (4–8 Hz)"),
            "{domain}: {text}"
        );
        // channels apart, bands without the rest
        let sums = floats(&folder, "band_attribution");
        assert_eq!(sums.shape()[0], 2);
        assert!((sums.sum() - 8.0).abs() < 1e-5);
        assert_eq!(
            floats(&folder, "band_low_hz")
                .iter()
                .copied()
                .collect::<Vec<_>>(),
            [4.0, 8.0]
        );
        assert_eq!(
            floats(&folder, "band_high_hz")
                .iter()
                .copied()
                .collect::<Vec<_>>(),
            [8.0, 16.0]
        );
    }
    for (domain, part) in [
        ("wavelet:haar:3", "4–8 Hz are partly inside theta=5-8"),
        ("packets:haar:2", "partly inside theta=5-8"),
        ("filter-bank:4:8", "partly inside theta=5-8"),
        ("time", "no frequencies"),
        ("pca", "no frequencies"),
    ] {
        folder.fails_with(
            &format!("{run} --domain {domain} --bands theta=5-8"),
            &["--bands", part],
        );
    }
    let json = folder.json(&format!(
        "{run} --domains time,rfft --bands theta=4-8,none=8.1-8.9"
    ));
    let notes = json["notes"].to_string();
    assert!(
        notes.contains("--bands cannot be used in the domain time"),
        "{notes}"
    );
    folder.fails_with(
        &format!("{run} --domain rfft --bands a=1-5,b=4-8"),
        &["overlap"],
    );
    let json = folder.json(&format!(
        "{run} --domain rfft --bands theta=4-8,none=8.1-8.9"
    ));
    assert!(
        json["notes"].to_string().contains("in the band none"),
        "{}",
        json["notes"]
    );
}

#[test]
fn channels_have_the_names_of_the_file() {
    let folder = opposite();
    let digital: Vec<i16> = (0..32)
        .map(|t| (tone(5.0, t) * 1000.0).round() as i16)
        .collect();
    let signal = |label| EdfSignal {
        label,
        unit: "uV",
        physical: (-32.768, 32.767),
        digital: (i16::MIN, i16::MAX),
        records: vec![digital.clone(), digital.clone()],
    };
    folder.write("x.edf", edf("EDF+C", 1.0, &[signal("Fp1"), signal("Fp2")]));
    let run = "explain --model opposite.onnx --input x.edf --out o.npz --report r.html --figures f --domain";
    let json = folder.json(&format!("{run} rfft"));
    assert_eq!(json["channels"], serde_json::json!(["Fp1", "Fp2"]));
    assert_eq!(json["time_axis"], 1);
    assert_eq!(
        json["strongest"][0]["coefficient"],
        "channel Fp1, frequency 5 Hz"
    );
    let page = folder.text("r.html");
    assert!(page.contains("channel Fp2, frequency 5 Hz") && !page.contains("channel 1"));
    folder.json(&format!("{run} time"));
    assert!(folder.text("f/mean-channels.svg").contains("Fp2"));
}
