//! The scopes that each role grants.

use std::collections::BTreeMap;

use super::{Role, Roles};
use crate::json;
use crate::scope::{self, Scopes};

/// The scopes that each role grants, and those that every user has: the setting
/// `ROLE_SCOPES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleScopes {
    everyone: Scopes,
    by_role: BTreeMap<Role, Scopes>,
}

/// Why `ROLE_SCOPES` is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleScopesError {
    /// It is not a JSON object of arrays of strings.
    #[error("it is not a JSON object whose members are arrays of scopes")]
    Json,
    /// A member's name is neither a role nor `*`.
    #[error("`{0}` is neither a role nor `*`")]
    Role(String),
    /// A member's value contains an invalid scope.
    #[error("`{0}` contains an invalid scope")]
    Scopes(String),
}

impl RoleScopes {
    /// Parses a JSON object of arrays: `{"*":["profile"],"admin":["admin"]}`. The member
    /// `*` lists the scopes that every user has, whatever their roles; if it is missing,
    /// they have `profile`.
    ///
    /// # Errors
    /// [`RoleScopesError`] names the member or scope that is invalid.
    pub fn parse(text: &str) -> Result<Self, RoleScopesError> {
        let raw = json::parse(text.as_bytes(), DEPTH).map_err(|_| RoleScopesError::Json)?;
        let raw: BTreeMap<String, Vec<String>> =
            serde_json::from_value(raw).map_err(|_| RoleScopesError::Json)?;
        let mut everyone = Scopes::of([scope::PROFILE]);
        let mut by_role = BTreeMap::new();
        for (name, words) in raw {
            let scopes = scopes(&name, &words)?;
            if name == EVERYONE {
                everyone = scopes;
                continue;
            }
            let Ok(role) = Role::parse(&name) else {
                return Err(RoleScopesError::Role(name));
            };
            by_role.insert(role, scopes);
        }
        Ok(Self { everyone, by_role })
    }

    /// Returns every scope of a user with these roles; an unknown role grants none.
    #[must_use]
    pub fn scopes_of(&self, roles: &Roles) -> Scopes {
        roles
            .iter()
            .filter_map(|role| self.by_role.get(role))
            .fold(self.everyone.clone(), |sum, scopes| sum.union(scopes))
    }

    /// Returns the scopes that every user has.
    #[must_use]
    pub fn everyone(&self) -> &Scopes {
        &self.everyone
    }

    /// Iterates over the roles that are listed, with the scopes that each grants.
    pub fn by_role(&self) -> impl Iterator<Item = (&Role, &Scopes)> {
        self.by_role.iter()
    }
}

/// Parses the value of one member.
fn scopes(name: &str, words: &[String]) -> Result<Scopes, RoleScopesError> {
    let is_one = |word: &String| !word.is_empty() && !word.contains(' ');
    Scopes::parse(&words.join(" "))
        .ok()
        .filter(|_| words.iter().all(is_one))
        .ok_or_else(|| RoleScopesError::Scopes(name.to_owned()))
}

/// The member for the scopes that every user has. It is not the name of any role.
const EVERYONE: &str = "*";
/// An object of arrays.
const DEPTH: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(setting: &str, roles: &[&str]) -> String {
        let setting = RoleScopes::parse(setting).unwrap();
        let roles = Roles::parse(roles.iter().copied()).unwrap();
        setting.scopes_of(&roles).to_string()
    }

    #[test]
    fn roles_grant_the_union_of_their_scopes() {
        let setting = r#"{"*":[],"user":["profile"],"ops":["restart","profile"]}"#;
        assert_eq!(
            granted(setting, &["user", "ops", "unknown"]),
            "profile restart"
        );
    }

    #[test]
    fn every_user_has_the_scopes_of_the_star_whatever_their_roles() {
        let setting = r#"{"*":["profile","read"],"ops":["restart"]}"#;
        assert_eq!(granted(setting, &[]), "profile read");
        assert_eq!(granted(setting, &["unknown"]), "profile read");
        assert_eq!(granted(setting, &["ops"]), "profile read restart");
    }

    #[test]
    fn without_a_star_every_user_has_the_profile() {
        assert_eq!(granted("{}", &[]), "profile");
        assert_eq!(
            granted(r#"{"ops":["restart"]}"#, &["ops"]),
            "profile restart"
        );
        assert_eq!(granted(r#"{"*":[]}"#, &["user"]), "");
    }

    #[test]
    fn an_invalid_setting_is_named_in_the_error() {
        for invalid in ["[]", "{bad", r#"{"a":["x"],"a":[]}"#, r#"{"a":[["x"]]}"#] {
            assert_eq!(RoleScopes::parse(invalid), Err(RoleScopesError::Json));
        }
        for name in ["Admin", "**", "* ", ""] {
            assert_eq!(
                RoleScopes::parse(&format!(r#"{{"{name}":[]}}"#)),
                Err(RoleScopesError::Role(name.into()))
            );
        }
        for (name, word) in [("user", "a b"), ("*", ""), ("*", "a\\b")] {
            assert_eq!(
                RoleScopes::parse(&format!(r#"{{"{name}":["{word}"]}}"#)),
                Err(RoleScopesError::Scopes(name.into()))
            );
        }
    }
}
