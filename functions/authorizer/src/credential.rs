//! The bearer credential of a request (RFC 6750 section 2.1).

/// Why a request has no usable credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialError {
    /// There is none.
    Missing,
    /// There are two: a duplicate header, or two joined by a comma.
    Ambiguous,
    /// It is not `Bearer`, one space, and a token.
    NotBearer,
}

impl CredentialError {
    /// Names the reason, as the log does.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "credential_missing",
            Self::Ambiguous => "credential_ambiguous",
            Self::NotBearer => "credential_not_bearer",
        }
    }
}

/// Returns the token, if there is exactly one credential and it is a bearer's.
///
/// Two are refused rather than one chosen: whoever stands between might have
/// checked the other. The scheme is taken as documented, `Bearer`, alone.
///
/// # Errors
/// [`CredentialError`] says which of the rules failed.
pub fn bearer(authorizations: &[String]) -> Result<&str, CredentialError> {
    let value = match authorizations {
        [] => return Err(CredentialError::Missing),
        [value] => value,
        [_, _, ..] => return Err(CredentialError::Ambiguous),
    };
    if value.contains(',') {
        return Err(CredentialError::Ambiguous);
    }
    value
        .strip_prefix("Bearer ")
        .filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or(CredentialError::NotBearer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<String, CredentialError> {
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        bearer(&values).map(str::to_owned)
    }

    #[test]
    fn one_bearer_token_is_taken() {
        assert_eq!(read(&["Bearer a.b.c"]), Ok("a.b.c".into()));
    }

    #[test]
    fn two_credentials_are_never_one() {
        assert_eq!(
            read(&["Bearer a", "Bearer a"]),
            Err(CredentialError::Ambiguous)
        );
        assert_eq!(
            read(&["Bearer a,Bearer b"]),
            Err(CredentialError::Ambiguous)
        );
        assert_eq!(
            read(&["Bearer a, Bearer b"]),
            Err(CredentialError::Ambiguous)
        );
    }

    #[test]
    fn other_spellings_are_refused() {
        for odd in [
            "",
            "Bearer",
            "Bearer ",
            "bearer a",
            "Bearer  a",
            "Bearer\ta",
            "Basic a",
            "a.b.c",
            " Bearer a",
            "Bearer a ",
            "Bearer a b",
            "Bearer \u{e9}",
        ] {
            assert_eq!(read(&[odd]), Err(CredentialError::NotBearer), "{odd:?}");
        }
        assert_eq!(read(&[]), Err(CredentialError::Missing));
    }
}
