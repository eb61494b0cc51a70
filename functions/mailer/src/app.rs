//! What `mailer` needs, created once at cold start.

use gatehouse_edge::config::{ConfigError, Environment, MailLink, MailSettings, OutboxSettings};
use gatehouse_edge::{Clock, StartError};
use gatehouse_store::{Budget, Connection, HttpClient, Outbox, Users};

use crate::queue::RetryQueue;
use crate::sender::Sender;
use crate::sending::Quota;

/// What `mailer` needs.
#[derive(Debug)]
pub struct App {
    pub(crate) outbox: Outbox,
    pub(crate) users: Users,
    pub(crate) sender: Sender,
    pub(crate) queue: RetryQueue,
    pub(crate) quota: Quota,
    /// The name of the service in the texts.
    pub(crate) service: String,
    pub(crate) link: Option<MailLink>,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the settings; nothing connects yet.
    ///
    /// # Errors
    /// If a setting is missing or invalid; the message names it.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        Self::within(environment, Clock::System, None)
    }

    /// The same with a different clock and HTTP client for AWS, for tests.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn within(
        environment: &Environment,
        clock: Clock,
        http: Option<HttpClient>,
    ) -> Result<Self, StartError> {
        let settings = MailSettings::from_environment(environment)?;
        let outbox = OutboxSettings::from_environment(environment)?;
        let outbox = outbox.ok_or(ConfigError::Missing("OUTBOX_TABLE"))?;
        let queue = environment.text(RETRY_QUEUE);
        let queue = queue.ok_or(ConfigError::Missing(RETRY_QUEUE))?;
        let connection =
            Connection::from_variables(|name| environment.text(name), Budget::Request)?
                .through(http);
        let tables = connection.tables();
        let domain = settings.from.rsplit('@').next().unwrap_or_default();
        Ok(Self {
            outbox: Outbox::new(tables.clone(), outbox.table, outbox.notices),
            users: Users::new(tables, environment.table("USERS_TABLE")?),
            sender: Sender::new(
                &connection,
                environment.text("AWS_ENDPOINT_URL_SESV2"),
                &settings,
            ),
            queue: RetryQueue::new(
                &connection,
                environment.text("AWS_ENDPOINT_URL_SQS"),
                queue.to_owned(),
            ),
            quota: Quota::default(),
            service: settings
                .from_name
                .clone()
                .unwrap_or_else(|| domain.to_owned()),
            link: settings.link,
            clock,
        })
    }
}

/// The URL of the queue that keys wait in.
const RETRY_QUEUE: &str = "MAIL_RETRY_QUEUE_URL";
