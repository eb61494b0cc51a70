//! PBKDF2: in PHC, passlib's, Werkzeug's and Django's form.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{
    Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512, verify,
};

use super::super::cost::{Cost, nanos};
use super::HashError;
use super::encoding::{OUTPUT, SALT, base64, fields, hex, number, pairs, within};

/// A PBKDF2 hash.
#[derive(Clone)]
pub(in crate::password) struct Pbkdf2Hash {
    digest: Digest,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Pbkdf2Hash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(rest) = text.strip_prefix("$pbkdf2") {
            let (digest, rest) = rest.split_once('$')?;
            let digest = match digest.strip_prefix('-') {
                None if digest.is_empty() => Some(Digest::Sha1),
                name => name.and_then(Digest::named),
            };
            let digest = digest.ok_or(HashError::Malformed);
            return Some(digest.and_then(|digest| Self::modular(digest, rest)));
        }
        if let Some(rest) = text.strip_prefix("pbkdf2:") {
            return Some(Self::werkzeug(rest));
        }
        let (digest, rest) = text.strip_prefix("pbkdf2_")?.split_once('$')?;
        let digest = Digest::named(digest).ok_or(HashError::Malformed);
        Some(digest.and_then(|digest| Self::django(digest, rest)))
    }

    /// `29000$SALT$HASH` of passlib, `i=600000,l=32$SALT$HASH` of PHC.
    fn modular(digest: Digest, rest: &str) -> Result<Self, HashError> {
        let [params, salt, hash] = fields(rest, '$')?;
        let (salt, hash) = (base64(salt)?, base64(hash)?);
        if !params.contains('=') {
            return Self::new(digest, params, salt, hash);
        }
        let [Some(iterations), length] = pairs(params, ["i", "l"])? else {
            return Err(HashError::Malformed);
        };
        // Fewer bytes than stated mean that the value was truncated.
        if length.is_some_and(|length| length.parse() != Ok(hash.len())) {
            return Err(HashError::Malformed);
        }
        Self::new(digest, iterations, salt, hash)
    }

    /// `sha256:600000$SALT$HEX`, with the salt as plain text.
    fn werkzeug(rest: &str) -> Result<Self, HashError> {
        let [method, salt, hash] = fields(rest, '$')?;
        let [digest, iterations] = fields(method, ':')?;
        let digest = Digest::named(digest).ok_or(HashError::Malformed)?;
        Self::new(digest, iterations, salt.into(), hex(hash)?)
    }

    /// `600000$SALT$BASE64`, with the salt as plain text.
    fn django(digest: Digest, rest: &str) -> Result<Self, HashError> {
        let [iterations, salt, hash] = fields(rest, '$')?;
        Self::new(digest, iterations, salt.into(), base64(hash)?)
    }

    fn new(
        digest: Digest,
        iterations: &str,
        salt: Vec<u8>,
        output: Vec<u8>,
    ) -> Result<Self, HashError> {
        let iterations = number(iterations)?;
        let (salt, output) = (within(salt, SALT)?, within(output, OUTPUT)?);
        Ok(Self {
            digest,
            iterations: NonZeroU32::new(iterations).ok_or(HashError::Malformed)?,
            salt,
            output,
        })
    }

    /// Each block of output, one digest long, costs all the iterations.
    pub(super) fn cost(&self) -> Cost {
        let blocks = self.output.len().div_ceil(self.digest.length()) as u64;
        let iterations = u64::from(self.iterations.get()).saturating_mul(blocks);
        Cost::new(0, nanos(iterations, self.digest.iteration()))
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let algorithm = self.digest.algorithm();
        verify(
            algorithm,
            self.iterations,
            &self.salt,
            password,
            &self.output,
        )
        .is_ok()
    }

    pub(super) fn describe(&self) -> String {
        let digest = self.digest.name();
        format!("PBKDF2-HMAC-{digest}, {} iterations", self.iterations)
    }
}

impl Digest {
    fn named(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => PBKDF2_HMAC_SHA1,
            Self::Sha256 => PBKDF2_HMAC_SHA256,
            Self::Sha384 => PBKDF2_HMAC_SHA384,
            Self::Sha512 => PBKDF2_HMAC_SHA512,
        }
    }

    /// How many bytes of output one round of iterations produces.
    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// How long an iteration takes, in nanoseconds.
    fn iteration(self) -> u64 {
        match self {
            Self::Sha1 => 800,
            Self::Sha256 => 1_000,
            Self::Sha384 | Self::Sha512 => 1_500,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}
