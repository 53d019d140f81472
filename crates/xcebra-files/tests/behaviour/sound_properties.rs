//! Random sounds, written by the definition of the format, read back.

use std::fs;

use ndarray::Array2;
use proptest::prelude::*;
use xcebra_files::{Source, read};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn sounds_are_read_by_their_definition(
        form in prop::sample::select(vec!["RIFF", "RIFX", "RF64", "BW64"]),
        (width, bits) in (1..=8_usize).prop_flat_map(|w| (Just(w), if w == 1 { 1..=8_u16 } else { 9..=8 * w as u16 })),
        channels in 1..4_usize,
        extensible in any::<bool>(),
        samples in prop::collection::vec(any::<i64>(), 0..24),
        before in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..3),
        behind in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..3),
        length in prop::sample::select(vec!["told", "open"]),
    ) {
        let frames = samples.len() / channels;
        prop_assume!(frames > 0);
        let big = form == "RIFX";
        let word = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let double = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let chunk = |name: &str, body: &[u8]| {
            let mut bytes = [name.as_bytes(), &double(body.len() as u32), body].concat();
            bytes.resize(bytes.len() + body.len() % 2, 0);
            bytes
        };
        // left-justified: the low bits of the container are zero
        let shift = 64 - u32::from(bits);
        let justified: Vec<i64> = samples[..frames * channels].iter().map(|v| v >> shift << shift).collect();
        let mut data = Vec::new();
        for value in &justified {
            let mut bytes = value.to_be_bytes()[..width].to_vec();
            if width == 1 {
                bytes[0] ^= 0x80;
            }
            if !big {
                bytes.reverse();
            }
            data.extend(bytes);
        }
        let mut format = Vec::new();
        format.extend(word(if extensible { 0xFFFE } else { 1 }));
        format.extend(word(channels as u16));
        format.extend(double(44_100));
        format.extend(double((44_100 * channels * width) as u32));
        format.extend(word((channels * width) as u16));
        format.extend(word(bits));
        if extensible {
            format.extend([word(22), word(bits)].concat());
            format.extend(double(0));
            format.extend([double(1), [word(0), word(16)].concat().try_into().unwrap()].concat());
            format.extend([0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
        }
        let mut bytes = [form.as_bytes(), &double(u32::MAX), b"WAVE"].concat();
        let long = form.ends_with("64");
        if long {
            let body = [1_u64 << 40, data.len() as u64, frames as u64].map(u64::to_le_bytes).concat();
            bytes.extend(chunk("ds64", &[&body[..], &[0; 4]].concat()));
        }
        for body in &before {
            bytes.extend(chunk("junk", body));
        }
        bytes.extend(chunk("fmt ", &format));
        let at = bytes.len() + 4;
        bytes.extend(chunk("data", &data));
        let open = length == "open";
        if open || long {
            bytes[at..at + 4].copy_from_slice(&[0xFF; 4]);
        }
        if !open || long {
            for body in &behind {
                bytes.extend(chunk("LIST", body));
            }
        } else {
            bytes.truncate(at + 4 + data.len());
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        fs::write(&path, bytes).unwrap();
        let array = read(&Source::new(path, "x")).unwrap();
        let expected: Vec<f64> = justified.iter().map(|v| *v as f64 / 2_f64.powi(63)).collect();
        let expected = Array2::from_shape_vec((frames, channels), expected).unwrap();
        prop_assert_eq!(array.matrix::<f64>().unwrap(), expected);
        prop_assert_eq!(array.notes.is_empty(), !open || long, "{:?}", array.notes);
    }
}
