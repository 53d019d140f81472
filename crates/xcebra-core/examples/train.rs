//! Trains an encoder on a recording of two hidden variables, one of which is labelled, and shows
//! how the loss falls: `cargo run --release -p xcebra-core --example train`.

use std::ops::ControlFlow;

use ndarray::{Array2, s};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::{Config, EncoderName, Labels, Recording, Trainer};
use xcebra_model::Model;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut z = Array2::<f64>::zeros((5000, 2));
    for t in 1..5000 {
        for k in 0..2 {
            let step: f64 = rng.sample(rand_distr::StandardNormal);
            z[[t, k]] = (z[[t - 1, k]] + 0.2 * step).clamp(-1.0, 1.0);
        }
    }
    let mixing = Array2::<f64>::from_shape_fn((2, 12), |_| rng.sample(rand_distr::StandardNormal));
    let x = z.dot(&mixing).mapv(|v| v.tanh() as f32);
    let label = Labels::Continuous(z.slice(s![.., 1..]).to_owned());

    let mut config = Config::hybrid(2, "z2");
    config.encoder.name = EncoderName::Offset1Mse;
    config.train.steps = 600;
    config.train.learning_rate = 1e-3;
    config.regularizer.start = 200;
    config.regularizer.ramp = 200;
    let recording = Recording::new(x.view())?.with_label("z2", label)?;
    let mut trainer = Trainer::new(config, recording)?;
    trainer.run(|_, report| {
        if report.step % 100 == 99 {
            let penalty = report
                .part("jacobian")
                .and_then(|part| part.value)
                .map_or("off".to_owned(), |p| format!("{p:.3}"));
            println!(
                "step {:4}: loss {:.3}, penalty {penalty}",
                report.step + 1,
                report.loss
            );
        }
        ControlFlow::Continue(())
    })?;
    let (encoder, _) = trainer.finish()?;
    let embedding = encoder.forward(x.view().into_dyn())?;
    println!("latents and embedding at five times:");
    for t in (0..5000).step_by(1000) {
        println!(
            "  z {:+.2} {:+.2}   f(x) {:+.2} {:+.2}",
            z[[t, 0]],
            z[[t, 1]],
            embedding[[t, 0]],
            embedding[[t, 1]]
        );
    }
    Ok(())
}
