//! Annotations as EDF+ stores them: time-stamped lists in the samples of a signal.

use super::fields::decoded;
use crate::signals::annotations::Annotation;

/// Ends an onset, and each text.
const SEPARATOR: u8 = 0x14;
/// Between an onset and a duration.
const DURATION: u8 = 0x15;

/// The time at which a record begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Onset {
    pub(super) seconds: f64,
    /// Digits behind the point.
    pub(super) places: usize,
}

/// What one record holds.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// The time of the record; only the first signal of annotations has it.
    pub(super) record: Option<Onset>,
    pub(super) annotations: Vec<Annotation>,
    /// Lists that cannot be read.
    pub(super) damaged: usize,
}

/// Reads the lists of one record; in the first signal of annotations, a first list whose first text
/// is empty is the time of the record.
pub(super) fn read(bytes: &[u8], first_signal: bool) -> Lists {
    let mut lists = Lists::default();
    let filled = bytes.split(|&b| b == 0).filter(|list| !list.is_empty());
    for (i, list) in filled.enumerate() {
        let mut parts = list.split(|&b| b == SEPARATOR);
        let head = parts.next().and_then(head);
        let texts: Vec<&[u8]> = parts.collect();
        // behind the last separator there is nothing
        let (Some((onset, duration)), Some(([], texts))) = (head, texts.split_last()) else {
            lists.damaged += 1;
            continue;
        };
        if i == 0 && first_signal && texts.first().is_some_and(|text| text.is_empty()) {
            lists.record = Some(onset);
        }
        let filled = texts.iter().filter(|text| !text.is_empty());
        lists.annotations.extend(filled.map(|text| Annotation {
            onset: onset.seconds,
            duration,
            text: decoded(text),
        }));
    }
    lists
}

/// `+12.5` or, with a duration, `+12.5` and `30` around their separator.
fn head(bytes: &[u8]) -> Option<(Onset, Option<f64>)> {
    let mut parts = bytes.split(|&b| b == DURATION);
    let (onset, places) = decimal(
        parts
            .next()?
            .strip_prefix(b"+")
            .or_else(|| negative(bytes))?,
    )?;
    let sign = if bytes.starts_with(b"-") { -1.0 } else { 1.0 };
    let duration = match parts.next() {
        None | Some([]) => None,
        Some(text) => Some(decimal(text)?.0),
    };
    let seconds = sign * onset;
    parts
        .next()
        .is_none()
        .then_some((Onset { seconds, places }, duration))
}

/// The digits of a negative onset.
fn negative(bytes: &[u8]) -> Option<&[u8]> {
    bytes.split(|&b| b == DURATION).next()?.strip_prefix(b"-")
}

/// Digits with at most one point, and how many stand behind it.
fn decimal(bytes: &[u8]) -> Option<(f64, usize)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let places = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let value: f64 = text.parse().ok().filter(|v: &f64| plain && v.is_finite())?;
    Some((value, places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_a_record() {
        let bytes = b"+0.25\x14\x14begin\x14\0+12\x1530\x14Sleep stage W\x14\xb5\x14\0-1.5\x14early\x14\0\0\0";
        let lists = read(bytes, true);
        assert_eq!(
            lists.record,
            Some(Onset {
                seconds: 0.25,
                places: 2
            })
        );
        let found: Vec<(f64, Option<f64>, &str)> = lists
            .annotations
            .iter()
            .map(|a| (a.onset, a.duration, a.text.as_str()))
            .collect();
        let expected = [
            (0.25, None, "begin"),
            (12.0, Some(30.0), "Sleep stage W"),
            (12.0, Some(30.0), "µ"),
            (-1.5, None, "early"),
        ];
        assert_eq!(found, expected);
        assert_eq!(lists.damaged, 0);
        assert_eq!(read(bytes, false).record, None);
    }

    #[test]
    fn damaged_lists_are_counted() {
        for list in [
            &b"12\x14text\x14"[..],
            b"+12\x14text",
            b"+\x14text\x14",
            b"+1e5\x14text\x14",
            b"+1\x152\x153\x14text\x14",
            b"+1\x15x\x14text\x14",
            b"text",
            b"+1",
        ] {
            let lists = read(list, true);
            assert_eq!((lists.damaged, lists.annotations.len()), (1, 0), "{list:?}");
        }
    }
}
