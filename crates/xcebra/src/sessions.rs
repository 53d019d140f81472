//! The sessions of a training, as its folder keeps them: which data they were, and whose.
//!
//! `sessions.json` has the data files in the order of the training, and the subject of each session. The files
//! of the first subject have the names of a run of one subject; those of the others have its number in their
//! names, as in `model-1.safetensors`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{FileError, Source, write_file};
use crate::fit::unfinished::Inputs;
use crate::run::read_text;
use crate::run_error::RunError;

const SESSIONS: &str = "sessions.json";

/// The sessions of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// The data files, one for each session; none if the data were in memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
    /// The subject of each session.
    pub subjects: Vec<usize>,
}

impl Sessions {
    /// Reads them from a folder; none if it has none, as in runs of earlier versions.
    ///
    /// # Errors
    /// [`RunError`] if the file cannot be read or is damaged.
    pub fn load(folder: &Path) -> Result<Option<Self>, RunError> {
        let path = folder.join(SESSIONS);
        if !path.is_file() {
            return Ok(None);
        }
        let damaged = |problem: String| RunError::Sessions {
            path: path.clone(),
            problem,
            advice: "pass a folder written by `xcebra fit`".to_owned(),
        };
        let sessions: Self =
            serde_json::from_str(&read_text(&path)?).map_err(|e| damaged(e.to_string()))?;
        let mut known = 0;
        for &subject in &sessions.subjects {
            if subject > known {
                return Err(damaged(format!(
                    "subject {subject} appears before subject {known}"
                )));
            }
            known = known.max(subject + 1);
        }
        let files = sessions.inputs.as_ref().map(|inputs| inputs.data.len());
        if known == 0 || files.is_some_and(|files| files != sessions.subjects.len()) {
            return Err(damaged(
                "it does not name a subject for each file".to_owned(),
            ));
        }
        Ok(Some(sessions))
    }

    /// Writes them into a folder.
    ///
    /// # Errors
    /// [`FileError::Write`].
    pub(crate) fn save(&self, folder: &Path) -> Result<(), FileError> {
        let text = serde_json::to_string_pretty(self).expect("plain text and numbers");
        write_file(&folder.join(SESSIONS), format!("{text}\n").as_bytes())
    }

    /// Number of subjects.
    pub fn count(&self) -> usize {
        self.subjects.iter().max().map_or(1, |last| last + 1)
    }

    /// The subject of the session that is meant by its number, counted from 0 in the order of the training, or
    /// by the name of its file. Without a name, it is the only subject.
    ///
    /// # Errors
    /// [`RunError::Sessions`] if there is no such session, if a name stands for several subjects, or if
    /// there are several and none is named.
    pub fn subject(&self, folder: &Path, session: Option<&str>) -> Result<usize, RunError> {
        let fail = |problem: String| RunError::Sessions {
            path: folder.to_path_buf(),
            problem,
            advice: format!("name one with --session: {}", self.listed()),
        };
        let Some(session) = session else {
            return match self.count() {
                1 => Ok(0),
                several => Err(fail(format!("it holds the encoders of {several} subjects"))),
            };
        };
        if let Ok(number) = session.parse::<usize>()
            && let Some(&subject) = self.subjects.get(number)
        {
            return Ok(subject);
        }
        let mut meant: Vec<usize> = self
            .names()
            .iter()
            .zip(&self.subjects)
            .filter(|(name, _)| is_name(name, session))
            .map(|(_, &subject)| subject)
            .collect();
        meant.sort_unstable();
        meant.dedup();
        match meant.as_slice() {
            [one] => Ok(*one),
            [] => Err(fail(format!("no session `{session}` was trained on"))),
            _ => Err(fail(format!(
                "`{session}` matches sessions of several subjects"
            ))),
        }
    }

    /// What each session is called: its file, or its number.
    pub fn names(&self) -> Vec<String> {
        match &self.inputs {
            Some(inputs) => inputs.data.clone(),
            None => (0..self.subjects.len()).map(|s| s.to_string()).collect(),
        }
    }

    /// The sessions by numbers and names.
    fn listed(&self) -> String {
        let names = self.names().into_iter().enumerate();
        let names = names.map(|(number, name)| match self.inputs {
            Some(_) => format!("{number} ({name})"),
            None => name,
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Whether a session of that source is meant: by the source as it was given, its path, its file's name, or
/// that without the ending.
fn is_name(source: &str, name: &str) -> bool {
    if source == name {
        return true;
    }
    let Ok(source) = source.parse::<Source>() else {
        return false;
    };
    let path = &source.path;
    let parts = [path.file_name(), path.file_stem()];
    path == Path::new(name) || parts.contains(&Some(OsStr::new(name)))
}

/// The place of a file of a subject, whose name for the first subject is given.
pub(crate) fn file_of(folder: &Path, name: &str, subject: usize) -> PathBuf {
    if subject == 0 {
        return folder.join(name);
    }
    match name.split_once('.') {
        Some((stem, ending)) => folder.join(format!("{stem}-{subject}.{ending}")),
        None => folder.join(format!("{name}-{subject}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use xcebra_model::Advice;

    use super::*;

    fn sessions(data: &[&str], subjects: &[usize]) -> Sessions {
        Sessions {
            inputs: Some(Inputs {
                folder: PathBuf::from("/data"),
                data: data.iter().map(|&name| name.to_owned()).collect(),
            }),
            subjects: subjects.to_vec(),
        }
    }

    #[test]
    fn a_session_is_known_by_its_number_and_by_its_file() {
        let all = sessions(&["mouse/a.npz", "b.npz:traces", "c.npz"], &[0, 1, 0]);
        let find = |name: &str| all.subject(Path::new("run"), Some(name)).unwrap();
        for (name, subject) in [
            ("0", 0),
            ("1", 1),
            ("2", 0),
            ("mouse/a.npz", 0),
            ("a.npz", 0),
            ("a", 0),
            ("b.npz:traces", 1),
            ("b.npz", 1),
            ("b", 1),
        ] {
            assert_eq!(find(name), subject, "{name}");
        }
        for (name, part) in [("3", "no session `3`"), ("d.npz", "no session `d.npz`")] {
            let error = all.subject(Path::new("run"), Some(name)).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
            let advice = error.advice().unwrap();
            assert!(
                advice.contains("0 (mouse/a.npz), 1 (b.npz:traces)"),
                "{advice}"
            );
        }
        let error = all.subject(Path::new("run"), None).unwrap_err();
        assert!(error.to_string().contains("2 subjects"), "{error}");
    }

    #[test]
    fn names_of_several_sessions_are_refused_only_where_subjects_differ() {
        let same = sessions(&["1/x.npz", "2/x.npz"], &[0, 0]);
        assert_eq!(same.subject(Path::new("run"), Some("x.npz")).unwrap(), 0);
        assert_eq!(same.subject(Path::new("run"), None).unwrap(), 0);
        let other = sessions(&["1/x.npz", "2/x.npz"], &[0, 1]);
        assert!(other.subject(Path::new("run"), Some("x.npz")).is_err());
        assert_eq!(other.subject(Path::new("run"), Some("2/x.npz")).unwrap(), 1);
    }

    #[test]
    fn files_of_other_subjects_have_their_number() {
        let of = |name: &str, subject| file_of(Path::new("run"), name, subject);
        assert_eq!(
            of("model.safetensors", 0),
            Path::new("run/model.safetensors")
        );
        assert_eq!(
            of("model.safetensors", 2),
            Path::new("run/model-2.safetensors")
        );
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let load = || Sessions::load(folder.path());
        assert_eq!(load().unwrap(), None);
        let written = sessions(&["a.npz", "b.npz"], &[0, 1]);
        written.save(folder.path()).unwrap();
        assert_eq!(load().unwrap(), Some(written));
        for text in [
            "{",
            r#"{"subjects": []}"#,
            r#"{"subjects": [1]}"#,
            r#"{"subjects": [0, 2]}"#,
        ] {
            fs::write(folder.path().join(SESSIONS), text).unwrap();
            assert!(load().is_err(), "{text}");
        }
    }
}
