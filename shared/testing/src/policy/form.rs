//! Valid tokens in a form that no token has.

use serde_json::json;

use super::{Base, Cases, set};
use crate::forger::base64url;

pub(super) fn add(cases: &mut Cases, base: &Base<'_>) {
    parts(cases, base);
    encodings(cases, base);
    lengths(cases, base);
}

fn parts(cases: &mut Cases, base: &Base<'_>) {
    let valid = base.valid();
    let split: Vec<&str> = valid.split('.').collect();
    let [header, payload, signature] = split[..] else {
        panic!("the token does not have three parts")
    };
    for (name, token) in [
        ("only dots", "..".to_owned()),
        ("only a header", header.to_owned()),
        ("two parts", format!("{header}.{payload}")),
        ("no signature", format!("{header}.{payload}.")),
        ("no header", format!(".{payload}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("a dot at the end", format!("{valid}.")),
        ("a dot at the beginning", format!(".{valid}")),
        ("a fourth part", format!("{valid}.{signature}")),
        (
            "five parts, as of a JWE",
            format!("{valid}.{payload}.{signature}"),
        ),
        ("the token twice", format!("{valid}{valid}")),
        ("a space before", format!(" {valid}")),
        ("a space after", format!("{valid} ")),
        ("a line break after", format!("{valid}\n")),
        ("a tab before", format!("\t{valid}")),
        ("a quoted token", format!("\"{valid}\"")),
        ("two tokens with a comma", format!("{valid},{valid}")),
        ("two tokens with a space", format!("{valid} {valid}")),
        ("a scheme within", format!("Bearer {valid}")),
        ("dots that are escaped", valid.replace('.', "%2E")),
    ] {
        cases.add(name, token);
    }
    let flat = json!({"protected": header, "payload": payload, "signature": signature});
    cases.add("the flattened JSON serialisation", flat.to_string());
    let general = json!({"payload": payload, "signatures": [flat]});
    cases.add("the general JSON serialisation", general.to_string());
}

fn encodings(cases: &mut Cases, base: &Base<'_>) {
    let valid = base.valid();
    let parts: Vec<&str> = valid.split('.').collect();
    for (position, part) in parts.iter().enumerate() {
        let (start, end) = part.split_at(4);
        let tail = part.get(1..).unwrap();
        for (name, invalid) in [
            ("padding", format!("{part}=")),
            ("more padding", format!("{part}==")),
            ("a line break within", format!("{start}\n{end}")),
            ("a space within", format!("{start} {end}")),
            ("a question mark", format!("?{part}")),
            ("a plus", format!("+{tail}")),
            ("a slash", format!("/{tail}")),
            ("a letter that is not ASCII", format!("{part}\u{e9}")),
            ("a NUL", format!("{part}\0")),
            ("one character", "A".to_owned()),
            ("spare bits", "AB".to_owned()),
            ("fewer spare bits", "AAB".to_owned()),
        ] {
            let mut parts = parts.clone();
            if let Some(part) = parts.get_mut(position) {
                *part = &invalid;
            }
            cases.add(format!("part {position}: {name}"), parts.join("."));
        }
    }
}

fn lengths(cases: &mut Cases, base: &Base<'_>) {
    let mut long = base.claims.clone();
    set(&mut long, "pad", "x".repeat(6_200));
    cases.add("longer than 8 KiB", base.with_claims(long.to_string()));
    cases.add("8,193 letters", "a".repeat(8_193));
    cases.add("9,000 dots", ".".repeat(9_000));
    let zeros = base64url([0; 64]);
    cases.add(
        "a header of 9 KB",
        format!("{}.e30.{zeros}", "A".repeat(9_000)),
    );
}
