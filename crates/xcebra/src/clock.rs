//! A recording and its labels in bins of one clock: for a training, for an encoder, and as a file.

use std::path::{Path, PathBuf};

use ndarray::{Array1, ArrayD, IxDyn};
use serde::{Deserialize, Serialize};
use serde_json::json;
use xcebra_core::ops::Head;
use xcebra_core::{ObjectiveConfig, PositivesConfig};
use xcebra_files::{
    self as files, Aligned, AlignedLabel, Alignment, Constant, DataArray, FileError, LabelForm,
    LabelSource, NpzOutput, Source, Values, align, constant_channels, label_forms, seconds_of,
};
use xcebra_model::Watch;

use crate::fit::fit_file::{FitFile, SubjectsBy};
use crate::fit::unfinished::Inputs;
use crate::fit::{by_subject, subjects_of};
use crate::read::reading;
use crate::{Answer, Arrays, LabelArray, Problem, Result};

/// Concentration of the noise on labels that are angles, as `xcebra fit --help` shows it.
const KAPPA: f64 = 10.0;

/// Section `[data.clock]`: how recording and labels are brought to one clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockConfig {
    /// Length of the bins, such as `25ms`.
    pub bin: String,
    /// Standard deviation of the Gaussian kernel that turns spikes into rates in Hz; counts without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smooth: Option<String>,
    /// Which units are taken, as `quality=good,region=CA1`; default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// Table of the intervals to which the recording is restricted; default all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<String>,
    /// What happens to bins without a value: `cut` (default), `interpolate=LENGTH` or `refuse`.
    #[serde(default = "cut")]
    pub missing: String,
    /// What happens to channels that never change: `drop` (default) or `refuse`.
    #[serde(default = "drop_them")]
    pub constant: String,
    /// Labels that are angles in radians.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub angles: Vec<String>,
    /// Labels that are classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

fn cut() -> String {
    "cut".to_owned()
}

fn drop_them() -> String {
    "drop".to_owned()
}

impl ClockConfig {
    /// Bins of this length, such as `25ms`, and the defaults for everything else.
    pub fn new(bin: impl Into<String>) -> Self {
        Self {
            bin: bin.into(),
            smooth: None,
            units: None,
            epochs: None,
            missing: cut(),
            constant: drop_them(),
            angles: Vec::new(),
            classes: Vec::new(),
        }
    }

    /// The settings as the reader of files takes them.
    ///
    /// # Errors
    /// [`FileError::Clock`] for a setting that cannot be understood.
    pub fn alignment(&self) -> Result<Alignment, FileError> {
        let mut alignment = Alignment::new(seconds_of("bin", &self.bin)?);
        if let Some(units) = &self.units {
            alignment = alignment.units(units)?;
        }
        alignment.smooth = self
            .smooth
            .as_deref()
            .map(|text| seconds_of("smooth", text))
            .transpose()?;
        alignment.epochs.clone_from(&self.epochs);
        alignment.missing = self.missing.parse()?;
        alignment.constant = self.constant.parse()?;
        alignment.angles.clone_from(&self.angles);
        alignment.classes.clone_from(&self.classes);
        Ok(alignment)
    }
}

/// A recording and labels to bring to one clock.
#[derive(Clone, Debug)]
pub struct ConvertJob {
    /// The recording.
    pub data: Source,
    /// The labels, each as its name or as `NAME=ARRAY`.
    pub labels: Vec<String>,
    /// The clock.
    pub clock: ClockConfig,
    /// The `.npz` file to write.
    pub out: PathBuf,
}

/// The label of a text `NAME` or `NAME=ARRAY`.
///
/// # Errors
/// [`Problem`] without a name.
pub fn label_of(text: &str) -> Result<LabelSource> {
    let (name, array) = text.split_once('=').unwrap_or((text, text));
    // `trials.side`, `behavior/position`: the array's last part names the label
    let name = match name == array {
        true => name.rsplit(['.', '/', ':']).next().unwrap_or(name),
        false => name,
    };
    let name = name.split('@').next().unwrap_or(name).trim();
    if name.is_empty() || array.trim().is_empty() {
        return Err(Problem::setting(
            format!("--label {text} does not name a label"),
            "write NAME or NAME=ARRAY, such as pos=behaviour.csv:x@t",
        ));
    }
    Ok(LabelSource {
        name: name.to_owned(),
        array: array.trim().to_owned(),
    })
}

/// Writes a recording and its labels in bins: the arrays `x`, `t` with the centres of the bins, and each label
/// under its name; `segment` with the number of each bin's segment if there are several.
///
/// # Errors
/// [`Problem`] if something cannot be read, brought to one clock or written.
pub fn convert(job: &ConvertJob, watch: &Watch<'_>) -> Result<Answer> {
    let labels: Vec<LabelSource> = job
        .labels
        .iter()
        .map(|text| label_of(text))
        .collect::<Result<_>>()?;
    if let Some(taken) = labels
        .iter()
        .find(|label| ["x", "t", "segment"].contains(&label.name.as_str()))
    {
        return Err(Problem::setting(
            format!(
                "the label `{}` has the name of an array that `convert` writes itself",
                taken.name
            ),
            "rename it, as in NAME=ARRAY",
        ));
    }
    let alignment = job.clock.alignment()?;
    let aligned = reading(watch, || align(&job.data, &labels, &alignment))?;
    let mut notes = aligned.notes.clone();
    write(&aligned, &job.out, &mut notes)?;
    for note in &notes {
        watch.note(note);
    }
    let (bins, channels) = (aligned.times.len(), aligned.x.shape()[1]);
    let segments = aligned.x.breaks.len() + 1;
    let out = job.out.display().to_string();
    let names: Vec<&String> = aligned.labels.iter().map(|(name, _)| name).collect();
    let mut text = format!("{out}: x ({bins}, {channels}), t");
    for name in &names {
        text += &format!(", {name}");
    }
    if segments > 1 {
        text += &format!(", segment; {segments} segments");
    }
    Ok(Answer {
        text,
        json: json!({
            "out": out,
            "bins": bins,
            "channels": aligned.x.columns,
            "labels": names,
            "segments": segments,
            "notes": notes,
        }),
    })
}

fn write(aligned: &Aligned, out: &Path, notes: &mut Vec<String>) -> Result<()> {
    let mut output = NpzOutput::create(out)?;
    match &aligned.x.values {
        Values::U8(x) => output.add("x", x)?,
        Values::U16(x) => output.add("x", x)?,
        other => output.add("x", &other.to_float::<f64>())?,
    }
    output.add("t", &Array1::from_vec(aligned.times.clone()))?;
    for (name, label) in &aligned.labels {
        match label {
            AlignedLabel::Vector(values) => output.add(name, values)?,
            AlignedLabel::Matrix(values) => output.add(name, values)?,
            AlignedLabel::Classes(ids) => output.add(name, ids)?,
            AlignedLabel::Text(texts) => {
                let mut classes: Vec<&str> = texts.iter().map(|text| &**text).collect();
                classes.sort_unstable();
                classes.dedup();
                let id = |text: &str| classes.partition_point(|class| *class < text) as i64;
                let ids: Array1<i64> = texts.iter().map(|text| id(text)).collect();
                output.add(name, &ids)?;
                let words = classes
                    .iter()
                    .enumerate()
                    .map(|(i, class)| format!("{i} is {class}"));
                notes.push(format!(
                    "classes of {name}: {}",
                    words.collect::<Vec<_>>().join(", ")
                ));
            }
        }
    }
    if !aligned.x.breaks.is_empty() {
        let of = |bin: usize| aligned.x.breaks.partition_point(|&first| first <= bin) as i64;
        output.add(
            "segment",
            &(0..aligned.times.len()).map(of).collect::<Array1<i64>>(),
        )?;
    }
    Ok(output.commit()?)
}

/// Adds labels of the command line to the settings. If these have no objectives, all dimensions have positives
/// one bin later, and the second half of them positives by each label; all of them, if the encoder normalises its
/// output.
///
/// # Errors
/// [`Problem`] if a label cannot be read.
pub fn with_labels(mut settings: FitFile, data: &Source, labels: &[String]) -> Result<FitFile> {
    let Some(clock) = settings.data.clock.clone() else {
        return Ok(settings);
    };
    let alignment = clock.alignment()?;
    let outputs = settings.encoder.outputs;
    let chosen = settings.objective.is_empty() && !labels.is_empty();
    // dimensions of one length cannot be divided
    let half = match settings.encoder.architecture(1).head {
        Head::Normalize => None,
        _ => Some([outputs / 2, outputs]),
    };
    if chosen {
        settings
            .objective
            .push(ObjectiveConfig::info_nce(PositivesConfig::Time {
                offset: 1,
            }));
    }
    let labels: Vec<LabelSource> = labels
        .iter()
        .map(|text| label_of(text))
        .collect::<Result<_>>()?;
    if chosen {
        let forms = label_forms(data, &labels, &alignment)?;
        for (label, form) in labels.iter().zip(forms) {
            settings.objective.push(ObjectiveConfig {
                dims: half,
                ..ObjectiveConfig::info_nce(positives(label.name.clone(), form))
            });
        }
    }
    let sources = labels.into_iter().map(|label| (label.name, label.array));
    settings.data.labels.extend(sources);
    Ok(settings)
}

/// The positives by a label.
fn positives(label: String, form: LabelForm) -> PositivesConfig {
    match form {
        LabelForm::Classes => PositivesConfig::Discrete { label },
        LabelForm::Angles => PositivesConfig::DeltaVmf {
            label,
            kappa: KAPPA,
        },
        LabelForm::Numbers => PositivesConfig::TimeDelta { label, delta: 1 },
    }
}

/// The sessions and labels of a training in bins, and what was decided.
pub(crate) fn sessions(
    inputs: &Inputs,
    settings: &FitFile,
    clock: &ClockConfig,
) -> Result<(Arrays, Vec<String>)> {
    if settings.data.transpose {
        return Err(Problem::setting(
            "a recording in bins of a clock cannot be transposed",
            "leave out data.transpose: its rows are moments in time",
        ));
    }
    let several = inputs.data.len() > 1;
    let mut alignment = clock.alignment()?;
    let constant = alignment.constant;
    if several {
        // a unit may be silent in one session alone
        alignment.constant = Constant::Keep;
    }
    let (mut arrays, mut notes) = (Arrays::default(), Vec::new());
    for text in &inputs.data {
        let source = recorded(inputs.source(text)?, &settings.data.x);
        let mut labels = Vec::new();
        for (name, array) in settings.labels() {
            let array = match Source::of_other_file(&array).is_some() {
                true if several => {
                    return Err(Problem::data(
                        format!(
                            "the label `{name}` is in a file of its own, and there are several sessions"
                        ),
                        "keep the label of each session in its file",
                    ));
                }
                true => inputs.source(&array)?.to_string(),
                false => array,
            };
            labels.push(LabelSource { name, array });
        }
        let aligned = align(&source, &labels, &alignment)?;
        notes.extend(aligned.notes);
        arrays.sessions.push(aligned.x);
        for (name, label) in aligned.labels {
            arrays
                .labels
                .entry(name.clone())
                .or_default()
                .push(label_array(&name, label));
        }
    }
    if several {
        let (by, sessions) = (settings.data.subjects, &mut arrays.sessions);
        drop_constant(sessions, by, constant, &mut notes)?;
    }
    Ok((arrays, notes))
}

/// Leaves out channels that never change in any session of their subject.
fn drop_constant(
    sessions: &mut [DataArray],
    by: SubjectsBy,
    how: Constant,
    notes: &mut Vec<String>,
) -> Result<()> {
    // the training itself refuses them, by name
    if how == Constant::Refuse {
        return Ok(());
    }
    // the values are lent to tables, not copied
    let lent = |session: &mut DataArray| {
        let none = Values::U8(ArrayD::zeros(IxDyn(&[0])));
        let values = std::mem::replace(&mut session.values, none);
        DataArray {
            values,
            ..session.clone()
        }
        .recording()
    };
    let tables: Vec<files::Table> = sessions.iter_mut().map(lent).collect::<Result<_, _>>()?;
    let of = subjects_of(&tables, by)?;
    for own in by_subject(tables, &of) {
        let (numbers, tables): (Vec<usize>, Vec<files::Table>) = own.into_iter().unzip();
        let silent = constant_channels(&tables, f64::EPSILON);
        let names = tables[0].channels.clone();
        for (&number, table) in numbers.iter().zip(tables) {
            sessions[number].values = table.into_values();
        }
        // where nothing else is there, the training refuses them
        if silent.is_empty() || silent.len() == names.len() {
            continue;
        }
        let places: Vec<String> = numbers.iter().map(|&n| sessions[n].place()).collect();
        let whose = match numbers.len() == of.len() {
            true => String::new(),
            false => format!(" of {}", places.join(" with ")),
        };
        notes.push(format!(
            "left out: channels that never change in any session{whose}: {}",
            silent.join(", ")
        ));
        let kept = names.into_iter().filter(|name| !silent.contains(name));
        let kept: Vec<String> = kept.collect();
        for number in numbers {
            sessions[number] = sessions[number].clone().columns_named(&kept)?;
        }
    }
    Ok(())
}

/// The recording of a file for a trained encoder, with the channels of the training.
pub(crate) fn recording(
    source: &Source,
    settings: &FitFile,
    (clock, channels): (&ClockConfig, &[String]),
) -> Result<DataArray, FileError> {
    let source = recorded(source.clone(), &settings.data.x);
    let mut alignment = clock.alignment()?;
    alignment.constant = Constant::Keep;
    // labels limit the time of a training: the same bins, if they are in this file
    let own = settings
        .labels()
        .into_iter()
        .filter(|(_, array)| Source::of_other_file(array).is_none());
    let labels: Vec<LabelSource> = own
        .map(|(name, array)| LabelSource { name, array })
        .collect();
    let aligned = match align(&source, &labels, &alignment) {
        Err(FileError::Missing { .. }) if !labels.is_empty() => align(&source, &[], &alignment)?,
        other => other?,
    };
    let mut array = match aligned
        .x
        .columns
        .as_ref()
        .is_some_and(|own| channels.iter().all(|c| own.contains(c)))
    {
        true => aligned.x.columns_named(channels)?,
        false => aligned.x,
    };
    array.notes.extend(aligned.notes);
    Ok(array)
}

/// The source with the array of the settings, unless that is no more than the usual name.
fn recorded(mut source: Source, default: &str) -> Source {
    if source.array.is_none() && default != "x" {
        source.array = Some(default.to_owned());
    }
    source
}

/// A label in memory as a training takes it.
pub(crate) fn label_array(name: &str, label: AlignedLabel) -> LabelArray {
    let numbers = |values| DataArray::in_memory(name, values).into();
    match label {
        AlignedLabel::Vector(values) => numbers(Values::F64(values.into_dyn())),
        AlignedLabel::Matrix(values) => numbers(Values::F64(values.into_dyn())),
        AlignedLabel::Classes(ids) => numbers(Values::I64(ids.into_dyn())),
        AlignedLabel::Text(texts) => LabelArray::Text(texts),
    }
}
