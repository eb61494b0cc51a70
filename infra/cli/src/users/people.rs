//! The tables as this command uses them, and a person found by name.

use anyhow::{Context as _, bail};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_auth::random;
use gatehouse_auth::user::User;
use gatehouse_auth::username::Username;
use gatehouse_store::{ClientRequestToken, Revocations, Users, unlock};
use serde_json::json;

use crate::answer::Answer;
use crate::place::Place;

/// The tables that hold something about people.
pub(super) struct People {
    pub(super) users: Users,
    pub(super) revocations: Revocations,
    client: aws_sdk_dynamodb::Client,
    attempts: String,
}

/// A person who was found.
pub(super) struct Person {
    pub(super) user: User,
}

impl People {
    pub(super) fn of(place: &Place) -> anyhow::Result<Self> {
        let client = place.tables();
        Ok(Self {
            users: Users::new(client.clone(), place.table("USERS_TABLE")?),
            revocations: Revocations::new(client.clone(), place.table("REVOCATIONS_TABLE")?),
            attempts: place.table("LOGIN_ATTEMPTS_TABLE")?,
            client,
        })
    }

    /// Finds a person as a login does: through the item of the name, and none
    /// that is only like it.
    pub(super) async fn find(&self, name: &str) -> anyhow::Result<Person> {
        let nobody = || format!("nobody is called {name:?} here");
        let key = LoginIdentifier::parse(name).name_key();
        let key = key.with_context(|| format!("nobody can be called {name:?}"))?;
        let sub = self.users.subject_of(&key).await?.with_context(nobody)?;
        let user = self.users.get(&sub).await?.with_context(nobody)?;
        Ok(Person { user })
    }

    /// Forgets the failed logins under every name that the person has.
    pub(super) async fn unlock(&self, person: &Person) -> anyhow::Result<Answer> {
        let mut removed = 0;
        for identifier in person.identifiers()? {
            removed += unlock(&self.client, &self.attempts, &identifier.digest()).await?;
        }
        let name = &person.user.username;
        let text = match removed {
            0 => format!("No failed login of {name} is counted.\n"),
            _ => format!(
                "The failed logins of {name} are forgotten. What is counted for an address alone stays.\n"
            ),
        };
        let json = json!({"user": super::listing::json(&person.user), "removed": removed});
        Ok(Answer { text, json })
    }
}

impl Person {
    fn identifiers(&self) -> anyhow::Result<Vec<LoginIdentifier>> {
        let username = Username::parse(&self.user.username_canonical)
            .context("the stored username is none")?;
        let mut identifiers = vec![LoginIdentifier::Username(username)];
        if let Some(email) = &self.user.email_canonical {
            let email = EmailAddress::parse(email).context("the stored e-mail address is none")?;
            identifiers.push(LoginIdentifier::Email(email));
        }
        Ok(identifiers)
    }
}

/// Names one change, so that a retry of the SDK's is not another one.
pub(super) fn token() -> anyhow::Result<ClientRequestToken> {
    Ok(ClientRequestToken::from_bytes(random::bytes()?))
}

/// The end of a command whose person is not there any more.
pub(super) fn gone(name: &str) -> anyhow::Result<Answer> {
    bail!("{name} was deleted meanwhile: nothing was changed")
}
