//! Is a password in a public list of stolen ones: the range API of Pwned Passwords.
//!
//! The list is asked for five of the forty hexadecimal digits of the password's
//! SHA-1, and answers with all that begin so; the comparison is made here. It is off
//! unless a deployment wants it: it tells a third party when somebody chooses a
//! password, and waits for it.

use std::time::Duration;

use gatehouse_auth::failure::Failure;
use gatehouse_auth::password::{BreachQuery, Password};
use gatehouse_fetch::{FetchError, Fetcher, Limits, is_authentic};
use http::Uri;

mod new_password;

pub use new_password::{NewPassword, NewPasswordError, PasswordRules};

/// The list, or nothing where it is not asked.
#[derive(Debug)]
pub struct Breaches(Option<List>);

#[derive(Debug)]
struct List {
    fetcher: Fetcher,
    /// Without its last segment.
    address: String,
    /// Whether a password is accepted while the list is unavailable: the other rules
    /// have judged it.
    fails_open: bool,
}

/// Why there is no list to ask.
#[derive(Debug, thiserror::Error)]
pub enum BreachesError {
    /// Whoever could change its answers would let stolen passwords in.
    #[error("PWNED_PASSWORDS_URL must be an https URL")]
    Address,
    /// This machine's certificate authorities cannot be read.
    #[error("this machine trusts no certificate authority")]
    Authorities(#[source] std::io::Error),
}

/// The list did not answer, and without it no password is taken.
#[derive(Debug, thiserror::Error)]
#[error("the list of stolen passwords does not answer")]
pub struct Unanswered(#[source] FetchError);

impl Failure for Unanswered {
    fn is_transient(&self) -> bool {
        true
    }
}

impl Breaches {
    /// Asks the list at this URL, such as `https://api.pwnedpasswords.com`; without one
    /// no list. `fails_open` says whether a password is accepted while the list is
    /// unavailable.
    ///
    /// # Errors
    /// [`BreachesError`] if it is no address that can be trusted.
    pub fn new(url: Option<&str>, fails_open: bool) -> Result<Self, BreachesError> {
        let Some(url) = url else {
            return Ok(Self(None));
        };
        let parsed: Uri = url.parse().map_err(|_| BreachesError::Address)?;
        if !is_authentic(&parsed) || url.contains(['?', '#']) {
            return Err(BreachesError::Address);
        }
        let limits = Limits {
            timeout: TIMEOUT,
            max_bytes: MAX_BODY_BYTES,
        };
        let fetcher = Fetcher::new(limits, USER_AGENT).map_err(BreachesError::Authorities)?;
        Ok(Self(Some(List {
            fetcher,
            address: format!("{}/range", url.trim_end_matches('/')),
            fails_open,
        })))
    }

    /// Says whether a password is on the list; one that is not asked has none.
    ///
    /// # Errors
    /// [`Unanswered`] where a list that does not answer refuses.
    pub async fn contains(&self, password: &Password) -> Result<bool, Unanswered> {
        let Some(list) = &self.0 else {
            return Ok(false);
        };
        let query = password.breach_query();
        match list.range(&query).await {
            Ok(range) => Ok(query.is_in(&range)),
            Err(error) => {
                // The error names no part of the address: five digits of a digest are
                // few, and a log keeps them beside who registered.
                tracing::warn!(%error, "the list of stolen passwords does not answer");
                if list.fails_open {
                    Ok(false)
                } else {
                    Err(Unanswered(error))
                }
            }
        }
    }
}

impl List {
    async fn range(&self, query: &BreachQuery) -> Result<String, FetchError> {
        let address = format!("{}/{}", self.address, query.prefix());
        let uri: Uri = address
            .parse()
            .map_err(|error: http::uri::InvalidUri| FetchError::Connection(error.into()))?;
        // Padded, so that who sees the length of the encrypted answer learns nothing.
        let body = self.fetcher.get(&uri, &[("add-padding", "true")]).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

const USER_AGENT: &str = concat!("gatehouse/", env!("CARGO_PKG_VERSION"));
/// How long the list may take. Longer lets it hold up every registration.
const TIMEOUT: Duration = Duration::from_millis(300);
/// Longest answer in bytes: a padded one has about 50,000. More lets whoever answers
/// in the list's place fill the function's memory.
const MAX_BODY_BYTES: usize = 256 * 1024;
