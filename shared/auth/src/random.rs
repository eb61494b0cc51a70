//! The only place that gets random bytes from the operating system's generator.

use crate::failure::Failure;

/// The system's random generator failed, so nothing may be issued.
#[derive(Debug, thiserror::Error)]
#[error("the system's random generator failed")]
pub struct RandomError;

impl Failure for RandomError {
    fn is_transient(&self) -> bool {
        false
    }
}

/// Returns `N` random bytes suitable for keys, identifiers and salts.
///
/// # Errors
/// [`RandomError`] if the system's generator fails. There is no weaker fallback.
#[expect(
    clippy::disallowed_methods,
    reason = "only this module draws random bytes"
)]
pub fn bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| RandomError)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn ten_thousand_draws_are_distinct() {
        let drawn: HashSet<[u8; 16]> = (0..10_000).map(|_| super::bytes().unwrap()).collect();
        assert_eq!(drawn.len(), 10_000);
    }
}
