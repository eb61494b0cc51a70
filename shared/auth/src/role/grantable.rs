//! Which roles a caller of the admin API may grant.

use super::{Role, RoleError, Roles};

/// The roles that a caller of the admin API may grant: the setting `GRANTABLE_ROLES`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum GrantableRoles {
    /// The caller's own roles.
    #[default]
    Own,
    /// These roles, whatever the caller's are.
    Listed(Roles),
}

impl GrantableRoles {
    /// Parses a list of roles, separated by commas: `user,editor`.
    ///
    /// # Errors
    /// [`RoleError`] if a name is not a role or there are more than 32.
    pub fn parse(text: &str) -> Result<Self, RoleError> {
        Roles::parse(text.split(',')).map(Self::Listed)
    }

    /// Returns the first role that a change from `before` to `after` grants, although a
    /// caller with the roles `own` may not grant it. Removing a role and keeping one need
    /// no permission.
    #[must_use]
    pub fn refused(&self, own: &Roles, before: &Roles, after: &Roles) -> Option<Role> {
        let allowed = match self {
            Self::Own => own,
            Self::Listed(listed) => listed,
        };
        let granted = after.without(before);
        granted.without(allowed).iter().next().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &str) -> Roles {
        Roles::parse(names.split(' ').filter(|name| !name.is_empty())).unwrap()
    }

    fn refused(grantable: &GrantableRoles, before: &str, after: &str) -> Option<String> {
        let refused = grantable.refused(&roles("admin user"), &roles(before), &roles(after));
        refused.map(String::from)
    }

    #[test]
    fn by_default_a_caller_grants_the_roles_that_they_have() {
        let own = GrantableRoles::default();
        assert_eq!(refused(&own, "user", "admin user"), None);
        assert_eq!(
            refused(&own, "user", "owner user").as_deref(),
            Some("owner")
        );
    }

    #[test]
    fn a_list_replaces_the_callers_own_roles() {
        let listed = GrantableRoles::parse("editor,user").unwrap();
        assert_eq!(refused(&listed, "", "editor user"), None);
        assert_eq!(refused(&listed, "", "admin").as_deref(), Some("admin"));
    }

    #[test]
    fn keeping_and_removing_a_role_needs_no_permission() {
        let listed = GrantableRoles::parse("user").unwrap();
        for grantable in [GrantableRoles::Own, listed] {
            assert_eq!(refused(&grantable, "owner user", "owner"), None);
            assert_eq!(refused(&grantable, "owner user", "user"), None);
            assert_eq!(refused(&grantable, "owner user", ""), None);
            let swapped = refused(&grantable, "owner", "boss");
            assert_eq!(swapped.as_deref(), Some("boss"));
        }
    }

    #[test]
    fn an_invalid_list_is_an_error() {
        for invalid in ["", "user,", "user, editor", "user editor", "Admin", "*"] {
            assert_eq!(
                GrantableRoles::parse(invalid),
                Err(RoleError),
                "{invalid:?}"
            );
        }
    }
}
