//! Warnings about roles that grant no scopes.

use gatehouse_auth::role::{Role, RoleScopes, Roles};
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
    let brings_nothing = |role: &&Role| {
        let only = Roles::parse([role.as_str()]);
        only.is_ok_and(|only| known.scopes_of(&only).to_string().is_empty())
    };
    roles.iter().filter(brings_nothing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_grants_no_scopes_is_found() {
        let roles = ["admin", "editor", "empty"].map(|name| Role::parse(name).unwrap());
        let scopes = r#"{"admin":["admin"],"empty":[]}"#;
        let settings = Environment::from_pairs([("ROLE_SCOPES", scopes)]);
        let found = without_scopes(&settings, &roles);
        let names: Vec<&str> = found.into_iter().map(Role::as_str).collect();
        assert_eq!(names, ["editor", "empty"]);
        assert!(without_scopes(&Environment::from_pairs([]), &roles).is_empty());
    }
}
