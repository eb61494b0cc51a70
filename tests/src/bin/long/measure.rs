//! Parts of the long run that start other tools: coverage and mutations.

mod coverage;
mod mutants;

use clap::Subcommand;

/// A part that is not a test.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Measure {
    /// Which lines of shared/auth and shared/store the tests run
    #[command(hide = true)]
    MeasureCoverage,
    /// Whether the tests notice changes of the code
    #[command(hide = true)]
    MeasureMutants {
        /// Which code
        group: String,
    },
}

impl Measure {
    /// Runs it, and reports its figures.
    ///
    /// # Errors
    /// If a tool is missing or fails, or the result is below its limit.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::MeasureCoverage => coverage::measure(),
            Self::MeasureMutants { group } => mutants::measure(group),
        }
    }
}
