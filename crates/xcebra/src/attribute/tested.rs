//! What the test of map entries found, in arrays, words and pictures.

use ndarray::{Array2, Axis};
use serde_json::{Value, json};
use xcebra_attr::methods::title;
use xcebra_attr::significance::{Connection, Findings, Intervals, Verdicts};
use xcebra_files::NpzOutput;

use crate::report::{Report, Table, verdict_map};
use crate::retraining::ING;
use crate::{Null, Result, answer};

/// A map with more rows is not printed in the terminal.
const MOST_ROWS: usize = 64;

/// What the test of one method's map found.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Statistics and p-values of what was tested: effects of blocks of latents, channels × blocks, for the inverted
    /// neuron gradient, and entries of the map for other methods.
    pub findings: Findings,
    /// For each latent, its column of the findings.
    pub columns: Vec<usize>,
    /// An interval of each entry over blocks of time.
    pub intervals: Intervals,
    /// What is said of each entry that was tested, as in the findings.
    pub verdicts: Verdicts,
}

/// What the tests of all maps found.
#[derive(Clone, Debug)]
pub struct AllTested {
    /// The tests by the name of the method.
    pub tested: Vec<(String, Tested)>,
    /// For each latent, how well it is a linear function of those of other trainings (R², mean).
    pub agreement: Vec<f64>,
    /// Ranges of latents within which trainings are compared.
    pub groups: Vec<[usize; 2]>,
    /// How many encoders were trained again.
    pub trainings: usize,
    /// The level of false discoveries, and of false omissions.
    pub level: f64,
    /// The smallest effect of interest; see
    /// [`SignificanceSettings::smallest_effect`](crate::SignificanceSettings::smallest_effect).
    pub smallest_effect: f64,
    /// What entries were compared with.
    pub null: Null,
}

impl AllTested {
    fn of(&self, method: &str) -> Option<&Tested> {
        self.tested
            .iter()
            .find(|(name, _)| name == method)
            .map(|(_, tested)| tested)
    }

    /// Five arrays a method.
    pub(super) fn write(&self, output: &mut NpzOutput) -> Result<()> {
        for (name, tested) in &self.tested {
            output.add(&format!("{name}_low"), &tested.intervals.low)?;
            output.add(&format!("{name}_high"), &tested.intervals.high)?;
            output.add(&format!("{name}_p"), &tested.p_values())?;
            output.add(&format!("{name}_q"), &tested.q_values())?;
            output.add(&format!("{name}_verdict"), &numbers(&tested.connections()))?;
        }
        Ok(())
    }

    /// Words and a table for a terminal.
    pub(super) fn text(&self, method: &str, channels: &[String]) -> String {
        let Some(tested) = self.of(method) else {
            return String::new();
        };
        let mut text = format!("\n{}", self.words(method, tested));
        let map = tested.connections();
        if map.nrows() > MOST_ROWS {
            return text;
        }
        let width = channels
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        text += &format!(
            "\n{:width$}  latent (+ connected, - not connected, ? undecided)\n{:width$}",
            "", ""
        );
        (0..map.ncols()).for_each(|k| text += &format!(" {k:>2}"));
        for (name, row) in channels.iter().zip(map.rows()) {
            text += &format!("\n{name:width$}");
            row.iter()
                .for_each(|&verdict| text += &format!("  {}", symbol(verdict)));
        }
        text
    }

    fn effect_words(&self, method: &str) -> String {
        let smallest = self.smallest_effect;
        match method == ING {
            true => format!(
                "An entry is the effect of a latent, or of latents that belong together, on a channel. The smallest \
                 size of interest is {smallest} standard deviations of the channel, for a move of the latents by one \
                 standard deviation."
            ),
            false => format!(
                "The smallest size of interest is {smallest} times the median connected entry of the latent."
            ),
        }
    }

    /// What was found of a method's map, in sentences.
    pub fn words(&self, method: &str, tested: &Tested) -> String {
        match self.null {
            Null::Resampled => format!("{} {}", tested.verdicts, self.effect_words(method)),
            Null::ShiftedLabels => format!(
                "An entry is called connected if one so large is rare when labels are shifted in time and mean \
                 nothing. No entry is called not connected. {}",
                tested.verdicts
            ),
        }
    }

    pub(super) fn json(&self, method: &str) -> Result<Value> {
        let Some(tested) = self.of(method) else {
            return Ok(Value::Null);
        };
        let connections = tested.connections();
        let count = |wanted| connections.iter().filter(|&&found| found == wanted).count();
        let rows = numbers(&connections);
        let rows: Vec<Vec<i8>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
        Ok(json!({
            "null": match self.null {
                Null::Resampled => "resampled",
                Null::ShiftedLabels => "shifted-labels",
            },
            "trainings": self.trainings,
            "left_out": tested.findings.left_out(),
            "fdr": answer::number("fdr", self.level)?,
            "smallest_effect": answer::number("smallest_effect", self.smallest_effect)?,
            "connected": count(Connection::Connected),
            "not_connected": count(Connection::NotConnected),
            "undecided": count(Connection::Undecided),
            "verdicts": rows,
            "agreement": answer::numbers("agreement", &self.agreement)?,
        }))
    }

    /// Pictures and words for a report.
    pub(super) fn report(&self, mut report: Report, channels: &[String]) -> Report {
        report = report.heading("Which entries are real?").paragraph(match self.null {
            Null::Resampled => {
                "The encoder was trained again on recordings whose blocks of time were drawn with \
                 replacement, each time from another seed. An entry is called connected if it stands out from \
                 what changes in this way by chance alone. It is called not connected if a connection of the \
                 smallest size of interest could not be hidden by such changes, and undecided if neither can be said. \
                 What all trainings get wrong alike is not seen by this test."
            }
            Null::ShiftedLabels => {
                "The encoder was trained again with labels that were shifted in time, so that they mean \
                 nothing. Entries are called connected if they are larger than those of such maps: they are \
                 about the labels. Dimensions that also follow time find latents without labels \
                 too; an entry may be real and not stand out here."
            }
        });
        for (name, tested) in &self.tested {
            let figure = verdict_map(title(name), &tested.connections(), channels);
            report = report.figure(figure, &self.words(name, tested));
        }
        if self.null == Null::Resampled {
            report = report.paragraph(&self.agreement_words());
        }
        for (name, tested) in &self.tested {
            let heading = format!("{}: 95 % intervals and adjusted p-values", title(name));
            report = report.heading(&heading).table(tested.table(channels));
        }
        report
    }

    fn agreement_words(&self) -> String {
        let values: Vec<String> = self.agreement.iter().map(|r2| format!("{r2:.2}")).collect();
        let groups: Vec<String> = self
            .groups
            .iter()
            .map(|[a, end]| format!("{a} to {}", end - 1))
            .collect();
        format!(
            "How well each latent is a linear function of those of another training (R², mean of {}): {}. \
             Compared within the latents {}; within them, an encoder is known up to a linear map, and \
             entries of one channel tell the same.",
            self.trainings,
            values.join(", "),
            groups.join(" and ")
        )
    }
}

impl Tested {
    /// What is said of each entry, channels × latents.
    pub fn connections(&self) -> Array2<Connection> {
        self.verdicts.map().select(Axis(1), &self.columns)
    }

    /// p-values, channels × latents.
    pub fn p_values(&self) -> Array2<f64> {
        self.findings.p_values().select(Axis(1), &self.columns)
    }

    /// p-values adjusted for the number of entries, channels × latents.
    pub fn q_values(&self) -> Array2<f64> {
        self.findings.q_values().select(Axis(1), &self.columns)
    }

    fn table(&self, channels: &[String]) -> Table {
        let connections = self.connections();
        let columns = connections.ncols();
        let mut header = vec!["channel".to_owned()];
        header.extend((0..columns).map(|k| format!("latent {k}")));
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let q_values = self.q_values();
        let mut table = Table::new(&header);
        for (c, channel) in channels.iter().enumerate() {
            let cell = |k: usize| {
                let (low, high) = (self.intervals.low[[c, k]], self.intervals.high[[c, k]]);
                let q = q_values[[c, k]];
                format!(
                    "{low:.3} to {high:.3}, q {q:.3} {}",
                    symbol(connections[[c, k]])
                )
            };
            table = table.row(std::iter::once(channel.clone()).chain((0..columns).map(cell)));
        }
        table
    }
}

fn numbers(connections: &Array2<Connection>) -> Array2<i8> {
    connections.mapv(|verdict| match verdict {
        Connection::Connected => 1,
        Connection::Undecided => 0,
        Connection::NotConnected => -1,
    })
}

fn symbol(verdict: Connection) -> char {
    match verdict {
        Connection::Connected => '+',
        Connection::Undecided => '?',
        Connection::NotConnected => '-',
    }
}
