//! What maps of an encoder say, as arrays, in words, and as pictures.

use std::path::Path;

use ndarray::{Array2, arr0};
use serde_json::{Map, Value, json};
use xcebra_attr::methods::title;
use xcebra_attr::{AttrError, AttributionMap};
use xcebra_files::NpzOutput;

use super::comparable::ComparableMap;
use super::heads::on_head;
use super::tested::AllTested;
use crate::answer::{Answer, number, optional};
use crate::report::{Figure, Picture, Report, Table, attribution_map};
use crate::retraining::ING;
use crate::{Diagnostics, Result, Run};

/// Where everything is, if a page cannot hold it.
pub(super) const ELSEWHERE: &str =
    "The file of --out holds all numbers, and --figures draws every picture.";

/// Attribution maps of a trained encoder, with tests of their entries if they were asked for.
#[derive(Clone, Debug)]
pub struct Attributed {
    pub(super) run: Run,
    /// The encoder and the recording, for messages.
    pub(super) encoder: String,
    pub(super) data: String,
    pub(super) inputs: usize,
    pub(super) segments: usize,
    pub(super) seconds: f64,
    /// One map for each method.
    pub maps: Vec<AttributionMap>,
    /// The inverted neuron gradient in comparable units, if it is among the methods.
    pub comparable: Option<ComparableMap>,
    /// The tests of their entries.
    pub tested: Option<AllTested>,
    /// What the encoder is like, if its training left that.
    pub diagnostics: Option<Diagnostics>,
    /// What was assumed, left out or repaired, a sentence each.
    pub notes: Vec<String>,
}

impl Attributed {
    /// Writes the arrays to an `.npz` file.
    ///
    /// # Errors
    /// [`Kind::File`](xcebra_model::Kind::File).
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut output = NpzOutput::create(path)?;
        add_maps(&mut output, &self.maps)?;
        if let Some(comparable) = &self.comparable {
            comparable.write(&mut output)?;
        }
        if let Some(tested) = &self.tested {
            tested.write(&mut output)?;
        }
        add_samples(&mut output, &self.maps)?;
        add_names(&mut output, &self.run.channels.names, "latent")?;
        Ok(output.commit()?)
    }

    /// One picture for each map.
    pub fn pictures(&self) -> Vec<Picture> {
        let maps = self.maps.iter();
        let maps = maps.map(|map| Picture::new(map.method(), figure(map, &self.run), ""));
        let comparable = self.comparable.iter().map(|map| {
            let figure = map.figure(&self.run.channels.names);
            Picture::new("ing_comparable", figure, "")
        });
        let heads = self.maps.iter().filter_map(|map| {
            let (figure, caption) = heads(map, &self.run.channels.names)?;
            Some(Picture::new(
                format!("{}_scalp", map.method()),
                figure,
                caption,
            ))
        });
        maps.chain(comparable).chain(heads).collect()
    }

    /// The answer, for a reader and for a program; `out` is the file that the arrays were written to.
    ///
    /// # Errors
    /// [`Kind::Numeric`](xcebra_model::Kind::Numeric) if a number of it is not finite.
    pub fn answer(&self, out: Option<&Path>) -> Result<Answer> {
        let maps = &self.maps;
        let out = out.map(|out| out.display().to_string());
        let samples = maps.first().map_or(0, AttributionMap::samples);
        let mut text = out
            .as_ref()
            .map(|out| format!("{out}: "))
            .unwrap_or_default();
        text += &format!(
            "maps (inputs × latents) of {samples} samples, {:.1} s",
            self.seconds
        );
        let mut described = Map::new();
        if self.segments > 1 {
            text.push_str(&format!(", {} segments", self.segments));
        }
        for map in maps {
            let (rows, columns) = by_channel(map).values.dim();
            text.push_str(&format!("\n{} ({rows}, {columns})", map.method()));
            let mut entry = json!({ "shape": [rows, columns] });
            if let Some(inverses) = map.inverses() {
                text.push_str(&format!(
                    ": {}",
                    inverses.in_words(self.run.possible_rank())
                ));
                entry["min_rank"] = json!(inverses.min_rank());
                entry["mean_rank"] = number("mean_rank", inverses.mean_rank())?;
                let condition = inverses.condition().map(|c| c.geometric_mean);
                entry["condition"] = optional("condition", condition)?;
            }
            let comparable = self.comparable.as_ref();
            if let Some(comparable) = comparable.filter(|_| map.method() == ING) {
                let words = comparable.words();
                if !words.is_empty() {
                    text.push_str(&format!("\ning_comparable: {words}"));
                }
                entry["comparable"] = comparable.json()?;
            }
            if let Some(tested) = &self.tested {
                text.push_str(&tested.text(map.method(), &self.run.channels.names));
                entry["significance"] = tested.json(map.method())?;
            }
            described.insert(map.method().to_owned(), entry);
        }
        if let Some(diagnostics) = &self.diagnostics {
            text.push_str(&format!(
                "\nThe encoder: {}",
                about(diagnostics, maps).join(" ")
            ));
        }
        let json = json!({
            "out": out,
            "samples": samples,
            "inputs": self.inputs,
            "segments": self.segments,
            "seconds": number("seconds", self.seconds)?,
            "maps": Value::Object(described),
            "diagnostics": self.diagnostics,
            "notes": self.notes,
        });
        Ok(Answer { text, json })
    }

    /// The report.
    pub fn report(&self) -> Report {
        let (run, maps) = (&self.run, &self.maps);
        let channels = &run.channels.names;
        let lead = format!(
            "Which of {} channels depend on which of {} latents, by the encoder in {} on {}.",
            channels.len(),
            run.settings.encoder.outputs,
            self.encoder,
            self.data
        );
        let mut report = Report::new("Attribution maps")
            .lead(&lead)
            .elsewhere(ELSEWHERE);
        let mut parts = Vec::new();
        for map in maps {
            let unit = if run.settings.data.standardize {
                "a channel's value is in its standard deviations"
            } else {
                "a channel's value is in its own units"
            };
            let caption = format!(
                "Mean over {} samples of the absolute attribution; {unit}.{}",
                map.samples(),
                map.inverses()
                    .map(|i| format!(" {}.", i.in_words(run.possible_rank())))
                    .unwrap_or_default()
            );
            let figure = figure(map, run);
            let mut part = Report::new(title(map.method()));
            let comparable = self.comparable.as_ref();
            if let Some(comparable) = comparable.filter(|_| map.method() == ING) {
                let caption = format!(
                    "In comparable units: the effect of a latent, or of latents that belong together, on a channel, \
                     over its mean effect on all channels. {}",
                    comparable.words()
                );
                part = part.figure(comparable.figure(channels), caption.trim_end());
            }
            part = part.figure(figure, &caption);
            if let Some((figure, caption)) = heads(map, channels) {
                part = part.figure(figure, &caption);
            }
            parts.push(part);
        }
        report = match parts.len() {
            // one map needs no name above its own
            1 => parts.into_iter().fold(report, Report::and),
            _ => report.choice("method", parts),
        };
        if !self.notes.is_empty() {
            report = report.heading("Notes");
        }
        for note in &self.notes {
            report = report.paragraph(note);
        }
        if let Some(diagnostics) = &self.diagnostics {
            report = report.heading("Can the encoder be trusted?");
            for sentence in about(diagnostics, maps) {
                report = report.paragraph(&sentence);
            }
        }
        if let Some(tested) = &self.tested {
            report = tested.report(report, channels);
        }
        for map in maps {
            report = report
                .heading(&format!("{}: values", title(map.method())))
                .table(table(map, channels, "latent"));
        }
        report
    }
}

/// A map as a heat map.
fn figure(map: &AttributionMap, run: &Run) -> Figure {
    attribution_map(
        title(map.method()),
        "mean |attribution|",
        by_channel(map).values.view(),
        &run.channels.names,
        &[],
    )
}

/// The columns of a map on the head, if its channels are electrodes, and a caption.
fn heads(map: &AttributionMap, channels: &[String]) -> Option<(Figure, String)> {
    let values = by_channel(map).values;
    on_head(title(map.method()), values.view(), "latent", channels)
}

/// What there is to say of the encoder beside maps; ranks only where no map tells its own.
fn about(diagnostics: &Diagnostics, maps: &[AttributionMap]) -> Vec<String> {
    match maps.iter().any(|map| map.inverses().is_some()) {
        true => diagnostics.sentences_without_ranks(),
        false => diagnostics.sentences(),
    }
}

/// A map (channels × latents), lags pooled if there are several.
pub(super) struct ByChannel {
    pub values: Array2<f64>,
    signed: Array2<f64>,
    max_abs: Array2<f64>,
}

/// The map of an encoder's channels.
pub(super) fn by_channel(map: &AttributionMap) -> ByChannel {
    let pooled = |lags: Result<Array2<f64>, AttrError>, plain: &Array2<f64>| {
        lags.unwrap_or_else(|_| plain.clone())
    };
    ByChannel {
        values: pooled(map.over_lags(), map.values()),
        signed: pooled(map.signed_over_lags(), map.signed()),
        max_abs: pooled(map.max_over_lags(), map.max_abs()),
    }
}

/// Three arrays a map, and that of all lags if there are several.
pub(crate) fn add_maps(output: &mut NpzOutput, maps: &[AttributionMap]) -> Result<()> {
    for map in maps {
        let name = map.method();
        let pooled = by_channel(map);
        output.add(name, &pooled.values)?;
        output.add(&format!("{name}_signed"), &pooled.signed)?;
        output.add(&format!("{name}_max"), &pooled.max_abs)?;
        if let Ok(lags) = map.per_lag() {
            output.add(&format!("{name}_lags"), &lags.to_owned())?;
        }
    }
    Ok(())
}

/// Adds how many samples the maps are over, by which means of several files are weighted.
pub(super) fn add_samples(output: &mut NpzOutput, maps: &[AttributionMap]) -> Result<()> {
    let Some(first) = maps.first() else {
        return Ok(());
    };
    Ok(output.add("samples", &arr0(first.samples() as i64))?)
}

/// What the axes of the maps are, and the names of the channels.
pub(crate) fn add_names(output: &mut NpzOutput, channels: &[String], column: &str) -> Result<()> {
    output.add_text("map_axes", &["channel", column].map(str::to_owned))?;
    Ok(output.add_text("channel_names", channels)?)
}

pub(super) fn table(map: &AttributionMap, channels: &[String], output: &str) -> Table {
    let mut header = vec!["channel".to_owned()];
    header.extend((0..map.outputs()).map(|k| format!("{output} {k}")));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::new(&header);
    for (channel, row) in channels.iter().zip(by_channel(map).values.rows()) {
        let cells = row.iter().map(|v| format!("{v:.4}"));
        table = table.row(std::iter::once(channel.clone()).chain(cells));
    }
    table
}
