//! A page: its programs, its commands, and the names that its tables map.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use gatehouse_tests::binaries::root;
use gatehouse_tests::document::{self, Step};

/// The folder of the pages.
const FOLDER: &str = "docs/migrating";

pub(crate) struct Page {
    path: String,
    text: String,
}

impl Page {
    /// Reads a page by its path from the root.
    pub(crate) fn read(path: &str) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(root().join(path));
        Ok(Self {
            path: path.to_owned(),
            text: text.with_context(|| path.to_owned())?,
        })
    }

    /// Reads all pages.
    pub(crate) fn all() -> anyhow::Result<Vec<Self>> {
        let mut pages = Vec::new();
        for entry in std::fs::read_dir(root().join(FOLDER))? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".md") {
                pages.push(Self::read(&format!("{FOLDER}/{name}"))?);
            }
        }
        Ok(pages)
    }

    /// Returns the programs, which are below `<!-- KIND: NAME -->`, by name.
    pub(crate) fn programs(&self, kind: &str) -> anyhow::Result<Vec<(&str, &str)>> {
        let marker = format!("<!-- {kind}: ");
        let parts = self.text.split(&marker).skip(1);
        parts
            .map(|part| {
                let (name, rest) = part.split_once(" -->").context("a marker ends")?;
                let block = rest.split("```").nth(1).context("a block follows")?;
                let (_, program) = block.split_once('\n').context("a block has lines")?;
                Ok((name, program))
            })
            .collect()
    }

    /// Returns the blocks of commands that a test runs.
    pub(crate) fn steps_run_by(&self, test: &str) -> Vec<Step> {
        document::steps_run_by(test, &self.text)
    }

    /// Returns what the tables below `<!-- names: LIST -->` map: for each list, the names
    /// in the first column, without their arguments.
    pub(crate) fn mapped(&self) -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
        let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for part in self.text.split("<!-- names: ").skip(1) {
            let (list, rest) = part.split_once(" -->").context("a marker ends")?;
            let names = lists.entry(list.to_owned()).or_default();
            let rows = rest.lines().skip_while(|line| !line.starts_with('|'));
            for row in rows.take_while(|line| line.starts_with('|')).skip(2) {
                let cell = row.split('|').nth(1).unwrap_or_default();
                for name in cell.split('`').skip(1).step_by(2) {
                    let name = name.split('(').next().unwrap_or_default().to_owned();
                    let is_new = names.insert(name.clone());
                    assert!(is_new, "{}: {list} has {name} twice", self.path);
                }
            }
        }
        Ok(lists)
    }
}
