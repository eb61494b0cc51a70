//! The stores over the tables of one test.

use std::ops::Deref;

use aws_sdk_dynamodb::Client;
use gatehouse_auth::code::MailCode;
use gatehouse_auth::mail::{Message, MessageKind, NewCode, Notices, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_store::{
    Accounts, Attempt, Clients, LoginAttempts, NewAttempt, Outbox, Revocations, Sessions,
    SigningKeys, Users,
};
use gatehouse_testing::{Fault, at_call};

/// The tables of one test, with a store over each.
pub(crate) struct Tables {
    /// Past the stores, without records or faults.
    pub(crate) client: Client,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) revocations: Revocations,
    pub(crate) keys: SigningKeys,
    pub(crate) clients: Clients,
    /// Without mail.
    pub(crate) accounts: Accounts,
    /// With mail, and the default notices.
    pub(crate) mailing: Accounts,
    pub(crate) attempts: LoginAttempts,
    pub(crate) outbox: Outbox,
    database: gatehouse_testing::Tables,
}

impl Tables {
    /// Starts a database with empty tables.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a database in which these users are registered.
    pub(crate) async fn start_with(users: &[&User]) -> Self {
        let tables = gatehouse_testing::Tables::start_with(users).await;
        let client = || tables.client();
        let name = |table| tables.name(table).to_owned();
        let users = Users::new(client(), name("UsersTable"));
        let sessions = Sessions::new(client(), name("SessionsTable"));
        let revocations = Revocations::new(client(), name("RevocationsTable"));
        let outbox = Outbox::new(client(), name("OutboxTable"), Notices::default());
        let accounts = Accounts::new(users.clone(), sessions.clone(), revocations.clone());
        Self {
            client: tables.plain_client(),
            mailing: accounts.clone().with_outbox(Some(outbox.clone())),
            accounts,
            users,
            sessions,
            revocations,
            keys: SigningKeys::new(client(), name("SigningKeysTable")),
            clients: Clients::new(client(), name("SigningKeysTable")),
            outbox,
            attempts: LoginAttempts::new(client(), name("LoginAttemptsTable")),
            database: tables,
        }
    }

    /// Makes a code valid for an address of a user.
    pub(crate) async fn issue(
        &self,
        code: &MailCode,
        to: (&User, &str),
        now: Timestamp,
    ) -> Attempt {
        issue(&self.outbox, code, to, now).await
    }

    /// Returns the operations called since the last time, repetitions included.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.faults().take_calls()
    }

    /// Loses the response of the next call, which takes effect.
    pub(crate) fn lose_next_answer(&self) {
        drop(self.faults().inject(at_call(0).after(), Fault::Cut));
    }
}

impl Deref for Tables {
    type Target = gatehouse_testing::Tables;

    fn deref(&self) -> &Self::Target {
        &self.database
    }
}

/// Makes a code valid for an address of a user, as the mailer does that sends a message.
pub(crate) async fn issue(
    outbox: &Outbox,
    code: &MailCode,
    (of, address): (&User, &str),
    now: Timestamp,
) -> Attempt {
    let mut kinds = MessageKind::ALL.into_iter();
    let kind = kinds.find(|kind| kind.code() == Some(code.kind())).unwrap();
    let message = Message::new(kind, &of.sub, of.revision, Origin::Session, now);
    let key = outbox.put(&message).await.unwrap();
    let attempt = NewAttempt {
        key: &key,
        free_since: now,
        address,
        bucket: None,
        typed_by: None,
        code: Some(NewCode {
            code,
            address,
            user: of,
            message: (&key, &message),
        }),
    };
    let begun = outbox.begin(&attempt, now).await.unwrap();
    outbox.delete(&key).await.unwrap();
    begun
}
