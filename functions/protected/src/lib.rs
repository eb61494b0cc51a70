//! `GET /protected` and `GET /admin`: the example to copy for your own functions.
//!
//! It reads the principal from the authorizer's context and nothing else: no header,
//! no token, no table.

use gatehouse_auth::role;
use gatehouse_auth::scope::{self, Scopes};
use gatehouse_edge::config::Environment;
use gatehouse_edge::{Clock, Principal, Problem, Request, Response, StartError, response};
use http::StatusCode;
use serde::Serialize;

#[cfg(feature = "schema")]
pub mod contract;

/// What the function needs: a clock; your clients and settings go here.
pub struct App {
    clock: Clock,
}

impl App {
    /// Creates the app, once at cold start. Make it `async` to open connections.
    ///
    /// # Errors
    /// None yet; a missing setting of yours would be one.
    pub fn start(_: &Environment) -> Result<Self, StartError> {
        let clock = Clock::System;
        Ok(Self { clock })
    }
}

/// Responds to one request. Make it `async` to await something.
///
/// # Errors
/// A [`Problem`], which becomes the response.
pub fn handle(app: &App, request: &Request) -> Result<Response, Problem> {
    let principal = Principal::of(request, app.clock.now())?;
    // `request.parameters` reads a query and `request.json` a body.
    request.no_parameters()?;
    let message = match request.route() {
        "GET /admin" => {
            // The role says what the user may do, and the scope what this token may do.
            principal.require_role(role::ADMIN)?;
            principal.require_scope(scope::ADMIN)?;
            "You are an administrator."
        }
        "GET /protected" => "You are logged in.",
        // A route that is not listed is refused, not let in without its check.
        _ => return Err(Problem::not_found()),
    };
    let greeting = Greeting {
        message,
        sub: principal.sub.to_string(),
        roles: principal.roles.iter().map(ToString::to_string).collect(),
        scope: principal.scope,
    };
    Ok(response::json(StatusCode::OK, &greeting))
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
struct Greeting {
    message: &'static str,
    /// The user's id.
    sub: String,
    roles: Vec<String>,
    /// The scope of the access token, separated by spaces; missing if it has none.
    #[serde(skip_serializing_if = "Scopes::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    scope: Scopes,
}
