//! The report of an explanation.

use crate::explain::{OrderCurves, View};
use crate::report::{HeatMap, Picture, Report};

use super::found::Scored;
use super::means::{Place, mean_over, mean_view, view};
use super::result::{Explanation, identifier, short};
use super::{summary, tables};

/// Signals of a batch that have pictures of their own.
const SHOWN: usize = 3;
/// Groups of signals that have pictures of their own.
const GROUPS_SHOWN: usize = 6;

/// Pictures by the headings they stand under.
pub fn pictures(explained: &Explanation) -> Vec<(String, Vec<Picture>)> {
    pictures_named(explained, "")
}

/// As [`pictures`]; the names of their files begin with `prefix`.
pub fn pictures_named(explained: &Explanation, prefix: &str) -> Vec<(String, Vec<Picture>)> {
    let several_domains = explained.order.len() > 1;
    let n = explained.signals.len();
    let mut sections = Vec::new();
    for &domain in &explained.order {
        let spec = &explained.domains[domain].name;
        let file = match several_domains {
            true => format!("{prefix}{}-", identifier(spec)),
            false => prefix.to_owned(),
        };
        let of = |name: &str| match several_domains {
            true => format!("{name} in the domain {spec}"),
            false => name.to_owned(),
        };
        let first = sections.is_empty();
        let draw = |view: View<'_>, name: String| match first || !several_domains {
            true => view.pictures(&name),
            // the same in every domain
            false => view.in_domain(&name),
        };
        if explained.rows.len() > 1 {
            let name = format!("{file}outputs");
            let picture = output_map(explained, domain, &name);
            sections.push((of("Outputs beside each other"), vec![picture]));
        }
        for (row, found) in explained.rows.iter().enumerate().take(SHOWN) {
            let place = Place { row, domain };
            let (of_output, file) = match explained.rows.len() {
                1 => (String::new(), file.clone()),
                _ => (
                    format!(", output {}", found.output),
                    format!("{file}output{}-", found.output),
                ),
            };
            if n > 1 {
                let pictures = draw(mean_view(explained, place), format!("{file}mean"));
                sections.push((of(&format!("Mean over {n} signals{of_output}")), pictures));
            }
            for (g, (name, members)) in explained.groups().enumerate().take(GROUPS_SHOWN) {
                let view = mean_over(explained, place, &members);
                let pictures = draw(view, format!("{file}group{g}"));
                let count = match members.len() {
                    1 => "1 signal".to_owned(),
                    n => format!("mean over {n} signals"),
                };
                sections.push((of(&format!("{name}: {count}{of_output}")), pictures));
            }
            let shown = match (several_domains || explained.rows.len() > 1) && n > 1 {
                true => 0,
                false => SHOWN,
            };
            for i in 0..shown.min(n) {
                let heading = match n {
                    1 => of(&format!("The signal{of_output}")),
                    _ => of(&format!("Signal {i}{of_output}")),
                };
                let pictures = draw(view(explained, place, i), format!("{file}signal{i}"));
                sections.push((heading, pictures));
            }
        }
        if let Some(curves) = explained.mean_curves(domain) {
            let signals = (explained.curved(domain), n);
            let picture = faithfulness(&curves, &format!("{file}faithfulness"), signals);
            let heading = match several_domains {
                true => format!("Is it faithful in the domain {spec}?"),
                false => "Is it faithful?".to_owned(),
            };
            sections.push((heading, picture));
        }
    }
    // what is shown in time already needs no section of its own
    sections.retain(|(_, pictures)| !pictures.is_empty());
    sections
}

/// The page.
pub fn page(explained: &Explanation, sections: Vec<(String, Vec<Picture>)>) -> Report {
    let mut report = Report::new("What carries the output")
        .lead(&lead(explained))
        .elsewhere("The file of --out holds all numbers, and --figures draws every picture.");
    for note in &explained.notes {
        report = report.paragraph(&format!("Note: {}", sentence(note)));
    }
    report = match &explained.rows[..] {
        [only] => report.table(tables::signals(explained, only)),
        _ => report.table(tables::outputs(explained)),
    };
    if explained.order.len() > 1 {
        report = report
            .heading("Which domain?")
            .paragraph(
                "All domains explain the same change of the output. The first is the one in which the smallest share of \
                 the coefficients carries it, by the Gini coefficient of absolute attribution: 0 if all carry the \
                 same, near 1 if one carries all. It does not depend on how many coefficients a domain has. A \
                 small area under deletion says that the model does need these coefficients.",
            )
            .table(tables::domains(explained))
            .figure(
                tables::concentrations(explained),
                "How unequally absolute attribution is spread over coefficients, on average over signals.",
            );
    }
    for (heading, pictures) in sections {
        report = report.heading(&heading);
        for picture in pictures {
            let (figure, caption) = picture.into();
            report = report.figure(figure, &caption);
        }
    }
    for &domain in &explained.order {
        let spec = &explained.domains[domain].name;
        let place = Place { row: 0, domain };
        let view = mean_view(explained, place);
        let table = tables::strongest(&view);
        let title = match explained.order.len() {
            1 => "The strongest coefficients".to_owned(),
            _ => format!("The strongest coefficients of {spec}"),
        };
        let title = match explained.rows.len() {
            1 => title,
            _ => format!("{title}, output {}", explained.rows[0].output),
        };
        report = report.heading(&title).table(table);
        if let Some(bands) = summary::bands(explained, &view) {
            report = report.table(tables::bands(&bands));
        }
        if let Some(table) = tables::groups(explained, place) {
            report = report.table(table);
        }
        if explained.order.len() == 1 {
            report = report.paragraph(&format!("{}.", explained.summary(place)));
        }
    }
    report
        .heading("How it was computed")
        .code(&explained.settings_words())
}

impl Explanation {
    /// How it was computed, a line for each setting.
    pub(super) fn settings_words(&self) -> String {
        let explained = self;
        format!(
            "model      {}\ninput      {}\noutput     {}\nbaseline   {}\nrule       {}\ngradient   {}\nprecision  {}\nsignals    {}\nrate       {}\ntime       {:.1} s",
            explained.model,
            explained.input,
            explained
                .rows
                .iter()
                .map(|row| row.output.as_str())
                .collect::<Vec<_>>()
                .join(","),
            explained.baseline,
            explained.rule,
            explained.gradient,
            if explained.single { "single" } else { "double" },
            explained.signals.reading,
            explained
                .sampling_rate
                .map_or("not known: time in samples".to_owned(), |hz| format!(
                    "{} Hz",
                    summary::rounded(hz)
                )),
            explained.seconds
        )
    }
}

/// A note as a sentence of a page.
fn sentence(note: &str) -> String {
    format!("{}.", capital(note.trim_end_matches('.')))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

fn lead(explained: &Explanation) -> String {
    let n = explained.signals.len();
    let what = match explained.order[..] {
        [domain] => format!("in the domain {}", explained.domains[domain].name),
        ref several => format!("in {} domains", several.len()),
    };
    let model = &explained.model;
    let outputs = match &explained.rows[..] {
        [only] if explained.predicted.is_some() => format!("the {} output", only.output),
        [only] => format!("output {}", only.output),
        several => format!("each of {} outputs", several.len()),
    };
    match (&explained.rows[..], n) {
        ([only], 1) => {
            let scored: &Scored = &only.found[0].scored[0];
            format!(
                "{} of {model} is {} for this signal and {} at the baseline. Here is what brings it from \
                 there to here, {what}.",
                capital(&outputs),
                short(scored.value()),
                short(scored.baseline_value())
            )
        }
        (_, 1) => {
            format!("What brings {outputs} of {model} from the baseline to its value, {what}.")
        }
        _ => format!(
            "What brings {outputs} of {model} from the baseline to its values for {n} signals, {what}."
        ),
    }
}

/// How much each entry of the axis by which a domain is read first contributes to each output.
fn output_map(explained: &Explanation, domain: usize, name: &str) -> Picture {
    let views = (0..explained.rows.len()).map(|row| mean_view(explained, Place { row, domain }));
    let mut title = String::new();
    let mut names = Vec::new();
    let rows: Vec<Vec<f64>> = views
        .map(|view| {
            let (axis, words, sums) = view.by_first_axis();
            (title, names) = (axis, words);
            sums
        })
        .collect();
    let columns = rows.first().map_or(0, Vec::len);
    let values = ndarray::Array2::from_shape_fn((rows.len(), columns), |(i, j)| rows[i][j]);
    let outputs: Vec<String> = explained
        .rows
        .iter()
        .map(|row| row.output.clone())
        .collect();
    let figure = HeatMap::new(values.view())
        .signed()
        .rows("output")
        .row_names(&outputs)
        .columns(&title)
        .column_names(&names)
        .value("attribution")
        .draw();
    let over = match explained.signals.len() {
        1 => String::new(),
        n => format!(" Means over {n} signals."),
    };
    let caption = format!(
        "What each {title} contributes to each output, summed over all other axes.{over} All outputs were explained \
         along the same path."
    );
    Picture::new(name, figure, caption)
}

fn faithfulness(curves: &OrderCurves, name: &str, signals: (usize, usize)) -> Vec<Picture> {
    let chart = |title: &str, attribution: &[f64], random: &[f64]| {
        let both = [("by attribution", attribution), ("in random order", random)];
        curves.chart(title, &both).size(720.0, 260.0).draw()
    };
    let over = match signals {
        (_, 1) => String::new(),
        (curved, n) if curved == n => format!(" Means over {n} signals."),
        (curved, n) => {
            format!(
                " Means over {curved} of {n} signals: the output of the others does not change."
            )
        }
    };
    let areas = |attribution: &[f64], random: &[f64]| {
        let area = format!("Area {:.3}", curves.area(attribution));
        match random.is_empty() {
            true => format!("{area}."),
            false => format!("{area}, in random order {:.3}.", curves.area(random)),
        }
    };
    vec![
        Picture::new(
            format!("{name}-deletion"),
            chart("Deletion", &curves.deletion, &curves.random_deletion),
            format!(
                "The output while coefficients are replaced by the baseline's, those that raise it most first: a \
                 faithful attribution makes it fall early. {}{over}",
                areas(&curves.deletion, &curves.random_deletion)
            ),
        ),
        Picture::new(
            format!("{name}-insertion"),
            chart("Insertion", &curves.insertion, &curves.random_insertion),
            format!(
                "The output while coefficients are put into the baseline: a faithful attribution makes it rise \
                 early. {}{over}",
                areas(&curves.insertion, &curves.random_insertion)
            ),
        ),
    ]
}
