//! The queues, mappings and mails of a stack.

use std::sync::Arc;
use std::time::Duration;

use super::Stack;
use crate::log::Log;
use crate::mapping::{MappedParts, Mappings};
use crate::queues::Queues;
use crate::services::{Mail, Services, Ses};
use crate::template::Template;

/// What carries messages between functions, and to people.
#[derive(Debug)]
pub(super) struct Messaging {
    queues: Arc<Queues>,
    ses: Ses,
    mappings: Mappings,
    needs_services: bool,
}

impl Messaging {
    /// Opens the queues and starts the mappings of a template.
    pub(super) fn start(template: &Template, parts: &MappedParts<'_>) -> Result<Self, String> {
        let queues = Queues::open(template.queues.clone(), parts.tables.database())?;
        let queues = Arc::new(queues);
        Ok(Self {
            mappings: Mappings::start(&template.mappings, &queues, parts)?,
            queues,
            ses: Ses::default(),
            needs_services: template.needs_services(),
        })
    }

    /// Returns the stand-in for SES, if the functions need it.
    pub(super) fn ses(&self) -> Option<Ses> {
        self.needs_services.then(|| self.ses.clone())
    }

    /// Returns the stand-ins for SQS and SES, if the functions need them.
    pub(super) fn services(&self, log: &Log) -> Option<Services> {
        let services = || Services::new(Arc::clone(&self.queues), self.ses.clone(), log);
        self.needs_services.then(services)
    }

    /// Stops the mappings, and waits until none of them is running.
    pub(super) async fn stop(&mut self) {
        self.mappings.stop().await;
    }
}

impl Stack {
    /// Returns the mails that the stack has sent, the oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.messaging.ses.mails()
    }

    /// Returns the stand-in for SES, for tests that make it fail.
    #[must_use]
    pub fn ses(&self) -> &Ses {
        &self.messaging.ses
    }

    /// Returns the bodies of the messages in a queue, by its logical id in the template;
    /// also of those that are hidden or delayed.
    #[must_use]
    pub fn queued(&self, logical_id: &str) -> Option<Vec<String>> {
        self.messaging.queues.bodies(logical_id)
    }

    /// Moves the clock of the queues, so that no test waits for a delay or a timeout.
    pub fn advance_queues(&self, time: Duration) {
        self.messaging.queues.advance(time);
    }

    /// Decides whether functions can send to the queues.
    pub fn set_queues_unreachable(&self, is_unreachable: bool) {
        self.messaging.queues.set_unreachable(is_unreachable);
    }

    /// Waits until the functions have handled every record of a stream, and every message
    /// of a queue that is visible.
    pub async fn settled(&self) {
        self.messaging.mappings.settled().await;
    }
}
