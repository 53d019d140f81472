//! `xcebra decode`: labels read from an embedding, or from any array.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use xcebra::eval::Metric;
use xcebra::files::Source;
use xcebra::{
    Answer, DecodeJob, DecodeSettings, Decoder, FitOn, HeldOut, Result, Shuffle, Shuffles,
    TargetKind, decode_files,
};

use super::Session;
use super::figures::Figures;
use super::places::Places;

/// Decode a label from an embedding, or from any array
///
/// The decoder is fitted to one part of the time and scored on another, which it does not see: on blocks
/// of consecutive samples in turn, or on the last share of the time. Numbers are scored by R² and by the
/// median error, classes by accuracy and balanced accuracy, the mean over the classes.
///
/// With --fit-data it is fitted to another array, such as the embedding of another animal, and scored on all
/// of --data.
///
/// With --model the recording is embedded first. The score then speaks for the decoder only: an encoder
/// that was trained with the label on the same samples may have learned them by heart. Embed data that
/// the training did not see.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Decode {
    /// What is decoded from: an array (samples, columns), or the recording if --model is given
    ///
    /// Without a name, the array is embedding, or the only one of the file.
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// The label: an array of the data file, or of another file
    #[arg(long, value_name = "NAME[=FILE:ARRAY]")]
    label: String,

    /// What the values of the label are
    #[arg(long, value_enum, default_value_t = Kind::Auto)]
    kind: Kind,

    /// Folder written by `xcebra fit`, whose encoder embeds the recording first
    #[arg(long, value_name = "FOLDER")]
    model: Option<PathBuf>,

    /// Session of the training whose encoder is used: its number from 0, or the name of its file
    #[arg(long, value_name = "SESSION", requires = "model")]
    session: Option<String>,

    /// Fit the decoder to this array or recording, and score it on all of --data
    #[arg(long, value_name = "FILE[:ARRAY]", conflicts_with_all = ["blocks", "last", "gap"])]
    fit_data: Option<Source>,

    /// The label of --fit-data, if it is not the array that --label names
    #[arg(long, value_name = "NAME[=FILE:ARRAY]", requires = "fit_data")]
    fit_label: Option<String>,

    /// Session whose encoder embeds --fit-data
    #[arg(long, value_name = "SESSION", requires_all = ["fit_data", "model"])]
    fit_session: Option<String>,

    /// The decoder
    #[arg(long, value_enum, default_value_t = Method::Knn)]
    method: Method,

    /// Number of nearest neighbours of knn
    #[arg(long, value_name = "K", default_value_t = 3)]
    neighbours: usize,

    /// What is near for knn
    #[arg(long, value_enum, default_value_t = Near::Euclidean)]
    metric: Near,

    /// Weight of the penalty of ridge and lasso
    #[arg(
        long,
        value_name = "ALPHA",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    alpha: f64,

    /// Weight of the data against the penalty of logistic
    #[arg(
        long,
        value_name = "C",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    c: f64,

    /// Number of blocks of time, each of which is held out once
    #[arg(long, value_name = "N", default_value_t = 5)]
    blocks: usize,

    /// Hold out the last share of the time instead, such as 0.2
    #[arg(long, value_name = "SHARE", conflicts_with = "blocks")]
    last: Option<f64>,

    /// Samples left out between what is held out and what the decoder is fitted to
    #[arg(long, value_name = "SAMPLES", default_value_t = 0)]
    gap: usize,

    /// Decode this many shuffled labels too, and say whether the label is decoded above chance
    ///
    /// At least 19 are needed for a verdict at 5 %.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100_000))]
    shuffles: u32,

    /// What is shuffled
    #[arg(long, value_enum, default_value_t = What::Labels)]
    shuffle: What,

    /// Number of blocks of time whose order is shuffled
    ///
    /// A block should be longer than the time in which label and array change.
    #[arg(long, value_name = "N", default_value_t = 20)]
    shuffle_blocks: usize,

    /// Seed of the shuffles
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    /// File to write, .npz: sample, true and decoded of what was held out
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Page to write, .html, with scores and pictures
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    figures: Figures,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Classes if they are text, truth values or few whole numbers; else numbers
    Auto,
    /// Real numbers
    Numbers,
    /// Angles in radians, decoded as points on the circle
    Angle,
    /// Classes
    Classes,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Method {
    /// The nearest samples: their mean, or their vote
    Knn,
    /// A linear map
    Linear,
    /// A linear map with a penalty on squared coefficients
    Ridge,
    /// A linear map with a penalty that brings most coefficients to 0
    Lasso,
    /// Logistic regression of classes
    Logistic,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Near {
    /// The distance
    Euclidean,
    /// The angle
    Cosine,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The label, in blocks of time
    Labels,
    /// Each column of the array, such as a neuron, in blocks of time
    Columns,
}

const EXAMPLES: &str = "\
Examples:
  xcebra decode --data embedding.npz --label z2=data.npz:z2 --method ridge
  xcebra decode --model run --data tuesday.npz --label z2 --blocks 10 --gap 25
  xcebra decode --data embedding.npz --label state=monday.npz:state --method logistic --shuffles 19
  xcebra decode --model animals --data rat2.npz --session 1 --fit-data rat1.npz --fit-session 0 --label z2
  xcebra decode --data monday.npz:x --label heading --kind angle --last 0.2 --out decoded.npz --report decoded.html";

impl Decode {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let mut read = vec![("--data", self.data.path.as_path())];
        read.extend(
            self.fit_data
                .iter()
                .map(|data| ("--fit-data", data.path.as_path())),
        );
        self.places().check(&read)?;
        let job = DecodeJob {
            data: self.data.clone(),
            run: self.model.clone(),
            session: self.session.clone(),
            label: self.label.clone(),
            kind: match self.kind {
                Kind::Auto => TargetKind::Auto,
                Kind::Numbers => TargetKind::Numbers,
                Kind::Angle => TargetKind::Angle,
                Kind::Classes => TargetKind::Classes,
            },
            settings: self.settings(),
            fit_on: self.fit_data.clone().map(|data| FitOn {
                data,
                session: self.fit_session.clone(),
                label: self.fit_label.clone(),
            }),
        };
        let decoded = session.watched("stopping", |watch| decode_files(&job, watch))?;
        let answer = decoded.answer(self.out.as_deref())?;
        self.places().write(
            || decoded.pictures(),
            || decoded.report(),
            |out| decoded.write(out),
        )?;
        Ok(answer)
    }

    fn places(&self) -> Places<'_> {
        Places {
            out: self.out.as_deref(),
            report: self.report.as_deref(),
            figures: &self.figures,
        }
    }

    fn settings(&self) -> DecodeSettings {
        DecodeSettings {
            decoder: match self.method {
                Method::Knn => Decoder::Neighbours {
                    count: self.neighbours,
                    metric: match self.metric {
                        Near::Euclidean => Metric::Euclidean,
                        Near::Cosine => Metric::Cosine,
                    },
                },
                Method::Linear => Decoder::Linear,
                Method::Ridge => Decoder::Ridge { alpha: self.alpha },
                Method::Lasso => Decoder::Lasso { alpha: self.alpha },
                Method::Logistic => Decoder::Logistic { c: self.c },
            },
            held_out: match self.last {
                Some(share) => HeldOut::Last(share),
                None => HeldOut::Blocks(self.blocks),
            },
            gap: self.gap,
            shuffles: Shuffles {
                what: match self.shuffle {
                    What::Labels => Shuffle::Labels,
                    What::Columns => Shuffle::Columns,
                },
                count: self.shuffles as usize,
                blocks: self.shuffle_blocks,
                seed: self.seed,
            },
        }
    }
}
