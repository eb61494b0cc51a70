//! The key pairs of the backend, one kind for each algorithm.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::material::Material;

/// A private key, ready to sign.
pub(super) enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Pair {
    pub(super) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Self::P256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Self::Ed25519),
            Algorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Self::Rsa),
        };
        pair.map_err(|_| KeyError::Generation)
    }

    /// Parses a private key in DER. The backend checks that the parts of an EC or
    /// RSA key, and a public half if there is one, belong together.
    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Self::P256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(der).map(Self::Ed25519),
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(der).map(Self::Rsa),
        };
        pair.map_err(|_| KeyError::Member("pkcs8"))
    }

    /// Returns the private key in DER, in base64 with padding.
    pub(super) fn to_pkcs8(&self) -> Result<Zeroizing<String>, KeyError> {
        let text = match self {
            Self::P256(pair) => pair.to_pkcs8v1().map(|der| STANDARD.encode(der)),
            Self::Ed25519(pair) => pair.to_pkcs8v1().map(|der| STANDARD.encode(der)),
            Self::Rsa(pair) => {
                AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|der| STANDARD.encode(der.as_ref()))
            }
        };
        text.map(Zeroizing::new).map_err(|_| KeyError::Generation)
    }

    /// Returns the public numbers, if they are strong enough.
    pub(super) fn material(&self) -> Result<Material, KeyError> {
        match self {
            Self::P256(pair) => Material::from_uncompressed(pair.public_key().as_ref()),
            Self::Ed25519(pair) => {
                let x = pair.public_key().as_ref().try_into();
                Material::ed25519(x.map_err(|_| KeyError::Member("x"))?)
            }
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
                let exponent = public.exponent();
                Material::rsa(modulus, exponent.big_endian_without_leading_zero())
            }
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::P256(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}
