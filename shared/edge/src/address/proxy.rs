//! The proof that a request came through the proxy: a secret that the proxy adds.

use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::{ConfigError, Environment};

/// The digests of the secrets that the proxy may send: one, or two while the secret is
/// being changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProxySecret(Vec<[u8; 32]>);

pub(super) const VARIABLE: &str = "PROXY_SECRET_SHA256";
/// The header that the proxy adds; never logged.
pub(super) const HEADER: &str = "x-gatehouse-proxy-secret";
const EXPECTED: &str = "the SHA-256 of the proxy's secret in 64 hexadecimal digits, or two of them separated by a comma";
const MAX_DIGESTS: usize = 2;

impl ProxySecret {
    pub(super) fn from_environment(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let Some(text) = environment.text(VARIABLE) else {
            return Ok(None);
        };
        let digests: Option<Vec<_>> = text.split(',').map(digest).collect();
        digests
            .filter(|digests| digests.len() <= MAX_DIGESTS)
            .map(|digests| Some(Self(digests)))
            .ok_or_else(|| ConfigError::invalid(VARIABLE, EXPECTED))
    }

    /// True if the request carries the secret. The proxy replaces what a client sent
    /// under this name, so a repeated header proves nothing.
    pub(super) fn vouches_for(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let presented = Sha256::digest(value.as_bytes().trim_ascii());
        let is_known = |any: Choice, digest: &[u8; 32]| any | digest.ct_eq(presented.as_ref());
        self.0.iter().fold(Choice::from(0), is_known).into()
    }
}

/// Reads 64 hexadecimal digits, as `sha256sum` prints them.
fn digest(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    let mut digest = [0; 32];
    if text.len() != 2 * digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(text.chunks(2)) {
        let digits = pair.iter().map(|&digit| char::from(digit).to_digit(16));
        let value = digits.reduce(|high, low| Some(high? * 16 + low?))??;
        *byte = u8::try_from(value).ok()?;
    }
    Some(digest)
}
