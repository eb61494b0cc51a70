//! Scopes: what an access token may be used for (RFC 6749 section 3.3).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::newtype::string_conversions;

/// The text is not a list of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is a list of printable ASCII words without quotes or backslashes")]
pub struct ScopeError;

/// Lets a token read its user's account, and list and end the user's sessions.
pub const PROFILE: &str = "profile";
/// Lets an administrator's token use the routes under `/admin`; the role is also required.
pub const ADMIN: &str = "admin";
/// Lets a token ask about other tokens at `/introspect`.
pub const INTROSPECT: &str = "introspect";

/// A set of scope-tokens; as text, space-delimited and sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Parses a space-delimited list; an empty string is the empty set.
    ///
    /// # Errors
    /// [`ScopeError`] unless every word is an RFC 6749 scope-token of at most
    /// 128 bytes, and there are at most 64 of them.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let scopes: BTreeSet<String> = text
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| {
                is_scope_token(word)
                    .then(|| word.to_owned())
                    .ok_or(ScopeError)
            })
            .collect::<Result<_, _>>()?;
        if scopes.len() > MAX_SCOPES {
            return Err(ScopeError);
        }
        Ok(Self(scopes))
    }

    /// Creates a set of scopes that are known to be valid.
    pub(crate) fn of<const N: usize>(scopes: [&'static str; N]) -> Self {
        Self(scopes.into_iter().map(str::to_owned).collect())
    }

    /// True if `scope` is in the set.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// True if every scope of this set is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Returns the scopes in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Returns the scopes in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// True if the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Walks the scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

string_conversions!(Scopes, ScopeError);

/// RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn is_scope_token(word: &str) -> bool {
    word.len() <= MAX_SCOPE_BYTES
        && word
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// More would let tokens grow past API Gateway's header limit.
const MAX_SCOPES: usize = 64;
/// Maximum length of a scope-token in bytes, for the same reason.
const MAX_SCOPE_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_do_not_matter() {
        let scopes = Scopes::parse("write  read write").unwrap();
        assert_eq!(scopes.to_string(), "read write");
        assert!(scopes.contains("read") && !scopes.contains("rea"));
    }

    #[test]
    fn quotes_backslashes_controls_and_other_scripts_are_refused() {
        for invalid in ["a\"b", "a\\b", "a\tb", "a\u{7f}", "\u{e9}", "a\nb"] {
            assert_eq!(Scopes::parse(invalid), Err(ScopeError), "{invalid:?}");
        }
    }

    #[test]
    fn too_many_or_too_long_scopes_are_refused() {
        let many: Vec<String> = (0..65).map(|number| format!("s{number}")).collect();
        assert_eq!(Scopes::parse(&many.join(" ")), Err(ScopeError));
        assert_eq!(Scopes::parse(&"s".repeat(129)), Err(ScopeError));
    }
}
