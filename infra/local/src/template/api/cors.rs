//! The API's `CorsConfiguration`.

use crate::template::error::TemplateError;
use crate::template::node::Node;

/// What web pages from other origins may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cors {
    pub(crate) origins: Vec<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) headers: Vec<String>,
    pub(crate) exposed: Vec<String>,
    pub(crate) max_age: Option<u64>,
    pub(crate) credentials: bool,
}

impl Cors {
    pub(super) fn read(node: &Node) -> Result<Self, TemplateError> {
        let list = |key: &str| node.get(key).map_or(Ok(vec![]), Node::texts);
        let cors = Self {
            origins: list("AllowOrigins")?,
            methods: list("AllowMethods")?,
            headers: list("AllowHeaders")?,
            exposed: list("ExposeHeaders")?,
            max_age: node.get("MaxAge").map(Node::number).transpose()?,
            credentials: node.get("AllowCredentials").map_or(Ok(false), Node::flag)?,
        };
        if cors.credentials && cors.origins.iter().any(|origin| origin == "*") {
            return Err(node.error("AWS rejects AllowCredentials together with the origin *"));
        }
        Ok(cors)
    }
}
