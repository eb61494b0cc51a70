//! `gatehouse token decode`: what a token contains. Nothing here is verified.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::json;
use gatehouse_auth::refresh::RefreshToken;
use gatehouse_auth::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::printable::value;
use crate::error::ErrorCode;
use crate::output::Output;

/// Describes a token of either kind.
pub(super) fn token(token: &SecretString, now: Timestamp) -> anyhow::Result<Output> {
    let token = token.expose_secret();
    if token.starts_with("gh_rt_") {
        refresh_token(token)
    } else {
        Ok(Unverified::parse(token)?.output(now))
    }
}

const NOT_VERIFIED: &str = "\
Not verified: anyone could have written this. `gatehouse token verify` verifies an access
token.
";

fn refresh_token(token: &str) -> anyhow::Result<Output> {
    let parts = RefreshToken::parse(token).map_err(|_| {
        ErrorCode::InvalidInput.error(
            "it begins like a refresh token but is not one: check that it was copied completely",
        )
    })?;
    let parts = parts.parts();
    let mut text = "\
Not verified: anyone could have written this. Only `POST /refresh` verifies a refresh token.

Refresh token, without its MAC
"
    .to_owned();
    let members = [
        ("version", parts.version.to_string()),
        ("mac_key_id", parts.mac_kid.clone()),
        ("sub", parts.sub.clone()),
        ("sid", parts.sid.clone()),
        ("generation", parts.generation.to_string()),
    ];
    for (name, value) in members {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<12}{value}");
    }
    let json = json!({
        "verified": false,
        "kind": "refresh_token",
        "header": null,
        "payload": null,
        "times": null,
        "remarks": [],
        "refresh_token": {
            "version": parts.version,
            "mac_key_id": parts.mac_kid,
            "sub": parts.sub,
            "sid": parts.sid,
            "generation": parts.generation,
        },
    });
    Ok(Output::new(text, json))
}

/// The header and the payload of a JWT, as they are written in it.
struct Unverified {
    header: Map<String, Value>,
    payload: Map<String, Value>,
    /// Why no verifier of Gatehouse reads it, although this module does.
    remarks: Vec<String>,
}

impl Unverified {
    /// Reads more than a verifier would, because this is for finding out what is wrong.
    fn parse(token: &str) -> anyhow::Result<Self> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, _signature] = parts.as_slice() else {
            let count = parts.len();
            return Err(ErrorCode::InvalidInput.error(format!(
                "a JWT has three parts separated by dots, and a refresh token begins with gh_rt_; \
                 this has {count}"
            )));
        };
        let mut remarks = Vec::new();
        Ok(Self {
            header: object("header", header, &mut remarks)?,
            payload: object("payload", payload, &mut remarks)?,
            remarks,
        })
    }

    fn output(&self, now: Timestamp) -> Output {
        let mut text = format!("{NOT_VERIFIED}\n");
        for remark in &self.remarks {
            let _ = writeln!(text, "{remark}\n");
        }
        section(&mut text, "Header", &self.header, |_| None);
        text.push('\n');
        section(&mut text, "Payload", &self.payload, |name| {
            let at = self.time(name)?;
            Some(format!("{at}, {}", distance(at, now)))
        });
        let times = self.payload.keys().filter_map(|name| {
            let at = self.time(name)?;
            Some((name.clone(), Value::from(at.to_string())))
        });
        let json = json!({
            "verified": false,
            "kind": "jwt",
            "header": self.header,
            "payload": self.payload,
            "times": times.collect::<Map<_, _>>(),
            "remarks": self.remarks,
            "refresh_token": null,
        });
        Output::new(text, json)
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        let seconds = self.payload.get(name).filter(|_| TIMES.contains(&name))?;
        // A fraction of a second is allowed (RFC 7519 section 2).
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and such a time is beyond every calendar"
        )]
        let seconds = seconds.as_i64().or_else(|| Some(seconds.as_f64()? as i64));
        seconds.map(Timestamp::from_unix)
    }
}

/// Members that are a `NumericDate` (RFC 7519, OpenID Connect).
const TIMES: [&str; 5] = ["iat", "nbf", "exp", "auth_time", "updated_at"];

fn section(
    text: &mut String,
    heading: &str,
    members: &Map<String, Value>,
    readable: impl Fn(&str) -> Option<String>,
) {
    let _ = writeln!(text, "{heading}");
    for (name, member) in members {
        let name = super::printable::printable(name);
        let remark = readable(&name).map_or_else(String::new, |time| format!("  {time}"));
        let _ = writeln!(text, "  {name:<12}{}{remark}", value(member));
    }
}

/// Returns how far a time is from now, such as `in 14m 59s` or `3days ago`.
pub(super) fn distance(at: Timestamp, now: Timestamp) -> String {
    if at > now {
        format!("in {}", humantime::format_duration(at.since(now)))
    } else {
        format!("{} ago", humantime::format_duration(now.since(at)))
    }
}

/// More nesting than a verifier accepts.
const MAX_DEPTH: usize = 8;

fn object(what: &str, part: &str, remarks: &mut Vec<String>) -> anyhow::Result<Map<String, Value>> {
    let invalid =
        |why: &str| ErrorCode::InvalidInput.error(format!("the {what} of the token is not {why}"));
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('='));
    let bytes = bytes.map_err(|_| invalid("base64url"))?;
    let object = serde_json::from_slice(&bytes).map_err(|_| invalid("a JSON object"))?;
    if part.ends_with('=') {
        remarks.push(format!(
            "The {what} is padded, so Gatehouse rejects the token."
        ));
    }
    if let Err(error) = json::parse(&bytes, MAX_DEPTH) {
        remarks.push(format!(
            "The {what} is not strict JSON ({error}), so Gatehouse rejects the token."
        ));
    }
    Ok(object)
}

#[cfg(test)]
mod tests;
