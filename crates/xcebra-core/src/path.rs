//! Names of settings.

use std::fmt;

/// The path of a setting, spelled as settings files and `--set` read it: `objective.0.dims`.
///
/// A function that knows a part of a path alone names that part, such as `offset`;
/// [`CoreError::within`](crate::CoreError::within) puts the rest in front.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SettingPath(String);

impl SettingPath {
    /// A section, a field, or a path in its spelling.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The objective of that number, counted from 0.
    pub fn objective(number: usize) -> Self {
        Self::new("objective").then(number)
    }

    /// A field, or an entry by its number, of what this path names.
    #[must_use]
    pub fn then(&self, part: impl fmt::Display) -> Self {
        Self(format!("{}.{part}", self.0))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SettingPath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl From<String> for SettingPath {
    fn from(path: String) -> Self {
        Self(path)
    }
}

impl fmt::Display for SettingPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
