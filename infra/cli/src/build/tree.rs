//! The crates that a function links, according to Cargo: without build scripts, macros and
//! tests, and with only the features that this function needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, ensure};
use tokio::process::Command;

use super::workspace::CrateId;

/// Each crate with the crates that it uses. The function itself is one of them.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: CrateId,
    pub(super) uses: BTreeMap<CrateId, BTreeSet<CrateId>>,
}

impl Tree {
    /// Runs `cargo tree`.
    pub(super) async fn read(root: &Path, function: &str, target: &str) -> anyhow::Result<Self> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(root).args(["tree", "--locked"]);
        cargo.args(["--package", function, "--target", target]);
        cargo.args(["--edges", "normal,no-proc-macro", "--prefix", "depth"]);
        let output = cargo.output().await.context("cannot start cargo")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo tree failed: {errors}");
        Self::parse(&String::from_utf8(output.stdout)?)
    }

    /// Parses lines such as `1serde v1.0.2`, whose number is the depth. A crate's own
    /// crates follow it only where it is first.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut uses: BTreeMap<CrateId, BTreeSet<CrateId>> = BTreeMap::new();
        let mut above: Vec<CrateId> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let parsed = parse_line(line);
            let (depth, id) = parsed.with_context(|| format!("cargo tree printed {line:?}"))?;
            above.truncate(depth);
            if let Some(user) = above.last() {
                uses.entry(user.clone()).or_default().insert(id.clone());
            }
            uses.entry(id.clone()).or_default();
            above.push(id);
        }
        let root = above
            .into_iter()
            .next()
            .context("cargo tree printed nothing")?;
        Ok(Self { root, uses })
    }
}

fn parse_line(line: &str) -> Option<(usize, CrateId)> {
    let digits = line.find(|letter: char| !letter.is_ascii_digit())?;
    let (depth, rest) = line.split_at(digits);
    let mut words = rest.split(' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    Some((depth.parse().ok()?, CrateId { name, version }))
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn the_depth_says_who_uses_a_crate() {
        let text = "0reports v0.1.0 (/project/functions/reports)\n\
                    1gatehouse-edge v0.1.0 (/project/shared/edge)\n\
                    2http v1.5.0\n\
                    3bytes v1.12.2\n\
                    2serde v1.0.2\n\
                    1http v1.5.0 (*)\n";
        let tree = Tree::parse(text).unwrap();
        assert_eq!(tree.root.name, "reports");
        let uses = tree.uses.iter().map(|(user, used)| {
            let used: Vec<&str> = used.iter().map(|id| &*id.name).collect();
            format!("{}: {}", user.name, used.join(" "))
        });
        let expected = [
            "bytes: ",
            "gatehouse-edge: http serde",
            "http: bytes",
            "reports: gatehouse-edge http",
            "serde: ",
        ];
        assert_eq!(uses.collect::<Vec<_>>(), expected);
        for (text, error) in [
            ("0serde\n", "cargo tree printed \"0serde\""),
            ("", "cargo tree printed nothing"),
        ] {
            assert_eq!(Tree::parse(text).unwrap_err().to_string(), error);
        }
    }
}
