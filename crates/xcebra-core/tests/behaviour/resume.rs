//! A training that is laid down and taken up again.

use std::ops::ControlFlow;

use crate::common::{config, latents, recording};
use proptest::prelude::*;
use xcebra_core::{
    Checkpoint, Config, CoreError, Element, LossConfig, Metric, PositivesConfig, Similarity,
    Trainer,
};

fn settings() -> Config {
    let mut config = config(40);
    config.train.batch = 64;
    config.train.weight_decay = 0.01;
    config.train.log_every = 7;
    config.regularizer.start = 10;
    config.validation.held_out = 0.2;
    config.validation.blocks = 3;
    config.validation.every = 8;
    config.validation.patience = 100;
    let mut learned = Similarity::new(Metric::Euclidean, 1.5);
    learned.learn = true;
    config.objective[1].loss = LossConfig::InfoNce {
        positives: PositivesConfig::Discrete {
            label: "class".into(),
        },
        similarity: learned,
    };
    config
}

/// Trains, with breaks after the given steps, each through the bytes of a checkpoint.
fn with_breaks<E: Element>(breaks: &[usize]) -> (Vec<E>, xcebra_core::History) {
    let z = latents(400);
    let mut trainer = Trainer::new(settings(), recording::<E>(&z)).unwrap();
    for &at in breaks {
        while trainer.steps_made() < at {
            trainer.step().unwrap();
        }
        let bytes = trainer.checkpoint().to_bytes().unwrap();
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(checkpoint, trainer.checkpoint());
        assert_eq!(checkpoint.step(), trainer.steps_made());
        trainer = Trainer::new(checkpoint.config().clone(), recording::<E>(&z)).unwrap();
        trainer.restore(&checkpoint).unwrap();
        assert_eq!(trainer.checkpoint(), checkpoint, "all of it is taken up");
    }
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (encoder, history) = trainer.finish().unwrap();
    (encoder.parameters().to_vec(), history)
}

#[test]
fn a_resumed_training_gives_the_bits_of_an_uninterrupted_one() {
    let whole = with_breaks::<f32>(&[]);
    assert_eq!(whole, with_breaks::<f32>(&[0]));
    assert_eq!(whole, with_breaks::<f32>(&[1, 9, 10, 23]));
    assert_eq!(whole, with_breaks::<f32>(&[40]));
    assert_eq!(with_breaks::<f64>(&[]), with_breaks::<f64>(&[13, 31]));
}

/// What [`Trainer::run`] shows its observer is the training as it stands after the step.
#[test]
fn the_observer_takes_checkpoints() {
    let z = latents(400);
    let new = || Trainer::new(settings(), recording::<f32>(&z)).unwrap();
    let (mut stopped, mut kept) = (new(), None);
    let error = stopped
        .run(|trainer, report| {
            assert_eq!(trainer.steps_made(), report.step + 1);
            if report.step < 12 {
                return ControlFlow::Continue(());
            }
            kept = Some(trainer.checkpoint());
            ControlFlow::Break(())
        })
        .unwrap_err();
    assert!(matches!(error, CoreError::Stopped { step: 13 }), "{error}");
    let mut resumed = new();
    resumed.restore(&kept.unwrap()).unwrap();
    resumed.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (encoder, history) = resumed.finish().unwrap();
    let whole = with_breaks::<f32>(&[]);
    assert_eq!((encoder.parameters().to_vec(), history), whole);
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let z = latents(400);
    let mut trainer = Trainer::new(settings(), recording::<f32>(&z)).unwrap();
    trainer.step().unwrap();
    let checkpoint = trainer.checkpoint();
    let refused = |config: Config, z| {
        let mut other = Trainer::new(config, recording::<f32>(&z)).unwrap();
        let before = other.checkpoint();
        let error = other.restore(&checkpoint).unwrap_err();
        assert_eq!(other.checkpoint(), before, "it must stand as before");
        error.to_string()
    };
    let mut other = settings();
    other.train.learning_rate *= 2.0;
    assert!(refused(other, z.clone()).contains("other settings"));
    let mut longer = z.clone();
    longer[[200, 0]] += 0.1;
    assert!(refused(settings(), longer).contains("another recording"));
    let bytes = checkpoint.to_bytes().unwrap();
    let wrong = Checkpoint::<f64>::from_bytes(&bytes).unwrap_err();
    assert!(wrong.to_string().contains("F32"), "{wrong}");
}

/// The format refuses a header of 100 MB, which the curves of a long training would exceed.
#[test]
fn curves_stay_out_of_the_header() {
    let mut config = settings();
    config.train.log_every = 1;
    let mut trainer = Trainer::new(config, recording::<f32>(&latents(400))).unwrap();
    let sizes = [1, 39].map(|until| {
        while trainer.steps_made() < until {
            trainer.step().unwrap();
        }
        let bytes = trainer.checkpoint().to_bytes().unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap());
        (header, bytes.len())
    });
    assert!(sizes[1].1 > sizes[0].1 + 38 * 100, "{sizes:?}");
    // a tensor more, of the best parameters, and longer numbers in what says where tensors lie
    assert!(sizes[1].0 < sizes[0].0 + 200, "{sizes:?}");
}

#[test]
fn a_checkpoint_of_another_version_is_refused() {
    let trainer = Trainer::new(settings(), recording::<f32>(&latents(400))).unwrap();
    let bytes = trainer.checkpoint().to_bytes().unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    metadata.insert("xcebra.checkpoint".into(), "1".into());
    let other = safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap();
    let error = Checkpoint::<f32>::from_bytes(&other).unwrap_err();
    assert!(error.to_string().contains("another version"), "{error}");
}

#[test]
fn a_checkpoint_file_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let mut trainer = Trainer::new(settings(), recording::<f32>(&latents(400))).unwrap();
    for _ in 0..2 {
        trainer.step().unwrap();
        trainer.checkpoint().save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path).unwrap(), trainer.checkpoint());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = Checkpoint::<f32>::load(folder.path().join("none")).unwrap_err();
    assert!(matches!(missing, CoreError::File { .. }), "{missing}");
    let nowhere = trainer.checkpoint().save(folder.path().join("none/c"));
    assert!(nowhere.is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// No bit of a checkpoint can change without being noticed, and no truncation; half of the
    /// damage is done to what is not a vector.
    #[test]
    fn a_damaged_checkpoint_is_refused(
        at in 0.0..1.0_f64, bit in 0_u32..8, cut in any::<bool>(), in_header in any::<bool>(),
    ) {
        thread_local! {
            static BYTES: Vec<u8> = {
                let mut config = settings();
                config.encoder.outputs = 2;
                let mut trainer = Trainer::new(config, recording::<f32>(&latents(400))).unwrap();
                trainer.step().unwrap();
                trainer.checkpoint().to_bytes().unwrap()
            };
        }
        BYTES.with(|bytes| {
            let (len, _) = bytes.split_first_chunk().unwrap();
            let header = 8 + u64::from_le_bytes(*len) as usize;
            let damaged = if in_header { header } else { bytes.len() };
            let at = (at * damaged as f64) as usize;
            let mut bytes = bytes.clone();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 1 << bit;
            }
            // spaces that pad the header are the only bytes without a meaning
            if let Ok(read) = Checkpoint::<f32>::from_bytes(&bytes) {
                let intact = BYTES.with(|whole| Checkpoint::<f32>::from_bytes(whole).unwrap());
                prop_assert_eq!(read, intact);
            }
            Ok(())
        })?;
    }
}
