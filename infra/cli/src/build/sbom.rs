//! A bill of materials for one function, in the format `CycloneDX` 1.6.
//!
//! It has neither a time nor a serial number, so the same package has the same one.

use serde::Serialize;
use serde_json::json;

use super::package::Package;
use super::toolchain::Toolchain;
use super::tree::Tree;
use super::workspace::{CrateId, Workspace};

/// What a bill of materials is made of.
pub(super) struct Sbom<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) toolchain: &'a Toolchain,
    pub(super) tree: &'a Tree,
    pub(super) target: &'a str,
}

/// A function, a crate or a tool.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    r#type: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    name: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_references: Vec<Reference<'a>>,
}

#[derive(Debug, Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Debug, Serialize)]
struct License {
    expression: String,
}

#[derive(Debug, Serialize)]
struct Reference<'a> {
    r#type: &'static str,
    url: &'a str,
}

impl Sbom<'_> {
    /// Returns the document about a package.
    pub(super) fn document(&self, package: &Package) -> anyhow::Result<String> {
        let function = &self.tree.root;
        let subject = Component {
            r#type: "application",
            hashes: vec![Hash::sha256(package.sha256())],
            ..self.component(function)?
        };
        let (mut components, mut dependencies) = (Vec::new(), Vec::new());
        for (id, used) in &self.tree.uses {
            let used: Vec<String> = used.iter().map(reference).collect();
            dependencies.push(json!({"ref": reference(id), "dependsOn": used}));
            if id != function {
                components.push(self.component(id)?);
            }
        }
        let document = json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "component": subject,
                "tools": {"components": self.tools()},
                "lifecycles": [{"phase": "build"}],
                "properties": [{"name": "gatehouse:target", "value": self.target}],
            },
            "components": components,
            "dependencies": dependencies,
        });
        Ok(format!("{document:#}\n"))
    }

    fn component<'a>(&'a self, id: &'a CrateId) -> anyhow::Result<Component<'a>> {
        let found = self.workspace.crate_of(id)?;
        let license = found.license.as_ref().map(|license| License {
            // Cargo still accepts a slash for `OR`, which SPDX never had.
            expression: license.replace('/', " OR "),
        });
        let repository = found
            .repository
            .as_ref()
            .map(|url| Reference { r#type: "vcs", url });
        // Only for crates.io: a scanner would otherwise look a crate of ours up there, and
        // find another one of the same name.
        let is_public = found.source.as_deref() == Some(CRATES_IO);
        // A `+` in a purl would be read as a blank.
        let version = id.version.replace('+', "%2B");
        Ok(Component {
            r#type: "library",
            reference: Some(reference(id)),
            name: &id.name,
            version: &id.version,
            hashes: found
                .checksum
                .clone()
                .map(Hash::sha256)
                .into_iter()
                .collect(),
            licenses: license.into_iter().collect(),
            purl: is_public.then(|| format!("pkg:cargo/{}@{version}", id.name)),
            external_references: repository.into_iter().collect(),
        })
    }

    /// The programs that decide the bytes of the package, and this one.
    fn tools(&self) -> Vec<Component<'_>> {
        let own = ("gatehouse", env!("CARGO_PKG_VERSION"));
        let tools = self.toolchain.tools.iter();
        let tools = tools.map(|tool| (tool.name, tool.version.as_str()));
        tools
            .chain([own])
            .map(|(name, version)| Component {
                r#type: "application",
                name,
                version,
                ..Component::default()
            })
            .collect()
    }
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

impl Hash {
    fn sha256(content: String) -> Self {
        let alg = "SHA-256";
        Self { alg, content }
    }
}

fn reference(id: &CrateId) -> String {
    format!("{}@{}", id.name, id.version)
}
