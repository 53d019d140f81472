//! Claims on pieces, which survive crashes.
//!
//! A claim is a file `PIECE.NUMBER`. Only one process can create it, because the file system refuses a second one.
//! Its owner holds a lock on it, which ends with the process, and writes it anew every few seconds, its heartbeat. The
//! claim with the highest number counts. One that has come to an end, or whose owner is dead, is followed by the next
//! number, which again one process alone can make. Claims of a piece go when the piece is done, and not before.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use xcebra_files::FileError;

/// Time between two heartbeats.
const BEAT: Duration = Duration::from_secs(10);
/// Without a heartbeat for so long, the owner of a claim on another machine is dead.
const DEAD_AFTER: Duration = Duration::from_secs(60);
/// What a claim that came to an end begins with.
const ENDED: u8 = b'-';

/// The process that has claimed a piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Name of the machine.
    pub host: String,
    /// What tells this start of the machine from others.
    pub boot: String,
    /// Number of the process.
    pub process: u32,
    /// Whether it holds a lock on the claim; not every file system can.
    pub locks: bool,
}

impl Owner {
    /// This process.
    fn this(locks: bool) -> Self {
        Self {
            host: host(),
            boot: boot(),
            process: std::process::id(),
            locks,
        }
    }
}

/// Name of this machine.
pub fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// What tells this start of this machine from others: the system's own number, or the name of the machine.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map_or_else(|_| host(), |id| id.trim().to_owned())
}

/// What a claim says of its owner.
#[derive(Debug, PartialEq, Eq)]
enum Life {
    /// It came to an end.
    Ended,
    /// Its owner lives, or may live.
    Lives(Option<Owner>),
    /// Its owner is dead.
    Dead,
    /// It has gone: the piece is done.
    Gone,
}

/// A piece that this process works on, until it is dropped.
#[derive(Debug)]
pub struct Claim {
    file: File,
    path: PathBuf,
    /// Whether it holds a lock.
    pub locks: bool,
    lost: Arc<AtomicBool>,
    /// Dropping the sender ends the heartbeat.
    beat: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

/// What became of asking for a piece.
#[derive(Debug)]
pub enum Asked {
    /// It belongs to this process.
    Ours(Claim),
    /// Another process works on it.
    Others(Option<Owner>),
}

/// Asks for a piece in a folder of claims.
///
/// # Errors
/// [`FileError`] if the folder cannot be written.
pub fn ask(folder: &Path, piece: usize) -> Result<Asked, FileError> {
    ask_with(folder, piece, |file| file.try_lock().is_ok())
}

/// As [`ask`], with what locks a file.
fn ask_with(folder: &Path, piece: usize, lock: impl Fn(&File) -> bool) -> Result<Asked, FileError> {
    let mut number = 0;
    loop {
        let path = path_of(folder, piece, number);
        match life(&path) {
            Ok(Life::Ended | Life::Dead) => number += 1,
            Ok(Life::Gone) => match Claim::make(&path, &lock) {
                Ok(claim) => return Ok(Asked::Ours(claim)),
                // another process was faster
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FileError::write(&path, error)),
            },
            // only the last one counts; an earlier owner may have come back after its time
            Ok(Life::Lives(owner)) => match path_of(folder, piece, number + 1).exists() {
                true => number += 1,
                false => return Ok(Asked::Others(owner)),
            },
            Err(error) => return Err(FileError::read(&path, error)),
        }
    }
}

/// The owner of a piece, if a process works on it.
///
/// # Errors
/// [`FileError`] if a claim cannot be read.
pub fn owner(folder: &Path, piece: usize) -> Result<Option<Owner>, FileError> {
    let mut found = None;
    for number in 0.. {
        let path = path_of(folder, piece, number);
        match life(&path).map_err(|error| FileError::read(&path, error))? {
            Life::Gone => break,
            Life::Lives(owner) => found = owner,
            Life::Ended | Life::Dead => found = None,
        }
    }
    Ok(found)
}

/// Takes away the claims of a piece that is done, the last one first, so that those left are counted from 0.
fn clear(folder: &Path, piece: usize) {
    let all = (0..).map(|number| path_of(folder, piece, number));
    let there: Vec<PathBuf> = all.take_while(|path| path.exists()).collect();
    for path in there.iter().rev() {
        // one that is left does no harm: the piece is done
        let _ = fs::remove_file(path);
    }
}

fn path_of(folder: &Path, piece: usize, number: usize) -> PathBuf {
    folder.join(format!("{piece:06}.{number}"))
}

fn life(path: &Path) -> std::io::Result<Life> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Life::Gone),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    if content.first() == Some(&ENDED) {
        return Ok(Life::Ended);
    }
    let owner: Option<Owner> = serde_json::from_slice(&content).ok();
    if let Some(owner) = owner.as_ref().filter(|owner| owner.locks) {
        // shared, so that those who ask do not take each other for owners
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => return Ok(Life::Lives(Some(owner.clone()))),
            Ok(()) if owner.boot == boot() => return Ok(Life::Dead),
            // the machines may not see each other's locks
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
    }
    // without a lock, on one machine, the system knows whether the process is there
    if let Some(owner) = owner.as_ref().filter(|owner| !owner.locks)
        && cfg!(target_os = "linux")
        && (&owner.host, &owner.boot) == (&host(), &boot())
        && !Path::new(&format!("/proc/{}", owner.process)).exists()
    {
        return Ok(Life::Dead);
    }
    let beat = file.metadata()?.modified()?;
    Ok(match now(path)?.duration_since(beat) {
        Ok(age) if age >= DEAD_AFTER => Life::Dead,
        _ => Life::Lives(owner),
    })
}

/// The time by the clock of the file system, which all machines share.
fn now(beside: &Path) -> std::io::Result<SystemTime> {
    let folder = beside.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(b"-")?;
    file.metadata()?.modified()
}

impl Claim {
    fn make(path: &Path, lock: impl Fn(&File) -> bool) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create_new(true).open(path)?;
        // before the owner is written: one without a lock would be taken for dead
        let locks = lock(&file);
        let owner = serde_json::to_vec(&Owner::this(locks)).map_err(std::io::Error::other)?;
        file.write_all(&owner)?;
        file.flush()?;
        let lost = Arc::new(AtomicBool::new(false));
        let beat = beat(
            file.try_clone()?,
            path.to_path_buf(),
            owner,
            Arc::clone(&lost),
        );
        Ok(Self {
            file,
            path: path.to_path_buf(),
            locks,
            lost,
            beat: Some(beat),
        })
    }

    /// Ends the claim on a piece that is done, and takes away all claims on it.
    pub fn finish(self, folder: &Path, piece: usize) {
        let path = self.path.clone();
        drop(self);
        clear(folder, piece);
        // others may have cleared those before it, so that it is not found by counting
        let _ = fs::remove_file(path);
    }

    /// Whether another process has taken the piece over, because this one had no heartbeat for too long.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Claim {
    /// The claim has come to an end, however the work did.
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.beat.take() {
            drop(stop);
            // a heartbeat that panicked has stopped as well
            let _ = thread.join();
        }
        // a single byte is there at once; if this fails, the lock or the heartbeat tells the same
        let _ = self.file.rewind();
        let _ = self.file.write_all(&[ENDED]);
    }
}

/// Writes the claim anew now and then, and looks whether another one follows it.
fn beat(
    mut file: File,
    path: PathBuf,
    owner: Vec<u8>,
    lost: Arc<AtomicBool>,
) -> (mpsc::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = mpsc::channel::<()>();
    let number = path
        .extension()
        .and_then(|n| n.to_str()?.parse::<usize>().ok());
    let next = path.with_extension(number.map_or(1, |n| n + 1).to_string());
    let thread = std::thread::spawn(move || {
        while stopped.recv_timeout(BEAT) == Err(mpsc::RecvTimeoutError::Timeout) {
            // a heartbeat that fails is one that is missing
            let _ = file.rewind().and_then(|()| file.write_all(&owner));
            lost.store(next.exists(), Ordering::Relaxed);
        }
    });
    (stop, thread)
}

#[cfg(test)]
mod tests;
