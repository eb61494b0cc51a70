//! `GET /protected` and `GET /admin`: the example to copy for functions of
//! one's own.
//!
//! It reads the principal from the authorizer's context and nothing else: no
//! header, no token, no table.

use std::sync::Arc;

use gatehouse_edge::config::Environment;
use gatehouse_edge::{Clock, Principal, Problem, Request, Response, response};
use http::StatusCode;
use serde::Serialize;

/// What the function needs: the clock; clients and settings of yours go here.
pub struct App {
    clock: Clock,
}

impl App {
    /// Starts the function.
    ///
    /// # Errors
    /// None yet; a missing setting of yours would be one.
    #[expect(
        clippy::unused_async,
        reason = "whoever copies this opens connections here"
    )]
    pub async fn start(_: &Environment) -> Result<Self, lambda_runtime::Error> {
        Ok(Self {
            clock: Clock::System,
        })
    }
}

/// Answers one request.
#[expect(
    clippy::unused_async,
    reason = "whoever copies this awaits something here"
)]
pub async fn handle(app: Arc<App>, request: Request) -> Response {
    match greet(&app, &request) {
        Ok(greeting) => response::json(StatusCode::OK, &greeting),
        Err(problem) => problem.into_response(request.request_id()),
    }
}

fn greet(app: &App, request: &Request) -> Result<Greeting, Problem> {
    let principal = Principal::of(request, app.clock.now())?;
    // `request.parameters` reads a query and `request.json` a body.
    request.no_parameters()?;
    let message = match request.route() {
        "GET /admin" => {
            // A scope is asked for in the same way: `require_scope("profile")`.
            principal.require_role("admin")?;
            "You are an administrator."
        }
        "GET /protected" => "You are logged in.",
        // A route that is not listed is refused, not let in without its check.
        _ => return Err(Problem::not_found()),
    };
    Ok(Greeting {
        message,
        sub: principal.sub.to_string(),
        roles: principal.roles.iter().map(ToString::to_string).collect(),
        scope: principal.scope.to_string(),
    })
}

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
    sub: String,
    roles: Vec<String>,
    scope: String,
}
