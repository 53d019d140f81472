//! The objects of a file by their paths.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hdf5_reader::error::Error;
use hdf5_reader::group::Group;
use hdf5_reader::{
    Attribute, Dataset, ExternalLinkResolver, FileStorage, FilterRegistry, Hdf5File, OpenOptions,
};
use xcebra_model::Advice;

use super::links::Beside;
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
    /// Groups whose members cannot be listed and objects that cannot be opened, and why.
    pub(super) closed: BTreeMap<String, FileError>,
    /// Bytes of an array that the file justifies.
    most: u64,
    /// Links to other files.
    links: Arc<Beside>,
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
        let links = Arc::new(Beside::of(path));
        let resolver: Arc<dyn ExternalLinkResolver> = Arc::clone(&links) as _;
        let options = options(length).with_external_link_resolver(resolver);
        let storage = FileStorage::open(path).map_err(fail)?;
        let file = Hdf5File::from_storage_with_options(Arc::new(storage), options).map_err(fail)?;
        let mut tree = Self {
            path: path.to_path_buf(),
            file,
            datasets: BTreeMap::new(),
            groups: BTreeMap::new(),
            closed: BTreeMap::new(),
            most: most_bytes(length),
            links,
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
        let mut seen: HashSet<(usize, u64)> = HashSet::from([identity(&root)]);
        let mut waiting = vec![(String::new(), root, 0)];
        while let Some((path, group, depth)) = waiting.pop() {
            match members(&group) {
                Ok((groups, datasets, closed)) => {
                    for (name, error) in closed {
                        let path = child(&path, &name);
                        let problem = failed(&place_of(&self.path, &path), &error);
                        self.closed.insert(path, problem);
                    }
                    for dataset in datasets {
                        let path = child(&path, last(dataset.name()));
                        self.datasets.insert(path, dataset);
                    }
                    for group in groups {
                        if depth < DEEPEST && seen.insert(identity(&group)) {
                            waiting.push((child(&path, last(group.name())), group, depth + 1));
                        }
                    }
                }
                Err(error) => {
                    let problem = failed(&place_of(&self.path, &path), &error);
                    // a damaged root is of no use; where something is not supported, arrays still have names
                    if path.is_empty() && !matches!(problem, FileError::Value { .. }) {
                        return Err(failed(&place, &error));
                    }
                    self.closed.insert(path.clone(), problem);
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

    /// Bytes of an array that may stay in the file: more than asked, and no more than the file justifies. An array
    /// beyond that is refused when it is read.
    pub(super) fn bytes_to_leave(&self, more_than: u64) -> std::ops::RangeInclusive<u64> {
        more_than.saturating_add(1)..=self.most
    }

    /// Finds a data set by its whole path where groups could not be listed.
    pub(super) fn find(&mut self, name: &str) {
        let wanted = name.trim_matches('/');
        if self.closed.is_empty() || self.datasets.contains_key(wanted) {
            return;
        }
        let found = (|| {
            let group = parent(wanted).split('/').filter(|part| !part.is_empty());
            let group = group.fold(self.file.root_group(), |group, part| group?.group(part));
            group?.dataset(last(wanted))
        })();
        match found {
            Ok(dataset) => {
                self.datasets.insert(wanted.to_owned(), dataset);
            }
            // what is merely not there is told as always
            Err(error) => {
                if let problem @ FileError::Value { .. } =
                    failed(&place_of(&self.path, wanted), &error)
                {
                    self.closed.insert(wanted.to_owned(), problem);
                }
            }
        }
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

    /// What is listed of groups that cannot be opened, and of links that lead nowhere.
    pub(super) fn unusable(&self) -> Vec<ArrayInfo> {
        let groups = self.closed.iter().map(|(path, problem)| ArrayInfo {
            role: Role::Unusable(problem.to_string()),
            ..ArrayInfo::new(
                if path.is_empty() { "/" } else { path },
                "group",
                Vec::new(),
            )
        });
        let links = self.links.broken();
        let links = links.into_iter().map(|(file, problem)| ArrayInfo {
            role: Role::Unusable(problem),
            ..ArrayInfo::new(&file, "link", Vec::new())
        });
        groups.chain(links).collect()
    }

    /// The error of a name that nothing has. If the file links to others that cannot be read, what was meant may
    /// be there.
    pub(super) fn explained(&self, error: FileError) -> FileError {
        let FileError::Missing {
            name, available, ..
        } = &error
        else {
            return error;
        };
        if let Some(closed) = self.closed.get(name) {
            return FileError::Value {
                place: place_of(&self.path, name),
                problem: closed.without_place(),
                advice: closed.advice().unwrap_or_default().into_owned(),
            };
        }
        match self.links.broken().into_iter().next() {
            None => error,
            Some((file, problem)) => FileError::Value {
                place: self.path.display().to_string(),
                problem: format!(
                    "it has no array `{name}`; it has {}; it links to {file}, which is not read: {problem}",
                    list(available)
                ),
                advice: format!("name one of these, or copy {file} beside this file"),
            },
        }
    }

    /// An attribute of a group as text, if it has one.
    pub(super) fn group_text(&self, path: &str, name: &str) -> Option<String> {
        text(&self.groups.get(path)?.attribute(name).ok()?)
    }
}

/// Groups and data sets of a group, and members that cannot be opened: one of these does not close the others.
type Members = (Vec<Group>, Vec<Dataset>, Vec<(String, Error)>);

fn members(group: &Group) -> Result<Members, Error> {
    if let Ok((groups, datasets)) = group.members() {
        return Ok((groups, datasets, Vec::new()));
    }
    let (names, of_datasets) = group.member_names()?;
    let (mut groups, mut datasets, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match group.group(&name) {
            Ok(group) => groups.push(group),
            Err(error) => closed.push((name, error)),
        }
    }
    for name in of_datasets {
        match group.dataset(&name) {
            Ok(dataset) => datasets.push(dataset),
            Err(error) => closed.push((name, error)),
        }
    }
    Ok((groups, datasets, closed))
}

fn most_bytes(length: u64) -> u64 {
    SMALL.max(length.saturating_mul(BYTES_PER_FILE_BYTE))
}

/// How a file of this many bytes is opened.
pub(super) fn options(length: u64) -> OpenOptions {
    let mut filters = FilterRegistry::new();
    filters.register(lzf::LZF, Box::new(lzf::decompress));
    let most = most_bytes(length);
    OpenOptions::default()
        .with_filter_registry(filters)
        .with_max_chunk_bytes(SMALL as usize)
        .with_max_read_bytes(usize::try_from(most).unwrap_or(usize::MAX))
}

/// What tells a group from others, also from those of other files.
fn identity(group: &Group) -> (usize, u64) {
    let file = std::ptr::from_ref(group.storage()).cast::<()>();
    (file.addr(), group.address())
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
