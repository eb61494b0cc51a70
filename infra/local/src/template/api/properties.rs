//! The resolved properties of a resource.

use crate::template::error::TemplateError;
use crate::template::function::FunctionSpec;
use crate::template::node::Node;
use crate::template::resolve::Resolver;
use crate::template::resource::Resource;

/// The properties of a resource, resolved.
pub(super) struct Properties<'a> {
    resource: &'a Resource<'a>,
    node: Node,
}

impl<'a> Properties<'a> {
    pub(super) fn resolve(
        resource: &'a Resource<'a>,
        resolver: &Resolver<'_>,
    ) -> Result<Self, TemplateError> {
        let written = resource
            .properties
            .ok_or_else(|| resource.lacks("Properties"))?;
        let node = resolver.present(written)?;
        Ok(Self { resource, node })
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.node.get(key)
    }

    pub(super) fn required(&self, key: &str) -> Result<&Node, TemplateError> {
        self.get(key).ok_or_else(|| self.resource.lacks(key))
    }

    /// Rejects every value except the only one that the local stack supports.
    pub(super) fn expect(&self, key: &str, only: &str) -> Result<(), TemplateError> {
        let node = self.required(key)?;
        let text = node.text()?;
        if text.eq_ignore_ascii_case(only) {
            return Ok(());
        }
        let id = self.resource.id;
        Err(node.error(format!(
            "{id} has {key} {text}, but the local stack only supports {only}"
        )))
    }
}

/// Returns the function that a URI names: an ARN, or one inside API Gateway's URI.
pub(super) fn function_of(uri: &Node, functions: &[FunctionSpec]) -> Result<String, TemplateError> {
    let text = uri.text()?;
    let name = text.rsplit_once(":function:").map_or("", |(_, name)| name);
    let name = name.strip_suffix("/invocations").unwrap_or(name);
    match functions.iter().find(|function| function.name == name) {
        Some(function) => Ok(function.name.clone()),
        None => Err(uri.error(format!("this is not a function of the template: {text}"))),
    }
}
