//! Headers of correctly signed tokens that no access token has.

use serde_json::{Value, json};

use super::{Base, Cases, confused, with_text, without};

pub(super) fn add(cases: &mut Cases, base: &Base<'_>) {
    for (name, value) in base.header.as_object().unwrap() {
        let missing = without(&base.header, name).to_string();
        cases.add(format!("no {name}"), base.with_header(missing));
        for (type_name, invalid) in confused(value) {
            let token = base.with_member(name, invalid);
            cases.add(format!("{name} {type_name}"), token);
        }
    }
    algorithms(cases, base);
    kids_and_types(cases, base);
    other_members(cases, base);
    json(cases, base);
}

fn algorithms(cases: &mut Cases, base: &Base<'_>) {
    let ours = base.forger.algorithm().name();
    for invalid in [
        "",
        "none",
        "None",
        "NONE",
        "nOnE",
        "\u{ff25}\u{ff33}256",
        "HS256",
        "HS384",
        "HS512",
        "ES256K",
        "ES384",
        "ES512",
        "PS256",
        "RS384",
        "Ed25519",
        "Ed448",
        "dir",
        "A128KW",
        &ours.to_lowercase(),
        &format!("{ours} "),
        &format!(" {ours}"),
        &format!("{ours}\0"),
        &format!("{ours},none"),
    ] {
        cases.add(format!("alg {invalid:?}"), base.with_member("alg", invalid));
    }
    // Names that we support, but not for this key.
    let others = ["ES256", "EdDSA", "RS256"];
    for other in others.into_iter().filter(|name| *name != ours) {
        cases.add(format!("alg {other}"), base.with_member("alg", other));
    }
}

fn kids_and_types(cases: &mut Cases, base: &Base<'_>) {
    let ours = base.forger.kid();
    for invalid in [
        "unknown",
        &ours.to_uppercase(),
        &format!("{ours} "),
        &format!("{ours}\0"),
        &format!("./{ours}"),
        &format!("{ours}#"),
        "https://attacker.example/key",
        "a\nb",
        "\u{202e}",
        &"x".repeat(65),
        &"y".repeat(4_000),
    ] {
        cases.add(format!("kid {invalid:?}"), base.with_member("kid", invalid));
    }
    for invalid in [
        "",
        "JWT",
        "jwt",
        "at",
        "refresh+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "logout+jwt",
        "AT+JWT ",
        " at+jwt",
        "at+jwt;v=1",
        "application/application/at+jwt",
    ] {
        cases.add(format!("typ {invalid:?}"), base.with_member("typ", invalid));
    }
}

fn other_members(cases: &mut Cases, base: &Base<'_>) {
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!(["unknown"])),
        ("crit", json!([])),
        ("crit", json!("exp")),
        ("crit", Value::Null),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("enc", json!("A128GCM")),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("iss", base.claim("iss").clone()),
        ("nonce", json!("AAAA")),
        ("p2c", json!(1_000_000_000)),
        ("Alg", json!("none")),
        ("ALG", json!("none")),
        ("", json!("")),
    ] {
        let token = base.with_member(name, value.clone());
        cases.add(format!("header member {name:?} {value}"), token);
    }
}

fn json(cases: &mut Cases, base: &Base<'_>) {
    let header = base.header.to_string();
    let added = |member: &str| with_text(&base.header, member);
    for (name, text) in [
        ("a header in an array", format!("[{header}]")),
        ("a header that is null", "null".to_owned()),
        (
            "a header that is a text",
            Value::from(header.as_str()).to_string(),
        ),
        ("a header that is a number", "1".to_owned()),
        ("an empty header", "{}".to_owned()),
        ("a header, and more", format!("{header}x")),
        ("a header twice", format!("{header}{header}")),
        (
            "a header after a byte order mark",
            format!("\u{feff}{header}"),
        ),
        ("a header with single quotes", header.replace('"', "'")),
        ("a header with a lone surrogate", added("\"n\":\"\\ud800\"")),
        ("alg twice", added("\"alg\":\"none\"")),
        ("alg twice, once escaped", added("\"\\u0061lg\":\"none\"")),
        ("kid twice", added("\"kid\":\"x\"")),
        ("typ twice", added("\"typ\":\"at+jwt\"")),
        ("a header that is too deep", "[".repeat(1_000)),
    ] {
        cases.add(name, base.with_header(text));
    }
    let mut bytes = header.into_bytes();
    let last = bytes.len() - 2;
    bytes.insert(last, 0xff);
    cases.add("a header that is not UTF-8", base.with_header(bytes));
}
