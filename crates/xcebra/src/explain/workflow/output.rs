//! What is explained of a model, and the unit of frequencies in words.

use std::fmt;
use std::str::FromStr;

/// A weighted sum of outputs: `0`, `0+1`, `2-0`.
#[derive(Debug, Clone, PartialEq)]
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

/// Units in which people read frequencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
}
