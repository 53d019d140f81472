//! How large an experiment is.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// How large an experiment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Every part once, in seconds: for continuous integration. Its numbers mean nothing.
    Smoke,
    /// Enough to see what holds, in under 40 minutes on two quiet cores.
    Small,
    /// As the paper says.
    Paper,
}

impl Scale {
    /// All scales.
    pub const ALL: [Self; 3] = [Self::Smoke, Self::Small, Self::Paper];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Small => "small",
            Self::Paper => "paper",
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scale {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|scale| scale.name() == name);
        found.ok_or_else(|| Error::Scale {
            found: name.to_owned(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }
}
