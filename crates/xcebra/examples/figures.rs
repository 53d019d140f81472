//! Every kind of figure, as SVG, as PNG and on a page, from made-up numbers.
//!
//! `cargo run --example figures -- FOLDER`

use std::error::Error;
use std::path::PathBuf;

use ndarray::Array2;
use xcebra::files::ensure_folder;
use xcebra::report::{BarChart, HeatMap, LineChart, Report, Scatter, Table, TimeSeries};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "figures".to_owned()),
    );
    ensure_folder(&folder)?;

    let truth = Array2::from_shape_fn((50, 6), |(i, j)| i >= 25 || j < 3);
    let map = Array2::from_shape_fn((50, 6), |(i, j)| {
        let wobble = ((i * 37 + j * 101) % 23) as f64 / 23.0;
        if truth[[i, j]] {
            0.4 + 0.6 * wobble
        } else {
            0.25 * wobble
        }
    });
    let blocks = [("x1", 25), ("x2", 25)];
    let latents: Vec<String> = (1..=6).map(|i| format!("z{i}")).collect();
    let dress = |map: HeatMap| {
        let map = map.row_groups(&blocks).column_names(&latents);
        map.rows("input").columns("latent")
    };
    let truth_map = HeatMap::of_mask(truth.view(), "driven", "not driven");
    let truth_map = dress(truth_map).title("True map").draw();
    let estimated = dress(HeatMap::new(map.view()))
        .title("Estimate")
        .value("mean |J⁺|")
        .draw();
    let signed = dress(HeatMap::new((&map - 0.5).view()).signed());
    let signed = signed.title("Signed").value("mean J⁺").draw();

    let curve = |scale: f64| {
        (0..20_000).map(move |t| {
            let t = f64::from(t);
            (
                t,
                scale * (6.0 * (-t / 3_000.0).exp() + 1.0 + 0.3 * (t * 1.7).sin()),
            )
        })
    };
    let training = LineChart::new("step", "loss")
        .title("Training")
        .series("InfoNCE", curve(1.0))
        .series("validation", curve(1.3))
        .mark(2_500.0, "regulariser starts")
        .draw();
    let logarithmic = LineChart::new("step", "½‖J‖² (logarithmic)")
        .series("regulariser", curve(1e-3).skip(1))
        .log_y()
        .log_x()
        .draw();

    let angles: Vec<f64> = (0..8_000).map(|t| f64::from(t) * 0.011).collect();
    let spiral: Vec<(f64, f64)> = angles
        .iter()
        .map(|a| ((a * 0.97).cos() * (1.0 + 0.02 * a), a.sin()))
        .collect();
    let embedding = Scatter::new(&spiral)
        .title("Embedding")
        .colored_by("time (s)", &angles)
        .draw();
    let classes: Vec<usize> = angles.iter().map(|a| usize::from(a.sin() > 0.3)).collect();
    let names = ["walking", "freeze"].map(str::to_owned);
    let few = spiral[..400].to_vec();
    let trajectory = Scatter::new(&few)
        .title("First four seconds")
        .classes(&classes[..400], &names)
        .connected()
        .draw();

    let channel = |k: usize| -> Vec<f64> {
        angles
            .iter()
            .map(|a| (a * (1.0 + k as f64)).sin() + 0.2 * (a * 31.0 * k as f64).cos())
            .collect()
    };
    let recording = TimeSeries::new("time (s)", 1.0 / 64.0)
        .title("Recording")
        .channel("ankle_forward", &channel(1))
        .channel("thigh_vertical", &channel(2))
        .channel("trunk", &channel(3))
        .spans_of(&classes, &["", "freeze"])
        .draw();

    let scores = BarChart::new("auROC")
        .title("Agreement with the true map")
        .interval("inverted neuron gradient", 0.957, 0.941, 0.971)
        .interval("neuron gradient", 0.9, 0.87, 0.92)
        .bar("input × gradient", 0.71)
        .reference(0.5, "chance")
        .draw();

    let all = [
        ("truth", &truth_map),
        ("estimate", &estimated),
        ("signed", &signed),
        ("training", &training),
        ("logarithmic", &logarithmic),
        ("embedding", &embedding),
        ("trajectory", &trajectory),
        ("recording", &recording),
        ("scores", &scores),
    ];
    for (name, figure) in all {
        figure.write(&folder.join(format!("{name}.svg")))?;
        figure.write(&folder.join(format!("{name}.png")))?;
    }

    let table = Table::new(&["method", "auROC", "seconds"])
        .row(["inverted neuron gradient", "0.957", "1.2"])
        .row(["neuron gradient", "0.900", "0.9"])
        .caption("Scores against the true map.");
    Report::new("Figures of xcebra")
        .lead("Every kind of figure that a report can hold, drawn from made-up numbers.")
        .table(table)
        .heading("Maps")
        .figures([
            (truth_map, "Which inputs the latents drive.".to_owned()),
            (estimated, "Magnitudes: light cells are large.".to_owned()),
            (
                signed,
                "Signed values: red above zero, blue below.".to_owned(),
            ),
        ])
        .heading("Training")
        .figure(
            training,
            "Both losses fall until the regulariser starts at step 2500.",
        )
        .figure(logarithmic, "The same on logarithmic axes.")
        .heading("Embedding")
        .figures([
            (embedding, "All samples, coloured by time.".to_owned()),
            (trajectory, "The first samples in their order.".to_owned()),
        ])
        .heading("Recording")
        .figure(
            recording,
            "Three channels; shaded where the label says freeze.",
        )
        .figure(
            scores,
            "Bars with 95 % intervals; the dashed line is chance.",
        )
        .code("xcebra eval --map map.npz:ing --truth data.npz:map")
        .write(&folder.join("report.html"))?;
    Ok(())
}
