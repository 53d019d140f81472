//! The grids, and how far each recipe stays behind the best of each.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::cell::Outcome;
use super::protocol::{Recipe, Recorded, Settings};
use crate::maps::{COMPARABLE, NAMES};
use crate::statistics::mean;
use crate::table::Table;

type Measured = (Settings, Outcome);

/// A table for each recording, and one of all recipes.
pub fn tables(measured: &[Measured]) -> String {
    let mut text = String::new();
    for recorded in distinct(measured.iter().map(|(settings, _)| settings.recorded)) {
        let of_kind: Vec<&Measured> = measured
            .iter()
            .filter(|(settings, _)| settings.recorded == recorded)
            .collect();
        let _ = writeln!(
            text,
            "### {}\n\n{}",
            recorded.name(),
            grid(&of_kind).markdown()
        );
    }
    text + "### All recordings\n\n" + &shortfalls(measured).markdown()
}

/// Each of them once, in the order of the first.
fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// What a recipe is judged by: pooled auROC of the comparable map, or bits of held-out samples, mean over objectives,
/// where the true map is not known.
fn score(outcome: &Outcome) -> f64 {
    let bits = &outcome.diagnostics.bits;
    let known = outcome.pooled.get(COMPARABLE).copied();
    known.unwrap_or_else(|| mean(bits))
}

/// Mean over seeds of something.
fn over<'a>(outcomes: impl Iterator<Item = &'a Outcome>, of: impl Fn(&Outcome) -> f64) -> f64 {
    mean(&outcomes.map(of).collect::<Vec<_>>())
}

fn grid(measured: &[&Measured]) -> Table {
    let known = measured.iter().all(|(_, o)| !o.pooled.is_empty());
    let mut header = vec!["recipe".to_owned()];
    if known {
        header.extend(NAMES.map(|name| format!("{name}, pooled")));
        header.extend(["ing_comparable, by latent", "R²"].map(str::to_owned));
    }
    let rest = ["held-out bits", "condition", "full rank", "at limit"];
    header.extend(rest.map(str::to_owned));
    let mut table = Table::new(header);
    for recipe in distinct(measured.iter().map(|(settings, _)| settings.recipe)) {
        let own = || {
            measured
                .iter()
                .filter(|(settings, _)| settings.recipe == recipe)
                .map(|(_, outcome)| outcome)
        };
        let mut row = vec![recipe.name()];
        if known {
            let map = |scores: &BTreeMap<String, f64>, name: &str| {
                scores.get(name).copied().unwrap_or(f64::NAN)
            };
            row.extend(NAMES.map(|name| format!("{:.4}", over(own(), |o| map(&o.pooled, name)))));
            let by_latent = over(own(), |o| map(&o.by_latent, COMPARABLE));
            row.push(format!("{by_latent:.4}"));
            row.push(format!("{:.3}", over(own(), |o| o.r2.unwrap_or(f64::NAN))));
        }
        let full = |o: &Outcome| {
            let ranks = &o.diagnostics.ranks;
            let all: usize = ranks.iter().sum();
            ranks.last().copied().unwrap_or(0) as f64 / all.max(1) as f64
        };
        let condition = |o: &Outcome| o.diagnostics.condition.map_or(f64::NAN, |c| c[0]);
        row.push(format!("{:.3}", over(own(), |o| mean(&o.diagnostics.bits))));
        row.push(format!("{:.1}", over(own(), condition)));
        row.push(format!("{:.0} %", 100.0 * over(own(), full)));
        row.push(format!("{:.1} %", 100.0 * over(own(), |o| o.at_limit)));
        table.push(row);
    }
    table
}

/// How far each recipe's score stays behind the best of each recording: the largest shortfall, where it is, and the mean.
fn shortfalls(measured: &[Measured]) -> Table {
    let mut table = Table::new(["recipe", "largest shortfall", "where", "mean shortfall"]);
    let mean_score = |recorded: Recorded, recipe: Recipe| {
        let own = measured
            .iter()
            .filter(|(s, _)| s.recorded == recorded && s.recipe == recipe);
        over(own.map(|(_, outcome)| outcome), score)
    };
    let recordings = distinct(measured.iter().map(|(settings, _)| settings.recorded));
    let recipes = distinct(measured.iter().map(|(settings, _)| settings.recipe));
    let best = |recorded: Recorded| {
        let scores = recipes.iter().map(|&recipe| mean_score(recorded, recipe));
        scores.fold(f64::NEG_INFINITY, f64::max)
    };
    let best: Vec<f64> = recordings.iter().map(|&recorded| best(recorded)).collect();
    for &recipe in &recipes {
        let behind: Vec<f64> = recordings
            .iter()
            .zip(&best)
            .map(|(&recorded, best)| best - mean_score(recorded, recipe))
            .collect();
        let worst = (0..behind.len()).max_by(|&a, &b| behind[a].total_cmp(&behind[b]));
        let worst = worst.expect("there are recordings");
        table.push([
            recipe.name(),
            format!("{:.4}", behind[worst]),
            recordings[worst].name(),
            format!("{:.4}", mean(&behind)),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use xcebra::Diagnostics;

    use super::*;
    use crate::recipe::Begin;

    /// A cell whose comparable map scores `auroc`, or whose held-out samples give `bits` where the truth is not known.
    fn cell(recorded: Recorded, weight: f64, auroc: Option<f64>, bits: f64) -> Measured {
        let settings = Settings {
            recorded,
            recipe: Recipe {
                weight,
                begin: Begin::Start,
                steps: 40,
            },
            seed: 0,
            batch: 8,
            attributed: 8,
        };
        let scores: BTreeMap<String, f64> = auroc
            .iter()
            .flat_map(|&auroc| NAMES.map(|name| (name.to_owned(), auroc)))
            .collect();
        let outcome = Outcome {
            pooled: scores.clone(),
            by_latent: scores,
            r2: auroc,
            diagnostics: Diagnostics {
                bits: vec![bits, bits],
                bits_held_out: true,
                loss_held_out: None,
                possible_bits: None,
                label_r2: BTreeMap::new(),
                label_accuracy: BTreeMap::new(),
                outputs: 2,
                effective_dimension: 2.0,
                ranks: vec![0, 1, 3],
                possible_rank: None,
                condition: Some([4.0, 9.0]),
                seeds: None,
                other_subjects: BTreeMap::new(),
            },
            at_limit: 0.125,
        };
        (settings, outcome)
    }

    #[test]
    fn a_recipe_is_judged_where_it_is_worst() {
        let measured = [
            cell(Recorded::Rates, 0.1, Some(0.75), 1.0),
            cell(Recorded::Rates, 1.0, Some(1.0), 1.0),
            cell(Recorded::Shoulder, 0.1, None, 2.5),
            cell(Recorded::Shoulder, 1.0, None, 2.0),
            // a second seed: 0.5 and 0.75 have a mean of 0.625
            cell(Recorded::Rates, 0.1, Some(0.5), 1.0),
        ];
        let text = tables(&measured);
        for line in [
            "| λ = 0.1 from the start, 40 steps | 0.3750 | rates | 0.1875 |",
            "| λ = 1 from the start, 40 steps | 0.5000 | shoulder exercises | 0.2500 |",
            "| λ = 1 from the start, 40 steps | 1.0000 | 1.0000 | 1.0000 | 1.0000 | 1.000 | 1.000 | 4.0 | 75 % | 12.5 % |",
            "| λ = 0.1 from the start, 40 steps | 2.500 | 4.0 | 75 % | 12.5 % |",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
