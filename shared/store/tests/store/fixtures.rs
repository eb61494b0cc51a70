//! A person, ids and moments to test with.

use gatehouse_auth::id::{AttemptId, SessionId, SubjectId};
use gatehouse_auth::key::MacKid;
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, StoredHash, User};

/// When every test begins.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// Returns a moment some seconds after the beginning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

/// Makes a person with a username and an e-mail address.
pub(crate) fn user(number: u8, name: &str) -> User {
    User {
        sub: SubjectId::from_bytes([number; 16]),
        username: name.to_uppercase(),
        username_canonical: name.to_lowercase(),
        email: Some(format!("{name}@Example.org")),
        email_canonical: Some(format!("{name}@example.org")),
        external_id: None,
        imported: None,
        password_hash: Some(StoredHash::new("$argon2id$first".into())),
        roles: Roles::parse(["user"]).unwrap(),
        status: Status::Active,
        token_version: 3,
        session_version: 2,
        created_at: NOW,
        updated_at: NOW,
        password_changed_at: Some(NOW),
    }
}

/// Makes a session of a person of [`user`], good for 30 days, unused for 14.
pub(crate) fn session(number: u8, of: u8) -> Session {
    let day = 86_400;
    Session {
        sid: SessionId::from_bytes([number; 16]),
        sub: SubjectId::from_bytes([of; 16]),
        generation: 0,
        rotated_at: NOW,
        attempt_id: AttemptId::from_bytes([200; 16]),
        mac_kid: mac_kid().to_string(),
        session_version: 2,
        scope: Scopes::parse("admin profile").unwrap(),
        auth_time: NOW,
        created_at: NOW,
        last_used_at: NOW,
        idle_expires_at: at(14 * day),
        expires_at: at(30 * day),
        ip: "192.0.2.1".into(),
        user_agent: "one".into(),
        revoked_at: None,
    }
}

/// Makes the name of a refresh MAC key.
pub(crate) fn mac_kid() -> MacKid {
    MacKid::parse("AAAAAAAAAAA").unwrap()
}
