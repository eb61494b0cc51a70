//! What `admin` needs, created once at cold start.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::role::GrantableRoles;
use gatehouse_edge::config::{Environment, OutboxSettings, grantable_roles};
use gatehouse_edge::{AuditEvent, Clock, Principal, Problem, Request, StartError, warm_up};
use gatehouse_store::{
    Accounts, Budget, Connection, HttpClient, LoginAttempts, Outbox, Revocations, Sessions, Users,
};
use gatehouse_suppression::SuppressionList;

/// What `admin` needs.
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) attempts: LoginAttempts,
    pub(crate) grantable: GrantableRoles,
    /// Only with mail.
    pub(crate) suppression: Option<SuppressionList>,
    pub(crate) clock: Clock,
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
        let connection =
            Connection::from_variables(|name| environment.text(name), Budget::Request)?
                .through(http);
        let tables = connection.tables();
        let attempts = environment.table("LOGIN_ATTEMPTS_TABLE")?;
        let outbox = OutboxSettings::from_environment(environment)?
            .map(|outbox| Outbox::new(tables.clone(), outbox.table, outbox.notices));
        let has_mail = outbox.is_some();
        let app = Self {
            accounts: Accounts::new(
                Users::new(tables.clone(), environment.table("USERS_TABLE")?),
                Sessions::new(tables.clone(), environment.table("SESSIONS_TABLE")?),
                Revocations::new(tables.clone(), environment.table("REVOCATIONS_TABLE")?),
            )
            .with_outbox(outbox),
            attempts: LoginAttempts::new(tables, attempts),
            grantable: grantable_roles(environment)?,
            suppression: has_mail.then(|| {
                let endpoint = environment.text("AWS_ENDPOINT_URL_SESV2");
                SuppressionList::open(connection.config(), endpoint)
            }),
            clock,
        };
        warm_up(app.accounts.users.warm_up()).await;
        Ok(app)
    }
}

/// A request, and the administrator who made it.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a Request,
    pub(crate) actor: &'a Principal,
    pub(crate) now: gatehouse_auth::time::Timestamp,
}

impl Call<'_> {
    /// Returns the id of the user in the path.
    ///
    /// # Errors
    /// 404 if it cannot be the id of any user.
    pub(crate) fn target(&self) -> Result<SubjectId, Problem> {
        let id = self.request.path_parameter("id").map(SubjectId::parse);
        id.and_then(Result::ok).ok_or_else(Problem::not_found)
    }

    /// Records an audit event: who did what to whom.
    pub(crate) fn record(&self, target: &SubjectId, event: AuditEvent, reason: Option<&str>) {
        let mut audit = self.request.audit();
        audit.actor = Some(&self.actor.sub);
        audit.sub = Some(target);
        audit.reason = reason;
        audit.record(event);
    }
}
