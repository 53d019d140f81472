//! Attributions of coefficients, as `xcebra explain` writes them: by signal, group and output.

use ndarray::{ArrayD, Axis};

use super::arrays::Arrays;
use super::coefficients::Coefficients;
use crate::Result;
use crate::report::Report;

/// Signals, outputs and groups with separate pictures.
const MOST_PARTS: usize = 6;

/// The axes before those of the coefficients.
struct Leading {
    /// Whether the first axis is that of signals.
    batch: bool,
    /// The numbers of the outputs, if there is an axis of them.
    outputs: Option<Vec<usize>>,
    /// What the axes of the coefficients are, if the file says so.
    roles: Option<Vec<String>>,
}

impl Leading {
    fn of(prefix: &str, shape: &[usize], arrays: &mut Arrays) -> Result<Self> {
        let roles = arrays.words(prefix, "attribution_axes")?;
        let roles = roles.filter(|roles| roles.len() == shape.len());
        let value = arrays.shape("value").unwrap_or_default().to_vec();
        let (batch, outputs) = match &roles {
            Some(roles) => {
                let batch = roles.first().is_some_and(|role| role == "signal");
                let at = usize::from(batch);
                let outputs = roles.get(at).is_some_and(|role| role == "output");
                (batch, outputs.then(|| shape.get(at).copied().unwrap_or(0)))
            }
            // older files: the array `value` is (signals,) or (signals, outputs)
            None => {
                let signals = value.first().copied().unwrap_or(1);
                let outputs = value.get(1).copied();
                let behind = match outputs {
                    Some(outputs) => shape.get(1) == Some(&outputs),
                    None => shape.len() > 1 && signals > 1,
                };
                (behind && shape[0] == signals, outputs)
            }
        };
        let outputs = match outputs {
            None => None,
            Some(count) => {
                let listed = arrays.look("output")?;
                let listed = listed.filter(|listed| listed.len() == count);
                Some(match listed {
                    Some(listed) => listed.iter().map(|&k| k as usize).collect(),
                    None => (0..count).collect(),
                })
            }
        };
        let before = usize::from(batch) + usize::from(outputs.is_some());
        let roles = roles.map(|roles| roles.into_iter().skip(before).collect());
        Ok(Self {
            batch,
            outputs,
            roles,
        })
    }

    fn count(&self) -> usize {
        usize::from(self.batch) + usize::from(self.outputs.is_some())
    }
}

/// Adds the attributions, one part for each domain, and says whether there are some.
pub(super) fn show(report: Report, arrays: &mut Arrays) -> Result<(Report, bool)> {
    let prefixes = arrays.stems("attribution").into_iter();
    // sums over bands and means of groups are drawn with their domain
    let of_domain = |p: &String| {
        let other = ["band_", "group_", "group_absolute_"];
        (p.is_empty() || p.ends_with('_')) && !other.iter().any(|ending| p.ends_with(ending))
    };
    let mut parts = Vec::new();
    for prefix in prefixes.filter(of_domain) {
        parts.extend(part(&prefix, arrays)?);
    }
    Ok(match parts.len() {
        0 => (report, false),
        _ => (report.choice("domain", parts), true),
    })
}

fn part(prefix: &str, arrays: &mut Arrays) -> Result<Option<Report>> {
    let Some(attribution) = arrays.take(&format!("{prefix}attribution"))? else {
        return Ok(None);
    };
    let leading = Leading::of(prefix, attribution.shape(), arrays)?;
    let Some(shape) = attribution.shape().get(leading.count()..) else {
        return Ok(None);
    };
    let coefficients = Coefficients::of(prefix, shape, leading.roles.clone(), arrays)?;
    let bands = match coefficients.of_bands(shape) {
        Some(own) => {
            let expected = [&attribution.shape()[..leading.count()], &own[..]].concat();
            let name = format!("{prefix}band_attribution");
            let fits = arrays.shape(&name) == Some(&expected[..]);
            if fits { arrays.take(&name)? } else { None }
        }
        None => None,
    };
    let shown = |title: &str, array: &ArrayD<f64>, bands: Option<&ArrayD<f64>>, value: &str| {
        let report = Report::new(title);
        match &leading.outputs {
            None => coefficients.add(report, array, bands, value),
            Some(outputs) => {
                let each = outputs.iter().take(MOST_PARTS).zip(array.outer_iter());
                let parts = each.enumerate().map(|(i, (k, one))| {
                    let bands = bands.map(|bands| bands.index_axis(Axis(0), i).to_owned());
                    let report = Report::new(&format!("output {k}"));
                    coefficients.add(report, &one.to_owned(), bands.as_ref(), value)
                });
                report.choice("output", parts.collect::<Vec<_>>())
            }
        }
    };
    let name = match prefix.trim_end_matches('_') {
        "" => "Attribution",
        name => name,
    };
    if !leading.batch {
        return Ok(Some(shown(
            name,
            &attribution,
            bands.as_ref(),
            "attribution",
        )));
    }
    let mut report = Report::new(name);
    let groups = arrays.take(&format!("{prefix}group_attribution"))?;
    let alike = |groups: &ArrayD<f64>| groups.shape().get(1..) == attribution.shape().get(1..);
    if let Some(groups) = groups.filter(alike) {
        let names = arrays.words(prefix, "group_names")?.unwrap_or_default();
        let of = arrays.look("group")?;
        let of = of.filter(|of| of.len() == attribution.len_of(Axis(0)));
        let each = groups.outer_iter().enumerate().take(MOST_PARTS);
        let parts = each.map(|(g, mean)| {
            let members = of.as_ref().map(|of| {
                let members = of.iter().enumerate();
                let members = members.filter(|(_, group)| **group == g as f64);
                members.map(|(i, _)| i).collect::<Vec<usize>>()
            });
            let bands = bands.as_ref().zip(members);
            let bands = bands
                .and_then(|(bands, members)| bands.select(Axis(0), &members).mean_axis(Axis(0)));
            let title = match names.get(g) {
                Some(name) => name.clone(),
                None => format!("group {g}"),
            };
            shown(&title, &mean.to_owned(), bands.as_ref(), "mean attribution")
        });
        report = report.choice("group", parts.collect::<Vec<_>>());
    }
    let signals = attribution.len_of(Axis(0));
    let Some(mean) = attribution.mean_axis(Axis(0)) else {
        return Ok(None);
    };
    let mean_bands = bands.as_ref().and_then(|bands| bands.mean_axis(Axis(0)));
    let sizes = attribution.mapv(f64::abs).mean_axis(Axis(0));
    let mut parts = vec![shown(
        &format!("mean over {signals} signals"),
        &mean,
        mean_bands.as_ref(),
        "mean attribution",
    )];
    parts.extend(sizes.map(|sizes| {
        let title = format!("mean of absolute values over {signals} signals");
        shown(&title, &sizes, None, "mean |attribution|")
    }));
    let each = attribution.outer_iter().enumerate().take(MOST_PARTS);
    parts.extend(each.map(|(i, one)| {
        let bands = bands.as_ref().map(|b| b.index_axis(Axis(0), i).to_owned());
        shown(
            &format!("signal {i}"),
            &one.to_owned(),
            bands.as_ref(),
            "attribution",
        )
    }));
    Ok(Some(report.choice("signal", parts)))
}
