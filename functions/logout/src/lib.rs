//! `POST /logout`: ends this session, the others, or all of them.

use gatehouse_auth::scope::PROFILE;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::config::{Environment, uses_refresh_cookie};
use gatehouse_edge::{
    AuditEvent, Clock, Principal, Problem, Request, Response, StartError, response, warm_up,
};
use gatehouse_store::{
    Accounts, Budget, Connection, Ended, HttpClient, Revocations, SessionOwner, Sessions,
    StoreError, Users,
};

#[cfg(feature = "schema")]
pub mod contract;
mod scope;

use scope::LogoutScope;

/// What the function needs.
pub struct App {
    accounts: Accounts,
    has_cookie: bool,
    clock: Clock,
}

impl App {
    /// Reads the settings, and opens the connection.
    ///
    /// # Errors
    /// If a setting is missing or invalid; the message names it.
    pub async fn start(environment: &Environment) -> Result<Self, StartError> {
        Self::within(environment, Clock::System, None).await
    }

    /// The same with a different clock, and with a different HTTP client for AWS, for tests.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn within(
        environment: &Environment,
        clock: Clock,
        http: Option<HttpClient>,
    ) -> Result<Self, StartError> {
        let tables = Connection::from_variables(|name| environment.text(name), Budget::Request)?
            .through(http)
            .tables();
        let accounts = Accounts::new(
            Users::new(tables.clone(), environment.table("USERS_TABLE")?),
            Sessions::new(tables.clone(), environment.table("SESSIONS_TABLE")?),
            Revocations::new(tables, environment.table("REVOCATIONS_TABLE")?),
        );
        let app = Self {
            accounts,
            has_cookie: uses_refresh_cookie(environment)?,
            clock,
        };
        warm_up(app.accounts.users.warm_up()).await;
        Ok(app)
    }
}

/// Responds to one request.
///
/// # Errors
/// A [`Problem`] unless the sessions have ended.
pub async fn handle(app: &App, request: &Request) -> Result<Response, Problem> {
    let now = app.clock.now();
    let principal = Principal::of(request, now)?;
    let scope = LogoutScope::read(request)?;
    match scope {
        // A client can always end the session that it was given.
        LogoutScope::Local => {}
        LogoutScope::Others | LogoutScope::Global => principal.require_scope(PROFILE)?,
    }
    match end(app, &principal, scope, now).await? {
        // This session has ended in the meantime: it may not end others.
        Ended::Refused => Err(Problem::invalid_token()),
        Ended::Done => {
            let mut audit = request.audit();
            audit.sub = Some(&principal.sub);
            audit.sid = Some(&principal.sid);
            audit.reason = Some(scope.name());
            audit.record(AuditEvent::LoggedOut);
            Ok(if app.has_cookie && clears_cookie(request, scope) {
                response::without_refresh_cookie(response::no_content())
            } else {
                response::no_content()
            })
        }
    }
}

/// The browser forgets its refresh token, unless this session continues.
fn clears_cookie(request: &Request, scope: LogoutScope) -> bool {
    let has_cookie = !matches!(request.refresh_cookie(), Ok(None));
    match scope {
        LogoutScope::Local | LogoutScope::Global => has_cookie,
        LogoutScope::Others => false,
    }
}

const REASON: &str = "logged_out";

async fn end(
    app: &App,
    principal: &Principal,
    scope: LogoutScope,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    let Principal { sub, sid, ver, .. } = principal;
    match scope {
        LogoutScope::Local => app.accounts.end_session(sid, sub, REASON, now).await,
        LogoutScope::Others => {
            let owner = SessionOwner {
                sub,
                sid,
                ver: *ver,
            };
            app.accounts.end_other_sessions(&owner, now).await
        }
        LogoutScope::Global => app.accounts.end_all_sessions(sub, *ver, REASON, now).await,
    }
}
