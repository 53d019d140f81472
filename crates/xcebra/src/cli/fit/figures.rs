//! Pictures of an embedding.

use ndarray::{ArrayView1, ArrayView2, Axis, Slice};
use xcebra::Run;
use xcebra::core::encoder::Edges;
use xcebra::report::{Picture, Scatter};

use super::labels::Label;
use crate::cli::Result;

/// More classes than this are drawn as numbers.
const MOST_CLASSES: usize = 8;

/// Two embedding dimensions coloured by each label, or by time if there is none.
pub fn embedding(run: &Run, x: ArrayView2<'_, f32>, labels: &[Label]) -> Result<Vec<Picture>> {
    let settings = &run.settings;
    let outputs = settings.encoder.outputs;
    if outputs < 2 {
        return Ok(Vec::new());
    }
    // a picture holds only so many points
    let stride = x.nrows().div_ceil(Scatter::MOST_POINTS).max(1);
    let (_, embedding) = xcebra::embed(&run.encoder, x, Edges::Pad, |_| ())?;
    let embedding = embedding.slice_axis(Axis(0), Slice::new(0, None, stride as isize));
    let plot = |name: &str, first: usize| {
        let point = |row: ArrayView1<'_, f32>| (f64::from(row[first]), f64::from(row[first + 1]));
        let points: Vec<(f64, f64)> = embedding.rows().into_iter().map(point).collect();
        let plot = Scatter::new(&points)
            .title(&format!("Embedding, coloured by {name}"))
            .axes(
                &format!("dimension {first}"),
                &format!("dimension {}", first + 1),
            );
        let caption = format!(
            "Embedding dimensions {first} and {}; the colour is {name}.",
            first + 1
        );
        (plot, caption)
    };
    if labels.is_empty() {
        let times: Vec<f64> = (0..x.nrows()).step_by(stride).map(|t| t as f64).collect();
        let (plot, caption) = plot("sample", 0);
        let figure = plot.colored_by("sample", &times).draw();
        return Ok(vec![Picture::new("embedding", figure, caption)]);
    }
    let pictures = labels.iter().map(|label| {
        let name = &label.name;
        // the dimensions that were trained with the label; one alone has a neighbour to show
        let first = settings
            .dims_of(name)
            .map_or(0, |[first, _]| first.min(outputs - 2));
        let (plot, caption) = plot(name, first);
        let values: Vec<f64> = label
            .values
            .column(0)
            .iter()
            .step_by(stride)
            .copied()
            .collect();
        let mut distinct = values.clone();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        if !settings.is_discrete(name) || distinct.len() > MOST_CLASSES {
            let figure = plot.colored_by(name, &values).draw();
            return Picture::new(format!("embedding-{name}"), figure, caption);
        }
        let class = |v: &f64| distinct.iter().position(|d| d == v).unwrap_or_default();
        let classes: Vec<usize> = values.iter().map(class).collect();
        let named = |d: &f64| match &label.classes {
            Some(names) => names[*d as usize].clone(),
            None => format!("{name} {d}"),
        };
        let names: Vec<String> = distinct.iter().map(named).collect();
        let figure = plot.classes(&classes, &names).draw();
        Picture::new(format!("embedding-{name}"), figure, caption)
    });
    Ok(pictures.collect())
}
