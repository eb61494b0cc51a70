//! `gatehouse users recanonicalise`: updates the canonical spelling of usernames to the
//! current rules.
//!
//! It first reads all users and plans: a username is only updated if no other user has, or
//! will have, its new spelling. Each update is one transaction, so another run continues an
//! interrupted one, and a second run finds nothing to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gatehouse_auth::user::User;
use gatehouse_auth::username::Username;
use gatehouse_edge::telemetry;
use gatehouse_store::Respelled;
use serde_json::json;

use super::tables::Tables;
use crate::output::{Output, Status};
use crate::progress;

/// Updates usernames whose canonical spelling changes; a dry run only plans.
pub(super) async fn names(tables: &Tables, dry_run: bool) -> anyhow::Result<Respelling> {
    let (users, unreadable) = all_users(tables).await?;
    let mut plan = Plan::new(users);
    let unreadable = unreadable.into_iter().map(|error| (Vec::new(), error));
    plan.conflicts.extend(unreadable);
    let mut respelling = Respelling {
        dry_run,
        moved: Vec::new(),
        conflicts: plan.conflicts,
    };
    let mut waiting = plan.moves;
    // A user's new spelling may be one that another user is about to give up.
    while !waiting.is_empty() && !dry_run {
        let mut taken = Vec::new();
        let before = waiting.len();
        for (user, canonical) in std::mem::take(&mut waiting) {
            match tables.accounts.users.respell(&user, &canonical).await? {
                Respelled::Done => {
                    respelling.moved.push((user, canonical));
                    progress::say(format!("Updating users: {}", respelling.moved.len()));
                }
                Respelled::Taken => taken.push((user, canonical)),
                Respelled::Changed => {
                    let why = "the account changed in the meantime: run the command again";
                    respelling.conflicts.push((vec![user], why.to_owned()));
                }
            }
        }
        if taken.len() == before {
            for (user, canonical) in taken {
                let why = format!("{canonical:?} was taken in the meantime");
                respelling.conflicts.push((vec![user], why));
            }
            break;
        }
        waiting = taken;
    }
    if dry_run {
        respelling.moved = waiting;
    }
    Ok(respelling)
}

/// The result of a run.
pub(super) struct Respelling {
    dry_run: bool,
    moved: Vec<(User, String)>,
    /// Users who keep their old spelling, and the reason.
    conflicts: Vec<(Vec<User>, String)>,
}

impl Respelling {
    pub(super) fn output(&self) -> Output {
        let mut text = String::new();
        let will = if self.dry_run {
            "would be updated"
        } else {
            "updated"
        };
        // Writing to a string cannot fail.
        for (user, canonical) in &self.moved {
            let (name, old) = (&user.username, &user.username_canonical);
            let _ = writeln!(
                text,
                "{name} ({}): {will} from {old} to {canonical}",
                user.sub
            );
        }
        for (users, why) in &self.conflicts {
            let users = users.iter();
            let named = users.map(|user| format!("{} ({})", user.username, user.sub));
            let mut named: Vec<String> = named.collect();
            if named.is_empty() {
                named.push("an account".to_owned());
            }
            let _ = writeln!(text, "{}: not updated, because {why}", named.join(" and "));
        }
        let (moved, conflicts) = (self.moved.len(), self.conflicts.len());
        let _ = writeln!(text, "{will}: {moved}, conflicts: {conflicts}");
        let moved = self.moved.iter().map(|(user, canonical)| {
            json!({ "id": user.sub, "username": user.username, "from": user.username_canonical, "to": canonical })
        });
        let conflicts = self.conflicts.iter().map(|(users, why)| {
            let users: Vec<_> = users
                .iter()
                .map(|user| json!({ "id": user.sub, "username": user.username }))
                .collect();
            json!({ "users": users, "reason": why })
        });
        let json = json!({
            "dry_run": self.dry_run,
            "moved": moved.collect::<Vec<_>>(),
            "conflicts": conflicts.collect::<Vec<_>>(),
        });
        let status = if self.conflicts.is_empty() {
            Status::Success
        } else {
            Status::Incomplete
        };
        Output { text, json, status }
    }
}

struct Plan {
    moves: Vec<(User, String)>,
    conflicts: Vec<(Vec<User>, String)>,
}

impl Plan {
    /// Groups users by the spelling that they should have. Users whose name is no longer a
    /// valid username keep their spelling.
    fn new(users: Vec<User>) -> Self {
        let mut plan = Self {
            moves: Vec::new(),
            conflicts: Vec::new(),
        };
        let mut by_spelling: BTreeMap<String, Vec<User>> = BTreeMap::new();
        for user in users {
            let spelling = match Username::parse(&user.username) {
                Ok(username) => username.canonical().to_owned(),
                Err(error) => {
                    plan.conflicts.push((vec![user.clone()], error.to_string()));
                    user.username_canonical.clone()
                }
            };
            by_spelling.entry(spelling).or_default().push(user);
        }
        for (spelling, users) in by_spelling {
            let moving = |user: &User| user.username_canonical != spelling;
            match users.as_slice() {
                [user] if moving(user) => plan.moves.push((user.clone(), spelling)),
                [] | [_] => {}
                several => {
                    let why = format!("all of them would be {spelling:?}");
                    plan.conflicts.push((several.to_vec(), why));
                }
            }
        }
        plan
    }
}

/// Returns all users, and why others could not be read.
async fn all_users(tables: &Tables) -> anyhow::Result<(Vec<User>, Vec<String>)> {
    let (mut users, mut unreadable) = (Vec::new(), Vec::new());
    let mut start = None;
    loop {
        let some = tables.accounts.users.export(start.as_deref()).await?;
        for user in some.users {
            match user {
                Ok(user) => users.push(user),
                Err(error) => unreadable.push(telemetry::chain(&error)),
            }
        }
        progress::say(format!("Reading users: {}", users.len()));
        start = some.next;
        if start.is_none() {
            return Ok((users, unreadable));
        }
    }
}

#[cfg(test)]
mod tests;
