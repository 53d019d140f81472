//! The header of numpy's `.npy` format.
//!
//! Specification: numpy's enhancement proposal 1, "A simple file format for arrays", versions 1.0 to 3.0.

use std::io::Read;

use crate::error::{FileError, Result};
use crate::npy::read_error;
use crate::npy_advice::{advice_on, advice_on_fields};

/// Longest header accepted, in bytes: numpy's own limit.
const MAX_HEADER: usize = 10_000;
/// Most axes accepted: numpy's own limit.
const MAX_AXES: usize = 64;
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Element types that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    F32,
    F64,
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
}

/// Code, bytes and numpy's name of each type.
const ELEMENTS: [(&str, Element, usize, &str); 11] = [
    ("f4", Element::F32, 4, "float32"),
    ("f8", Element::F64, 8, "float64"),
    ("b1", Element::Bool, 1, "bool"),
    ("i1", Element::I8, 1, "int8"),
    ("i2", Element::I16, 2, "int16"),
    ("i4", Element::I32, 4, "int32"),
    ("i8", Element::I64, 8, "int64"),
    ("u1", Element::U8, 1, "uint8"),
    ("u2", Element::U16, 2, "uint16"),
    ("u4", Element::U32, 4, "uint32"),
    ("u8", Element::U64, 8, "uint64"),
];

impl Element {
    fn row(self) -> &'static (&'static str, Self, usize, &'static str) {
        let row = ELEMENTS.iter().find(|row| row.1 == self);
        row.expect("every element type has a row")
    }

    /// Bytes of one element.
    pub(crate) fn size(self) -> usize {
        self.row().2
    }

    /// numpy's name.
    pub(crate) fn name(self) -> &'static str {
        self.row().3
    }
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    pub(crate) big_endian: bool,
    pub(crate) fortran: bool,
    pub(crate) shape: Vec<usize>,
    /// Bytes of the header, magic included.
    pub(crate) length: u64,
}

impl Header {
    /// Reads the header; `place` names the array in messages.
    pub(crate) fn read(reader: &mut impl Read, place: &str) -> Result<Self> {
        let (text, length) = dictionary(reader, place)?;
        parse(&text, place, length)
    }

    /// Number of elements.
    pub(crate) fn count(&self, place: &str) -> Result<usize> {
        count(&self.shape, self.element.size(), place)
    }
}

/// What a header says of an array of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextHeader {
    /// Bytes of a letter: 4 of Unicode, 1 of bytes.
    pub(crate) letter: usize,
    /// Letters of each text; shorter ones are filled up with zeros.
    pub(crate) letters: usize,
    pub(crate) big_endian: bool,
    pub(crate) shape: Vec<usize>,
}

impl TextHeader {
    /// Reads the header; none if the array holds something else.
    pub(crate) fn read(reader: &mut impl Read, place: &str) -> Result<Option<Self>> {
        let (text, _) = dictionary(reader, place)?;
        // a list of fields begins otherwise
        let Some(descriptor) = text
            .split_once("'descr':")
            .and_then(|(_, rest)| rest.trim_start().strip_prefix('\''))
            .and_then(|rest| rest.split_once('\''))
            .map(|(descriptor, _)| descriptor)
        else {
            return Ok(None);
        };
        let kind = descriptor.trim_start_matches(['<', '>', '|', '=']);
        let letter = match kind.chars().next() {
            Some('U') => 4,
            Some('S') => 1,
            _ => return Ok(None),
        };
        let letters = kind[1..]
            .parse()
            .map_err(|_| FileError::damaged(place, format!("its type {kind:?} makes no sense")))?;
        let (_, _, shape) = fields(&text, place, |cursor| cursor.string().map(drop))?;
        Ok(Some(Self {
            letter,
            letters,
            big_endian: descriptor.starts_with('>'),
            shape,
        }))
    }

    /// Number of bytes behind the header.
    pub(crate) fn bytes(&self, place: &str) -> Result<usize> {
        let beyond = || {
            let problem = format!("texts of {} letters are beyond any memory", self.letters);
            FileError::damaged(place, problem)
        };
        let one = self.letter.checked_mul(self.letters).ok_or_else(beyond)?;
        Ok(count(&self.shape, one.max(1), place)? * one)
    }
}

/// The dictionary of a header as text, and the bytes of the header.
fn dictionary(reader: &mut impl Read, place: &str) -> Result<(String, u64)> {
    let mut fill = |bytes: &mut [u8]| {
        reader
            .read_exact(bytes)
            .map_err(|error| read_error(place, "the header", &error))
    };
    let mut start = [0; 8];
    fill(&mut start)?;
    if &start[..6] != MAGIC {
        return Err(FileError::damaged(
            place,
            "it does not begin like a .npy file",
        ));
    }
    let (length, prefix) = match start[6] {
        1 => {
            let mut bytes = [0; 2];
            fill(&mut bytes)?;
            (usize::from(u16::from_le_bytes(bytes)), 10)
        }
        2 | 3 => {
            let mut bytes = [0; 4];
            fill(&mut bytes)?;
            (u32::from_le_bytes(bytes) as usize, 12)
        }
        version => {
            let problem = format!("format version {version} is unknown");
            return Err(FileError::damaged(place, problem));
        }
    };
    if length > MAX_HEADER {
        let problem = format!("its header claims {length} bytes, at most {MAX_HEADER} are usual");
        return Err(FileError::damaged(place, problem));
    }
    let mut text = vec![0; length];
    fill(&mut text)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok((text, (prefix + length) as u64))
}

/// Number of elements of a shape, each of this many bytes.
fn count(shape: &[usize], size: usize, place: &str) -> Result<usize> {
    // without the zeros, so that (0, huge, huge) is refused too: no array can have that shape
    let axes = shape.iter().filter(|&&axis| axis != 0);
    let full = axes.copied().try_fold(1usize, usize::checked_mul);
    match full.filter(|&n| n <= isize::MAX as usize / size) {
        Some(_) => Ok(shape.iter().product()),
        None => {
            let problem = format!("shape {shape:?} is beyond any memory");
            Err(FileError::damaged(place, problem))
        }
    }
}

fn parse(text: &str, place: &str, length: u64) -> Result<Header> {
    let ((element, big_endian), fortran, shape) = fields(text, place, Cursor::element)?;
    Ok(Header {
        element,
        big_endian,
        fortran,
        shape,
        length,
    })
}

/// Element type, order and shape of a dictionary.
fn fields<'a, T>(
    text: &'a str,
    place: &'a str,
    read_element: impl Fn(&mut Cursor<'a>) -> Result<T>,
) -> Result<(T, bool, Vec<usize>)> {
    let mut cursor = Cursor { rest: text, place };
    let (mut element, mut fortran, mut shape) = (None, None, None);
    cursor.expect("{")?;
    while !cursor.accept("}") {
        let key = cursor.string()?;
        cursor.expect(":")?;
        match key {
            "descr" => element = Some(read_element(&mut cursor)?),
            "fortran_order" => fortran = Some(cursor.boolean()?),
            "shape" => shape = Some(cursor.shape()?),
            _ => return Err(cursor.confused()),
        }
        if !cursor.accept(",") {
            cursor.expect("}")?;
            break;
        }
    }
    if !cursor.rest.trim().is_empty() {
        return Err(cursor.confused());
    }
    match (element, fortran, shape) {
        (Some(element), Some(fortran), Some(shape)) => Ok((element, fortran, shape)),
        _ => Err(cursor.confused()),
    }
}

/// The dictionary of a header, from left to right.
struct Cursor<'a> {
    rest: &'a str,
    place: &'a str,
}

impl<'a> Cursor<'a> {
    fn confused(&self) -> FileError {
        let near: String = self.rest.chars().take(24).collect();
        FileError::damaged(
            self.place,
            format!("its header makes no sense near {near:?}"),
        )
    }

    fn accept(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        if self.accept(token) {
            Ok(())
        } else {
            Err(self.confused())
        }
    }

    fn string(&mut self) -> Result<&'a str> {
        for quote in ["'", "\""] {
            if self.accept(quote) {
                let Some((content, rest)) = self.rest.split_once(quote) else {
                    return Err(self.confused());
                };
                self.rest = rest;
                return Ok(content);
            }
        }
        Err(self.confused())
    }

    fn boolean(&mut self) -> Result<bool> {
        if self.accept("True") {
            Ok(true)
        } else if self.accept("False") {
            Ok(false)
        } else {
            Err(self.confused())
        }
    }

    fn shape(&mut self) -> Result<Vec<usize>> {
        self.expect("(")?;
        let mut shape = Vec::new();
        while !self.accept(")") {
            let end = self
                .rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(self.rest.len());
            let axis = self.rest[..end].parse().map_err(|_| self.confused())?;
            shape.push(axis);
            self.rest = &self.rest[end..];
            self.accept("L"); // written by Python 2
            if !self.accept(",") {
                self.expect(")")?;
                break;
            }
        }
        if shape.len() > MAX_AXES {
            return Err(self.confused());
        }
        Ok(shape)
    }

    /// Element type and whether it is big-endian.
    fn element(&mut self) -> Result<(Element, bool)> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('[') {
            let advice = advice_on_fields(self.rest);
            return Err(self.unsupported("a structured type", advice));
        }
        let descriptor = self.string()?;
        let code = descriptor.trim_start_matches(['<', '>', '|', '=']);
        let code = if code == "?" { "b1" } else { code };
        match ELEMENTS.iter().find(|row| row.0 == code) {
            Some(row) => Ok((row.1, descriptor.starts_with('>'))),
            None => Err(self.unsupported(descriptor, advice_on(descriptor).to_owned())),
        }
    }

    fn unsupported(&self, found: &str, advice: String) -> FileError {
        FileError::ElementType {
            place: self.place.to_owned(),
            found: found.to_owned(),
            expected: "float32, float64, bool or integers",
            advice,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xcebra_model::Advice;

    fn parsed(text: &str) -> Result<Header> {
        parse(text, "array `x` of d.npz", 0)
    }

    #[test]
    fn headers_as_numpy_writes_them() {
        let header =
            parsed("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n").unwrap();
        assert_eq!((header.element, header.fortran), (Element::F64, false));
        assert_eq!(header.shape, [3, 4]);
        let header = parsed("{'descr': '|b1', 'fortran_order': True, 'shape': (), }\n").unwrap();
        assert_eq!((header.element, header.shape.len()), (Element::Bool, 0));
        assert_eq!(header.count("x").unwrap(), 1);
        let header = parsed("{\"shape\":(7L,),\"descr\":\">i2\",\"fortran_order\":False}").unwrap();
        assert_eq!((header.element, header.big_endian), (Element::I16, true));
        assert_eq!(header.shape, [7]);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "{",
            "{}",
            "[1, 2]",
            "{'descr': '<f8'}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1.5,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} trailing",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'extra': 1}",
            "{'descr: '<f8', 'fortran_order': False, 'shape': (1,)}",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
        let deep = format!("{{'descr': {}", "(".repeat(9_000));
        assert!(parsed(&deep).is_err());
    }

    #[test]
    fn other_element_types_say_how_to_convert() {
        for (descriptor, hint) in [
            ("'<U7'", "numpy.unique"),
            ("'|O'", "pickled"),
            ("'<c16'", "numpy.abs(array)"),
            ("'<f2'", "astype"),
            ("'|V2'", "before it is saved"),
            ("[('a', '<f8')]", "structured_to_unstructured(array)"),
            ("[('n', '<U3')]", "one by one"),
        ] {
            let text = format!("{{'descr': {descriptor}, 'fortran_order': False, 'shape': (1,)}}");
            let error = parsed(&text).unwrap_err();
            assert!(error.to_string().contains("`x`"), "{error}");
            assert!(error.advice().unwrap().contains(hint), "{error:?}");
        }
    }

    #[test]
    fn shapes_beyond_memory_are_refused() {
        for shape in [
            vec![usize::MAX, 2],
            vec![1 << 62],
            vec![0, usize::MAX, usize::MAX],
        ] {
            let header = Header {
                element: Element::F64,
                big_endian: false,
                fortran: false,
                shape,
                length: 0,
            };
            assert!(header.count("x").is_err());
        }
    }
}
