//! What can go wrong when data are generated.

use std::borrow::Cow;

use thiserror::Error;
use xcebra_model::{Advice, Kind};

/// Result of a generator.
pub type Result<T, E = SynthError> = std::result::Result<T, E>;

/// Why data cannot be generated or questioned.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SynthError {
    /// A parameter is outside its domain.
    #[error("{name} is {found}, expected {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given.
        found: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// Data are made of several of these, and there is none.
    #[error("there are no {missing}")]
    Nothing {
        /// What is missing.
        missing: &'static str,
    },
    /// A group without latents.
    #[error("group {group} has no latents")]
    EmptyGroup {
        /// Index of the group.
        group: usize,
    },
    /// A block that no group feeds.
    #[error("block {block} has no inputs")]
    NoInputs {
        /// Index of the block.
        block: usize,
    },
    /// A block fed by a group that does not exist.
    #[error("block {block} names group {group}, but there are {groups} groups, counted from 0")]
    UnknownGroup {
        /// Index of the block.
        block: usize,
        /// The group it names.
        group: usize,
        /// How many groups there are.
        groups: usize,
    },
    /// A block that names a group twice.
    #[error("block {block} names group {group} more than once")]
    DuplicateGroup {
        /// Index of the block.
        block: usize,
        /// The group named again.
        group: usize,
    },
    /// A mixing that has fewer outputs than inputs loses information.
    #[error("{what} has {channels} channels for {latents} latents and cannot be injective")]
    TooFewChannels {
        /// Which network: `block 2`, for example.
        what: String,
        /// Its outputs.
        channels: usize,
        /// Its inputs.
        latents: usize,
    },
    /// A group that feeds no block cannot be seen in the data.
    #[error("group {group} feeds no block, so the data do not depend on it")]
    UnusedGroup {
        /// Index of the group.
        group: usize,
    },
    /// A point has the wrong number of coordinates.
    #[error("the point has {found} coordinates, expected {expected}: one for each latent")]
    PointLength {
        /// Coordinates given.
        found: usize,
        /// Latents.
        expected: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error("coordinate {index} of the point is {value}, but coordinates must be finite")]
    NotFinite {
        /// Index of the first such coordinate.
        index: usize,
        /// Its value as text.
        value: String,
    },
    /// An index is beyond the end.
    #[error("{what} {index} does not exist: there are {count}, counted from 0")]
    OutOfRange {
        /// What was asked for.
        what: &'static str,
        /// The index asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// An expected count is not a finite, non-negative number.
    #[error(
        "the expected count at position {index} is {value}, but must be finite and not negative"
    )]
    Rate {
        /// Position of the first such count, in row-major order.
        index: usize,
        /// Its value as text.
        value: String,
    },
    /// A band of frequencies is empty, or the signal cannot hold it beside the others.
    #[error("band {index} is {low} to {high} Hz, expected {expected}")]
    Band {
        /// Index of the band, class bands first.
        index: usize,
        /// Lower edge, Hz.
        low: f64,
        /// Upper edge, Hz.
        high: f64,
        /// What is allowed.
        expected: &'static str,
    },
}

impl Advice for SynthError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Nothing { .. } => Some("give at least one".into()),
            Self::EmptyGroup { .. } => Some("give it at least one latent, or leave it out".into()),
            Self::NoInputs { .. } => Some("name at least one group that feeds it".into()),
            Self::UnknownGroup { .. } => Some("name one of the groups there are".into()),
            Self::DuplicateGroup { .. } => Some("name each group once".into()),
            Self::UnusedGroup { .. } => Some("name it in a block, or leave it out".into()),
            Self::TooFewChannels { latents, .. } => {
                Some(format!("give it at least {latents} channels").into())
            }
            Self::Parameter { .. }
            | Self::PointLength { .. }
            | Self::NotFinite { .. }
            | Self::OutOfRange { .. }
            | Self::Rate { .. }
            | Self::Band { .. } => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::PointLength { .. } | Self::NotFinite { .. } | Self::Rate { .. } => Kind::Data,
            Self::Parameter { .. }
            | Self::Nothing { .. }
            | Self::EmptyGroup { .. }
            | Self::NoInputs { .. }
            | Self::UnknownGroup { .. }
            | Self::DuplicateGroup { .. }
            | Self::TooFewChannels { .. }
            | Self::UnusedGroup { .. }
            | Self::OutOfRange { .. }
            | Self::Band { .. } => Kind::Setting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_advice_and_kind_are_apart() {
        use SynthError::*;
        let value = || "NaN".to_owned();
        let cases = [
            (
                Parameter {
                    name: "step",
                    found: -1.0,
                    expected: "a positive, finite number",
                },
                false,
                Kind::Setting,
            ),
            (Nothing { missing: "groups" }, true, Kind::Setting),
            (EmptyGroup { group: 1 }, true, Kind::Setting),
            (NoInputs { block: 1 }, true, Kind::Setting),
            (
                UnknownGroup {
                    block: 0,
                    group: 3,
                    groups: 2,
                },
                true,
                Kind::Setting,
            ),
            (DuplicateGroup { block: 0, group: 1 }, true, Kind::Setting),
            (
                TooFewChannels {
                    what: "block 2".to_owned(),
                    channels: 2,
                    latents: 3,
                },
                true,
                Kind::Setting,
            ),
            (UnusedGroup { group: 1 }, true, Kind::Setting),
            (
                PointLength {
                    found: 3,
                    expected: 4,
                },
                false,
                Kind::Data,
            ),
            (
                NotFinite {
                    index: 2,
                    value: value(),
                },
                false,
                Kind::Data,
            ),
            (
                OutOfRange {
                    what: "sample",
                    index: 9,
                    count: 9,
                },
                false,
                Kind::Setting,
            ),
            (
                Rate {
                    index: 1,
                    value: value(),
                },
                false,
                Kind::Data,
            ),
            (
                Band {
                    index: 0,
                    low: 0.0,
                    high: 5.0,
                    expected: "no frequency of an earlier band",
                },
                false,
                Kind::Setting,
            ),
        ];
        for (error, advised, kind) in cases {
            let text = error.to_string();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(!text.contains("; "), "{text}");
            let advice = error.advice();
            assert_eq!(advice.is_some(), advised, "{text}");
            assert!(
                advice.is_none_or(|advice| !text.contains(&*advice)),
                "{text}"
            );
        }
    }
}
