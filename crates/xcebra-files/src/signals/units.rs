//! Physical units of channels: read, and brought to one where they differ only by a power of ten.

use ndarray::Axis;

use crate::array::{DataArray, place};
use crate::error::{FileError, Result};
use crate::recorded::Scale;
use crate::values::Values;

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

impl DataArray {
    /// Brings the columns to the units of another array with the same columns, with a note for
    /// those that are converted. Nothing changes if one of the two arrays has no units, or if they
    /// have different numbers of columns.
    ///
    /// # Errors
    /// [`FileError::Value`] if a unit is of another kind.
    pub fn bring_to_units(&mut self, units: Option<&[String]>) -> Result<()> {
        let (Some(own), Some(units)) = (self.units.clone(), units) else {
            return Ok(());
        };
        if !matches!(self.values, Values::F64(_) | Values::Recorded(_)) || own.len() != units.len()
        {
            return Ok(());
        }
        // powers of ten from 1 on are exact, so that columns are multiplied or divided by one
        let [mut factors, mut divisors] = [(); 2].map(|()| vec![1.0; own.len()]);
        for (j, (from, to)) in own
            .iter()
            .zip(units)
            .enumerate()
            .filter(|(_, u)| u.0 != u.1)
        {
            let name = self.columns.as_ref().and_then(|names| names.get(j));
            let name = name.cloned().unwrap_or_else(|| j.to_string());
            let power = match (parse(from), parse(to)) {
                (Some(from), Some(to)) if from.0 == to.0 => from.1 - to.1,
                _ => {
                    return Err(FileError::Value {
                        place: place(&self.source),
                        problem: format!(
                            "channel `{name}` is in {from:?}, and elsewhere in {to:?}"
                        ),
                        advice: "export the recordings in the same units".to_owned(),
                    });
                }
            };
            let by = if power < 0 {
                &mut divisors
            } else {
                &mut factors
            };
            by[j] = 10_f64.powi(power.abs());
            self.notes
                .push(format!("converted from {from} to {to}: `{name}`"));
        }
        self.scale(Scale::times(factors));
        self.scale(Scale::Divided { divisor: divisors });
        self.units = Some(units.to_vec());
        Ok(())
    }

    /// Maps the columns of physical values.
    fn scale(&mut self, scale: Scale) {
        if scale.is_identity() {
            return;
        }
        match &mut self.values {
            Values::Recorded(recorded) => recorded.scale(scale),
            Values::F64(values) => {
                for (j, mut column) in values.axis_iter_mut(Axis(1)).enumerate() {
                    column.mapv_inplace(|v| scale.of(j, v));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn arrays_are_brought_to_the_units_of_others() {
        let array = |units: [&str; 2]| DataArray {
            units: Some(units.map(str::to_owned).to_vec()),
            ..DataArray::new(
                Source::new("a.edf", "x"),
                Values::F64(ndarray::array![[1.0, 2.0], [3.0, 4.0]].into_dyn()),
            )
        };
        let mut found = array(["mV", "µV"]);
        let target = array(["µV", "mV"]);
        found.bring_to_units(target.units.as_deref()).unwrap();
        let expected = ndarray::array![[1000.0, 0.002], [3000.0, 0.004]];
        assert_eq!(found.matrix::<f64>().unwrap(), expected);
        assert_eq!(found.units, target.units);
        assert_eq!(found.notes.len(), 2);
        let error = found.bring_to_units(array(["%", "mV"]).units.as_deref());
        let message = error.unwrap_err().to_string();
        assert!(
            message.contains("`0` is in \"µV\", and elsewhere in \"%\""),
            "{message}"
        );
        let mut plain = array(["mV", "V"]);
        plain.bring_to_units(None).unwrap();
        assert_eq!(plain, array(["mV", "V"]));
    }

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
