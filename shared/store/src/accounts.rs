//! What spans tables: each change of an account is one transaction.

pub(crate) mod change;
pub(crate) mod deletion;
pub(crate) mod import;
pub(crate) mod password;
pub(crate) mod sign_out;
