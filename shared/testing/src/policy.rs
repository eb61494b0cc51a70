//! Access tokens that must be refused, each for one reason, and some that must be accepted:
//! one list for every place that verifies a token.
//!
//! All of them are about one user and one session that are alive, and differ from a valid
//! token only in what their name says. What `jwt_tool` tries is among them: the module
//! `injection` has a table.

use gatehouse_auth::time::Timestamp;
use serde_json::{Value, json};

use crate::forger::Forger;

mod accepted;
mod claims;
mod form;
mod header;
mod injection;
mod signature;

/// A token, with what is unusual about it.
#[derive(Debug, Clone)]
pub struct PolicyCase {
    /// What is unusual about it.
    pub name: String,
    /// The token.
    pub token: String,
}

/// All cases for one key and one moment.
#[derive(Debug, Clone)]
pub struct Policy {
    /// These must be refused.
    pub refused: Vec<PolicyCase>,
    /// These must be accepted.
    pub accepted: Vec<PolicyCase>,
}

impl Policy {
    /// Makes the cases from the claims of a valid token, and signs them with the key that
    /// signed it. Times are relative to `now`.
    #[must_use]
    pub fn around(claims: &Value, forger: &Forger, now: Timestamp) -> Self {
        let base = Base::new(claims, forger, now.unix());
        let mut refused = Cases::default();
        claims::add(&mut refused, &base);
        header::add(&mut refused, &base);
        form::add(&mut refused, &base);
        signature::add(&mut refused, &base);
        injection::add(&mut refused, &base);
        let mut accepted = Cases::default();
        accepted::add(&mut accepted, &base);
        Self {
            refused: refused.0,
            accepted: accepted.0,
        }
    }
}

#[derive(Default)]
struct Cases(Vec<PolicyCase>);

impl Cases {
    fn add(&mut self, name: impl Into<String>, token: String) {
        // Long values would hide the rest of a message.
        let name: String = name.into().escape_debug().take(100).collect();
        self.0.push(PolicyCase { name, token });
    }
}

/// The valid token from which every case differs in one thing.
struct Base<'a> {
    forger: &'a Forger,
    header: Value,
    claims: Value,
    now: i64,
}

impl<'a> Base<'a> {
    fn new(claims: &Value, forger: &'a Forger, now: i64) -> Self {
        let mut base = Self {
            forger,
            header: forger.header(),
            claims: claims.clone(),
            now,
        };
        for (name, time) in [("iat", now), ("exp", now + LIFETIME)] {
            set(&mut base.claims, name, time);
        }
        base
    }

    fn valid(&self) -> String {
        self.signed(self.header.to_string(), self.claims.to_string())
    }

    fn signed(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.forger.sign(header, claims)
    }

    fn with_claims(&self, claims: impl AsRef<[u8]>) -> String {
        self.signed(self.header.to_string(), claims)
    }

    fn with_claim(&self, name: &str, value: impl Into<Value>) -> String {
        let mut claims = self.claims.clone();
        set(&mut claims, name, value);
        self.with_claims(claims.to_string())
    }

    /// Signs a claim that is this very text, so that the text reaches the parser unchanged.
    fn with_raw_claim(&self, name: &str, text: &str) -> String {
        let mut claims = self.claims.clone();
        set(&mut claims, name, "RAW");
        self.with_claims(claims.to_string().replace("\"RAW\"", text))
    }

    fn with_header(&self, header: impl AsRef<[u8]>) -> String {
        self.signed(header, self.claims.to_string())
    }

    fn with_member(&self, name: &str, value: impl Into<Value>) -> String {
        let mut header = self.header.clone();
        set(&mut header, name, value);
        self.with_header(header.to_string())
    }

    fn claim(&self, name: &str) -> &Value {
        self.claims.get(name).unwrap()
    }

    fn text(&self, name: &str) -> &str {
        self.claim(name).as_str().unwrap()
    }
}

fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    let members = object.as_object_mut().unwrap();
    members.insert(name.to_owned(), value.into());
}

fn without(object: &Value, name: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
}

/// Returns a JSON object with one more member at its beginning.
fn with_text(object: &Value, member: &str) -> String {
    object.to_string().replacen('{', &format!("{{{member},"), 1)
}

/// What `jwt_tool` calls type confusion: a value as each other type.
fn confused(value: &Value) -> [(&'static str, Value); 5] {
    [
        ("null", Value::Null),
        ("true", json!(true)),
        ("in an array", json!([value])),
        ("in an object", json!({"value": value})),
        ("a negative number", json!(-1)),
    ]
}

/// The default lifetime of an access token, in seconds.
const LIFETIME: i64 = 900;

#[cfg(test)]
mod tests;
