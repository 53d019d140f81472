//! From a recording to an attribution map, by the library:
//! `cargo run --release -p xcebra --example quickstart`.

use std::error::Error;
use std::ops::ControlFlow;

use xcebra::attr::{Methods, Options, attribute};
use xcebra::core::{Config, Labels, LearningRateSchedule, Recording, Trainer};
use xcebra::eval::{auroc_map, linear_r2};
use xcebra::model::Model;
use xcebra::report::{Report, attribution_map, training_curves};
use xcebra::synth::DatasetConfig;

fn main() -> Result<(), Box<dyn Error>> {
    // a recording of 50 channels, driven by latents z1 and z2; only z2 is known as a label
    let data = DatasetConfig::paper_protocol(4)?
        .samples(5000)
        .seed(0)
        .generate::<f32>()?;
    let z2 = Labels::Continuous(data.group(1)?.mapv(f64::from));
    let recording = Recording::new(data.x.view())?.with_label("z2", z2)?;

    // all dimensions follow time, the second half also the label; the Jacobian is held small
    let mut config = Config::hybrid(4, "z2");
    config.train.steps = 500;
    config.train.batch = 256;
    config.train.learning_rate = 3e-3;
    config.train.schedule = LearningRateSchedule::Cosine;
    (config.regularizer.start, config.regularizer.ramp) = (100, 100);
    let mut trainer = Trainer::new(config, recording)?;
    trainer.run(|_, step| {
        if step.step % 100 == 99 {
            println!(
                "step {} of {}: loss {:.3}",
                step.step + 1,
                step.steps,
                step.loss
            );
        }
        ControlFlow::Continue(())
    })?;
    let (encoder, curves) = trainer.finish()?;

    // which channels drive which latents, by the inverted Jacobian and by the Jacobian itself
    let methods: Methods<f32> = "ing,neuron-gradient".parse()?;
    let maps = attribute(&encoder, &data.x, &methods, &Options::new())?;
    let embedding = encoder.forward(data.x.view().into_dyn())?;
    println!(
        "R² of the latents from the embedding: {:.3}",
        linear_r2(&embedding, &data.z)?
    );
    let mut report = Report::new("Quickstart").figures(training_curves(&curves));
    for map in &maps {
        let score = auroc_map(&data.map, map.values())?;
        println!("auROC of {}: {score:.3}", map.method());
        let channels: Vec<String> = (0..50).map(|c| format!("channel {c}")).collect();
        let blocks = [("x1", 25), ("x2", 25)];
        let values = map.values().view();
        let figure = attribution_map(map.method(), "|attribution|", values, &channels, &blocks);
        report = report.figure(figure, &format!("auROC against the truth: {score:.3}"));
    }
    let path = std::env::temp_dir().join("xcebra-quickstart.html");
    report.write(&path)?;
    println!("pictures: {}", path.display());
    Ok(())
}
