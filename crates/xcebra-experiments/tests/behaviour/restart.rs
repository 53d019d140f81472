//! Cells that are finished are not computed again, and nothing else is taken for finished.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use xcebra_experiments::cells::{Cell, Share, run, settings_hash};
use xcebra_experiments::table1::{Encoder, Protocol};
use xcebra_experiments::{Error, Result, Scale};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Square {
    of: f64,
}

fn cells(numbers: &[f64]) -> Vec<Cell<Square>> {
    let cell = |(i, &of): (usize, &f64)| Cell {
        name: format!("square_{i}"),
        cost: 1.0,
        settings: Square { of },
    };
    numbers.iter().enumerate().map(cell).collect()
}

/// The results, and how many of them were computed.
fn squares(numbers: &[f64], folder: &Path, threads: usize) -> (Result<Vec<f64>>, usize) {
    let (results, computed) = shared(numbers, folder, (Share::All, threads));
    (results.map(|all| all.expect("all are made")), computed)
}

/// As [`squares`], of a share of them; no results if others are missing.
fn shared(
    numbers: &[f64],
    folder: &Path,
    share: (Share, usize),
) -> (Result<Option<Vec<f64>>>, usize) {
    let computed = AtomicUsize::new(0);
    let results = run(&cells(numbers), folder, share, &|_| (), |s| {
        computed.fetch_add(1, Ordering::Relaxed);
        if s.of < 0.0 {
            return Err(Error::Setting {
                what: "the number",
                found: s.of.to_string(),
                expected: "not negative",
            });
        }
        Ok(s.of * s.of)
    });
    (results, computed.into_inner())
}

#[test]
fn a_second_run_computes_nothing_and_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    // numbers whose decimals do not end
    let numbers = [0.1, 1.0 / 3.0, 2f64.sqrt(), 1e-300, 7.0];
    let (first, computed) = squares(&numbers, folder.path(), 3);
    assert_eq!(computed, 5);
    let first = first.unwrap();
    assert_eq!(first, numbers.map(|n| n * n), "in the order of the cells");
    let (second, computed) = squares(&numbers, folder.path(), 1);
    assert_eq!(computed, 0);
    assert_eq!(second.unwrap(), first);
}

#[test]
fn pieces_make_all_cells_once_and_the_last_one_has_all_results() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = [0.1, 1.0 / 3.0, 2f64.sqrt(), 1e-300, 7.0];
    let piece = |text: &str| (text.parse::<Share>().unwrap(), 2);
    let (first, computed) = shared(&numbers, folder.path(), piece("0/3"));
    assert_eq!((first.unwrap(), computed), (None, 2));
    let gather = (Share::Gather, 1);
    let (none, computed) = shared(&numbers, folder.path(), gather);
    assert_eq!(computed, 0);
    assert_eq!(
        none.unwrap_err().to_string(),
        "3 of 5 cells have no result, the first of them square_1, square_2, square_4; run them, with --piece or without \
         --gather"
    );
    let (second, computed) = shared(&numbers, folder.path(), piece("2/3"));
    assert_eq!((second.unwrap(), computed), (None, 1));
    let (last, computed) = shared(&numbers, folder.path(), piece("1/3"));
    assert_eq!(
        (last.unwrap(), computed),
        (Some(numbers.map(|n| n * n).to_vec()), 2)
    );
    let (again, computed) = shared(&numbers, folder.path(), gather);
    assert_eq!(
        (again.unwrap(), computed),
        (Some(numbers.map(|n| n * n).to_vec()), 0)
    );
    for wrong in ["", "1", "3/3", "0/0", "-1/2", "a/2"] {
        assert!(wrong.parse::<Share>().is_err(), "{wrong}");
    }
}

#[test]
fn other_settings_damaged_and_missing_files_are_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let (results, _) = squares(&[1.0, 2.0, 3.0, 4.0], folder.path(), 2);
    results.unwrap();
    let file = |i: usize| folder.path().join(format!("square_{i}.json"));
    let half = fs::read_to_string(file(1)).unwrap();
    fs::write(file(1), &half[..half.len() / 2]).unwrap();
    fs::remove_file(file(2)).unwrap();
    let (results, computed) = squares(&[1.0, 2.0, 3.0, 5.0], folder.path(), 2);
    assert_eq!(computed, 3);
    assert_eq!(results.unwrap(), [1.0, 4.0, 9.0, 25.0]);
}

#[test]
fn what_was_finished_before_a_failure_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (results, computed) = squares(&[1.0, 2.0, -3.0, 4.0], folder.path(), 1);
    assert_eq!(computed, 3);
    let message = results.unwrap_err().to_string();
    let expected = "the cell square_2 failed: the number is -3; it must be not negative";
    assert_eq!(message, expected);
    let (results, computed) = squares(&[1.0, 2.0, 3.0, 4.0], folder.path(), 1);
    assert_eq!(computed, 2);
    assert_eq!(results.unwrap(), [1.0, 4.0, 9.0, 16.0]);
}

#[test]
fn progress_counts_what_was_found_and_estimates_by_cost() {
    let folder = tempfile::tempdir().unwrap();
    squares(&[1.0], folder.path(), 1).0.unwrap();
    let seen = Mutex::new(Vec::new());
    let mut cells = cells(&[1.0, 2.0, 3.0]);
    cells[2].cost = 3.0;
    let report = |p: &xcebra_experiments::cells::Progress<'_>| {
        let name = p.cell.map(str::to_owned);
        let ratio = p.left.map(|left| left / p.elapsed.max(1e-9));
        seen.lock()
            .unwrap()
            .push((name, p.done, p.found, p.total, ratio));
    };
    let share = (Share::All, 1);
    let results: Result<_> = run(&cells, folder.path(), share, &report, |s| Ok(s.of * s.of));
    results.unwrap();
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen[0], (None, 1, 1, 3, None));
    let done: Vec<usize> = seen.iter().map(|s| s.1).collect();
    assert_eq!(done, [1, 2, 3]);
    // a cost of 1 is done, 3 are left
    assert!((seen[1].4.unwrap() - 3.0).abs() < 1e-9);
    assert_eq!(seen[2].4, Some(0.0));
}

#[test]
fn the_hash_depends_on_every_setting_of_a_training() {
    let protocol = Protocol::at(Scale::Small);
    let [encoder, other, ..] = Encoder::all()[..] else {
        panic!("there are six");
    };
    let settings = protocol.settings(1, 6, encoder);
    let hash = settings_hash(&settings).unwrap();
    assert_eq!(hash, settings_hash(&settings.clone()).unwrap());
    let mut changed = vec![protocol.settings(2, 6, encoder)];
    changed.push(protocol.settings(1, 4, encoder));
    changed.push(protocol.settings(1, 6, other));
    let mut longer = settings.clone();
    longer.config.train.steps += 1;
    let mut methods = settings.clone();
    methods.methods.pop();
    changed.extend([longer, methods]);
    for settings in changed {
        assert_ne!(settings_hash(&settings).unwrap(), hash, "{settings:?}");
    }
    // FNV-1a of the bytes "[1,null]", by hand with the published constants
    let by_hand = b"[1,null]"
        .iter()
        .fold(14_695_981_039_346_656_037_u128, |h, &b| {
            (h ^ u128::from(b)) * 1_099_511_628_211 % (1 << 64)
        });
    assert_eq!(settings_hash(&()).unwrap(), format!("{by_hand:016x}"));
}
