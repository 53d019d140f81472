//! A MATLAB file of version 5 to 7 as a collection of named arrays.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::ZlibDecoder;

use super::elements::{COMPRESSED, Content, Element, Elements, Node};
use super::resolve;
use crate::array::DataArray;
use crate::clock::Clock;
use crate::container::{ArrayInfo, Container, Role, only, only_name, place_of};
use crate::error::{FileError, Result};
use crate::reading::{open_file, open_large};
use crate::signals::annotations::TextLabel;
use crate::source::Source;

/// Bytes of the header.
const HEADER: u64 = 128;
/// Bytes in which the name of a variable is: it comes after its axes.
const START: u64 = 1 << 12;
/// What a variable may always take, in bytes, and for each compressed byte.
const SMALL: u64 = 1 << 30;
const BYTES_PER_COMPRESSED_BYTE: u64 = 128;

/// A file of version 5 to 7. A variable is in memory while it is read.
#[derive(Debug)]
pub(crate) struct Matlab5 {
    path: PathBuf,
    length: u64,
    big: bool,
    places: Vec<Place>,
    /// The variable that was read last.
    held: Option<(usize, Variable)>,
}

/// Where a variable is.
#[derive(Debug)]
struct Place {
    at: u64,
    /// Bytes with its tag.
    size: u64,
    /// Empty if the start of the variable does not tell.
    name: String,
}

/// A variable in memory.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) node: Node,
    bytes: Vec<u8>,
    big: bool,
}

impl Matlab5 {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let fail = |error| FileError::read(path, error);
        let place = path.display().to_string();
        let damaged = |problem: &str| FileError::damaged(&place, problem);
        let (mut file, length) = open_file(path)?;
        let mut header = [0; HEADER as usize];
        file.read_exact(&mut header)
            .map_err(|_| damaged("it is shorter than its header"))?;
        let big = match &header[126..] {
            b"IM" => false,
            b"MI" => true,
            _ if header[..4] == [0; 4] || header[1..4] == [0; 3] => {
                return Err(FileError::Value {
                    place,
                    problem: "it is a MATLAB file of version 4, which cannot be read".to_owned(),
                    advice: "save it again with -v7".to_owned(),
                });
            }
            _ => return Err(damaged("it does not begin with a MATLAB header")),
        };
        let mut places = Vec::new();
        let mut at = HEADER;
        // a tag of eight bytes comes before each variable
        while at + 8 <= length {
            let mut tag = [0; 8];
            file.seek(SeekFrom::Start(at)).map_err(fail)?;
            file.read_exact(&mut tag).map_err(fail)?;
            let elements = Elements {
                bytes: &tag,
                big,
                place: &place,
            };
            let end = usize::try_from(length - at).unwrap_or(usize::MAX);
            let element = elements.element(0, end)?;
            places.push(Place {
                at,
                size: element.data.end as u64,
                // what is wrong with it is told when it is read
                name: name(&mut file, at, &element, big).unwrap_or_default(),
            });
            at += element.next.max(8) as u64;
        }
        Ok(Self {
            path: path.to_path_buf(),
            length,
            big,
            places,
            held: None,
        })
    }

    /// A variable by its position.
    fn variable(&mut self, index: usize) -> Result<&Variable> {
        if self.held.as_ref().is_none_or(|(held, _)| *held != index) {
            self.held = None;
            let variable = self.load(index)?;
            self.held = Some((index, variable));
        }
        match &self.held {
            Some((_, variable)) => Ok(variable),
            None => unreachable!("it was just read"),
        }
    }

    fn load(&self, index: usize) -> Result<Variable> {
        let fail = |error| FileError::read(&self.path, error);
        let place = self.path.display().to_string();
        let Place { at, size, .. } = self.places[index];
        let (mut file, _) = open_large(&self.path)?;
        file.seek(SeekFrom::Start(at)).map_err(fail)?;
        let mut bytes = Vec::new();
        file.take(size.min(self.length - at))
            .read_to_end(&mut bytes)
            .map_err(fail)?;
        let tag = Elements {
            bytes: &bytes,
            big: self.big,
            place: &place,
        };
        let element = tag.element(0, bytes.len())?;
        if element.kind == COMPRESSED {
            bytes = inflated(&bytes[element.data], &place)?;
        }
        let elements = Elements {
            bytes: &bytes,
            big: self.big,
            place: &place,
        };
        let element: Element = elements.element(0, bytes.len())?;
        let (name, node) = elements.variable(&element)?;
        Ok(Variable {
            name,
            node,
            bytes,
            big: self.big,
        })
    }

    /// All variables, one after another; what cannot be read has its reason.
    fn each(&mut self, mut take: impl FnMut(&Variable)) -> Result<()> {
        for index in 0..self.places.len() {
            let variable = self.variable(index)?;
            // what belongs to objects of classes has no name
            if !variable.name.is_empty() {
                take(variable);
            }
        }
        Ok(())
    }

    /// The paths of all values that are not made of others, and of cells of texts.
    fn names(&mut self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        self.each(|variable| {
            variable
                .node
                .walk(&variable.name, &mut |path, _| names.push(path.to_owned()));
        })?;
        Ok(names)
    }

    /// Does something with the value of that name.
    pub(crate) fn with<T>(
        &mut self,
        name: &str,
        take: impl FnOnce(&Variable, &Node) -> Result<T>,
    ) -> Result<T> {
        // a whole path is found without reading other variables
        let (root, rest) = parts(name);
        if let Some(index) = self.index(root) {
            let variable = self.variable(index)?;
            if let Some(node) = variable.node.at(rest).filter(|node| node.is_listed()) {
                return take(variable, node);
            }
        }
        let names = self.names()?;
        let wanted = resolve(&self.path, name, &names)?;
        let (root, rest) = parts(&wanted);
        if let Some(index) = self.index(root) {
            let variable = self.variable(index)?;
            if let Some(node) = variable.node.at(rest) {
                return take(variable, node);
            }
        }
        Err(crate::container::no_array(&self.path, name, names))
    }

    /// The position of the variable of that name.
    fn index(&self, name: &str) -> Option<usize> {
        self.places
            .iter()
            .position(|place| place.name == name && !name.is_empty())
    }
}

/// The name of a variable, and the path within it.
fn parts(path: &str) -> (&str, &str) {
    path.split_at(path.find(['.', '{', '(']).unwrap_or(path.len()))
}

/// The name of the variable whose tag is at `at`, from its first bytes.
fn name(file: &mut File, at: u64, tag: &Element, big: bool) -> Option<String> {
    let compressed = tag.kind == COMPRESSED;
    let from = if compressed { tag.data.start as u64 } else { 0 };
    file.seek(SeekFrom::Start(at + from)).ok()?;
    let stored = file.take(tag.data.end as u64 - from);
    let mut bytes = Vec::new();
    // as far as they can be read
    let _ = match compressed {
        true => ZlibDecoder::new(stored).take(START).read_to_end(&mut bytes),
        false => stored.take(START).read_to_end(&mut bytes),
    };
    let elements = Elements {
        bytes: &bytes,
        big,
        place: "",
    };
    elements.name().ok()
}

impl Variable {
    /// The numbers of a value of this variable.
    pub(crate) fn numbers(&self, node: &Node, place: &str) -> Result<crate::Values> {
        let refused = |found: &str, advice: &str| FileError::ElementType {
            place: place.to_owned(),
            found: found.to_owned(),
            expected: "numbers",
            advice: advice.to_owned(),
        };
        match &node.content {
            _ if node.shape.contains(&0) => Err(FileError::Shape {
                place: place.to_owned(),
                found: node.shape.clone(),
                expected: "an array with values".to_owned(),
                advice: "name another array",
            }),
            Content::Numbers {
                class,
                stored,
                bytes,
            } => {
                let elements = Elements {
                    bytes: &self.bytes,
                    big: self.big,
                    place,
                };
                elements.values(&node.shape, class, *stored, bytes)
            }
            Content::Other("complex") => Err(refused(
                "complex numbers",
                "save real(x) and imag(x), or abs(x), as two arrays",
            )),
            Content::Other("a sparse matrix") => Err(refused("a sparse matrix", "save full(x)")),
            Content::Other(what) => Err(refused(what, "save numbers")),
            Content::Text(_) => Err(refused(
                "text",
                "use it as a label of classes, or save numbers",
            )),
            Content::Cell(_) => Err(refused("cells", "name one of them, such as c{1}")),
            Content::Struct(..) => Err(refused("fields", "name one of them, such as s.x")),
        }
    }
}

impl Node {
    /// Calls `take` with the path of every value that is not made of others, and of every cell of texts.
    pub(crate) fn walk(&self, path: &str, take: &mut impl FnMut(&str, &Self)) {
        match &self.content {
            Content::Cell(nodes) => {
                if self.texts().is_some() {
                    take(path, self);
                }
                for (i, node) in nodes.iter().enumerate() {
                    node.walk(&format!("{path}{{{}}}", i + 1), take);
                }
            }
            Content::Struct(names, values) if names.is_empty() || values.is_empty() => {}
            Content::Struct(names, values) => {
                let structs = values.chunks(names.len());
                let single = values.len() == names.len();
                for (i, fields) in structs.enumerate() {
                    for (name, node) in names.iter().zip(fields) {
                        let path = match single {
                            true => format!("{path}.{name}"),
                            false => format!("{path}({}).{name}", i + 1),
                        };
                        node.walk(&path, take);
                    }
                }
            }
            _ => take(path, self),
        }
    }

    /// The value at the end of a path that begins here, such as `(3).x{2}`.
    fn at(&self, path: &str) -> Option<&Self> {
        if path.is_empty() {
            return Some(self);
        }
        let index = |path: &str, close: char| {
            let (number, rest) = path[1..].split_once(close)?;
            let number: usize = number.parse().ok()?;
            Some((number.checked_sub(1)?, rest.to_owned()))
        };
        match (&self.content, path.as_bytes()[0]) {
            (Content::Cell(nodes), b'{') => {
                let (place, rest) = index(path, '}')?;
                nodes.get(place)?.at(&rest)
            }
            (Content::Struct(names, values), first) if !names.is_empty() => {
                let (place, rest) = match first {
                    b'(' => index(path, ')')?,
                    _ if values.len() == names.len() => (0, path.to_owned()),
                    _ => return None,
                };
                let field = rest.strip_prefix('.')?;
                let end = field.find(['.', '{', '(']).unwrap_or(field.len());
                let column = names.iter().position(|name| *name == field[..end])?;
                let fields = values.chunks(names.len()).nth(place)?;
                fields.get(column)?.at(&field[end..])
            }
            _ => None,
        }
    }

    /// Whether it is a value that is not made of others, or a cell of texts.
    fn is_listed(&self) -> bool {
        match self.content {
            Content::Struct(..) => false,
            Content::Cell(_) => self.texts().is_some(),
            _ => true,
        }
    }

    /// The texts of a cell that holds nothing else.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        let Content::Cell(nodes) = &self.content else {
            return None;
        };
        let text = |node: &Self| match &node.content {
            Content::Text(text) => Some(text.clone()),
            _ => None,
        };
        let texts: Option<Vec<String>> = nodes.iter().map(text).collect();
        texts.filter(|texts| !texts.is_empty())
    }

    /// Whether a value is of no use, and why.
    fn role(&self) -> (Role, &'static str) {
        match &self.content {
            Content::Numbers { class, .. } => (Role::Numbers, class),
            Content::Text(_) | Content::Cell(_) => (Role::Text, "text"),
            Content::Struct(..) => (Role::Unusable("fields".to_owned()), "struct"),
            Content::Other(what) => (Role::Unusable((*what).to_owned()), what),
        }
    }
}

/// The bytes of a compressed variable.
fn inflated(bytes: &[u8], place: &str) -> Result<Vec<u8>> {
    let most = SMALL.max((bytes.len() as u64).saturating_mul(BYTES_PER_COMPRESSED_BYTE));
    let mut out = Vec::new();
    let read = ZlibDecoder::new(bytes).take(most + 1).read_to_end(&mut out);
    if let Err(error) = read {
        return Err(FileError::damaged(
            place,
            format!("a compressed variable cannot be read: {error}"),
        ));
    }
    if out.len() as u64 > most {
        return Err(FileError::TooLarge {
            place: place.to_owned(),
            claimed: out.len() as u64,
            stored: bytes.len() as u64,
            limit: most,
        });
    }
    Ok(out)
}

/// The shape that a vector is read in.
fn squeezed_shape(shape: &[usize]) -> Vec<usize> {
    match *shape {
        [1, 1] => vec![1, 1],
        [n, 1] | [1, n] => vec![n],
        _ => shape.to_vec(),
    }
}

impl Container for Matlab5 {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let mut arrays = Vec::new();
        self.each(|variable| {
            variable.node.walk(&variable.name, &mut |path, node| {
                let (role, name) = node.role();
                let shape = match &node.content {
                    Content::Text(_) => Vec::new(),
                    _ => squeezed_shape(&node.shape),
                };
                arrays.push(ArrayInfo {
                    role,
                    ..ArrayInfo::new(path, name, shape)
                });
            });
        })?;
        Ok(arrays)
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        let place = place_of(&self.path, name);
        let values = self.with(name, |variable, node| variable.numbers(node, &place))?;
        Ok(DataArray::new(
            Source::new(&self.path, name),
            values.squeezed(),
        ))
    }

    fn read_only(&mut self) -> Result<DataArray> {
        let names = self.names()?;
        let name = only_name(&self.path, names)?;
        self.read(&name)
    }

    fn read_text(&self, name: &str, _clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        // reading holds a variable, which a file that is lent out cannot
        let mut again = Self::open(&self.path)?;
        let texts = again.with(name, |_, node| Ok(node.texts()));
        Ok(texts.unwrap_or(None).map(|texts| TextLabel {
            texts: texts.into_iter().map(Into::into).collect(),
            notes: Vec::new(),
        }))
    }

    fn single_text(&mut self, name: &str) -> Option<String> {
        let text = self.with(name, |_, node| match &node.content {
            Content::Text(text) => Ok(Some(text.clone())),
            _ => Ok(None),
        });
        text.ok().flatten()
    }

    fn stand_in(&mut self) -> Option<String> {
        only(self.names().ok()?)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
