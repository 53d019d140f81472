//! Which channels a selection takes, and what is said about the others.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::{Channel, NO_LABEL, Signals, Usable};
use crate::columns;
use crate::error::{FileError, Result, list};

/// Positions of the chosen channels, in the order of the selection.
pub(super) struct Choice {
    pub(super) channels: Vec<usize>,
    pub(super) notes: Vec<String>,
}

/// The channels that `selection` names; patterns leave out those without a signal, with a note.
pub(super) fn choose(signals: &Signals, selection: &str) -> Result<Choice> {
    let refused = |problem: String, advice: String| FileError::Value {
        place: signals.path.display().to_string(),
        problem,
        advice,
    };
    let channels = &signals.channels;
    if channels.is_empty() {
        return Err(refused(
            "it holds annotations only, no recorded channel".to_owned(),
            format!(
                "name the file of the recording, and use this one for a label, as {}:annotations",
                signals.path.display()
            ),
        ));
    }
    let names: Vec<String> = channels.iter().map(|c| c.name.clone()).collect();
    let (matched, named): (Vec<usize>, HashSet<&str>) =
        match names.iter().position(|name| name == selection) {
            Some(index) => (vec![index], [selection].into()),
            None => (
                columns::select(&signals.path, &names, selection).map_err(as_channel)?,
                selection.split(',').map(str::trim).collect(),
            ),
        };
    let asked = |i: usize| named.contains(names[i].as_str());
    let unusable: Vec<usize> = matched
        .iter()
        .copied()
        .filter(|&i| asked(i) && matches!(channels[i].usable, Usable::No(_)))
        .collect();
    if !unusable.is_empty() {
        return Err(refused(
            format!(
                "no signal can be read from {}",
                with_reasons(channels, &unusable)
            ),
            advice(channels),
        ));
    }
    let mut kept: Vec<usize> = matched
        .iter()
        .copied()
        .filter(|&i| match channels[i].usable {
            Usable::Yes => true,
            Usable::ByName(_) => asked(i),
            Usable::No(_) => false,
        })
        .collect();
    if kept.is_empty() {
        // without a label, but all there is
        let only = |i: &usize| channels[*i].usable == Usable::ByName(NO_LABEL);
        kept = matched.iter().copied().filter(only).collect();
    }
    if kept.is_empty() {
        return Err(refused(
            format!(
                "none of the chosen channels holds a signal: {}",
                with_reasons(channels, &matched)
            ),
            advice(channels),
        ));
    }
    let taken: HashSet<usize> = kept.iter().copied().collect();
    let left: Vec<usize> = matched.into_iter().filter(|i| !taken.contains(i)).collect();
    let mut notes = Vec::new();
    if !left.is_empty() {
        notes.push(format!("left out: {}", with_reasons(channels, &left)));
    }
    Ok(Choice {
        channels: kept,
        notes,
    })
}

fn as_channel(error: FileError) -> FileError {
    match error {
        FileError::Missing {
            path,
            name,
            available,
            ..
        } => FileError::Missing {
            path,
            kind: "channel",
            name,
            available,
        },
        other => other,
    }
}

/// Names, grouped by why they are not used: ``channels `-`, `-.1` (the physical range is empty)``.
fn with_reasons(channels: &[Channel], which: &[usize]) -> String {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for &i in which {
        let reason = match &channels[i].usable {
            Usable::Yes => continue,
            Usable::ByName(reason) => reason,
            Usable::No(reason) => reason.as_str(),
        };
        groups
            .entry(reason)
            .or_default()
            .push(channels[i].name.clone());
    }
    let one = |(reason, names): (&str, Vec<String>)| {
        let noun = if names.len() == 1 {
            "channel"
        } else {
            "channels"
        };
        format!("{noun} {} ({reason})", list(&names))
    };
    groups.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn advice(channels: &[Channel]) -> String {
    let usable = channels.iter().filter(|c| c.usable == Usable::Yes);
    let names: Vec<String> = usable.map(|c| c.name.clone()).collect();
    match names.is_empty() {
        true => "export the recording again".to_owned(),
        false => format!("choose among {}", list(&names)),
    }
}

/// The first of the chosen channels; an error if they do not share its sampling rate.
pub(super) fn require_one_rate<'a>(
    path: &Path,
    all: &[Channel],
    chosen: &[&'a Channel],
) -> Result<&'a Channel> {
    // no selection is empty
    let first = chosen[0];
    if chosen.iter().all(|c| c.per_record == first.per_record) {
        return Ok(first);
    }
    let mut groups: Vec<Vec<&Channel>> = Vec::new();
    for channel in chosen {
        match groups
            .iter_mut()
            .find(|g| g[0].per_record == channel.per_record)
        {
            Some(group) => group.push(channel),
            None => groups.push(vec![channel]),
        }
    }
    // the largest group first, as the most likely one to be meant
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let in_words = |group: &Vec<&Channel>| {
        let names: Vec<String> = group.iter().map(|c| c.name.clone()).collect();
        format!("{} Hz: {}", group[0].rate, list(&names))
    };
    let words: Vec<String> = groups.iter().map(in_words).collect();
    Err(FileError::Value {
        place: path.display().to_string(),
        problem: format!(
            "the chosen channels have {} sampling rates, and one array has one ({})",
            groups.len(),
            words.join(" | ")
        ),
        advice: format!(
            "choose channels of one rate, such as '{}:{}'",
            path.display(),
            selection(all, &groups[0])
        ),
    })
}

/// A selection that gives these channels, as short as a list of those to take or to leave out.
fn selection(all: &[Channel], group: &[&Channel]) -> String {
    // signs with a special meaning in a selection or a shell stand for any character
    let plain = |name: &str| -> String {
        let sign = |c| {
            if matches!(c, ',' | '!' | '\'' | '*') {
                '?'
            } else {
                c
            }
        };
        name.chars().map(sign).collect()
    };
    let inside: HashSet<&str> = group.iter().map(|c| c.name.as_str()).collect();
    let takes: Vec<String> = group.iter().map(|c| plain(&c.name)).collect();
    let leaves: Vec<String> = all
        .iter()
        .filter(|c| c.usable == Usable::Yes && !inside.contains(c.name.as_str()))
        .map(|c| format!("!{}", plain(&c.name)))
        .collect();
    let takes = takes.join(",");
    let leaves = format!("*,{}", leaves.join(","));
    if leaves.len() < takes.len() {
        leaves
    } else {
        takes
    }
}

/// What the reader assumed about the chosen channels.
pub(super) fn assumed(chosen: &[&Channel]) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for channel in chosen {
        for note in &channel.assumed {
            groups.entry(note).or_default().push(channel.name.clone());
        }
    }
    let one = |(note, names): (&str, Vec<String>)| format!("{note}: {}", list(&names));
    groups.into_iter().map(one).collect()
}

/// Which channels were brought to another unit.
pub(super) fn converted(chosen: &[&Channel], common: &[(f64, String)]) -> Vec<String> {
    let mut groups: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for (channel, (factor, unit)) in chosen.iter().zip(common) {
        if *factor != 1.0 {
            let names = groups.entry((&channel.unit, unit)).or_default();
            names.push(channel.name.clone());
        }
    }
    let one = |((from, to), names): ((&str, &str), Vec<String>)| {
        format!("converted from {from} to {to}: {}", list(&names))
    };
    groups.into_iter().map(one).collect()
}
