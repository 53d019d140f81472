//! Arrays as they are: an embedding as points, all others by their shape.

use ndarray::{ArrayD, Ix2};

use super::arrays::Arrays;
use super::maps::matrix;
use crate::Result;
use crate::report::{HeatMap, LineChart, PointCloud, Report, TimeSeries};

/// Arrays that are drawn behind the disclosure; of the others only the shape is told.
const MOST_DRAWN: usize = 24;
/// Columns of arrays that colour an embedding; each adds its numbers to the page.
const MOST_COLOURS: usize = 16;
/// Rows and columns of a matrix that is drawn as cells; a longer one is channels over time.
const MOST_ROWS: usize = 200;
const MOST_COLUMNS: usize = 64;

/// Adds the array `embedding` (time, dimensions), coloured by time and by its labels.
pub(super) fn embedding(report: Report, arrays: &mut Arrays) -> Result<Report> {
    if arrays
        .shape("embedding")
        .is_none_or(|shape| shape.len() != 2)
    {
        return Ok(report);
    }
    let points = arrays.take("embedding")?;
    let points = points.map(ArrayD::into_dimensionality::<Ix2>);
    let Some(Ok(points)) = points else {
        return Ok(report);
    };
    let (n, dims) = points.dim();
    let times: Vec<f64> = match arrays.take("sample")? {
        Some(samples) if samples.len() == n => samples.iter().copied().collect(),
        _ => (0..n).map(|t| t as f64).collect(),
    };
    let mut cloud = PointCloud::new(points.view())
        .title("Embedding")
        .colored_by("sample", &times);
    // columns that have a value for each point colour it
    let mut free = MOST_COLOURS;
    let mut labels = Vec::new();
    for (name, shape) in arrays.shapes() {
        let columns = match shape[..] {
            [rows] if rows == n => 1,
            [rows, columns] if rows == n => columns,
            _ => continue,
        };
        if columns == 0 || columns > free {
            continue;
        }
        free -= columns;
        labels.push((name.clone(), columns));
    }
    for (name, columns) in labels {
        let Some(array) = arrays.look(&name)? else {
            continue;
        };
        for k in 0..columns {
            let values: Vec<f64> = array.iter().skip(k).step_by(columns).copied().collect();
            let title = match array.ndim() {
                1 => name.clone(),
                _ => format!("{name} {k}"),
            };
            cloud = cloud.colored_by(&title, &values);
        }
    }
    Ok(crate::embedding::show(report, cloud, (n, dims)))
}

/// Names for rows and columns of arrays, which are known by how many there are.
struct Names {
    channels: Vec<String>,
    latents: Vec<String>,
}

impl Names {
    fn of(arrays: &Arrays) -> Result<Self> {
        let mut names = Self {
            channels: arrays.channels("")?.unwrap_or_default(),
            latents: arrays.words("", "latent_names")?.unwrap_or_default(),
        };
        // of as many channels as latents nobody can say which an axis has
        if names.channels.len() == names.latents.len() {
            names.channels.clear();
            names.latents.clear();
        }
        Ok(names)
    }

    /// The names along an axis of this length, if there are some, and what they are.
    fn along(&self, length: usize) -> Option<(&'static str, &[String])> {
        let both = [("channel", &self.channels), ("latent", &self.latents)];
        let found = both.into_iter().find(|(_, names)| names.len() == length);
        found.map(|(what, names)| (what, names.as_slice()))
    }
}

/// Adds what is left, behind a disclosure if something else is shown already.
pub(super) fn show(report: Report, mut arrays: Arrays) -> Result<Report> {
    let left: Vec<(String, Vec<usize>)> = arrays
        .shapes()
        .map(|(name, shape)| (name.clone(), shape.clone()))
        .collect();
    let count = left.len() + arrays.left_out().len();
    if count == 0 {
        return Ok(report);
    }
    let only = report.is_empty();
    let names = Names::of(&arrays)?;
    let mut rest = Report::new(&format!("Other arrays ({count})"));
    for (i, (name, shape)) in left.iter().enumerate() {
        let is_read = i < MOST_DRAWN && (shape.iter().product::<usize>() == 1 || is_drawn(shape));
        let array = if is_read { arrays.take(name)? } else { None };
        rest = match array {
            Some(array) => match draw(name, &array, &names) {
                Some(figure) => rest.figure(figure, &format!("{name} {shape:?}")),
                None => rest.paragraph(&told(name, &array)),
            },
            None => rest.paragraph(&format!("{name} has the shape {shape:?}.")),
        };
    }
    let left_out = arrays.left_out().iter();
    let rest = left_out.fold(rest, |rest, words| rest.paragraph(words));
    Ok(match only {
        true => report.and(rest),
        false => report.details(rest),
    })
}

/// Whether an array of this shape has a picture.
fn is_drawn(shape: &[usize]) -> bool {
    match *shape {
        // a number alone is no picture
        [length] => length > 1,
        [rows, columns] => rows * columns > 1 && columns <= MOST_COLUMNS,
        _ => false,
    }
}

fn draw(name: &str, array: &ArrayD<f64>, names: &Names) -> Option<crate::report::Figure> {
    if !is_drawn(array.shape()) {
        return None;
    }
    match array.ndim() {
        1 => {
            let points = array.iter().enumerate().map(|(i, v)| (i as f64, *v));
            Some(
                LineChart::new("index", name)
                    .title(name)
                    .series(name, points)
                    .draw(),
            )
        }
        2 => {
            let values = matrix(array)?;
            let (rows, columns) = values.dim();
            if rows <= MOST_ROWS && columns <= MOST_COLUMNS {
                let signed = values.iter().any(|v| *v < 0.0);
                let map = HeatMap::new(values).title(name);
                let map = match names.along(rows) {
                    Some((what, names)) => map.rows(what).row_names(names),
                    None => map.rows("row"),
                };
                let map = match names.along(columns) {
                    Some((what, names)) => map.columns(what).column_names(names),
                    None => map.columns("column"),
                };
                return Some(if signed { map.signed() } else { map }.draw());
            }
            let series = TimeSeries::new("row", 1.0).title(name).size(960.0, 36.0);
            let channels = values.columns().into_iter().enumerate();
            let series = channels.fold(series, |series, (k, column)| {
                let name = match names.along(columns) {
                    Some((_, names)) => names[k].clone(),
                    None => format!("column {k}"),
                };
                series.channel(&name, &column.to_vec())
            });
            Some(series.draw())
        }
        _ => None,
    }
}

/// An array in words.
fn told(name: &str, array: &ArrayD<f64>) -> String {
    match array.len() {
        1 => format!(
            "{name} is {}.",
            crate::report::number(array.iter().copied().next().unwrap_or(f64::NAN))
        ),
        _ => format!("{name} has the shape {:?}.", array.shape()),
    }
}
