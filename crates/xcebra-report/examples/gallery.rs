//! Writes a page with every kind of figure, two of them large: `cargo run -p xcebra-report --example gallery gallery.html`;
//! without a name into the folder for temporary files. With a second name, it also writes a page of which not everything
//! can be kept.

use std::path::PathBuf;

use ndarray::Array2;
use xcebra_report::{
    BarChart, Figure, HeatMap, LineChart, Panels, PointCloud, Report, ScalpMap, Scatter, Table,
    TileMap, TimeSeries,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let named = std::env::args_os().nth(1).map(PathBuf::from);
    let path = named.unwrap_or_else(|| std::env::temp_dir().join("gallery.html"));
    page().write(&path)?;
    println!("wrote {}", path.display());
    if let Some(path) = std::env::args_os().nth(2).map(PathBuf::from) {
        large(page()).write(&path)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Beside the pictures of `page`, maps of 32 electrodes × 125 frequencies and 5 bands, for each of 6 groups and 3 outputs.
fn large(page: Report) -> Report {
    const NAMES: &str = "Fp1 Fp2 AF3 AF4 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 CP5 CP1 CP2 CP6 P7 P3 Pz P4 \
                         P8 PO3 PO4 O1 Oz O2";
    let names: Vec<String> = NAMES.split_whitespace().map(str::to_owned).collect();
    let at = |n: usize| (0..n).map(|i| i as f64).collect::<Vec<_>>();
    let part = |name: String, seed: usize| {
        let plane = Array2::from_shape_fn((32, 125), |(c, f)| noise(seed + 125 * c + f));
        let bands = Array2::from_shape_fn((32, 5), |(c, f)| noise(seed + 5 * c + f));
        let heads = ScalpMap::of(&names).expect("electrodes");
        let columns = bands.columns().into_iter().enumerate();
        let heads = columns.fold(heads, |heads, (k, column)| {
            heads.head(&format!("band {k}"), &column.to_vec())
        });
        Report::new(&name)
            .figure(
                TileMap::new("frequency (Hz)", "channel")
                    .title("Channels and frequencies")
                    .row_names(&names)
                    .grid(&at(125), &at(32), plane.view())
                    .draw(),
                "",
            )
            .figure(
                HeatMap::new(bands.view())
                    .title("Channels and bands")
                    .signed()
                    .row_names(&names)
                    .draw(),
                "",
            )
            .figure(heads.title("On the head").signed().draw(), "")
    };
    let outputs = (0..3).map(|k| {
        let groups = (0..6).map(|g| part(format!("group {g}"), 1_000_000 * (6 * k + g)));
        Report::new(&format!("output {k}")).choice("group", groups)
    });
    page.elsewhere("The example that made this page has all numbers.")
        .heading("Explanations")
        .choice("output", outputs)
}

/// Numbers between -1 and 1 that look like noise and are the same everywhere.
fn noise(i: usize) -> f64 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed >> 11) as f64 / (1u64 << 52) as f64) - 1.0
}

fn map(method: &str, rows: usize, columns: usize) -> Report {
    let values = Array2::from_shape_fn((rows, columns), |(i, j)| {
        let own = (i * columns / rows == j) as usize as f64;
        own + 0.2 * noise(i * columns + j + method.len()).abs()
    });
    let names: Vec<String> = (0..rows).map(|i| format!("unit {i}")).collect();
    let figure = HeatMap::new(values.view())
        .title(method)
        .rows("input channel")
        .columns("latent");
    Report::new(method).figure(
        figure.row_names(&names).value("mean |attribution|").draw(),
        "Each latent drives its own channels.",
    )
}

/// Values at electrodes: one head with names, and one for each band.
fn heads() -> Vec<(Figure, String)> {
    const NAMES: &str = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2";
    let names: Vec<String> = NAMES.split(' ').map(str::to_owned).collect();
    let map = || {
        ScalpMap::of(&names)
            .expect("electrodes")
            .value("attribution")
    };
    let values = |k: usize| -> Vec<f64> { (0..names.len()).map(|i| noise(19 * k + i)).collect() };
    let bands = ["delta", "theta", "alpha", "beta"].into_iter().enumerate();
    let four = bands.fold(map().title("Bands").signed(), |map, (k, band)| {
        map.head(band, &values(k))
    });
    let sizes: Vec<f64> = values(5).into_iter().map(f64::abs).collect();
    vec![
        (
            map().title("Head").head("", &sizes).draw(),
            "Nineteen electrodes.".to_owned(),
        ),
        (four.draw(), "Four bands in the same colours.".to_owned()),
    ]
}

fn page() -> Report {
    let n = 20_000;
    let points = Array2::from_shape_fn((n, 3), |(t, k)| {
        let phase = t as f64 * 0.002;
        [phase.cos(), phase.sin(), (3.0 * phase).sin() * 0.6][k] + 0.08 * noise(3 * t + k)
    });
    let time: Vec<f64> = (0..n).map(|t| t as f64).collect();
    let side: Vec<usize> = (0..n).map(|t| (t / 2_500) % 3).collect();
    let sides = ["left", "right", "none"].map(str::to_owned);
    let cloud = PointCloud::new(points.view())
        .title("Embedding")
        .colored_by("time", &time)
        .classes("side", &side, &sides);

    let mut recording = TimeSeries::new("time (s)", 0.001)
        .title("Recording")
        .size(1000.0, 24.0);
    for c in 0..50 {
        let wave: Vec<f64> = (0..100_000)
            .map(|t| {
                (t as f64 * 0.001 * f64::from(c + 1)).sin() + 0.5 * noise(100_000 * c as usize + t)
            })
            .collect();
        recording = recording.channel(&format!("unit {c}"), &wave);
    }
    let at = |n: usize, step: f64| (0..n).map(|i| i as f64 * step).collect::<Vec<_>>();
    let grid = Array2::from_shape_fn((65, 200), |(f, t)| {
        (-((f as f64 - 20.0) / 6.0).powi(2)).exp() * (t as f64 * 0.1).sin()
    });
    let spectrum = Array2::from_shape_fn((8, 65), |(c, f)| {
        (-((f as f64 - 8.0 * c as f64) / 4.0).powi(2)).exp() * if c % 2 == 0 { 1.0 } else { -1.0 }
    });
    let channels = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "O1", "O2"].map(str::to_owned);
    let pulse = |t: f64| (std::f64::consts::TAU * 1.3 * t).sin().max(0.0).powi(3);
    let steps = || (0..512).map(|i| f64::from(i) / 32.0);
    let verdicts = Array2::from_shape_fn((12, 4), |(i, j)| (i + 2 * j) % 3);
    Report::new("Every figure")
        .lead("All kinds of figures on one page.")
        .heading("Embedding")
        .figure(cloud.draw(), "A closed curve of 20,000 points.")
        .heading("Maps")
        .choice(
            "method",
            [
                map("inverted neuron gradient", 50, 6),
                map("neuron gradient", 50, 6),
            ],
        )
        .figure(
            HeatMap::of_classes(
                verdicts.view(),
                &["not connected", "undecided", "connected"],
            )
            .title("Verdicts")
            .rows("channel")
            .columns("latent")
            .draw(),
            "",
        )
        .figure(
            TileMap::new("time (s)", "frequency (Hz)")
                .title("Time and frequency")
                .value("attribution")
                .grid(&at(200, 0.05), &at(65, 0.25), grid.view())
                .draw(),
            "Around 5 Hz.",
        )
        .figure(
            TileMap::new("frequency (Hz)", "channel")
                .row_names(&channels)
                .title("Channels and frequencies")
                .value("attribution")
                .grid(&at(65, 0.25), &at(8, 1.0), spectrum.view())
                .draw(),
            "Each channel has its own frequency.",
        )
        .heading("Heads")
        .figures(heads())
        .heading("Curves")
        .figure(
            Panels::new("time (s)")
                .title("Signal")
                .line("pulse", steps().map(|t| (t, pulse(t))))
                .bars(
                    "attribution (bpm)",
                    steps().map(|t| (t, pulse(t) * (t - 8.0))),
                )
                .draw(),
            "What each sample contributes.",
        )
        .figures([
            (
                LineChart::new("step", "loss")
                    .title("Loss")
                    .series(
                        "training",
                        (1..400).map(|s| (f64::from(s), 3.0 / f64::from(s).sqrt())),
                    )
                    .series(
                        "held out",
                        (1..40).map(|s| (f64::from(10 * s), 3.2 / f64::from(10 * s).sqrt())),
                    )
                    .log_y()
                    .size(480.0, 300.0)
                    .draw(),
                "It falls.".to_owned(),
            ),
            (
                Scatter::new(&[(0.0, 1.0), (1.0, 2.0), (2.0, 1.5)])
                    .classes(&[0, 1, 0], &sides[..2])
                    .draw(),
                "Three points.".to_owned(),
            ),
        ])
        .figure(
            BarChart::new("auROC")
                .bar("inverted", 0.97)
                .interval("plain", 0.81, 0.78, 0.85)
                .reference(0.5, "chance")
                .draw(),
            "With an interval.",
        )
        .heading("Recording")
        .figure(recording.draw(), "Fifty channels, 100,000 samples.")
        .heading("Tables")
        .table((0..40).fold(
            Table::new(&["channel", "value"]).caption("Forty rows."),
            |table, i| table.row([format!("unit {i}"), format!("{:.3}", noise(i))]),
        ))
        .code(&"key = \"value\"\n".repeat(20))
}
