//! What the animals say together.

use std::collections::BTreeMap;

use serde::Serialize;
use xcebra::eval::auroc;

use super::cell::{Outcome, TOP, VARIABLES};
use super::protocol::{Encoder, Settings};
use crate::error::{Error, Result};
use crate::statistics::Estimate;

/// A cell of the experiment with what it measured.
pub type Measured = (Settings, Outcome);

/// Methods in the order of the tables.
const METHODS: [&str; 6] = [
    "ing",
    "ing-own",
    "neuron-gradient",
    "neuron-gradient-own",
    "integrated-gradients",
    "feature-ablation",
];

/// Means over animals; lists of three are position, heading, speed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Animals.
    pub animals: usize,
    /// Methods, in the order of the table.
    pub methods: Vec<&'static str>,
    /// Encoders, in the order of the table.
    pub encoders: Vec<EncoderSummary>,
}

/// One encoder over all animals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EncoderSummary {
    /// Its name.
    pub encoder: String,
    /// R² of each variable from its block.
    pub r2: [Estimate; 3],
    /// auROC of each method for each variable.
    pub auroc: BTreeMap<String, [Estimate; 3]>,
    /// auROC of each method, mean over variables.
    pub over_variables: BTreeMap<String, Estimate>,
    /// Mean rank of the Jacobians, by method.
    pub mean_rank: BTreeMap<String, f64>,
    /// Geometric mean of their condition numbers, by method.
    pub condition: BTreeMap<String, f64>,
    /// Mean share of outputs at the limit.
    pub at_limit: f64,
    /// auROC of each kind of cell against the cells that do not carry the variable, by method.
    pub by_kind: BTreeMap<String, Vec<KindScore>>,
}

/// How well a map tells the cells of one kind, which all carry a variable, from those that do not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindScore {
    /// Kind of the cells.
    pub kind: String,
    /// The variable they carry.
    pub variable: &'static str,
    /// auROC, mean over animals.
    pub auroc: f64,
}

impl Summary {
    /// Summarises cells of the experiment, all encoders on the same animals.
    ///
    /// # Errors
    /// [`Error::Setting`] unless every encoder has every animal; [`Error::Score`].
    pub fn of(cells: &[Measured]) -> Result<Self> {
        let mut animals: Vec<u64> = Vec::new();
        let mut encoders = Vec::new();
        for encoder in Encoder::all() {
            let own: Vec<&Measured> = cells.iter().filter(|c| c.0.encoder == encoder).collect();
            let seeds: Vec<u64> = own.iter().map(|(s, _)| s.seed).collect();
            if animals.is_empty() {
                animals.clone_from(&seeds);
            }
            if seeds != animals || seeds.is_empty() {
                return Err(Error::Setting {
                    what: "the list of animals of an encoder",
                    found: format!("{seeds:?} for {}", encoder.name()),
                    expected: "the same for all encoders, and not empty",
                });
            }
            let outcomes: Vec<&Outcome> = own.iter().map(|(_, o)| o).collect();
            encoders.push(summary(encoder.name(), &outcomes)?);
        }
        Ok(Self {
            animals: animals.len(),
            methods: METHODS.to_vec(),
            encoders,
        })
    }
}

fn summary(encoder: String, animals: &[&Outcome]) -> Result<EncoderSummary> {
    let estimate = |value: &dyn Fn(&Outcome) -> f64| {
        let values: Vec<f64> = animals.iter().map(|o| value(o)).collect();
        Estimate::of(&values)
    };
    let three = |value: &dyn Fn(&Outcome, usize) -> f64| -> Result<[Estimate; 3]> {
        Ok([
            estimate(&|o| value(o, 0))?,
            estimate(&|o| value(o, 1))?,
            estimate(&|o| value(o, 2))?,
        ])
    };
    let score =
        |o: &Outcome, method: &str, v: usize| o.auroc.get(method).map_or(f64::NAN, |s| s[v]);
    let mut summary = EncoderSummary {
        encoder,
        r2: three(&|o, v| o.r2[v])?,
        auroc: BTreeMap::new(),
        over_variables: BTreeMap::new(),
        mean_rank: BTreeMap::new(),
        condition: BTreeMap::new(),
        at_limit: estimate(&|o| o.at_limit)?.mean,
        by_kind: BTreeMap::new(),
    };
    for method in METHODS {
        let name = method.to_owned();
        let scores = three(&|o, v| score(o, method, v))?;
        summary.auroc.insert(name.clone(), scores);
        let mean = |o: &Outcome| (0..3).map(|v| score(o, method, v)).sum::<f64>() / 3.0;
        summary
            .over_variables
            .insert(name.clone(), estimate(&mean)?);
        summary
            .by_kind
            .insert(name.clone(), by_kind(animals, |o| o.maps.get(method))?);
        if animals.iter().all(|o| o.top.contains_key(method)) {
            let scores = by_kind(animals, |o| o.top.get(method))?;
            summary.by_kind.insert(format!("{method}{TOP}"), scores);
        }
        if animals.iter().all(|o| o.mean_rank.contains_key(method)) {
            let rank = estimate(&|o| o.mean_rank[method])?.mean;
            summary.mean_rank.insert(name.clone(), rank);
        }
        if animals.iter().all(|o| o.condition.contains_key(method)) {
            let logarithm = estimate(&|o| o.condition[method].ln())?.mean;
            summary.condition.insert(name, logarithm.exp());
        }
    }
    Ok(summary)
}

/// Scores by kind of the maps that `map` finds.
fn by_kind(
    animals: &[&Outcome],
    map: impl Fn(&Outcome) -> Option<&Vec<[f64; 3]>>,
) -> Result<Vec<KindScore>> {
    let mut scores: BTreeMap<(usize, &str), Vec<f64>> = BTreeMap::new();
    for o in animals {
        let Some(map) = map(o) else {
            continue;
        };
        for variable in 0..3 {
            let carries = |i: usize| o.truth[i][variable];
            let mut kinds: Vec<&str> = (0..map.len())
                .filter(|&i| carries(i))
                .map(|i| o.kinds[i].as_str())
                .collect();
            kinds.sort_unstable();
            kinds.dedup();
            for kind in kinds {
                let asked = |&i: &usize| !carries(i) || o.kinds[i] == kind;
                let rows: Vec<usize> = (0..map.len()).filter(asked).collect();
                let labels: Vec<bool> = rows.iter().map(|&i| carries(i)).collect();
                let values: Vec<f64> = rows.iter().map(|&i| map[i][variable]).collect();
                let score = auroc(&labels, &values)?;
                scores.entry((variable, kind)).or_default().push(score);
            }
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let found = scores.iter().map(|((variable, kind), values)| KindScore {
        kind: (*kind).to_owned(),
        variable: VARIABLES[*variable],
        auroc: mean(values),
    });
    Ok(found.collect())
}
