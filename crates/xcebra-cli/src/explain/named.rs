//! Arguments that may belong to one of several inputs of a model: `VALUE`, or `NAME=VALUE`.

use xcebra::{Problem, Result};

/// A value, or a value for one input. Which of the two a text with `=` means depends on the names of the inputs, so both
/// are kept: file names may contain `=`.
#[derive(Debug, Clone)]
pub struct Named<T> {
    text: String,
    whole: std::result::Result<T, String>,
    named: Option<(String, T)>,
}

impl<T> Named<T> {
    /// What it may mean.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        let named = self.named.as_ref().map(|(_, value)| value);
        self.whole.as_ref().ok().into_iter().chain(named)
    }
}

/// Parses both readings of a text, of which at least one has a meaning.
pub fn parse_named<T: Clone>(
    text: &str,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> std::result::Result<Named<T>, String> {
    let whole = parse(text);
    let split = text.split_once('=');
    let named = split.and_then(|(name, rest)| Some((name.to_owned(), parse(rest).ok()?)));
    match (&whole, &named) {
        (Err(error), None) => Err(error.clone()),
        _ => Ok(Named {
            text: text.to_owned(),
            whole,
            named,
        }),
    }
}

/// The only value of a flag of a model of one input; none if the flag is not there.
pub fn only<T: Clone>(flag: &str, all: &[Named<T>]) -> Result<Option<T>> {
    match all {
        [] => Ok(None),
        [one] => one.whole.clone().map(Some).map_err(|error| {
            Problem::setting(
                format!("{flag} {}: {error}", one.text),
                "NAME=VALUE is for models of several inputs, which are named with --model-input once for each",
            )
        }),
        [_, second, ..] => Err(Problem::setting(
            format!("{flag} {}: it is given twice", second.text),
            "give it once, or name several inputs of the model with --model-input",
        )),
    }
}

/// The value of a flag for one of several inputs: its own, or the one that is for all.
pub fn of_input<T: Clone>(
    flag: &str,
    all: &[Named<T>],
    (input, names): (&str, &[String]),
) -> Result<Option<T>> {
    let (mut own, mut shared) = (None, None);
    for one in all {
        let place = match &one.named {
            Some((name, value)) if names.contains(name) => {
                if name != input {
                    continue;
                }
                own.replace(value.clone())
            }
            _ => {
                let value = one.whole.clone().map_err(|error| {
                    Problem::setting(
                        format!("{flag} {}: {error}", one.text),
                        format!(
                            "write {flag} NAME=VALUE with one of the inputs {}",
                            names.join(", ")
                        ),
                    )
                })?;
                shared.replace(value)
            }
        };
        if place.is_some() {
            return Err(Problem::setting(
                format!("{flag} {}: it is given twice", one.text),
                format!("give {flag} once for each input"),
            ));
        }
    }
    Ok(own.or(shared))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> std::result::Result<Named<f64>, String> {
        parse_named(text, |text| {
            text.parse()
                .map_err(|_| format!("`{text}` is not a number"))
        })
    }

    #[test]
    fn values_for_all_and_for_one() {
        let names = ["a".to_owned(), "b".to_owned()];
        let all = [number("a=2").unwrap(), number("3").unwrap()];
        assert_eq!(of_input("--fs", &all, ("a", &names)).unwrap(), Some(2.0));
        assert_eq!(of_input("--fs", &all, ("b", &names)).unwrap(), Some(3.0));
        let twice = [number("a=2").unwrap(), number("a=3").unwrap()];
        assert!(of_input("--fs", &twice, ("a", &names)).is_err());
        let stranger = [number("c=2").unwrap()];
        let error = of_input("--fs", &stranger, ("a", &names)).unwrap_err();
        assert!(error.advice().unwrap().contains("a, b"), "{error}");
        assert!(number("x").is_err() && number("a=x").is_err());
        assert_eq!(only("--fs", &all[1..]).unwrap(), Some(3.0));
        assert!(only("--fs", &all).is_err() && only("--fs", &all[..1]).is_err());
        assert_eq!(only::<f64>("--fs", &[]).unwrap(), None);
    }
}
