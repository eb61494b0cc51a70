//! One route of the contract.

use serde_json::Value;
use utoipa::ToSchema;

use super::Schema;
use super::response::Success;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Anyone,
    /// The holder of an access token.
    Token {
        /// A scope that the token must have.
        scope: Option<&'static str>,
        /// A role that the user must have.
        role: Option<&'static str>,
    },
    /// The holder of a refresh token, in the body or in the cookie.
    RefreshToken,
    /// A registered client, or the holder of an access token with the scope `introspect`.
    Introspection,
}

/// A parameter of the path, the query or the header.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// `path`, `query` or `header`.
    pub place: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Its JSON Schema.
    pub schema: Value,
}

/// A request's body.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) schema: Schema,
    pub(super) media_types: &'static [&'static str],
    pub(super) example: Value,
    pub(super) required: bool,
}

/// One route: how to call it, and what it returns.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(super) route: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: String,
    pub(super) access: Access,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) successes: Vec<Success>,
    pub(super) problems: Vec<&'static str>,
    pub(super) oauth_errors: Vec<&'static str>,
    pub(super) limits: Vec<&'static str>,
}

impl Operation {
    /// Describes a route: its key in the template, such as `POST /login`, a name for
    /// generated clients, and one sentence.
    #[must_use]
    pub fn new(route: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            route,
            id,
            tag: "",
            summary,
            description: String::new(),
            access: Access::Anyone,
            parameters: vec![],
            body: None,
            successes: vec![],
            problems: vec![],
            oauth_errors: vec![],
            limits: vec![],
        }
    }

    /// Puts it into a chapter of the reference.
    #[must_use]
    pub fn tag(self, tag: &'static str) -> Self {
        Self { tag, ..self }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn describe(mut self, paragraph: &str) -> Self {
        if !self.description.is_empty() {
            self.description.push_str("\n\n");
        }
        self.description.push_str(paragraph);
        self
    }

    /// Requires an access token, perhaps with a scope and a role.
    #[must_use]
    pub fn token(self, scope: Option<&'static str>, role: Option<&'static str>) -> Self {
        let access = Access::Token { scope, role };
        let operation = Self { access, ..self }.problems(&["unauthorized"]);
        match (scope, role) {
            (None, None) => operation,
            (Some(_), _) | (_, Some(_)) => operation.problems(&["insufficient_scope"]),
        }
    }

    /// Requires client credentials, or an access token with the scope `introspect`.
    #[must_use]
    pub fn introspection(self) -> Self {
        Self {
            access: Access::Introspection,
            ..self
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Reads a JSON body.
    #[must_use]
    pub fn json<T: ToSchema>(self, example: Value) -> Self {
        let media_types = &["application/json"];
        self.problems(&[
            "invalid_json",
            "unsupported_media_type",
            "body_too_large",
            "validation_failed",
        ])
        .body::<T>(media_types, example, true)
        .refusing_unknown_fields()
    }

    /// These routes refuse a field that they do not have.
    fn refusing_unknown_fields(mut self) -> Self {
        if let Some(body) = &mut self.body {
            body.schema.close();
        }
        self
    }

    /// Reads a JSON body that may be left out.
    #[must_use]
    pub fn optional_json<T: ToSchema>(self, example: Value) -> Self {
        let mut operation = self.json::<T>(example);
        if let Some(body) = &mut operation.body {
            body.required = false;
        }
        operation
    }

    /// Reads a form or JSON, as the token endpoints do.
    #[must_use]
    pub fn form_or_json<T: ToSchema>(self, example: Value) -> Self {
        let media_types = &["application/x-www-form-urlencoded", "application/json"];
        self.body::<T>(media_types, example, true)
    }

    fn body<T: ToSchema>(
        self,
        media_types: &'static [&'static str],
        example: Value,
        required: bool,
    ) -> Self {
        let schema = Schema::of::<T>();
        let body = Some(Body {
            schema,
            media_types,
            example,
            required,
        });
        Self { body, ..self }
    }

    /// Returns this body.
    #[must_use]
    pub fn returns<T: ToSchema>(
        mut self,
        status: u16,
        description: &'static str,
        example: Value,
    ) -> Self {
        self.successes
            .push(Success::with_body::<T>(status, description, example));
        self
    }

    /// Returns a pair of tokens.
    #[cfg(feature = "tokens")]
    #[must_use]
    pub fn returns_tokens(self, description: &'static str) -> Self {
        let tokens = serde_json::json!({
            "access_token": "eyJ…", "token_type": "Bearer", "expires_in": 300,
            "refresh_token": "gh_rt_…", "refresh_expires_in": 604_800, "scope": "profile",
        });
        self.returns::<crate::tokens::Body<'_>>(200, description, tokens)
    }

    /// Returns a response without a body.
    #[must_use]
    pub fn returns_nothing(mut self, status: u16, description: &'static str) -> Self {
        self.successes
            .push(Success::without_body(status, description));
        self
    }

    /// Adds headers to the last response: name, description, pattern of its value.
    #[must_use]
    pub fn headers(mut self, headers: &[(&'static str, &'static str, &'static str)]) -> Self {
        if let Some(success) = self.successes.last_mut() {
            success.headers.extend_from_slice(headers);
        }
        self
    }

    /// Says that the last response may set or delete the refresh cookie.
    #[must_use]
    pub fn sets_cookie(mut self) -> Self {
        if let Some(success) = self.successes.last_mut() {
            success.sets_cookie = true;
        }
        self
    }

    /// Reads the refresh cookie if the body has no token.
    #[must_use]
    pub fn reads_cookie(self) -> Self {
        let access = Access::RefreshToken;
        Self { access, ..self }
    }

    /// Leaves out `Cache-Control: no-store` of the last response: it may be cached.
    #[must_use]
    pub fn cacheable(mut self) -> Self {
        if let Some(success) = self.successes.last_mut() {
            success.cacheable = true;
        }
        self
    }

    /// Adds problems by their codes.
    #[must_use]
    pub fn problems(mut self, codes: &[&'static str]) -> Self {
        self.problems.extend_from_slice(codes);
        self
    }

    /// Adds errors of RFC 6749 by their codes.
    #[must_use]
    pub fn oauth_errors(mut self, codes: &[&'static str]) -> Self {
        self.oauth_errors.extend_from_slice(codes);
        self
    }

    /// Adds a limit that this route has besides the gateway's.
    #[must_use]
    pub fn limit(mut self, limit: &'static str) -> Self {
        self.limits.push(limit);
        self
    }

    /// Returns the key of the route in the template.
    #[must_use]
    pub fn route(&self) -> &'static str {
        self.route
    }

    /// True if errors have the format of RFC 6749.
    pub(super) fn is_oauth(&self) -> bool {
        !self.oauth_errors.is_empty()
    }
}
