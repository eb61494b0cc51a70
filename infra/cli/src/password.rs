//! Passwords that nobody could guess, for demo users.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::random::{self, RandomError};

/// Returns 24 random characters, 144 bits.
pub(crate) fn random() -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode(random::bytes::<18>()?))
}
