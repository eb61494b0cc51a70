//! What somebody sends who wants to log in.

use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::scope::Scopes;
use gatehouse_edge::Request;
use gatehouse_store::Guess;
use secrecy::SecretString;

use crate::error::LoginError;

/// An attempt at a login: who it says it is, and from where.
pub(crate) struct Attempt {
    /// Key of the name item; nothing where the identifier can be nobody's.
    pub(crate) name_key: Option<ItemKey>,
    /// Digest of the canonical identifier, for counters and logs.
    pub(crate) digest: String,
    /// The password as it was sent.
    pub(crate) password: SecretString,
    /// The client's address; empty where the gateway gave none.
    pub(crate) ip: String,
    /// The client's user agent, 256 bytes at most.
    pub(crate) user_agent: String,
    scope: Option<Scopes>,
}

impl Attempt {
    /// Reads a body; an identifier of any shape is one that may be unknown.
    ///
    /// # Errors
    /// [`LoginError`] when a member is missing, or the scope is none.
    pub(crate) fn read(request: &Request) -> Result<Self, LoginError> {
        let body = request.json(|fields| {
            (
                fields.text("username"),
                fields.secret("password"),
                fields.optional_text("scope"),
            )
        });
        let (username, password, scope) = body.map_err(LoginError::Other)?;
        let identifier = LoginIdentifier::parse(&username);
        Ok(Self {
            name_key: identifier.name_key(),
            digest: identifier.digest(),
            password,
            ip: request.client_address().to_owned(),
            user_agent: request.user_agent().to_owned(),
            scope: scope
                .map(|scope| Scopes::parse(&scope))
                .transpose()
                .map_err(|_| LoginError::InvalidScope)?,
        })
    }

    /// Returns what the counters of guesses know the attempt by.
    pub(crate) fn guess(&self) -> Guess<'_> {
        Guess {
            digest: &self.digest,
            address: &self.ip,
        }
    }

    /// Returns the scope to grant: what was asked for, or all there is.
    ///
    /// # Errors
    /// [`LoginError::InvalidScope`] when more was asked for than there is.
    pub(crate) fn scope_of(&self, available: &Scopes) -> Result<Scopes, LoginError> {
        match &self.scope {
            None => Ok(available.clone()),
            Some(wanted) if wanted.is_subset(available) => Ok(wanted.clone()),
            Some(_) => Err(LoginError::InvalidScope),
        }
    }
}
