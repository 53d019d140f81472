//! What can go wrong between an ONNX file and a model.

use std::borrow::Cow;
use std::path::PathBuf;

use thiserror::Error;
use xcebra_model::{Advice, Kind};

use crate::need::Need;

/// Result of this crate's functions.
pub type Result<T, E = OnnxError> = std::result::Result<T, E>;

/// Advice for files that a correct exporter would not have written.
pub(crate) const AGAIN: &str = "export the model again";

/// Advice for shapes that do not go together: some exporters write such files, which no runtime can evaluate.
pub(crate) const INCONSISTENT: &str = "check the lengths that were given; if they are right, the file is inconsistent, and \
    exporting it again is likely to help (from PyTorch with `dynamo=True`)";

/// Why an ONNX file does not become a model.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The bytes are not an ONNX model.
    #[error("not an ONNX model: {what} at byte {at}")]
    Malformed {
        /// Where in the file.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The file asks for more than is allowed.
    #[error("{what} exceeds the limit of {limit}")]
    Limit {
        /// What is too large.
        what: String,
        /// The most that is allowed.
        limit: usize,
        /// What to do.
        advice: &'static str,
    },
    /// The model uses a version of the operators that is not known here.
    #[error("the model uses opset {found} of the standard operators, which is not supported")]
    Opset {
        /// The version of the file; 0 if it names none.
        found: i64,
        /// The oldest that is understood.
        oldest: i64,
        /// The newest that is understood.
        newest: i64,
    },
    /// A node cannot be evaluated.
    #[error("node '{node}' ({op}): {problem}")]
    Node {
        /// Name of the node, or of its first output.
        node: String,
        /// Its operator.
        op: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: Option<&'static str>,
    },
    /// The nodes do not form a computation.
    #[error("the graph is broken: {problem}")]
    Graph {
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: &'static str,
    },
    /// A node needs a value that is not in the file.
    #[error("the graph is broken: node '{node}' needs '{name}', which nothing makes")]
    Missing {
        /// The value.
        name: String,
        /// The node.
        node: String,
    },
    /// A constant tensor cannot be used.
    #[error("tensor '{name}': {problem}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: Option<&'static str>,
    },
    /// Input, output or batch is open, or the choice does not fit the file.
    #[error("{problem}")]
    Choice {
        /// What is open, or does not fit.
        problem: String,
        /// What has to be said.
        need: Need,
    },
}

impl OnnxError {
    /// The nodes do not form a computation.
    pub(crate) fn graph(problem: String) -> Self {
        Self::Graph {
            problem,
            advice: AGAIN,
        }
    }
}

impl OnnxError {
    /// What has to be said before the file becomes a model, if that is the problem.
    pub fn need(&self) -> Option<&Need> {
        match self {
            Self::Choice { need, .. } => Some(need),
            _ => None,
        }
    }

    pub(crate) fn choice<T>(problem: impl Into<String>, need: Need) -> Result<T> {
        Err(Self::Choice {
            problem: problem.into(),
            need,
        })
    }
}

impl Advice for OnnxError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Io { .. } => Some("check the path and its permissions".into()),
            Self::Malformed { .. } => Some(
                "export the model again: the file may be truncated or of another format".into(),
            ),
            Self::Opset { oldest, newest, .. } => {
                Some(format!("export the model with an opset from {oldest} to {newest}").into())
            }
            Self::Limit { advice, .. } | Self::Graph { advice, .. } => Some((*advice).into()),
            Self::Missing { .. } => Some(AGAIN.into()),
            Self::Choice { need, .. } => Some(need.advice()),
            Self::Node { advice, .. } | Self::Tensor { advice, .. } => advice.map(Cow::from),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Io { .. } | Self::Malformed { .. } => Kind::File,
            Self::Choice { .. } => Kind::Setting,
            Self::Limit { .. }
            | Self::Opset { .. }
            | Self::Node { .. }
            | Self::Graph { .. }
            | Self::Missing { .. }
            | Self::Tensor { .. } => Kind::Model,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_advice_and_kind_are_apart() {
        let io = OnnxError::Io {
            path: "net.onnx".into(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        let malformed = OnnxError::Malformed {
            at: 7,
            what: "a field of an unknown type",
        };
        let limit = OnnxError::Limit {
            what: "the number of items".to_owned(),
            limit: 9,
            advice: "simplify the graph when exporting it",
        };
        let opset = OnnxError::Opset {
            found: 8,
            oldest: 11,
            newest: 24,
        };
        let node = OnnxError::Node {
            node: "y".to_owned(),
            op: "Exp".to_owned(),
            problem: "it has no input".to_owned(),
            advice: Some(AGAIN),
        };
        let tensor = OnnxError::Tensor {
            name: "w".to_owned(),
            problem: "13 axes, at most 12 are supported".to_owned(),
            advice: None,
        };
        let choice = OnnxError::Choice {
            problem: "the outputs of the file are: y, z".to_owned(),
            need: Need::Output {
                names: vec!["y".to_owned(), "z".to_owned()],
            },
        };
        for (error, advised, kind) in [
            (io, true, Kind::File),
            (malformed, true, Kind::File),
            (limit, true, Kind::Model),
            (opset, true, Kind::Model),
            (node, true, Kind::Model),
            (
                OnnxError::graph("'y' is made twice".to_owned()),
                true,
                Kind::Model,
            ),
            (tensor, false, Kind::Model),
            (choice, true, Kind::Setting),
        ] {
            let text = error.to_string();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(!text.contains("; "), "{text}");
            let advice = error.advice();
            assert_eq!(advice.is_some(), advised, "{text}");
            assert!(
                advice.is_none_or(|advice| !text.contains(&*advice)),
                "{text}"
            );
        }
    }
}
