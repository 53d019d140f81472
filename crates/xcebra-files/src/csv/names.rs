//! Names by which columns are selected, from those that are written above them.

use std::collections::{HashMap, HashSet};

/// Unique names: a missing one becomes `Unnamed: 3` after its position, as in pandas, a repeated one
/// gets a number. Notes tell of repeated ones.
pub(super) fn unique(written: &[String], notes: &mut Vec<String>) -> Vec<String> {
    let mut taken: HashSet<String> = written.iter().filter(|n| !n.is_empty()).cloned().collect();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut copies: HashMap<&str, usize> = HashMap::new();
    let mut repeated: Vec<(String, String)> = Vec::new();
    let mut names = Vec::with_capacity(written.len());
    for (position, name) in written.iter().enumerate() {
        if !name.is_empty() && seen.insert(name) {
            names.push(name.clone());
            continue;
        }
        let mut unused = if name.is_empty() {
            format!("Unnamed: {position}")
        } else {
            String::new()
        };
        while unused.is_empty() || taken.contains(&unused) {
            let copy = copies.entry(name).or_default();
            *copy += 1;
            unused = match name.as_str() {
                "" => format!("Unnamed: {position}.{copy}"),
                name => format!("{name}.{copy}"),
            };
        }
        if !name.is_empty() {
            repeated.push((name.clone(), unused.clone()));
        }
        taken.insert(unused.clone());
        names.push(unused);
    }
    if let Some((name, unused)) = repeated.first() {
        let others = match repeated.len() {
            1 => String::new(),
            n => format!(", and {} more in the same way", n - 1),
        };
        notes.push(format!(
            "several columns are called `{name}`: the second is `{unused}` here{others}"
        ));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(written: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut notes = Vec::new();
        let written: Vec<String> = written.iter().map(|&n| n.to_owned()).collect();
        (unique(&written, &mut notes), notes)
    }

    #[test]
    fn missing_and_repeated_names() {
        assert_eq!(names(&["a", "b"]), (vec!["a".into(), "b".into()], vec![]));
        let (found, notes) = names(&["", "a", "a.1", "a", "", "a"]);
        assert_eq!(
            found,
            ["Unnamed: 0", "a", "a.1", "a.2", "Unnamed: 4", "a.3"]
        );
        assert!(
            notes[0].contains("`a.2`") && notes[0].contains("1 more"),
            "{notes:?}"
        );
    }

    #[test]
    fn many_equal_names_take_no_more_time_than_others() {
        let written = vec!["a"; 200_000];
        let start = std::time::Instant::now();
        let (found, _) = names(&written);
        assert_eq!(found[199_999], "a.199999");
        // comparing each with each would be 2e10 comparisons of strings: minutes
        assert!(start.elapsed().as_secs() < 20);
    }
}
