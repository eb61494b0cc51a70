//! The site that the documented command builds, in the pinned version of mdBook.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::settings::setting;
use gatehouse_tests::{document, venv};

#[test]
fn the_documented_command_builds_a_site_in_which_every_link_leads_somewhere() -> anyhow::Result<()>
{
    let Some(site) = site()? else {
        return Ok(());
    };
    let mut pages = BTreeMap::new();
    read(&site, &mut pages)?;
    ensure!(pages.len() > 50, "only {} pages were built", pages.len());
    let mut checked = 0;
    for (path, page) in &pages {
        ensure!(!page.contains("{{#"), "{}: not included", path.display());
        for target in attributes(page, &["href", "src"]) {
            if target.contains("://") {
                continue;
            }
            let problem = problem_of(path, target, &pages);
            ensure!(
                problem.is_none(),
                "{}: {target}: {problem:?}",
                path.display()
            );
            checked += 1;
        }
        // Nobody who reads the documents is reported to other servers.
        for asset in attributes(page, &["src"]) {
            ensure!(!asset.contains("//"), "{}: {asset}", path.display());
        }
    }
    ensure!(checked > 1000, "only {checked} links were found");
    Ok(())
}

#[test]
fn the_quick_start_is_the_readme_s() -> anyhow::Result<()> {
    let Some(site) = site()? else {
        return Ok(());
    };
    let page = std::fs::read_to_string(site.join("quick-start.html"))?;
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    let steps = document::steps_run_by("tests/end_to_end/walk.rs", &readme);
    ensure!(steps.len() >= 7, "the README has {} steps", steps.len());
    for command in steps.iter().flat_map(|step| step.commands.lines()) {
        let escaped = command.replace('&', "&amp;").replace('<', "&lt;");
        let escaped = escaped.replace('>', "&gt;");
        ensure!(page.contains(escaped.trim()), "the page lacks {command}");
    }
    Ok(())
}

/// Returns the folder of the site, built once; nothing if [`mdbook`] returns nothing.
fn site() -> anyhow::Result<Option<PathBuf>> {
    static BUILT: OnceLock<Result<Option<PathBuf>, String>> = OnceLock::new();
    let built = || -> anyhow::Result<Option<PathBuf>> {
        let Some(programs) = mdbook()? else {
            return Ok(None);
        };
        build(&programs)?;
        Ok(Some(root().join("target/book").canonicalize()?))
    };
    BUILT
        .get_or_init(|| built().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

/// Returns the folder of mdBook; nothing if there is no Python, except in CI.
#[expect(clippy::print_stderr, reason = "whoever runs the tests reads it")]
fn mdbook() -> anyhow::Result<Option<PathBuf>> {
    let python = Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|output| output.status.success()) {
        ensure!(setting("CI").is_none(), "python3 is missing");
        eprintln!("skipped: python3 is missing; install it to build the site");
        return Ok(None);
    }
    let folder = root().join(".gatehouse/site");
    venv::environment(&folder, "../site/requirements.txt").map(Some)
}

/// Runs the command that `docs/development.md` documents.
fn build(programs: &Path) -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root().join("docs/development.md"))?;
    let steps = document::steps_run_by("tests/site/book.rs", &page);
    let [step] = steps.as_slice() else {
        anyhow::bail!("docs/development.md has {} steps for the site", steps.len());
    };
    let path = format!(
        "{}:{}",
        programs.display(),
        setting("PATH").unwrap_or_default()
    );
    let output = Command::new("sh")
        .args(["-ec", &step.commands])
        .current_dir(root())
        .env("PATH", path)
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let built = output.status.success() && !log.contains("WARN") && !log.contains("ERROR");
    ensure!(built, "mdBook reported:\n{log}");
    Ok(())
}

/// Reads all pages below a folder.
fn read(folder: &Path, pages: &mut BTreeMap<PathBuf, String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, pages)?;
        } else if path.extension().is_some_and(|ending| ending == "html") {
            let page = std::fs::read_to_string(&path)?;
            pages.insert(path, page);
        }
    }
    Ok(())
}

fn problem_of(from: &Path, target: &str, pages: &BTreeMap<PathBuf, String>) -> Option<String> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = from.parent().unwrap_or(Path::new(""));
    let path = if file.is_empty() {
        from.to_owned()
    } else {
        folder.join(file)
    };
    let found = path.canonicalize().ok().filter(|path| path.is_file());
    let Some(found) = found else {
        return Some("there is no such file in the site".to_owned());
    };
    if anchor.is_empty() {
        return None;
    }
    let page = pages.get(&found).context("only a page has anchors");
    match page.map(|page| attributes(page, &["id"]).any(|id| id == anchor)) {
        Ok(true) => None,
        Ok(false) => Some("the page has no such anchor".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

/// The values of attributes, outside the text of scripts.
fn attributes<'a>(page: &'a str, names: &[&str]) -> impl Iterator<Item = &'a str> {
    let mut values = BTreeSet::new();
    for tag in page.split('<').filter_map(|piece| piece.split('>').next()) {
        for name in names {
            let value = tag.split_once(&format!(" {name}=\""));
            if let Some((value, _)) = value.and_then(|(_, rest)| rest.split_once('"')) {
                values.insert(value);
            }
        }
    }
    values.into_iter()
}
