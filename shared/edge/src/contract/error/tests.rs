use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::error::fault::Failing;
use crate::{OauthError, Problem};

/// The statuses that the reference lists for a code.
fn listed(format: Format) -> BTreeSet<(&'static str, u16)> {
    let errors = errors().into_iter();
    let of_format = errors.filter(|entry| entry.format == format);
    of_format.map(|entry| (entry.code, entry.status)).collect()
}

#[test]
fn each_problem_has_the_status_of_the_reference() {
    let role = gatehouse_auth::role::Roles::parse(["editor"]).unwrap();
    let role = role.iter().next().unwrap().clone();
    let created = [
        Problem::invalid_request(),
        Problem::invalid_json("x"),
        Problem::unsupported_media_type(),
        Problem::body_too_large(),
        Problem::validation_failed(vec![]),
        Problem::weak_password("password", [], vec![]),
        Problem::invalid_scope(),
        Problem::invalid_credentials(),
        Problem::unauthorized(),
        Problem::invalid_token(),
        Problem::missing_role("editor"),
        Problem::missing_scope("profile"),
        Problem::role_not_grantable(&role),
        Problem::registration_closed(),
        Problem::email_not_verified(),
        Problem::not_found(),
        Problem::username_taken(),
        Problem::email_taken(),
        Problem::last_admin(),
        Problem::invalid_code(),
        Problem::too_many_requests(Duration::ZERO),
        Problem::from(Failing { transient: true }),
        Problem::from(Failing { transient: false }),
    ];
    let created = created.iter().map(|it| (it.code(), it.status().as_u16()));
    assert_eq!(created.collect::<BTreeSet<_>>(), listed(Format::Problem));
}

#[test]
fn each_error_of_a_token_endpoint_has_the_status_of_the_reference() {
    let created = [
        OauthError::invalid_request("x"),
        OauthError::body_too_large(),
        OauthError::unsupported_media_type(),
        OauthError::invalid_grant(),
        OauthError::invalid_scope(),
        OauthError::unsupported_grant_type(),
        OauthError::another_account(),
        OauthError::invalid_token(),
        OauthError::invalid_client("x"),
        OauthError::missing_scope("introspect"),
        OauthError::from(Failing { transient: true }),
        OauthError::from(Failing { transient: false }),
    ];
    let created = created.iter().map(|it| (it.code(), it.status().as_u16()));
    assert_eq!(created.collect::<BTreeSet<_>>(), listed(Format::Oauth));
}
