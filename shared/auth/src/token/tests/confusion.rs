//! Tokens signed with a different algorithm or key than the one their key id names.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::forge::{claims, encode, header_of, refusal, sign_with, valid, verify};
use crate::key::testing::{ALGORITHMS, key};
use crate::key::{Algorithm, SigningKey};
use crate::token::TokenError;

/// Every encoding of a public key that attackers have used as an HMAC key.
fn spellings(key: &SigningKey) -> Vec<Vec<u8>> {
    let jwk = key.public().to_json();
    let bytes = |name: &str| {
        let text = jwk
            .get(name)
            .and_then(|value| value.as_str())
            .unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    let raw = [bytes("n"), bytes("x"), bytes("y")].concat();
    let point = [&[4][..], &raw].concat();
    let der = subject_public_key_info(key.algorithm(), &raw, &point);
    let base64 = STANDARD.encode(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----");
    vec![
        format!("{pem}\n").into_bytes(),
        pem.clone().into_bytes(),
        pem.replace('\n', "\r\n").into_bytes(),
        base64.into_bytes(),
        der,
        jwk.to_string().into_bytes(),
        json!({"keys": [jwk]}).to_string().into_bytes(),
        STANDARD.encode(&raw).into_bytes(),
        encode(&raw).into_bytes(),
        raw,
        point,
        key.kid().as_str().as_bytes().to_vec(),
        Vec::new(),
    ]
}

/// RFC 5280 section 4.1; for RSA the modulus represents the whole key.
fn subject_public_key_info(algorithm: Algorithm, raw: &[u8], point: &[u8]) -> Vec<u8> {
    let (prefix, key) = match algorithm {
        Algorithm::Es256 => ("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE", &point[1..]),
        Algorithm::EdDsa => ("MCowBQYDK2VwAyEA", raw),
        Algorithm::Rs256 => ("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA", raw),
    };
    let mut der = STANDARD.decode(prefix).unwrap();
    der.extend_from_slice(key);
    if algorithm == Algorithm::Rs256 {
        der.extend_from_slice(&[2, 3, 1, 0, 1]);
    }
    der
}

fn hmac_signed(alg: &str, kid: &str, secret: &[u8]) -> String {
    let header = json!({"alg": alg, "kid": kid, "typ": "at+jwt"}).to_string();
    let message = format!("{}.{}", encode(header), encode(claims().to_string()));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&secret, message.as_bytes());
    format!("{message}.{}", encode(tag))
}

#[test]
fn a_public_key_is_never_an_hmac_key_in_any_encoding() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        for secret in spellings(key) {
            let token = hmac_signed("HS256", key.kid().as_str(), &secret);
            assert_eq!(refusal(&token), TokenError::Algorithm);
            let token = hmac_signed(algorithm.name(), key.kid().as_str(), &secret);
            assert_eq!(refusal(&token), TokenError::Signature);
        }
    }
    assert!(verify(&valid()).is_ok());
}

#[test]
fn an_algorithm_that_is_not_the_keys_own_is_refused() {
    for signer in ALGORITHMS {
        for named in ALGORITHMS.into_iter().filter(|named| *named != signer) {
            // The signature is valid for the algorithm that the header names.
            let mut header = header_of(key(signer));
            header["kid"] = key(named).kid().as_str().into();
            let token = sign_with(key(signer), header.to_string(), claims().to_string());
            assert_eq!(refusal(&token), TokenError::AlgorithmMismatch);
            // The signature is valid for the key that the header names.
            let mut header = header_of(key(named));
            header["kid"] = key(signer).kid().as_str().into();
            let token = sign_with(key(signer), header.to_string(), claims().to_string());
            assert_eq!(refusal(&token), TokenError::AlgorithmMismatch);
        }
    }
}

#[test]
fn a_key_of_the_same_kind_does_not_sign_for_another() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let other = SigningKey::generate(algorithm).unwrap();
        let header = header_of(key(algorithm)).to_string();
        let token = sign_with(&other, header, claims().to_string());
        assert_eq!(refusal(&token), TokenError::Signature);
    }
}

#[test]
fn null_short_and_long_signatures_are_refused() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        let token = sign_with(key, header_of(key).to_string(), claims().to_string());
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let zeros = vec![0; signature.len()];
        let ones = vec![0xff; signature.len()];
        let long = [&signature[..], &[0]].concat();
        let padded = [&[0], &signature[..]].concat();
        let doubled = signature.repeat(2);
        for invalid in [
            &zeros,
            &ones,
            &long,
            &padded,
            &doubled,
            &signature[1..].to_vec(),
            &vec![0],
        ] {
            let token = format!("{message}.{}", encode(invalid));
            assert_eq!(refusal(&token), TokenError::Signature, "{algorithm}");
        }
    }
}
