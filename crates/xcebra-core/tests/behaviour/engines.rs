//! Trainings by another engine than the processor's own.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use xcebra_core::ops::{Cpu, Engine, Network, Reverse, Term, TermValue};
use xcebra_core::{Encoder, Trainer};

use crate::common::{config, latents, recording};

/// An engine that counts what it is asked for. It knows of no runs.
#[derive(Debug, Default)]
pub struct Counting {
    cpu: Cpu<f32>,
    pub encoded: AtomicUsize,
    reversed: Arc<AtomicUsize>,
    penalised: AtomicUsize,
    contrasted: AtomicUsize,
}

impl Engine<f32> for Counting {
    fn encode(
        &self,
        network: &Arc<Network>,
        parameters: Arc<Vec<f32>>,
        x: Arc<Vec<f32>>,
    ) -> (Vec<f32>, Reverse<f32>) {
        self.encoded.fetch_add(1, Relaxed);
        let (out, reverse) = self.cpu.encode(network, parameters, x);
        let reversed = Arc::clone(&self.reversed);
        let counted = move |c: &[f32]| {
            reversed.fetch_add(1, Relaxed);
            reverse(c)
        };
        (out, Box::new(counted))
    }

    fn jacobian_penalty(
        &self,
        network: &Network,
        parameters: &[f32],
        x: &[f32],
        probes: &[f32],
        factor: f64,
    ) -> (f64, Vec<f32>) {
        self.penalised.fetch_add(1, Relaxed);
        self.cpu
            .jacobian_penalty(network, parameters, x, probes, factor)
    }

    fn info_nce(
        &self,
        embedding: &[f32],
        columns: usize,
        term: &Term,
        gradient: &mut [f32],
    ) -> (TermValue, f64) {
        self.contrasted.fetch_add(1, Relaxed);
        self.cpu.info_nce(embedding, columns, term, gradient)
    }
}

/// The trainer computes nothing heavy past the engine that its encoder brings along.
#[test]
fn the_engine_of_the_encoder_does_all_the_work() {
    let recording = recording::<f32>(&latents(300));
    let mut config = config(12);
    config.validation.held_out = 0.2;
    (config.validation.every, config.validation.batches) = (6, 2);
    let mut plain = Trainer::new(config.clone(), recording.clone()).unwrap();
    plain.run(|_, _| ControlFlow::Continue(())).unwrap();
    let engine = Arc::new(Counting::default());
    let architecture = config.encoder.architecture(recording.channels());
    let encoder = Encoder::new(architecture, config.train.seed).unwrap();
    let encoder = encoder.on(Arc::clone(&engine) as Arc<dyn Engine<f32>>);
    let mut counted = Trainer::with_encoder(config, recording, encoder).unwrap();
    counted.run(|_, _| ControlFlow::Continue(())).unwrap();
    // 12 steps, and two validations of two batches; the penalty is on from step 7 of 0 … 11, the step
    // after its ramp begins; two objectives
    let asked = [
        &engine.encoded,
        &*engine.reversed,
        &engine.penalised,
        &engine.contrasted,
    ];
    assert_eq!(asked.map(|n| n.load(Relaxed)), [16, 12, 5, 32]);
    let (plain, counted) = (plain.finish().unwrap(), counted.finish().unwrap());
    assert_eq!(plain.0.parameters(), counted.0.parameters());
    assert_eq!(plain.1, counted.1);
}
