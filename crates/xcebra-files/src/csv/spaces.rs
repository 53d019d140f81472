//! Tables in columns of fixed width, which have as many spaces between cells as it takes.

use std::io::{BufRead, Read, Result};

/// Makes one space of each run of spaces and tabs between cells, and none at the ends of lines.
#[derive(Debug, Default)]
struct Squeeze {
    quoted: bool,
    /// Whether a space is due before the next character.
    waiting: bool,
    last: Option<u8>,
}

impl Squeeze {
    fn push(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b' ' | b'\t' if !self.quoted => {
                self.waiting = !matches!(self.last, None | Some(b'\n' | b'\r'));
                return;
            }
            b'\n' | b'\r' if !self.quoted => self.waiting = false,
            _ => {
                self.quoted ^= byte == b'"';
                if std::mem::take(&mut self.waiting) {
                    out.push(b' ');
                }
            }
        }
        out.push(byte);
        self.last = Some(byte);
    }
}

/// The text with single spaces.
pub(super) fn single_spaces(text: &str) -> String {
    let (mut squeeze, mut out) = (Squeeze::default(), Vec::with_capacity(text.len()));
    text.bytes().for_each(|byte| squeeze.push(byte, &mut out));
    String::from_utf8(out).expect("only ASCII was taken away and added")
}

/// As [`single_spaces`], of a text as it is read.
pub(super) struct SingleSpaces<R> {
    text: R,
    squeeze: Squeeze,
    out: Vec<u8>,
    at: usize,
}

impl<R: BufRead> SingleSpaces<R> {
    pub(super) fn new(text: R) -> Self {
        Self {
            text,
            squeeze: Squeeze::default(),
            out: Vec::new(),
            at: 0,
        }
    }
}

impl<R: BufRead> Read for SingleSpaces<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        while self.at == self.out.len() {
            self.out.clear();
            self.at = 0;
            let chunk = self.text.fill_buf()?;
            let len = chunk.len();
            if len == 0 {
                return Ok(0);
            }
            chunk
                .iter()
                .for_each(|&byte| self.squeeze.push(byte, &mut self.out));
            self.text.consume(len);
        }
        let read = (&self.out[self.at..]).read(out)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn runs_of_spaces() {
        let text = "  a \t b\r\n \n\"c  d\"   2  \n";
        let expected = "a b\r\n\n\"c  d\" 2\n";
        assert_eq!(single_spaces(text), expected);
        for chunk in 1..9 {
            let mut found = String::new();
            let reader = BufReader::with_capacity(chunk, text.as_bytes());
            SingleSpaces::new(reader)
                .read_to_string(&mut found)
                .unwrap();
            assert_eq!(found, expected, "{chunk}");
        }
    }
}
