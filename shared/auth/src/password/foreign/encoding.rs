//! Salts and hashes as other libraries write them down.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD};
use base64::engine::general_purpose::NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use zeroize::Zeroizing;

use super::HashError;

/// Base64 with or without padding, and with passlib's `.` for `+`.
pub(super) fn base64(text: &str) -> Result<Vec<u8>, HashError> {
    let either = GeneralPurpose::new(&STANDARD, LENIENT);
    let passlib = GeneralPurpose::new(&PASSLIB, NO_PAD);
    either
        .decode(text)
        .or_else(|_| passlib.decode(text))
        .map_err(|_| HashError::Malformed)
}

/// Pairs of hexadecimal digits in lower case.
pub(super) fn hex(text: &str) -> Result<Vec<u8>, HashError> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(HashError::Malformed),
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return Err(HashError::Malformed);
    };
    let byte = |[high, low]: &[u8; 2]| Ok(digit(*high)? << 4 | digit(*low)?);
    pairs.iter().map(byte).collect()
}

/// Two hexadecimal digits in lower case for each byte.
pub(super) fn to_hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut hex = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    for byte in bytes {
        hex.push(digit(byte >> 4));
        hex.push(digit(byte & 15));
    }
    hex
}

/// A number in decimal digits alone: no sign, no space, nothing before it.
pub(super) fn number(text: &str) -> Result<u32, HashError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    // Too many digits are too much work, not a slip.
    let number = text.parse().map_err(|_| HashError::Hostile);
    if plain && !text.is_empty() {
        number
    } else {
        Err(HashError::Malformed)
    }
}

/// The output of a hash, of the length that its maker always gives. Less of it is what
/// a longer one begins with, and would verify: the sign of a value that was cut off.
pub(super) fn output(bytes: Vec<u8>, length: usize) -> Result<Vec<u8>, HashError> {
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(HashError::Malformed)
    }
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PASSLIB: Alphabet =
    match Alphabet::new("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./") {
        Ok(alphabet) => alphabet,
        Err(_) => STANDARD,
    };
