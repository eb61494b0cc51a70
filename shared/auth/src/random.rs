//! The one place that asks the operating system's generator for random bytes.

/// The system's random generator failed: nothing may be issued.
#[derive(Debug, thiserror::Error)]
#[error("the system's random generator failed")]
pub struct RandomError;

/// Returns `N` random bytes fit for keys, identifiers and salts.
///
/// # Errors
/// [`RandomError`] when the system's generator fails; there is no weaker fallback.
#[expect(clippy::disallowed_methods, reason = "the one module that may")]
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
