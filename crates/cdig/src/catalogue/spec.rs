//! Domains as they are written: read, printed and listed.

use std::fmt;
use std::str::FromStr;

use crate::catalogue::entry::{Entry, Step, Usual};
use crate::catalogue::rows::DOMAINS;
use crate::error::CdigError;

/// A domain as it is written on a command line; [`build`](DomainSpec::build) makes it for signals of a shape.
///
/// A name of [`list`] with its arguments after colons, such as `rfft`, `stft:64:16` or `wavelet:db4:5`. Arguments that
/// are left out follow from the signal. `A+B` applies `B` to the coefficients of `A`, as in `ica:5+rfft`.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainSpec {
    /// Each on the coefficients of those before it; at least one.
    steps: Vec<Step>,
}

impl DomainSpec {
    /// What suits signals of which nothing is known but whether they have several channels.
    pub fn usual(channels: usize) -> Vec<Self> {
        let suits = |usual| match usual {
            Usual::Never => false,
            Usual::Always => true,
            Usual::SeveralChannels => channels > 1,
        };
        let entries = DOMAINS.iter().filter(|entry| suits(entry.usual));
        let steps = entries.filter_map(|entry| entry.step(&[]));
        steps.map(|step| Self { steps: vec![step] }).collect()
    }

    /// The domains, each on the coefficients of those before it.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether its coefficients are labelled with frequencies or seconds that need a sampling rate.
    pub fn needs_sampling_rate(&self) -> bool {
        self.steps.iter().any(|step| step.entry.needs_sampling_rate)
    }
}

impl fmt::Display for DomainSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().enumerate().try_for_each(|(i, step)| {
            let plus = if i == 0 { "" } else { "+" };
            write!(f, "{plus}{step}")
        })
    }
}

impl FromStr for DomainSpec {
    type Err = CdigError;

    fn from_str(text: &str) -> Result<Self, CdigError> {
        let step = |text: &str| {
            let mut parts = text.trim().split(':');
            let name = parts.next()?;
            let entry = DOMAINS.iter().find(|entry| entry.name == name)?;
            entry.step(&parts.collect::<Vec<_>>())
        };
        let steps = text.split('+').map(|part| {
            step(part)
                .ok_or_else(|| CdigError::parameter("the domain", format!("'{part}'"), expected()))
        });
        let steps = steps.collect::<Result<_, _>>()?;
        Ok(Self { steps })
    }
}

/// All domains with their arguments, for an error.
fn expected() -> String {
    let usages: Vec<String> = DOMAINS.iter().map(Entry::usage).collect();
    format!(
        "{} (FAMILY: haar, db2 … db10, sym4 … sym6; EDGE in Hz), or two with + between them",
        usages.join(", ")
    )
}

/// Every domain that has a name: how it is written, what it is in a line, and whether it needs a sampling rate.
pub fn list() -> impl Iterator<Item = (String, &'static str, bool)> {
    let rows = DOMAINS.iter();
    rows.map(|row| (row.usage(), row.help, row.needs_sampling_rate))
}

/// Every domain with an example and what it is, a line each, for a help text.
pub fn help() -> String {
    let examples = DOMAINS.iter().map(|entry| {
        let example = format!("{}{}", entry.name, entry.example);
        (example, entry.help)
    });
    let both = (
        "ica+rfft".to_owned(),
        "the second in the coefficients of the first",
    );
    let lines: Vec<(String, &str)> = examples.chain([both]).collect();
    let width = lines.iter().map(|(example, _)| example.chars().count());
    let width = width.max().unwrap_or(0);
    let lines = lines
        .iter()
        .map(|(example, help)| format!("  {example:width$} {help}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_written_as_they_are_parsed() {
        for text in [
            "time",
            "fourier",
            "rfft",
            "dct",
            "analytic",
            "cepstrum",
            "stft",
            "stft:64",
            "stft:64:16",
            "wavelet:db4",
            "wavelet:haar:3",
            "packets:sym5:4",
            "filter-bank:4:8:13.5",
            "seasonal-trend:12",
            "pca",
            "pca:5",
            "pca:5+rfft",
            "filter-bank:4+pca:2+time",
        ] {
            assert_eq!(text.parse::<DomainSpec>().unwrap().to_string(), text);
        }
        let usual: DomainSpec = "wavelet".parse().unwrap();
        assert_eq!(usual.to_string(), "wavelet:db4");
    }

    #[cfg(feature = "ica")]
    #[test]
    fn independent_components_have_a_name() {
        let text = "ica:5+rfft";
        assert_eq!(text.parse::<DomainSpec>().unwrap().to_string(), text);
    }

    #[test]
    fn what_is_not_a_domain_is_refused_with_the_list() {
        for text in [
            "",
            "fft",
            "stft:0",
            "stft:8:0",
            "stft:8:2:1",
            "time:1",
            "wavelet:db",
            "wavelet:coif1",
            "filter-bank",
            "filter-bank:x",
            "seasonal-trend",
            "pca:-1",
            "pca+",
            "+rfft",
        ] {
            let message = text.parse::<DomainSpec>().unwrap_err().to_string();
            assert!(message.contains("stft:WINDOW:HOP"), "{text}: {message}");
            assert!(message.contains("filter-bank:EDGE:EDGE…"), "{message}");
        }
    }

    /// An example that could not be parsed would be of no help, and names that are told apart by nothing neither.
    #[test]
    fn every_row_has_a_name_of_its_own_and_an_example_that_can_be_parsed() {
        let help = help();
        for (i, entry) in DOMAINS.iter().enumerate() {
            assert!(DOMAINS[..i].iter().all(|other| other.name != entry.name));
            let example = format!("{}{}", entry.name, entry.example);
            let spec: DomainSpec = example.parse().unwrap();
            assert_eq!(spec.steps()[0].entry.name, entry.name);
            assert!(
                help.lines()
                    .any(|line| line.trim_start().starts_with(&example))
            );
            assert!(help.contains(entry.help) && !entry.help.is_empty());
        }
    }

    #[test]
    fn several_channels_have_components_among_the_usual_domains() {
        let names = |channels| -> Vec<String> {
            let usual = DomainSpec::usual(channels).into_iter();
            usual.map(|spec| spec.to_string()).collect()
        };
        assert_eq!(names(1), ["time", "rfft", "dct", "stft", "wavelet:db4"]);
        assert!(names(2).contains(&"pca".to_owned()));
    }
}
