//! `gatehouse new`: writes a function with everything that belongs to it.
//!
//! Plan: all changes are computed in memory from the project's files, the template is
//! read again with the change, and only then is anything written.

mod changes;
mod endpoint;
mod sources;
mod tables;
mod template;
mod text;

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;
use tokio::process::Command;

use crate::output::{Output, notice};
use crate::project;
use changes::Changes;
use endpoint::{Endpoint, Name, Route};

/// The arguments of `gatehouse new`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Name of the function, such as monthly-reports
    name: Name,
    /// Method and path [default: "GET /NAME"]
    #[arg(long, value_name = "METHOD /PATH")]
    route: Option<Route>,
    /// A role that the user must have
    #[arg(long, value_parser = endpoint::role)]
    role: Option<String>,
    /// A scope that the token must have
    #[arg(long, value_parser = endpoint::scope)]
    scope: Option<String>,
}

/// Writes the function, unless any part of it cannot be written.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let root = project::root()?;
    let endpoint = Endpoint::new(
        arguments.name,
        arguments.route,
        arguments.role,
        arguments.scope,
    )?;
    endpoint.check_unused(&root)?;
    let mut changes = Changes::new(&root);
    if let Err(unrecognised) = template::add(&endpoint, &mut changes) {
        if let Some(pieces) = unrecognised.pieces {
            notice(&pieces);
        }
        bail!(unrecognised.reason);
    }
    sources::add(&endpoint, &mut changes).await?;
    tables::add(&endpoint, &mut changes).await?;
    let files = changes.write()?;
    lock(&root).await;
    report(&endpoint, &files).print()
}

/// Adds the crate to `Cargo.lock`. Every Cargo command without `--locked` would do so too,
/// so a failure is not an error.
async fn lock(root: &Path) {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    cargo.args(["update", "--workspace", "--offline", "--quiet"]);
    let updated = cargo.output().await;
    if !updated.is_ok_and(|output| output.status.success()) {
        notice("Cargo.lock does not list the new crate yet: the next build adds it.");
    }
}

/// Writes `docs/openapi.json` and what follows from it. It compiles the tests, so the user
/// decides when.
const UPDATE: &str = "UPDATE_CONTRACT=1 cargo test --test end_to_end contract";

fn report(endpoint: &Endpoint, files: &[String]) -> Output {
    let (name, route) = (&endpoint.name, &endpoint.route);
    let mut text = format!("Created the function {name} for {route}:\n");
    for file in files {
        text.extend(["  ", file, "\n"]);
    }
    let handler = format!("functions/{name}/src/lib.rs");
    text.extend([
        "Its handler is in ",
        &handler,
        ". `cargo local` starts it.\n",
    ]);
    text.extend(["Update the API reference with `", UPDATE, "`.\n"]);
    if let Some(scope) = &endpoint.scope {
        text.extend([
            "The parameter RoleScopes says who gets the scope ",
            scope,
            ".\n",
        ]);
    }
    let json = json!({
        "function": name.to_string(),
        "route": route.to_string(),
        "files": files,
    });
    Output::new(text, json)
}
