//! The rule by which a first row holds names or values.

use super::cells::{Cell, Numbers};
use super::clock::{Pace, pace};
use super::header::{Body, Kind, Refusal, kind};

/// What the first row is, and a note where that was decided by rule.
pub(super) enum Verdict {
    Names(Option<String>),
    Values(Option<String>),
}

/// Rows that must have another way of writing numbers than the first to tell something.
const TELLING: usize = 3;

pub(super) fn verdict(
    first: &[String],
    body: &Body<'_>,
    quoted: [bool; 2],
    numbers: Numbers,
    place: &str,
) -> Result<Verdict, Refusal> {
    let kinds: Vec<Kind> = first.iter().map(|cell| kind(cell, numbers)).collect();
    let row = shown(first);
    let by_rule = |what: &str, other: &str| {
        Some(format!(
            "the first row ({row}) is read as {what}; if it is not, write {place},header={other}"
        ))
    };
    let ambiguous = || {
        let problem = format!("its first row ({row}) can be names of columns or values");
        let advice = format!("say which, with {place},header=yes or {place},header=no");
        Err((problem, advice))
    };
    let names = |cell: Kind, column: Kind| match cell {
        Kind::Text => matches!(column, Kind::Number | Kind::Time | Kind::Empty),
        Kind::Time => column == Kind::Number,
        Kind::Number | Kind::Empty => false,
    };
    let words = |cell: &String| numbers.read(cell) == Cell::Text;
    if (0..first.len()).any(|j| names(kinds[j], body.kinds[j]) && words(&first[j])) {
        return Ok(Verdict::Names(None));
    }
    if quoted == [true, false] {
        return Ok(match kinds.contains(&Kind::Text) {
            true => Verdict::Names(None),
            false => Verdict::Names(by_rule("names, for it alone is in quotes", "no")),
        });
    }
    if body.rows.is_empty() {
        return Ok(
            match kinds.contains(&Kind::Text) && !kinds.contains(&Kind::Number) {
                true => Verdict::Names(None),
                false => Verdict::Values(by_rule("values", "yes")),
            },
        );
    }
    let text = (0..first.len()).filter(|&j| kinds[j] == Kind::Text && words(&first[j]));
    let text: Vec<usize> = text.collect();
    if !text.is_empty() {
        // text above text: a class that comes again below is a value
        let again = |&j: &usize| body.column(j).any(|cell| cell == first[j]);
        let numbers_above: Vec<&String> = (0..first.len())
            .filter(|&j| kinds[j] == Kind::Number)
            .map(|j| &first[j])
            .collect();
        let recur = text.iter().filter(|j| again(j)).count();
        return match (recur, numbers_above.as_slice()) {
            (0, []) => Ok(Verdict::Names(None)),
            (0, above) if counts(above) => Ok(Verdict::Names(None)),
            (0, _) => ambiguous(),
            (n, _) if n == text.len() => Ok(Verdict::Values(by_rule(
                "values, for its text comes again below",
                "yes",
            ))),
            _ => ambiguous(),
        };
    }
    if kinds.contains(&Kind::Time) || kinds.contains(&Kind::Text) {
        return Ok(Verdict::Values(None));
    }
    numeric(first, &kinds, body, numbers, &by_rule, &ambiguous)
}

/// The verdict on a first row of numbers, perhaps with empty cells.
fn numeric(
    first: &[String],
    kinds: &[Kind],
    body: &Body<'_>,
    numbers: Numbers,
    by_rule: &dyn Fn(&str, &str) -> Option<String>,
    ambiguous: &dyn Fn() -> Result<Verdict, Refusal>,
) -> Result<Verdict, Refusal> {
    let header = || Ok(Verdict::Names(by_rule("names of the columns", "no")));
    let above: Vec<&String> = first.iter().filter(|cell| !cell.is_empty()).collect();
    let value = |cell: &str| match numbers.read(cell) {
        Cell::Number(value) => value,
        _ => f64::NAN,
    };
    // pandas and R leave the name of the index empty
    if kinds[0] == Kind::Empty && above.len() + 1 == first.len() && !above.is_empty() {
        let index: Vec<f64> = body.column(0).map(value).collect();
        let filled = index.iter().all(|v| v.is_finite()) || body.kinds[0] != Kind::Number;
        if filled && (counts(&above) || steps_by_one(&index)) {
            return header();
        }
    }
    let rising = above.windows(2).all(|pair| value(pair[0]) < value(pair[1]));
    let whole = above.len() == first.len() && above.iter().all(|cell| is_bare(cell));
    if !whole || !rising {
        return Ok(Verdict::Values(None));
    }
    // a column that continues evenly from its first cell speaks for values
    let goes_on = |j: usize| {
        let times: Vec<f64> = std::iter::once(first[j].as_str())
            .chain(body.column(j))
            .map(value)
            .collect();
        times.len() > TELLING
            && matches!(pace(&times), Pace::Even { breaks, .. } if breaks.is_empty())
    };
    let even = (0..first.len()).any(goes_on);
    let pointed = |cell: &str| !is_bare(cell);
    let differs = body.rows.len() >= TELLING
        && (0..first.len()).all(|j| {
            let mut cells = body
                .column(j)
                .filter(|cell| value(cell).is_finite())
                .peekable();
            cells.peek().is_some() && cells.all(pointed)
        });
    let has_points = (0..first.len()).any(|j| {
        let numbers = body.column(j).filter(|cell| value(cell).is_finite());
        numbers.into_iter().any(pointed)
    });
    match (counts(&above), first.len()) {
        (true, _) if even => match first.len() {
            1 => Ok(Verdict::Values(None)),
            _ => ambiguous(),
        },
        (true, 1) if first[0] != "0" => Ok(Verdict::Values(None)),
        (true, 1) if !differs => Ok(Verdict::Values(by_rule("a value", "yes"))),
        (true, 1 | 2) if !has_points => ambiguous(),
        (true, _) => header(),
        (false, 1) => Ok(Verdict::Values(None)),
        (false, _) if differs && !even => ambiguous(),
        (false, _) => Ok(Verdict::Values(None)),
    }
}

/// Whether cells are the whole numbers from 0 or from 1 on.
fn counts(cells: &[&String]) -> bool {
    [0, 1].iter().any(|&start| {
        let mut numbers = start..;
        cells.iter().all(|cell| {
            numbers
                .next()
                .is_some_and(|n: usize| n.to_string() == **cell)
        })
    })
}

fn steps_by_one(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[1] - pair[0] == 1.0)
}

/// Whether a cell has no more than digits: a whole number as those of names are written.
fn is_bare(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit())
}

/// The first cells of a row, for messages.
fn shown(cells: &[String]) -> String {
    const SHOWN: usize = 6;
    let mut text: Vec<&str> = cells.iter().take(SHOWN).map(String::as_str).collect();
    if cells.len() > SHOWN {
        text.push("…");
    }
    text.join(", ")
}
