//! One row of the catalogue, and a row with its arguments.

use std::fmt;

use crate::catalogue::Setting;
use crate::domain::Domain;
use crate::domains::WaveletFamily;
use crate::error::Result;

/// A domain with a name: what it takes, what it is in words, and how it is made.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name, for example `stft`.
    pub name: &'static str,
    /// Its arguments, in the order in which they follow the name.
    pub arguments: &'static [Argument],
    /// Arguments as an example, for example `:64:16`; empty if it is usual without.
    pub example: &'static str,
    /// What it is, in a line of a help text.
    pub help: &'static str,
    /// Whether its axes need a sampling rate, because they are frequencies.
    pub needs_sampling_rate: bool,
    /// Whether it is among those that suit signals of which nothing is known.
    pub usual: Usual,
    /// Makes it for signals as the setting describes them.
    pub make: Make,
}

/// Makes a domain for signals as a setting describes them.
pub(super) type Make = fn(&Step, &Setting<'_>) -> Result<Box<dyn Domain<f64>>>;

/// An argument of a domain, which follows its name or the argument before after a colon.
#[derive(Debug)]
pub(super) struct Argument {
    /// Its name in help texts and errors, for example `WINDOW`.
    pub name: &'static str,
    /// What it must be.
    pub kind: Kind,
}

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A positive whole number.
    Count,
    /// A positive whole number that follows from the signal if it is left out, and all arguments after it.
    OptionalCount,
    /// A family of wavelets; `db4` if it is left out.
    Family,
    /// One or more numbers; the last argument.
    Numbers,
}

/// Which signals a domain suits of which nothing is known but whether they have several channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usual {
    /// None.
    Never,
    /// All.
    Always,
    /// Those of several channels.
    SeveralChannels,
}

/// The value of an argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    /// A positive whole number.
    Count(usize),
    /// A family of wavelets.
    Family(WaveletFamily),
    /// Any number.
    Number(f64),
}

/// A domain of the catalogue with its arguments.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The domain.
    pub entry: &'static Entry,
    /// Arguments in their order; those that were left out are missing at the end.
    pub values: Vec<Value>,
}

impl Entry {
    /// Its name with the names of its arguments, for example `stft:WINDOW:HOP`.
    pub(super) fn usage(&self) -> String {
        let mut usage = self.name.to_owned();
        for argument in self.arguments {
            usage += &format!(":{}", argument.name);
            if argument.kind == Kind::Numbers {
                usage += &format!(":{}…", argument.name);
            }
        }
        usage
    }

    /// This domain with arguments as they are written; `None` if they are not such arguments.
    pub(super) fn step(&'static self, texts: &[&str]) -> Option<Step> {
        let mut texts = texts.iter().copied();
        let mut values = Vec::new();
        for argument in self.arguments {
            match (argument.kind, texts.next()) {
                (Kind::OptionalCount, None) => break,
                (Kind::Count | Kind::OptionalCount, Some(text)) => {
                    let count = text.parse().ok().filter(|&count: &usize| count > 0)?;
                    values.push(Value::Count(count));
                }
                (Kind::Family, text) => {
                    let family = text.map_or(Ok(USUAL_FAMILY), str::parse).ok()?;
                    values.push(Value::Family(family));
                }
                (Kind::Numbers, Some(first)) => {
                    for text in std::iter::once(first).chain(texts.by_ref()) {
                        values.push(Value::Number(text.parse().ok()?));
                    }
                }
                (Kind::Count | Kind::Numbers, None) => return None,
            }
        }
        let entry = self;
        texts.next().is_none().then_some(Step { entry, values })
    }
}

/// The wavelets of domains that do not name them.
const USUAL_FAMILY: WaveletFamily = WaveletFamily::Daubechies(4);

impl Step {
    /// Argument `place` as a count; `None` if it was left out.
    pub(super) fn count(&self, place: usize) -> Option<usize> {
        match self.values.get(place) {
            Some(Value::Count(count)) => Some(*count),
            _ => None,
        }
    }

    /// The wavelets among the arguments.
    pub(super) fn family(&self) -> WaveletFamily {
        let mut families = self.values.iter().filter_map(|value| match value {
            Value::Family(family) => Some(*family),
            _ => None,
        });
        families.next().unwrap_or(USUAL_FAMILY)
    }

    /// All arguments that are any numbers.
    pub(super) fn numbers(&self) -> Vec<f64> {
        let numbers = self.values.iter().filter_map(|value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        });
        numbers.collect()
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.entry.name == other.entry.name && self.values == other.values
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.name)?;
        self.values.iter().try_for_each(|value| match value {
            Value::Count(count) => write!(f, ":{count}"),
            Value::Family(family) => write!(f, ":{family}"),
            Value::Number(number) => write!(f, ":{number}"),
        })
    }
}
