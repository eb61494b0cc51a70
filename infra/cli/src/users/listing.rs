//! Users as text and as JSON, without password hashes.

use std::fmt::Write as _;

use gatehouse_auth::role::Role;
use gatehouse_auth::user::{Profile, Status, User};
use gatehouse_edge::Account;
use serde_json::{Value, json};

use super::tables::Tables;
use crate::output::{Output, table};
use crate::progress;

/// Shows one user.
pub(super) fn user(user: &User) -> Output {
    let mut text = format!("{}\n", user.username);
    let email = user.email.as_deref().unwrap_or("none");
    for (name, value) in [
        ("id", user.sub.to_string()),
        ("e-mail", email.to_owned()),
        ("roles", roles(&user.roles.to_string())),
        ("status", status(user.status).to_owned()),
        ("created", user.created_at.to_string()),
        ("updated", user.updated_at.to_string()),
        ("password", password(user)),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<10}{value}");
    }
    if let Some(id) = &user.external_id {
        let _ = writeln!(text, "  {:<10}{id}", "old id");
    }
    Output::new(text, json(user))
}

/// Users per call.
const PAGE: u8 = 100;

/// Lists all users, or those with a role, sorted by username.
pub(super) async fn users(tables: &Tables, role: Option<&Role>) -> anyhow::Result<Output> {
    let mut listed: Vec<Profile> = Vec::new();
    let mut start = None;
    loop {
        let page = tables
            .accounts
            .users
            .page(start.as_ref(), PAGE, || false)
            .await?;
        let wanted = page.users.into_iter();
        listed
            .extend(wanted.filter(|one| role.is_none_or(|role| one.roles.contains(role.as_str()))));
        progress::say(format!("Reading users: {}", listed.len()));
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    listed.sort_by(|one, other| one.username.cmp(&other.username));
    let rows = listed.iter().map(|one| {
        [
            one.username.clone(),
            one.email.clone().unwrap_or_default(),
            status(one.status).to_owned(),
            roles(&one.roles.to_string()),
            one.sub.to_string(),
        ]
    });
    let mut text = String::new();
    if !listed.is_empty() {
        text = table(["username", "e-mail", "status", "roles", "id"], rows);
        text.push('\n');
    }
    let _ = writeln!(text, "accounts: {}", listed.len());
    let users: Vec<Account<'_>> = listed.iter().map(Account::of).collect();
    Ok(Output::new(text, json!({ "users": users })))
}

/// Returns a user as JSON, in the same form as the API.
pub(super) fn json(user: &User) -> Value {
    json!(Account::of(&Profile::from(user.clone())))
}

/// Formats roles, given their space-delimited names.
pub(super) fn roles(names: &str) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.to_owned()
    }
}

fn password(user: &User) -> String {
    match (&user.password_hash, user.password_changed_at) {
        (None, _) => {
            "none: the user cannot log in until `users recover` lets them set one".to_owned()
        }
        (Some(_), None) => "set".to_owned(),
        (Some(_), Some(at)) => format!("set {at}"),
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Disabled => "disabled",
    }
}
