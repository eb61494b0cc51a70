//! The functions, each with its app, and one kind of response for all of them.

use anyhow::anyhow;
use authorizer::AuthorizerError;
use gatehouse_auth::deadline::Deadline;
use gatehouse_edge::config::Environment;
use gatehouse_edge::{ClientAddress, Clock, Response, respond};
use gatehouse_store::HttpClient;
use gatehouse_tests::canaries;
use lambda_runtime::Context;
use serde_json::Value;

use crate::events::SCHEDULE;
use crate::operation::SCHEDULED;

/// A function of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Function {
    Account,
    Admin,
    Authorizer,
    Email,
    Introspect,
    Jwks,
    Login,
    Logout,
    Protected,
    Refresh,
    Register,
    RotateKeys,
}

/// A process of a function.
pub(crate) enum App {
    Account(account::App),
    Admin(admin::App),
    Authorizer(authorizer::App),
    Email(email::App),
    Introspect(introspect::App),
    Jwks(jwks::App),
    Login(Box<login::App>),
    Logout(logout::App),
    Protected(protected::App),
    Refresh(Box<refresh::App>),
    Register(register::App),
    RotateKeys(rotate_keys::App),
}

/// What a function returned.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The status; for functions without HTTP `allow`, `deny`, `unauthorized`,
    /// `done` or `error`.
    pub(crate) outcome: String,
    /// The body; for the authorizer the context of an allow.
    pub(crate) body: Value,
    /// The header `Retry-After`.
    pub(crate) retry_after: Option<String>,
}

impl App {
    /// Starts a process, as a cold start does.
    pub(crate) async fn start(
        function: Function,
        environment: &Environment,
        clock: Clock,
        http: HttpClient,
    ) -> anyhow::Result<Self> {
        let http = Some(http);
        let started = match function {
            Function::Account => account::App::within(environment, clock, http)
                .await
                .map(Self::Account),
            Function::Admin => admin::App::within(environment, clock, http)
                .await
                .map(Self::Admin),
            Function::Authorizer => authorizer::App::within(environment, clock, http)
                .await
                .map(Self::Authorizer),
            Function::Email => email::App::within(environment, clock, http)
                .await
                .map(Self::Email),
            Function::Introspect => introspect::App::within(environment, clock, http)
                .await
                .map(Self::Introspect),
            Function::Jwks => jwks::App::within(environment, clock, http)
                .await
                .map(Self::Jwks),
            Function::Login => Box::pin(login::App::within(environment, clock, http))
                .await
                .map(|app| Self::Login(Box::new(app))),
            Function::Logout => logout::App::within(environment, clock, http)
                .await
                .map(Self::Logout),
            Function::Protected => protected::App::start(environment).map(Self::Protected),
            Function::Refresh => Box::pin(refresh::App::within(environment, clock, http))
                .await
                .map(|app| Self::Refresh(Box::new(app))),
            Function::Register => register::App::within(environment, clock, http)
                .await
                .map(Self::Register),
            Function::RotateKeys => {
                rotate_keys::App::within(environment, clock, http).map(Self::RotateKeys)
            }
        };
        started.map_err(|error| anyhow!("{function:?}: {error}"))
    }

    /// Handles one event.
    pub(crate) async fn handle(&self, event: &str, context: Context) -> Reply {
        let address = &ClientAddress::default();
        match self {
            Self::Account(app) => respond(app, &account::handle, address, event, context)
                .await
                .into(),
            Self::Admin(app) if event == SCHEDULE => {
                let work = Deadline::after(SCHEDULED).enforce(admin::finish_deletions(app));
                let done = matches!(work.await, Ok(Ok(())));
                Reply::of(if done { "done" } else { "error" }, Value::Null)
            }
            Self::Admin(app) => respond(app, &admin::handle, address, event, context)
                .await
                .into(),
            Self::Authorizer(app) => authorize(app, event, &context).await,
            Self::Email(app) => respond(app, &email::handle, address, event, context)
                .await
                .into(),
            Self::Introspect(app) => {
                let response = respond(app, &introspect::handle, address, event, context).await;
                Reply::from(response).about_a_token()
            }
            Self::Jwks(app) => respond(app, &jwks::handle, address, event, context)
                .await
                .into(),
            Self::Login(app) => respond(&**app, &login::handle, address, event, context)
                .await
                .into(),
            Self::Logout(app) => respond(app, &logout::handle, address, event, context)
                .await
                .into(),
            Self::Protected(app) => respond(app, &protected::handle, address, event, context)
                .await
                .into(),
            Self::Refresh(app) => respond(&**app, &refresh::handle, address, event, context)
                .await
                .into(),
            Self::Register(app) => respond(app, &register::handle, address, event, context)
                .await
                .into(),
            Self::RotateKeys(app) => {
                let event = serde_json::from_str(event).unwrap();
                let done = Box::pin(rotate_keys::handle(app, event, &context)).await;
                Reply::of(if done.is_ok() { "done" } else { "error" }, Value::Null)
            }
        }
    }
}

async fn authorize(app: &authorizer::App, event: &str, context: &Context) -> Reply {
    let response = match authorizer::handle(app, event, context).await {
        Ok(response) => response,
        // The deny of a REST API.
        Err(AuthorizerError::Unauthorized) => return Reply::of("unauthorized", Value::Null),
        Err(_) => return Reply::of("error", Value::Null),
    };
    let response = serde_json::to_value(response).unwrap();
    let effect = &response["policyDocument"]["Statement"][0]["Effect"];
    let allowed = response["isAuthorized"] == true || effect == "Allow";
    let outcome = if allowed { "allow" } else { "deny" };
    Reply::of(outcome, response["context"].clone())
}

impl Reply {
    fn of(outcome: &str, body: Value) -> Self {
        Self {
            outcome: outcome.to_owned(),
            body,
            retry_after: None,
        }
    }

    /// What an introspection reports is its outcome.
    fn about_a_token(self) -> Self {
        let outcome = match self.body["active"].as_bool() {
            Some(true) => "active".to_owned(),
            Some(false) => "inactive".to_owned(),
            None => self.outcome,
        };
        Self { outcome, ..self }
    }

    /// Returns whether the function reported that it failed, which decides nothing.
    pub(crate) fn is_failure(&self) -> bool {
        ["500", "503", "error"].contains(&self.outcome.as_str())
    }

    /// Returns a text of the body.
    pub(crate) fn text(&self, member: &str) -> String {
        let text = self.body[member].as_str();
        text.unwrap_or_else(|| panic!("{}: no {member}", self.outcome))
            .to_owned()
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
        if response.status().as_u16() >= 400 {
            canaries::check_refusal(&String::from_utf8_lossy(response.body()));
        }
        Self {
            outcome: response.status().as_u16().to_string(),
            body: serde_json::from_slice(response.body()).unwrap_or_default(),
            retry_after,
        }
    }
}
