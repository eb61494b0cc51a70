//! The rules for a new password, wherever one is chosen: strong enough, not in the
//! list of stolen passwords, and only then hashed.

use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::password::{HashError, Hasher, Password, PasswordPolicy, WeakPassword};
use gatehouse_auth::random::{self, RandomError};
use gatehouse_auth::user::StoredHash;
use gatehouse_auth::username::Username;

use crate::{Breaches, BreachesError, ListUnavailable};

/// The rules that a deployment has for new passwords.
#[derive(Debug)]
pub struct PasswordRules {
    policy: PasswordPolicy,
    breaches: Breaches,
}

/// A password that is strong enough for its owner, and not hashed yet.
#[derive(Debug)]
pub struct NewPassword<'a> {
    password: Password,
    breaches: &'a Breaches,
}

/// Why a new password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// It is in the list of stolen passwords.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// The list is unavailable, and without it no password is accepted.
    #[error(transparent)]
    Unavailable(#[from] ListUnavailable),
    /// The hash could not be computed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// There is no salt.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl PasswordRules {
    /// Creates the rules: the minimum length in code points, the URL of the list of
    /// stolen passwords if it is checked, and whether a password is accepted while that
    /// list is unavailable.
    ///
    /// # Errors
    /// [`BreachesError`] if the list cannot be trusted at this URL.
    pub fn new(
        min_length: usize,
        list: Option<&str>,
        fails_open: bool,
    ) -> Result<Self, BreachesError> {
        Ok(Self {
            policy: PasswordPolicy::new(min_length),
            breaches: Breaches::new(list, fails_open)?,
        })
    }

    /// Judges the strength of a password that a person with these names has chosen.
    ///
    /// # Errors
    /// [`WeakPassword`] with every reason against it.
    pub fn check(
        &self,
        password: Password,
        username: &Username,
        email: Option<&EmailAddress>,
    ) -> Result<NewPassword<'_>, WeakPassword> {
        self.policy.check(&password, username, email)?;
        let breaches = &self.breaches;
        Ok(NewPassword { password, breaches })
    }
}

impl NewPassword<'_> {
    /// Looks the password up in the list of stolen ones, and hashes it.
    ///
    /// # Errors
    /// [`NewPasswordError`], `Weak` if it is in the list.
    pub async fn hash(self, hasher: &Hasher) -> Result<StoredHash, NewPasswordError> {
        if self.breaches.contains(&self.password).await? {
            return Err(WeakPassword::stolen().into());
        }
        Ok(hasher.hash(self.password, random::bytes()?).await?)
    }
}
