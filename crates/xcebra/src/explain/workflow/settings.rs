//! What is to be explained, and how.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use cdig::{CdigError, Rule};
use xcebra_files::{FileError, Source};

use super::gradient::GradientSource;
use super::groups::GroupBy;
use super::output::{FrequencyUnit, Outputs};
use crate::explain::{DomainSpec, Input};

/// Where signals come from.
#[derive(Debug, Clone)]
pub enum SignalSource {
    /// An array of a file.
    File(Source),
    /// An array in memory.
    Array(Input),
}

impl SignalSource {
    /// The file, or the array in words.
    pub(super) fn place(&self) -> String {
        match self {
            Self::File(source) => source.path.display().to_string(),
            Self::Array(input) => input.place.clone(),
        }
    }
}

impl fmt::Display for SignalSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(source) => source.fmt(f),
            Self::Array(input) => f.write_str(&input.place),
        }
    }
}

impl From<Source> for SignalSource {
    fn from(source: Source) -> Self {
        Self::File(source)
    }
}

impl From<Input> for SignalSource {
    fn from(input: Input) -> Self {
        Self::Array(input)
    }
}

/// Where the path begins.
#[derive(Debug, Clone)]
pub enum BaselineSource {
    /// Zero.
    Zero,
    /// The mean of each channel over time.
    Mean,
    /// One signal, or several over which the explanation is averaged (expected gradients).
    Signal(SignalSource),
}

impl fmt::Display for BaselineSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero => f.write_str("zero"),
            Self::Mean => f.write_str("mean"),
            Self::Signal(source) => source.fmt(f),
        }
    }
}

impl FromStr for BaselineSource {
    type Err = FileError;

    /// `zero`, `mean`, or a file.
    fn from_str(text: &str) -> Result<Self, FileError> {
        match text {
            "zero" => Ok(Self::Zero),
            "mean" => Ok(Self::Mean),
            file => Ok(Self::Signal(SignalSource::File(file.parse()?))),
        }
    }
}

/// The domains to explain in.
#[derive(Debug, Clone)]
pub enum Domains {
    /// Those that suit most signals; see [`DomainSpec::usual`].
    Usual,
    /// These, ranked by how few coefficients carry the output.
    These(Vec<DomainSpec>),
}

impl FromStr for Domains {
    type Err = CdigError;

    /// `auto`, or names separated by commas.
    fn from_str(list: &str) -> Result<Self, CdigError> {
        match list {
            "auto" => Ok(Self::Usual),
            list => {
                let specs = list.split(',').map(str::parse);
                specs.collect::<Result<_, _>>().map(Self::These)
            }
        }
    }
}

/// What is to be explained, and how.
#[derive(Debug, Clone)]
pub struct ExplainSettings {
    /// The signals: one, a batch, or a recording (time × channels) that is cut into signals.
    pub input: SignalSource,
    /// The domains; by default the one-sided spectrum.
    pub domains: Domains,
    /// Samples a second, unless the file tells them; 1 counts time in samples.
    pub sampling_rate: Option<f64>,
    /// Which outputs of the model; by default the first, with a note if there are several.
    pub output: Option<Outputs>,
    /// Where the path begins.
    pub baseline: BaselineSource,
    /// How many of the baselines to draw, if they are several; by default all.
    pub baseline_count: Option<usize>,
    /// How gradients are added up along the path.
    pub rule: Rule,
    /// Where gradients come from.
    pub gradient: GradientSource,
    /// Which signals of the batch, in this order; by default all.
    pub signals: Option<Vec<Range<usize>>>,
    /// By what signals are put into groups, which are summarised one by one.
    pub group_by: Option<GroupBy>,
    /// Samples from one signal to the next where a recording is cut; by default the length of a signal.
    pub hop: Option<usize>,
    /// Which axis of the model's input is time; by default the one that fits.
    pub time_axis: Option<usize>,
    /// Named bands in Hz over which attribution is added up.
    pub bands: Vec<(String, Range<f64>)>,
    /// Signals from which principal or independent components are fitted; by default those that are explained.
    pub fit_on: Option<SignalSource>,
    /// Unit of frequencies in words and pictures.
    pub unit: FrequencyUnit,
    /// With how many random orders insertion and deletion are compared; none for no curves.
    pub curves: Option<usize>,
    /// Seed of random orders, of independent components, of smoothing and of a draw of baselines.
    pub seed: u64,
}

impl ExplainSettings {
    /// Explains these signals in the one-sided spectrum, from the baseline zero, by the adaptive rule.
    pub fn new(input: impl Into<SignalSource>) -> Self {
        Self {
            input: input.into(),
            domains: Domains::These(vec!["rfft".parse().expect("a name of the catalogue")]),
            sampling_rate: None,
            output: None,
            baseline: BaselineSource::Zero,
            baseline_count: None,
            rule: Rule::default(),
            gradient: GradientSource::Model,
            signals: None,
            group_by: None,
            hop: None,
            time_axis: None,
            bands: Vec::new(),
            fit_on: None,
            unit: FrequencyUnit::Hz,
            curves: None,
            seed: 0,
        }
    }
}
