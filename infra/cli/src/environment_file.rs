//! The file that tells `cargo lambda watch` what the functions' environment
//! is; the `Cargo.toml` of the workspace names it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Writes the variables, and returns the file.
pub(crate) fn write(
    directory: &Path,
    variables: &BTreeMap<String, String>,
) -> anyhow::Result<PathBuf> {
    let file = directory.join("functions.env");
    let unwritable = || format!("{} cannot be written", file.display());
    fs::create_dir_all(directory).with_context(unwritable)?;
    let mut text = String::new();
    for (name, value) in variables {
        text.extend([name, "=", &quoted(value), "\n"]);
    }
    // A proxy of the person's own must not stand before the local tables.
    text.push_str("NO_PROXY=\"127.0.0.1,localhost\"\n");
    fs::write(&file, text).with_context(unwritable)?;
    Ok(file)
}

/// Quotes a value, since JSON would end the line early.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let variables = [("A", r#"{"user":["x"]}"#), ("B", "")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let file = write(directory.path(), &variables.into()).unwrap();
        assert_eq!(
            fs::read_to_string(file).unwrap(),
            "A=\"{\\\"user\\\":[\\\"x\\\"]}\"\nB=\"\"\nNO_PROXY=\"127.0.0.1,localhost\"\n"
        );
    }
}
