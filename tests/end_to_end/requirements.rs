//! The requirements: their tests exist, their sources are named, and `docs/assurance` shows them.

use std::path::Path;

use gatehouse_tests::binaries::root;
use gatehouse_tests::requirements::{Requirements, declared};
use gatehouse_tests::settings::setting;

#[test]
fn every_test_of_a_requirement_exists_and_is_run() -> anyhow::Result<()> {
    let requirements = Requirements::read()?;
    let lines = requirements.disagreements(&declared()?);
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    Ok(())
}

#[test]
fn requirements_are_numbered_in_order_and_have_a_source() -> anyhow::Result<()> {
    let requirements = Requirements::read()?;
    for (index, requirement) in requirements.all().enumerate() {
        assert_eq!(requirement.number, index + 1);
        assert!(!requirement.source.is_empty(), "{}", requirement.number);
        assert!(requirement.text.ends_with('.'), "{}", requirement.number);
        if let Some(decision) = &requirement.superseded {
            let path = format!("docs/decisions/{decision}.md");
            assert!(root().join(&path).exists(), "{path} does not exist");
        }
    }
    Ok(())
}

/// Set `UPDATE_ASSURANCE` to write the pages again.
#[test]
fn the_pages_show_the_list_of_requirements() -> anyhow::Result<()> {
    let requirements = Requirements::read()?;
    let summary = format!("\n{}\n", requirements.summary());
    generated("docs/assurance.md", &summary)?;
    generated("docs/assurance/requirements.md", &requirements.tables())
}

/// Compares what is between the marks with what it should be, or writes it.
fn generated(page: &str, content: &str) -> anyhow::Result<()> {
    let path = root().join(Path::new(page));
    let text = std::fs::read_to_string(&path)?;
    let Some((before, rest)) = text.split_once(BEGIN) else {
        anyhow::bail!("{page} has no mark");
    };
    let Some((current, after)) = rest.split_once(END) else {
        anyhow::bail!("{page} has no second mark");
    };
    if setting("UPDATE_ASSURANCE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{content}{END}{after}"))?;
        return Ok(());
    }
    assert!(
        current == content,
        "{page} is out of date: run the command that it names"
    );
    Ok(())
}

const BEGIN: &str = "<!-- generated: requirements -->\n";
const END: &str = "<!-- end of generated -->";
