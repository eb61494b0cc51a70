//! The resources of a stack: their properties in the template, and their names on AWS.

use std::path::Path;

use anyhow::Context as _;
use gatehouse_local::{resource_ids, template_document};
use serde_json::Value;

use super::finding::Finding;
use crate::deployment::Deployment;

/// A resource of the template, and its counterpart in the stack.
pub(super) struct Resource {
    /// Its logical id, the name in the template.
    pub(super) id: String,
    kind: String,
    /// Its physical id, the name on AWS; empty if it does not exist.
    pub(super) physical: String,
    /// Its properties in the template, unresolved.
    pub(super) properties: Value,
}

impl Resource {
    /// Returns a finding if the stack does not have this resource.
    pub(super) fn missing(&self) -> Option<Finding> {
        self.physical
            .is_empty()
            .then(|| Finding::fail(self.id.as_str(), "is not in the stack: deploy again"))
    }

    /// Returns a finding for a resource that could not be checked.
    pub(super) fn unreadable(&self, error: &anyhow::Error) -> Finding {
        Finding::warn(self.id.as_str(), format!("cannot be checked: {error:#}"))
    }
}

/// The resources of the template.
pub(super) struct Resources(Vec<Resource>);

impl Resources {
    pub(super) async fn read(deployment: &Deployment, template: &Path) -> anyhow::Result<Self> {
        let physical = deployment.resources().await?;
        let document = template_document(template)?;
        // A condition may leave a resource out of the stack.
        let present = resource_ids(template, deployment.parameters())?;
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
        let wanted = resources.iter().filter(|(id, _)| present.contains(*id));
        Ok(Self(wanted.map(resource).collect()))
    }

    /// Returns the resources of a type.
    pub(super) fn of_type(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.0.iter().filter(move |resource| resource.kind == kind)
    }
}
