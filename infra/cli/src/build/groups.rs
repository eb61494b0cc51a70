//! Which functions Cargo can build at once without changing any of them.
//!
//! If two packages are built together, Cargo gives each crate the features that either needs.
//! Functions whose crates have the same features anyway get the same bytes, and share a build
//! that uses every processor: the last step of a single function uses one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, ensure};
use tokio::process::Command;

/// The features of each crate, by its name and version. A crate may be compiled once for the
/// function and once for a build script, with other features.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Divides functions into groups, in their order.
pub(super) async fn groups(
    root: &Path,
    functions: &[String],
    target: &str,
) -> anyhow::Result<Vec<Vec<String>>> {
    let mut all = Vec::new();
    for function in functions {
        all.push((function.clone(), features(root, function, target).await?));
    }
    Ok(divide(all))
}

fn divide(functions: Vec<(String, Features)>) -> Vec<Vec<String>> {
    let mut groups: Vec<(Vec<String>, Features)> = Vec::new();
    for (function, features) in functions {
        let found = groups.iter_mut().find(|(_, of)| agree(of, &features));
        match found {
            Some((members, of)) => {
                members.push(function);
                of.extend(features);
            }
            None => groups.push((vec![function], features)),
        }
    }
    groups.into_iter().map(|(members, _)| members).collect()
}

/// Whether each crate that both have has the same features in both.
fn agree(one: &Features, other: &Features) -> bool {
    let mut both = one.iter();
    both.all(|(name, features)| other.get(name).is_none_or(|of| of == features))
}

/// Asks Cargo for the features that a function's crates have if it is built by itself.
async fn features(root: &Path, function: &str, target: &str) -> anyhow::Result<Features> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["tree", "--locked"]);
    cargo.args(["--package", function, "--target", target]);
    cargo.args(["--edges", "normal,build", "--prefix", "none", "--no-dedupe"]);
    cargo.args(["--format", "{p}\t{f}"]);
    let output = cargo.output().await.context("cannot start cargo")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo tree failed: {errors}");
    let mut features = Features::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let (name, of) = line.split_once('\t').unwrap_or((line, ""));
        let all = features.entry(name.to_owned()).or_default();
        all.insert(of.to_owned());
    }
    Ok(features)
}

#[cfg(test)]
mod tests {
    use gatehouse_local::all_function_names;

    use super::*;
    use crate::project::{TEMPLATE, repository};

    #[test]
    fn functions_share_a_build_if_their_crates_have_the_same_features() {
        let function = |name: &str, crates: &[(&str, &str)]| {
            let features = crates.iter().map(|(name, features)| {
                ((*name).to_owned(), BTreeSet::from([(*features).to_owned()]))
            });
            (name.to_owned(), features.collect())
        };
        let divided = divide(vec![
            function("login", &[("http", ""), ("auth", "people")]),
            function("jwks", &[("http", ""), ("auth", "tokens")]),
            function("register", &[("auth", "people"), ("fetch", "tls")]),
            // It agrees with `login`, but not with `register`, which is in that group.
            function("email", &[("auth", "people"), ("fetch", "")]),
            function("logout", &[("auth", "tokens")]),
        ]);
        let divided: Vec<String> = divided.iter().map(|group| group.join(" ")).collect();
        assert_eq!(divided, ["login register", "jwks logout", "email"]);
    }

    #[tokio::test]
    async fn the_functions_share_builds_and_those_without_tokens_do_not() -> anyhow::Result<()> {
        let root = repository();
        let functions = all_function_names(&root.join(TEMPLATE))?;
        let groups = groups(&root, &functions, "x86_64-unknown-linux-gnu").await?;
        assert!(groups.len() < functions.len() / 2 + 1, "{groups:?}");
        assert!(groups.contains(&vec!["protected".to_owned()]), "{groups:?}");
        let all: BTreeSet<&String> = groups.iter().flatten().collect();
        assert_eq!(all.len(), functions.len());
        Ok(())
    }
}
