//! The report of an explanation.

use crate::explain::{OrderCurves, View};
use crate::report::{Picture, Report};

use super::means::{mean_view, view};
use super::result::{Explanation, identifier, short};
use super::{summary, tables};

/// Signals of a batch that have pictures of their own.
const SHOWN: usize = 3;

/// Pictures by the headings they stand under.
pub fn pictures(explained: &Explanation) -> Vec<(String, Vec<Picture>)> {
    let several_domains = explained.order.len() > 1;
    let n = explained.found.len();
    let mut sections = Vec::new();
    for &domain in &explained.order {
        let spec = &explained.domains[domain].name;
        let file = match several_domains {
            true => format!("{}-", identifier(spec)),
            false => String::new(),
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
        if n > 1 {
            let pictures = draw(mean_view(explained, domain), format!("{file}mean"));
            sections.push((of(&format!("Mean over {n} signals")), pictures));
        }
        let shown = if several_domains && n > 1 { 0 } else { SHOWN };
        for i in 0..shown.min(n) {
            let heading = match n {
                1 => of("The signal"),
                _ => of(&format!("Signal {i}")),
            };
            let pictures = draw(view(explained, domain, i), format!("{file}signal{i}"));
            sections.push((heading, pictures));
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
    let mut report = Report::new("What carries the output").lead(&lead(explained));
    for note in &explained.notes {
        report = report.paragraph(&format!("Note: {}", sentence(note)));
    }
    report = report.table(tables::signals(explained));
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
        let table = tables::strongest(&mean_view(explained, domain));
        let title = match explained.order.len() {
            1 => "The strongest coefficients".to_owned(),
            _ => format!("The strongest coefficients of {spec}"),
        };
        report = report.heading(&title).table(table);
        if let Some(bands) = summary::bands(explained, domain) {
            report = report.table(tables::bands(&bands));
        }
        if explained.order.len() == 1 {
            report = report.paragraph(&format!("{}.", explained.summary(domain)));
        }
    }
    report.heading("How it was computed").code(&format!(
        "model      {}\ninput      {}\noutput     {}\nbaseline   {}\nrule       {}\nsignals    {}\nrate       {}\ntime       {:.1} s",
        explained.model,
        explained.input,
        explained.output,
        explained.baseline,
        explained.rule,
        explained.signals.reading,
        explained.sampling_rate.map_or("not known: time in samples".to_owned(), |hz| format!("{} Hz", (hz * 1e6).round() / 1e6)),
        explained.seconds
    ))
}

/// A note as a sentence of a page.
fn sentence(note: &str) -> String {
    let mut letters = note.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!(
        "{}{}.",
        first.unwrap_or_default(),
        letters.as_str().trim_end_matches('.')
    )
}

fn lead(explained: &Explanation) -> String {
    let n = explained.found.len();
    let what = match explained.order[..] {
        [domain] => format!("in the domain {}", explained.domains[domain].name),
        ref several => format!("in {} domains", several.len()),
    };
    let model = &explained.model;
    match explained.found.as_slice() {
        [one] => {
            let found = &one.scored[0].found;
            format!(
                "Output {} of {model} is {} for this signal and {} at the baseline. Here is what brings it from \
                 there to here, {what}.",
                explained.output,
                short(found.value[0]),
                short(found.baseline_value[0])
            )
        }
        _ => format!(
            "What brings output {} of {model} from the baseline to its values for {n} signals, {what}.",
            explained.output
        ),
    }
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
