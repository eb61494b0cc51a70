//! ASP.NET Core Identity, version 3: base64 of a marker, the parameters in big-endian
//! order, the salt and the output of PBKDF2. Version 2 (1,000 rounds) is too weak.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// Rewrites a hash in PHC string format; `None` if the text is not one.
pub(super) fn convert(text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text).ok()?;
    let (marker, rest) = bytes.split_first()?;
    let (digest, rest) = rest.split_first_chunk::<4>()?;
    let (iterations, rest) = rest.split_first_chunk::<4>()?;
    let (salt_length, rest) = rest.split_first_chunk::<4>()?;
    let salt_length = usize::try_from(u32::from_be_bytes(*salt_length)).ok()?;
    let (salt, output) = rest.split_at_checked(salt_length)?;
    let digest = match (*marker, u32::from_be_bytes(*digest)) {
        (1, 0) => "sha1",
        (1, 1) => "sha256",
        (1, 2) => "sha512",
        _ => return None,
    };
    let iterations = u32::from_be_bytes(*iterations);
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    Some(format!("$pbkdf2-{digest}$i={iterations}${salt}${output}"))
}
