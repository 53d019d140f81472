//! Pictures of an embedding.

use crate::report::{Picture, PointCloud, Scatter};
use ndarray::{Array2, ArrayView1, Axis, Slice};
use xcebra_core::encoder::Edges;
use xcebra_core::ops::Head;
use xcebra_core::{Labels, Recording};

use super::labels::Label;
use crate::{Result, Run, embed_sessions};

/// More classes than this are drawn as numbers.
const MOST_CLASSES: usize = 8;

/// Two embedding dimensions coloured by each label, or by time if there is none; of several subjects, of the one
/// of that number.
pub fn embedding(
    run: &Run,
    recording: &Recording<f32>,
    labels: &[Label],
    subject: Option<usize>,
) -> Result<Vec<Picture>> {
    let file = |name: &str| match subject {
        Some(subject) => format!("subject-{subject}-{name}"),
        None => name.to_owned(),
    };
    let whose = subject.map_or(String::new(), |subject| format!("Subject {subject}: "));
    let settings = &run.settings;
    let outputs = settings.encoder.outputs;
    if outputs < 2 {
        return Ok(Vec::new());
    }
    let (_, whole) = embed_sessions(&run.encoder, recording, Edges::Pad, |_| ())?;
    let cloud = cloud(file("embedding-dimensions"), &whose, &whole, labels);
    // a picture holds a limited number of points
    let stride = recording.len().div_ceil(Scatter::MOST_POINTS).max(1);
    let embedding = whole.slice_axis(Axis(0), Slice::new(0, None, stride as isize));
    let sphere = match run.encoder.architecture().head {
        Head::Normalize => format!(
            " The outputs are normalised: they are on a sphere in {outputs} dimensions, of which this is a \
             flat view."
        ),
        _ => String::new(),
    };
    let plot = |name: &str, first: usize, color: &str| {
        let point = |row: ArrayView1<'_, f32>| (f64::from(row[first]), f64::from(row[first + 1]));
        let points: Vec<(f64, f64)> = embedding.rows().into_iter().map(point).collect();
        let plot = Scatter::new(&points)
            .title(&format!("Embedding, coloured by {name}"))
            .axes(
                &format!("dimension {first}"),
                &format!("dimension {}", first + 1),
            );
        let caption = format!(
            "{whose}Dimensions {first} and {} of the {outputs} of the embedding; the colour is {color}.{sphere}",
            first + 1
        );
        (plot, caption)
    };
    if labels.is_empty() {
        let times: Vec<f64> = (0..recording.len())
            .step_by(stride)
            .map(|t| t as f64)
            .collect();
        let (plot, caption) = plot("sample", 0, "the number of the sample");
        let figure = plot.colored_by("sample", &times).draw();
        return Ok(vec![
            Picture::new(file("embedding"), figure, caption),
            cloud,
        ]);
    }
    let pictures = labels.iter().map(|label| {
        let name = &label.name;
        let values = label.strided(stride);
        let mut distinct = values.clone();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let classes = label.is_discrete() && distinct.len() <= MOST_CLASSES;
        let color = match (label.columns(), label.is_discrete()) {
            (_, true) if classes => format!("the class of `{name}`"),
            (_, true) => format!("the number of the class of `{name}`"),
            (1, false) => format!("`{name}`"),
            (columns, false) => format!("column 0 of the {columns} columns of `{name}`"),
        };
        // the dimensions that were trained with the label; one alone has a neighbour to show
        let first = settings
            .dims_of(name)
            .map_or(0, |[first, _]| first.min(outputs - 2));
        let (plot, caption) = plot(name, first, &color);
        if !classes {
            let figure = plot.colored_by(name, &values).draw();
            return Picture::new(file(&format!("embedding-{name}")), figure, caption);
        }
        let class = |v: &f64| distinct.iter().position(|d| d == v).unwrap_or_default();
        let classes: Vec<usize> = values.iter().map(class).collect();
        let named = |d: &f64| match &label.classes {
            Some(names) => names[*d as usize].clone(),
            None => format!("{name} {d}"),
        };
        let names: Vec<String> = distinct.iter().map(named).collect();
        let figure = plot.classes(&classes, &names).draw();
        Picture::new(file(&format!("embedding-{name}")), figure, caption)
    });
    Ok(pictures.chain([cloud]).collect())
}

/// The embedding in all its dimensions, coloured by time or by any column of any label.
fn cloud(name: String, whose: &str, embedding: &Array2<f32>, labels: &[Label]) -> Picture {
    let times: Vec<f64> = (0..embedding.nrows()).map(|t| t as f64).collect();
    let mut cloud = PointCloud::new(embedding.mapv(f64::from).view())
        .title("Embedding in its first dimensions")
        .colored_by("sample", &times);
    for label in labels {
        cloud = match (&*label.values, &label.classes) {
            (Labels::Continuous(values), _) => {
                let several = values.ncols() > 1;
                values
                    .columns()
                    .into_iter()
                    .enumerate()
                    .fold(cloud, |cloud, (k, column)| {
                        let values = column.to_vec();
                        match several {
                            true => cloud.colored_by(&format!("{} {k}", label.name), &values),
                            false => cloud.colored_by(&label.name, &values),
                        }
                    })
            }
            (Labels::Discrete(ids), Some(names)) => {
                let classes: Vec<usize> = ids.iter().map(|&id| id as usize).collect();
                cloud.classes(&label.name, &classes, names)
            }
            (Labels::Discrete(_), None) => cloud.colored_by(&label.name, &label.strided(1)),
        };
    }
    Picture::new(
        name,
        cloud.draw(),
        format!(
            "{whose}Pairs of the first dimensions on one scale; the colour is the number of the sample."
        ),
    )
}
