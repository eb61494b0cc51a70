//! The tables of the pages have every name of the pinned version of the other product.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::{programs, venv};

use super::page::Page;
use super::project::scripts;
use crate::install;

#[test]
fn the_pages_map_every_name_of_the_other_product() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let expected = names()?;
    let mut mapped = BTreeMap::new();
    for page in Page::all()? {
        for (list, names) in page.mapped()? {
            let before = mapped.insert(list.clone(), names);
            assert!(before.is_none(), "two pages have the list {list}");
        }
    }
    let lists: Vec<&String> = mapped.keys().collect();
    assert_eq!(lists, expected.keys().collect::<Vec<_>>());
    for (list, names) in &expected {
        assert!(names.len() > 1, "{list} has only {names:?}");
        let on_page = mapped.get(list).context("the lists are the same")?;
        let missing: Vec<&String> = names.difference(on_page).collect();
        let unknown: Vec<&String> = on_page.difference(names).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "{list}: the page lacks {missing:?}, and has {unknown:?}, which do not exist"
        );
    }
    Ok(())
}

/// The names of each list.
type Names = BTreeMap<String, BTreeSet<String>>;

/// Reads the names from the installed packages.
fn names() -> anyhow::Result<Names> {
    let mut python = Command::new(install::python()?.join("python"));
    python.arg(scripts().join("names.py")).arg(flask_jwt()?);
    let mut names = printed_by(&mut python)?;
    programs::node_packages(&scripts())?;
    names.extend(printed_by(
        Command::new("node").arg(scripts().join("names.mjs")),
    )?);
    Ok(names)
}

fn printed_by(command: &mut Command) -> anyhow::Result<Names> {
    let output = command.output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {errors}");
    serde_json::from_slice(&output.stdout).context("the names are not JSON")
}

/// Installs Flask-JWT in a separate environment, because it requires an old `PyJWT`; returns
/// its source.
fn flask_jwt() -> anyhow::Result<PathBuf> {
    let environment = root().join(".gatehouse/flask-jwt");
    venv::environment(&environment, "../clients/flask_jwt.txt")?;
    for entry in std::fs::read_dir(environment.join("lib"))? {
        let source = entry?.path().join("site-packages/flask_jwt/__init__.py");
        if source.is_file() {
            return Ok(source);
        }
    }
    anyhow::bail!("Flask-JWT is not installed")
}
