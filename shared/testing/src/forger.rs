//! Tokens with any header and any claims, correctly signed: what no issuer issues.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
};
use aws_lc_rs::{hmac, signature};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatehouse_auth::key::{Algorithm, SigningKey};
use serde_json::{Value, json};

/// Signs whatever it is given, with one key.
pub struct Forger {
    kid: String,
    algorithm: Algorithm,
    public: Value,
    pair: Pair,
}

enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Forger {
    /// Takes the private half of a key: [`SigningKey`] itself signs only what it issues.
    #[must_use]
    pub fn with_key_of(key: &SigningKey) -> Self {
        let stored = serde_json::to_value(key).unwrap();
        let pkcs8 = stored.get("pkcs8").and_then(Value::as_str).unwrap();
        let pkcs8 = STANDARD.decode(pkcs8).unwrap();
        let pair = match key.algorithm() {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8);
                Pair::P256(pair.unwrap())
            }
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap()),
            Algorithm::Rs256 => Pair::Rsa(RsaKeyPair::from_pkcs8(&pkcs8).unwrap()),
        };
        Self {
            kid: key.kid().to_string(),
            algorithm: key.algorithm(),
            public: key.public().to_json(),
            pair,
        }
    }

    /// Generates a key that nobody publishes.
    #[must_use]
    pub fn unknown(algorithm: Algorithm) -> Self {
        Self::with_key_of(&SigningKey::generate(algorithm).unwrap())
    }

    /// Returns the key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Returns the key's algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the public half, as it is published.
    #[must_use]
    pub fn public(&self) -> &Value {
        &self.public
    }

    /// Returns the header of an access token.
    #[must_use]
    pub fn header(&self) -> Value {
        json!({"alg": self.algorithm.name(), "kid": self.kid, "typ": "at+jwt"})
    }

    /// Returns a token of any header and any payload with a valid signature.
    #[must_use]
    pub fn sign(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let message = message(header, payload);
        let signature = base64url(self.sign_message(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// Returns the signature of a message, not encoded.
    #[must_use]
    pub fn sign_message(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::P256(pair) => signed(&pair.sign(&random, message).unwrap()),
            Pair::Ed25519(pair) => signed(&pair.sign(message)),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
}

fn signed(signature: &signature::Signature) -> Vec<u8> {
    signature.as_ref().to_vec()
}

impl fmt::Debug for Forger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Forger({})", self.kid)
    }
}

/// Returns a token that is authenticated with a text that its verifier may know.
#[must_use]
pub fn sign_with_hmac(
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
    secret: &[u8],
) -> String {
    let message = message(header, payload);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", base64url(tag))
}

/// Returns the first two parts of a token.
#[must_use]
pub fn message(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", base64url(header), base64url(payload))
}

/// Encodes a part of a token.
#[must_use]
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
