//! Users and sessions whose ids are numbers.

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
