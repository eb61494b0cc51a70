//! A parsed stored hash: what it costs, and whether we accept that.

use std::ops::RangeInclusive;

use argon2::{Algorithm, AssociatedData, Params, ParamsBuilder, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::cost::{ASSUMED_PASSWORD, Cost};
use super::error::HashError;
use super::foreign::ForeignHash;
use super::foreign::encoding::{MAX_SALT_BYTES, OUTPUT, number, within};
use super::params::{Argon2Params, cost};
use crate::user::StoredHash;

/// A stored hash whose cost is within our limits.
pub(super) enum Readable {
    /// Argon2, from us or from another library.
    Argon2(Argon2Hash),
    /// An imported one; replaced at the first successful login.
    Foreign(ForeignHash),
}

/// An Argon2 hash.
#[derive(Clone)]
pub(super) struct Argon2Hash {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) params: Params,
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl Readable {
    /// Parses a stored hash without doing any of the work that it requires.
    pub(super) fn parse(stored: &StoredHash) -> Result<Self, HashError> {
        let text = stored.expose();
        // Almost every hash is one of these, so try it before the other formats.
        let foreign = if text.starts_with("$argon2") {
            None
        } else {
            ForeignHash::parse(text)
        };
        let hash = match foreign {
            Some(foreign) => Self::Foreign(foreign?),
            None => Self::Argon2(Argon2Hash::parse(text)?),
        };
        hash.cost(ASSUMED_PASSWORD).check()?;
        Ok(hash)
    }

    /// Returns what comparing a password of this many bytes costs.
    pub(super) fn cost(&self, password_bytes: usize) -> Cost {
        match self {
            Self::Argon2(hash) => cost(&hash.params),
            Self::Foreign(hash) => hash.cost(password_bytes as u64),
        }
    }

    /// True if a new hash would have the same form and parameters.
    pub(super) fn is_current(&self, params: &Argon2Params) -> bool {
        match self {
            Self::Argon2(hash) => hash.is_current(params),
            Self::Foreign(_) => false,
        }
    }

    /// True if a match proves the whole password. If it does not, a new hash of the whole
    /// could lock out a user who types the unproven part differently.
    pub(super) fn proves_all_of(&self, password: &[u8]) -> bool {
        match self {
            Self::Argon2(_) => true,
            Self::Foreign(hash) => hash.proves_all_of(password),
        }
    }

    /// Describes the algorithm and its parameters, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Argon2(hash) => hash.describe(),
            Self::Foreign(hash) => hash.describe(),
        }
    }
}

impl Argon2Hash {
    /// Parses a PHC string, or Django's, which has a word before it.
    fn parse(text: &str) -> Result<Self, HashError> {
        let text = text.strip_prefix("argon2").unwrap_or(text);
        let fields: Vec<&str> = text.split('$').collect();
        let (name, version, params, salt, output) = match *fields {
            ["", name, version, params, salt, output] => {
                (name, Some(version), params, salt, output)
            }
            // Version 16 did not state its version.
            ["", name, params, salt, output] => (name, None, params, salt, output),
            _ => return Err(HashError::Malformed),
        };
        let version = match version {
            Some("v=19") => Version::V0x13,
            Some("v=16") | None => Version::V0x10,
            Some(_) => return Err(HashError::Malformed),
        };
        Ok(Self {
            algorithm: Algorithm::try_from(name).map_err(|_| HashError::Malformed)?,
            version,
            params: read_params(params)?,
            salt: bytes(salt, ARGON2_SALT)?,
            output: bytes(output, OUTPUT)?,
        })
    }

    /// Returns a hash that costs as much work as a new one and matches no password.
    pub(super) fn dummy(params: &Argon2Params) -> Self {
        Self::new(params, [0; SALT_BYTES], &[0; OUTPUT_BYTES])
    }

    pub(super) fn new(params: &Argon2Params, salt: [u8; SALT_BYTES], output: &[u8]) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: params.as_argon2().clone(),
            salt: salt.to_vec(),
            output: output.to_vec(),
        }
    }

    fn is_current(&self, params: &Argon2Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params == *params.as_argon2()
            && self.salt.len() == SALT_BYTES
            && self.output.len() == OUTPUT_BYTES
    }

    fn describe(&self) -> String {
        let (m, t, p) = self.costs();
        format!("{}, m={m}, t={t}, p={p}", self.algorithm)
    }

    /// Writes a hash that we computed in PHC string format.
    pub(super) fn to_stored(&self) -> StoredHash {
        let version = u32::from(self.version);
        let (m, t, p) = self.costs();
        let salt = STANDARD_NO_PAD.encode(&self.salt);
        let output = STANDARD_NO_PAD.encode(&self.output);
        StoredHash::new(format!(
            "${}$v={version}$m={m},t={t},p={p}${salt}${output}",
            self.algorithm
        ))
    }

    /// Returns the memory in KiB, the passes and the lanes.
    fn costs(&self) -> (u32, u32, u32) {
        let params = &self.params;
        (params.m_cost(), params.t_cost(), params.p_cost())
    }
}

/// `m=65536,t=3,p=4` in any order, and `data=` (associated data), which is part of the
/// hashed input. A `keyid=` refers to a secret key that only the other system has.
fn read_params(text: &str) -> Result<Params, HashError> {
    let mut numbers = [None; 3];
    let mut builder = ParamsBuilder::new();
    let mut data = None;
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=').ok_or(HashError::Malformed)?;
        let place = match name {
            "m" => 0,
            "t" => 1,
            "p" => 2,
            "data" if data.is_none() => {
                data = Some(AssociatedData::from_b64(value).map_err(|_| HashError::Malformed)?);
                continue;
            }
            _ => return Err(HashError::Malformed),
        };
        let number = number(value)?;
        if numbers
            .get_mut(place)
            .and_then(|seen| seen.replace(number))
            .is_some()
        {
            return Err(HashError::Malformed);
        }
    }
    let [Some(memory_kib), Some(iterations), Some(lanes)] = numbers else {
        return Err(HashError::Malformed);
    };
    builder.m_cost(memory_kib).t_cost(iterations).p_cost(lanes);
    if let Some(data) = data {
        builder.data(data);
    }
    builder.build().map_err(|_| HashError::Malformed)
}

fn bytes(text: &str, lengths: RangeInclusive<usize>) -> Result<Vec<u8>, HashError> {
    let bytes = STANDARD_NO_PAD.decode(text);
    let bytes = bytes.map_err(|_| HashError::Malformed)?;
    within(bytes, lengths)
}

/// At least 8 bytes, as Argon2 requires.
const ARGON2_SALT: RangeInclusive<usize> = 8..=MAX_SALT_BYTES;
/// 128 bits, so that no two users share a salt (RFC 9106 section 3.1).
pub(super) const SALT_BYTES: usize = 16;
/// 256 bits; with fewer, a second password with the same hash would be conceivable.
pub(super) const OUTPUT_BYTES: usize = 32;
