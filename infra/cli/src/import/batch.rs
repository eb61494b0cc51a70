//! Imports lines concurrently and many at once, with the same result as importing them one by
//! one.
//!
//! Only lines that claim the same username, e-mail address or id can conflict. Those form a
//! chain and are imported in the order of the file. The first lines of all chains share
//! transactions, then the second ones, and so on.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;
use gatehouse_store::{Claim, ImportBatch, Imported, StoreError};

use super::line::Line;

/// What became of a batch, in its order; or the index of the user that failed, and why.
pub(super) type BatchResult = Result<Vec<Imported>, (usize, StoreError)>;

/// Calls `call` for batches of all lines that have a user; returns the results by the index of
/// the line.
///
/// # Errors
/// The error of the first line that failed. Other lines may have been written.
pub(super) async fn run<'a>(
    lines: &'a [Line],
    concurrency: usize,
    call: impl AsyncFn(ImportBatch<'a>) -> BatchResult,
) -> anyhow::Result<BTreeMap<usize, Imported>> {
    let mut chains: Vec<_> = chains(lines).into_iter().map(Vec::into_iter).collect();
    let mut done = BTreeMap::new();
    loop {
        let wave: Vec<_> = chains.iter_mut().filter_map(Iterator::next).collect();
        if wave.is_empty() {
            return Ok(done);
        }
        let batches = together(&wave).into_iter().map(async |(indices, batch)| {
            let result = call(batch).await;
            (indices, result)
        });
        let batches: Vec<_> = stream::iter(batches)
            .buffer_unordered(concurrency)
            .collect()
            .await;
        let mut failed: Option<(usize, StoreError)> = None;
        for (indices, result) in batches {
            match result {
                Ok(imported) => done.extend(indices.into_iter().zip(imported)),
                Err((position, error)) => {
                    let index = indices.get(position).copied().unwrap_or_default();
                    if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                        failed = Some((index, error));
                    }
                }
            }
        }
        // The next lines may claim the same as a failed one, so they have to wait for the next run.
        if let Some((index, error)) = failed {
            let number = lines.get(index).map_or(0, |line| line.number);
            let resume = format!("line {number}: run the same command again to resume");
            return Err(error).context(resume);
        }
    }
}

/// Groups lines that claim nothing in common, each group with as many as one transaction
/// can have.
fn together<'a>(lines: &[(usize, &'a User)]) -> Vec<(Vec<usize>, ImportBatch<'a>)> {
    let mut batches: Vec<(Vec<usize>, ImportBatch<'a>)> = Vec::new();
    for (index, user) in lines {
        if let Some((indices, batch)) = batches.last_mut()
            && batch.add(user)
        {
            indices.push(*index);
        } else {
            batches.push((vec![*index], ImportBatch::of(user)));
        }
    }
    batches
}

/// Groups lines that share a claim, directly or through other lines.
fn chains(lines: &[Line]) -> Vec<Vec<(usize, &User)>> {
    // Each line points to an earlier one in its chain; the first points to itself.
    let mut leads: Vec<usize> = (0..lines.len()).collect();
    let mut claimed: HashMap<ItemKey, usize> = HashMap::new();
    let users = lines.iter().enumerate();
    let users = users.filter_map(|(index, line)| Some((index, line.user()?)));
    let users: Vec<(usize, &User)> = users.collect();
    for (index, user) in &users {
        for key in Claim::ALL.into_iter().filter_map(|claim| claim.key(user)) {
            let other = *claimed.entry(key).or_insert(*index);
            let (one, other) = (first(&leads, *index), first(&leads, other));
            if let Some(lead) = leads.get_mut(one.max(other)) {
                *lead = one.min(other);
            }
        }
    }
    let mut chains: BTreeMap<usize, Vec<(usize, &User)>> = BTreeMap::new();
    for (index, user) in users {
        let chain = chains.entry(first(&leads, index)).or_default();
        chain.push((index, user));
    }
    chains.into_values().collect()
}

fn first(leads: &[usize], mut index: usize) -> usize {
    while let Some(lead) = leads.get(index).filter(|lead| **lead != index) {
        index = *lead;
    }
    index
}
