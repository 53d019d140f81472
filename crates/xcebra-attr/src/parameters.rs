//! The parameters of a method in text: `key=value`, separated by commas.

use std::str::FromStr;

use xcebra_model::Scalar;

use crate::baseline::Baseline;
use crate::error::{AttrError, Result};
use crate::groups::Groups;

/// The text in the parentheses behind a name; methods take what they know.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Parameters {
    /// Defaults.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut given: Vec<(String, String)> = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                let expected = "key=value, such as nodes=100";
                return Err(AttrError::parameter("a method's parameter", part, expected));
            };
            let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
            if given.iter().any(|(other, _)| *other == key) {
                let found = format!("{key} twice");
                let expected = "each key once";
                return Err(AttrError::parameter(
                    "a method's parameter",
                    found,
                    expected,
                ));
            }
            given.push((key, value));
        }
        Ok(Self {
            given,
            known: Vec::new(),
        })
    }

    fn take(&mut self, key: &'static str) -> Option<String> {
        self.known.push(key);
        let at = self.given.iter().position(|(given, _)| given == key)?;
        Some(self.given.remove(at).1)
    }

    /// Any text, if given.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        self.take(key)
    }

    /// A number, if given.
    pub(crate) fn number<T: FromStr>(&mut self, key: &'static str) -> Result<Option<T>> {
        let Some(text) = self.take(key) else {
            return Ok(None);
        };
        let number = text.parse();
        number
            .map(Some)
            .map_err(|_| AttrError::parameter(key, text, "a number"))
    }

    /// One of several words, if given.
    pub(crate) fn word<T: Clone>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>> {
        let Some(text) = self.take(key) else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(Some(meaning.clone())),
            None => {
                let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                let expected = format!("one of {}", words.join(", "));
                Err(AttrError::parameter(key, text, expected))
            }
        }
    }

    /// `baseline=zero`, `mean` or `shuffle`.
    pub(crate) fn baseline<A: Scalar>(&mut self) -> Result<Option<Baseline<A>>> {
        let words = [
            ("zero", Baseline::Zero),
            ("mean", Baseline::MeanSample),
            ("shuffle", Baseline::Shuffle(1)),
        ];
        self.word("baseline", &words)
    }

    /// `groups=each`, `channels` or `lags`.
    pub(crate) fn groups(&mut self) -> Result<Option<Groups>> {
        let words = [
            ("each", Groups::Each),
            ("channels", Groups::Channels),
            ("lags", Groups::Lags),
        ];
        self.word("groups", &words)
    }

    /// Fails if something is left that the method did not take.
    pub(crate) fn finish(self, method: &str) -> Result<()> {
        let Some((key, _)) = self.given.first() else {
            return Ok(());
        };
        let expected = match &self.known[..] {
            [] => format!("no parameters for {method}"),
            known => format!("for {method}: {}", known.join(", ")),
        };
        Err(AttrError::parameter("a method's parameter", key, expected))
    }
}
