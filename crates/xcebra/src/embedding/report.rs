//! What a reader is shown of an embedding.

use xcebra_files::Source;
use xcebra_model::Watch;

use super::Embedding;
use crate::decode::{Target, TargetKind};
use crate::labelled::Labelled;
use crate::report::{Picture, PointCloud, Report};
use crate::{Result, label_of};

const CAPTION: &str = "Each point is a sample; pairs of the first three dimensions have one scale.";

impl Embedding {
    /// Labels of its samples, each with its name: `NAME` is an array of the file with the recording, and
    /// `NAME=FILE:ARRAY` one of another file. What was assumed goes to the watch as notes.
    ///
    /// # Errors
    /// [`Problem`](crate::Problem) if there is no such label, or it does not have a value for each sample.
    pub fn labels(
        &self,
        data: &Source,
        labels: &[String],
        watch: &Watch<'_>,
    ) -> Result<Vec<(String, Target)>> {
        let samples = Labelled::of(self);
        let read = |text: &String| {
            let name = label_of(text)?.name;
            let (label, notes) = samples.label(data, text, TargetKind::Auto)?;
            notes.iter().for_each(|note| watch.note(note));
            Ok((name, label))
        };
        labels.iter().map(read).collect()
    }

    /// The embedding in its first dimensions, in the colours of time, and in those of each of these labels; a label of
    /// another number of samples is left out.
    pub fn pictures(&self, labels: &[(String, Target)]) -> Vec<Picture> {
        let by_time = Picture::new(
            "embedding",
            self.cloud().colored_by("sample", &self.at()).draw(),
            CAPTION,
        );
        let by_label = labels.iter().map(|(name, label)| {
            let cloud = coloured(self.cloud(), name, label);
            Picture::new(format!("embedding-{name}"), cloud.draw(), CAPTION)
        });
        std::iter::once(by_time).chain(by_label).collect()
    }

    fn cloud(&self) -> PointCloud {
        PointCloud::new(self.values.mapv(f64::from).view()).title("Embedding")
    }

    fn at(&self) -> Vec<f64> {
        self.times.iter().map(|&t| t as f64).collect()
    }

    /// A page with the embedding in its first dimensions, which can be coloured by time and by these labels; a label
    /// of another number of samples is left out.
    pub fn report(&self, labels: &[(String, Target)]) -> Report {
        let cloud = self.cloud().colored_by("sample", &self.at());
        let cloud = labels
            .iter()
            .fold(cloud, |cloud, (name, label)| coloured(cloud, name, label));
        let report = Report::new("Embedding").elsewhere("The file of --out holds all numbers.");
        let report = show(report, cloud, self.values.dim());
        let notes = self.notes.iter();
        notes.fold(report, |report, note| report.paragraph(note))
    }
}

fn coloured(cloud: PointCloud, name: &str, label: &Target) -> PointCloud {
    match label {
        Target::Numbers(values) if values.ncols() == 1 => {
            cloud.colored_by(name, &values.column(0).to_vec())
        }
        Target::Numbers(values) => {
            let columns = values.columns().into_iter().enumerate();
            columns.fold(cloud, |cloud, (k, column)| {
                cloud.colored_by(&format!("{name} {k}"), &column.to_vec())
            })
        }
        Target::Angle(angles) => cloud.colored_by(name, &angles.to_vec()),
        Target::Classes { ids, names } => cloud.classes(name, ids, names),
    }
}

/// Adds the picture of an embedding (samples, dimensions) to a page.
pub(crate) fn show(report: Report, cloud: PointCloud, (n, dims): (usize, usize)) -> Report {
    report
        .lead(&format!(
            "An embedding of {n} samples in {dims} dimensions."
        ))
        .figure(cloud.draw(), CAPTION)
}
