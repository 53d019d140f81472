//! Selecting columns of a table: `acc_*,!acc_z`, `0..9`.

use std::collections::HashSet;
use std::path::Path;

use crate::error::{FileError, Result};

/// Positions of the columns that `selection` names, in the order of the selection.
///
/// A selection is a comma list of names, patterns with `*` and `?`, and half-open ranges of
/// positions `0..9`; a part that begins with `!` takes away. `x` alone, where no column has that
/// name, and a selection of exclusions only begin with all columns.
pub(crate) fn select(path: &Path, names: &[String], selection: &str) -> Result<Vec<usize>> {
    Ok(select_shown(path, names, |_| true, selection)?.0)
}

/// As [`select`], where *all columns*, `x` and `*`, are those that are `shown`: names, other
/// patterns and ranges reach the others too. Also whether the selection began with all columns.
pub(crate) fn select_shown(
    path: &Path,
    names: &[String],
    shown: impl Fn(usize) -> bool,
    selection: &str,
) -> Result<(Vec<usize>, bool)> {
    let missing = |part: &str| FileError::Missing {
        path: path.to_path_buf(),
        kind: "column",
        name: part.to_owned(),
        available: names.to_vec(),
    };
    let all = 0..names.len();
    if selection == "x" && !names.is_empty() {
        return Ok((all.filter(|&i| shown(i)).collect(), true));
    }
    let mut from_all = false;
    let parts: Vec<&str> = selection.split(',').map(str::trim).collect();
    let mut chosen: Vec<usize> = Vec::new();
    if parts.iter().all(|part| part.starts_with('!')) {
        chosen.extend(all.clone().filter(|&i| shown(i)));
        from_all = true;
    }
    for part in parts {
        let (taken_away, pattern) = match part.strip_prefix('!') {
            Some(pattern) => (true, pattern),
            None => (false, part),
        };
        let matched: Vec<usize> = match range(pattern) {
            None if pattern == "*" && !taken_away => {
                from_all = true;
                all.clone().filter(|&i| shown(i)).collect()
            }
            Some(range) if range.end <= names.len() => range.collect(),
            Some(_) => Vec::new(),
            None => all
                .clone()
                .filter(|&i| names[i] == pattern || matches(pattern, &names[i]))
                .collect(),
        };
        if matched.is_empty() {
            return Err(missing(pattern));
        }
        if taken_away {
            let matched: HashSet<usize> = matched.into_iter().collect();
            chosen.retain(|i| !matched.contains(i));
        } else {
            let before: HashSet<usize> = chosen.iter().copied().collect();
            chosen.extend(matched.iter().filter(|i| !before.contains(*i)));
        }
    }
    if chosen.is_empty() {
        return Err(missing(selection));
    }
    Ok((chosen, from_all))
}

fn range(pattern: &str) -> Option<std::ops::Range<usize>> {
    let (start, end) = pattern.split_once("..")?;
    Some(start.trim().parse().ok()?..end.trim().parse().ok()?)
}

/// Whether a name fits a pattern in which `*` stands for any characters and `?` for one.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // after a star: where the pattern goes on, and how much of the name the star has taken
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if p < pattern.len() && pattern[p] == '*' {
            p += 1;
            star = Some((p, n));
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) {
            p += 1;
            n += 1;
        } else if let Some((after, taken)) = star {
            star = Some((after, taken + 1));
            (p, n) = (after, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(selection: &str) -> Result<Vec<usize>> {
        let names = ["time", "acc_x", "acc_y", "acc_z", "annotation"].map(str::to_owned);
        select(Path::new("d.csv"), &names, selection)
    }

    #[test]
    fn selections() {
        for (selection, expected) in [
            ("x", vec![0, 1, 2, 3, 4]),
            ("*", vec![0, 1, 2, 3, 4]),
            ("acc_*", vec![1, 2, 3]),
            ("acc_z, acc_x", vec![3, 1]),
            ("!annotation,!time", vec![1, 2, 3]),
            ("*,!a*n", vec![0, 1, 2, 3]),
            ("1..4", vec![1, 2, 3]),
            ("acc_?,!acc_y,time", vec![1, 3, 0]),
            ("acc_x,acc_*", vec![1, 2, 3]),
        ] {
            assert_eq!(chosen(selection).unwrap(), expected, "{selection}");
        }
    }

    #[test]
    fn hidden_columns_are_reached_by_name_pattern_and_range() {
        let names = ["time", "a", "b"].map(str::to_owned);
        for (selection, expected) in [
            ("x", (vec![1, 2], true)),
            ("*", (vec![1, 2], true)),
            ("!b", (vec![1], true)),
            ("*,time", (vec![1, 2, 0], true)),
            ("*,!time", (vec![1, 2], true)),
            ("t*", (vec![0], false)),
            ("0..3", (vec![0, 1, 2], false)),
        ] {
            let found = select_shown(Path::new("d.csv"), &names, |i| i > 0, selection);
            assert_eq!(found.unwrap(), expected, "{selection}");
        }
    }

    #[test]
    fn what_matches_nothing_is_an_error_that_lists_the_columns() {
        for selection in ["gyro", "acc_x,gyro*", "0..6", "3..3", "*,!*", "", "*,!tim"] {
            let message = chosen(selection).unwrap_err().to_string();
            assert!(message.contains("annotation"), "{selection}: {message}");
        }
    }

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXbY", false),
            ("?", "é", true),
            ("", "a", false),
            ("*a*a*a*a*b", &"a".repeat(200), false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
