//! What the tests of keys and tokens share: one key of each kind, and the vectors.

use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value;

use crate::key::{Algorithm, SigningKey, VerifyingKeys};
use crate::time::Timestamp;

pub(crate) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

/// The moment at which tests begin.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);

/// A ring as it was stored before PKCS#8, with keys of all kinds that nothing uses.
pub(crate) const JWK_RING: &str = include_str!("testing/jwk_ring.json");

/// Returns the same key every time: generating an RSA key takes seconds.
pub(crate) fn key(algorithm: Algorithm) -> &'static SigningKey {
    static KEYS: [OnceLock<SigningKey>; 3] = [const { OnceLock::new() }; 3];
    let [es256, eddsa, rs256] = &KEYS;
    let cell = match algorithm {
        Algorithm::Es256 => es256,
        Algorithm::EdDsa => eddsa,
        Algorithm::Rs256 => rs256,
    };
    cell.get_or_init(|| SigningKey::generate(algorithm).unwrap())
}

/// Returns the keys that verify tokens signed with any [`key`].
pub(crate) fn keys() -> &'static VerifyingKeys {
    static KEYS: OnceLock<VerifyingKeys> = OnceLock::new();
    let all = || ALGORITHMS.map(|algorithm| key(algorithm).public());
    KEYS.get_or_init(|| VerifyingKeys::from_jwks(all().into()))
}

/// Reads a file of test vectors.
#[expect(
    clippy::disallowed_methods,
    reason = "path to the test vectors, not a setting"
)]
pub(crate) fn vectors(name: &str) -> Value {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let directory = std::env::var_os("GATEHOUSE_VECTORS").map_or(beside.into(), PathBuf::from);
    let path = directory.join(name);
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}
