//! Warnings about roles that grant no scopes.

use gatehouse_auth::role::{FIRST, Role, RoleScopes};
use gatehouse_edge::config::Environment;

use crate::output::notice;

/// Warns about each role to which `RoleScopes` grants no scopes, if `RoleScopes` is known.
pub(super) fn warn(settings: &Environment, roles: &[Role]) {
    for role in without_scopes(settings, roles) {
        notice(&format!(
            "warning: RoleScopes grants no scopes to the role {role}: add it there, or check the spelling"
        ));
    }
}

fn without_scopes<'r>(settings: &Environment, roles: &'r [Role]) -> Vec<&'r Role> {
    let known = settings.text("ROLE_SCOPES");
    let Some(known) = known.and_then(|text| RoleScopes::parse(text).ok()) else {
        return vec![];
    };
    let grants_some = |role: &Role| {
        let mut granting = known.by_role().filter(|(_, scopes)| !scopes.is_empty());
        granting.any(|(granting, _)| granting == role)
    };
    // Every new user has the role `user`, and by default only the scopes of `*`.
    let is_suspicious = |role: &&Role| role.as_str() != FIRST && !grants_some(role);
    roles.iter().filter(is_suspicious).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_grants_no_scopes_is_found() {
        let roles = ["admin", "editor", "empty", "user"].map(|name| Role::parse(name).unwrap());
        let scopes = r#"{"*":["profile"],"admin":["admin"],"empty":[]}"#;
        let settings = Environment::from_pairs([("ROLE_SCOPES", scopes)]);
        let found = without_scopes(&settings, &roles);
        let names: Vec<&str> = found.into_iter().map(Role::as_str).collect();
        assert_eq!(names, ["editor", "empty"]);
        assert!(without_scopes(&Environment::from_pairs([]), &roles).is_empty());
    }
}
