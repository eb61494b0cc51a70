//! Options shared by the commands that work on one stack and print their output.

use std::process::ExitCode;

use crate::output::Output;
use crate::target::{IfMissing, Target, TargetOptions};

/// Which stack a command works on, and the format of its output.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) target: TargetOptions,
    /// Prints JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Options {
    /// Finds the stack, runs `work` on it and prints the output.
    pub(crate) async fn run(
        &self,
        work: impl AsyncFnOnce(&Target) -> anyhow::Result<Output>,
    ) -> anyhow::Result<ExitCode> {
        let target = Target::find(&self.target, IfMissing::Fail).await?;
        target.run(work).await?.print(self.json)
    }
}
