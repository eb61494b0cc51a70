use super::*;

fn ada(roles: &[&str], status: Status) -> User {
    User {
        status,
        token_version: 5,
        session_version: 3,
        ..User::new(
            SubjectId::from_bytes([1; 16]),
            &Username::parse("Ada").unwrap(),
            None,
            Roles::parse(roles.iter().copied()).unwrap(),
            Some(StoredHash::new("$argon2id$canary".into())),
            Timestamp::from_unix(1),
        )
    }
}

/// The roles, the status and both versions after a change.
fn change(user: &User, roles: Option<&[&str]>, status: Option<Status>) -> Option<String> {
    let roles = roles.map(|names| Roles::parse(names.iter().copied()).unwrap());
    let change = UserChange {
        roles,
        status,
        ..UserChange::default()
    };
    let after = user.changed(&change, 0, Timestamp::from_unix(9)).unwrap()?;
    assert_eq!(after.updated_at.unix(), 9);
    let User {
        roles,
        status,
        token_version,
        session_version,
        ..
    } = after;
    Some(format!(
        "{roles} {status:?} {token_version} {session_version}"
    ))
}

#[test]
fn a_change_of_roles_raises_only_the_token_version() {
    let user = ada(&["user"], Status::Active);
    let after = change(&user, Some(&["admin", "user"]), None);
    assert_eq!(after.as_deref(), Some("admin user Active 6 3"));
    let after = change(&user, Some(&[]), None);
    assert_eq!(after.as_deref(), Some(" Active 6 3"));
}

#[test]
fn disabling_raises_both_versions_and_enabling_the_first() {
    let user = ada(&["user"], Status::Active);
    let after = change(&user, None, Some(Status::Disabled));
    assert_eq!(after.as_deref(), Some("user Disabled 6 4"));
    let user = ada(&["user"], Status::Disabled);
    let after = change(&user, None, Some(Status::Active));
    assert_eq!(after.as_deref(), Some("user Active 6 3"));
}

#[test]
fn a_user_from_a_backup_rises_above_what_was_revoked_since() {
    let user = ada(&["user"], Status::Active);
    let change = UserChange {
        status: Some(Status::Disabled),
        ..UserChange::default()
    };
    let now = Timestamp::from_unix(9);
    let after = user.changed(&change, 17, now).unwrap().unwrap();
    assert_eq!(after.token_version, 18);
    assert_eq!(
        user.changed(&change, u64::MAX, now).unwrap_err(),
        ChangeRefused::Exhausted(VersionExhausted)
    );
}

#[test]
fn setting_the_current_value_changes_nothing() {
    let user = ada(&["user"], Status::Active);
    assert_eq!(change(&user, None, None), None);
    assert_eq!(change(&user, Some(&["user"]), Some(Status::Active)), None);
}

#[test]
fn a_disabled_administrator_does_not_count() {
    assert!(ada(&["admin"], Status::Active).is_active_admin());
    assert!(!ada(&["admin"], Status::Disabled).is_active_admin());
    assert!(!ada(&["administrator"], Status::Active).is_active_admin());
}

#[test]
fn failed_logins_are_counted_by_every_identifier_of_the_user() {
    use crate::identifier::LoginIdentifier;

    let mut user = ada(&["user"], Status::Active);
    let digest = |typed: &str| LoginIdentifier::parse(typed).digest();
    let now = Timestamp::from_unix(1);
    assert_eq!(user.identifier_digests(now), [digest("ADA")]);
    user.email_canonical = Some("ada@example.org".into());
    let both = [digest("ada"), digest("Ada@Example.org")];
    assert_eq!(user.identifier_digests(now), both);
    let (past, future) = (Timestamp::from_unix(0), Timestamp::from_unix(2));
    user.reserved_names = [("eve".to_owned(), past), ("max".to_owned(), future)].into();
    let all = [digest("ada"), digest("ada@example.org"), digest("max")];
    assert_eq!(user.identifier_digests(now), all);
}

#[test]
fn a_hash_does_not_print() {
    let hash = StoredHash::new("$argon2id$canary".into());
    assert_eq!(format!("{hash:?}"), "StoredHash([redacted])");
}
