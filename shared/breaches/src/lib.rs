//! The rules for new passwords, with a public list of stolen ones: the range API of Pwned
//! Passwords.
//!
//! The list is sent five of the forty hexadecimal digits of the password's SHA-1, and
//! returns every entry that begins with them; the comparison happens here. The check is
//! off by default: it reveals to a third party when someone chooses a password, and waits
//! for it.

use std::time::Duration;

use gatehouse_auth::failure::Failure;
use gatehouse_auth::password::{BreachQuery, Password};
use gatehouse_fetch::{FetchError, Fetcher, Limits, is_authentic};
use http::Uri;

mod new_password;

pub use new_password::{NewPassword, NewPasswordError, PasswordRules};

/// The list of stolen passwords, or nothing if it is not checked.
#[derive(Debug)]
pub struct Breaches(Option<List>);

#[derive(Debug)]
struct List {
    fetcher: Fetcher,
    /// The URL without its last segment.
    address: String,
    /// Whether a password is accepted while the list is unavailable: the other rules
    /// have judged it.
    fails_open: bool,
}

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BreachesError {
    /// Anyone who can change its responses could get stolen passwords accepted.
    #[error("PWNED_PASSWORDS_URL must be an https URL")]
    Address,
    /// This machine's certificate authorities cannot be read.
    #[error("this machine trusts no certificate authority")]
    Authorities(#[source] std::io::Error),
}

/// The list is unavailable, and without it no password is accepted.
#[derive(Debug, thiserror::Error)]
#[error("the list of stolen passwords is unavailable")]
pub struct ListUnavailable(#[source] FetchError);

impl Failure for ListUnavailable {
    fn is_transient(&self) -> bool {
        true
    }
}

const USER_AGENT: &str = concat!("gatehouse/", env!("CARGO_PKG_VERSION"));
/// How long to wait for the list. Longer lets it delay every registration.
const TIMEOUT: Duration = Duration::from_millis(300);
/// Longest response in bytes; a padded one has about 50,000. More lets anyone who poses as
/// the list fill the function's memory.
const MAX_BODY_BYTES: usize = 256 * 1024;

impl Breaches {
    /// Checks the list at this URL, such as `https://api.pwnedpasswords.com`, or none.
    /// `fails_open` says whether a password is accepted while the list is unavailable.
    ///
    /// # Errors
    /// If the URL cannot be trusted, or this machine trusts no certificate authority.
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

    /// Returns whether the list contains a password; false if the list is not checked.
    ///
    /// # Errors
    /// If the list is unavailable and does not fail open.
    pub async fn contains(&self, password: &Password) -> Result<bool, ListUnavailable> {
        let Some(list) = &self.0 else {
            return Ok(false);
        };
        let query = password.breach_query();
        match list.range(&query).await {
            Ok(range) => Ok(query.is_in(&range)),
            Err(error) => {
                // The error names no part of the URL: a log would keep five digits of the
                // digest next to the user who registered.
                tracing::warn!(%error, "the list of stolen passwords is unavailable");
                if list.fails_open {
                    Ok(false)
                } else {
                    Err(ListUnavailable(error))
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
        // Padded, so that the length of the encrypted response reveals nothing.
        let body = self.fetcher.get(&uri, &[("add-padding", "true")]).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}
