//! The `Authorization` header: one scheme and its credentials (RFC 9110 section
//! 11.6.2). This module parses text and verifies nothing.

/// Why a request has no usable credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// There is no `Authorization` header.
    #[error("the request has no Authorization header")]
    Missing,
    /// There is more than one: a repeated header, or values joined by a comma.
    #[error("the request has more than one Authorization value: send one")]
    Ambiguous,
    /// The credential is malformed or uses a different scheme.
    #[error("the Authorization header must be `Bearer`, a space and the token")]
    NotBearer,
}

impl CredentialError {
    /// Returns the reason, as named in audit events.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "credential_missing",
            Self::Ambiguous => "credential_ambiguous",
            Self::NotBearer => "credential_not_bearer",
        }
    }
}

/// The only `Authorization` value of a request. No `Debug`, because it is a secret.
#[derive(Clone, Copy)]
pub struct Authorization<'a> {
    scheme: &'a str,
    credentials: &'a str,
}

impl<'a> Authorization<'a> {
    /// Takes all values of the `Authorization` header; there must be exactly one.
    ///
    /// Two are rejected even if they are equal, and never reduced to one: a proxy in
    /// between may have checked the other.
    ///
    /// # Errors
    /// [`CredentialError`] if there is no value, more than one, or one that is
    /// not a scheme, one or more spaces and a token68 (RFC 9110 section 11.2).
    /// Whitespace around the value is not part of it (section 5.5).
    pub fn read<V>(values: impl IntoIterator<Item = &'a V>) -> Result<Self, CredentialError>
    where
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut values = values.into_iter();
        let value = values.next().ok_or(CredentialError::Missing)?.as_ref();
        if values.next().is_some() || value.contains(&b',') {
            return Err(CredentialError::Ambiguous);
        }
        let value = str::from_utf8(value).map_err(|_| CredentialError::NotBearer)?;
        let value = value.trim_matches([' ', '\t']);
        let (scheme, rest) = value.split_once(' ').ok_or(CredentialError::NotBearer)?;
        let credentials = rest.trim_start_matches(' ');
        if !is_token68(credentials) {
            return Err(CredentialError::NotBearer);
        }
        Ok(Self {
            scheme,
            credentials,
        })
    }

    /// Returns the credentials if the scheme is `scheme`, compared case-insensitively.
    #[must_use]
    pub fn of_scheme(self, scheme: &str) -> Option<&'a str> {
        self.scheme
            .eq_ignore_ascii_case(scheme)
            .then_some(self.credentials)
    }
}

/// Returns the bearer token of a request (RFC 6750 section 2.1), given all values of its
/// `Authorization` header. The token is not verified.
///
/// # Errors
/// [`CredentialError`] unless there is exactly one value, consisting of `Bearer` (in any
/// case), one or more spaces and a token.
pub fn bearer_token<'a, V>(
    authorization: impl IntoIterator<Item = &'a V>,
) -> Result<&'a str, CredentialError>
where
    V: AsRef<[u8]> + ?Sized + 'a,
{
    Authorization::read(authorization)?
        .of_scheme("Bearer")
        .ok_or(CredentialError::NotBearer)
}

/// RFC 9110 section 11.2, which is also the b64token of RFC 6750 section 2.1.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_case_insensitive_and_followed_by_any_number_of_spaces() {
        for value in [
            "Bearer a.b.c",
            "bearer a.b.c",
            "BEARER a.b.c",
            "bEaReR a.b.c",
            "Bearer   a.b.c",
            " \tBearer a.b.c\t ",
        ] {
            assert_eq!(bearer_token([value]), Ok("a.b.c"), "{value:?}");
        }
    }

    #[test]
    fn every_token68_character_is_accepted() {
        let token = "AZaz09-._~+/==";
        assert_eq!(bearer_token([&format!("Bearer {token}")]), Ok(token));
    }

    #[test]
    fn two_credentials_are_never_reduced_to_one() {
        for values in [
            &["Bearer a", "Bearer a"][..],
            &["Bearer a", ""],
            &["", "Bearer a"],
            &["Bearer a", "Basic b"],
            &["Bearer a,Bearer b"],
            &["bearer a, bearer b"],
            &["Bearer a,"],
            &[",Bearer a"],
        ] {
            let read = bearer_token(values.iter().copied());
            assert_eq!(read, Err(CredentialError::Ambiguous), "{values:?}");
        }
    }

    #[test]
    fn other_schemes_and_malformed_values_are_refused() {
        for value in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Bearer\ta",
            "Bearer \ta",
            "Bearer a b",
            "Bearer a\tb",
            "Bearer =",
            "Bearer a=b",
            "Bearer \"a\"",
            "Bearer \u{e9}",
            "Bearer\u{a0}a",
            "\u{feff}Bearer a",
            "B\u{e9}arer a",
            "Bearera a",
            "Bearer: a",
            "Token a",
            "Basic a",
            "a.b.c",
        ] {
            let read = bearer_token([value]);
            assert_eq!(read, Err(CredentialError::NotBearer), "{value:?}");
        }
        let invalid = bearer_token([&b"Bearer \xff"[..]]);
        assert_eq!(invalid, Err(CredentialError::NotBearer));
        let none: [&str; 0] = [];
        assert_eq!(bearer_token(none), Err(CredentialError::Missing));
    }

    #[test]
    fn another_scheme_follows_the_same_rules() {
        let basic = |value| {
            let read = Authorization::read([value]).ok();
            read.and_then(|credential| credential.of_scheme("Basic"))
        };
        assert_eq!(basic("Basic dTpw"), Some("dTpw"));
        assert_eq!(basic("basic  dTpw=="), Some("dTpw=="));
        assert_eq!(basic("Bearer dTpw"), None);
    }
}
