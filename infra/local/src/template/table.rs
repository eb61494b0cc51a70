//! Tables: converts each `AWS::DynamoDB::Table` into a request to create it.

use serde_json::{Map, Value as Json, json};

use super::error::TemplateError;
use super::node::Node;
use super::physical::table_name;
use super::resolve::Resolver;
use super::resource::Resource;

/// One table of the template.
#[derive(Debug, Clone)]
pub(crate) struct TableSpec {
    /// Its logical id.
    pub(crate) id: String,
    pub(crate) name: String,
    /// The body of `CreateTable`.
    pub(crate) request: Json,
    /// The attribute with the time to live.
    pub(crate) ttl: Option<String>,
}

/// Reads the tables among these resources.
pub(super) fn read<'a>(
    resources: impl IntoIterator<Item = &'a Resource<'a>>,
    resolver: &Resolver<'_>,
) -> Result<Vec<TableSpec>, TemplateError> {
    let tables = resources
        .into_iter()
        .filter(|r| r.kind == "AWS::DynamoDB::Table");
    tables.map(|resource| table(resource, resolver)).collect()
}

fn table(resource: &Resource<'_>, resolver: &Resolver<'_>) -> Result<TableSpec, TemplateError> {
    let properties = resource
        .properties
        .ok_or_else(|| resource.lacks("Properties"))?;
    let name = table_name(resource.id);
    let mut request = Map::new();
    request.insert("TableName".to_owned(), json!(name));
    request.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
    for key in ["AttributeDefinitions", "KeySchema"] {
        let value = resolver.present(properties.required(key)?)?;
        request.insert(key.to_owned(), value.to_json());
    }
    for key in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        if let Some(indexes) = properties.get(key)
            && let Some(indexes) = resolver.resolve(indexes)?
        {
            request.insert(key.to_owned(), on_demand(indexes.to_json()));
        }
    }
    if let Some(stream) = stream(properties, resolver)? {
        request.insert("StreamSpecification".to_owned(), stream);
    }
    Ok(TableSpec {
        id: resource.id.to_owned(),
        name,
        request: Json::Object(request),
        ttl: ttl(properties, resolver)?,
    })
}

/// Returns the stream of a table in the form of `CreateTable`, which names what
/// `CloudFormation` takes for granted.
fn stream(properties: &Node, resolver: &Resolver<'_>) -> Result<Option<Json>, TemplateError> {
    let written = properties.get("StreamSpecification");
    let written = written.map(|written| resolver.resolve(written));
    let Some(written) = written.transpose()?.flatten() else {
        return Ok(None);
    };
    let view = written.required("StreamViewType")?.text()?;
    Ok(Some(
        json!({ "StreamEnabled": true, "StreamViewType": view }),
    ))
}

impl TableSpec {
    /// Returns the table's stream, in the form of `CreateTable`.
    pub(crate) fn stream(&self) -> Option<&Json> {
        self.request.get("StreamSpecification")
    }
}

fn ttl(properties: &Node, resolver: &Resolver<'_>) -> Result<Option<String>, TemplateError> {
    let Some(written) = properties.get("TimeToLiveSpecification") else {
        return Ok(None);
    };
    let Some(written) = resolver.resolve(written)? else {
        return Ok(None);
    };
    if !written.required("Enabled")?.flag()? {
        return Ok(None);
    }
    let attribute = written.required("AttributeName")?.text()?;
    Ok(Some(attribute.to_owned()))
}

/// Removes the capacity of indexes, since all local tables are on demand.
fn on_demand(mut indexes: Json) -> Json {
    for index in indexes.as_array_mut().into_iter().flatten() {
        if let Some(index) = index.as_object_mut() {
            index.remove("ProvisionedThroughput");
        }
    }
    indexes
}
