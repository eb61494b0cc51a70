//! Users as text and as JSON, without password hashes.

use std::fmt::Write as _;

use gatehouse_auth::role::Role;
use gatehouse_auth::user::{Profile, Status, User};
use gatehouse_edge::{Account, EmailSuppression};
use serde_json::{Value, json};

use super::suppression;
use super::tables::Tables;
use crate::output::{Output, table};
use crate::progress;
use crate::target::Target;

/// Shows one user, and whether SES sends nothing to their address.
pub(super) async fn user(target: &Target, user: &User) -> Output {
    let suppression = suppression::of(target, user).await;
    let mut text = format!("{}\n", user.username);
    let suppressed = match suppression {
        None | Some(EmailSuppression::NotListed) => "",
        Some(EmailSuppression::Listed) => {
            ", to which SES sends nothing, because a mail bounced or was reported as spam (`users email NAME --unsuppress` changes that)"
        }
        Some(EmailSuppression::Unknown) => {
            ", to which SES may send nothing: its list is unavailable"
        }
    };
    let (held, waiting) = if user.email.is_some() {
        (suppressed, "")
    } else {
        ("", suppressed)
    };
    for (name, value) in [
        ("id", user.sub.to_string()),
        ("e-mail", format!("{}{held}", email(user))),
        ("roles", roles(&user.roles.to_string())),
        ("status", status(user.status).to_owned()),
        ("created", user.created_at.to_string()),
        ("updated", user.updated_at.to_string()),
        ("password", password(user)),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<10}{value}");
    }
    if let Some(address) = &user.pending_email {
        let _ = writeln!(
            text,
            "  {:<10}{address}, until it is verified{waiting}",
            "waiting"
        );
    }
    if let Some(id) = &user.external_id {
        let _ = writeln!(text, "  {:<10}{id}", "old id");
    }
    let profile = Profile::from(user.clone());
    let account = Account::of(&profile).with_suppression(suppression);
    Output::new(text, json!(account))
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

fn email(user: &User) -> String {
    match (&user.email, user.email_verified_at) {
        (None, _) => "none".to_owned(),
        (Some(address), None) => format!("{address}, not verified"),
        (Some(address), Some(at)) => format!("{address}, verified {at}"),
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
