//! Trained encoders.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use numpy::{IntoPyArray, PyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use xcebra::attr::Methods;
use xcebra::core::encoder::{Edges, Encoder};
use xcebra::{
    AttributeSettings, ChanceSettings, Data, Diagnostics, Earlier, Fitted, Problem, Run, Sessions,
    Shuffle, attribute, chance_of, compare, embed, goodness_of_fit,
};

use crate::around::one_of;
use crate::caller::{Shown, in_background};
use crate::error::{exception, outcome};
use crate::fitting::read_settings;
use crate::maps::{Maps, Significance};
use crate::recording::RecordingGiven;

/// What a pickle has: models, settings, channels, diagnostics, and the subject of each session.
type State<Model> = (Vec<Model>, String, Vec<String>, Vec<String>, Vec<usize>);

/// The trained encoders of one subject or several, with the channels and settings of their training.
#[pyclass(frozen, module = "xcebra._xcebra")]
pub(crate) struct TrainedEncoder {
    /// That of each subject.
    runs: Vec<Run>,
    /// The subject of each session of the training.
    subjects: Vec<usize>,
    /// What their training left; none if they were read from a folder.
    fitted: Option<Fitted>,
    /// What each is like; empty if their folder does not say.
    diagnostics: Vec<Diagnostics>,
}

impl TrainedEncoder {
    /// What a training gave.
    pub(crate) fn of(fitted: Fitted) -> Self {
        Self {
            runs: fitted.runs().to_vec(),
            subjects: fitted.data().session_subjects(),
            diagnostics: fitted.all_diagnostics().to_vec(),
            fitted: Some(fitted),
        }
    }

    /// The encoders as a training that goes on takes them.
    pub(crate) fn earlier(&self) -> Earlier {
        Earlier {
            runs: self.runs.clone(),
            subjects: Some(self.subjects.clone()),
        }
    }

    /// The subject of a session.
    fn subject(&self, session: Option<usize>) -> PyResult<usize> {
        let sessions = self.subjects.len();
        match session {
            None if self.runs.len() == 1 => Ok(0),
            None => Err(PyValueError::new_err(format!(
                "there are the encoders of {} subjects; pass session_id, from 0 to {}",
                self.runs.len(),
                sessions.saturating_sub(1)
            ))),
            Some(session) => self.subjects.get(session).copied().ok_or_else(|| {
                PyValueError::new_err(format!(
                    "session_id is {session}, and the encoders were trained on {sessions} sessions, counted from 0"
                ))
            }),
        }
    }
}

#[pymethods]
impl TrainedEncoder {
    /// Reads the folder that `xcebra fit` or `save` wrote.
    #[staticmethod]
    fn load(folder: PathBuf) -> PyResult<Self> {
        let runs = Run::load_all(&folder).map_err(exception)?;
        let sessions = Sessions::load(&folder).map_err(exception)?;
        let diagnostics =
            (0..runs.len()).map(|subject| Diagnostics::load_subject(&folder, subject));
        Ok(Self {
            subjects: sessions.map_or_else(|| vec![0], |sessions| sessions.subjects),
            diagnostics: diagnostics.collect::<Option<_>>().unwrap_or_default(),
            runs,
            fitted: None,
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
                for (subject, diagnostics) in self.diagnostics.iter().enumerate() {
                    diagnostics
                        .save_subject(&folder, subject)
                        .map_err(exception)?;
                }
                Run::save_all(&self.runs, &self.subjects, &folder).map_err(exception)
            }
        }
    }

    /// All that is needed to make it again, for pickling: the bytes of each model, settings, the channels and the
    /// diagnostics of each, and the subject of each session.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<State<Bound<'py, PyBytes>>> {
        let text = |value: serde_json::Result<String>| value.expect("plain tables");
        let mut models = Vec::new();
        for run in &self.runs {
            models.push(PyBytes::new(
                py,
                &run.encoder.to_safetensors().map_err(exception)?,
            ));
        }
        Ok((
            models,
            text(serde_json::to_string(&self.runs[0].settings)),
            self.runs
                .iter()
                .map(|run| text(serde_json::to_string(&run.channels)))
                .collect(),
            self.diagnostics
                .iter()
                .map(|d| text(serde_json::to_string(d)))
                .collect(),
            self.subjects.clone(),
        ))
    }

    /// From what `state` gave.
    #[staticmethod]
    fn of_state(state: State<Vec<u8>>) -> PyResult<Self> {
        let (models, settings, channels, diagnostics, subjects) = state;
        let damaged = |error: serde_json::Error| {
            PyValueError::new_err(format!("the pickle is damaged: {error}"))
        };
        let settings = read_settings(&settings)?;
        let mut runs = Vec::new();
        for (model, channels) in models.iter().zip(&channels) {
            runs.push(Run {
                encoder: Encoder::from_safetensors(model).map_err(exception)?,
                settings: settings.clone(),
                channels: serde_json::from_str(channels).map_err(damaged)?,
            });
        }
        if runs.is_empty() || subjects.iter().any(|&subject| subject >= runs.len()) {
            return Err(PyValueError::new_err(
                "the pickle is damaged: encoders are missing",
            ));
        }
        let diagnostics = diagnostics.iter().map(|text| serde_json::from_str(text));
        Ok(Self {
            runs,
            subjects,
            fitted: None,
            diagnostics: diagnostics.collect::<Result<_, _>>().map_err(damaged)?,
        })
    }

    /// The encoders of a model of CEBRA, from its `state_dict` in a file of safetensors, with the scale of no channels
    /// changed.
    #[staticmethod]
    fn load_cebra(path: PathBuf, name: &str) -> PyResult<Self> {
        let runs = xcebra::load_cebra(&path, name).map_err(exception)?;
        Ok(Self {
            subjects: (0..runs.len()).collect(),
            runs,
            fitted: None,
            diagnostics: Vec::new(),
        })
    }

    /// Its settings as JSON.
    #[getter]
    fn settings(&self) -> String {
        serde_json::to_string(&self.runs[0].settings).expect("settings are plain tables")
    }

    /// Names of its channels, of the first subject if there are several.
    #[getter]
    fn channels(&self) -> Vec<String> {
        self.runs[0].channels.names.clone()
    }

    /// Names of the channels of each subject.
    #[getter]
    fn all_channels(&self) -> Vec<Vec<String>> {
        self.runs
            .iter()
            .map(|run| run.channels.names.clone())
            .collect()
    }

    /// The subject of each session of the training.
    #[getter]
    fn subjects(&self) -> Vec<usize> {
        self.subjects.clone()
    }

    /// Number of outputs.
    #[getter]
    fn outputs(&self) -> usize {
        self.runs[0].encoder.architecture().outputs()
    }

    /// Samples that it sees at once.
    #[getter]
    fn window(&self) -> usize {
        self.runs[0].encoder.architecture().window.len()
    }

    /// What the encoder of each subject is like, as JSON; none if their folder does not say.
    #[getter]
    fn diagnostics(&self) -> Option<Vec<String>> {
        let text = |d| serde_json::to_string(d).expect("plain numbers");
        (!self.diagnostics.is_empty()).then(|| self.diagnostics.iter().map(text).collect())
    }

    /// What they are like, in sentences.
    #[getter]
    fn verdict(&self) -> Vec<String> {
        if let Some(fitted) = &self.fitted {
            return fitted.sentences();
        }
        Diagnostics::sentences_of(&self.diagnostics)
    }

    /// Where a new subject was added: for each label the R², mean and least, with which the linear maps of the others
    /// read it.
    #[getter]
    fn basis(&self) -> Option<BTreeMap<String, [f64; 2]>> {
        self.fitted.as_ref()?.basis().cloned()
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
        let run = &self.runs[self.subject(recording.session)?];
        let array = recording.array("X", 0)?;
        let edges = if pad { Edges::Pad } else { Edges::Drop };
        let found = outcome(in_background(py, &shown, |caller| {
            caller.watched(|watch| {
                let recording = run.scaled(array)?;
                embed(run, &recording, edges, &watch)
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
        let subject = self.subject(recording.session)?;
        let run = &self.runs[subject];
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
                let recording = run.scaled(array)?;
                let training = match training {
                    Some(arrays) => Some(Data::of_arrays(arrays, &run.settings)?),
                    None => own.cloned(),
                };
                attribute(run, &recording, &settings, training, &watch)
            })
        })?)?;
        found.diagnostics = self.diagnostics.get(subject).cloned();
        Ok(Maps { found })
    }

    /// Goodness of fit of each contrastive objective on a recording, in bits over chance.
    fn score(
        &self,
        py: Python<'_>,
        recording: RecordingGiven<'_>,
        shown: Shown,
    ) -> PyResult<Vec<f64>> {
        let run = &self.runs[self.subject(recording.session)?];
        let arrays = recording.to_arrays()?;
        outcome(in_background(py, &shown, |caller| {
            caller.watched(|watch| goodness_of_fit(run, arrays, &watch))
        })?)
    }

    /// Whether the training finds more than trainings on shuffled labels or channels do, as JSON, and a page.
    fn chance(
        &self,
        py: Python<'_>,
        shuffle: &str,
        trainings: usize,
        blocks: Option<usize>,
        shown: Shown,
    ) -> PyResult<(String, String)> {
        let fitted = self.fitted.as_ref().ok_or_else(|| {
            PyValueError::new_err(
                "the recording of the training is not here; fit again to compare with chance",
            )
        })?;
        let shuffles = [("labels", Shuffle::Labels), ("channels", Shuffle::Columns)];
        let how = ChanceSettings {
            shuffle: one_of("shuffle", shuffle, &shuffles)?,
            trainings,
            blocks,
        };
        outcome(in_background(py, &shown, |caller| {
            caller.watched(|watch| {
                let found = chance_of(fitted, &how, &watch)?;
                Ok::<_, Problem>((found.answer()?.json.to_string(), found.report().html()))
            })
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
