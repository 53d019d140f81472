//! The choices of a grid of settings.

use std::collections::BTreeSet;
use std::str::FromStr;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Problem, Result};

/// A setting and the values that are tried, written `PATH=[VALUE, VALUE, …]`, such as
/// `encoder.outputs=[3, 6, 12]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The path of the setting, as `--set` has it.
    pub path: String,
    /// Its values as TOML.
    pub values: Vec<String>,
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write FIELD=[VALUE, VALUE], such as encoder.outputs=[3, 6]";
        let (path, list) = text
            .split_once('=')
            .ok_or_else(|| format!("there is no `=`: {form}"))?;
        let parsed = format!("values = {list}").parse::<toml::Table>();
        let values = parsed.ok().and_then(|mut table| table.remove("values"));
        let Some(toml::Value::Array(values)) = values else {
            return Err(format!("`{list}` is not a list: {form}"));
        };
        if values.is_empty() || path.trim().is_empty() {
            return Err(format!("there is nothing to choose from: {form}"));
        }
        let values: Vec<String> = values.iter().map(toml::Value::to_string).collect();
        match values.iter().collect::<BTreeSet<_>>().len() == values.len() {
            true => Ok(Self {
                path: path.trim().to_owned(),
                values,
            }),
            false => Err("a value is listed twice".to_owned()),
        }
    }
}

/// The choices as lists of changes such as `encoder.outputs=3`: all of them, the last axis changing fastest, or some
/// different ones at random.
pub fn choices(
    axes: &[Axis],
    random: Option<u64>,
    seed: u64,
    most: u64,
) -> Result<Vec<Vec<String>>> {
    let paths: BTreeSet<&String> = axes.iter().map(|axis| &axis.path).collect();
    if axes.is_empty() || paths.len() < axes.len() {
        return Err(Problem::setting(
            match axes.is_empty() {
                true => "there are no settings to try",
                false => "a setting is chosen twice",
            },
            "name each setting once with its values, such as --grid encoder.outputs=[3,6]",
        ));
    }
    let count = axes.iter().try_fold(1u64, |count, axis| {
        count.checked_mul(axis.values.len() as u64)
    });
    let wanted = match (random, count) {
        (Some(0), _) => {
            return Err(Problem::setting(
                "the number of random choices is 0",
                "ask for at least one with --random",
            ));
        }
        (Some(random), Some(count)) => random.min(count),
        (Some(random), None) => random,
        (None, Some(count)) => count,
        (None, None) => u64::MAX,
    };
    if wanted > most {
        return Err(Problem::setting(
            format!("the grid has more than {most} choices"),
            format!("list fewer values, or ask for some of them with --random, at most {most}"),
        ));
    }
    let all: Vec<Vec<usize>> = match count {
        Some(count) if wanted == count => (0..count).map(|number| digits(axes, number)).collect(),
        _ => {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let (mut seen, mut drawn) = (BTreeSet::new(), Vec::new());
            while (drawn.len() as u64) < wanted {
                let choice: Vec<usize> = axes
                    .iter()
                    .map(|axis| random.gen_range(0..axis.values.len()))
                    .collect();
                if seen.insert(choice.clone()) {
                    drawn.push(choice);
                }
            }
            drawn
        }
    };
    let sets = |choice: Vec<usize>| {
        let pairs = axes.iter().zip(choice);
        pairs
            .map(|(axis, k)| format!("{}={}", axis.path, axis.values[k]))
            .collect()
    };
    Ok(all.into_iter().map(sets).collect())
}

/// The choice of a number: its digits, the last one of the last axis.
fn digits(axes: &[Axis], mut number: u64) -> Vec<usize> {
    let mut choice: Vec<usize> = Vec::new();
    for axis in axes.iter().rev() {
        let base = axis.values.len() as u64;
        choice.push((number % base) as usize);
        number /= base;
    }
    choice.reverse();
    choice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(text: &str) -> Axis {
        text.parse().unwrap()
    }

    #[test]
    fn a_grid_has_every_choice_once() {
        let axes = [
            axis("encoder.outputs=[3, 6]"),
            axis("train.schedule=['linear', 'cosine']"),
        ];
        let all = choices(&axes, None, 0, 100).unwrap();
        assert_eq!(all.len(), 4);
        assert_eq!(all[1], ["encoder.outputs=3", "train.schedule=\"cosine\""]);
        let pairs = axis("objective.0.dims=[[0, 3], [0, 6]]");
        assert_eq!(pairs.values, ["[0, 3]", "[0, 6]"]);
        let tables = axis("objective.0.positives=[{ kind = 'time', offset = 1 }]");
        assert!(tables.values[0].starts_with('{'), "{tables:?}");
    }

    #[test]
    fn random_choices_are_different_and_the_seed_decides() {
        let axes = [
            axis("a.b=[1, 2, 3, 4, 5, 6]"),
            axis("a.c=[1, 2, 3, 4, 5, 6]"),
        ];
        let some = choices(&axes, Some(20), 7, 100).unwrap();
        assert_eq!(some.iter().collect::<BTreeSet<_>>().len(), 20);
        assert_eq!(some, choices(&axes, Some(20), 7, 100).unwrap());
        assert_ne!(some, choices(&axes, Some(20), 8, 100).unwrap());
        assert_eq!(choices(&axes, Some(90), 7, 100).unwrap().len(), 36);
        // more choices than a number can count
        let many: Vec<Axis> = (0..40)
            .map(|k| axis(&format!("a.x{k}=[1, 2, 3, 4]")))
            .collect();
        assert_eq!(choices(&many, Some(5), 0, 100).unwrap().len(), 5);
        assert!(choices(&many, None, 0, 100).is_err());
    }

    #[test]
    fn what_is_no_grid_is_refused() {
        for text in ["a.b", "a.b=3", "a.b=[]", "=[1]", "a.b=[1, 1]", "a.b=[1"] {
            assert!(text.parse::<Axis>().is_err(), "{text}");
        }
        let one = axis("a.b=[1, 2]");
        assert!(choices(&[], None, 0, 9).is_err());
        assert!(choices(&[one.clone(), one.clone()], None, 0, 9).is_err());
        assert!(choices(std::slice::from_ref(&one), Some(0), 0, 9).is_err());
        assert!(choices(&[one], None, 0, 1).is_err());
    }
}
