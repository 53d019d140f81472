//! The objects of a file by their paths.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hdf5_reader::group::Group;
use hdf5_reader::{Attribute, Dataset, FileStorage, FilterRegistry, Hdf5File, OpenOptions};

use super::lzf;
use super::values::failed;
use crate::container::{ArrayInfo, Role, place_of};
use crate::error::{FileError, Result, list};
use crate::reading::open_file;

/// Objects of a file that are listed; a file of more is refused.
const MOST_OBJECTS: usize = 200_000;
/// Groups within groups.
const DEEPEST: usize = 64;
/// What is always read, in bytes.
const SMALL: u64 = 1 << 30;
/// A larger array may take this many bytes for each byte of the file, as compressed rasters of spikes do.
const BYTES_PER_FILE_BYTE: u64 = 128;

/// The groups and data sets of a file.
pub(super) struct Tree {
    path: PathBuf,
    file: Hdf5File,
    /// Data sets by path, without the slash in front.
    pub(super) datasets: BTreeMap<String, Dataset>,
    /// Groups by path; the root's path is empty.
    pub(super) groups: BTreeMap<String, Group>,
    /// Groups whose members cannot be listed, and why.
    pub(super) closed: BTreeMap<String, String>,
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Tree {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let (_, length) = open_file(path)?;
        let place = path.display().to_string();
        let fail = |error| failed(&place, &error);
        let mut filters = FilterRegistry::new();
        filters.register(lzf::LZF, Box::new(lzf::decompress));
        let most = SMALL.max(length.saturating_mul(BYTES_PER_FILE_BYTE));
        let options = OpenOptions::default()
            .with_filter_registry(filters)
            .with_max_chunk_bytes(SMALL as usize)
            .with_max_read_bytes(usize::try_from(most).unwrap_or(usize::MAX));
        let storage = FileStorage::open(path).map_err(fail)?;
        let file = Hdf5File::from_storage_with_options(Arc::new(storage), options).map_err(fail)?;
        let mut tree = Self {
            path: path.to_path_buf(),
            file,
            datasets: BTreeMap::new(),
            groups: BTreeMap::new(),
            closed: BTreeMap::new(),
        };
        tree.walk()?;
        Ok(tree)
    }

    /// Finds all objects. A group that is reached on two ways is listed under the first.
    fn walk(&mut self) -> Result<()> {
        let place = self.path.display().to_string();
        let root = self
            .file
            .root_group()
            .map_err(|error| failed(&place, &error))?;
        let mut seen: HashSet<u64> = HashSet::from([root.address()]);
        let mut waiting = vec![(String::new(), root, 0)];
        while let Some((path, group, depth)) = waiting.pop() {
            match group.members() {
                Ok((groups, datasets)) => {
                    for dataset in datasets {
                        let path = child(&path, last(dataset.name()));
                        self.datasets.insert(path, dataset);
                    }
                    for group in groups {
                        if depth < DEEPEST && seen.insert(group.address()) {
                            waiting.push((child(&path, last(group.name())), group, depth + 1));
                        }
                    }
                }
                // a file without its root is of no use
                Err(error) if path.is_empty() => return Err(failed(&place, &error)),
                Err(error) => {
                    let problem = failed(&place_of(&self.path, &path), &error);
                    self.closed.insert(path.clone(), problem.to_string());
                }
            }
            self.groups.insert(path, group);
            if self.datasets.len() + self.groups.len() > MOST_OBJECTS {
                let problem = format!("it holds more than {MOST_OBJECTS} objects");
                return Err(FileError::damaged(place, problem));
            }
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the one among `paths` that is called `name`: a whole path, or the end of just one.
    pub(super) fn resolve<'a>(
        &self,
        name: &str,
        paths: impl Iterator<Item = &'a String> + Clone,
    ) -> Result<String> {
        let wanted = name.trim_start_matches('/').trim_end_matches('/');
        if let Some(path) = paths.clone().find(|path| *path == wanted) {
            return Ok(path.clone());
        }
        let end = format!("/{wanted}");
        let matches = |path: &&String| !wanted.is_empty() && path.ends_with(&end);
        let found: Vec<String> = paths.clone().filter(matches).cloned().collect();
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(FileError::Missing {
                path: self.path.clone(),
                kind: "array",
                name: name.to_owned(),
                available: paths.cloned().collect(),
            }),
            several => Err(FileError::Value {
                place: self.path.display().to_string(),
                problem: format!("several arrays are called `{name}`: {}", list(several)),
                advice: "name one by its whole path".to_owned(),
            }),
        }
    }

    /// What is listed of groups that cannot be opened.
    pub(super) fn unusable(&self) -> impl Iterator<Item = ArrayInfo> {
        self.closed.iter().map(|(path, problem)| ArrayInfo {
            role: Role::Unusable(problem.clone()),
            ..ArrayInfo::new(path, "group", Vec::new())
        })
    }

    /// An attribute of a group as text, if it has one.
    pub(super) fn group_text(&self, path: &str, name: &str) -> Option<String> {
        text(&self.groups.get(path)?.attribute(name).ok()?)
    }
}

/// The last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The path of a member of a group.
pub(super) fn child(group: &str, name: &str) -> String {
    match group.is_empty() {
        true => name.to_owned(),
        false => format!("{group}/{name}"),
    }
}

/// The path of the group that holds an object; empty for the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(group, _)| group)
}

/// An attribute as text.
pub(super) fn text(attribute: &Attribute) -> Option<String> {
    if let Some([text]) = attribute.decoded_strings.as_deref() {
        return Some(text.clone());
    }
    attribute.read_string().ok()
}

/// An attribute of a data set as text.
pub(super) fn text_of(dataset: &Dataset, name: &str) -> Option<String> {
    text(&dataset.attribute(name).ok()?)
}

/// An attribute of a data set as a number.
pub(super) fn number_of(dataset: &Dataset, name: &str) -> Option<f64> {
    dataset.attribute(name).ok()?.read_as_f64().ok()
}
