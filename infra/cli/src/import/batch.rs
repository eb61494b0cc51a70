//! Imports lines concurrently, with the same result as importing them one by one.
//!
//! Only lines that claim the same username, e-mail address or id can conflict. Those form a
//! chain and are imported in the order of the file; different chains run concurrently.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;
use gatehouse_store::{Claim, Imported};

use super::line::Line;

/// Calls `call` for each line that has a user; returns the results by the index of the line.
///
/// # Errors
/// The error of the first line that failed. Other lines may have been written.
pub(super) async fn run(
    lines: &[Line],
    concurrency: usize,
    call: impl AsyncFn(&User) -> anyhow::Result<Imported>,
) -> anyhow::Result<BTreeMap<usize, Imported>> {
    let chains = chains(lines).into_iter().map(async |chain| {
        let mut done = Vec::new();
        for (index, user) in chain {
            let imported = call(user).await;
            let failed = imported.is_err();
            done.push((index, imported));
            if failed {
                // The next line may claim the same as this one, so it has to wait for the next run.
                break;
            }
        }
        done
    });
    let done: Vec<_> = stream::iter(chains)
        .buffer_unordered(concurrency)
        .collect()
        .await;
    let done: BTreeMap<_, _> = done.into_iter().flatten().collect();
    let done = done.into_iter().map(|(index, imported)| {
        let number = lines.get(index).map_or(0, |line| line.number);
        let resume = || format!("line {number}: run the same command again to resume");
        Ok((index, imported.with_context(resume)?))
    });
    done.collect()
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
