//! Trained encoders.

use std::fs;
use std::path::PathBuf;

use numpy::{IntoPyArray, PyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use xcebra::attr::Methods;
use xcebra::core::History;
use xcebra::core::encoder::{Edges, Encoder};
use xcebra::{
    AttributeSettings, Data, Diagnostics, FitFile, Fitted, Run, attribute, compare, embed,
    goodness_of_fit,
};

use crate::caller::{Shown, in_background};
use crate::error::{exception, outcome};
use crate::fitting::read_settings;
use crate::maps::{Maps, Significance};
use crate::recording::RecordingGiven;

/// A trained encoder with the channels and settings of its training.
#[pyclass(frozen, module = "xcebra._xcebra")]
pub(crate) struct TrainedEncoder {
    pub(crate) run: Run,
    /// What its training left; none if it was read from a folder.
    pub(crate) fitted: Option<Fitted>,
    pub(crate) diagnostics: Option<Diagnostics>,
}

#[pymethods]
impl TrainedEncoder {
    /// Reads the folder that `xcebra fit` or `save` wrote.
    #[staticmethod]
    fn load(folder: PathBuf) -> PyResult<Self> {
        let run = Run::load(&folder).map_err(exception)?;
        let diagnostics = Diagnostics::load(&folder);
        Ok(Self {
            run,
            fitted: None,
            diagnostics,
        })
    }

    /// Writes the folder that `xcebra fit` writes. One that holds a model already is refused unless `overwrite`.
    fn save(&self, folder: PathBuf, overwrite: bool) -> PyResult<()> {
        if folder.join(xcebra::MODEL).is_file() && !overwrite {
            return Err(pyo3::exceptions::PyFileExistsError::new_err(format!(
                "{} holds a trained encoder; pass overwrite=True to replace it",
                folder.display()
            )));
        }
        fs::create_dir_all(&folder)?;
        match &self.fitted {
            Some(fitted) => fitted.write(&folder).map_err(exception),
            None => {
                if let Some(diagnostics) = &self.diagnostics {
                    diagnostics.save(&folder).map_err(exception)?;
                }
                self.run
                    .save(&folder, &History::default(), "")
                    .map_err(exception)
            }
        }
    }

    /// All that is needed to make it again, for pickling: the bytes of the model, settings, channels, diagnostics.
    fn state<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyBytes>, String, String, Option<String>)> {
        let model = self.run.encoder.to_safetensors().map_err(exception)?;
        let text = |value: serde_json::Result<String>| value.expect("plain tables");
        Ok((
            PyBytes::new(py, &model),
            text(serde_json::to_string(&self.run.settings)),
            text(serde_json::to_string(&self.run.channels)),
            self.diagnostics
                .as_ref()
                .map(|d| text(serde_json::to_string(d))),
        ))
    }

    /// From what `state` gave.
    #[staticmethod]
    fn of_state(
        model: &[u8],
        settings: &str,
        channels: &str,
        diagnostics: Option<&str>,
    ) -> PyResult<Self> {
        let damaged = |error: serde_json::Error| {
            PyValueError::new_err(format!("the pickle is damaged: {error}"))
        };
        let run = Run {
            encoder: Encoder::from_safetensors(model).map_err(exception)?,
            settings: read_settings(settings)?,
            channels: serde_json::from_str(channels).map_err(damaged)?,
        };
        let diagnostics = diagnostics
            .map(serde_json::from_str)
            .transpose()
            .map_err(damaged)?;
        Ok(Self {
            run,
            fitted: None,
            diagnostics,
        })
    }

    /// An encoder of CEBRA, from the `state_dict` in a file of safetensors, with the scale of no channels changed.
    #[staticmethod]
    fn load_cebra(path: PathBuf, name: &str) -> PyResult<Self> {
        let encoder = Encoder::<f32>::load_cebra(&path, name).map_err(exception)?;
        let architecture = encoder.architecture();
        let mut settings = FitFile::default();
        settings.data.standardize = false;
        settings.encoder.outputs = architecture.outputs();
        settings.encoder.hidden = architecture.layers[0].outputs;
        // names with numbers in them have no setting of the same spelling
        if let Ok(named) = serde_json::from_value(name.replacen("-model", "", 1).into()) {
            settings.encoder.name = named;
        }
        let channels = xcebra::Channels::unscaled(architecture.inputs);
        Ok(Self {
            run: Run {
                encoder,
                settings,
                channels,
            },
            fitted: None,
            diagnostics: None,
        })
    }

    /// Its settings as JSON.
    #[getter]
    fn settings(&self) -> String {
        serde_json::to_string(&self.run.settings).expect("settings are plain tables")
    }

    /// Names of its channels.
    #[getter]
    fn channels(&self) -> Vec<String> {
        self.run.channels.names.clone()
    }

    /// Number of outputs.
    #[getter]
    fn outputs(&self) -> usize {
        self.run.encoder.architecture().outputs()
    }

    /// Samples that it sees at once.
    #[getter]
    fn window(&self) -> usize {
        self.run.encoder.architecture().window.len()
    }

    /// What it is like, as JSON; none if its folder does not say.
    #[getter]
    fn diagnostics(&self) -> Option<String> {
        let found = self.diagnostics.as_ref()?;
        Some(serde_json::to_string(found).expect("plain numbers"))
    }

    /// What it is like, in sentences.
    #[getter]
    fn verdict(&self) -> Vec<String> {
        self.diagnostics
            .as_ref()
            .map(Diagnostics::sentences)
            .unwrap_or_default()
    }

    /// The curves of its training as JSON; none if it was read from a folder.
    #[getter]
    fn history(&self) -> Option<String> {
        let history = self.fitted.as_ref()?.history();
        Some(serde_json::to_string(history).expect("plain numbers"))
    }

    /// The report of its training, a page of HTML.
    fn report(&self) -> Option<String> {
        Some(self.fitted.as_ref()?.report().html())
    }

    /// The embedding (times, outputs) of a recording, and which of its samples the rows belong to.
    fn transform<'py>(
        &self,
        py: Python<'py>,
        recording: RecordingGiven<'py>,
        pad: bool,
        shown: Shown,
    ) -> PyResult<(Bound<'py, PyArray2<f32>>, Vec<usize>)> {
        let array = recording.array("X", 0)?;
        let edges = if pad { Edges::Pad } else { Edges::Drop };
        let found = outcome(in_background(py, &shown, |caller| {
            caller.watched(|watch| {
                let recording = self.run.scaled(array)?;
                embed(&self.run, &recording, edges, &watch)
            })
        })?)?;
        Ok((found.values.into_pyarray(py), found.times))
    }

    /// Maps by methods, and tests of their entries if `significance` is given. A test trains on `training`, or on what the
    /// encoder was fitted on.
    fn attribute<'py>(
        &self,
        py: Python<'py>,
        recording: RecordingGiven<'py>,
        methods: &str,
        significance: Option<Significance>,
        training: Option<RecordingGiven<'py>>,
        shown: Shown,
    ) -> PyResult<Maps> {
        let array = recording.array("X", 0)?;
        let significance = significance.map(Significance::settings).transpose()?;
        let settings = AttributeSettings {
            methods: methods.parse::<Methods<f32>>().map_err(exception)?,
            significance,
        };
        let training = training.map(|given| given.to_arrays()).transpose()?;
        let own = self.fitted.as_ref().map(Fitted::data);
        if settings.significance.is_some() && training.is_none() && own.is_none() {
            return Err(PyValueError::new_err(
                "the data of the training are not here, since the encoder was loaded; pass y",
            ));
        }
        let mut found = outcome(in_background(py, &shown, |caller| {
            caller.watched(|watch| {
                let recording = self.run.scaled(array)?;
                let training = match training {
                    Some(arrays) => Some(Data::of_arrays(arrays, &self.run.settings)?),
                    None => own.cloned(),
                };
                attribute(&self.run, &recording, &settings, training, &watch)
            })
        })?)?;
        found.diagnostics.clone_from(&self.diagnostics);
        Ok(Maps { found })
    }

    /// Goodness of fit of each contrastive objective on a recording, in bits over chance.
    fn score(
        &self,
        py: Python<'_>,
        recording: RecordingGiven<'_>,
        shown: Shown,
    ) -> PyResult<Vec<f64>> {
        let arrays = recording.to_arrays()?;
        outcome(in_background(py, &shown, |caller| {
            caller.watched(|watch| goodness_of_fit(&self.run, arrays, &watch))
        })?)
    }

    /// How alike trainings from several seeds are, as JSON.
    fn compare_seeds(&self, py: Python<'_>, count: usize, shown: Shown) -> PyResult<String> {
        let fitted = self.fitted.as_ref().ok_or_else(|| {
            PyValueError::new_err(
                "the recording of the training is not here; fit again to compare seeds",
            )
        })?;
        let found = outcome(in_background(py, &shown, |caller| {
            caller.watched(|watch| compare(fitted, count, &watch))
        })?)?;
        Ok(serde_json::to_string(&found).expect("plain numbers"))
    }
}
