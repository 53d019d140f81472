//! A model as a program for `xcebra explain --command`: the energy of a signal, and its first sample.
//!
//! It reads arrays `(n, …)` in .npy format from standard input and answers each with one `(n, 2)` on standard output.
//! The first argument makes it behave badly, to see what is said then: `slow`, `waits`, `dies`,
//! `chatters`, `flat`, `single`.

use std::io::{self, BufReader, Write};
use std::time::Duration;

use ndarray::{Array2, Axis};
use xcebra::files::{npy_bytes, read_npy};

fn main() -> io::Result<()> {
    let manner = std::env::args().nth(1).unwrap_or_default();
    let mut input = BufReader::new(io::stdin());
    let mut output = io::stdout().lock();
    let mut batches = 0;
    // reading fails where the input ends
    while let Ok(values) = read_npy(&mut input, "a batch") {
        let x = values.to_float::<f64>();
        let rows = x.outer_iter().map(|x| {
            let first = x.iter().next().copied().unwrap_or(0.0);
            [x.iter().map(|v| v * v).sum::<f64>(), first]
        });
        let rows: Vec<f64> = rows.flatten().collect();
        let y = Array2::from_shape_vec((x.len_of(Axis(0)), 2), rows).expect("two outputs a signal");
        match manner.as_str() {
            "slow" => std::thread::sleep(Duration::from_secs(60)),
            "waits" => {
                std::thread::sleep(Duration::from_millis(50));
                output.write_all(&npy_bytes(&y.view().into_dyn()))?;
            }
            "dies" if batches == 1 => {
                eprintln!("out of cheese");
                std::process::exit(3);
            }
            "chatters" => output.write_all(b"hello, here are your outputs\n")?,
            "flat" if batches == 1 => {
                output.write_all(&npy_bytes(&y.index_axis(Axis(1), 0).into_dyn()))?;
            }
            "single" => output.write_all(&npy_bytes(&y.mapv(|v| v as f32).view().into_dyn()))?,
            _ => output.write_all(&npy_bytes(&y.view().into_dyn()))?,
        }
        output.flush()?;
        batches += 1;
    }
    Ok(())
}
