//! The independent streams of random numbers that one seed gives.

/// Initial weights of the first encoder.
pub const WEIGHTS: u64 = 1;

/// Initial weights of the encoder of a subject.
pub fn weights(subject: usize) -> u64 {
    // beyond all other streams
    WEIGHTS + ((subject as u64) << 32)
}

/// References, negatives and positives.
pub const SAMPLES: u64 = 2;
/// Random projections of the Jacobian penalty.
pub const PROBES: u64 = 3;
/// References, negatives and positives of a validation.
pub const VALIDATION: u64 = 4;
/// Random projections of a validation.
pub const VALIDATION_PROBES: u64 = 5;
/// What a training step hides.
pub const MASKS: u64 = 6;
