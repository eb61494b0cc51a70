//! Every command in the documents is run by a test, or the text before it says that it is
//! not: see `docs/development.md`.

use gatehouse_tests::binaries::root;
use gatehouse_tests::document::{Block, blocks, documents};

#[test]
fn every_command_is_run_by_a_test_or_marked_as_not_run() -> anyhow::Result<()> {
    let mut checked = 0;
    for document in documents()? {
        let text = std::fs::read_to_string(root().join(&document))?;
        let document = document.to_string_lossy();
        for fence in ["```sh", "```bash", "```shell", "```text"] {
            assert!(!text.contains(fence), "{document}: write ```console");
        }
        for block in blocks(&text) {
            assert_block(&document, &block)?;
            checked += 1;
        }
    }
    assert!(checked > 15, "only {checked} blocks were found");
    Ok(())
}

fn assert_block(document: &str, block: &Block) -> anyhow::Result<()> {
    if block.before.contains("not run by a test") {
        return Ok(());
    }
    let mut sources = Vec::new();
    for file in &block.run_by {
        let path = root().join(file);
        assert!(path.is_file(), "{document} names {file}, which is missing");
        let source = std::fs::read_to_string(path)?;
        // A test that calls `document::steps_run_by` with its own name runs every command.
        let names = |path: &str| source.contains(&format!("\"{path}\""));
        if names(file) && names(document) {
            return Ok(());
        }
        sources.push(source);
    }
    for command in block.step.commands.lines() {
        let command = command.split("  #").next().unwrap_or_default();
        let command = command.split(" # ").next().unwrap_or_default().trim();
        assert!(
            sources.iter().any(|source| source.contains(command)),
            "{document}: none of {:?} runs `{command}`, and the paragraph before it does \
             not say \"not run by a test\"",
            block.run_by
        );
    }
    Ok(())
}
