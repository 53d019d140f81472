//! The workflows as functions: on arrays they give what they give on files, and each call is watched and
//! stopped by itself.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ndarray::{Array2, ArrayD, array};
use xcebra::core::encoder::Edges;
use xcebra::explain::{BaselineSource, ExplainSettings, Input, SignalSource, Subject};
use xcebra::files::{DataArray, NpzOutput, Source, Values};
use xcebra::model::{FnModel, Kind, Progress, Watch};
use xcebra::{
    Arrays, AttributeSettings, Begin, Data, FitFile, FitJob, SignificanceSettings, attribute,
    attribute_files, compare, embed, embed_files, embed_labelled, explain, fit, fit_files,
    fit_so_far, goodness_of_fit, score_map, score_map_files,
};

fn settings() -> FitFile {
    let sets = ["train.steps=40", "train.batch=64", "encoder.outputs=3"].map(str::to_owned);
    let text = "[[objective]]\npositives = { kind = 'time-delta', label = 'speed' }\n";
    FitFile::parse(text, &sets).unwrap()
}

fn recording() -> Array2<f32> {
    Array2::from_shape_fn((600, 4), |(t, c)| {
        ((t as f32) * 0.03 * (c + 1) as f32).sin() + 0.1 * ((t * 7 + c) % 13) as f32
    })
}

fn speed() -> Array2<f64> {
    Array2::from_shape_fn((600, 1), |(t, _)| (t as f64 * 0.02).cos())
}

fn x() -> DataArray {
    DataArray::in_memory("x", Values::F32(recording().into_dyn()))
}

fn arrays() -> Arrays {
    let speed = DataArray::in_memory("speed", Values::F64(speed().into_dyn()));
    Arrays {
        sessions: vec![x()],
        labels: [("speed".to_owned(), vec![speed.into()])].into(),
    }
}

fn write_data(path: &Path) -> Source {
    let mut output = NpzOutput::create(path).unwrap();
    output.add("x", &recording()).unwrap();
    output.add("speed", &speed()).unwrap();
    output.commit().unwrap();
    Source::file(path)
}

fn job(data: &Source, out: &Path) -> FitJob {
    FitJob {
        data: vec![data.clone()],
        settings: settings(),
        out: out.to_path_buf(),
        force: false,
        checkpoint_every: Duration::from_secs(30),
        seeds: None,
        begin: Begin::Fresh,
    }
}

#[test]
fn arrays_and_files_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (data, run) = (folder.path().join("data.npz"), folder.path().join("run"));
    let data = write_data(&data);
    let watch = Watch::new();
    fit_files(&job(&data, &run), &watch).unwrap();

    let settings = settings();
    let fitted = fit(
        &settings,
        Data::of_arrays(arrays(), &settings).unwrap(),
        &watch,
    )
    .unwrap();
    let own = folder.path().join("own");
    fs::create_dir(&own).unwrap();
    fitted.write(&own).unwrap();
    for file in [
        "model.safetensors",
        "config.toml",
        "channels.json",
        "diagnostics.json",
        "curves.csv",
    ] {
        let (files, arrays) = (fs::read(run.join(file)), fs::read(own.join(file)));
        assert_eq!(files.unwrap(), arrays.unwrap(), "{file}");
    }

    let recording = fitted.run().scaled(x()).unwrap();
    let of_array = embed(fitted.run(), &recording, Edges::Pad, &watch).unwrap();
    let of_file = embed_files(&run, None, &data, Edges::Pad, &watch).unwrap();
    assert_eq!(of_array.values, of_file.values);
    assert_eq!(of_array.values.dim(), (600, 3));

    let maps = AttributeSettings {
        methods: "ing,neuron-gradient".parse().unwrap(),
        significance: None,
    };
    let of_array = attribute(fitted.run(), &recording, &maps, None, &watch).unwrap();
    let of_file = attribute_files(&run, None, &data, &maps, &watch).unwrap();
    for (array, file) in of_array.maps.iter().zip(&of_file.maps) {
        assert_eq!(array.values(), file.values());
    }
    assert!(of_file.diagnostics.is_some());

    // the map of one method as the truth of another
    let mean = of_array.maps[0].values().mean().unwrap();
    let truth = of_array.maps[0].values().mapv(|v| v > mean);
    let map = of_array.maps[1].values().clone();
    let mut output = NpzOutput::create(&folder.path().join("maps.npz")).unwrap();
    output.add("map", &map).unwrap();
    output.add("truth", &truth).unwrap();
    output.commit().unwrap();
    let source = |name| Source::new(folder.path().join("maps.npz"), name);
    assert_eq!(
        score_map(map, &truth, &watch).unwrap(),
        score_map_files(&source("map"), &source("truth"), &watch).unwrap()
    );
}

#[test]
fn entries_are_tested_and_seeds_compared_in_memory() {
    let settings = settings();
    let watch = Watch::new();
    let data = Data::of_arrays(arrays(), &settings).unwrap();
    let fitted = fit(&settings, data.clone(), &watch).unwrap();
    let recording = fitted.run().scaled(x()).unwrap();
    let maps = AttributeSettings {
        methods: "ing".parse().unwrap(),
        significance: Some(SignificanceSettings {
            trainings: 10,
            blocks: 10,
            ..SignificanceSettings::default()
        }),
    };
    let missing = attribute(fitted.run(), &recording, &maps, None, &watch).unwrap_err();
    assert_eq!(missing.kind(), Kind::Setting);
    let found = attribute(fitted.run(), &recording, &maps, Some(data), &watch).unwrap();
    let tested = found.tested.unwrap();
    assert_eq!(tested.trainings, 10);
    assert_eq!(tested.tested[0].1.connections().dim(), (4, 3));

    let agreement = compare(&fitted, 3, &watch).unwrap();
    assert_eq!(agreement.seeds.len(), 3);
}

#[test]
fn a_training_that_is_stopped_can_give_what_it_has_reached() {
    let settings = settings();
    let data = || Data::of_arrays(arrays(), &settings).unwrap();
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Ordering::SeqCst) >= 7;
    let watch = Watch::new().stop_when(&stop);
    let part = fit_so_far(&settings, data(), &watch).unwrap();
    assert!(part.is_part());
    let steps = *part.history().step.last().unwrap() + 1;
    assert!(steps < 40, "{steps}");
    let whole = fit_so_far(&settings, data(), &Watch::new()).unwrap();
    assert!(!whole.is_part());
    let same = fit(&settings, data(), &Watch::new()).unwrap();
    let bytes = |fitted: &xcebra::Fitted| fitted.run().encoder.to_safetensors().unwrap();
    assert_eq!(bytes(&whole), bytes(&same));
    assert_ne!(bytes(&whole), bytes(&part));
}

#[test]
fn the_goodness_of_fit_knows_a_trained_encoder_and_what_it_was_told() {
    let mut settings = settings();
    settings.train.steps = 300;
    settings.train.learning_rate = 3e-3;
    let watch = Watch::new();
    let trained = fit(
        &settings,
        Data::of_arrays(arrays(), &settings).unwrap(),
        &watch,
    )
    .unwrap();
    settings.train.steps = 1;
    let new = fit(
        &settings,
        Data::of_arrays(arrays(), &settings).unwrap(),
        &watch,
    )
    .unwrap();
    let bits = |fitted: &xcebra::Fitted, recording: Arrays| {
        let found = goodness_of_fit(fitted.run(), recording, &watch).unwrap();
        assert_eq!(found.len(), 1);
        found[0]
    };
    let own = bits(&trained, arrays());
    assert_eq!(own, bits(&trained, arrays()));
    assert!(own > 0.5 && own > bits(&new, arrays()) + 0.3, "{own}");
    // with labels in another order, positives are any samples
    let mut shuffled = arrays();
    let other = Array2::from_shape_fn((600, 1), |(t, _)| speed()[[(t * 211) % 600, 0]]);
    let other = DataArray::in_memory("speed", Values::F64(other.into_dyn()));
    shuffled
        .labels
        .insert("speed".to_owned(), vec![other.into()]);
    assert!(bits(&trained, shuffled) < own - 0.3);
    let mut without = arrays();
    without.labels.clear();
    let problem = goodness_of_fit(trained.run(), without, &watch).unwrap_err();
    assert!(problem.to_string().contains("`speed`"), "{problem}");
}

#[test]
fn a_label_that_is_missing_or_too_short_is_refused() {
    let settings = settings();
    let mut without = arrays();
    without.labels.clear();
    let problem = Data::of_arrays(without, &settings).unwrap_err();
    assert!(problem.to_string().contains("`speed`"), "{problem}");
    assert_eq!(problem.kind(), Kind::Data);
    let mut short = arrays();
    let part = DataArray::in_memory(
        "speed",
        Values::F64(speed().slice_move(ndarray::s![..500, ..]).into_dyn()),
    );
    short.labels.insert("speed".to_owned(), vec![part.into()]);
    let problem = Data::of_arrays(short, &settings).unwrap_err();
    assert!(problem.to_string().contains("500"), "{problem}");
}

/// The square of each of two outputs' inputs: `Σ x²`.
fn energy() -> Subject {
    let model = FnModel::per_sample(
        [2, 16],
        1,
        |x| Ok(array![x.mapv(|v: f64| v * v).sum()]),
        |x, cotangent| Ok(&x * (2.0 * cotangent[0])),
    );
    Subject::of_model("energy", model)
}

#[test]
fn signals_of_arrays_and_of_files_are_explained_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signals.npz");
    let signals = ArrayD::from_shape_fn(vec![3, 2, 16], |i| {
        ((i[0] + 1) as f64 * (i[2] as f64) * 0.4 + i[1] as f64).sin()
    });
    let mut output = NpzOutput::create(&path).unwrap();
    output.add("x", &signals).unwrap();
    output.commit().unwrap();
    let explained = |source: SignalSource| {
        let mut settings = ExplainSettings::new(source);
        settings.sampling_rate = Some(16.0);
        settings.baseline = BaselineSource::Mean;
        settings.curves = Some(2);
        explain(&energy(), &settings, &Watch::new()).unwrap()
    };
    let array = explained(Input::new(signals, "the signals").into());
    let file = explained(Source::new(&path, "x").into());
    let both = array.attributions(0).zip(file.attributions(0));
    for (array, file) in both {
        assert_eq!(array.attribution, file.attribution);
        // completeness: an output of the second degree, which the adaptive rule integrates exactly
        let change = array.value[0] - array.baseline_value[0];
        assert!((array.attribution.sum() - change).abs() < 1e-9 * change.abs());
    }
    let (mut array, file) = (array.answer(None).unwrap(), file.answer(None).unwrap());
    let mut json = file.json.clone();
    for answer in [&mut array.json, &mut json] {
        answer["seconds"] = 0.into();
    }
    assert_eq!(array.json["value"], json["value"]);
    assert_eq!(array.json["strongest"], json["strongest"]);
    assert!(!file.text.is_empty() && array.json.get("out").is_none());
}

#[test]
fn two_jobs_in_one_process_are_watched_and_stopped_apart() {
    let settings = settings();
    let run = |stop_at: usize| {
        let (steps, tasks) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let progress = |progress: Progress<'_>| {
            steps.store(progress.done as usize, Ordering::SeqCst);
            tasks.lock().unwrap().push(progress.task.to_owned());
        };
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::SeqCst) >= stop_at;
        let watch = Watch::new().on_progress(&progress).stop_when(&stop);
        let data = Data::of_arrays(arrays(), &settings).unwrap();
        let found = fit(&settings, data, &watch).map(|fitted| fitted.history().loss.len());
        let tasks = tasks.into_inner().unwrap();
        assert!(tasks.iter().all(|task| task == "fit") && !tasks.is_empty());
        (found.map_err(|problem| problem.kind()), steps.into_inner())
    };
    let run = &run;
    thread::scope(|scope| {
        let stopped = scope.spawn(move || run(3));
        let finished = scope.spawn(move || run(usize::MAX));
        let (stopped, finished) = (stopped.join().unwrap(), finished.join().unwrap());
        assert_eq!(stopped.0, Err(Kind::Interrupted));
        assert!(finished.0.is_ok());
        assert_eq!(finished.1, 40);
    });
}

#[test]
fn a_watch_stops_every_workflow_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let data = write_data(&folder.path().join("data.npz"));
    let run = folder.path().join("run");
    fit_files(&job(&data, &run), &Watch::new()).unwrap();
    let stop = || true;
    let watch = Watch::new().stop_when(&stop);
    let maps = AttributeSettings {
        methods: "ing".parse().unwrap(),
        significance: None,
    };
    let mut signal = ExplainSettings::new(Input::new(ArrayD::ones(vec![2, 16]), "ones"));
    signal.sampling_rate = Some(16.0);
    let kinds = [
        attribute_files(&run, None, &data, &maps, &watch)
            .err()
            .map(|p| p.kind()),
        embed_files(&run, None, &data, Edges::Pad, &watch)
            .err()
            .map(|p| p.kind()),
        explain(&energy(), &signal, &watch).err().map(|p| p.kind()),
        fit_files(&job(&data, &folder.path().join("other")), &watch)
            .err()
            .map(|p| p.kind()),
    ];
    assert_eq!(kinds, [Some(Kind::Interrupted); 4]);
}

#[test]
fn labels_are_read_before_anything_is_embedded() {
    let folder = tempfile::tempdir().unwrap();
    let data = write_data(&folder.path().join("data.npz"));
    let run = folder.path().join("run");
    fit_files(&job(&data, &run), &Watch::new()).unwrap();
    let tasks = Mutex::new(Vec::new());
    let told = |progress: Progress<'_>| tasks.lock().unwrap().push(progress.task.to_owned());
    let embeds = || tasks.lock().unwrap().iter().any(|task| task == "embed");
    let watch = Watch::new().on_progress(&told);
    let embedded = |labels: &[&str], edges| {
        let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
        embed_labelled(&run, None, &data, edges, &labels, &watch)
    };
    let problem = embedded(&["nobody"], Edges::Pad).unwrap_err();
    assert!(problem.to_string().contains("nobody"), "{problem}");
    assert!(!embeds());
    for edges in [Edges::Pad, Edges::Drop] {
        let (embedding, labels) = embedded(&["speed"], edges).unwrap();
        let after = embedding.labels(&data, &["speed".to_owned()], &Watch::new());
        assert_eq!(format!("{labels:?}"), format!("{:?}", after.unwrap()));
        let plain = embed_files(&run, None, &data, edges, &Watch::new()).unwrap();
        assert_eq!(embedding.values, plain.values);
    }
    assert!(embeds());
}
