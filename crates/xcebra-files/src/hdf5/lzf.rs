//! The LZF compression of h5py, filter 32000.
//!
//! Source: M. Lehmann, LibLZF, the format of `lzf_d.c`; h5py, `lzf/lzf_filter.c`.

use hdf5_reader::error::{Error, Result};
use hdf5_reader::messages::filter_pipeline::FilterDescription;

/// Number of the filter, as it is registered.
pub(super) const LZF: u16 = 32000;
/// Place of the chunk's size among the values that the filter keeps.
const CHUNK_SIZE: usize = 2;
/// Largest chunk that is accepted.
const LARGEST: usize = 1 << 30;

/// Decompresses a chunk. The filter's third value is its size; an output beyond that is refused.
pub(super) fn decompress(
    filter: &FilterDescription,
    data: &[u8],
    _element_size: usize,
) -> Result<Vec<u8>> {
    let size = filter
        .client_data
        .get(CHUNK_SIZE)
        .map_or(0, |&size| size as usize);
    let limit = match size {
        0 => LARGEST,
        size => size.min(LARGEST),
    };
    expand(data, limit).ok_or_else(|| Error::DecompressionError("the LZF data are damaged".into()))
}

fn expand(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(limit.min(data.len().saturating_mul(4)));
    let mut at = 0;
    while at < data.len() {
        let control = usize::from(data[at]);
        at += 1;
        if control < 32 {
            let literal = data.get(at..at + control + 1)?;
            at += literal.len();
            out.extend_from_slice(literal);
        } else {
            let mut length = control >> 5;
            if length == 7 {
                length += usize::from(*data.get(at)?);
                at += 1;
            }
            let back = ((control & 31) << 8) + usize::from(*data.get(at)?) + 1;
            at += 1;
            let from = out.len().checked_sub(back)?;
            // a stretch may overlap with what it writes
            for i in from..from + length + 2 {
                out.push(out[i]);
            }
        }
        if out.len() > limit {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_stretches_that_overlap() {
        // "abc", then 3 + 2 bytes from 3 back: "abcab"
        assert_eq!(
            expand(&[2, b'a', b'b', b'c', 3 << 5, 2], 8).unwrap(),
            b"abcabcab"
        );
        // a long stretch: 7 + 4 + 2 times the byte before
        assert_eq!(expand(&[0, b'z', 7 << 5, 4, 0], 14).unwrap(), [b'z'; 14]);
    }

    #[test]
    fn damaged_data_are_refused() {
        for damaged in [
            &[5, 1][..],
            &[3 << 5, 0],
            &[0, 1, 1 << 5, 9],
            &[0, 1, 7 << 5],
        ] {
            assert_eq!(expand(damaged, 100), None, "{damaged:?}");
        }
        assert_eq!(expand(&[0, b'z', 7 << 5, 255, 0], 100), None);
    }
}
