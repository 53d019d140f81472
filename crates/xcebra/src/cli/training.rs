//! A training with its progress and its log, as `fit` and `demo` need it.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use xcebra::core::{Config, Encoder, History, Recording, Trainer};

use super::{Result, Session};

/// Time between two updates of the progress bar.
const REFRESH: Duration = Duration::from_millis(200);

/// A finished training.
pub struct Trained {
    pub encoder: Encoder<f32>,
    pub history: History,
    pub seconds: f64,
    /// Samples that went through the encoder each second.
    pub samples_per_second: f64,
    /// A line every twentieth of the steps.
    pub log: String,
}

/// Trains an encoder and shows how far it is.
pub fn train(session: &Session, config: Config, recording: Recording<f32>) -> Result<Trained> {
    let steps = config.train.steps;
    let mut trainer = Trainer::new(config, recording)?;
    let progress = session.progress("fit", steps as u64);
    let start = Instant::now();
    let (mut samples, mut shown) = (0, None::<Instant>);
    let mut log = String::new();
    trainer.run(|report| {
        samples += report.samples;
        let done = report.step + 1;
        let last = done == steps;
        let line = || {
            let rate = samples as f64 / start.elapsed().as_secs_f64();
            let jacobian = report.part("jacobian");
            let penalty = match jacobian.and_then(|part| part.value.map(|v| (v, part.weight))) {
                Some((value, weight)) => format!("½‖J‖² {value:.2}, λ {weight:.3}"),
                None => "regulariser off".to_owned(),
            };
            format!("loss {:.3}, {penalty}, {rate:.0} samples/s", report.loss)
        };
        if last || shown.is_none_or(|at| at.elapsed() >= REFRESH) {
            shown = Some(Instant::now());
            progress.at(done as u64, &line());
        }
        if last || done.is_multiple_of(steps.div_ceil(20)) {
            log.push_str(&format!("step {done} of {steps}: {}\n", line()));
        }
        ControlFlow::Continue(())
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let (encoder, history) = trainer.finish()?;
    let samples_per_second = samples as f64 / seconds;
    Ok(Trained {
        encoder,
        history,
        seconds,
        samples_per_second,
        log,
    })
}
