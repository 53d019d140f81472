//! Checks of single settings. They name the parameter alone; a caller that knows the rest of its path adds it.

use crate::error::{CoreError, Result};

/// Refuses 0.
pub fn at_least_one(name: &str, value: usize) -> Result<()> {
    if value == 0 {
        return Err(CoreError::setting(name, 0, "at least 1 sample"));
    }
    Ok(())
}

/// Refuses numbers that are not positive and finite.
pub fn positive(name: &str, value: f64) -> Result<()> {
    if !(value.is_finite() && value > 0.0) {
        return Err(CoreError::setting(name, value, "a positive number"));
    }
    Ok(())
}
