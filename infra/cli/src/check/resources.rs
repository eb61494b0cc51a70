//! The resources of a stack: what the template says of them, and what they are called.

use std::path::Path;

use anyhow::Context as _;
use gatehouse_local::template_document;
use serde_json::Value;

use super::finding::Finding;
use crate::deployment::Deployment;

/// A resource of the template and of the stack.
pub(super) struct Resource {
    /// Its name in the template.
    pub(super) id: String,
    kind: String,
    /// Its name on AWS; empty if it is not there.
    pub(super) physical: String,
    /// As in the template, unresolved.
    pub(super) properties: Value,
}

impl Resource {
    /// The finding that the stack does not have it, if so.
    pub(super) fn missing(&self) -> Option<Finding> {
        self.physical
            .is_empty()
            .then(|| Finding::fail(self.id.as_str(), "is not in the stack: deploy again"))
    }

    /// The finding that a question about it was not answered.
    pub(super) fn unreadable(&self, error: &anyhow::Error) -> Finding {
        Finding::warn(self.id.as_str(), format!("cannot be inspected: {error:#}"))
    }
}

/// The template's resources whose condition holds, as far as the stack says.
pub(super) struct Resources(Vec<Resource>);

impl Resources {
    pub(super) async fn read(deployment: &Deployment, template: &Path) -> anyhow::Result<Self> {
        let physical = deployment.resources().await?;
        let document = template_document(template)?;
        let resources = document.get("Resources").and_then(Value::as_object);
        let resources = resources.context("the template has no resources")?;
        let resource = |(id, value): (&String, &Value)| Resource {
            id: id.clone(),
            kind: value
                .get("Type")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            physical: physical.get(id).cloned().unwrap_or_default(),
            properties: value.get("Properties").cloned().unwrap_or_default(),
        };
        Ok(Self(resources.iter().map(resource).collect()))
    }

    /// The resources of a type.
    pub(super) fn of_type(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.0.iter().filter(move |resource| resource.kind == kind)
    }
}
