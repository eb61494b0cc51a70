//! Salts, outputs and parameters as other libraries encode them.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::HashError;

/// Base64 with or without padding, URL-safe too, and with passlib's `.` for `+`.
pub(super) fn base64(text: &str) -> Result<Vec<u8>, HashError> {
    [STANDARD, URL_SAFE, PASSLIB]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok())
        .ok_or(HashError::Malformed)
}

/// Base64 without its padding.
pub(in crate::password) fn strip_padding(text: &str) -> &str {
    text.trim_end_matches('=')
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

/// The value of a character in crypt's own base 64.
pub(super) fn crypt64(character: u8) -> Option<u32> {
    let at = CRYPT64.iter().position(|other| *other == character);
    at.and_then(|at| u32::try_from(at).ok())
}

/// Bytes in crypt's base 64, the low six bits first, as phpass writes them.
pub(super) fn to_crypt64(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 4 / 3 + 2));
    for three in bytes.chunks(3) {
        let mut bits = three
            .iter()
            .rev()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for _ in 0..=three.len() {
            let digit = CRYPT64.get((bits & 63) as usize).copied();
            text.push(char::from(digit.unwrap_or(b'.')));
            bits >>= 6;
        }
    }
    text
}

/// A number in decimal digits only: no sign, no space, no leading zero. One that exceeds
/// 32 bits counts as the largest that does not: either is too much work, not malformed.
pub(in crate::password) fn number(text: &str) -> Result<u32, HashError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if plain && !text.is_empty() {
        Ok(text.parse().unwrap_or(u32::MAX))
    } else {
        Err(HashError::Malformed)
    }
}

/// Parses `name=value` pairs in any order: each known name at most once, and no others.
pub(super) fn pairs<'a, const N: usize>(
    text: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a str>; N], HashError> {
    let mut values = [None; N];
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=').ok_or(HashError::Malformed)?;
        let at = names.iter().position(|other| *other == name);
        let place = at.and_then(|at| values.get_mut(at));
        if place.ok_or(HashError::Malformed)?.replace(value).is_some() {
            return Err(HashError::Malformed);
        }
    }
    Ok(values)
}

/// Splits a text that has exactly `N` fields.
pub(super) fn fields<const N: usize>(text: &str, separator: char) -> Result<[&str; N], HashError> {
    let fields: Vec<&str> = text.split(separator).collect();
    fields.try_into().map_err(|_| HashError::Malformed)
}

/// Checks that the number of bytes is within bounds.
pub(in crate::password) fn within(
    bytes: Vec<u8>,
    lengths: RangeInclusive<usize>,
) -> Result<Vec<u8>, HashError> {
    if lengths.contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(HashError::Malformed)
    }
}

/// How long the output of a hash may be. Below 128 bits a different password would be
/// too likely to match what is left of a truncated hash.
pub(in crate::password) const OUTPUT: RangeInclusive<usize> = 16..=128;
/// The longest salt. No library writes longer ones; without a limit a poisoned item could
/// make a comparison arbitrarily slow.
pub(in crate::password) const MAX_SALT_BYTES: usize = 128;
/// A salt that is there at all.
pub(super) const SALT: RangeInclusive<usize> = 1..=MAX_SALT_BYTES;
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PASSLIB: Alphabet =
    match Alphabet::new("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./") {
        Ok(alphabet) => alphabet,
        Err(_) => STANDARD,
    };
const CRYPT64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
