//! One message, from the table to SES.
//!
//! It is marked before it is sent and deleted after it, so the mailer can die between any two
//! steps: whoever handles the key next continues, and a mail goes out twice only if nobody
//! can know whether the first one did.

use std::time::Duration;

use gatehouse_auth::code::MailCode;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::{Message, MessageKey, MessageKind, NewCode};
use gatehouse_auth::random::{self, RandomError};
use gatehouse_auth::user::{Status, User};
use gatehouse_edge::{end_if_expired, telemetry};
use gatehouse_store::{Attempt, NewAttempt, SendingPause, StoreError};

use crate::addressee::{Addressee, Unneeded};
use crate::app::App;
use crate::failure::{FailureClass, SendFailure};
use crate::letter::Letter;
use crate::mail::Mail;
use crate::sending::Sending;
use crate::text::{CodeValues, Values, minute};

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Its message is handled: sent, or dropped and counted.
    Done,
    /// It has to be delivered again.
    Again(Wait),
    /// It could not be handled, which the log explains.
    Failed,
}

/// Why a key waits, and so for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Another invocation may be sending it, or this one ran out of time.
    Busy,
    /// SES throttles.
    Throttled,
    /// The connection broke, or SES failed.
    Unknown,
    /// It cannot be sent until an operator acts.
    Account,
}

impl Delivery {
    /// Returns how long a key of the stream waits in the queue, if it goes there.
    pub(crate) fn wait(self) -> Option<Wait> {
        match self {
            Self::Done => None,
            Self::Again(wait) => Some(wait),
            Self::Failed => Some(Wait::Busy),
        }
    }
}

impl Wait {
    /// Returns how long it waits at least. Each is longer than a mark holds.
    pub(crate) const fn least(self) -> Duration {
        match self {
            Self::Busy | Self::Throttled => Duration::from_secs(30),
            Self::Unknown => Duration::from_mins(1),
            Self::Account => ACCOUNT_PAUSE,
        }
    }
}

/// How long nothing is sent after a failure of the whole account. Longer delays mails after
/// an operator has acted; shorter asks SES in vain more often.
const ACCOUNT_PAUSE: Duration = Duration::from_mins(5);

/// How long a mark keeps other invocations from sending the same message. Shorter sends it
/// twice if SES is slow; longer than the least wait makes a retry wait twice.
const MARKED_FOR: Duration = Duration::from_secs(25);

/// A message could not be handled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    /// A table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness for a code.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl DeliveryError {
    pub(crate) fn log(&self, request_id: &str) {
        end_if_expired(self);
        let error = telemetry::chain(self);
        tracing::error!(error, request_id, "a message could not be handled");
    }
}

impl App {
    /// Handles the message with that key: once it is `Done`, the message is gone.
    ///
    /// # Errors
    /// [`DeliveryError`] if a table fails; the message is still there.
    pub(crate) async fn deliver(
        &self,
        key: &MessageKey,
        sending: &Sending,
    ) -> Result<Delivery, DeliveryError> {
        let Some(message) = self.outbox.message(key).await? else {
            return Ok(Delivery::Done);
        };
        let user = self.users.get(&message.sub).await?;
        let addressee = match Addressee::of(&message, user.as_ref()) {
            Ok(addressee) => addressee,
            Err(unneeded) => return self.unneeded(key, &message, unneeded).await,
        };
        let mut mail = Mail {
            key,
            message: &message,
            letter: Letter::About(message.kind),
            addressee,
            user: user.as_ref(),
        };
        if self.clock.now() >= message.ends_at {
            return self.drop_message(&mail, "mail_ended").await;
        }
        if sending.is_paused() {
            return Ok(Delivery::Again(Wait::Account));
        }
        if sending.is_scarce && message.origin.is_open() {
            return self.drop_message(&mail, "mail_over_quota").await;
        }
        if message.kind == MessageKind::EmailVerification
            && let Some(owner) = self.owner(&mail).await?
        {
            match Addressee::held(&owner) {
                Ok(addressee) if owner.status == Status::Active => mail.addressee = addressee,
                Ok(_) => return self.unneeded(key, &message, Unneeded::Disabled).await,
                Err(unneeded) => return self.unneeded(key, &message, unneeded).await,
            }
            mail.letter = Letter::AddressInUse;
        }
        self.attempt(&mail, sending).await
    }

    /// Returns the other user who has verified the address that waits.
    async fn owner(&self, mail: &Mail<'_>) -> Result<Option<User>, StoreError> {
        let key = ItemKey::email(&mail.addressee.canonical);
        let owner = self.users.find(&key).await?;
        Ok(
            owner
                .filter(|owner| owner.sub != mail.message.sub && owner.email_verified_at.is_some()),
        )
    }

    /// Begins an attempt, and sends the mail.
    async fn attempt(&self, mail: &Mail<'_>, sending: &Sending) -> Result<Delivery, DeliveryError> {
        let code = match mail.letter.code().zip(mail.user) {
            Some((kind, user)) => {
                let Ok(code) = MailCode::mint(kind, &user.sub, random::bytes()?) else {
                    return self.drop_message(mail, "mail_without_code").await;
                };
                Some((code, user))
            }
            None => None,
        };
        let new = code.as_ref().map(|(code, user)| NewCode {
            code,
            address: &mail.addressee.canonical,
            user,
            message: (mail.key, mail.message),
        });
        let now = self.clock.now();
        let attempt = NewAttempt {
            key: mail.key,
            free_since: now.minus(MARKED_FOR),
            address: &mail.addressee.canonical,
            bucket: mail.bucket(),
            typed_by: mail.typed_by(),
            code: new,
        };
        match self.outbox.begin(&attempt, now).await? {
            Attempt::Begun => {}
            Attempt::Busy => return Ok(Delivery::Again(Wait::Busy)),
            Attempt::Gone => return Ok(Delivery::Done),
            Attempt::TooSoon => {
                let reason = Unneeded::TooSoon;
                return self.unneeded(mail.key, mail.message, reason).await;
            }
            Attempt::OverLimit => return self.drop_message(mail, "mail_over_limit").await,
        }
        let values = Values {
            service: self.service.clone(),
            time: minute(mail.message.created_at),
            code: code.map(|(code, _)| CodeValues::new(&code, self.link.as_ref())),
        };
        let sent = self
            .sender
            .send(&mail.addressee.address, mail.letter, &values);
        match sent.await {
            Ok(()) => Ok(self.sent(mail).await),
            Err(failure) => self.failed(mail, &failure, sending).await,
        }
    }

    /// Ends a message that SES has accepted. If it cannot be deleted, it is left for
    /// DynamoDB to delete: delivering its key again would send the mail twice.
    async fn sent(&self, mail: &Mail<'_>) -> Delivery {
        telemetry::count("mail_sent");
        let (letter, sub) = (mail.letter.name(), mail.message.sub.as_str());
        tracing::info!(letter, sub, "a mail was sent");
        if let Err(error) = self.outbox.delete(mail.key).await {
            let error = telemetry::chain(&error);
            tracing::warn!(
                error,
                letter,
                sub,
                "a message that was sent could not be deleted"
            );
        }
        Delivery::Done
    }

    async fn failed(
        &self,
        mail: &Mail<'_>,
        failure: &SendFailure,
        sending: &Sending,
    ) -> Result<Delivery, DeliveryError> {
        let (letter, sub, code) = (mail.letter.name(), mail.message.sub.as_str(), &failure.code);
        match failure.class {
            FailureClass::Message => {
                tracing::warn!(letter, sub, code, "SES refused a mail for good");
                self.drop_message(mail, "mail_rejected").await
            }
            FailureClass::Throttling => {
                tracing::info!(letter, sub, code, "SES throttles; the mail waits");
                telemetry::count("mail_delayed");
                Ok(Delivery::Again(Wait::Throttled))
            }
            FailureClass::Unknown => {
                tracing::warn!(letter, sub, code, "SES did not respond; the mail waits");
                telemetry::count("mail_delayed");
                Ok(Delivery::Again(Wait::Unknown))
            }
            FailureClass::Setup => {
                tracing::error!(letter, sub, code, "SES is not set up for a mail; it waits");
                telemetry::count("mail_account_failed");
                Ok(Delivery::Again(Wait::Account))
            }
            FailureClass::Account => {
                tracing::error!(letter, sub, code, "no mail can be sent; all mails wait");
                telemetry::count("mail_account_failed");
                sending.pause();
                let pause = SendingPause {
                    reason: code.clone(),
                    until: self.clock.now().plus(ACCOUNT_PAUSE),
                };
                self.outbox.pause_sending(&pause).await?;
                Ok(Delivery::Again(Wait::Account))
            }
        }
    }

    /// Ends a message that is not needed.
    async fn unneeded(
        &self,
        key: &MessageKey,
        message: &Message,
        reason: Unneeded,
    ) -> Result<Delivery, DeliveryError> {
        self.outbox.delete(key).await?;
        let (kind, reason) = (message.kind.as_str(), reason.as_str());
        tracing::info!(kind, reason, "a message needs no mail");
        telemetry::count("mail_unneeded");
        Ok(Delivery::Done)
    }

    /// Ends a message that somebody may have waited for.
    async fn drop_message(
        &self,
        mail: &Mail<'_>,
        metric: &'static str,
    ) -> Result<Delivery, DeliveryError> {
        self.outbox.delete(mail.key).await?;
        let (letter, sub) = (mail.letter.name(), mail.message.sub.as_str());
        tracing::warn!(letter, sub, reason = metric, "a mail was dropped");
        telemetry::count(metric);
        Ok(Delivery::Done)
    }
}
