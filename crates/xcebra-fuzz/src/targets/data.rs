//! Data files, read in all the ways there are.

use std::io::{Cursor, Write};
use std::path::Path;

use xcebra_files::{Alignment, Clock, DataArray, DataFile, LabelSource, Series, Source, align};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::file;

pub fn npy(bytes: &[u8]) {
    read(&file("x.npy", bytes));
}

/// The first byte decides whether the rest is the archive itself, or an array inside a sound one.
pub fn npz(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else {
        return;
    };
    match kind % 4 {
        0 | 1 => read(&file("x.npz", rest)),
        2 => read(&file("x.npz", &zipped(rest, CompressionMethod::Stored))),
        _ => read(&file("x.npz", &zipped(rest, CompressionMethod::Deflated))),
    }
}

/// The first byte chooses the extension.
pub fn csv(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else {
        return;
    };
    let name = ["x.csv", "x.tsv", "x.txt"][usize::from(kind % 3)];
    read(&file(name, rest));
}

/// BDF files begin with the byte 255, EDF files with the digit 0.
pub fn edf(bytes: &[u8]) {
    let name = match bytes.first() {
        Some(255) => "x.bdf",
        _ => "x.edf",
    };
    read(&file(name, bytes));
}

pub fn wav(bytes: &[u8]) {
    read(&file("x.wav", bytes));
}

pub fn hdf5(bytes: &[u8]) {
    read(&file("x.h5", bytes));
}

pub fn nwb(bytes: &[u8]) {
    let path = file("x.nwb", bytes);
    read(&path);
    let mut settings = Alignment::new(0.5);
    settings.epochs = Some("trials".to_owned());
    let label = LabelSource {
        name: "y".to_owned(),
        array: "position".to_owned(),
    };
    let _ = align(&Source::file(&path), &[label], &settings);
}

/// Version 5, or 7.3 if it is HDF5.
pub fn matlab(bytes: &[u8]) {
    read(&file("x.mat", bytes));
}

pub fn eeglab(bytes: &[u8]) {
    read(&file("x.set", bytes));
}

/// The header up to a byte 0, and the samples behind it.
pub fn brainvision(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let header = parts.next().unwrap_or_default();
    file("x.eeg", parts.next().unwrap_or_default());
    // markers are lines of the same kind
    file("x.vmrk", header);
    read(&file("x.vhdr", header));
}

pub fn flac(bytes: &[u8]) {
    read(&file("x.flac", bytes));
}

/// The header up to a byte 0, and the samples behind it.
pub fn wfdb(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let header = parts.next().unwrap_or_default();
    file("x.dat", parts.next().unwrap_or_default());
    read(&file("x.hea", header));
}

/// Parquet or Arrow: the first bytes tell.
pub fn columnar(bytes: &[u8]) {
    read(&file("x.parquet", bytes));
}

/// Arrays by name, as other libraries save them.
pub fn tensors(bytes: &[u8]) {
    read(&file("x.safetensors", bytes));
}

fn zipped(content: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    zip.start_file("x.npy", options)
        .and_then(|()| Ok(zip.write_all(content)?))
        .and_then(|()| zip.finish())
        .expect("writing to memory")
        .into_inner()
}

fn read(path: &Path) {
    let Ok(mut file) = DataFile::open(path) else {
        return;
    };
    let names: Vec<String> = match file.arrays() {
        Ok(arrays) => arrays.into_iter().map(|array| array.name).collect(),
        Err(_) => Vec::new(),
    };
    if let Ok(all) = file.read_only() {
        convert(&all);
    }
    for name in names
        .iter()
        .take(3)
        .map(String::as_str)
        .chain(["x", "0..2,!1"])
    {
        if let Ok(array) = file.read(name) {
            convert(&array);
        }
        left(&mut file, name);
        let _ = file.read_text(name, Some(&Clock::steady(8.0, 100)));
    }
    on_one_clock(&mut file, path);
}

/// The first and the last rows of an array that stays in its file.
fn left(file: &mut DataFile, name: &str) {
    let Ok(array) = file.read_or_leave(Some(name), "x", 0) else {
        return;
    };
    if let Some(disk) = array.values.on_disk() {
        let (rows, mut values) = (disk.shape()[0], Vec::new());
        disk.append(rows - 1..rows, &mut values);
        disk.append(0..rows.min(3), &mut values);
        let _ = disk.failure();
    }
}

/// Brings the recording to bins of half a second, or to longer ones if its times are far apart.
fn on_one_clock(file: &mut DataFile, path: &Path) {
    const MOST_BINS: f64 = 1000.0;
    let mut times = Vec::new();
    if let Ok(Some(spikes)) = file.spikes(None) {
        times.extend(spikes.times.into_iter().flatten());
        let observed = spikes.observed.into_iter().flatten().flatten();
        times.extend(observed.flatten());
    } else if let Ok(all) = file.series(None) {
        let ends = |series: &Series| [0, series.rows() - 1].map(|row| series.times.at(row));
        times.extend(all.iter().flat_map(ends));
    }
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    let last = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bin = ((last - first) / MOST_BINS).max(0.5);
    if bin.is_finite() {
        let _ = align(&Source::file(path), &[], &Alignment::new(bin));
    }
}

fn convert(array: &DataArray) {
    let rows = array.shape().first().copied().unwrap_or(0);
    if let Ok(recording) = array.clone().recording() {
        let _ = recording.require_varying_channels();
        recording.each_block(|_, rows| assert!(rows.iter().all(|value| value.is_finite())));
        assert_eq!(recording.values().shape()[1..], [recording.channels.len()]);
        assert!(recording.breaks.is_sorted());
        assert!(recording.breaks.last().is_none_or(|&row| row < rows));
    }
    let _ = array.label::<f64>(rows);
    let _ = array.classes(rows);
    let _ = array.mask();
}
