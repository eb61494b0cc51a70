//! The file from which `cargo lambda watch` reads the functions' environment. The workspace's
//! `Cargo.toml` refers to it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gatehouse_local::private;
use gatehouse_store::private_file;

/// The name of the file, which the workspace's `Cargo.toml` also contains.
const NAME: &str = "functions.env";

/// Writes the variables and returns the path of the file.
pub(crate) fn write(
    directory: &Path,
    variables: &BTreeMap<String, String>,
) -> anyhow::Result<PathBuf> {
    let file = directory.join(NAME);
    let unwritable = || format!("cannot write {}", file.display());
    private::directory(directory).with_context(unwritable)?;
    let mut text = String::new();
    for (name, value) in variables {
        text.extend([name, "=", &quoted(value), "\n"]);
    }
    // A proxy that the user has configured must not intercept requests to the local tables.
    text.push_str("NO_PROXY=\"127.0.0.1,localhost\"\n");
    private_file::write(&file, &text).with_context(unwritable)?;
    Ok(file)
}

/// Reads the variables back, if the file exists.
pub(crate) fn read(directory: &Path) -> anyhow::Result<Option<BTreeMap<String, String>>> {
    let file = directory.join(NAME);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let unreadable = format!("cannot read {}", file.display());
            return Err(error).context(unreadable);
        }
    };
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some((name.to_owned(), unquoted(value)))
    };
    Ok(Some(text.lines().filter_map(pair).collect()))
}

/// Quotes a value: without quotes, JSON would be cut off.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Reverses [`quoted`].
fn unquoted(value: &str) -> String {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let mut plain = String::new();
    let mut letters = inner.unwrap_or(value).chars();
    while let Some(letter) = letters.next() {
        let escaped = if letter == '\\' { letters.next() } else { None };
        plain.push(escaped.unwrap_or(letter));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let variables = [("A", r#"{"user":["x"]}"#), ("B", "")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables: BTreeMap<String, String> = variables.into();
        let file = write(directory.path(), &variables).unwrap();
        assert_eq!(
            fs::read_to_string(file).unwrap(),
            "A=\"{\\\"user\\\":[\\\"x\\\"]}\"\nB=\"\"\nNO_PROXY=\"127.0.0.1,localhost\"\n"
        );
        let mut read = read(directory.path()).unwrap().unwrap();
        read.remove("NO_PROXY");
        assert_eq!(read, variables);
    }

    #[test]
    fn a_missing_file_has_no_variables() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(directory.path()).unwrap(), None);
    }
}
