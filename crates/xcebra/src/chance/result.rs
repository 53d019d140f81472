//! What comes out of a comparison with chance: a verdict, a report, and an answer in words and as JSON.

use serde_json::json;

use crate::answer::{Answer, number, numbers};
use crate::report::{BarChart, Picture, Report, Table};
use crate::{Result, Shuffle};

/// Probability below which a training counts as better than chance.
const LEVEL: f64 = 0.05;

/// Whether a training finds more than chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Chance {
    /// What was shuffled.
    pub shuffle: Shuffle,
    /// In how many blocks of time.
    pub blocks: usize,
    /// By what the trainings were judged, in words.
    pub judged_by: String,
    /// `bits` over chance, or `loss`, whose sign is changed.
    pub unit: &'static str,
    /// The score of the training on the true order; more is better.
    pub score: f64,
    /// That of each training on a shuffled order.
    pub shuffled: Vec<f64>,
}

impl Chance {
    /// The share of orders that did as well, the true one counted among them: `(1 + better) / (1 + count)`.
    pub fn p(&self) -> f64 {
        let better = self.shuffled.iter().filter(|&&other| other >= self.score);
        (1 + better.count()) as f64 / (1 + self.shuffled.len()) as f64
    }

    /// Whether the training finds more than chance.
    pub fn is_above_chance(&self) -> bool {
        self.p() <= LEVEL
    }

    /// The verdict.
    pub fn sentence(&self) -> String {
        let count = self.shuffled.len();
        let best = self
            .shuffled
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let what = match self.shuffle {
            Shuffle::Labels => "labels",
            Shuffle::Columns => "channels",
        };
        let compared = format!(
            "{} is {}, and the best of {count} trainings on shuffled {what} reaches {} (p = {:.3})",
            self.judged_by,
            self.shown(self.score),
            self.shown(best),
            self.p()
        );
        match (self.is_above_chance(), 1.0 / (1 + count) as f64 <= LEVEL) {
            (true, _) => format!("The training finds more than chance: {compared}."),
            (false, true) => format!("The training is no better than chance: {compared}."),
            (false, false) => format!(
                "{count} trainings are too few to tell whether it finds more than chance: {compared}. At least 19 are \
                 needed."
            ),
        }
    }

    fn shown(&self, score: f64) -> String {
        match self.unit {
            "bits" => format!("{score:.3} bits"),
            _ => format!("{:.3}", -score),
        }
    }

    /// The answer, for a reader and for a program.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a score is not finite.
    pub fn answer(&self) -> Result<Answer> {
        Ok(Answer {
            text: format!("{}\n", self.sentence()),
            json: json!({
                "shuffle": match self.shuffle {
                    Shuffle::Labels => "labels",
                    Shuffle::Columns => "channels",
                },
                "blocks": self.blocks,
                "unit": self.unit,
                "score": number("score", self.score)?,
                "shuffled": numbers("shuffled", &self.shuffled)?,
                "p": number("p", self.p())?,
                "above_chance": self.is_above_chance(),
                "sentence": self.sentence(),
            }),
        })
    }

    /// The report.
    pub fn report(&self) -> Report {
        let mut sorted = self.shuffled.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let mut bars = BarChart::new(self.unit).bar("true order", self.score);
        let mut table = Table::new(&["training", self.unit]).caption("All trainings, best first.");
        table = table.row(["true order".to_owned(), format!("{:.4}", self.score)]);
        for (k, score) in sorted.iter().enumerate() {
            bars = bars.bar(&format!("shuffle {}", k + 1), *score);
            table = table.row([format!("shuffle {}", k + 1), format!("{score:.4}")]);
        }
        let caption = "What each training scores on samples that it did not see; more is better.";
        Report::new("More than chance?")
            .lead(&self.sentence())
            .figures(vec![Picture::new("chance", bars.signed().draw(), caption)])
            .table(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(score: f64, shuffled: Vec<f64>, unit: &'static str) -> Chance {
        Chance {
            shuffle: Shuffle::Labels,
            blocks: 20,
            judged_by: "its goodness of fit to z on what was held out".to_owned(),
            unit,
            score,
            shuffled,
        }
    }

    #[test]
    fn the_verdict_follows_from_the_rank_of_the_true_order() {
        let shuffled: Vec<f64> = (0..19).map(|k| f64::from(k) / 10.0).collect();
        let above = found(1.81, shuffled.clone(), "bits");
        assert_eq!((above.p(), above.is_above_chance()), (0.05, true));
        assert_eq!(
            above.sentence(),
            "The training finds more than chance: its goodness of fit to z on what was held out is 1.810 bits, and the \
             best of 19 trainings on shuffled labels reaches 1.800 bits (p = 0.050)."
        );
        // a shuffle that does as well counts
        let below = found(1.8, shuffled, "bits");
        assert_eq!(below.p(), 0.1);
        assert!(
            below
                .sentence()
                .starts_with("The training is no better than chance: ")
        );
        let few = found(1.0, vec![0.0; 18], "loss");
        assert!(
            few.sentence().starts_with("18 trainings are too few"),
            "{}",
            few.sentence()
        );
        assert!(
            few.sentence().contains(" is -1.000, and the best of 18"),
            "{}",
            few.sentence()
        );
    }
}
