//! A person, shown: everything but the password's hash.

use std::fmt::Write as _;

use gatehouse_auth::role::Role;
use gatehouse_auth::user::{Status, User};
use serde_json::{Value, json};

use super::people::Person;
use crate::answer::Answer;

/// Shows one person.
pub(super) fn one(person: &Person) -> Answer {
    let user = &person.user;
    let mut text = format!("{}\n", user.username);
    let email = user.email.as_deref().unwrap_or("none");
    for (name, value) in [
        ("id", user.sub.to_string()),
        ("e-mail", email.to_owned()),
        ("roles", roles(user)),
        ("status", status(user).to_owned()),
        ("made", user.created_at.to_string()),
        ("changed", user.updated_at.to_string()),
        ("password", format!("set {}", user.password_changed_at)),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<10}{value}");
    }
    Answer {
        text,
        json: json(user),
    }
}

/// A person as scripts see them.
pub(super) fn json(user: &User) -> Value {
    let roles: Vec<&str> = user.roles.iter().map(Role::as_str).collect();
    json!({
        "id": user.sub,
        "username": user.username,
        "email": user.email,
        "roles": roles,
        "status": user.status,
        "created_at": user.created_at.to_string(),
        "updated_at": user.updated_at.to_string(),
        "password_changed_at": user.password_changed_at.to_string(),
    })
}

/// The roles on one line.
pub(super) fn roles(user: &User) -> String {
    let roles = user.roles.to_string();
    if roles.is_empty() {
        "none".to_owned()
    } else {
        roles
    }
}

fn status(user: &User) -> &'static str {
    match user.status {
        Status::Active => "active",
        Status::Disabled => "disabled",
    }
}
