//! What the tables and the secret hold, without what differs from run to run.

use std::collections::BTreeSet;

use gatehouse_testing::subject;
use serde_json::Value;

use crate::people::People;
use crate::world::World;

/// One line per item. Equal lines count once: a repeated login leaves two sessions, and that
/// is as it should be.
pub(crate) type Lines = BTreeSet<String>;

/// Counters of attempts grow with each of them; their own tests know by how much.
const UNCOMPARED: &str = "LoginAttemptsTable";
/// Attributes whose value differs from run to run.
const VARYING: [&str; 6] = [
    "attempt_id",
    "auth_time",
    "ip",
    "mac_kid",
    "user_agent",
    "version",
];

/// Describes everything that is stored.
pub(crate) fn lines(world: &World, people: &People) -> Lines {
    let contents = world.tables.contents();
    let mut lines = Lines::new();
    for (table, items) in &contents {
        if table == UNCOMPARED {
            continue;
        }
        for item in items {
            let attributes = item.as_object().unwrap().iter();
            let mut attributes: Vec<String> = attributes
                .map(|(name, value)| attribute(name, value, people))
                .collect();
            attributes.sort_unstable();
            let table = table.trim_end_matches("Table");
            lines.insert(format!("{table}: {}", attributes.join(" ")));
        }
    }
    let (labels, ring) = world.secrets.summary();
    lines.insert(format!("Secret: {labels} ring {ring}"));
    lines
}

fn attribute(name: &str, value: &Value, people: &People) -> String {
    if name.ends_with("_at") || VARYING.contains(&name) {
        return format!("{name}=…");
    }
    let value = value.to_string();
    if name == "password_hash" {
        let known = value.contains(&people.hash);
        return format!("{name}={}", if known { "old" } else { "new" });
    }
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let mut normal = String::new();
    let mut rest = value.as_str();
    while let Some(start) = rest.find(is_word) {
        normal.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        normal.push_str(&word(&rest[..end], people));
        rest = &rest[end..];
    }
    normal.push_str(rest);
    format!("{name}={normal}")
}

/// Replaces ids by who or what they are of, and moments by nothing.
fn word(word: &str, people: &People) -> String {
    if word.len() == 10 && word.starts_with("18") && word.bytes().all(|byte| byte.is_ascii_digit())
    {
        return "…".to_owned();
    }
    if word.len() < 11 {
        return word.to_owned();
    }
    for (id, name) in [
        (people.own.sid(), "own"),
        (people.other.sid(), "other"),
        (people.root.sid(), "root"),
        (subject("ada").as_str(), "ada"),
        (subject("root").as_str(), "root"),
        (subject("rita").as_str(), "rita"),
    ] {
        if word == id {
            return format!("<{name}>");
        }
    }
    if word.len() < 20
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    {
        return word.to_owned();
    }
    "<new>".to_owned()
}
