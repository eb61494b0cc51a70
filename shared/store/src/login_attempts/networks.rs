//! Where an account is known from, whichever of its identifiers a login names.

use gatehouse_auth::guessing::{Counted, Counter};
use gatehouse_auth::time::Timestamp;

use super::{Guess, LoginAttempts};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::pk;

impl LoginAttempts {
    /// True if one of the identifiers with these digests is known from the address's network.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or an item is corrupt.
    pub async fn is_known_from(
        &self,
        digests: &[String],
        address: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let guesses = digests.iter().map(|digest| Guess { digest, address });
        let guesses: Vec<Guess<'_>> = guesses.collect();
        let keys: Vec<_> = guesses
            .iter()
            .map(|guess| pk(&guess.key(Counted::Identifier)))
            .collect();
        if keys.is_empty() {
            return Ok(false);
        }
        for item in self.table.get_each(&keys).await? {
            let counter: Counter = self.table.decode("of an identifier", item)?;
            let mut guesses = guesses.iter();
            if guesses.any(|guess| counter.known.contains(&guess.network(), now)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
