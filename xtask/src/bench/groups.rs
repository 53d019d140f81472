//! What is compared with others: one file a group, one line in [`ALL`].
//!
//! A group is a program of `benches/src/bin` and a Python script of `benches/peers` that do the same
//! work on the same data. `PROGRAM record FILE` writes the data; `PROGRAM run FILE` and
//! `SCRIPT FILE --threads N --variant V` first say in a line of JSON what they are, then read one request
//! a line (the fields of a case, and `steps`) and answer with `milliseconds`, one a step.

mod animals;
mod attribution;
mod convolutions;
mod explaining;
mod training;

use serde_json::Value;

pub static ALL: [Group; 5] = [
    training::GROUP,
    animals::GROUP,
    convolutions::GROUP,
    attribution::GROUP,
    explaining::GROUP,
];

pub struct Group {
    /// What `cargo xtask bench --peers NAME` chooses it by.
    pub name: &'static str,
    pub title: &'static str,
    /// Our program, and the data it writes.
    pub program: &'static str,
    pub data: &'static str,
    /// A script of the others that writes the data instead, if there is one.
    pub maker: Option<&'static str>,
    /// The others' script.
    pub script: &'static str,
    /// The first is ours; of the others the variant of the script.
    pub sides: &'static [(&'static str, &'static str)],
    /// Fields of a case that the tables show.
    pub columns: &'static [&'static str],
    /// What is timed, in the singular and the plural.
    pub unit: [&'static str; 2],
    /// A field of the answers that must be the same on all sides, to the tolerance of the case.
    pub same: &'static str,
    pub cases: fn() -> Vec<Case>,
    /// A sentence on what each side does before anything is timed.
    pub warm_up: &'static str,
    /// What the document says below the tables.
    pub contents: &'static str,
}

impl Group {
    /// Each side with the number of steps of its turn; sides at the end may be left out.
    fn turns(&self, steps: &[usize]) -> Vec<(&'static str, usize)> {
        let sides = self.sides.iter().map(|(side, _)| *side);
        sides.zip(steps.iter().copied()).collect()
    }
}

pub struct Case {
    /// The request, without `steps`.
    pub fields: Vec<(&'static str, Value)>,
    /// The sides that take part, ours first, and how often each does the work in a turn: enough that a turn
    /// is not over in an instant, not so often that a round takes minutes.
    pub steps: Vec<(&'static str, usize)>,
    /// By how much, relatively, the field that must be the same may differ from side to side.
    pub tolerance: f64,
    /// Takes long, or is there for comparison only: two rounds at most.
    pub few: bool,
}

/// The group of a name.
pub fn named(name: &str) -> Option<&'static Group> {
    ALL.iter().find(|g| g.name == name)
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn cases_have_the_fields_and_sides_of_their_group() {
        for group in &ALL {
            for case in (group.cases)() {
                let has = |name: &str| case.fields.iter().any(|(field, _)| *field == name);
                assert!(group.columns.iter().all(|c| has(c)), "{}", group.name);
                let known = |side: &str| group.sides.iter().any(|(name, _)| *name == side);
                assert!(case.steps.iter().all(|(side, _)| known(side)));
                assert_eq!(case.steps[0].0, group.sides[0].0, "{}", group.name);
            }
        }
    }
}
