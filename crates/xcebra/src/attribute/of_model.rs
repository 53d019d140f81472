//! Attribution maps of any model, such as one in an ONNX file.

use std::path::Path;
use std::time::Instant;

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD};
use serde_json::{Map, json};
use xcebra_attr::methods::title;
use xcebra_attr::{AttributionMap, Methods};
use xcebra_files::NpzOutput;
use xcebra_model::{Model, ModelError, Watch, batch_len, cotangent_len};

use super::heads::on_head;
use super::result::{ELSEWHERE, add_maps, add_names, add_samples, by_channel, table};
use super::shared::Asked;
use crate::Result;
use crate::answer::{Answer, number};
use crate::explain::{SignalSource, Subject};
use crate::report::{Figure, HeatMap, Picture, Report};
use crate::share::Share;

/// What to compute of a model.
#[derive(Debug)]
pub struct ModelMapSettings {
    /// The methods.
    pub methods: Methods<f64>,
    /// Which axis of the model's input is time; by default the one that fits.
    pub time_axis: Option<usize>,
    /// Samples from one signal to the next where a recording is cut; by default the length of a signal.
    pub hop: Option<usize>,
}

/// Attribution maps of a model: which of its inputs drive which of its outputs.
#[derive(Clone, Debug)]
pub struct ModelMaps {
    model: String,
    data: String,
    /// How the array of signals was read, in words.
    reading: String,
    channels: Vec<String>,
    signals: usize,
    seconds: f64,
    single: bool,
    /// One map for each method, of inputs `[channels, time]`.
    pub maps: Vec<AttributionMap>,
    /// What was assumed, chosen or left out, a sentence each.
    pub notes: Vec<String>,
}

/// Computes attribution maps of a model over signals.
///
/// Inputs are arranged as channels × time, whatever the layout of the model is.
///
/// # Errors
/// [`Problem`](crate::Problem) if signals and model do not belong together or a method fails, and of the kind
/// [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
pub fn attribute_model(
    subject: &Subject,
    data: &SignalSource,
    settings: &ModelMapSettings,
    watch: &Watch<'_>,
) -> Result<ModelMaps> {
    let found = attribute_model_share(subject, data, settings, &Share::Whole, watch)?;
    Ok(found.expect("the whole was asked for"))
}

/// As [`attribute_model`], or a share of it, of which there is nothing to tell.
pub(crate) fn attribute_model_share(
    subject: &Subject,
    data: &SignalSource,
    settings: &ModelMapSettings,
    share: &Share<'_>,
    watch: &Watch<'_>,
) -> Result<Option<ModelMaps>> {
    let start = Instant::now();
    let known = subject.time_axis(settings.time_axis)?;
    let loaded = subject.signals(data, known, settings.hop)?;
    let signals = loaded.signals;
    let turned = ChannelsFirst::new(subject.model(), signals.time_axis);
    let samples = turned.channels_first(signals.values.view());
    let model = watch.over(&turned);
    let asked = Asked {
        model: &model,
        samples: &samples,
        methods: &settings.methods,
        effects: None,
    };
    let Some(maps) = asked.share(share, watch)? else {
        return Ok(None);
    };
    let notes = loaded.notes;
    for note in &notes {
        watch.note(note);
    }
    let count = turned.shape[0];
    Ok(Some(ModelMaps {
        model: subject.name().to_owned(),
        data: data.to_string(),
        reading: signals.reading.clone(),
        channels: match &signals.channels {
            Some(names) if names.len() == count => names.clone(),
            _ => (0..count)
                .map(|channel| format!("channel {channel}"))
                .collect(),
        },
        signals: signals.len(),
        seconds: subject.seconds() + start.elapsed().as_secs_f64(),
        single: subject.is_single(),
        maps,
        notes,
    }))
}

impl ModelMaps {
    /// Writes the arrays to an `.npz` file.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut output = NpzOutput::create(path)?;
        add_maps(&mut output, &self.maps)?;
        add_samples(&mut output, &self.maps)?;
        add_names(&mut output, &self.channels, "output")?;
        Ok(output.commit()?)
    }

    /// One picture for each map, and one of the head if the channels are electrodes.
    pub fn pictures(&self) -> Vec<Picture> {
        let maps = self.maps.iter();
        let maps = maps.map(|map| Picture::new(map.method(), self.figure(map), ""));
        let heads = self.maps.iter().filter_map(|map| {
            let (figure, caption) = self.heads(map)?;
            let name = format!("{}_scalp", map.method());
            Some(Picture::new(name, figure, caption))
        });
        maps.chain(heads).collect()
    }

    /// The answer, for a reader and for a program; `out` is the file that the arrays were written to.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a number of it is not finite.
    pub fn answer(&self, out: Option<&Path>) -> Result<Answer> {
        let out = out.map(|out| out.display().to_string());
        let mut text = out
            .as_ref()
            .map(|out| format!("{out}: "))
            .unwrap_or_default();
        text += &format!(
            "maps (inputs × outputs) of {} signals, {:.1} s\n{}",
            self.signals, self.seconds, self.reading
        );
        let mut described = Map::new();
        for map in &self.maps {
            let (rows, columns) = by_channel(map).values.dim();
            text += &format!("\n{} ({rows}, {columns})", map.method());
            let mut entry = json!({ "shape": [rows, columns] });
            if let Some(inverses) = map.inverses() {
                text += &format!(": {}", inverses.in_words(map.outputs()));
                entry["min_rank"] = json!(inverses.min_rank());
                entry["mean_rank"] = number("mean_rank", inverses.mean_rank())?;
            }
            described.insert(map.method().to_owned(), entry);
        }
        let json = json!({
            "out": out,
            "model": self.model,
            "precision": if self.single { "single" } else { "double" },
            "signals": self.signals,
            "reading": self.reading,
            "channels": self.channels,
            "seconds": number("seconds", self.seconds)?,
            "maps": described,
            "notes": self.notes,
        });
        Ok(Answer { text, json })
    }

    /// The report.
    pub fn report(&self) -> Report {
        let mut report = Report::new("Attribution maps").lead(&format!(
            "Which of {} channels drive which outputs of {}, on {} signals of {}.",
            self.channels.len(),
            self.model,
            self.signals,
            self.data
        ));
        report = report.elsewhere(ELSEWHERE);
        for map in &self.maps {
            let caption = format!(
                "Mean over {} signals and their samples of the absolute attribution.{}",
                map.samples(),
                map.inverses()
                    .map(|i| format!(" {}.", i.in_words(map.outputs())))
                    .unwrap_or_default()
            );
            report = report.figure(self.figure(map), &caption);
            if let Some((figure, caption)) = self.heads(map) {
                report = report.figure(figure, &caption);
            }
        }
        if !self.notes.is_empty() {
            report = report.heading("Notes");
        }
        for note in &self.notes {
            report = report.paragraph(note);
        }
        for map in &self.maps {
            report = report
                .heading(&format!("{}: values", title(map.method())))
                .table(table(map, &self.channels, "output"));
        }
        report
    }

    fn heads(&self, map: &AttributionMap) -> Option<(Figure, String)> {
        let values = by_channel(map).values;
        on_head(title(map.method()), values.view(), "output", &self.channels)
    }

    fn figure(&self, map: &AttributionMap) -> Figure {
        let pooled = by_channel(map);
        let largest = pooled.values.iter().copied().fold(0.0, f64::max);
        HeatMap::new(pooled.values.view())
            .range(0.0, if largest > 0.0 { largest } else { 1.0 })
            .title(title(map.method()))
            .rows("input channel")
            .columns("output")
            .value("mean |attribution|")
            .row_names(&self.channels)
            .draw()
    }
}

/// A model of inputs `[channels, time]`, whatever the order of its own axes.
struct ChannelsFirst<'a> {
    model: &'a dyn Model<f64>,
    /// The axes of a batch of the model, time last.
    order: Vec<usize>,
    /// `[channels, time]`.
    shape: [usize; 2],
}

impl<'a> ChannelsFirst<'a> {
    fn new(model: &'a dyn Model<f64>, time_axis: usize) -> Self {
        let own = model.input_shape();
        let mut order: Vec<usize> = (0..=own.len())
            .filter(|&axis| axis != time_axis + 1)
            .collect();
        order.push(time_axis + 1);
        let channels = own.iter().product::<usize>() / own[time_axis].max(1);
        Self {
            model,
            order,
            shape: [channels, own[time_axis]],
        }
    }

    /// Samples of the model as samples `[channels, time]`.
    fn channels_first(&self, x: ArrayViewD<'_, f64>) -> ArrayD<f64> {
        let n = x.shape()[0];
        let x = x.permuted_axes(self.order.clone());
        let x = x.as_standard_layout().into_owned();
        let shape = vec![n, self.shape[0], self.shape[1]];
        x.into_shape_with_order(shape).expect("as many numbers")
    }

    fn as_in_model(&self, x: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>, ModelError> {
        let n = batch_len(&self.shape, x.shape())?;
        let full = [&[n], self.model.input_shape()].concat();
        let turned: Vec<usize> = self.order.iter().map(|&axis| full[axis]).collect();
        let x = x.as_standard_layout().into_owned();
        let x = x.into_shape_with_order(turned).expect("as many numbers");
        let mut back = vec![0; self.order.len()];
        for (place, &axis) in self.order.iter().enumerate() {
            back[axis] = place;
        }
        Ok(x.permuted_axes(back).as_standard_layout().into_owned())
    }
}

impl Model<f64> for ChannelsFirst<'_> {
    fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    fn output_dim(&self) -> usize {
        self.model.output_dim()
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        self.model.forward(self.as_in_model(x)?.view())
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        Ok(self.value_and_vjp(x, cotangent)?.1)
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<(Array2<f64>, ArrayD<f64>), ModelError> {
        cotangent_len(&self.shape, x.shape(), self.output_dim(), cotangent.shape())?;
        let x = self.as_in_model(x)?;
        let (value, gradient) = self.model.value_and_vjp(x.view(), cotangent)?;
        Ok((value, self.channels_first(gradient.view())))
    }

    fn jacobian(&self, x: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>, ModelError> {
        let n = batch_len(&self.shape, x.shape())?;
        let jacobian = self.model.jacobian(self.as_in_model(x)?.view())?;
        let outputs = self.output_dim();
        let rows = jacobian.as_standard_layout().into_owned();
        let rows = rows
            .into_shape_with_order([&[n * outputs], self.model.input_shape()].concat())
            .expect("as many numbers");
        let turned = self.channels_first(rows.view());
        let shape = vec![n, outputs, self.shape[0], self.shape[1]];
        Ok(turned
            .into_shape_with_order(shape)
            .expect("as many numbers"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Axis, array};
    use xcebra_model::FnModel;

    /// A model whose weights are its map, on a table whose columns are named after electrodes.
    #[test]
    fn channels_that_are_electrodes_are_drawn_on_the_head_and_named_later() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = "EEG Fp1-REF,Pz,C3,Cz,light\n".to_owned();
        for t in 0..64 {
            let row: Vec<String> = (0..5).map(|c| ((t * (c + 2)) % 7).to_string()).collect();
            table += &(row.join(",") + "\n");
        }
        let path = folder.path().join("trials.csv");
        std::fs::write(&path, table).unwrap();
        let weights = Array2::from_shape_fn((5, 16), |(c, _)| if c == 2 { 3.0 } else { 0.5 });
        let (w, pulled) = (weights.clone().into_dyn(), weights.into_dyn());
        let model = FnModel::per_sample(
            [5, 16],
            1,
            move |x| Ok(array![(&x * &w).sum()]),
            move |_, cotangent| Ok(&pulled * cotangent[0]),
        );
        let settings = ModelMapSettings {
            methods: "neuron-gradient".parse().unwrap(),
            time_axis: None,
            hop: None,
        };
        let data = SignalSource::File(xcebra_files::Source::new(&path, "x"));
        let subject = Subject::of_model("sum", model);
        let found = attribute_model(&subject, &data, &settings, &Watch::new()).unwrap();
        let names: Vec<_> = found
            .pictures()
            .into_iter()
            .map(|p| p.name().to_owned())
            .collect();
        let expected = ["neuron-gradient", "neuron-gradient_scalp"];
        assert_eq!(names, expected, "{:?} {}", found.channels, found.reading);
        let heads = |page: &str| page.matches("\"kind\":\"scalp\"").count();
        let page = found.report().html();
        assert_eq!(heads(&page), 1);
        assert!(page.contains("at 4 electrodes") && page.contains("largest at C3."));
        assert!(page.contains("light has no place on the head."));
        let out = folder.path().join("map.npz");
        found.write(&out).unwrap();
        let page = crate::view(&out).unwrap().html();
        assert_eq!(heads(&page), 1);
        assert!(page.contains("The strongest entry is C3 for output 0: 3."));
    }

    /// Outputs of signals [2 times, 2 rows, 3 columns] with one weight for each number.
    #[test]
    fn inputs_are_turned_and_derivatives_turned_back() {
        let weights = Array1::from_iter((0..12).map(f64::from)).into_shape_with_order((2, 2, 3));
        let weights = weights.unwrap().into_dyn();
        let (w, pulled) = (weights.clone(), weights.clone());
        let model = FnModel::per_sample(
            [2, 2, 3],
            1,
            move |x| Ok(array![(&x * &w).sum()]),
            move |_, cotangent| Ok(&pulled * cotangent[0]),
        );
        let turned = ChannelsFirst::new(&model, 0);
        assert_eq!(turned.input_shape(), [6, 2]);
        let signal = weights.mapv(|v| v * v - 3.0).insert_axis(Axis(0));
        let sample = turned.channels_first(signal.view());
        // row 1, column 2 at time 1 is number 6 + 3 + 2
        assert_eq!(sample[[0, 5, 1]], 11.0 * 11.0 - 3.0);
        assert_eq!(turned.as_in_model(sample.view()).unwrap(), signal);
        assert_eq!(
            turned.forward(sample.view()).unwrap(),
            model.forward(signal.view()).unwrap()
        );
        let jacobian = turned.jacobian(sample.view()).unwrap();
        assert_eq!(jacobian.shape(), [1, 1, 6, 2]);
        assert_eq!(jacobian[[0, 0, 5, 1]], 11.0);
        let pulled = turned.vjp(sample.view(), array![[2.0]].view()).unwrap();
        assert_eq!((pulled[[0, 5, 1]], pulled[[0, 3, 0]]), (22.0, 6.0));
    }
}
