//! The table of `docs/clients.md`.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use gatehouse_tests::binaries::root;

/// The columns after the client and its version.
pub(crate) const CAPABILITIES: [&str; 6] = [
    "discover",
    "verify",
    "call",
    "refresh",
    "revoke",
    "introspect",
];

pub(crate) struct Matrix {
    pub(crate) rows: BTreeMap<String, Row>,
}

pub(crate) struct Row {
    pub(crate) version: String,
    cells: BTreeMap<&'static str, String>,
}

/// What the table promises of one capability with one algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Works,
    Fails,
    /// The client has no such function.
    Absent,
}

impl Expected {
    /// True if the outcome, if there is one, is what the table promises.
    pub(crate) fn holds(self, outcome: Option<&str>) -> bool {
        match self {
            Self::Works => outcome == Some("yes"),
            Self::Fails => outcome.is_some_and(|outcome| outcome != "yes"),
            Self::Absent => outcome.is_none(),
        }
    }
}

impl Matrix {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(root().join("docs/clients.md"))?;
        let (_, table) = text
            .split_once("\n| client | version |")
            .context("docs/clients.md has no table of clients")?;
        // The rest of the heading, and the line below it.
        let lines = table.lines().skip(2);
        let rows = lines
            .take_while(|line| line.starts_with('|'))
            .map(Row::parse)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { rows })
    }
}

impl Row {
    fn parse(line: &str) -> anyhow::Result<(String, Self)> {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [client, version, rest @ ..] = cells.as_slice() else {
            bail!("a row without a version: {line}");
        };
        ensure!(
            rest.len() == CAPABILITIES.len(),
            "cells are missing: {line}"
        );
        let cells = CAPABILITIES
            .into_iter()
            .zip(rest.iter().map(|&cell| cell.to_owned()));
        let row = Self {
            version: (*version).to_owned(),
            cells: cells.collect(),
        };
        Ok(((*client).to_owned(), row))
    }

    pub(crate) fn expected(&self, capability: &str, algorithm: &str) -> anyhow::Result<Expected> {
        let cell = self
            .cells
            .get(capability)
            .context("an unknown capability")?;
        Ok(match cell.as_str() {
            "yes" => Expected::Works,
            "no" => Expected::Fails,
            "–" => Expected::Absent,
            but => {
                let except = but.strip_prefix("not ");
                let except = except.with_context(|| format!("an unknown cell: {cell}"))?;
                if except == algorithm {
                    Expected::Fails
                } else {
                    Expected::Works
                }
            }
        })
    }
}
