//! Claims that are missing, of another type, or not for us.

use serde_json::{Value, json};

use super::{Base, Cases, confused, set, with_text, without};

pub(super) fn add(cases: &mut Cases, base: &Base<'_>) {
    presence_and_types(cases, base);
    issuers(cases, base);
    audiences(cases, base);
    times(cases, base);
    ids(cases, base);
    rights(cases, base);
    json(cases, base);
}

fn presence_and_types(cases: &mut Cases, base: &Base<'_>) {
    for (name, value) in base.claims.as_object().unwrap() {
        // A token without scopes is valid, and grants nothing.
        if name != "scope" {
            let missing = without(&base.claims, name).to_string();
            cases.add(format!("{name} missing"), base.with_claims(missing));
        }
        for (type_name, invalid) in confused(value) {
            // RFC 7519 section 4.1.3 allows an audience in an array.
            if name != "aud" || !invalid.is_array() {
                let token = base.with_claim(name, invalid);
                cases.add(format!("{name} {type_name}"), token);
            }
        }
    }
}

fn issuers(cases: &mut Cases, base: &Base<'_>) {
    let ours = base.text("iss");
    let mut cut = ours.to_owned();
    cut.pop();
    for invalid in [
        "",
        "https://attacker.example",
        &cut,
        &format!("{ours}/"),
        &format!("{ours} "),
        &format!("{ours}#"),
        &format!("{ours}?"),
        &format!("{ours}\0"),
        &format!("{ours}.attacker.example"),
        &format!("https://attacker.example/{ours}"),
        &ours.to_uppercase(),
    ] {
        cases.add(format!("iss {invalid:?}"), base.with_claim("iss", invalid));
    }
    let token = base.with_claim("iss", json!([ours, "other"]));
    cases.add("iss an array that contains ours", token);
}

fn audiences(cases: &mut Cases, base: &Base<'_>) {
    let ours = base.text("aud");
    for invalid in [
        json!(""),
        json!("other"),
        json!(ours.to_uppercase()),
        json!(format!("{ours} ")),
        json!(format!("{ours},other")),
        json!(format!("{ours}-other")),
        json!("*"),
        json!([]),
        json!(["other", "another"]),
        json!([ours, 1]),
        json!([ours, null]),
        json!([[ours]]),
        json!(1),
    ] {
        cases.add(format!("aud {invalid}"), base.with_claim("aud", invalid));
    }
}

fn times(cases: &mut Cases, base: &Base<'_>) {
    let now = base.now;
    for passed in [0, 1, 59, 60, 61, 1_000_000] {
        let token = base.with_claim("exp", now - passed);
        cases.add(format!("expired {passed} s ago"), token);
    }
    for (name, time) in [
        ("iat", now + 61),
        ("nbf", now + 61),
        ("nbf", now + 300),
        ("exp", now + 3_601),
        ("exp", now + 1_000_000_000),
        ("exp", i64::MAX),
        ("iat", now - 2_701),
        ("iat", 0),
    ] {
        let offset = time.wrapping_sub(now);
        cases.add(format!("{name} {offset:+}"), base.with_claim(name, time));
    }
    let mut past = base.claims.clone();
    for (name, ago) in [("nbf", 1_000), ("iat", 1_000), ("exp", 100)] {
        set(&mut past, name, now - ago);
    }
    cases.add("a token of the past", base.with_claims(past.to_string()));
    let later = now + 900;
    for name in ["exp", "nbf", "iat", "auth_time"] {
        for invalid in [
            "-0".to_owned(),
            "1e300".to_owned(),
            "1.7e9".to_owned(),
            format!("{later}.5"),
            format!("{later}.0"),
            "9223372036854775808".to_owned(),
            "18446744073709551616".to_owned(),
            format!("\"{later}\""),
            "\"NaN\"".to_owned(),
        ] {
            let token = base.with_raw_claim(name, &invalid);
            cases.add(format!("{name} {invalid}"), token);
        }
    }
}

fn ids(cases: &mut Cases, base: &Base<'_>) {
    let long = "y".repeat(129);
    for name in ["sub", "sid", "jti"] {
        for invalid in ["", "a b", "a\n", "a\0", "\u{e9}", "\u{202e}", &long] {
            let token = base.with_claim(name, invalid);
            cases.add(format!("{name} {invalid:?}"), token);
        }
    }
    for invalid in ["1.5", "3e0", "\"3\"", "9007199254740992"] {
        let token = base.with_raw_claim("ver", invalid);
        cases.add(format!("ver {invalid}"), token);
    }
}

fn rights(cases: &mut Cases, base: &Base<'_>) {
    for invalid in [
        json!(["profile"]),
        json!("a\"b"),
        json!("a\\b"),
        json!("a\tb"),
        json!("\u{e9}"),
    ] {
        let token = base.with_claim("scope", invalid.clone());
        cases.add(format!("scope {invalid}"), token);
    }
    let many: Vec<String> = (0..33).map(|number| format!("r{number}")).collect();
    for invalid in [
        json!("admin"),
        json!([1]),
        json!(["Admin"]),
        json!([""]),
        json!(["a b"]),
        json!([["admin"]]),
        json!(["admin", null]),
        json!(many),
    ] {
        let token = base.with_claim("roles", invalid.clone());
        cases.add(format!("roles {invalid}"), token);
    }
}

fn json(cases: &mut Cases, base: &Base<'_>) {
    let claims = base.claims.to_string();
    let added = |member: &str| with_text(&base.claims, member);
    for (name, payload) in [
        ("claims, and more", format!("{claims}x")),
        ("claims twice", format!("{claims}{claims}")),
        (
            "claims after a byte order mark",
            format!("\u{feff}{claims}"),
        ),
        ("claims in UTF-16", utf16(&claims)),
        ("claims with a lone surrogate", added("\"n\":\"\\ud800\"")),
        ("claims with a comment", added("/**/\"n\":1")),
        ("claims with a comma too many", added("\"n\":[1,]")),
        ("claims with NaN", added("\"n\":NaN")),
        (
            "claims with a number that is too large",
            added("\"n\":1e999"),
        ),
        ("claims with single quotes", claims.replace('"', "'")),
        ("a claim that nobody knows, twice", added("\"n\":1,\"n\":1")),
        ("sub twice", added("\"sub\":\"other\"")),
        ("sub twice, once escaped", added("\"s\\u0075b\":\"other\"")),
        ("exp twice", added("\"exp\":9999999999")),
        ("aud twice", added("\"aud\":\"gatehouse\"")),
        ("roles twice", added("\"roles\":[\"admin\"]")),
        ("claims 9 levels deep", added(&nested(9))),
        ("claims 1,000 levels deep", added(&nested(1_000))),
        ("claims that are an array", format!("[{claims}]")),
        (
            "claims that are a text",
            Value::from(claims.as_str()).to_string(),
        ),
        ("claims that are null", "null".to_owned()),
        ("claims that are a number", "1".to_owned()),
        ("claims that are empty", "{}".to_owned()),
    ] {
        cases.add(name, base.with_claims(payload));
    }
    let mut bytes = claims.into_bytes();
    let last = bytes.len() - 2;
    bytes.insert(last, 0xff);
    cases.add("claims that are not UTF-8", base.with_claims(bytes));
}

fn nested(depth: usize) -> String {
    let arrays = depth - 1;
    format!("\"deep\":{}{}", "[".repeat(arrays), "]".repeat(arrays))
}

/// Returns the text with a zero before each byte, as UTF-16 has it.
fn utf16(text: &str) -> String {
    text.chars().flat_map(|letter| ['\0', letter]).collect()
}
