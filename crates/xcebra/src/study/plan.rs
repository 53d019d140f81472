//! The plan of a study: what is to be done, and on which data.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xcebra_files::{AtomicFolder, FileError, write_file};
use xcebra_model::Watch;

use super::folder::Study;
use super::work::{Pieces, Planned, Work};
use crate::run::read_text;
use crate::{Answer, Problem, Result};

/// Name of the file of a plan.
pub const PLAN: &str = "plan.json";
/// Pieces of work that can be divided at will, unless told: each reads its data anew.
const USUAL_PIECES: usize = 100;
/// More pieces than these are a mistake.
const MOST_PIECES: usize = 1_000_000;

/// What is to be done, in how many pieces, and on which files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of the program. Another one might compute other bits.
    pub version: String,
    /// The command and its settings.
    pub work: Work,
    /// Number of pieces.
    pub pieces: usize,
    /// The files that are read.
    files: Vec<Known>,
    /// Of everything above.
    #[serde(default)]
    checksum: String,
}

/// A file as it was when the study was planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    path: PathBuf,
    /// Size in bytes and time of its last change: where both are the same, the content is not read to compare it.
    size: u64,
    changed: u128,
    sha256: String,
}

/// Plans work into a folder, in this many pieces, or in as many as suit the work.
///
/// # Errors
/// [`Problem`] if the settings are wrong, data cannot be read, the work cannot be divided into this many pieces, or the
/// folder is taken.
pub fn plan(
    planned: &Planned,
    pieces: Option<usize>,
    out: &Path,
    watch: &Watch<'_>,
) -> Result<Answer> {
    let new = AtomicFolder::create(out, None)?;
    let (work, natural) = Work::of(planned, watch)?;
    let pieces = match (natural, pieces) {
        (Pieces::These(natural), Some(asked)) if natural != asked => {
            return Err(Problem::setting(
                format!(
                    "{} comes in {natural} pieces, one for each training, and {asked} are asked for",
                    work.name()
                ),
                "leave the number of pieces out",
            ));
        }
        (Pieces::These(natural), _) => natural,
        (Pieces::UpTo(most), Some(asked)) if asked > most => {
            return Err(Problem::setting(
                format!(
                    "{} comes in {most} pieces at most, and {asked} are asked for",
                    work.name()
                ),
                format!("ask for 1 to {most}, or leave the number of pieces out"),
            ));
        }
        (Pieces::UpTo(most), asked) => asked.unwrap_or(most.clamp(1, USUAL_PIECES)),
        (Pieces::Any, asked) => asked.unwrap_or(1),
    };
    if pieces == 0 || pieces > MOST_PIECES {
        return Err(Problem::setting(
            format!("a study cannot have {pieces} pieces"),
            format!("ask for 1 to {MOST_PIECES}"),
        ));
    }
    let files: Result<Vec<Known>> = work.files()?.iter().map(|path| Known::of(path)).collect();
    let plan = Plan {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        work,
        pieces,
        files: files?,
        checksum: String::new(),
    };
    let plan = Plan {
        checksum: plan.sum(),
        ..plan
    };
    let text = serde_json::to_string_pretty(&plan).expect("plain text");
    Study::make_folders(new.path())?;
    write_file(&new.path().join(PLAN), format!("{text}\n").as_bytes())?;
    new.commit()?;
    let name = plan.work.name();
    let out = out.display();
    Ok(Answer {
        text: format!(
            "{out}: {name} in {pieces} pieces, 0 to {}\n\
             run them with `xcebra run {out}`, one with `xcebra run {out} --piece K`, and gather them with \
             `xcebra gather {out} --out …`",
            pieces - 1
        ),
        json: serde_json::json!({
            "study": out.to_string(),
            "command": name,
            "pieces": pieces,
        }),
    })
}

impl Plan {
    /// The checksum of all but itself.
    fn sum(&self) -> String {
        let plan = Self {
            checksum: String::new(),
            ..self.clone()
        };
        hex(&Sha256::digest(
            serde_json::to_vec(&plan).expect("plain text"),
        ))
    }

    /// Refuses data that are not those of the plan.
    pub fn require_data(&self) -> Result<()> {
        self.files.iter().try_for_each(Known::require)
    }
}

impl Study {
    /// Opens the study in a folder.
    ///
    /// # Errors
    /// [`Problem`] if there is none, its plan was changed, or another version of the program made it.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(PLAN);
        if !path.is_file() {
            return Err(Problem::file(
                format!("{} does not hold a study", folder.display()),
                "pass a folder written by `xcebra plan`",
            ));
        }
        let text = read_text(&path)?;
        let again = "plan the study again";
        let version: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let version = version.and_then(|plan| plan["version"].as_str().map(str::to_owned));
        let own = env!("CARGO_PKG_VERSION");
        if let Some(version) = version.filter(|version| version != own) {
            return Err(Problem::file(
                format!(
                    "{} was planned by xcebra {version}, and this is {own}",
                    path.display()
                ),
                "use that version, or plan the study again: another version may compute other bits",
            ));
        }
        let plan: Plan = serde_json::from_str(&text).map_err(|error| {
            Problem::file(format!("{} is damaged: {error}", path.display()), again)
        })?;
        if plan.sum() != plan.checksum {
            let problem = format!("{} was changed after it was planned", path.display());
            return Err(Problem::file(problem, again));
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            plan,
        })
    }
}

impl Known {
    fn of(path: &Path) -> Result<Self> {
        let (size, changed) = stamp(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            size,
            changed,
            sha256: sum_of(path)?,
        })
    }

    fn require(&self) -> Result<()> {
        let found = stamp(&self.path)?;
        if found == (self.size, self.changed)
            || (found.0 == self.size && sum_of(&self.path)? == self.sha256)
        {
            return Ok(());
        }
        Err(Problem::data(
            format!(
                "{} is not the file that the study was planned with",
                self.path.display()
            ),
            "bring it back as it was, or plan the study again",
        ))
    }
}

/// The files of a path: itself, or all those in the folder that it is, in order.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let fail = |error| FileError::read(path, error);
    let entries = fs::read_dir(path).map_err(fail)?;
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()
        .map_err(fail)?;
    entries.sort();
    let all: Result<Vec<Vec<PathBuf>>, _> = entries.iter().map(|path| files_of(path)).collect();
    Ok(all?.concat())
}

/// Size in bytes and time of the last change.
fn stamp(path: &Path) -> Result<(u64, u128), FileError> {
    let (mut size, mut changed) = (0, 0);
    for file in files_of(path)? {
        let fail = |error| FileError::read(&file, error);
        let metadata = fs::metadata(&file).map_err(fail)?;
        let time = metadata.modified().map_err(fail)?;
        let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        size += metadata.len();
        changed = changed.max(time.as_nanos());
    }
    Ok((size, changed))
}

fn sum_of(path: &Path) -> Result<String, FileError> {
    let mut sum = Sha256::new();
    for file in files_of(path)? {
        let fail = |error| FileError::read(&file, error);
        let mut opened = File::open(&file).map_err(fail)?;
        io::copy(&mut opened, &mut sum).map_err(fail)?;
    }
    Ok(hex(&sum.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
