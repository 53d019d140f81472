//! Studies on a real Slurm, where there is one.

use crate::shell::Result;
use crate::soak::{ClusterEffort, cluster, missing_of_slurm};
use crate::workspace::Workspace;

/// Runs studies on a Slurm that it starts on this machine, if Slurm is installed and may be started.
pub fn check(workspace: &Workspace) -> Result<()> {
    match missing_of_slurm() {
        None => cluster(workspace, ClusterEffort::BRIEF),
        Some(missing) => {
            println!("studies are NOT run on a Slurm: {missing}");
            Ok(())
        }
    }
}
