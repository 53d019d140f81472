//! The words of alternative texts: numbers with units, plurals, lists.

use xcebra_numeric::{decimals, trimmed};

use crate::figure::scale::{number, range};

/// Names that a list says before it only counts.
const MOST_NAMES: usize = 30;

/// The title of a figure, or what kind of figure it is.
pub(crate) fn title<'a>(title: &'a str, kind: &'a str) -> &'a str {
    match title.is_empty() {
        true => kind,
        false => title,
    }
}

/// A number of things: `1 channel`, `2 input channels`, `3 channels (from 0)`.
pub(crate) fn counted(n: usize, thing: &str) -> String {
    let (word, rest) = match thing.split_once(" (") {
        Some((word, rest)) => (word, format!(" ({rest}")),
        None => (thing, String::new()),
    };
    let word = match n {
        1 => word.to_owned(),
        _ => plural(word),
    };
    format!("{} {word}{rest}", number(n as f64))
}

fn plural(word: &str) -> String {
    let consonant = |c: char| c.is_alphabetic() && !"aeiou".contains(c);
    match word.strip_suffix('y') {
        Some(stem) if stem.ends_with(consonant) => format!("{stem}ies"),
        _ if word.ends_with('s') => word.to_owned(),
        _ if word.ends_with('x') || word.ends_with("ch") || word.ends_with("sh") => {
            format!("{word}es")
        }
        _ => format!("{word}s"),
    }
}

/// A value on an axis: `time 0.5 s` for the axis `time (s)`, `channel 3` for `channel (from 0)`.
pub(crate) fn on_axis(axis: &str, value: f64) -> String {
    match axis.split_once(" (") {
        Some((name, _)) => format!("{name} {}", with_unit(axis, value)),
        None if axis.is_empty() => number(value),
        None => format!("{axis} {}", position(value)),
    }
}

/// A value with the unit that stands behind the title of its axis.
pub(crate) fn with_unit(axis: &str, value: f64) -> String {
    let unit = axis
        .split_once(" (")
        .map(|(_, unit)| unit.trim_end_matches(')'));
    match unit {
        Some(unit) if !unit.is_empty() && !unit.starts_with("from ") => {
            format!("{} {unit}", position(value))
        }
        _ => position(value),
    }
}

/// A position on an axis: small ones, such as times of fast recordings, with all four digits that count.
fn position(value: f64) -> String {
    if !(1e-4..0.1).contains(&value.abs()) {
        return number(value);
    }
    let text = trimmed(value, decimals(value.abs(), 4));
    text.replace('-', "−")
}

/// What values there are: `values from 1 to 2`, `every value 1`, `no values`.
pub(crate) fn spread(values: impl IntoIterator<Item = f64>) -> String {
    match range(values) {
        (low, high) if low > high => "no values".to_owned(),
        (low, high) if number(low) == number(high) => format!("every value {}", number(low)),
        (low, high) => format!("values from {} to {}", number(low), number(high)),
    }
}

/// Names with commas; of very many only the first.
pub(crate) fn listed(names: &[String]) -> String {
    match names.len() {
        n if n > MOST_NAMES => {
            format!(
                "{} and {} more",
                names[..MOST_NAMES].join(", "),
                n - MOST_NAMES
            )
        }
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_readers() {
        for (n, thing, text) in [
            (1, "input channel", "1 input channel"),
            (50, "input channel", "50 input channels"),
            (2, "channel (from 0)", "2 channels (from 0)"),
            (3, "frequency", "3 frequencies"),
            (2, "day", "2 days"),
            (0, "series", "0 series"),
            (2, "box", "2 boxes"),
        ] {
            assert_eq!(counted(n, thing), text);
        }
        assert_eq!(
            on_axis("time (s)", 0.001_125_000_000_000_000_1),
            "time 0.001125 s"
        );
        assert_eq!(on_axis("channel (from 0)", 3.0), "channel 3");
        assert_eq!(on_axis("step", 3.0), "step 3");
        assert_eq!(with_unit("coefficients exchanged (%)", 50.0), "50 %");
        assert_eq!(spread([f64::NAN]), "no values");
        assert_eq!(spread([2.0, f64::NAN]), "every value 2");
        let names: Vec<String> = (0..33).map(|i| i.to_string()).collect();
        assert!(listed(&names).ends_with("29 and 3 more"));
    }
}
