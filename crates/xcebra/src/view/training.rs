//! A training in a folder of `xcebra fit`: its curves, what is known of the encoder, its settings and its log.

use std::path::Path;

use crate::report::{LineChart, Report, Table, number};
use crate::run::{CONFIG, CURVES, LOG, VALIDATION, channels_of, read_text};
use crate::{Channels, Diagnostics, Result, Sessions};

/// Columns of a table of curves by their names, in their order.
struct Columns(Vec<(String, Vec<f64>)>);

/// Adds the training, and says whether the folder holds one.
pub(super) fn show(mut report: Report, folder: &Path) -> Result<(Report, bool)> {
    let curves = folder.join(CURVES);
    if !curves.is_file() {
        return Ok((report, false));
    }
    let training = Columns::of(&read_text(&curves)?);
    let validation = match folder.join(VALIDATION) {
        path if path.is_file() => Columns::of(&read_text(&path)?),
        _ => Columns(Vec::new()),
    };
    report = report.lead(&training.last("loss")).heading("Training");
    let mut loss = LineChart::new("step", "loss")
        .title("Loss")
        .size(480.0, 300.0);
    for (name, columns) in [("training", &training), ("held out", &validation)] {
        if let Some(points) = columns.curve("loss") {
            loss = loss.series(name, points);
        }
    }
    let mut figures = vec![(
        loss.draw(),
        "The loss over the steps of the training.".to_owned(),
    )];
    let others = training.0.iter().map(|column| &column.0);
    for name in others.filter(|name| !["step", "loss"].contains(&name.as_str())) {
        // a weight is a setting, not a result
        if name.ends_with("_weight") {
            continue;
        }
        if let Some(points) = training.curve(name) {
            let chart = LineChart::new("step", name).title(name).size(480.0, 300.0);
            figures.push((chart.series(name, points).draw(), String::new()));
        }
    }
    for (name, _) in validation
        .0
        .iter()
        .filter(|column| column.0.starts_with("bits_"))
    {
        if let Some(points) = validation.curve(name) {
            let chart = LineChart::new("step", "bits over chance")
                .title(name)
                .size(480.0, 300.0);
            figures.push((
                chart.series(name, points).draw(),
                "On held-out samples.".to_owned(),
            ));
        }
    }
    report = report.figures(figures);
    let several = Sessions::load(folder)?.map_or(1, |sessions| sessions.count());
    for subject in 0..several {
        let Some(diagnostics) = Diagnostics::load_subject(folder, subject) else {
            continue;
        };
        report = report.heading(&match several {
            1 => "Can the encoder be trusted?".to_owned(),
            _ => format!("Can the encoder of subject {subject} be trusted?"),
        });
        report = diagnostics
            .sentences()
            .iter()
            .fold(report, |report, one| report.paragraph(one));
    }
    for subject in 0..several {
        if let Some(channels) = channels_of(folder, subject) {
            let title = match several {
                1 => format!("Channels ({})", channels.names.len()),
                _ => format!("Channels of subject {subject} ({})", channels.names.len()),
            };
            report = report.details(Report::new(&title).table(table(&channels)));
        }
    }
    for (name, title) in [(CONFIG, "Settings"), (LOG, "Log")] {
        let path = folder.join(name);
        if path.is_file() {
            report = report.details(Report::new(title).code(&read_text(&path)?));
        }
    }
    Ok((report, true))
}

/// The channels of a training, in its order.
fn table(channels: &Channels) -> Table {
    let [mean, scale] = channels.moments();
    let units = channels.units.as_ref();
    let table = Table::new(&["channel", "mean", "standard deviation", "unit"]);
    let names = channels.names.iter().enumerate();
    names.fold(table, |table, (c, name)| {
        let unit = units.map_or(String::new(), |units| units[c].clone());
        table.row([name.clone(), number(mean[c]), number(scale[c]), unit])
    })
}

impl Columns {
    /// The columns of a table with a header; what is not a number is missing.
    fn of(text: &str) -> Self {
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let mut columns: Vec<(String, Vec<f64>)> = header
            .split(',')
            .map(|name| (name.to_owned(), Vec::new()))
            .collect();
        for line in lines {
            let cells = line.split(',').map(|cell| cell.parse().unwrap_or(f64::NAN));
            for (column, value) in columns.iter_mut().zip(cells) {
                column.1.push(value);
            }
        }
        Self(columns)
    }

    fn column(&self, name: &str) -> Option<&Vec<f64>> {
        self.0
            .iter()
            .find(|column| column.0 == name)
            .map(|column| &column.1)
    }

    /// A column over the steps, if it has several values.
    fn curve(&self, name: &str) -> Option<Vec<(f64, f64)>> {
        let steps = self.column("step")?.iter().copied();
        let points: Vec<(f64, f64)> = steps.zip(self.column(name)?.iter().copied()).collect();
        let values = points.iter().filter(|point| point.1.is_finite()).count();
        (values > 1).then_some(points)
    }

    /// Where a column ended, in a sentence.
    fn last(&self, name: &str) -> String {
        match (
            self.column("step").and_then(|c| c.last()),
            self.column(name).and_then(|c| c.last()),
        ) {
            (Some(step), Some(value)) => format!(
                "After step {} of the training, the {name} is {}.",
                step + 1.0,
                number(*value)
            ),
            _ => "The training has no steps yet.".to_owned(),
        }
    }
}
