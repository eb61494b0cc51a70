//! `gatehouse new` writes everything or nothing.

use std::collections::BTreeMap;
use std::path::Path;

use gatehouse_tests::binaries::root;

use crate::project::Project;

/// The files that the command changes.
const CHANGED: [&str; 9] = [
    "tests/end_to_end/every_endpoint.rs",
    "tests/end_to_end/rights.rs",
    "tests/end_to_end/privileges.rs",
    "tests/end_to_end/events.rs",
    "tests/end_to_end/contract.rs",
    "tests/Cargo.toml",
    "events/README.md",
    "docs/api.md",
    "Cargo.lock",
];

/// Creates a project with those files and the template.
pub(crate) fn project() -> anyhow::Result<Project> {
    let project = Project::new()?;
    for folder in ["tests/end_to_end", "events", "docs", "functions/old"] {
        std::fs::create_dir_all(project.path(folder))?;
    }
    for file in CHANGED {
        std::fs::copy(root().join(file), project.path(file))?;
    }
    Ok(project)
}

#[test]
fn it_writes_the_function_and_lists_the_files() -> anyhow::Result<()> {
    let project = project()?;
    let before = files(&project.path(""))?;
    let ended = project.run(&["new", "reports", "--json"])?;
    assert!(ended.succeeded(), "{ended:?}");
    let output: serde_json::Value = serde_json::from_str(&ended.out)?;
    assert_eq!(output["route"], "GET /reports");
    let after = files(&project.path(""))?;
    let changed = after
        .iter()
        .filter(|(file, text)| before.get(*file) != Some(*text));
    let changed: Vec<&String> = changed.map(|(file, _)| file).collect();
    let mut listed: Vec<String> = serde_json::from_value(output["files"].clone())?;
    listed.sort();
    assert_eq!(changed, listed.iter().collect::<Vec<_>>());
    assert_eq!(listed.len(), 16, "{listed:?}");

    let again = project.run(&["new", "reports"])?;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains("functions/reports exists"), "{again:?}");
    assert_eq!(files(&project.path(""))?, after);
    Ok(())
}

#[test]
fn a_refusal_changes_nothing() -> anyhow::Result<()> {
    let project = project()?;
    let before = files(&project.path(""))?;
    for (words, code, expected) in [
        (&["Reports"][..], 2, "words of lower-case letters"),
        (&["match"], 2, "reserves this name"),
        (&["old"], 1, "functions/old exists"),
        (&["serde"], 1, "serde is the name of a crate"),
        (&["reports", "--route", "reports"], 2, "a route is a method"),
        (
            &["reports", "--route", "GET /me"],
            1,
            "has the route GET /me",
        ),
        (&["reports", "--route", "GET /admin/x"], 1, "--role admin"),
        (&["reports", "--role", "An Editor"], 2, "role"),
        (&["reports", "--scope", "a b"], 2, "give one scope"),
        (&["revoke"], 1, "has a resource RevokeRoute"),
    ] {
        let ended = project.run(&[&["new"], words].concat())?;
        assert_eq!(ended.code, Some(code), "{words:?}: {ended:?}");
        assert!(ended.err.contains(expected), "{words:?}: {ended:?}");
        assert_eq!(files(&project.path(""))?, before, "{words:?}");
    }
    Ok(())
}

#[test]
fn a_template_of_another_structure_stays_and_the_pieces_are_printed() -> anyhow::Result<()> {
    let project = project()?;
    let template = project.read("infra/template.yaml")?;
    project.write(
        "infra/template.yaml",
        &template.replace("  FunctionThrottleAlarm:", "  ThrottledAlarm:"),
    )?;
    let before = files(&project.path(""))?;
    let ended = project.run(&["new", "reports"])?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for expected in [
        "# Under Resources:\n  ReportsFunction:",
        "        - !Ref ReportsRole",
        "no FunctionThrottleAlarm",
        "nothing was written",
    ] {
        assert!(ended.err.contains(expected), "{expected}: {ended:?}");
    }
    assert_eq!(files(&project.path(""))?, before);
    Ok(())
}

#[test]
fn a_missing_or_unknown_file_of_the_tests_is_named() -> anyhow::Result<()> {
    let project = project()?;
    let rights = "tests/end_to_end/rights.rs";
    let text = project.read(rights)?;
    project.write(rights, &text.replace("const ROUTES", "const TABLE"))?;
    let before = files(&project.path(""))?;
    let ended = project.run(&["new", "reports"])?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("it has no table ROUTES"), "{ended:?}");
    std::fs::remove_file(project.path(rights))?;
    let ended = project.run(&["new", "reports"])?;
    assert!(
        ended.err.contains("cannot read tests/end_to_end/rights.rs"),
        "{ended:?}"
    );
    assert_eq!(files(&project.path(""))?.len(), before.len() - 1);

    let elsewhere = tempfile::tempdir()?;
    let mut command = project.command(&["new", "reports"]);
    let output = command.current_dir(elsewhere.path()).output()?;
    let err = String::from_utf8(output.stderr)?;
    assert!(err.contains("run the command inside the project"), "{err}");
    Ok(())
}

/// Returns every file of a folder with its contents.
fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            let inner = files(&path)?.into_iter();
            found.extend(inner.map(|(file, text)| (format!("{name}/{file}"), text)));
        } else {
            found.insert(name.into_owned(), std::fs::read_to_string(&path)?);
        }
    }
    Ok(found)
}
