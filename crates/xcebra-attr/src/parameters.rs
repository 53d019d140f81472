//! Methods from text: `name`, or `name(key=value, …)`, separated by commas.

use std::str::FromStr;

use xcebra_model::Scalar;

use crate::baseline::Baseline;
use crate::error::{AttrError, Result};
use crate::groups::Groups;
use crate::method::Methods;
use crate::methods::catalogue;

/// What stands in the parentheses behind a name; methods take what they know.
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

    fn parse(text: &str) -> Result<Self> {
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
    fn finish(self, method: &str) -> Result<()> {
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

impl<A: Scalar> FromStr for Methods<A> {
    type Err = AttrError;

    /// Parses names, with parameters in parentheses or without, separated by commas; spaces around
    /// them are ignored.
    fn from_str(list: &str) -> Result<Self> {
        let catalogue = catalogue();
        let mut chosen = Self::new();
        for item in split(list)? {
            let (name, parameters) = match item.split_once('(') {
                Some((name, rest)) => (name.trim(), rest.trim_end_matches(')')),
                None => (item, ""),
            };
            let Some((_, make)) = catalogue.iter().find(|(known, _)| *known == name) else {
                let valid: Vec<_> = catalogue.iter().map(|(name, _)| *name).collect();
                return Err(AttrError::UnknownMethod {
                    found: name.to_owned(),
                    valid: valid.join(", "),
                });
            };
            if chosen.names().contains(&name) {
                let found = format!("\"{list}\", with {name} twice");
                let expected = "each attribution method at most once";
                return Err(AttrError::parameter("the list of methods", found, expected));
            }
            let mut parameters = Parameters::parse(parameters)?;
            let method = make(&mut parameters)?;
            method.check()?;
            chosen.push(method);
            parameters.finish(name)?;
        }
        Ok(chosen)
    }
}

/// Items between commas that stand outside parentheses.
fn split(list: &str) -> Result<Vec<&str>> {
    let (mut items, mut start, mut inside) = (Vec::new(), 0, false);
    let unbalanced = || {
        let expected = "name(key=value, …), with each parenthesis closed";
        AttrError::parameter("the list of methods", format!("\"{list}\""), expected)
    };
    for (at, c) in list.char_indices() {
        match c {
            '(' if inside => return Err(unbalanced()),
            ')' if !inside => return Err(unbalanced()),
            '(' | ')' => inside = c == '(',
            ',' if !inside => {
                items.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(list[start..].trim());
    let closed = |item: &&str| !item.contains(')') || item.ends_with(')');
    if inside || !items.iter().all(closed) {
        return Err(unbalanced());
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xcebra_model::Advice;

    fn refusal(list: &str) -> AttrError {
        list.parse::<Methods<f64>>().unwrap_err()
    }

    fn error(list: &str) -> String {
        refusal(list).to_string()
    }

    #[test]
    fn lists_keep_their_order_and_name_what_is_wrong() {
        let methods: Methods<f64> = " neuron-gradient, ing".parse().unwrap();
        assert_eq!(methods.names(), ["neuron-gradient", "ing"]);
        let unknown = refusal("ing,gradient");
        assert_eq!(
            unknown.to_string(),
            "there is no attribution method \"gradient\""
        );
        let advice = unknown.advice().unwrap();
        assert!(
            advice.starts_with("choose among: ing, neuron-gradient, "),
            "{advice}"
        );
        assert!(error("ing,ing").contains("ing twice"));
        assert!("".parse::<Methods<f64>>().is_err());
    }

    #[test]
    fn every_name_is_unique_and_makes_the_method_of_that_name() {
        let all = Methods::<f32>::all();
        let mut names = all.names();
        for name in &names {
            let one: Methods<f32> = name.parse().unwrap();
            assert_eq!(one.names(), [*name]);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn parameters_are_taken_and_strangers_refused() {
        let list = "integrated-gradients( nodes=20, rule=midpoint,baseline=mean ), ing,\
                    feature-ablation-inverse(groups=channels)";
        let methods: Methods<f64> = list.parse().unwrap();
        assert_eq!(
            methods.names(),
            ["integrated-gradients", "ing", "feature-ablation-inverse"]
        );
        assert_eq!(methods[0].evaluations(3, 7), 20 * 3 + 2);
        assert!(methods[0].needs().moments);
        for (list, why) in [
            ("integrated-gradients(nodes=0)", "nodes"),
            ("integrated-gradients(nodes=1,rule=trapezoid)", "at least 2"),
            (
                "integrated-gradients(rule=simpson)",
                "midpoint, trapezoid, left, right",
            ),
            ("integrated-gradients(rule=simpson:3)", "such as"),
            ("integrated-gradients(rule=right:0)", "N at least 1"),
            ("integrated-gradients(nodes=5,rule=right:5)", "either"),
            ("integrated-gradients(nodes=many)", "a number"),
            ("integrated-gradients(steps=5)", "nodes, rule, baseline"),
            ("integrated-gradients(nodes=5,nodes=6)", "twice"),
            ("integrated-gradients(baseline=one)", "zero, mean, shuffle"),
            ("ing(nodes=5)", "no parameters"),
            ("ing(nodes", "closed"),
            ("ing)", "closed"),
            ("ing()ing", "closed"),
            ("smooth-grad(noise)", "key=value"),
        ] {
            assert!(error(list).contains(why), "{list}: {}", error(list));
        }
    }
}
