//! The bytes of a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::error::{OnnxError, Result};
use crate::proto::Context;

/// Most bytes of what has no length of its own, such as a pipe.
const MOST_STREAMED: u64 = 1 << 30;

/// Reads a file. Anything but a regular file may be endless, so it gets a limit. A regular file is limited only by the
/// available memory.
pub(crate) fn context(path: &Path) -> Result<Context> {
    let failure = |source| OnnxError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failure)?;
    let metadata = file.metadata().map_err(failure)?;
    let mut bytes = Vec::new();
    let limit = if metadata.is_file() {
        let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        let reserved = bytes.try_reserve_exact(length);
        reserved.map_err(|_| failure(std::io::ErrorKind::OutOfMemory.into()))?;
        metadata.len()
    } else {
        MOST_STREAMED
    };
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    if read.map_err(failure)? as u64 > limit && !metadata.is_file() {
        return Err(OnnxError::Limit {
            what: format!("the length of {}", path.display()),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            advice: "give the path of a file",
        });
    }
    Ok(Context::new(Arc::new(bytes), path.parent()))
}

/// A file that was read before.
pub(crate) fn context_of_bytes(bytes: &[u8]) -> Context {
    Context::new(Arc::new(bytes.to_vec()), None)
}
