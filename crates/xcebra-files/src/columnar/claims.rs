//! What the compressed buffers of an Arrow file claim to become.
//!
//! The library takes memory for a claim before it looks at the bytes, and ends the program if there is not enough.
//!
//! Source: Apache Arrow columnar format 1.5, "IPC Streaming Format", "IPC File Format" and "Compression".

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use arrow_ipc::{RecordBatch, root_as_footer, root_as_message};

use super::Form;
use crate::error::Result;
use crate::npz::require_plausible;
use crate::reading::open_file;

/// What begins each message, but for those of old versions.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Refuses a file whose buffers claim more bytes than it justifies. Whatever else is wrong with it is told when it is
/// read.
pub(super) fn require_modest(path: &Path, form: Form) -> Result<()> {
    let (file, length) = open_file(path)?;
    let mut claims = Claims {
        file,
        length,
        largest: 0,
    };
    // what cannot be followed is refused by the reader, which goes the same way
    let _ = match form {
        Form::Parquet => Ok(()),
        Form::File => claims.of_file(),
        Form::Stream => claims.of_stream(),
    };
    require_plausible(&path.display().to_string(), claims.largest, length)
}

struct Claims {
    file: File,
    length: u64,
    /// The largest claim so far, in bytes.
    largest: u64,
}

impl Claims {
    /// The messages that the end of a file lists.
    fn of_file(&mut self) -> io::Result<()> {
        const MAGIC: u64 = 6;
        let end = self.length.saturating_sub(MAGIC + 4);
        let count = i32::from_le_bytes(self.bytes(end)?);
        let count = u64::try_from(count).map_err(io::Error::other)?;
        let footer = self.read(end.saturating_sub(count), count)?;
        let footer = root_as_footer(&footer).map_err(|_| io::ErrorKind::InvalidData)?;
        let blocks = [footer.dictionaries(), footer.recordBatches()];
        for block in blocks.into_iter().flatten().flatten() {
            let (Ok(at), Ok(size), Ok(body)) = (
                u64::try_from(block.offset()),
                u64::try_from(block.metaDataLength()),
                u64::try_from(block.bodyLength()),
            ) else {
                continue;
            };
            // the message may be longer than the block says, and is read all the same
            let Ok(message) = self.read(at, size.saturating_add(body)) else {
                continue;
            };
            let skip = if message.starts_with(&CONTINUATION) {
                8
            } else {
                4
            };
            let body = at.saturating_add(size);
            self.of_message(message.get(skip..).unwrap_or_default(), body);
        }
        Ok(())
    }

    /// Messages one after another.
    fn of_stream(&mut self) -> io::Result<()> {
        let mut at = 0;
        loop {
            let mut start: [u8; 4] = self.bytes(at)?;
            at += 4;
            if start == CONTINUATION {
                start = self.bytes(at)?;
                at += 4;
            }
            let size = u64::try_from(i32::from_le_bytes(start)).map_err(io::Error::other)?;
            if size == 0 {
                return Ok(());
            }
            let message = self.read(at, size)?;
            at += size;
            let body = self.of_message(&message, at);
            at = at.saturating_add(body);
        }
    }

    /// The claims of a message whose buffers begin at `body`, and how many bytes there are of them.
    fn of_message(&mut self, message: &[u8], body: u64) -> u64 {
        let Ok(message) = root_as_message(message) else {
            return 0;
        };
        let dictionary = message.header_as_dictionary_batch();
        let batch = message
            .header_as_record_batch()
            .or_else(|| dictionary.and_then(|dictionary| dictionary.data()));
        if let Some(batch) = batch {
            self.of_batch(&batch, body);
        }
        u64::try_from(message.bodyLength()).unwrap_or(0)
    }

    fn of_batch(&mut self, batch: &RecordBatch<'_>, body: u64) {
        if batch.compression().is_none() {
            return;
        }
        for buffer in batch.buffers().into_iter().flatten() {
            let Ok(offset) = u64::try_from(buffer.offset()) else {
                continue;
            };
            if buffer.length() < 8 {
                continue;
            }
            if let Ok(claim) = self.bytes(body.saturating_add(offset)) {
                let claim = i64::from_le_bytes(claim);
                // −1 stands for bytes as they are; other negative numbers are taken for huge ones
                if claim != -1 {
                    self.largest = self.largest.max(claim as u64);
                }
            }
        }
    }

    fn read(&mut self, at: u64, count: u64) -> io::Result<Vec<u8>> {
        if at.checked_add(count).is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; usize::try_from(count).map_err(io::Error::other)?];
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes<const N: usize>(&mut self, at: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
