//! Private keys as rings stored them before PKCS#8: as JWKs. They are only read;
//! the next write of the ring stores them as PKCS#8.

use std::collections::HashMap;

use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::pair::Pair;
use crate::key::error::KeyError;

/// The members of RFC 7518 section 6 and RFC 8037 section 2, all of them strings.
#[derive(Deserialize)]
pub(super) struct PrivateJwk(HashMap<String, Zeroizing<String>>);

impl PrivateJwk {
    /// Checks that the halves belong together.
    pub(super) fn to_pair(&self) -> Result<Pair, KeyError> {
        match (self.text("kty")?, self.text("crv")) {
            ("EC", Ok("P-256")) => self.p256().map(Pair::P256),
            ("OKP", Ok("Ed25519")) => self.ed25519().map(Pair::Ed25519),
            ("RSA", _) => self.rsa().map(Pair::Rsa),
            _ => Err(KeyError::Algorithm),
        }
    }

    fn p256(&self) -> Result<EcdsaKeyPair, KeyError> {
        let (x, y, d) = (self.bytes("x")?, self.bytes("y")?, self.bytes("d")?);
        // SEC 1 section 2.3.3, uncompressed.
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &d, &point)
            .map_err(|_| KeyError::Halves)
    }

    fn ed25519(&self) -> Result<Ed25519KeyPair, KeyError> {
        Ed25519KeyPair::from_seed_and_public_key(&self.bytes("d")?, &self.bytes("x")?)
            .map_err(|_| KeyError::Halves)
    }

    fn rsa(&self) -> Result<RsaKeyPair, KeyError> {
        let components = KeyPairComponents {
            public_key: PublicKeyComponents {
                n: self.bytes("n")?,
                e: self.bytes("e")?,
            },
            d: self.bytes("d")?,
            p: self.bytes("p")?,
            q: self.bytes("q")?,
            dP: self.bytes("dp")?,
            dQ: self.bytes("dq")?,
            qInv: self.bytes("qi")?,
        };
        RsaKeyPair::from_components(&components).map_err(|_| KeyError::Halves)
    }

    fn text(&self, name: &'static str) -> Result<&str, KeyError> {
        let text = self.0.get(name).ok_or(KeyError::Member(name))?;
        Ok(text.as_str())
    }

    fn bytes(&self, name: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(self.text(name)?);
        bytes
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Member(name))
    }
}
