//! Ending a process together with all that it has started.

use std::process::{Child, Command, Stdio};

/// Ends a process that was started here, and those that it has started, and theirs.
///
/// They are no group of their own: Ctrl-C must still reach them all.
pub fn end(child: &mut Child) {
    let mut found: Vec<u32> = Vec::new();
    // stopped first, so that none of them starts another while they are looked for
    loop {
        let mut family = vec![child.id()];
        family.extend(descendants(child.id()));
        let new: Vec<u32> = family
            .into_iter()
            .filter(|id| !found.contains(id))
            .collect();
        if new.is_empty() {
            break;
        }
        signal("STOP", &new);
        found.extend(new);
    }
    signal("KILL", &found);
    // where there are no signals
    let _ = child.kill();
    let _ = child.wait();
}

/// All processes below one, as `ps` lists them; none where there is no such program.
fn descendants(of: u32) -> Vec<u32> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let listed = listed.map(|listed| String::from_utf8_lossy(&listed.stdout).into_owned());
    let text = listed.unwrap_or_default();
    let pairs: Vec<(u32, u32)> = text.lines().filter_map(pair).collect();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(
            pairs
                .iter()
                .filter(|pair| pair.1 == parent)
                .map(|pair| pair.0),
        );
        next += 1;
    }
    found.split_off(1)
}

/// The numbers of a process and of its parent.
fn pair(line: &str) -> Option<(u32, u32)> {
    let mut words = line.split_whitespace().map(str::parse);
    Some((words.next()?.ok()?, words.next()?.ok()?))
}

fn signal(name: &str, processes: &[u32]) {
    let ids = processes.iter().map(u32::to_string);
    let mut kill = Command::new("kill");
    kill.arg(format!("-{name}")).args(ids).stderr(Stdio::null());
    // one that has ended by itself is no problem
    let _ = kill.status();
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use super::{descendants, end};

    /// Whether a process is there and not only waiting for its parent to hear of its end.
    fn lives(id: u32) -> bool {
        let state = Command::new("ps")
            .args(["-o", "stat=", "-p", &id.to_string()])
            .output()
            .unwrap();
        let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
        !state.is_empty() && !state.starts_with('Z')
    }

    fn until(holds: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while !holds() && start.elapsed() < Duration::from_secs(20) {
            sleep(Duration::from_millis(5));
        }
        holds()
    }

    #[test]
    fn what_a_process_has_started_ends_with_it() {
        let script = "sh -c 'sleep 600 & sleep 600; true' & sleep 600; true";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        // a shell below the shell, and three that sleep
        assert!(until(|| descendants(child.id()).len() == 4));
        let below = descendants(child.id());
        end(&mut child);
        assert!(until(|| !below.iter().any(|&id| lives(id))), "{below:?}");
    }
}
