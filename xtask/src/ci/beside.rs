//! Steps that run in a second process, while this one runs the others.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::family;
use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// They use what others have built, and take about as long as the steps that run here then.
pub const STEPS: [&str; 2] = ["end-to-end", "reports"];

/// The second process; it ends with this one.
pub struct Beside {
    child: Child,
    log: PathBuf,
}

impl Beside {
    /// Starts it; what it says is kept until its end, so that nothing stands between the lines of this process.
    pub fn start(workspace: &Workspace) -> Result<Self> {
        let log = workspace.fresh_folder("beside")?.join("log.txt");
        let file = File::create(&log).map_err(file_failure(&log, "create"))?;
        let both = file.try_clone().map_err(file_failure(&log, "write"))?;
        let mut command = shell::cargo(["xtask", "ci"]);
        command.args(STEPS).current_dir(&workspace.root);
        println!("\n── beside the others: {} ──", STEPS.join(", "));
        command.stdin(Stdio::null()).stdout(file).stderr(both);
        let child = command
            .spawn()
            .map_err(|e| shell::not_started(&command, &e))?;
        Ok(Self { child, log })
    }

    /// Waits for it and prints what it said.
    pub fn finish(&mut self) -> Result<()> {
        let status = self.child.wait();
        let text = fs::read_to_string(&self.log).map_err(file_failure(&self.log, "read"))?;
        println!("\n── beside the others: {} ──\n{text}", STEPS.join(", "));
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::new(format!(
                "{} ended with {status}",
                STEPS.join(", ")
            ))),
            Err(e) => Err(Failure::new(format!(
                "cannot wait for {}: {e}",
                STEPS.join(", ")
            ))),
        }
        .map_err(|failure| failure.or_rerun(format!("cargo xtask ci {}", STEPS.join(" "))))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // nothing to end if it has been waited for
        if let Ok(None) = self.child.try_wait() {
            family::end(&mut self.child);
        }
    }
}
