//! What can go wrong when data are generated.

use thiserror::Error;

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
    /// A connectivity without latent groups or without blocks of channels.
    #[error("the connectivity has no {missing}; give at least one")]
    Nothing {
        /// What is missing.
        missing: &'static str,
    },
    /// A group without latents.
    #[error("group {group} has no latents; give every group at least one, or leave it out")]
    EmptyGroup {
        /// Index of the group.
        group: usize,
    },
    /// A block that no group feeds.
    #[error("block {block} has no inputs; name at least one group that feeds it")]
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
    #[error("block {block} names group {group} more than once; name each group once")]
    DuplicateGroup {
        /// Index of the block.
        block: usize,
        /// The group named again.
        group: usize,
    },
    /// A mixing that has fewer outputs than inputs loses information.
    #[error(
        "{what} has {channels} channels for {latents} latents and cannot be injective; \
         give it at least {latents} channels"
    )]
    TooFewChannels {
        /// Which network: `block 2`, for example.
        what: String,
        /// Its outputs.
        channels: usize,
        /// Its inputs.
        latents: usize,
    },
    /// A group that feeds no block cannot be seen in the data.
    #[error(
        "group {group} feeds no block, so the data do not depend on it; name it in a block or leave it out"
    )]
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
    #[error("coordinate {index} of the point is {value}; coordinates must be finite")]
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
        "the expected count at position {index} is {value}; it must be finite and not negative"
    )]
    Rate {
        /// Position of the first such count, in row-major order.
        index: usize,
        /// Its value as text.
        value: String,
    },
    /// A band of frequencies is empty or beyond what the signal can hold.
    #[error("band {index} is {low} to {high} Hz; {expected}")]
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
