//! Names and places of the electrodes of the international 10–20 and 10–10 systems.

use std::f64::consts::FRAC_PI_2;

use xcebra_numeric::Point;

/// Electrodes by name, on a sphere of radius 1: right, front, top.
///
/// The places are those of the package eeg-positions (Appelhoff, MIT licence), which computes them from the arcs by which
/// Oostenveld and Praamstra (2001, Clinical Neurophysiology 112, 713–719) define the 10–10 and 10–5 systems, with the
/// nasion, the inion and the points in front of the ears on the equator. MNE has the same as `spherical_1010` and
/// `spherical_1005`.
#[rustfmt::skip]
const ELECTRODES: [(&str, [f64; 3]); 87] = [
    ("AF1", [-0.1608, 0.8064, 0.5692]),
    ("AF10", [0.5878, 0.809, 0.0]),
    ("AF2", [0.1608, 0.8064, 0.5692]),
    ("AF3", [-0.313, 0.7986, 0.5142]),
    ("AF4", [0.313, 0.7986, 0.5142]),
    ("AF5", [-0.4481, 0.7861, 0.4259]),
    ("AF6", [0.4481, 0.7861, 0.4259]),
    ("AF7", [-0.559, 0.7695, 0.309]),
    ("AF8", [0.559, 0.7695, 0.309]),
    ("AF9", [-0.5878, 0.809, 0.0]),
    ("AFz", [0.0, 0.809, 0.5878]),
    ("C1", [-0.309, 0.0, 0.9511]),
    ("C2", [0.309, 0.0, 0.9511]),
    ("C3", [-0.5878, 0.0, 0.809]),
    ("C4", [0.5878, 0.0, 0.809]),
    ("C5", [-0.809, 0.0, 0.5878]),
    ("C6", [0.809, 0.0, 0.5878]),
    ("CP1", [-0.2911, -0.3079, 0.9058]),
    ("CP2", [0.2911, -0.3079, 0.9058]),
    ("CP3", [-0.5547, -0.3048, 0.7742]),
    ("CP4", [0.5547, -0.3048, 0.7742]),
    ("CP5", [-0.7658, -0.3, 0.5688]),
    ("CP6", [0.7658, -0.3, 0.5688]),
    ("CPz", [0.0, -0.309, 0.9511]),
    ("Cz", [0.0, 0.0, 1.0]),
    ("F1", [-0.2394, 0.5858, 0.7743]),
    ("F10", [0.809, 0.5878, 0.0]),
    ("F2", [0.2394, 0.5858, 0.7743]),
    ("F3", [-0.4591, 0.58, 0.673]),
    ("F4", [0.4591, 0.58, 0.673]),
    ("F5", [-0.6408, 0.5708, 0.5135]),
    ("F6", [0.6408, 0.5708, 0.5135]),
    ("F7", [-0.7695, 0.559, 0.309]),
    ("F8", [0.7695, 0.559, 0.309]),
    ("F9", [-0.809, 0.5878, 0.0]),
    ("FC1", [-0.2911, 0.3079, 0.9058]),
    ("FC2", [0.2911, 0.3079, 0.9058]),
    ("FC3", [-0.5547, 0.3048, 0.7742]),
    ("FC4", [0.5547, 0.3048, 0.7742]),
    ("FC5", [-0.7658, 0.3, 0.5688]),
    ("FC6", [0.7658, 0.3, 0.5688]),
    ("FCz", [0.0, 0.309, 0.9511]),
    ("FT10", [0.9511, 0.309, 0.0]),
    ("FT7", [-0.9045, 0.2939, 0.309]),
    ("FT8", [0.9045, 0.2939, 0.309]),
    ("FT9", [-0.9511, 0.309, 0.0]),
    ("Fp1", [-0.2939, 0.9045, 0.309]),
    ("Fp2", [0.2939, 0.9045, 0.309]),
    ("Fpz", [0.0, 0.9511, 0.309]),
    ("Fz", [0.0, 0.5878, 0.809]),
    ("I1", [-0.309, -0.9511, 0.0]),
    ("I2", [0.309, -0.9511, 0.0]),
    ("Iz", [0.0, -1.0, 0.0]),
    ("Nz", [0.0, 1.0, 0.0]),
    ("O1", [-0.2939, -0.9045, 0.309]),
    ("O2", [0.2939, -0.9045, 0.309]),
    ("Oz", [0.0, -0.9511, 0.309]),
    ("P1", [-0.2394, -0.5858, 0.7743]),
    ("P10", [0.809, -0.5878, 0.0]),
    ("P2", [0.2394, -0.5858, 0.7743]),
    ("P3", [-0.4591, -0.58, 0.673]),
    ("P4", [0.4591, -0.58, 0.673]),
    ("P5", [-0.6408, -0.5708, 0.5135]),
    ("P6", [0.6408, -0.5708, 0.5135]),
    ("P7", [-0.7695, -0.559, 0.309]),
    ("P8", [0.7695, -0.559, 0.309]),
    ("P9", [-0.809, -0.5878, 0.0]),
    ("PO1", [-0.1608, -0.8064, 0.5692]),
    ("PO10", [0.5878, -0.809, 0.0]),
    ("PO2", [0.1608, -0.8064, 0.5692]),
    ("PO3", [-0.313, -0.7986, 0.5142]),
    ("PO4", [0.313, -0.7986, 0.5142]),
    ("PO5", [-0.4481, -0.7861, 0.4259]),
    ("PO6", [0.4481, -0.7861, 0.4259]),
    ("PO7", [-0.559, -0.7695, 0.309]),
    ("PO8", [0.559, -0.7695, 0.309]),
    ("PO9", [-0.5878, -0.809, 0.0]),
    ("POz", [0.0, -0.809, 0.5878]),
    ("Pz", [0.0, -0.5878, 0.809]),
    ("T10", [1.0, 0.0, 0.0]),
    ("T7", [-0.9511, 0.0, 0.309]),
    ("T8", [0.9511, 0.0, 0.309]),
    ("T9", [-1.0, 0.0, 0.0]),
    ("TP10", [0.9511, -0.309, 0.0]),
    ("TP7", [-0.9045, -0.2939, 0.309]),
    ("TP8", [0.9045, -0.2939, 0.309]),
    ("TP9", [-0.9511, -0.309, 0.0]),
];

/// Names that were used before, and other names of the same place.
const OTHER_NAMES: [(&str, &str); 6] = [
    ("T3", "T7"),
    ("T4", "T8"),
    ("T5", "P7"),
    ("T6", "P8"),
    ("O9", "I1"),
    ("O10", "I2"),
];

/// Words around the name of an electrode that say how it was measured: what it is, and what it was compared with.
const AROUND: [&str; 17] = [
    "eeg",
    "ref",
    "reference",
    "le",
    "re",
    "ar",
    "av",
    "avg",
    "average",
    "car",
    "cle",
    "linked",
    "ears",
    "a1",
    "a2",
    "m1",
    "m2",
];

/// An electrode of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Electrode {
    /// Which channel it is.
    pub(super) channel: usize,
    /// Its name in the system.
    pub(super) name: &'static str,
    /// Its place on the head seen from above: right, front; the nasion and the points in front of the ears are at a
    /// distance of 1.
    pub(super) at: Point,
}

/// The name of an electrode in the name of a channel: `Fp1`, `EEG FP1-REF`, `Fp1-A1`, `T3`. None if there is
/// none or, as between two electrodes, more than one.
fn named(channel: &str) -> Option<&'static (&'static str, [f64; 3])> {
    let words = channel.split(|c: char| !c.is_alphanumeric());
    let mut found = None;
    for word in words.filter(|word| !word.is_empty()) {
        let word = word.to_ascii_lowercase();
        // both parts in one word
        let bare = word.strip_prefix("eeg").filter(|bare| !bare.is_empty());
        match by_name(bare.unwrap_or(&word)) {
            Some(_) if found.is_some() => return None,
            Some(electrode) => found = Some(electrode),
            None if AROUND.contains(&word.as_str()) => {}
            None => return None,
        }
    }
    found
}

fn by_name(word: &str) -> Option<&'static (&'static str, [f64; 3])> {
    let other = OTHER_NAMES
        .iter()
        .find(|(other, _)| word.eq_ignore_ascii_case(other));
    let word = other.map_or(word, |(_, name)| name);
    ELECTRODES
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name))
}

/// The electrodes among channels. None unless at least half of the channels, and four of them, are electrodes of several
/// regions at different places: `c1`, `c2`, … are counted columns.
pub(super) fn electrodes(channels: &[String]) -> Option<Vec<Electrode>> {
    let found = channels.iter().enumerate().filter_map(|(channel, name)| {
        let (name, place) = named(name)?;
        let at = from_above(*place);
        Some(Electrode { channel, name, at })
    });
    let found: Vec<Electrode> = found.collect();
    let same = |(i, e): (usize, &Electrode)| found[..i].iter().any(|other| other.name == e.name);
    if found.len() < 4 || 2 * found.len() < channels.len() || found.iter().enumerate().any(same) {
        return None;
    }
    let region = |e: &Electrode| {
        e.name
            .trim_end_matches(|c: char| c.is_ascii_digit() || c == 'z')
    };
    let mut regions: Vec<&str> = found.iter().map(region).collect();
    regions.sort_unstable();
    regions.dedup();
    let long = regions.iter().filter(|region| region.len() > 1).count();
    (regions.len() > 2 || long > 1).then_some(found)
}

/// A place on the sphere seen from above, with its distance from the top along the sphere (azimuthal equidistant).
fn from_above([x, y, z]: [f64; 3]) -> Point {
    let flat = x.hypot(y);
    if flat == 0.0 {
        return [0.0, 0.0];
    }
    let distance = flat.atan2(z) / FRAC_PI_2;
    [distance * x / flat, distance * y / flat]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn names_are_found_in_what_files_call_channels() {
        for (channel, electrode) in [
            ("Fp1", Some("Fp1")),
            ("FP1", Some("Fp1")),
            ("cz", Some("Cz")),
            ("EEG Fp1-REF", Some("Fp1")),
            ("EEG FP2-LE", Some("Fp2")),
            ("Fp1-A1", Some("Fp1")),
            ("C4-M1", Some("C4")),
            ("EEG C3-A2", Some("C3")),
            ("T3", Some("T7")),
            ("EEG T6-Ref", Some("P8")),
            ("Fc5.", Some("FC5")),
            ("EEGO2", Some("O2")),
            ("AF10", Some("AF10")),
            // between two electrodes
            ("Fp1-F7", None),
            ("EEG Fpz-Cz", None),
            ("C3-C3", None),
            // no electrodes of the scalp, or none at all
            ("A1", None),
            ("EOG left", None),
            ("Resp", None),
            ("EEG 001", None),
            ("Fp1 clean", None),
            ("C33", None),
            ("", None),
        ] {
            assert_eq!(
                named(channel).map(|(name, _)| *name),
                electrode,
                "{channel}"
            );
        }
    }

    #[test]
    fn counted_columns_are_no_electrodes() {
        let some = |names: &[&str]| electrodes(&channels(names)).map(|found| found.len());
        assert_eq!(some(&["c1", "c2", "c3", "c4", "c5", "c6"]), None);
        assert_eq!(some(&["C1", "C2", "C3", "P1", "P2", "P3"]), None);
        assert_eq!(some(&["Fz", "Cz", "Pz", "Oz"]), Some(4));
        assert_eq!(some(&["TP9", "AF7", "AF8", "TP10"]), Some(4));
        // twice the same place
        assert_eq!(some(&["Fz", "Cz", "Pz", "T3", "T7"]), None);
        assert_eq!(some(&["Fz", "Cz", "Pz"]), None);
        assert_eq!(some(&["Fz", "x", "Cz", "Pz", "Oz", "y"]), Some(4));
        assert_eq!(
            some(&["Fz", "Cz", "Pz", "Oz", "a", "b", "c", "d", "e"]),
            None
        );
        let found = electrodes(&channels(&["EOG", "Fz", "Cz", "Pz", "Oz"])).unwrap();
        assert_eq!((found[0].channel, found[0].name), (1, "Fz"));
    }

    /// The definition: arcs of a tenth of the half circle from the nasion to the inion.
    #[test]
    fn places_are_tenths_of_arcs() {
        let at = |name: &str| from_above(by_name(name).unwrap().1);
        for (name, expected) in [
            ("Cz", [0.0, 0.0]),
            ("FCz", [0.0, 0.2]),
            ("Fz", [0.0, 0.4]),
            ("Fpz", [0.0, 0.8]),
            ("Nz", [0.0, 1.0]),
            ("Oz", [0.0, -0.8]),
            ("C4", [0.4, 0.0]),
            ("T7", [-0.8, 0.0]),
            ("T10", [1.0, 0.0]),
        ] {
            let found = at(name);
            // four digits in the table
            let far = (found[0] - expected[0]).hypot(found[1] - expected[1]);
            assert!(far < 1e-4, "{name} {found:?}");
        }
        for (name, [x, y, z]) in ELECTRODES {
            assert!((x * x + y * y + z * z - 1.0).abs() < 2e-4, "{name}");
            // the other side of the head
            let region = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let Ok(number) = name[region.len()..].parse::<u32>() else {
                continue;
            };
            let other = if number % 2 == 1 {
                number + 1
            } else {
                number - 1
            };
            let other = by_name(&format!("{region}{other}")).unwrap();
            assert_eq!(other.1, [-x, y, z], "{name}");
        }
    }
}
