//! Users and sessions whose ids are numbers.

use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::session::Session;
use gatehouse_auth::user::User;

/// Returns a user with that number as its id.
pub(crate) fn user(number: u8, name: &str) -> User {
    User {
        sub: SubjectId::from_bytes([number; 16]),
        ..gatehouse_testing::user(name)
    }
}

/// Returns a session of the user with that number.
pub(crate) fn session(number: u8, of: u8) -> Session {
    Session {
        sub: SubjectId::from_bytes([of; 16]),
        ..gatehouse_testing::session(number, "")
    }
}

/// Returns a user from a file, with the digest of the line and the external id.
pub(crate) fn imported(number: u8, name: &str, line: &str, old: &str) -> User {
    let mut user = user(number, name);
    user.imported = Some(line.to_owned());
    user.external_id = ExternalId::parse(old).ok();
    user
}
