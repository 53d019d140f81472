//! How much memory a recording takes while it is read, in a process of its own whose peak is measured.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::path::Path;

use ndarray::Array2;
use xcebra::files::{NpzOutput, Source};
use xcebra::{Data, FitFile, Inputs};

const CHANNELS: usize = 20;
/// What a block, a column that is looked at, and the allocator may take besides.
const REST: usize = 6 << 20;

/// A field of the process's status, in bytes.
fn status(field: &str) -> usize {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.unwrap().split_whitespace().nth(1).unwrap();
    1024 * kibibytes.parse::<usize>().unwrap()
}

/// Reads a recording, which may take this many bytes at most.
fn reads_within(path: &Path, samples: usize, most: usize) {
    // from here on the peak is measured anew
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS");
    let inputs = Inputs::new(&[Source::file(path)]).unwrap();
    let data = Data::read(&inputs, &FitFile::default()).unwrap();
    assert_eq!(
        (data.recording.len(), data.recording.channels()),
        (samples, CHANNELS)
    );
    let taken = status("VmHWM").saturating_sub(before);
    assert!(
        taken <= most + REST,
        "{}: {taken} bytes, {most} expected",
        path.display()
    );
}

fn noise(i: usize) -> u32 {
    (i as u32).wrapping_mul(2_654_435_761) >> 7
}

/// One test, because tests of one process share its memory.
#[test]
fn a_recording_is_in_memory_once() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, add: &dyn Fn(&mut NpzOutput)| {
        let path = folder.path().join(name);
        let mut output = NpzOutput::create(&path).unwrap();
        add(&mut output);
        output.commit().unwrap();
        path
    };
    let samples = 400_000;
    let at = |(t, c): (usize, usize)| noise(t * CHANNELS + c);
    let shape = (samples, CHANNELS);
    let values = samples * CHANNELS;

    // integers stay what they are
    let bytes = write("bytes.npz", &|output| {
        let x = Array2::from_shape_fn(shape, |place| at(place) as u8);
        output.add("x", &x).unwrap();
    });
    reads_within(&bytes, samples, 5 * values / 4);

    // floats are standardised where they stand
    let single = write("single.npz", &|output| {
        let x = Array2::from_shape_fn(shape, |place| at(place) as f32);
        output.add("x", &x).unwrap();
    });
    reads_within(&single, samples, 13 * 4 * values / 10);

    // wide floats are rounded while their memory is given back
    let double = write("double.npz", &|output| {
        let x = Array2::from_shape_fn(shape, |place| f64::from(at(place)));
        output.add("x", &x).unwrap();
    });
    reads_within(&double, samples, 22 * 4 * values / 10);

    // a table is several times as large as its numbers
    let (samples, path) = (100_000, folder.path().join("table.csv"));
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    for t in 0..samples {
        let row: Vec<String> = (0..CHANNELS).map(|c| at((t, c)).to_string()).collect();
        writeln!(file, "{}", row.join(",")).unwrap();
    }
    file.into_inner().unwrap();
    reads_within(&path, samples, 22 * 4 * samples * CHANNELS / 10);
}
