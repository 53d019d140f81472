//! Large recordings, written value by value in the formats that the program reads.

use std::fs::File;
use std::io::{BufWriter, Result as IoResult, Seek, SeekFrom, Write};
use std::path::Path;

use crate::shell::{Result, file_failure};

/// How a recording is stored.
pub struct Form {
    /// In words.
    pub what: &'static str,
    pub file: &'static str,
    pub channels: usize,
    /// Bytes of a value that count for its size: those of a 32-bit float, or of the integer.
    pub bytes: usize,
    pub integers: bool,
    pub write: fn(&mut Output, usize, usize) -> IoResult<()>,
}

pub const FORMS: &[Form] = &[
    Form {
        what: "npy, float32",
        file: "single.npy",
        channels: 50,
        bytes: 4,
        integers: false,
        write: |out, samples, channels| npy(out, "<f4", (samples, channels), single),
    },
    Form {
        what: "npy, float64",
        file: "double.npy",
        channels: 50,
        bytes: 4,
        integers: false,
        write: |out, samples, channels| npy(out, "<f8", (samples, channels), double),
    },
    Form {
        what: "npz, float32",
        file: "single.npz",
        channels: 50,
        bytes: 4,
        integers: false,
        write: |out, samples, channels| npz(out, "<f4", (samples, channels), single),
    },
    Form {
        what: "npz, uint8",
        file: "bytes.npz",
        channels: 200,
        bytes: 1,
        integers: true,
        write: |out, samples, channels| {
            npz(out, "|u1", (samples, channels), |v, bytes| {
                bytes.push((v >> 24) as u8);
            })
        },
    },
    Form {
        what: "csv",
        file: "table.csv",
        channels: 50,
        bytes: 4,
        integers: false,
        write: csv,
    },
    Form {
        what: "edf, int16",
        file: "signals.edf",
        channels: 100,
        bytes: 2,
        integers: true,
        write: edf,
    },
];

pub type Output = BufWriter<File>;

/// Writes a recording of this many samples.
pub fn write(form: &Form, samples: usize, path: &Path) -> Result<()> {
    let written = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        (form.write)(&mut out, samples, form.channels)?;
        out.flush()
    });
    written.map_err(file_failure(path, "write"))
}

/// Numbers without order: a linear congruential generator (Numerical Recipes, chapter 7).
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0
    }
}

fn single(v: u32, bytes: &mut Vec<u8>) {
    bytes.extend(((v >> 8) as f32 / 65_536.0).to_le_bytes());
}

fn double(v: u32, bytes: &mut Vec<u8>) {
    bytes.extend((f64::from(v) / 65_536.0).to_le_bytes());
}

/// Rows of values as bytes.
pub fn rows(
    (samples, channels): (usize, usize),
    value: fn(u32, &mut Vec<u8>),
    mut take: impl FnMut(&[u8]) -> IoResult<()>,
) -> IoResult<()> {
    let (mut noise, mut row) = (Noise(1), Vec::new());
    (0..samples).try_for_each(|_| {
        row.clear();
        (0..channels).for_each(|_| value(noise.next(), &mut row));
        take(&row)
    })
}

fn npy_header(descriptor: &str, shape: (usize, usize)) -> Vec<u8> {
    let mut text =
        format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape:?}, }}");
    while (10 + text.len() + 1) % 64 > 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\0".to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header
}

pub fn npy(
    out: &mut Output,
    descriptor: &str,
    shape: (usize, usize),
    value: fn(u32, &mut Vec<u8>),
) -> IoResult<()> {
    out.write_all(&npy_header(descriptor, shape))?;
    rows(shape, value, |row| out.write_all(row))
}

/// A zip archive of one stored array, `x`.
pub fn npz(
    out: &mut Output,
    descriptor: &str,
    shape: (usize, usize),
    value: fn(u32, &mut Vec<u8>),
) -> IoResult<()> {
    archive(out, descriptor, shape, value, false)
}

/// As [`npz`], with an array that is compressed in form: in blocks that are no shorter for it.
pub fn npz_deflated(
    out: &mut Output,
    descriptor: &str,
    shape: (usize, usize),
    value: fn(u32, &mut Vec<u8>),
) -> IoResult<()> {
    archive(out, descriptor, shape, value, true)
}

/// The checksum of the array is filled in at the end.
fn archive(
    out: &mut Output,
    descriptor: &str,
    shape: (usize, usize),
    value: fn(u32, &mut Vec<u8>),
    deflated: bool,
) -> IoResult<()> {
    const NAME: &[u8] = b"x.npy";
    // a block of a deflated stream begins with whether it is the last, its length and the same inverted
    let put = |out: &mut Output, bytes: &[u8], last: bool| {
        if deflated {
            let length = (bytes.len() as u16).to_le_bytes();
            let inverted = length.map(|byte| !byte);
            out.write_all(&[&[u8::from(last)], &length[..], &inverted].concat())?;
        }
        out.write_all(bytes)
    };
    let blocks = if deflated { shape.0 + 2 } else { 0 };
    let array = npy_header(descriptor, shape);
    let mut one = Vec::new();
    value(0, &mut one);
    let size = array.len() + shape.0 * shape.1 * one.len();
    let sizes = [size + 5 * blocks, size].map(|n| n as u32);
    let method = if deflated { 8 } else { 0 };
    // version, flags, method, time, date, checksum, sizes, length of the name, of extra fields
    let fields = |checksum: u32| {
        let mut bytes = vec![20, 0, 0, 0, method, 0, 0, 0, 0x21, 0];
        [checksum, sizes[0], sizes[1]]
            .iter()
            .for_each(|n| bytes.extend(n.to_le_bytes()));
        bytes.extend([NAME.len() as u8, 0, 0, 0]);
        bytes
    };
    let local = |checksum| [b"PK\x03\x04", &*fields(checksum), NAME].concat();
    out.write_all(&local(0))?;
    let mut checksum = Checksum::default();
    checksum.add(&array);
    put(out, &array, false)?;
    rows(shape, value, |row| {
        checksum.add(row);
        put(out, row, false)
    })?;
    if deflated {
        put(out, &[], true)?;
    }
    let checksum = checksum.finish();
    let directory = out.stream_position()? as u32;
    let entry = [b"PK\x01\x02\x14\0", &*fields(checksum), &[0; 14][..], NAME].concat();
    out.write_all(&entry)?;
    let mut end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    end.extend((entry.len() as u32).to_le_bytes());
    end.extend(directory.to_le_bytes());
    end.extend([0, 0]);
    out.write_all(&end)?;
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&local(checksum))
}

/// The checksum of zip archives, CRC-32 (ISO 3309).
struct Checksum {
    table: [u32; 256],
    value: u32,
}

impl Default for Checksum {
    fn default() -> Self {
        let step = |v: u32, _| (v >> 1) ^ (0xedb8_8320 * (v & 1));
        Self {
            table: std::array::from_fn(|i| (0..8).fold(i as u32, step)),
            value: u32::MAX,
        }
    }
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let at = (self.value as u8 ^ byte) as usize;
            self.value = (self.value >> 8) ^ self.table[at];
        }
    }

    fn finish(&self) -> u32 {
        !self.value
    }
}

fn csv(out: &mut Output, samples: usize, channels: usize) -> IoResult<()> {
    let names: Vec<String> = (0..channels).map(|c| format!("c{c}")).collect();
    writeln!(out, "{}", names.join(","))?;
    let mut noise = Noise(1);
    for _ in 0..samples {
        for c in 0..channels {
            let end = if c + 1 < channels { ',' } else { '\n' };
            write!(out, "{:.4}{end}", f64::from(noise.next() >> 8) / 65_536.0)?;
        }
    }
    Ok(())
}

/// Records of 1,000 samples a second each; samples that do not fill one are left out.
fn edf(out: &mut Output, samples: usize, channels: usize) -> IoResult<()> {
    const A_RECORD: usize = 1000;
    let records = samples / A_RECORD;
    let length = (256 * (channels + 1)).to_string();
    let [records_text, channels_text] = [records, channels].map(|n| n.to_string());
    let start = [
        ("0", 8),
        ("", 80),
        ("", 80),
        ("01.01.20", 8),
        ("00.00.00", 8),
        (&*length, 8),
        ("", 44),
        (&*records_text, 8),
        ("1", 8),
        (&*channels_text, 4),
    ];
    for (text, width) in start {
        write!(out, "{text:width$}")?;
    }
    // name, transducer, unit, physical and digital range, filter, samples of a record, reserved
    let fields = [
        ("c", 16),
        ("", 80),
        ("uV", 8),
        ("-3276.8", 8),
        ("3276.7", 8),
        ("-32768", 8),
        ("32767", 8),
        ("", 80),
        ("1000", 8),
        ("", 32),
    ];
    for (text, width) in fields {
        for c in 0..channels {
            match text {
                "c" => write!(out, "{:width$}", format!("c{c}"))?,
                _ => write!(out, "{text:width$}")?,
            }
        }
    }
    let mut noise = Noise(1);
    for _ in 0..records * channels * A_RECORD {
        out.write_all(&((noise.next() >> 16) as i16).to_le_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Checksum;

    #[test]
    fn the_checksum_is_that_of_its_standard() {
        let mut checksum = Checksum::default();
        checksum.add(b"1234");
        checksum.add(b"56789");
        assert_eq!(checksum.finish(), 0xcbf4_3926);
    }
}
