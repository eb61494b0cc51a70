//! The private JWK of each kind of key, and the encodings that the backend wants.

use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use pkcs1::RsaPrivateKeyRef;
use pkcs1::der::asn1::UintRef;
use pkcs1::der::{Decode, Encode};
use pkcs8::PrivateKeyInfoRef;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::material::{Material, uncompressed};

/// A private key with the members of RFC 7518 section 6 and RFC 8037 section 2.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kty")]
pub(crate) enum PrivateJwk {
    #[serde(rename = "EC")]
    P256 {
        crv: P256,
        x: Number,
        y: Number,
        d: Number,
    },
    #[serde(rename = "OKP")]
    Ed25519 { crv: Ed25519, x: Number, d: Number },
    #[serde(rename = "RSA")]
    Rsa(Box<Rsa>),
}

/// The members of an RSA key with two primes.
#[derive(Serialize, Deserialize)]
pub(crate) struct Rsa {
    n: Number,
    e: Number,
    d: Number,
    p: Number,
    q: Number,
    dp: Number,
    dq: Number,
    qi: Number,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum P256 {
    #[serde(rename = "P-256")]
    Only,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Ed25519 {
    #[serde(rename = "Ed25519")]
    Only,
}

/// Bytes in base64url, wiped when they go.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Number(Zeroizing<String>);

impl Number {
    fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    fn bytes(&self, name: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let decoded = URL_SAFE_NO_PAD.decode(self.0.as_bytes());
        decoded
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Member(name))
    }

    fn coordinate(&self, name: &'static str) -> Result<[u8; 32], KeyError> {
        let bytes = self.bytes(name)?;
        bytes
            .as_slice()
            .try_into()
            .map_err(|_| KeyError::Member(name))
    }
}

/// The backend could not make a key, or made one that it does not say enough of.
pub(crate) struct GenerationError;

impl PrivateJwk {
    /// Makes a key.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, GenerationError> {
        let made = match algorithm {
            Algorithm::Es256 => generate_p256(),
            Algorithm::EdDsa => generate_ed25519(),
            Algorithm::Rs256 => generate_rsa(),
        };
        made.ok_or(GenerationError)
    }

    /// Checks that the halves belong together, and returns the public numbers and
    /// the key as `jsonwebtoken` signs with it.
    pub(crate) fn prepare(&self) -> Result<(Material, EncodingKey), KeyError> {
        match self {
            Self::P256 {
                x,
                y,
                d,
                crv: P256::Only,
            } => prepare_p256(x, y, d),
            Self::Ed25519 {
                x,
                d,
                crv: Ed25519::Only,
            } => prepare_ed25519(x, d),
            Self::Rsa(rsa) => prepare_rsa(rsa),
        }
    }
}

fn generate_p256() -> Option<PrivateJwk> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
    let point = pair.public_key().as_ref();
    let private: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
    Some(PrivateJwk::P256 {
        crv: P256::Only,
        x: Number::new(point.get(1..33)?),
        y: Number::new(point.get(33..65)?),
        d: Number::new(private.as_ref()),
    })
}

fn generate_ed25519() -> Option<PrivateJwk> {
    let pair = Ed25519KeyPair::generate().ok()?;
    let seed = pair.seed().ok()?.as_be_bytes().ok()?;
    Some(PrivateJwk::Ed25519 {
        crv: Ed25519::Only,
        x: Number::new(pair.public_key().as_ref()),
        d: Number::new(seed.as_ref()),
    })
}

fn generate_rsa() -> Option<PrivateJwk> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let document: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    let info = PrivateKeyInfoRef::from_der(document.as_ref()).ok()?;
    let key = RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).ok()?;
    let number = |number: UintRef<'_>| Number::new(number.as_bytes());
    Some(PrivateJwk::Rsa(Box::new(Rsa {
        n: number(key.modulus),
        e: number(key.public_exponent),
        d: number(key.private_exponent),
        p: number(key.prime1),
        q: number(key.prime2),
        dp: number(key.exponent1),
        dq: number(key.exponent2),
        qi: number(key.coefficient),
    })))
}

fn prepare_p256(x: &Number, y: &Number, d: &Number) -> Result<(Material, EncodingKey), KeyError> {
    let (x, y) = (x.coordinate("x")?, y.coordinate("y")?);
    let material = Material::p256(x, y)?;
    let document = EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &d.bytes("d")?,
        &uncompressed(&x, &y),
    )
    .map_err(|_| KeyError::Halves)?
    .to_pkcs8v1()
    .map_err(|_| KeyError::Halves)?;
    Ok((material, EncodingKey::from_ec_der(document.as_ref())))
}

fn prepare_ed25519(x: &Number, d: &Number) -> Result<(Material, EncodingKey), KeyError> {
    let x = x.coordinate("x")?;
    let material = Material::ed25519(x)?;
    let document = Ed25519KeyPair::from_seed_and_public_key(&d.bytes("d")?, &x)
        .map_err(|_| KeyError::Halves)?
        .to_pkcs8()
        .map_err(|_| KeyError::Halves)?;
    Ok((material, EncodingKey::from_ed_der(document.as_ref())))
}

fn prepare_rsa(rsa: &Rsa) -> Result<(Material, EncodingKey), KeyError> {
    let material = Material::rsa(rsa.n.bytes("n")?.to_vec(), &rsa.e.bytes("e")?)?;
    let members = [
        rsa.n.bytes("n")?,
        rsa.e.bytes("e")?,
        rsa.d.bytes("d")?,
        rsa.p.bytes("p")?,
        rsa.q.bytes("q")?,
        rsa.dp.bytes("dp")?,
        rsa.dq.bytes("dq")?,
        rsa.qi.bytes("qi")?,
    ];
    let document = pkcs1_document(&members).map_err(|_| KeyError::Halves)?;
    RsaKeyPair::from_der(&document).map_err(|_| KeyError::Halves)?;
    Ok((material, EncodingKey::from_rsa_der(&document)))
}

/// RFC 8017 appendix A.1.2.
#[expect(clippy::many_single_char_names, reason = "the RFC's own names")]
fn pkcs1_document(members: &[Zeroizing<Vec<u8>>; 8]) -> pkcs1::der::Result<Zeroizing<Vec<u8>>> {
    let [n, e, d, p, q, dp, dq, qi] = members;
    let key = RsaPrivateKeyRef {
        modulus: UintRef::new(n)?,
        public_exponent: UintRef::new(e)?,
        private_exponent: UintRef::new(d)?,
        prime1: UintRef::new(p)?,
        prime2: UintRef::new(q)?,
        exponent1: UintRef::new(dp)?,
        exponent2: UintRef::new(dq)?,
        coefficient: UintRef::new(qi)?,
        other_prime_infos: None,
    };
    key.to_der().map(Zeroizing::new)
}
