//! Attribution maps of a trained encoder, with tests of their entries.

mod comparable;
pub(crate) mod heads;
mod keep;
mod of_model;
mod result;
mod shared;
mod significance;
mod tested;

pub use comparable::ComparableMap;
pub use of_model::{ModelMapSettings, ModelMaps, attribute_model};
pub use result::Attributed;
#[cfg(feature = "synth")]
pub(crate) use result::{add_maps, add_names};
pub use significance::{SMALLEST_EFFECT, SignificanceSettings};
pub use tested::{AllTested, Tested};

use std::path::Path;
use std::time::{Duration, Instant};

use xcebra_attr::comparable::{Effects, TangentIng};
use xcebra_attr::{AttributionMap, Methods, Options, Piece, Samples, Sink};
use xcebra_files::Source;
use xcebra_model::Watch;

use crate::fit::unfinished::Inputs;
use crate::fit::{Data, Known};
use crate::kept::KeptTraining;
use crate::read::reading;
use crate::retraining::TANGENT;
use crate::share::Share;
use crate::{Diagnostics, Problem, Result, Run, ScaledRecording, Sessions, Windows};
pub(crate) use of_model::attribute_model_share;
use shared::shared_maps;
use significance::{Test, seconds_of};

/// Which maps to compute.
#[derive(Debug)]
pub struct AttributeSettings {
    /// The methods.
    pub methods: Methods<f32>,
    /// How to test each entry, if they are to be tested.
    pub significance: Option<SignificanceSettings>,
}

/// Computes attribution maps of a trained encoder on a recording.
///
/// A test of their entries retrains the encoder, for which it needs `training`, the data of its training.
///
/// # Errors
/// [`Problem`] if the recording is too short or a method fails, and of the kind
/// [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
pub fn attribute(
    run: &Run,
    recording: &ScaledRecording,
    settings: &AttributeSettings,
    training: Option<Data>,
    watch: &Watch<'_>,
) -> Result<Attributed> {
    let windows = windows_of(run, recording)?;
    // the subject is known by its channels and their scales
    let own = |data: &Data| {
        data.subjects
            .iter()
            .position(|s| s.channels == run.channels)
    };
    let subject = training.as_ref().and_then(own).unwrap_or(0);
    let test = match &settings.significance {
        Some(test) => Some(test.prepare((run, subject), training, None, &windows, watch)?),
        None => None,
    };
    maps_and_test(run, recording, (&windows, test), settings, watch)
}

/// As [`attribute`], of the encoder in a folder on a recording in a file. If the folder holds the encoders of
/// several subjects, it is that of a session, by its number or the name of its file.
///
/// # Errors
/// As [`attribute`], and if a file cannot be read or holds other channels.
pub fn attribute_files(
    folder: &Path,
    session: Option<&str>,
    data: &Source,
    settings: &AttributeSettings,
    watch: &Watch<'_>,
) -> Result<Attributed> {
    let subject = Run::subject(folder, session)?;
    let run = Run::load_session(folder, session)?;
    let recording = reading(watch, || run.recording(data))?;
    let windows = windows_of(&run, &recording)?;
    let test = match &settings.significance {
        Some(test) => Some(prepared(
            folder,
            data,
            (&run, subject),
            test,
            &windows,
            watch,
        )?),
        None => None,
    };
    let mut found = maps_and_test(&run, &recording, (&windows, test), settings, watch)?;
    found.come_from(folder, subject, data);
    Ok(found)
}

/// As [`attribute_files`] without a test, or a share of it, of which there is nothing to tell.
pub(crate) fn attribute_files_share(
    folder: &Path,
    session: Option<&str>,
    data: &Source,
    methods: &Methods<f32>,
    share: &Share<'_>,
    watch: &Watch<'_>,
) -> Result<Option<Attributed>> {
    let start = Instant::now();
    let subject = Run::subject(folder, session)?;
    let run = Run::load_session(folder, session)?;
    let recording = reading(watch, || run.recording(data))?;
    let windows = windows_of(&run, &recording)?;
    let found = shared_maps(&run, &windows, methods, share, watch);
    recording.require_read()?;
    let Some((maps, comparable)) = found? else {
        return Ok(None);
    };
    let mut found = attributed(&run, &recording, start, (maps, comparable, None), watch);
    found.come_from(folder, subject, data);
    Ok(Some(found))
}

/// A test of the maps of an encoder in a folder.
fn prepared(
    folder: &Path,
    data: &Source,
    of: (&Run, usize),
    test: &SignificanceSettings,
    windows: &Windows<'_>,
    watch: &Watch<'_>,
) -> Result<Test> {
    test.require_enough()?;
    let training = training_data(folder, data, of.0)?;
    test.prepare(of, Some(training), seconds_of(folder), windows, watch)
}

/// Checks that a test of the maps of [`attribute_files`] can be made, without a training.
pub(crate) fn check_test(
    (folder, session): (&Path, Option<&str>),
    data: &Source,
    test: &SignificanceSettings,
) -> Result<()> {
    with_test((folder, session), data, test, &Watch::new(), |_| Ok(()))
}

/// Makes the training of a number for the test of [`attribute_files`], kept in a folder.
pub(crate) fn train_for_test(
    (folder, session): (&Path, Option<&str>),
    data: &Source,
    test: &SignificanceSettings,
    (k, place, every): (usize, &Path, Duration),
    watch: &Watch<'_>,
) -> Result<()> {
    with_test((folder, session), data, test, watch, |test| {
        let kept = KeptTraining::in_folder(place, every)?;
        test.trained(k, &kept, watch).map(drop)
    })
}

fn with_test(
    (folder, session): (&Path, Option<&str>),
    data: &Source,
    test: &SignificanceSettings,
    watch: &Watch<'_>,
    work: impl FnOnce(&Test) -> Result<()>,
) -> Result<()> {
    let subject = Run::subject(folder, session)?;
    let run = Run::load_session(folder, session)?;
    let recording = run.recording(data)?;
    let windows = windows_of(&run, &recording)?;
    // what the whole test costs says nothing of a part
    let quiet = Watch::new();
    let test = prepared(folder, data, (&run, subject), test, &windows, &quiet)?;
    match watch.is_stopped() {
        true => Err(Problem::stopped()),
        false => work(&test),
    }
}

/// What the encoders of a folder were trained on: the recording itself, or the sessions of all subjects.
fn training_data(folder: &Path, data: &Source, run: &Run) -> Result<Data> {
    let sessions = Sessions::load(folder)?.filter(|sessions| sessions.count() > 1);
    let Some(sessions) = sessions else {
        return Data::read(&Inputs::new(std::slice::from_ref(data))?, &run.settings);
    };
    let inputs = sessions.inputs.ok_or_else(|| {
        Problem::file(
            format!(
                "{} does not say which files its encoders were trained on",
                folder.display()
            ),
            "train on files, with `xcebra fit`, to test the entries of maps",
        )
    })?;
    let known = Known {
        subjects: Some(sessions.subjects),
        ..Known::default()
    };
    Data::read_as(&inputs, &run.settings, &known)
}

fn maps_and_test(
    run: &Run,
    recording: &ScaledRecording,
    (windows, test): (&Windows<'_>, Option<Test>),
    settings: &AttributeSettings,
    watch: &Watch<'_>,
) -> Result<Attributed> {
    let start = Instant::now();
    let add = test
        .as_ref()
        .map(|test: &Test| |piece: &Piece<'_>| test.add(piece));
    let sink = add.as_ref().map(|add| add as Sink<'_>);
    let found = maps(run, windows, &settings.methods, sink, watch);
    recording.require_read()?;
    let (maps, comparable) = found?;
    let tested = test
        .as_ref()
        .map(|test| test.run(run, &settings.methods, watch));
    let tested = tested.transpose()?;
    if watch.is_stopped() {
        return Err(Problem::stopped());
    }
    Ok(attributed(
        run,
        recording,
        start,
        (maps, comparable, tested),
        watch,
    ))
}

/// What was found since `start`, with what there is to say of it.
fn attributed(
    run: &Run,
    recording: &ScaledRecording,
    start: Instant,
    (maps, comparable, tested): (
        Vec<AttributionMap>,
        Option<ComparableMap>,
        Option<AllTested>,
    ),
    watch: &Watch<'_>,
) -> Attributed {
    let seconds = start.elapsed().as_secs_f64();
    let mut notes = recording.notes.clone();
    let zero = maps
        .iter()
        .filter(|map| map.max_abs().iter().all(|&value| value == 0.0));
    notes.extend(zero.map(|map| {
        format!(
            "the map {} is zero: on this recording the encoder's outputs do not change; look at \
             the training curves, and train with a smaller train.learning_rate",
            map.method()
        )
    }));
    for note in &notes {
        watch.note(note);
    }
    Attributed {
        run: run.clone(),
        encoder: "memory".to_owned(),
        data: "a recording in memory".to_owned(),
        inputs: recording.x.channels(),
        segments: recording.x.sessions().len(),
        seconds,
        maps,
        comparable,
        tested,
        diagnostics: None,
        notes,
    }
}

impl Attributed {
    /// Names the files that it was made of.
    fn come_from(&mut self, folder: &Path, subject: usize, data: &Source) {
        self.encoder = folder.display().to_string();
        self.data = data.path.display().to_string();
        self.diagnostics = Diagnostics::load_subject(folder, subject);
    }
}

/// The windows of a recording, of which there must be some.
fn windows_of<'a>(run: &Run, recording: &'a ScaledRecording) -> Result<Windows<'a>> {
    let windows = Windows::of(&run.encoder, &recording.x);
    if !windows.is_empty() {
        return Ok(windows);
    }
    let longest = recording
        .x
        .sessions()
        .iter()
        .map(ExactSizeIterator::len)
        .max();
    Err(Problem::data(
        format!(
            "{} samples without interruption are fewer than the {} that the encoder sees at once",
            longest.unwrap_or(0),
            run.encoder.architecture().window.len()
        ),
        "pass a longer recording",
    ))
}

/// Maps over all windows of a recording, with the comparable one if the inverted neuron gradient is among them;
/// attributions of samples go to `sink`.
fn maps(
    run: &Run,
    windows: &Windows<'_>,
    methods: &Methods<f32>,
    sink: Option<Sink<'_>>,
    watch: &Watch<'_>,
) -> Result<(Vec<AttributionMap>, Option<ComparableMap>)> {
    let mut options = Options::new().watch(*watch);
    let model = watch.over(&run.encoder);
    let failed = |error| Problem::from(error).nothing_written();
    let Some(frame) = comparable::frame_of(run, windows, methods).map_err(failed)? else {
        if let Some(sink) = sink {
            options = options.sink(sink);
        }
        let found = xcebra_attr::attribute(&model, windows, methods, &options);
        return Ok((found.map_err(failed)?, None));
    };
    let effects = Effects::new(&frame);
    let both = |piece: &Piece<'_>| match (piece.method == TANGENT, sink) {
        (true, _) => effects.add(piece),
        (false, Some(sink)) => sink(piece),
        (false, None) => Ok(()),
    };
    let methods = methods.clone().with(TangentIng::new(frame.clone()));
    let found = xcebra_attr::attribute(&model, windows, &methods, &options.sink(&both));
    let mut maps = found.map_err(failed)?;
    let tangents = maps.pop();
    let map = effects
        .finish(&comparable::deviations(run))
        .map_err(failed)?;
    let comparable = ComparableMap::new(map, &frame, tangents.as_ref());
    Ok((maps, Some(comparable)))
}
