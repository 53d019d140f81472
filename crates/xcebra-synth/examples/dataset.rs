//! Generates the paper's synthetic data for some latents and describes them.
//!
//! Run with `cargo run --release -p xcebra-synth --example dataset -- 6 20000`: latents, samples.

use std::time::Instant;

use ndarray::Array2;
use xcebra_synth::DatasetConfig;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |default: usize| arguments.next().map_or(Ok(default), |a| a.parse());
    let (dims, samples) = (argument(4)?, argument(20_000)?);

    let started = Instant::now();
    let data = DatasetConfig::paper_protocol(dims)?
        .samples(samples)
        .seed(1)
        .generate::<f32>()?;
    let (samples, channels) = data.x.dim();
    println!(
        "{samples} samples × {channels} channels in {:.0?}",
        started.elapsed()
    );

    let connectivity = data.mixing().connectivity();
    for (group, latents) in connectivity.groups().iter().enumerate() {
        let deviation = data.group(group)?.std(0.0);
        println!("group {group}: {latents} latents, standard deviation {deviation:.2}");
    }
    for (block, (wiring, mixing)) in connectivity
        .blocks()
        .iter()
        .zip(data.mixing().blocks())
        .enumerate()
    {
        println!(
            "block {block}: {} channels of groups {:?}, expands distances at least {:.3} ×",
            wiring.channels,
            wiring.inputs,
            mixing.expansion()
        );
    }

    // how strongly latents drive channels, and how much that changes from place to place
    let mut mean = Array2::<f32>::zeros(data.map.dim());
    let mut mean_size = mean.clone();
    let mut mean_square = 0.0;
    let places = samples.min(2000);
    for t in (0..samples).step_by(samples / places).take(places) {
        let jacobian = data.jacobian(t)? / places as f32;
        mean_square += jacobian.mapv(|v| v * v).sum() * places as f32;
        mean_size += &jacobian.mapv(f32::abs);
        mean += &jacobian;
    }
    let varying = 1.0 - mean.mapv(|v| v * v).sum() / mean_square;
    println!(
        "{:.0} % of the squared Jacobian varies over the recording",
        100.0 * varying
    );
    println!("mean |∂x/∂z|, one channel of each block:");
    let mut first = 0;
    for block in connectivity.blocks() {
        println!("  channel {first:>2}: {:.2}", mean_size.row(first));
        first += block.channels;
    }
    Ok(())
}
