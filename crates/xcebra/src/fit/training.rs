//! A training with its progress and its log.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use xcebra_core::{Encoder, History, StepReport, Trainer, Validation};
use xcebra_model::Watch;

use super::fit_file::FitFile;
use super::unfinished::Effort;
use crate::Result;

/// Time between two reports of progress.
const REFRESH: Duration = Duration::from_millis(200);

/// A finished training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The encoder of each subject.
    pub encoders: Vec<Encoder<f32>>,
    /// Its training curves.
    pub history: History,
    /// Steps that were made.
    pub steps: usize,
    /// Whether validation has run out of patience.
    pub stopped_early: bool,
    /// What it took, with a line of log every twentieth of the steps.
    pub effort: Effort,
}

impl Trained {
    /// Whether it was stopped before its last step, other than by its validation.
    pub fn is_part(&self, settings: &FitFile) -> bool {
        !self.stopped_early && self.steps < settings.train.steps
    }

    /// Samples that went through the encoder each second.
    pub fn samples_per_second(&self) -> f64 {
        rate(&self.effort)
    }
}

/// Makes the steps that remain and reports how far the training is. `before` is what it has taken
/// already; `after_step` is told of every step and may end the training there, or by its error.
pub fn train(
    watch: &Watch<'_>,
    mut trainer: Trainer<f32>,
    before: Effort,
    mut after_step: impl FnMut(&Trainer<f32>, &Effort) -> Result<ControlFlow<()>>,
) -> Result<Trained> {
    let steps = trainer.config().train.steps;
    let at = |done: usize, line: &str| watch.progress("fit", (done as u64, steps as u64), line);
    at(trainer.steps_made(), "");
    let (start, seconds) = (Instant::now(), before.seconds);
    let mut effort = before;
    let (mut held_out, mut shown) = (None, None::<Instant>);
    while !trainer.is_done() {
        let report = trainer.step()?;
        effort.samples += report.samples as u64;
        effort.seconds = seconds + start.elapsed().as_secs_f64();
        held_out = report.validation.clone().or(held_out);
        let (done, last) = (report.step + 1, trainer.is_done());
        if last || shown.is_none_or(|at| at.elapsed() >= REFRESH) {
            shown = Some(Instant::now());
            at(done, &line(&report, held_out.as_ref(), &effort));
        }
        if last || done.is_multiple_of(steps.div_ceil(20)) {
            let line = line(&report, held_out.as_ref(), &effort);
            effort.log += &format!("step {done} of {steps}: {line}\n");
        }
        if after_step(&trainer, &effort)?.is_break() {
            break;
        }
    }
    let (steps, stopped_early) = (trainer.steps_made(), trainer.stopped_early());
    let (encoders, history) = trainer.finish_all()?;
    Ok(Trained {
        encoders,
        history,
        steps,
        stopped_early,
        effort,
    })
}

fn rate(effort: &Effort) -> f64 {
    // a training of no time at all on a coarse clock
    effort.samples as f64 / effort.seconds.max(1e-9)
}

/// How a training stands.
fn line(report: &StepReport, held_out: Option<&Validation>, effort: &Effort) -> String {
    let mut parts = vec![format!("loss {:.3}", report.loss)];
    if let Some(validation) = held_out {
        let bits: Vec<String> = validation.bits.iter().map(|b| format!("{b:.2}")).collect();
        let bits = match bits.as_slice() {
            [] => String::new(),
            bits => format!(" ({} bits)", bits.join(", ")),
        };
        parts.push(format!("held out {:.3}{bits}", validation.loss));
    }
    let jacobian = report.part("jacobian");
    parts.push(
        match jacobian.and_then(|part| part.value.map(|v| (v, part.weight))) {
            Some((value, weight)) => format!("½‖J‖² {value:.2}, λ {weight:.3}"),
            None => "regulariser off".to_owned(),
        },
    );
    parts.push(format!("{:.0} samples/s", rate(effort)));
    parts.join(", ")
}
