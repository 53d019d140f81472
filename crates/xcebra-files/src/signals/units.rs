//! Physical units of channels: read, and brought to one where they differ only by a power of ten.

/// Units that channels share but for a prefix. Only equal ones are converted into each other.
const BASES: [&str; 11] = ["V", "A", "T", "S", "Hz", "Pa", "g", "m", "s", "W", "Ohm"];

/// Prefixes with the power of ten they stand for, as files write them. Micro is a Latin-1 or
/// UTF-8 µ, a Greek μ, a `u`, or the two bytes of a Japanese μ.
const PREFIXES: [(&str, i32); 15] = [
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("u", -6),
    ("\u{b5}", -6),
    ("\u{3bc}", -6),
    ("\u{83}\u{ca}", -6),
    ("m", -3),
    ("c", -2),
    ("d", -1),
    ("k", 3),
    ("K", 3),
    ("M", 6),
    ("G", 9),
    ("", 0),
];

/// The base and the power of ten of a unit; none for anything that is not in the lists.
fn parse(unit: &str) -> Option<(&'static str, i32)> {
    BASES.iter().find_map(|base| {
        let prefix = unit.strip_suffix(base)?;
        let (_, power) = PREFIXES.iter().find(|(p, _)| *p == prefix)?;
        Some((*base, *power))
    })
}

/// A unit in one spelling: micro is `µ`.
pub(crate) fn spelled(unit: &str) -> String {
    match parse(unit) {
        Some((base, -6)) => format!("µ{base}"),
        _ => unit.to_owned(),
    }
}

/// For each of these units the unit it is brought to, and the factor: the finest of its kind.
pub(super) fn common(units: &[&str]) -> Vec<(f64, String)> {
    let finest = |base: &str| {
        let of_kind = units
            .iter()
            .filter(|u| parse(u).is_some_and(|p| p.0 == base));
        of_kind.min_by_key(|u| parse(u).map(|p| p.1))
    };
    let one = |unit: &&str| {
        let (base, power) = parse(unit)?;
        let target = finest(base)?;
        let (_, lowest) = parse(target)?;
        Some((10_f64.powi(power - lowest), spelled(target)))
    };
    let brought = |unit| one(unit).unwrap_or_else(|| (1.0, spelled(unit)));
    units.iter().map(brought).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_kind_become_the_finest() {
        let found = common(&["mV", "degC", "uV", "V", "\u{3bc}V", "mm", "cm", ""]);
        let expected = [
            (1e3, "µV"),
            (1.0, "degC"),
            (1.0, "µV"),
            (1e6, "µV"),
            (1.0, "µV"),
            (1.0, "mm"),
            (10.0, "mm"),
            (1.0, ""),
        ];
        let expected = expected.map(|(factor, unit)| (factor, unit.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn one_unit_stays_as_it_is() {
        assert_eq!(common(&["mV", "mV"]), vec![(1.0, "mV".to_owned()); 2]);
    }

    #[test]
    fn words_are_not_taken_apart() {
        for unit in [
            "min", "cmH2O", "mmHg", "bpm", "uv", "%", "m/s", "mV/cm", "Boolean",
        ] {
            assert_eq!(parse(unit), None, "{unit}");
        }
        assert_eq!(parse("Pa"), Some(("Pa", 0)));
        assert_eq!(parse("pA"), Some(("A", -12)));
        assert_eq!(parse("ms"), Some(("s", -3)));
        assert_eq!(parse("mS"), Some(("S", -3)));
        assert_eq!(parse("\u{83}\u{ca}V"), Some(("V", -6)));
    }
}
