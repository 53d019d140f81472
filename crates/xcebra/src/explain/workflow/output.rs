//! What is explained of a model, and the unit of frequencies in words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A weighted sum of outputs: `0`, `0+1`, `2-0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputSpec(
    /// Outputs and their weights.
    pub Vec<(usize, f64)>,
);

impl Default for OutputSpec {
    fn default() -> Self {
        Self(vec![(0, 1.0)])
    }
}

impl FromStr for OutputSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not an output such as 0, a sum 0+1 or a difference 2-0");
        let mut terms = Vec::new();
        let (mut rest, mut sign) = (text.trim(), 1.0);
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            let output: usize = rest[..end].trim().parse().map_err(|_| wrong())?;
            if terms.iter().any(|(k, _)| *k == output) {
                return Err(format!("`{text}` names output {output} twice"));
            }
            terms.push((output, sign));
            match rest.as_bytes().get(end) {
                None => return Ok(Self(terms)),
                Some(b'+') => sign = 1.0,
                Some(_) => sign = -1.0,
            }
            rest = &rest[end + 1..];
        }
    }
}

impl fmt::Display for OutputSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (output, weight)) in self.0.iter().enumerate() {
            let sign = if *weight < 0.0 { "-" } else { "+" };
            write!(f, "{}{output}", if i == 0 { "" } else { sign })?;
        }
        Ok(())
    }
}

/// Most outputs that a range may name; more are a slip of the pen.
const MOST_OUTPUTS: usize = 1 << 20;

/// Which outputs of a model are explained: `0`, `2-0`, `0,1,2`, `0..12`, `all`, `predicted`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outputs {
    /// One output, or a weighted sum.
    Sum(OutputSpec),
    /// These, each for itself, along the same path.
    List(Vec<usize>),
    /// All, each for itself, along the same path.
    All,
    /// Of each signal the output that is largest for it.
    Predicted,
}

impl Default for Outputs {
    fn default() -> Self {
        Self::Sum(OutputSpec::default())
    }
}

impl From<OutputSpec> for Outputs {
    fn from(sum: OutputSpec) -> Self {
        Self::Sum(sum)
    }
}

impl FromStr for Outputs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "all" => return Ok(Self::All),
            "predicted" => return Ok(Self::Predicted),
            one if !one.contains([',', '.']) => return one.parse().map(Self::Sum),
            _ => {}
        }
        let wrong = |part: &str| {
            format!(
                "`{part}` is not an output or a range of outputs; lists are written 0,1,2 or 0..12, and a sum \
                 such as 2-0 stands alone"
            )
        };
        let mut list = Vec::new();
        for part in text.split(',') {
            let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong(part));
            let range = match part.split_once("..") {
                Some((first, end)) => number(first)?..number(end)?,
                None => number(part).map(|one| one..one.saturating_add(1))?,
            };
            if range.is_empty() || range.end > MOST_OUTPUTS {
                return Err(wrong(part));
            }
            list.extend(range);
        }
        let mut sorted = list.clone();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("`{text}` names output {} twice", pair[0])),
            None => Ok(Self::List(list)),
        }
    }
}

impl fmt::Display for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum(sum) => sum.fmt(f),
            Self::All => f.write_str("all"),
            Self::Predicted => f.write_str("predicted"),
            Self::List(list) => {
                let names: Vec<String> = list.iter().map(ToString::to_string).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

/// Units in which people read frequencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrequencyUnit {
    /// Cycles a second.
    #[default]
    Hz,
    /// Beats a minute.
    Bpm,
}

impl FrequencyUnit {
    /// Its name, and the factor from Hz.
    pub fn factor(self) -> (&'static str, f64) {
        match self {
            Self::Hz => ("Hz", 1.0),
            Self::Bpm => ("bpm", 60.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_written_as_they_are_parsed() {
        for text in ["0", "0+1", "2-0", "3+10-4"] {
            assert_eq!(text.parse::<OutputSpec>().unwrap().to_string(), text);
        }
        let contrast: OutputSpec = "2-0".parse().unwrap();
        assert_eq!(contrast.0, [(2, 1.0), (0, -1.0)]);
        for text in ["", "-", "-1", "1+", "a", "1++2", "1+1", "0.5"] {
            assert!(text.parse::<OutputSpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn lists_all_and_predicted() {
        let parsed = |text: &str| text.parse::<Outputs>();
        assert_eq!(parsed("all"), Ok(Outputs::All));
        assert_eq!(parsed("predicted"), Ok(Outputs::Predicted));
        assert_eq!(parsed("2-0"), Ok(Outputs::Sum("2-0".parse().unwrap())));
        assert_eq!(parsed("3"), Ok(Outputs::Sum("3".parse().unwrap())));
        assert_eq!(parsed("0, 4,2"), Ok(Outputs::List(vec![0, 4, 2])));
        assert_eq!(parsed("0..3,7"), Ok(Outputs::List(vec![0, 1, 2, 7])));
        assert_eq!(parsed("0..3,7").unwrap().to_string(), "0,1,2,7");
        for text in [
            "",
            ",",
            "1,",
            "0,0",
            "0..0",
            "1-0,2",
            "0..2,1",
            "0..99999999999",
            "..",
            "none",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
