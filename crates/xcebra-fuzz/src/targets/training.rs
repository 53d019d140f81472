//! What a training reads: settings, checkpoints, the files of its folder.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use ndarray::Array2;
use safetensors::{SafeTensors, tensor::TensorView};
use xcebra::{Channels, Diagnostics, FitFile, Run, Unfinished};
use xcebra_core::{Checkpoint, Config, Recording, Trainer};
use xcebra_files::{DataArray, Source, Values};

/// A small training, its checkpoint, and a folder that holds it.
struct Small {
    trainer: Trainer<f32>,
    checkpoint: Vec<u8>,
    folder: tempfile::TempDir,
}

const SETTINGS: &str = "encoder.outputs = 2\ntrain.steps = 4\ntrain.batch = 8\n";

impl Small {
    fn new() -> Self {
        let settings = FitFile::parse(SETTINGS, &[]).expect("sound settings");
        let x = Array2::from_shape_fn((50, 2), |(t, c)| ((t + 3 * c) as f32).sin());
        let training = || {
            let recording = Recording::new(x.view()).expect("a sound recording");
            Trainer::new(settings.config(), recording).expect("sound settings")
        };
        let mut trainer = training();
        trainer.step().expect("a step");
        let checkpoint = trainer.checkpoint().to_bytes().expect("a checkpoint");
        let mut whole = training();
        whole
            .run(|_, _| ControlFlow::Continue(()))
            .expect("four steps");
        let (encoder, history) = whole.finish().expect("an encoder");
        let values = Values::F64(x.mapv(f64::from).into_dyn());
        let raw = DataArray::new(Source::file("x.npy"), values)
            .recording()
            .expect("a sound recording");
        let channels = Channels::of(&[raw], true).expect("channels that vary");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = Run {
            encoder,
            settings,
            channels,
        };
        run.save(folder.path(), &history, "").expect("a folder");
        Self {
            trainer,
            checkpoint,
            folder,
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("a temporary file");
        path
    }
}

thread_local! {
    static SMALL: RefCell<Small> = RefCell::new(Small::new());
}

/// The first byte decides whether the rest is the file itself, or the state inside a sound one, whose
/// checksum is right.
pub fn checkpoint(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else {
        return;
    };
    SMALL.with_borrow_mut(|small| {
        let file = match kind % 2 {
            0 => rest.to_vec(),
            _ => with_state(&small.checkpoint, rest),
        };
        let Ok(checkpoint) = Checkpoint::<f32>::from_bytes(&file) else {
            return;
        };
        let _ = checkpoint.to_bytes().expect("what was read can be written");
        let _ = small.trainer.restore(&checkpoint);
    });
}

/// A checkpoint with another state.
fn with_state(sound: &[u8], state: &[u8]) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(sound).expect("a sound file");
    let tensors = SafeTensors::deserialize(sound).expect("a sound file");
    let mut all: Vec<(String, TensorView<'_>)> = tensors.tensors();
    for (name, view) in &mut all {
        if name == "state" {
            *view = TensorView::new(view.dtype(), vec![state.len()], state).expect("bytes");
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut sum = crc32fast::Hasher::new();
    for (name, view) in &all {
        sum.update(name.as_bytes());
        sum.update(view.data());
    }
    let mut metadata: HashMap<String, String> = header.metadata().clone().unwrap_or_default();
    metadata.insert(
        "xcebra.checksum".to_owned(),
        format!("{:08x}", sum.finalize()),
    );
    safetensors::serialize(all, Some(metadata)).expect("a sound file")
}

/// Settings, and after zero bytes the overrides of `--set`.
pub fn toml(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\0').map(str::to_owned);
    let file = parts.next().unwrap_or_default();
    let overrides: Vec<String> = parts.take(8).collect();
    let Ok(settings) = FitFile::parse(&file, &overrides) else {
        return;
    };
    let _: Config = settings.config();
    let _ = settings.labels();
    let written = settings.to_toml();
    let again = FitFile::parse(&written, &[]).expect("what was written can be read");
    assert_eq!(again.to_toml(), written);
}

/// The first byte chooses the file.
pub fn json(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else {
        return;
    };
    SMALL.with_borrow(|small| match kind % 3 {
        0 => {
            small.write("channels.json", rest);
            let _ = Run::load(small.folder.path());
        }
        1 => {
            small.write("diagnostics.json", rest);
            if let Some(found) = Diagnostics::load(small.folder.path()) {
                let _ = found.sentences();
            }
        }
        _ => {
            small.write(xcebra::CHECKPOINT, &small.checkpoint);
            small.write("resume.json", rest);
            let _ = Unfinished::load(small.folder.path());
        }
    });
}

/// Sound inputs of [`checkpoint`], [`json`], [`toml`] and the encoder's file.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    SMALL.with_borrow(|small| {
        let read = |name: &str| fs::read(small.folder.path().join(name)).unwrap_or_default();
        let marked = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
        match target {
            "checkpoint" => {
                let tensors = SafeTensors::deserialize(&small.checkpoint).expect("a sound file");
                let state = tensors.tensor("state").expect("its state");
                vec![marked(0, &small.checkpoint), marked(1, state.data())]
            }
            "safetensors" => vec![read("model.safetensors")],
            "toml" => vec![
                SETTINGS.into(),
                read("config.toml"),
                b"\0train.batch=8\0objective.0.weight=2".to_vec(),
            ],
            "json" => vec![
                marked(0, &read("channels.json")),
                marked(1, br#"{"bits":1.5,"bits_held_out":true,"label_r2":[]}"#),
                marked(2, br#"{"inputs":{"data":["a.npz"]},"effort":{}}"#),
            ],
            _ => Vec::new(),
        }
    })
}
