//! Cells: independent pieces of an experiment, each with a result file of its own.
//!
//! A finished cell is a JSON file that appears whole, with the settings it was made with and their
//! hash. A later run takes it if the hash is that of its own settings and makes it anew otherwise,
//! so that an interrupted experiment goes on where it was.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xcebra::files::ensure_folder;

use crate::error::{Error, Result};
use crate::table::write_json;

/// Raised when the same settings would give other numbers than before.
const FORMAT: u32 = 1;

/// One piece of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell<S> {
    /// Name of its file: letters, digits, `-`, `_`.
    pub name: String,
    /// What it costs compared with the others, for the estimate of the time left.
    pub cost: f64,
    /// Everything that decides its result.
    pub settings: S,
}

/// A cell's file.
#[derive(Serialize, Deserialize)]
struct Stored<S, R> {
    settings_hash: String,
    settings: S,
    seconds: f64,
    result: R,
}

/// How far an experiment is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<'a> {
    /// The cell that was finished last; `None` before the first.
    pub cell: Option<&'a str>,
    /// Cells finished, by earlier runs too.
    pub done: usize,
    /// Of them, those an earlier run left.
    pub found: usize,
    /// All cells.
    pub total: usize,
    /// Seconds since the start.
    pub elapsed: f64,
    /// Seconds left, going by the cells of this run; `None` before the first is finished.
    pub left: Option<f64>,
}

/// Which cells a process makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// All of them.
    #[default]
    All,
    /// Every N-th from the K-th on, K/N: with all K below N, N processes make all cells.
    Piece(usize, usize),
    /// None: what others have made is gathered.
    Gather,
}

impl Share {
    fn has(self, cell: usize) -> bool {
        match self {
            Self::All => true,
            Self::Piece(piece, pieces) => cell % pieces == piece,
            Self::Gather => false,
        }
    }
}

impl FromStr for Share {
    type Err = String;

    /// A piece: `K/N`, where K counts from 0.
    fn from_str(text: &str) -> Result<Self, String> {
        let piece = text.split_once('/').and_then(|(piece, pieces)| {
            let (piece, pieces) = (piece.parse().ok()?, pieces.parse().ok()?);
            (piece < pieces).then_some(Self::Piece(piece, pieces))
        });
        piece.ok_or_else(|| {
            format!("`{text}` is not a piece K/N, such as 0/4, with K from 0 to N − 1")
        })
    }
}

/// Runs cells as [`run`] does, with their files in `cells` within a folder, and returns each one's settings with its
/// result; none if other pieces are still to be made.
///
/// # Errors
/// As [`run`].
pub fn measure<S, R>(
    cells: Vec<Cell<S>>,
    folder: &Path,
    (share, threads): (Share, usize),
    report: &(dyn Fn(&Progress<'_>) + Sync),
    work: impl Fn(&S) -> Result<R> + Sync,
) -> Result<Option<Vec<(S, R)>>>
where
    S: Serialize + Sync,
    R: Serialize + DeserializeOwned + Send,
{
    let results = run(
        &cells,
        &folder.join("cells"),
        (share, threads),
        report,
        work,
    )?;
    let settings = cells.into_iter().map(|cell| cell.settings);
    Ok(results.map(|results| settings.zip(results).collect()))
}

/// Runs the cells of a share that have no result yet, as many at a time as there are threads, and returns all
/// results in the order of the cells; none if cells of other pieces have no result.
///
/// Each cell computes on one thread while there are as many cells as threads: trainings do not wait
/// for each other. Results do not depend on the number of threads.
///
/// # Errors
/// [`Error::Cell`] for the first cell that fails, after the running ones have ended;
/// [`Error::File`] if results cannot be written; [`Error::Threads`]; [`Error::Missing`] if results are to be gathered
/// that are not there.
pub fn run<S, R>(
    cells: &[Cell<S>],
    folder: &Path,
    (share, threads): (Share, usize),
    report: &(dyn Fn(&Progress<'_>) + Sync),
    work: impl Fn(&S) -> Result<R> + Sync,
) -> Result<Option<Vec<R>>>
where
    S: Serialize + Sync,
    R: Serialize + DeserializeOwned + Send,
{
    ensure_folder(folder)?;
    let start = Instant::now();
    let mut results: Vec<Option<R>> = cells.iter().map(|cell| read(cell, folder)).collect();
    let own = (0..cells.len()).filter(|&i| share.has(i));
    let (found, pending): (Vec<usize>, Vec<usize>) = own.partition(|&i| results[i].is_some());
    let (found, total) = (found.len(), found.len() + pending.len());
    let cost = |indices: &[usize]| indices.iter().map(|&i| cells[i].cost).sum::<f64>();
    let all = cost(&pending);
    report(&Progress {
        cell: None,
        done: found,
        found,
        total,
        elapsed: 0.0,
        left: pending.is_empty().then_some(0.0),
    });

    let workers = threads.min(pending.len()).max(1);
    let pools = (0..workers)
        .map(|_| pool((threads / workers).max(1)))
        .collect::<Result<Vec<_>>>()?;
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let finished: Mutex<Vec<(usize, Result<R>)>> = Mutex::new(Vec::new());
    let one = |pool: &rayon::ThreadPool| {
        while !stop.load(Ordering::Relaxed) {
            let Some(&index) = pending.get(next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            let cell = &cells[index];
            let begun = Instant::now();
            let result = pool.install(|| work(&cell.settings)).and_then(|result| {
                write(cell, folder, begun.elapsed().as_secs_f64(), &result)?;
                Ok(result)
            });
            if result.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            let Ok(mut finished) = finished.lock() else {
                return;
            };
            finished.push((index, result));
            let done: Vec<usize> = finished.iter().map(|(i, _)| *i).collect();
            let elapsed = start.elapsed().as_secs_f64();
            // those that are being computed are half done, on average
            let begun = next.load(Ordering::Relaxed).min(pending.len());
            let running = 0.5 * (cost(&pending[..begun]) - cost(&done));
            let so_far = cost(&done) + running;
            report(&Progress {
                cell: Some(&cell.name),
                done: found + done.len(),
                found,
                total,
                elapsed,
                left: Some(elapsed * (all - so_far) / so_far),
            });
        }
    };
    std::thread::scope(|scope| {
        for pool in &pools {
            scope.spawn(|| one(pool));
        }
    });

    for (index, result) in finished.into_inner().unwrap_or_default() {
        results[index] = Some(result.map_err(|source| Error::Cell {
            cell: cells[index].name.clone(),
            source: Box::new(source),
        })?);
    }
    // others may have finished in the meantime
    for (result, cell) in results.iter_mut().zip(cells) {
        if result.is_none() {
            *result = read(cell, folder);
        }
    }
    let missing = cells.iter().zip(&results);
    let missing: Vec<&str> = missing
        .filter(|(_, result)| result.is_none())
        .map(|(cell, _)| cell.name.as_str())
        .collect();
    match (missing.len(), share) {
        (0, _) => Ok(Some(results.into_iter().flatten().collect())),
        (count, Share::Gather) => Err(Error::Missing {
            count,
            total: cells.len(),
            first: missing[..count.min(5)].join(", "),
        }),
        _ => Ok(None),
    }
}

fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Error::Threads {
            threads,
            problem: e.to_string(),
        })
}

fn path<S>(cell: &Cell<S>, folder: &Path) -> PathBuf {
    folder.join(format!("{}.json", cell.name))
}

/// The result an earlier run left, if it was made with these settings.
fn read<S: Serialize, R: DeserializeOwned>(cell: &Cell<S>, folder: &Path) -> Option<R> {
    let text = std::fs::read_to_string(path(cell, folder)).ok()?;
    // the settings are there for readers; their hash says all that is needed
    let stored: Stored<serde_json::Value, R> = serde_json::from_str(&text).ok()?;
    (stored.settings_hash == settings_hash(&cell.settings).ok()?).then_some(stored.result)
}

fn write<S: Serialize, R: Serialize>(
    cell: &Cell<S>,
    folder: &Path,
    seconds: f64,
    result: &R,
) -> Result<()> {
    let path = path(cell, folder);
    let stored = Stored {
        settings_hash: settings_hash(&cell.settings)?,
        settings: &cell.settings,
        seconds,
        result,
    };
    write_json(&path, &stored)
}

/// A hash of everything that decides a cell's result: FNV-1a of the settings as JSON.
///
/// # Errors
/// [`Error::Json`] if the settings cannot be written so.
pub fn settings_hash(settings: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string(&(FORMAT, settings))
        .map_err(|e| Error::json(Path::new("the settings"), &e))?;
    let hash = json.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Ok(format!("{hash:016x}"))
}
