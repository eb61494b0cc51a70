//! The images in `docs/images` are those that their sources describe.

use anyhow::{Context as _, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::settings::setting;

use crate::deployment;
use crate::sequence::Sequence;

#[test]
fn every_diagram_is_the_one_that_its_source_describes() -> anyhow::Result<()> {
    compare("deployment", &deployment::draw()?)?;
    let mut drawn = 0;
    for entry in std::fs::read_dir(root().join("docs/images"))? {
        let source = entry?.path();
        if source.extension().is_none_or(|ending| ending != "txt") {
            continue;
        }
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(&source)?;
        let sequence = Sequence::parse(&text).context(name.clone().into_owned())?;
        compare(&name, &sequence.draw()?)?;
        drawn += 1;
    }
    ensure!(drawn >= 5, "only {drawn} sources were found");
    Ok(())
}

fn compare(name: &str, svg: &str) -> anyhow::Result<()> {
    let image = root().join(format!("docs/images/{name}.svg"));
    if setting("UPDATE_DIAGRAMS").is_some() {
        std::fs::write(&image, svg)?;
    }
    let committed = std::fs::read_to_string(&image).unwrap_or_default();
    ensure!(
        committed == svg,
        "docs/images/{name}.svg is not what its source describes; draw it again: \
         UPDATE_DIAGRAMS=1 cargo test --test site"
    );
    Ok(())
}
