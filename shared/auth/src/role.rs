//! The roles of a user, the scopes that each role grants, and who may grant which role.

mod grantable;
mod scopes;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::newtype::string_newtype;

pub use grantable::GrantableRoles;
pub use scopes::{RoleScopes, RoleScopesError};

/// The text is not a role, or there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role must match [a-z0-9][a-z0-9_.:-]{{0,63}}, and a user has at most 32")]
pub struct RoleError;

/// A role's name, such as `admin`: `[a-z0-9][a-z0-9_.:-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Role(String);

impl Role {
    /// Parses a role's name.
    ///
    /// # Errors
    /// [`RoleError`] unless it matches the pattern.
    pub fn parse(text: &str) -> Result<Self, RoleError> {
        let mut bytes = text.bytes();
        let head = bytes
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let tail = bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.:-".contains(&byte)
        });
        if head && tail && text.len() <= MAX_ROLE_BYTES {
            Ok(Self(text.to_owned()))
        } else {
            Err(RoleError)
        }
    }
}

string_newtype!(Role, RoleError);

/// The roles of a user, at most 32; as JSON, a sorted array of names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<Role>", into = "BTreeSet<Role>")]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Parses a set of roles from their names.
    ///
    /// # Errors
    /// [`RoleError`] if a name is not a role or there are more than 32.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, RoleError> {
        let roles: BTreeSet<Role> = names
            .into_iter()
            .map(Role::parse)
            .collect::<Result<_, _>>()?;
        Self::try_from(roles)
    }

    /// Returns the roles of a new user: `user`.
    #[must_use]
    pub fn of_new_user() -> Self {
        Self(BTreeSet::from([Role(FIRST.to_owned())]))
    }

    /// True if the role with this name is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|role| role.as_str() == name)
    }

    /// Returns the roles that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// Iterates over the roles in order.
    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.0.iter()
    }
}

/// Space-delimited, as in the authorizer's context.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, role) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(role.as_str())?;
        }
        Ok(())
    }
}

impl TryFrom<BTreeSet<Role>> for Roles {
    type Error = RoleError;

    fn try_from(roles: BTreeSet<Role>) -> Result<Self, RoleError> {
        if roles.len() > MAX_ROLES {
            return Err(RoleError);
        }
        Ok(Self(roles))
    }
}

impl From<Roles> for BTreeSet<Role> {
    fn from(roles: Roles) -> BTreeSet<Role> {
        roles.0
    }
}

/// The role of administrators. The last active user who has it cannot lose it.
pub const ADMIN: &str = "admin";
/// The role of every new user; only an administrator or an operator grants others.
pub const FIRST: &str = "user";

/// More would let a user's tokens exceed API Gateway's header limit.
const MAX_ROLES: usize = 32;
/// Longest role name in bytes, for the same reason.
const MAX_ROLE_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_the_pattern_or_are_refused() {
        for valid in ["admin", "0", "team:eu-1_x.y"] {
            assert!(Role::parse(valid).is_ok(), "{valid}");
        }
        for bad in ["", "Admin", "-a", "a b", "a/b", "\u{e9}", &"a".repeat(65)] {
            assert_eq!(Role::parse(bad), Err(RoleError), "{bad:?}");
        }
    }

    #[test]
    fn a_user_has_32_roles_at_most() {
        let names: Vec<String> = (0..33).map(|number| format!("r{number}")).collect();
        assert_eq!(
            Roles::parse(names.iter().map(String::as_str)),
            Err(RoleError)
        );
        assert!(Roles::parse(names.iter().take(32).map(String::as_str)).is_ok());
    }

    #[test]
    fn a_new_user_has_the_role_user() {
        assert_eq!(Roles::of_new_user(), Roles::parse(["user"]).unwrap());
    }
}
