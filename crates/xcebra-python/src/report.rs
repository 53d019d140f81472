//! Pages that show results in a notebook.

use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use xcebra::report::{BarChart, Figure, HeatMap, LineChart, Report, Table, number};

/// What a page shows of an attribution.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Shown<'py> {
    title: String,
    lead: String,
    /// `(rows, columns)`; a line or bars if there is one row.
    values: PyReadonlyArray2<'py, f64>,
    row_title: String,
    row_names: Vec<String>,
    column_title: String,
    column_names: Vec<String>,
    /// Positions of the columns, if they are numbers.
    columns: Option<Vec<f64>>,
    caption: String,
    /// The strongest coefficients.
    top: Vec<(String, f64)>,
}

/// A page of HTML that shows one attribution.
#[pyfunction]
pub(crate) fn attribution_page(shown: Shown<'_>) -> String {
    let figure = figure(&shown);
    let mut table = Table::new(&["coefficient", "attribution"]);
    for (name, value) in &shown.top {
        table = table.row([name.clone(), number(*value)]);
    }
    Report::new(&shown.title)
        .lead(&shown.lead)
        .figure(figure, &shown.caption)
        .table(table.caption("The strongest coefficients"))
        .html()
}

fn figure(shown: &Shown<'_>) -> Figure {
    let values = shown.values.as_array();
    if values.nrows() > 1 {
        return HeatMap::new(values)
            .signed()
            .rows(&shown.row_title)
            .columns(&shown.column_title)
            .row_names(&shown.row_names)
            .column_names(&shown.column_names)
            .value("attribution")
            .draw();
    }
    let row = values.row(0);
    if let Some(columns) = &shown.columns {
        let points = columns.iter().copied().zip(row.iter().copied());
        return LineChart::new(&shown.column_title, "attribution")
            .series("attribution", points)
            .draw();
    }
    let bars = shown.column_names.iter().zip(&row);
    let chart = BarChart::new("attribution").signed();
    bars.fold(chart, |chart, (name, &value)| chart.bar(name, value))
        .draw()
}
