//! The report of `xcebra explain`.

use ndarray::{ArrayD, Axis};
use xcebra::explain::{OrderCurves, View};
use xcebra::report::{BarChart, Picture, Report, Table};

use super::in_domain;
use super::result::{Explained, count, identifier, residual, short, tolerance_met};
use super::work::{One, Scored};

/// Signals of a batch that have pictures of their own.
const SHOWN: usize = 3;
/// Signals of a batch that are listed.
const LISTED: usize = 50;
/// Rows of the table of coefficients.
const STRONGEST: usize = 12;

/// Pictures by the headings they stand under.
pub fn pictures(explained: &Explained<'_>) -> Vec<(String, Vec<Picture>)> {
    let several_domains = explained.order.len() > 1;
    let n = explained.found.len();
    let mut sections = Vec::new();
    for &domain in explained.order {
        let spec = explained.job.domains[domain].spec.to_string();
        let file = match several_domains {
            true => format!("{}-", identifier(&spec)),
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
        for (i, one) in explained.found.iter().enumerate().take(shown) {
            let heading = match n {
                1 => of("The signal"),
                _ => of(&format!("Signal {i}")),
            };
            let pictures = draw(view(explained, domain, i, one), format!("{file}signal{i}"));
            sections.push((heading, pictures));
        }
        if let Some(curves) = explained.mean_curves(domain) {
            let picture = faithfulness(&curves, &format!("{file}faithfulness"), n);
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
pub fn page(explained: &Explained<'_>, sections: Vec<(String, Vec<Picture>)>) -> Report {
    let command = explained.command;
    let mut report = Report::new("What carries the output").lead(&lead(explained));
    for note in explained.notes {
        report = report.paragraph(&format!("Note: {note}."));
    }
    report = report.table(signals_table(explained));
    if explained.order.len() > 1 {
        report = report
            .heading("Which domain?")
            .paragraph(
                "All domains explain the same change of the output. Those come first in which few coefficients \
                 carry it; a small area under deletion says that the model does need these coefficients.",
            )
            .table(domains_table(explained))
            .figure(carriers(explained), "Coefficients that hold 90 % of the absolute attribution, on average over signals.");
    }
    for (heading, pictures) in sections {
        report = report.heading(&heading);
        for picture in pictures {
            let (figure, caption) = picture.into();
            report = report.figure(figure, &caption);
        }
    }
    for &domain in explained.order {
        let spec = &explained.job.domains[domain].spec;
        let mut table = Table::new(&["coefficient", "attribution"]);
        let view = mean_view(explained, domain);
        for (word, value) in view.strongest(STRONGEST) {
            table = table.row([explained.in_unit(&word), short(value)]);
        }
        let title = match explained.order.len() {
            1 => "The strongest coefficients".to_owned(),
            _ => format!("The strongest coefficients of {spec}"),
        };
        report = report.heading(&title).table(table);
        if explained.order.len() == 1 {
            report = report.paragraph(&format!("{}.", explained.summary(domain)));
        }
    }
    report.heading("How it was computed").code(&format!(
        "model      {}\ninput      {}\noutput     {}\nbaseline   {}\nrule       {}\ntime axis  {}\nrate       {}\ntime       {:.1} s",
        command.model.display(),
        command.input,
        explained.job.output,
        command.baseline,
        explained.job.rule,
        explained.job.time_axis,
        explained.sampling_rate.map_or("not known: time in samples".to_owned(), |hz| format!("{hz} Hz")),
        explained.seconds
    ))
}

fn lead(explained: &Explained<'_>) -> String {
    let n = explained.found.len();
    let what = match explained.order {
        [domain] => format!("in the domain {}", explained.job.domains[*domain].spec),
        several => format!("in {} domains", several.len()),
    };
    let model = explained.command.model.display();
    match (explained.found, n) {
        ([one], _) => {
            let found = &one.scored[0].found;
            format!(
                "Output {} of {model} is {} for this signal and {} at the baseline. Here is what brings it from \
                 there to here, {what}.",
                explained.job.output,
                short(found.value[0]),
                short(found.baseline_value[0])
            )
        }
        _ => format!(
            "What brings output {} of {model} from the baseline to its values for {n} signals, {what}.",
            explained.job.output
        ),
    }
}

fn signals_table(explained: &Explained<'_>) -> Table {
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
    for (i, scored) in in_domain(explained.found, first).enumerate().take(LISTED) {
        let found = &scored.found;
        let name = match explained
            .job
            .signals
            .starts
            .as_ref()
            .map(|starts| starts[i])
        {
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
            short(found.value[0]),
            short(found.baseline_value[0]),
            short(found.value[0] - found.baseline_value[0]),
            residual(found.residual[0]),
            found.evaluations.gradients.to_string(),
            met.to_owned(),
        ]);
    }
    let more = explained.found.len().saturating_sub(LISTED);
    let caption = "Attributions add up to the change up to the residual.";
    match more {
        0 => table.caption(caption),
        more => table.caption(&format!("{caption} {more} more signals are in the file.")),
    }
}

fn domains_table(explained: &Explained<'_>) -> Table {
    let mut table = Table::new(&[
        "domain",
        "coefficients",
        "carry 90 %",
        "Gini",
        "area under deletion",
        "insertion",
        "random deletion",
        "random insertion",
    ]);
    for &domain in explained.order {
        let built = &explained.job.domains[domain];
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
            built.spec.to_string(),
            built
                .domain
                .coefficient_shape()
                .iter()
                .product::<usize>()
                .to_string(),
            count(mean(explained, domain, |s| s.concentration.carriers as f64)),
            format!("{:.3}", mean(explained, domain, |s| s.concentration.gini)),
            area(|c| &c.deletion),
            area(|c| &c.insertion),
            area(|c| &c.random_deletion),
            area(|c| &c.random_insertion),
        ]);
    }
    table
}

fn mean(explained: &Explained<'_>, domain: usize, value: fn(&Scored) -> f64) -> f64 {
    in_domain(explained.found, domain).map(value).sum::<f64>() / explained.found.len().max(1) as f64
}

fn carriers(explained: &Explained<'_>) -> xcebra::report::Figure {
    let chart = BarChart::new("coefficients that carry 90 %");
    let bar = |chart: BarChart, domain: &usize| {
        let value = mean(explained, *domain, |s| s.concentration.carriers as f64);
        chart.bar(&explained.job.domains[*domain].spec.to_string(), value)
    };
    explained.order.iter().fold(chart, bar).draw()
}

fn faithfulness(curves: &OrderCurves, name: &str, signals: usize) -> Vec<Picture> {
    let chart = |title: &str, attribution: &[f64], random: &[f64]| {
        let both = [("by attribution", attribution), ("in random order", random)];
        curves.chart(title, &both).size(720.0, 260.0).draw()
    };
    let over = match signals {
        1 => String::new(),
        n => format!(" Means over {n} signals."),
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

fn view<'a>(explained: &'a Explained<'_>, domain: usize, i: usize, one: &One) -> View<'a> {
    let found = &one.scored[domain].found;
    View {
        built: &explained.job.domains[domain],
        sampling_rate: explained.sampling_rate,
        frequency: explained.command.frequency_unit.factor(),
        time_axis: explained.job.time_axis,
        signal: explained
            .job
            .signals
            .values
            .index_axis(Axis(0), i)
            .to_owned(),
        sizes: found.coefficients.mapv(num_complex::Complex::norm),
        attribution: found.attribution.index_axis(Axis(0), 0).to_owned(),
        in_time: one.in_time.clone(),
    }
}

/// The means over all signals: of the signals, the sizes of coefficients, and attributions.
pub fn mean_view<'a>(explained: &'a Explained<'_>, domain: usize) -> View<'a> {
    let n = explained.found.len() as f64;
    let mut all = explained.found.iter().enumerate();
    let first = all.next().expect("at least one signal was read");
    let mut sum = view(explained, domain, first.0, first.1);
    if explained.found.len() == 1 {
        return sum;
    }
    let add = |to: &mut ArrayD<f64>, from: &ArrayD<f64>| *to += from;
    for (i, one) in all {
        let next = view(explained, domain, i, one);
        add(&mut sum.signal, &next.signal);
        add(&mut sum.sizes, &next.sizes);
        add(&mut sum.attribution, &next.attribution);
        if let (Some(to), Some(from)) = (&mut sum.in_time, &next.in_time) {
            add(to, from);
        }
    }
    sum.signal /= n;
    sum.sizes /= n;
    sum.attribution /= n;
    sum.in_time = sum.in_time.map(|total| total / n);
    sum
}
