//! What can go wrong between an ONNX file and a model.

use std::path::PathBuf;

use thiserror::Error;

/// Result of this crate's functions.
pub type Result<T, E = OnnxError> = std::result::Result<T, E>;

/// Why an ONNX file does not become a model.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}; check the path and its permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The bytes are not an ONNX model.
    #[error(
        "not an ONNX model: {what} at byte {at}; the file may be truncated or of another format, export it again"
    )]
    Malformed {
        /// Where in the file.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The file asks for more than is allowed.
    #[error("{what} exceeds the limit of {limit}; {hint}")]
    Limit {
        /// What is too large.
        what: String,
        /// The most that is allowed.
        limit: usize,
        /// What to do.
        hint: &'static str,
    },
    /// The model uses a version of the operators that is not known here.
    #[error("the model uses opset {found}; export it with an opset from {oldest} to {newest}")]
    Opset {
        /// The version of the file.
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
        /// What is wrong and what to do.
        problem: String,
    },
    /// The nodes do not form a computation.
    #[error("the graph is broken: {0}; export the model again")]
    Graph(String),
    /// A constant tensor cannot be used.
    #[error("tensor '{name}': {problem}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Whoever loads the file must say which is the input, the output or the batch.
    #[error("{0}")]
    Choice(String),
}

impl OnnxError {
    pub(crate) fn tensor(name: &str, problem: impl Into<String>) -> Self {
        Self::Tensor {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }
}
