//! `gatehouse build`: the functions as they are deployed, with checksums and a bill of
//! materials, the same bytes in every folder and on every machine with the same tools.
//!
//! Plan: each function is built as if by itself, so that what else is built does not change
//! its features; functions with the same features share a build. Then everything is written
//! from scratch to `target/gatehouse`.

mod checksums;
mod groups;
mod package;
mod sbom;
mod toolchain;
mod tree;
mod workspace;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, bail, ensure};
use gatehouse_local::{Plan, all_function_names};
use serde_json::json;
use tokio::process::Command;

use crate::error::ErrorCode;
use crate::output::{self, Output, notice};
use crate::project;
use checksums::Checksums;
use package::Package;
use sbom::Sbom;
use toolchain::Toolchain;
use tree::Tree;
use workspace::Workspace;

/// The arguments of `gatehouse build`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Functions to build [default: all of the template]
    functions: Vec<String>,
    /// Processor to build for [default: that of the template]
    #[arg(long)]
    architecture: Option<Architecture>,
}

/// The values of the template's parameter `Architecture`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Architecture {
    /// AWS Graviton
    Arm64,
    /// Intel and AMD
    #[value(name = "x86_64")]
    X86_64,
}

impl Architecture {
    /// Returns Rust's name for the target.
    fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    fn from_template(template: &Path) -> anyhow::Result<Self> {
        let plan = Plan::read(template, &BTreeMap::new(), "https://localhost")?;
        let default = plan.parameters.get("Architecture").map(String::as_str);
        match default {
            Some("x86_64") => Ok(Self::X86_64),
            Some("arm64") | None => Ok(Self::Arm64),
            Some(other) => bail!("the template's Architecture is {other}: pass --architecture"),
        }
    }
}

/// Builds the functions, and writes the packages.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let root = project::root()?;
    let template = root.join(project::TEMPLATE);
    let functions = choose(&arguments.functions, &template)?;
    let architecture = match arguments.architecture {
        Some(architecture) => architecture,
        None => Architecture::from_template(&template)?,
    };
    let target = architecture.target();
    let toolchain = Toolchain::find(&root).await?;
    let workspace = Workspace::read(&root, target).await?;
    let folder = workspace.target_directory.join("gatehouse");
    let groups = groups::groups(&root, &functions, target).await?;
    for (index, group) in (1..).zip(&groups) {
        notice(&format!(
            "Building {} for {target} (step {index} of {})",
            group.join(", "),
            groups.len()
        ));
        compile(&root, group, target, &workspace).await?;
    }
    let mut packages = Vec::new();
    for function in &functions {
        let tree = Tree::read(&root, function, target).await?;
        let binary = workspace.binary(function);
        let package = Package::of(&binary)?;
        let sbom = Sbom {
            workspace: &workspace,
            toolchain: &toolchain,
            tree: &tree,
            target,
        };
        packages.push((function, sbom.document(&package)?, package));
    }
    let release = release_template(&root, &functions)?;
    // After the last build, so that a failed one leaves the former packages in place.
    let mut checksums = Checksums::in_new_folder(&folder)?;
    for (function, sbom, package) in &packages {
        checksums.write(&format!("{function}.zip"), &package.zip)?;
        checksums.write(&format!("{function}.cdx.json"), sbom.as_bytes())?;
    }
    if let Some(release) = release {
        checksums.write("template.yaml", release.as_bytes())?;
    }
    let written = checksums.finish()?;
    let folder = folder.strip_prefix(&root).unwrap_or(&folder);
    let rows = written.iter().map(|file| {
        let size = format!("{} KiB", file.bytes.div_ceil(1024));
        [file.name.clone(), size, file.sha256.clone()]
    });
    let mut text = output::table(["file", "size", "SHA-256"], rows);
    let shown = folder.display().to_string();
    text.extend(["\nIn ", &shown, ", with SHA256SUMS.\n"]);
    let files: Vec<_> = written
        .iter()
        .map(|file| json!({"file": file.name, "bytes": file.bytes, "sha256": file.sha256}))
        .collect();
    let json = json!({"folder": folder, "target": target, "files": files});
    Output::new(text, json).print()
}

/// Returns the functions that were named, or all of the template, in its order.
fn choose(named: &[String], template: &Path) -> anyhow::Result<Vec<String>> {
    let known = all_function_names(template)?;
    if let Some(unknown) = named.iter().find(|name| !known.contains(name)) {
        let known = known.join(", ");
        return Err(ErrorCode::NotFound.error(format!(
            "the template has no function {unknown}: choose from {known}"
        )));
    }
    let mut chosen = known;
    if !named.is_empty() {
        chosen.retain(|name| named.contains(name));
    }
    Ok(chosen)
}

/// Returns the template with the packages instead of cargo-lambda's folders, so that SAM
/// uploads the files whose digests are published. None if some functions are not built.
fn release_template(root: &Path, functions: &[String]) -> anyhow::Result<Option<String>> {
    let template = root.join(project::TEMPLATE);
    let mut text = std::fs::read_to_string(&template)?;
    for function in all_function_names(&template)? {
        if !functions.contains(&function) {
            return Ok(None);
        }
        let folder = format!("CodeUri: ../target/lambda/{function}\n");
        ensure!(
            text.contains(&folder),
            "{} does not have the line `{}`",
            project::TEMPLATE,
            folder.trim_end()
        );
        text = text.replace(&folder, &format!("CodeUri: ./{function}.zip\n"));
    }
    Ok(Some(text))
}

/// Builds functions at once; the user sees the progress.
async fn compile(
    root: &Path,
    functions: &[String],
    target: &str,
    workspace: &Workspace,
) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .current_dir(root)
        .args(["lambda", "build", "--release", "--locked"])
        .args(["--target", target])
        .args(functions.iter().flat_map(|name| ["--package", name]))
        .env("CARGO_ENCODED_RUSTFLAGS", workspace.remapped_paths())
        .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH)
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        // stdout has only the result.
        .stdout(std::io::stderr())
        .kill_on_drop(true)
        .status()
        .await;
    let status = status.context("cannot start cargo lambda build")?;
    ensure!(
        status.success(),
        "{} does not build; see the errors above",
        functions.join(", ")
    );
    Ok(())
}

/// The time that compilers use instead of now: 1980-01-01, the first that a zip file can
/// express. Another one changes every digest.
const SOURCE_DATE_EPOCH: &str = "315532800";

#[cfg(test)]
mod tests {
    use gatehouse_local::all_function_names;

    use super::{Architecture, choose, release_template};
    use crate::project::{TEMPLATE, repository};

    #[test]
    fn the_release_refers_to_a_package_of_each_function_and_to_nothing_else() {
        let root = repository();
        let functions = all_function_names(&root.join(TEMPLATE)).unwrap();
        let template = release_template(&root, &functions).unwrap().unwrap();
        let lines = template.lines().map(str::trim);
        let mut packages: Vec<&str> = lines
            .filter_map(|line| line.strip_prefix("CodeUri: "))
            .collect();
        packages.sort_unstable();
        let mut expected: Vec<String> = functions
            .iter()
            .map(|name| format!("./{name}.zip"))
            .collect();
        expected.sort_unstable();
        assert_eq!(packages, expected);
        assert!(!template.contains("target/lambda"));
        let some = release_template(&root, &functions[1..]).unwrap();
        assert!(some.is_none(), "a part of the functions is not a release");
    }

    #[test]
    fn functions_are_those_of_the_template() {
        let template = repository().join(TEMPLATE);
        let all = choose(&[], &template).unwrap();
        assert!(all.len() > 10);
        let two = choose(&["protected".to_owned(), "login".to_owned()], &template).unwrap();
        assert_eq!(two, ["login", "protected"]);
        let error = choose(&["protect".to_owned()], &template).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("no function protect: choose from register"),
            "{error}"
        );
    }

    #[test]
    fn the_architecture_is_the_templates() {
        let architecture = Architecture::from_template(&repository().join(TEMPLATE)).unwrap();
        assert_eq!(architecture, Architecture::Arm64);
        assert_eq!(architecture.target(), "aarch64-unknown-linux-gnu");
    }
}
