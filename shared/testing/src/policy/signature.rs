//! Signatures that are missing, of another key, or of something else.

use super::{Base, Cases, set};
use crate::forger::{Forger, base64url, message};
use gatehouse_auth::key::Algorithm;
use serde_json::{Value, json};

pub(super) fn add(cases: &mut Cases, base: &Base<'_>) {
    unsigned(cases, base);
    broken(cases, base);
    moved(cases, base);
    foreign(cases, base);
}

/// `jwt_tool -X a` and `-X n`.
fn unsigned(cases: &mut Cases, base: &Base<'_>) {
    let valid = base.valid();
    let (_, signature) = valid.rsplit_once('.').unwrap();
    for alg in ["none", "None", "NONE", "nOnE"] {
        let mut with_kid = base.header.clone();
        set(&mut with_kid, "alg", alg);
        let without_kid = json!({"alg": alg, "typ": "at+jwt"});
        for (kid, header) in [("with a kid", &with_kid), ("without a kid", &without_kid)] {
            let message = message(header.to_string(), base.claims.to_string());
            for (name, end) in [
                ("no signature", String::new()),
                ("an empty signature", ".".to_owned()),
                ("zeros", ".AAAA".to_owned()),
                ("the signature of another token", format!(".{signature}")),
            ] {
                cases.add(
                    format!("alg {alg} {kid}, {name}"),
                    format!("{message}{end}"),
                );
            }
        }
    }
}

/// Includes the all-zero signature of CVE-2022-21449, which `jwt_tool -X p` tries in DER too.
fn broken(cases: &mut Cases, base: &Base<'_>) {
    let message = message(base.header.to_string(), base.claims.to_string());
    let signature = base.forger.sign_message(message.as_bytes());
    let length = signature.len();
    let (_, tail) = signature.split_first().unwrap();
    let (head, _) = signature.split_at(length - 1);
    let flipped: Vec<u8> = signature.iter().map(|byte| !byte).collect();
    let reversed: Vec<u8> = signature.iter().rev().copied().collect();
    let (r, s) = signature.split_at(length / 2);
    for (name, invalid) in [
        ("zeros", vec![0; length]),
        ("ones", vec![0xff; length]),
        ("zero as DER", vec![0x30, 6, 2, 1, 0, 2, 1, 0]),
        ("one as DER", vec![0x30, 6, 2, 1, 1, 2, 1, 1]),
        (
            "r and s as 1",
            [&[0; 31][..], &[1], &[0; 31], &[1]].concat(),
        ),
        ("a byte more", [&signature[..], &[0]].concat()),
        ("a zero before", [&[0], &signature[..]].concat()),
        ("without the first byte", tail.to_vec()),
        ("without the last byte", head.to_vec()),
        ("twice", signature.repeat(2)),
        ("halves swapped", [s, r].concat()),
        ("r twice", r.repeat(2)),
        ("inverted", flipped),
        ("reversed", reversed),
        ("one byte", vec![0]),
        ("the message", message.clone().into_bytes()),
    ] {
        let token = format!("{message}.{}", base64url(invalid));
        cases.add(format!("signature: {name}"), token);
    }
}

/// Parts of tokens that are valid in themselves.
fn moved(cases: &mut Cases, base: &Base<'_>) {
    let valid = base.valid();
    let (signed, signature) = valid.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    for (claim, value) in [
        ("sub", json!("someone-else")),
        ("roles", json!(["admin", "superuser", "user"])),
        ("scope", json!("admin")),
        ("exp", json!(base.now + 3_000)),
        ("ver", json!(1_000)),
        ("admin", json!(true)),
    ] {
        let mut claims = base.claims.clone();
        set(&mut claims, claim, value);
        let claims = base64url(claims.to_string());
        let token = format!("{header}.{claims}.{signature}");
        cases.add(format!("{claim} changed after the signature"), token);
    }
    let spaced = base64url(base.claims.to_string().replace(':', ": "));
    let token = format!("{header}.{spaced}.{signature}");
    cases.add("claims formatted after the signature", token);
    let typed = json!({"typ": "at+jwt", "kid": base.forger.kid(), "alg": base.forger.algorithm()});
    let typed = format!(" {typed}");
    let token = format!("{}.{payload}.{signature}", base64url(typed));
    cases.add("a header formatted after the signature", token);
    let swapped = base
        .forger
        .sign_message(format!("{payload}.{header}").as_bytes());
    let token = format!("{signed}.{}", base64url(swapped));
    cases.add("the signature of the parts in the other order", token);
    let only = base.forger.sign_message(payload.as_bytes());
    let token = format!("{signed}.{}", base64url(only));
    cases.add("the signature of the claims without the header", token);
    let decoded = base.forger.sign_message(base.claims.to_string().as_bytes());
    let token = format!("{signed}.{}", base64url(decoded));
    cases.add("the signature of the decoded claims", token);
}

/// Keys that the token brings or names: `jwt_tool -X i`, `-X s`.
fn foreign(cases: &mut Cases, base: &Base<'_>) {
    let claims = base.claims.to_string();
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let forger = Forger::unknown(algorithm);
        let own = forger.header();
        let mut ours = own.clone();
        set(&mut ours, "kid", base.forger.kid());
        let mut named = ours.clone();
        set(&mut named, "alg", base.forger.algorithm().name());
        let mut headers = vec![("under its own kid", &own), ("under our kid", &ours)];
        if named != ours {
            headers.push(("under our kid and alg", &named));
        }
        for (name, header) in headers {
            let token = forger.sign(header.to_string(), &claims);
            cases.add(format!("an unknown {algorithm} key {name}"), token);
        }
        let jwk = forger.public();
        let certificate = json!(["MIIBszCCAVmgAwIBAgIUQQ"]);
        for (member, value) in [
            ("jwk", jwk.clone()),
            ("jwks", json!({"keys": [jwk]})),
            ("jku", json!("https://attacker.example/jwks.json")),
            ("jku", json!("http://169.254.169.254/latest/meta-data/")),
            (
                "jku",
                json!(format!("{}@attacker.example/", base.text("iss"))),
            ),
            ("x5u", json!("https://attacker.example/chain.pem")),
            ("x5c", certificate),
        ] {
            for (kid, header) in [("its own", &own), ("our", &ours)] {
                let mut header = header.clone();
                set(&mut header, member, value.clone());
                let token = forger.sign(header.to_string(), &claims);
                cases.add(format!("{algorithm}, {kid} kid, {member} {value}"), token);
            }
        }
    }
    // Correctly signed by us, with a key of our own beside it.
    let ours = base.forger.public().clone();
    cases.add("our own jwk", base.with_member("jwk", ours));
    let set = Value::from(format!("{}/.well-known/jwks.json", base.text("iss")));
    cases.add("our own jku", base.with_member("jku", set));
}
