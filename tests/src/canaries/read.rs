//! Finds the secrets in what the harness sends and receives.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::Kind;

/// The members of a body that hold a password.
const PASSWORDS: [&str; 3] = ["password", "current_password", "new_password"];
/// What our own secrets begin with, and how long they are. What a test has cut off may end with
/// an id, which logs may have.
const PREFIXES: [(&str, usize, Kind); 5] = [
    ("gh_rt_", 109, Kind::RefreshToken),
    ("gh_rc_", 72, Kind::Code),
    ("gh_ev_", 72, Kind::Code),
    ("gh_ec_", 72, Kind::Code),
    ("gh_cs_", 49, Kind::ClientSecret),
];
/// The least length of the random part of our secrets, in characters.
const LEAST: usize = 40;

/// Returns the passwords in a JSON body.
pub(super) fn passwords(body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let texts = PASSWORDS.iter().filter_map(|name| body.get(name)?.as_str());
    texts.map(str::to_owned).collect()
}

/// Returns the tokens, codes and client secrets in a text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = (Kind, &str)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    text.split(move |letter| !is_part(letter))
        .filter_map(|word| Some((kind(word)?, word)))
}

fn kind(word: &str) -> Option<Kind> {
    if word.len() < LEAST {
        return None;
    }
    if word.starts_with("eyJ") {
        let (_, signature) = word.rsplit_once('.')?;
        return (word.matches('.').count() == 2 && signature.len() >= LEAST)
            .then_some(Kind::AccessToken);
    }
    let known = PREFIXES
        .iter()
        .find(|(prefix, length, _)| word.starts_with(prefix) && word.len() == *length);
    known.map(|(_, _, kind)| *kind)
}

/// Returns the private members of a key ring's keys.
pub(super) fn private_members(ring: &str) -> Vec<String> {
    let mut members = Vec::new();
    collect(
        &serde_json::from_str(ring).unwrap_or_default(),
        &mut members,
    );
    members
}

fn collect(value: &Value, members: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match (name.as_str(), value.as_str()) {
                    ("k", Some(text)) => members.push(text.to_owned()),
                    ("pkcs8", Some(text)) => members.extend(private_number(text)),
                    _ => collect(value, members),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, members)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Longer keys are RSA keys, in bytes.
const LONGEST_ELLIPTIC: usize = 300;

/// Returns the private number of an elliptic key, as the `d` of a JWK and as a part of the
/// base64 of the whole key. The rest of it is public. Of an RSA key, the end is a private number.
fn private_number(pkcs8: &str) -> Vec<String> {
    let der = STANDARD.decode(pkcs8).unwrap_or_default();
    if der.len() > LONGEST_ELLIPTIC {
        let end = pkcs8.len().saturating_sub(80)..pkcs8.len().saturating_sub(4);
        return pkcs8.get(end).map(str::to_owned).into_iter().collect();
    }
    let Some(begin) = der.windows(2).position(|bytes| bytes == [4, 32]) else {
        return Vec::new();
    };
    let (begin, end) = (begin + 2, begin + 34);
    let number = der
        .get(begin..end)
        .map(|number| URL_SAFE_NO_PAD.encode(number));
    let part = pkcs8.get(begin.div_ceil(3) * 4..end / 3 * 4);
    number.into_iter().chain(part.map(str::to_owned)).collect()
}
