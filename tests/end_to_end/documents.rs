//! The files, settings and tests that the documents name exist.

use std::path::Path;

use anyhow::Context as _;
use gatehouse_tests::binaries::root;
use gatehouse_tests::document::documents;

#[test]
fn every_file_that_a_document_names_exists() -> anyhow::Result<()> {
    let mut checked = 0;
    for document in documents()? {
        let text = std::fs::read_to_string(root().join(&document))?;
        for name in named_files(&text) {
            let folder = root().join(document.parent().unwrap_or(Path::new("")));
            let beside = folder.join(&name);
            assert!(
                root().join(&name).exists() || beside.exists(),
                "{} names {name}",
                document.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} names were found");
    Ok(())
}

#[test]
fn every_setting_of_the_template_is_documented_with_its_default() -> anyhow::Result<()> {
    let template = std::fs::read_to_string(root().join("infra/template.yaml"))?;
    let page = std::fs::read_to_string(root().join("docs/settings.md"))?;
    let rows: Vec<Vec<&str>> = page
        .lines()
        .map(|line| line.split('|').collect())
        .filter(|cells: &Vec<_>| cells.len() == 5)
        .collect();
    let (mut default, mut checked) = ("", 0);
    for line in template
        .lines()
        .skip_while(|line| *line != "Parameters:")
        .take_while(|line| *line != "Conditions:")
    {
        if let Some(name) = line
            .strip_prefix("  ")
            .and_then(|line| line.strip_suffix(':'))
            && !name.starts_with(' ')
        {
            let name = format!("`{name}`");
            let row = rows.iter().find(|cells| cells[1].contains(&name));
            default = row.with_context(|| format!("docs/settings.md lacks {name}"))?[2];
            checked += 1;
        } else if let Some(value) = line.strip_prefix("    Default: ") {
            let value = value.trim_matches(['"', '\'']);
            assert!(
                default.contains(value),
                "{default} is documented, not {value}"
            );
        }
    }
    assert!(checked > 15, "only {checked} settings were found");
    Ok(())
}

#[test]
fn every_test_that_a_table_names_exists() -> anyhow::Result<()> {
    let mut sources = String::new();
    for folder in ["shared", "functions", "infra", "tests"] {
        read_sources(&root().join(folder), &mut sources)?;
    }
    for (document, least) in [("threat-model", 30), ("assurance", 5)] {
        let document = std::fs::read_to_string(root().join(format!("docs/{document}.md")))?;
        let cells = document
            .lines()
            .filter(|line| line.starts_with('|'))
            .filter_map(|line| line.rsplit('|').nth(1));
        let names: Vec<&str> = cells
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .collect();
        assert!(names.len() > least, "{names:?}");
        for name in names {
            assert!(
                sources.contains(&format!("fn {name}(")),
                "there is no test {name}"
            );
        }
    }
    Ok(())
}

/// Whoever doubts a cell can look it up.
#[test]
fn every_cell_of_the_comparison_has_a_source() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root().join("docs/comparison.md"))?;
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let mut checked = 0;
    for row in rows.filter(|row| !row.starts_with("| |") && !row.starts_with("| -")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').skip(1).collect();
        assert_eq!(cells.len(), 8, "{row}");
        for cell in cells {
            let has_source = cell.contains("[^") || cell.contains("](");
            assert!(has_source || cell.trim() == "not verified", "{row}: {cell}");
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} cells were found");
    Ok(())
}

/// The clients' tests run the script; the document shows a part of it.
#[test]
fn the_documented_introspecting_server_is_the_tested_one() -> anyhow::Result<()> {
    let document = std::fs::read_to_string(root().join("docs/your-own-services.md"))?;
    let script = std::fs::read_to_string(root().join("tests/clients/introspection.py"))?;
    let shown = document
        .split_once("<!-- introspection.py -->\n\n```python\n")
        .and_then(|(_, rest)| rest.split_once("```"));
    let (shown, _) = shown.context("the document shows no script")?;
    assert!(script.contains(shown), "the script lacks:\n{shown}");
    Ok(())
}

pub(crate) fn read_sources(folder: &Path, sources: &mut String) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_sources(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(path)?);
        }
    }
    Ok(())
}

/// Paths in backquotes and in links: with a slash or an ending, and no wildcard.
fn named_files(text: &str) -> Vec<String> {
    let mut outside_blocks = String::new();
    for (index, part) in text.split("```").enumerate() {
        if index % 2 == 0 {
            outside_blocks.push_str(part);
        }
    }
    let quoted = outside_blocks.split('`').skip(1).step_by(2);
    let linked = outside_blocks
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    quoted
        .chain(linked)
        .map(|name| name.split('#').next().unwrap_or_default())
        .filter(|name| is_path(name))
        .map(str::to_owned)
        .collect()
}

fn is_path(name: &str) -> bool {
    const ROOTS: [&str; 8] = [
        "functions/",
        "shared/",
        "infra/",
        "events/",
        "tests/",
        "docs/",
        ".ci/",
        "decisions/",
    ];
    const ENDINGS: [&str; 3] = [".md", ".yaml", ".toml"];
    let plain = !name.contains([' ', '*', '{', '<', ':'])
        && !name.contains("NAME")
        && !name.contains("NNNN");
    plain
        && !name.starts_with('/')
        && (ROOTS.iter().any(|root| name.starts_with(root))
            || ENDINGS.iter().any(|ending| name.ends_with(ending)))
}
