//! Claims of several processes and machines.

use super::*;

/// A claim of another machine, this many seconds after its last heartbeat.
fn foreign(folder: &Path, seconds: u64) {
    let path = path_of(folder, 0, 0);
    let owner = Owner {
        host: "elsewhere".to_owned(),
        boot: "another".to_owned(),
        process: 1,
        locks: true,
    };
    fs::write(&path, serde_json::to_vec(&owner).unwrap()).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(seconds))
        .unwrap();
}

fn is_ours(asked: &Asked) -> bool {
    matches!(asked, Asked::Ours(_))
}

#[test]
fn one_process_has_a_piece_and_then_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let first = ask(folder.path(), 0).unwrap();
    assert!(is_ours(&first));
    assert!(is_ours(&ask(folder.path(), 1).unwrap()));
    let second = ask(folder.path(), 0).unwrap();
    let Asked::Others(Some(owner)) = second else {
        panic!("{second:?}");
    };
    assert_eq!(owner.process, std::process::id());
    drop(first);
    assert_eq!(super::owner(folder.path(), 0).unwrap(), None);
    let third = ask(folder.path(), 0).unwrap();
    assert!(is_ours(&third) && folder.path().join("000000.1").exists());
    clear(folder.path(), 0);
    assert!(!folder.path().join("000000.0").exists());
}

#[test]
fn another_machine_is_dead_after_a_minute_without_a_heartbeat() {
    let folder = tempfile::tempdir().unwrap();
    foreign(folder.path(), 50);
    assert!(!is_ours(&ask(folder.path(), 0).unwrap()));
    let there = owner(folder.path(), 0).unwrap().unwrap();
    assert_eq!(there.host, "elsewhere");
    foreign(folder.path(), 61);
    assert!(is_ours(&ask(folder.path(), 0).unwrap()));
}

#[test]
fn a_dead_process_of_this_machine_is_followed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    // its lock has gone with it
    let owner = Owner {
        process: u32::MAX,
        ..Owner::this(true)
    };
    for locks in [true, false] {
        let owner = Owner {
            locks,
            ..owner.clone()
        };
        let piece = usize::from(locks);
        let path = path_of(folder.path(), piece, 0);
        fs::write(path, serde_json::to_vec(&owner).unwrap()).unwrap();
        let dead = locks || cfg!(target_os = "linux");
        assert_eq!(is_ours(&ask(folder.path(), piece).unwrap()), dead);
    }
    // one that is being made has no content yet
    fs::write(path_of(folder.path(), 7, 0), "").unwrap();
    assert!(!is_ours(&ask(folder.path(), 7).unwrap()));
}

#[test]
fn a_file_system_that_cannot_lock_still_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let first = ask_with(folder.path(), 0, |_| false).unwrap();
    let Asked::Ours(claim) = &first else {
        panic!("{first:?}");
    };
    assert!(!claim.locks);
    assert!(!is_ours(&ask_with(folder.path(), 0, |_| false).unwrap()));
}

#[test]
fn of_many_that_ask_at_once_one_has_the_piece() {
    let folder = tempfile::tempdir().unwrap();
    for seconds in [None, Some(61)] {
        if let Some(seconds) = seconds {
            clear(folder.path(), 0);
            foreign(folder.path(), seconds);
        }
        let all: Vec<Asked> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| ask(folder.path(), 0).unwrap()))
                .collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(all.iter().filter(|one| is_ours(one)).count(), 1);
    }
}
