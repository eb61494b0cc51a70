//! PBKDF2: in PHC, passlib's, Werkzeug's and Django's form.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{
    Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512, verify,
};

use super::HashError;
use super::encoding::{base64, hex, number, output};

/// A PBKDF2 hash within our limit of work.
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
    Sha512,
}

impl Pbkdf2Hash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        let dollar = [
            ("$pbkdf2-sha256$", Digest::Sha256),
            ("$pbkdf2-sha512$", Digest::Sha512),
            ("$pbkdf2-sha1$", Digest::Sha1),
            ("$pbkdf2$", Digest::Sha1),
        ];
        let plain = |form: &(&str, Digest)| {
            let rest = text.strip_prefix(form.0)?;
            Some((rest, form.1))
        };
        if let Some((rest, digest)) = dollar.iter().find_map(plain) {
            return Some(modular(rest, digest));
        }
        let werkzeug = [
            ("pbkdf2:sha256:", Digest::Sha256),
            ("pbkdf2:sha512:", Digest::Sha512),
            ("pbkdf2:sha1:", Digest::Sha1),
        ];
        if let Some((rest, digest)) = werkzeug.iter().find_map(plain) {
            return Some(text_salted(rest, digest, hex));
        }
        let django = [
            ("pbkdf2_sha256$", Digest::Sha256),
            ("pbkdf2_sha1$", Digest::Sha1),
        ];
        let (rest, digest) = django.iter().find_map(plain)?;
        Some(text_salted(rest, digest, base64))
    }

    fn new(
        digest: Digest,
        iterations: &str,
        salt: Vec<u8>,
        bytes: Vec<u8>,
    ) -> Result<Self, HashError> {
        let iterations = number(iterations)?;
        if iterations > MAX_ITERATIONS {
            return Err(HashError::Hostile);
        }
        Ok(Self {
            digest,
            iterations: NonZeroU32::new(iterations).ok_or(HashError::Malformed)?,
            salt,
            output: output(bytes, digest.length())?,
        })
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
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => PBKDF2_HMAC_SHA1,
            Self::Sha256 => PBKDF2_HMAC_SHA256,
            Self::Sha512 => PBKDF2_HMAC_SHA512,
        }
    }

    /// All the libraries take one whole digest.
    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }
}

/// `29000$SALT$HASH` of passlib, `i=600000,l=32$SALT$HASH` of PHC.
fn modular(rest: &str, digest: Digest) -> Result<Pbkdf2Hash, HashError> {
    let (params, salt, hash) = thirds(rest)?;
    let (salt, hash) = (base64(salt)?, base64(hash)?);
    let (iterations, length) = match params.strip_prefix("i=") {
        None => (params, None),
        Some(phc) => match phc.split_once(",l=") {
            None => (phc, None),
            Some((iterations, length)) => (iterations, Some(length)),
        },
    };
    let agrees = |length: &str| length.parse() == Ok(hash.len());
    if length.is_some_and(|length| !agrees(length)) {
        return Err(HashError::Malformed);
    }
    Pbkdf2Hash::new(digest, iterations, salt, hash)
}

/// `600000$SALT$HASH`, the salt as it stands.
fn text_salted(
    rest: &str,
    digest: Digest,
    decode: fn(&str) -> Result<Vec<u8>, HashError>,
) -> Result<Pbkdf2Hash, HashError> {
    let (iterations, salt, hash) = thirds(rest)?;
    Pbkdf2Hash::new(digest, iterations, salt.into(), decode(hash)?)
}

fn thirds(text: &str) -> Result<(&str, &str, &str), HashError> {
    let (first, rest) = text.split_once('$').ok_or(HashError::Malformed)?;
    let (second, third) = rest.split_once('$').ok_or(HashError::Malformed)?;
    Ok((first, second, third))
}

/// The most work that is done: some seconds. Without it a poisoned item keeps the
/// hashing thread for minutes.
const MAX_ITERATIONS: u32 = 10_000_000;
