//! Lets an animal run about its box and describes what its cells say.
//!
//! Run with `cargo run --release -p xcebra-synth --example animal -- 600`: seconds.

use xcebra_synth::{Behaviour, Motion, Population, PopulationConfig, Tuning};

const BIN: f64 = 0.025;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(600.0), |a| a.parse())?;
    let motion = Motion::default();
    let behaviour = motion.simulate((seconds / BIN) as usize, BIN, 1)?;
    println!(
        "{seconds} s in a box of {} m × {} m, mean speed {:.3} m/s (expected {})",
        motion.width,
        motion.height,
        behaviour.speed.sum() / behaviour.speed.len() as f64,
        motion.mean_speed
    );

    let config = PopulationConfig {
        untuned: 2,
        ..PopulationConfig::default()
    };
    let population = Population::random(&config, &motion, 2)?;
    let recording = population.record(behaviour, 3)?;
    println!(
        "{:>4}  {:<28}{:>12}  depends on",
        "cell", "tuning", "mean rate"
    );
    for (index, cell) in population.cells().iter().enumerate().step_by(10) {
        let kinds: Vec<&str> = cell.tunings().iter().map(name).collect();
        let names = Behaviour::VARIABLES.iter().zip(recording.map.row(index));
        let depends: Vec<&str> = names
            .filter(|(_, on)| **on)
            .map(|(name, _)| *name)
            .collect();
        let rate = recording.counts.column(index).sum() / seconds;
        let kinds = kinds.join(" × ");
        println!(
            "{index:>4}  {kinds:<28}{rate:>9.2} Hz  {}",
            depends.join(", ")
        );
    }
    Ok(())
}

fn name(tuning: &Tuning) -> &'static str {
    match tuning {
        Tuning::Place { .. } => "place",
        Tuning::Grid { .. } => "grid",
        Tuning::HeadDirection { .. } => "head direction",
        Tuning::Speed { .. } => "speed",
        _ => "other",
    }
}
