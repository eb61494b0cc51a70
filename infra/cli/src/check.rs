//! `gatehouse check`: looks for problems before and after a deployment, and prints one line
//! for each finding, with what to do about it.

mod advice;
mod alarms;
mod deployed;
mod finding;
mod functions;
mod keys;
mod machine;
mod mail;
mod project_files;
mod resources;
mod tables;

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;

use crate::output::{Output, Status};
use crate::target::{IfMissing, Target, TargetOptions};
use crate::{project, running};
use finding::{Finding, Level};

/// The arguments of `gatehouse check`.
#[derive(clap::Args)]
#[command(after_help = "\
Without --stack, it checks this machine, the template, samconfig.toml, and either a
--data-dir or every running `cargo local`. It changes nothing.

Exit codes: 0 no problems; 1 the checks could not be made; 3 warnings; 4 failures.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    output(&inspect(&arguments.target).await?).print()
}

async fn inspect(arguments: &TargetOptions) -> anyhow::Result<Vec<Finding>> {
    let root = project::root()?;
    if arguments.names_deployed_stack() {
        let target = Target::find(arguments, IfMissing::Fail).await?;
        return Ok(deployed::findings(&target, &root).await);
    }
    let mut findings = machine::findings().await;
    findings.extend(project_files::findings(&root));
    if arguments.names_local_stack() {
        let target = Target::find(arguments, IfMissing::Fail).await?;
        let keys = target.run(async |target| Ok(keys::findings(target, None).await));
        findings.extend(keys.await?);
        return Ok(findings);
    }
    for running in running::all(&root)? {
        let target = Target::from_running(&running.variables)?;
        let about = format!("`cargo local` at {}:", running.url());
        let found = keys::findings(&target, None).await.into_iter();
        findings.extend(found.map(|finding| finding.within(&about)));
    }
    Ok(findings)
}

fn output(findings: &[Finding]) -> Output {
    let count = |level| findings.iter().filter(|one| one.level == level).count();
    let (ok, warn, fail) = (count(Level::Ok), count(Level::Warn), count(Level::Fail));
    let mut text = String::new();
    for Finding {
        level,
        about,
        text: detail,
    } in findings
    {
        let level = match level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{level}  {about}: {detail}");
    }
    let _ = writeln!(text, "\nok: {ok}, warnings: {warn}, failures: {fail}");
    let worst = findings.iter().map(|finding| finding.level).max();
    Output {
        text,
        json: json!({
            "findings": findings, "ok": ok, "warnings": warn, "failures": fail,
        }),
        status: match worst {
            None | Some(Level::Ok) => Status::Success,
            Some(Level::Warn) => Status::Incomplete,
            Some(Level::Fail) => Status::Negative,
        },
    }
}
