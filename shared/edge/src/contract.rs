//! The HTTP contract as an OpenAPI 3.1 document, built from the wire types.
//!
//! Each function describes its routes as [`Operation`]s; [`document`] joins them. Only
//! tests turn the feature `schema` on: no deployed function links any of this.

mod collection;
mod document;
mod error;
mod operation;
mod page;
mod response;

use serde_json::Value;
pub use serde_json::json;
use utoipa::ToSchema;

pub use collection::collection;
pub use document::document;
pub(crate) use error::Row;
pub use error::{ErrorEntry, Format, errors};
pub use operation::{Access, Operation, Parameter};
pub use page::errors_page;

use crate::error::{OauthBody, ProblemBody};

/// The schemas that every document has, whatever its operations are.
fn common_schemas() -> Vec<Schema> {
    vec![
        Schema::of::<ProblemBody<'_>>(),
        Schema::of::<OauthBody<'_>>(),
        Schema::of::<GatewayMessage>(),
    ]
}

/// What API Gateway returns when no function responds.
#[derive(utoipa::ToSchema)]
#[schema(as = GatewayMessage)]
#[expect(dead_code, reason = "API Gateway writes it")]
struct GatewayMessage {
    /// What API Gateway says. It is not a stable code: use the status.
    message: String,
}

/// A named schema, and those that it refers to.
#[derive(Debug, Clone)]
pub struct Schema {
    name: String,
    named: Vec<(String, Value)>,
}

impl Schema {
    /// Returns the schema of a wire type.
    #[must_use]
    pub fn of<T: ToSchema>() -> Self {
        let mut referred = vec![];
        T::schemas(&mut referred);
        referred.push((T::name().into_owned(), T::schema()));
        let json = |schema| serde_json::to_value(schema).unwrap_or_default();
        let named = referred
            .into_iter()
            .map(|(name, schema)| (name, json(schema)));
        Self {
            name: T::name().into_owned(),
            named: named.collect(),
        }
    }

    /// Allows no members except those that it lists.
    fn close(&mut self) {
        for (name, schema) in &mut self.named {
            if let (true, Some(members)) = (*name == self.name, schema.as_object_mut()) {
                members.insert("additionalProperties".to_owned(), false.into());
            }
        }
    }

    fn reference(&self) -> Value {
        reference(&self.name)
    }
}

fn reference(name: &str) -> Value {
    serde_json::json!({ "$ref": format!("#/components/schemas/{name}") })
}
