//! Rasters of spikes that are larger than the memory they may take, written byte by byte.

use std::io::{Result as IoResult, Write};

use super::recordings::{Form, Output, npy, npz, npz_deflated, rows};

/// Channels of a raster.
const CHANNELS: usize = 2000;

/// One raster in each format of which some rows can be read.
pub const FORMS: &[Form] = &[
    Form {
        what: "npy, uint8",
        file: "raster.npy",
        channels: CHANNELS,
        bytes: 1,
        integers: true,
        write: |out, samples, channels| npy(out, "|u1", (samples, channels), spikes),
    },
    Form {
        what: "npz, uint8, stored",
        file: "stored.npz",
        channels: CHANNELS,
        bytes: 1,
        integers: true,
        write: |out, samples, channels| npz(out, "|u1", (samples, channels), spikes),
    },
    Form {
        what: "npz, uint8, deflated",
        file: "deflated.npz",
        channels: CHANNELS,
        bytes: 1,
        integers: true,
        write: |out, samples, channels| npz_deflated(out, "|u1", (samples, channels), spikes),
    },
    Form {
        what: "HDF5, uint8",
        file: "raster.h5",
        channels: CHANNELS,
        bytes: 1,
        integers: true,
        write: hdf5,
    },
];

/// No spike in most bins, one or two in the others.
fn spikes(v: u32, bytes: &mut Vec<u8>) {
    bytes.push(match v >> 24 {
        0..240 => 0,
        240..254 => 1,
        _ => 2,
    });
}

/// An HDF5 file of one array, `x`, without chunks, as its first version has it.
fn hdf5(out: &mut Output, samples: usize, channels: usize) -> IoResult<()> {
    const NONE: u64 = u64::MAX;
    let (root, heap, tree, node, object, data) = (96, 136, 184, 728, 1056, 1184);
    let size = (samples * channels) as u64;
    let mut file = Bytes::default();
    // superblock: versions, sizes of offsets and lengths, of leaves and nodes
    file.raw(b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0\0\0\0\0");
    file.numbers(&[0, NONE, data + size, NONE]);
    // the root's entry; its tree and heap are also in its header
    file.numbers(&[0, root, 1, tree, heap]);
    file.until(root);
    file.raw(b"\x01\0\x01\0\x01\0\0\0\x18\0\0\0\0\0\0\0\x11\0\x10\0\0\0\0\0");
    file.numbers(&[tree, heap]);
    file.until(heap);
    file.raw(b"HEAP\0\0\0\0");
    file.numbers(&[16, 1, heap + 32]);
    file.raw(b"\0\0\0\0\0\0\0\0x\0\0\0\0\0\0\0");
    file.until(tree);
    file.raw(b"TREE\0\0\x01\0");
    file.numbers(&[NONE, NONE, 0, node, 8]);
    file.until(node);
    file.raw(b"SNOD\x01\0\x01\0");
    file.numbers(&[8, object]);
    file.until(object);
    // three messages: the shape, the type, the place
    file.raw(b"\x01\0\x03\0\x01\0\0\0\x58\0\0\0\0\0\0\0");
    file.raw(b"\x01\0\x18\0\0\0\0\0\x01\x02\0\0\0\0\0\0");
    file.numbers(&[samples as u64, channels as u64]);
    file.raw(b"\x03\0\x10\0\0\0\0\0\x10\0\0\0\x01\0\0\0\0\0\x08\0\0\0\0\0");
    file.raw(b"\x08\0\x18\0\0\0\0\0\x03\x01");
    file.numbers(&[data, size]);
    file.until(data);
    out.write_all(&file.0)?;
    rows((samples, channels), spikes, |row| out.write_all(row))
}

/// The bytes of a file so far.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn numbers(&mut self, numbers: &[u64]) {
        numbers.iter().for_each(|n| self.0.extend(n.to_le_bytes()));
    }

    /// Zeros up to a place.
    fn until(&mut self, place: u64) {
        self.0.resize(place as usize, 0);
    }
}
