//! Users, sessions and moments to test with.

use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::{AttemptId, SessionId, SubjectId};
use gatehouse_auth::key::MacKid;
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_auth::username::Username;

/// When every test begins.
pub const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// Returns a moment that many seconds after the beginning.
#[must_use]
pub const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

/// Returns the id of the user with that name, of 16 bytes at most.
#[must_use]
pub fn subject(name: &str) -> SubjectId {
    let mut bytes = [0; 16];
    for (byte, letter) in bytes.iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    SubjectId::from_bytes(bytes)
}

/// Returns an active user with a username, an e-mail address and a password.
///
/// Both names differ from their canonical forms, and both versions from 0.
#[must_use]
pub fn user(name: &str) -> User {
    let username = Username::parse(&name.to_uppercase()).unwrap();
    let email = EmailAddress::parse(&format!("{name}@Example.org")).unwrap();
    let hash = StoredHash::new("$argon2id$first".into());
    let roles = Roles::of_new_user();
    User {
        token_version: 3,
        session_version: 2,
        ..User::new(
            subject(name),
            &username,
            Some(&email),
            roles,
            Some(hash),
            NOW,
        )
    }
}

/// Returns a session of [`user`] that begins now, ends after 14 days without a
/// refresh, and after 30 days in any case.
#[must_use]
pub fn session(number: u8, user: &str) -> Session {
    let day = 86_400;
    Session {
        sid: SessionId::from_bytes([number; 16]),
        sub: subject(user),
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

/// Returns the id of a MAC key for refresh tokens.
#[must_use]
pub fn mac_kid() -> MacKid {
    MacKid::parse("AAAAAAAAAAA").unwrap()
}
