//! Lines that are imported side by side, as if they were imported one by one.
//!
//! Only lines that claim the same thing can get in each other's way. Those form a
//! chain and go in the order of the file; chains go side by side.

use std::collections::HashMap;

use futures_util::{StreamExt as _, stream};
use gatehouse_store::{Claim, Imported};

use super::outcome::Line;
use super::tables::ImportTables;

/// Imports lines; returns what the table said to each that has a person, in the
/// order of the file.
///
/// # Errors
/// The first line with an error; others may have been written.
pub(super) async fn import(
    lines: &[Line],
    tables: &ImportTables,
    at_once: usize,
) -> anyhow::Result<Vec<Option<Imported>>> {
    let chains = chains(lines).into_iter().map(async |chain| {
        let mut done = Vec::new();
        for index in chain {
            let Some(line) = lines.get(index) else {
                continue;
            };
            let Some(user) = line.user() else { continue };
            let imported = tables.import(user).await;
            let failed = imported.is_err();
            done.push((index, imported));
            if failed {
                // The next one may claim what this one would have had.
                break;
            }
        }
        done
    });
    let done: Vec<_> = stream::iter(chains)
        .buffer_unordered(at_once)
        .collect()
        .await;
    in_order(lines, done.into_iter().flatten())
}

/// Says what an import would do with each line, whatever the others do.
pub(super) async fn foresee(
    lines: &[Line],
    tables: &ImportTables,
    at_once: usize,
) -> anyhow::Result<Vec<Option<Imported>>> {
    let users = lines.iter().enumerate();
    let users = users.filter_map(|(index, line)| Some((index, line.user()?)));
    let calls = users.map(async |(index, user)| (index, tables.foresee(user).await));
    let done: Vec<_> = stream::iter(calls)
        .buffer_unordered(at_once)
        .collect()
        .await;
    in_order(lines, done)
}

fn in_order(
    lines: &[Line],
    done: impl IntoIterator<Item = (usize, anyhow::Result<Imported>)>,
) -> anyhow::Result<Vec<Option<Imported>>> {
    let mut done: HashMap<usize, _> = done.into_iter().collect();
    let of = |(index, line): (usize, &Line)| match done.remove(&index) {
        None => Ok(None),
        Some(imported) => imported.map(Some).map_err(|error| {
            error.context(format!(
                "line {}: run the same command again to resume",
                line.number
            ))
        }),
    };
    lines.iter().enumerate().map(of).collect()
}

/// Groups lines that share a claim, directly or through others.
fn chains(lines: &[Line]) -> Vec<Vec<usize>> {
    // Each line leads to an earlier one of its chain; the first leads to itself.
    let mut leads: Vec<usize> = (0..lines.len()).collect();
    let mut claimed: HashMap<String, usize> = HashMap::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(user) = line.user() else { continue };
        for key in Claim::ALL.into_iter().filter_map(|claim| claim.key(user)) {
            let other = *claimed.entry(key).or_insert(index);
            let (one, other) = (first(&leads, index), first(&leads, other));
            if let Some(lead) = leads.get_mut(one.max(other)) {
                *lead = one.min(other);
            }
        }
    }
    let mut chains: Vec<Vec<usize>> = vec![Vec::new(); lines.len()];
    for index in 0..lines.len() {
        if let Some(chain) = chains.get_mut(first(&leads, index)) {
            chain.push(index);
        }
    }
    chains.retain(|chain| !chain.is_empty());
    chains
}

fn first(leads: &[usize], mut index: usize) -> usize {
    while let Some(lead) = leads.get(index).filter(|lead| **lead != index) {
        index = *lead;
    }
    index
}
