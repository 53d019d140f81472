//! The tables of the report of an explanation.

use crate::explain::{OrderCurves, Strongest, View};
use crate::report::{BarChart, Figure, Table};

use super::found::{Row, Scored};
use super::in_domain;
use super::means::{Place, mean_over};
use super::result::{Explanation, count, residual, short, tolerance_met};
use super::summary::BandSum;

/// Signals of a batch that are listed.
const LISTED: usize = 50;
/// Rows of the table of coefficients.
const STRONGEST: usize = 12;

/// What was found for each signal of an output.
pub fn signals(explained: &Explanation, row: &Row) -> Table {
    let first = explained.order.first().copied().unwrap_or(0);
    let mut table = Table::new(&[
        "signal",
        "output",
        "at the baseline",
        "change",
        "residual",
        "gradients",
        "tolerance met",
    ]);
    for (i, scored) in in_domain(&row.found, first).enumerate().take(LISTED) {
        let name = match explained.signals.starts.as_ref().map(|starts| starts[i]) {
            Some(start) => format!("{i} (from sample {start})"),
            None => i.to_string(),
        };
        let met = match tolerance_met(scored) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "fixed rule",
        };
        table = table.row([
            name,
            short(scored.value()),
            short(scored.baseline_value()),
            short(scored.change()),
            residual(scored.residual()),
            scored.evaluations().gradients.to_string(),
            met.to_owned(),
        ]);
    }
    let more = row.found.len().saturating_sub(LISTED);
    let caption = "Attributions add up to the change up to the residual.";
    match more {
        0 => table.caption(caption),
        1 => table.caption(&format!("{caption} 1 more signal is in the file.")),
        more => table.caption(&format!("{caption} {more} more signals are in the file.")),
    }
}

/// What was found for each output, as means over signals.
pub fn outputs(explained: &Explanation) -> Table {
    let domain = explained.order.first().copied().unwrap_or(0);
    let mut table = Table::new(&[
        "output",
        "value",
        "at the baseline",
        "largest residual",
        "strongest coefficient",
        "its mean attribution",
    ]);
    for (row, of) in explained.rows.iter().enumerate() {
        let mean = |value: fn(&Scored) -> f64| -> f64 {
            let all = in_domain(&of.found, domain).map(value);
            all.sum::<f64>() / of.found.len().max(1) as f64
        };
        let residuals = in_domain(&of.found, domain).map(|s| s.residual().abs());
        let view = super::means::mean_view(explained, Place { row, domain });
        let strongest = view.strongest(1).pop();
        let (words, attribution) = match strongest {
            Some(one) => (one.words.clone(), short(one.mean())),
            None => ("–".to_owned(), "0".to_owned()),
        };
        table = table.row([
            of.output.clone(),
            short(mean(Scored::value)),
            short(mean(Scored::baseline_value)),
            residual(residuals.fold(0.0, f64::max)),
            words,
            attribution,
        ]);
    }
    table.caption(
        "Attributions of each output add up to the change of its value up to the residual.",
    )
}

/// What was found for each group of signals.
pub fn groups(explained: &Explanation, place: Place) -> Option<Table> {
    let groups = explained.groups.as_ref()?;
    let mut table = Table::new(&[
        "group",
        "signals",
        "mean change of the output",
        "strongest coefficient",
        "mean absolute attribution",
        "mean",
        "standard deviation",
    ]);
    for (g, name) in groups.names.iter().enumerate() {
        let members = groups.members(g);
        let found = &explained.rows[place.row].found;
        let changes = members
            .iter()
            .map(|&i| found[i].scored[place.domain].change());
        let change = changes.sum::<f64>() / members.len() as f64;
        let view = mean_over(explained, place, &members);
        let [words, absolute, mean, spread] = match view.strongest(1).pop() {
            None => [
                "–".to_owned(),
                "0".to_owned(),
                "0".to_owned(),
                "0".to_owned(),
            ],
            Some(one) => [
                one.words.clone(),
                short(one.absolute),
                short(one.mean()),
                short(one.spread),
            ],
        };
        let count = members.len().to_string();
        table = table.row([
            name.clone(),
            count,
            short(change),
            words,
            absolute,
            mean,
            spread,
        ]);
    }
    Some(table.caption(&format!("Groups by {}.", groups.what)))
}

/// The domains beside each other.
pub fn domains(explained: &Explanation) -> Table {
    let mut table = Table::new(&[
        "domain",
        "Gini",
        "coefficients",
        "carry 90 %",
        "area under deletion",
        "insertion",
        "random deletion",
        "random insertion",
    ]);
    for &domain in &explained.order {
        let built = &explained.domains[domain];
        let coefficients: usize = built.domain.coefficient_shape().iter().product();
        let curves = explained.mean_curves(domain);
        let area = |part: fn(&OrderCurves) -> &Vec<f64>| {
            curves
                .as_ref()
                .map_or("–".to_owned(), |c| match c.area(part(c)) {
                    area if area.is_nan() => "–".to_owned(),
                    area => format!("{area:.3}"),
                })
        };
        table = table.row([
            built.name.clone(),
            format!("{:.3}", mean(explained, domain, |s| s.concentration.gini)),
            match built.domain.is_real() {
                true => coefficients.to_string(),
                false => format!("{coefficients} complex"),
            },
            count(mean(explained, domain, |s| s.concentration.carriers as f64)),
            area(|c| &c.deletion),
            area(|c| &c.insertion),
            area(|c| &c.random_deletion),
            area(|c| &c.random_insertion),
        ]);
    }
    table
}

fn mean(explained: &Explanation, domain: usize, value: fn(&Scored) -> f64) -> f64 {
    let all = explained.rows.iter();
    let all = all.flat_map(|row| in_domain(&row.found, domain)).map(value);
    let (sum, n) = all.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
    sum / f64::from(n.max(1))
}

/// How unequally attribution is spread in each domain.
pub fn concentrations(explained: &Explanation) -> Figure {
    let chart = BarChart::new("Gini coefficient of absolute attribution");
    let bar = |chart: BarChart, domain: &usize| {
        let value = mean(explained, *domain, |s| s.concentration.gini);
        chart.bar(&explained.domains[*domain].name, value)
    };
    explained.order.iter().fold(chart, bar).draw()
}

/// The coefficients of most absolute attribution.
pub fn strongest(view: &View<'_>) -> Table {
    let strongest = view.strongest(STRONGEST);
    if view.signals == 1 {
        let table = Table::new(&["coefficient", "attribution"]);
        let row = |table: Table, one: Strongest| table.row([one.words, short(one.attribution)]);
        return strongest.into_iter().fold(table, row);
    }
    let table = Table::new(&[
        "coefficient",
        "mean absolute attribution",
        "mean",
        "standard deviation",
    ]);
    let row = |table: Table, one: Strongest| {
        table.row([
            one.words.clone(),
            short(one.absolute),
            short(one.mean()),
            short(one.spread),
        ])
    };
    let table = strongest.into_iter().fold(table, row);
    table
        .caption("Over signals; by absolute attribution, in which signs that differ do not cancel.")
}

/// Attribution of the named bands.
pub fn bands(bands: &[BandSum]) -> Table {
    let table = Table::new(&["band", "attribution", "absolute attribution"]);
    let row = |table: Table, band: &BandSum| {
        table.row([band.words(), short(band.attribution), short(band.absolute)])
    };
    bands.iter().fold(table, row)
}
