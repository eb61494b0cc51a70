//! `gatehouse build`: checksums, valid bills of materials, and the same bytes in folders of
//! different names.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::{root, target_folder};
use gatehouse_tests::sam::run;
use gatehouse_tests::venv;

use crate::project::Project;

/// `protected` links no AWS SDK, so it takes the least time.
#[test]
fn a_function_is_built_with_its_digest_and_its_bill_of_materials() -> anyhow::Result<()> {
    assert_built_alike(&["protected"], &["another folder, with blanks"])
}

#[test]
#[ignore = "builds every function twice, which takes an hour"]
fn every_function_has_the_same_digest_in_two_folders() -> anyhow::Result<()> {
    assert_built_alike(&[], &["one", "another folder, with blanks"])
}

/// Builds the functions in a copy of each name.
fn assert_built_alike(functions: &[&str], copies: &[&str]) -> anyhow::Result<()> {
    let programs = venv::environment(&root().join(".gatehouse/sbom"), "sbom.txt")?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root());
    run(cargo
        .args(["build", "--bin", "gatehouse", "--target-dir"])
        .arg(target_folder()))?;
    let template = root().join("infra/template.yaml");
    let all = gatehouse_local::all_function_names(&template)?;
    let mut sums = Vec::new();
    for name in copies {
        let project = Project::copy_as(name)?;
        let mut build = project.command(target_folder().join("debug/gatehouse"));
        build.args(["build", "--json"]).args(functions);
        // Each copy compiles everything.
        let output = build.env_remove("CARGO_TARGET_DIR").output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{errors}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let folder = project.path().join(
            json.get("folder")
                .and_then(|folder| folder.as_str())
                .context("no folder")?,
        );
        sums.push(checked(&folder)?);
        let mut python = Command::new(programs.join("python"));
        python.arg(root().join("tests/development/packages.py"));
        let output = python.arg(&folder).args(private(&project)?).output()?;
        let text = String::from_utf8([output.stdout, output.stderr].concat())?;
        ensure!(output.status.success(), "{text}");
        let expected = if functions.is_empty() {
            all.len()
        } else {
            functions.len()
        };
        assert_eq!(text.split_whitespace().count(), expected, "{text}");
    }
    let same = sums.windows(2).all(|pair| pair.first() == pair.last());
    assert!(same, "{sums:#?}");
    Ok(())
}

/// Checks the digests with the program that users have, and returns them.
fn checked(folder: &Path) -> anyhow::Result<String> {
    let mut sha256sum = Command::new("sha256sum");
    sha256sum.current_dir(folder);
    run(sha256sum.args(["--check", "--strict", "SHA256SUMS"]))?;
    Ok(std::fs::read_to_string(folder.join("SHA256SUMS"))?)
}

/// The folders of this machine, which no binary may contain.
fn private(project: &Project) -> anyhow::Result<[PathBuf; 2]> {
    let output = Command::new("sh")
        .args(["-c", "printf %s \"${CARGO_HOME:-$HOME/.cargo}\""])
        .output()?;
    let home = String::from_utf8(output.stdout)?;
    ensure!(home.len() > 1, "Cargo has no folder");
    let copy = project.path().canonicalize();
    Ok([copy.context("the copy is gone")?, home.into()])
}
