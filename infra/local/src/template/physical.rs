//! The names of functions, tables and queues in the local stack.

use super::error::TemplateError;
use super::node::Node;

/// Returns the local name of a table, which is fixed so that settings for
/// `cargo lambda` can contain it.
pub(super) fn table_name(id: &str) -> String {
    local_name(id, "Table")
}

/// Returns the local name of a queue.
pub(super) fn queue_name(id: &str) -> String {
    local_name(id, "Queue")
}

fn local_name(id: &str, kind: &str) -> String {
    let stem = id
        .strip_suffix(kind)
        .filter(|stem| !stem.is_empty())
        .unwrap_or(id);
    let mut name = String::from("gatehouse-local");
    for letter in stem.chars() {
        if letter.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Returns the name of a function's binary: the last component of its `CodeUri`.
pub(super) fn binary_name(code_uri: &Node) -> Result<String, TemplateError> {
    let last = code_uri.text()?.trim_end_matches('/').rsplit('/').next();
    match last.filter(|name| !name.is_empty() && *name != "." && *name != "..") {
        Some(name) => Ok(name.to_owned()),
        None => Err(code_uri.error("CodeUri does not end in the name of a binary")),
    }
}
