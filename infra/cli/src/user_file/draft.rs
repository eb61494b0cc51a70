//! A user while it is read from a file, field by field.

use std::collections::BTreeMap;

use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::version::MAX_VERSION;
use serde_json::Value;

use super::columns::{COLUMNS, Column, Columns, advice, shown};
use super::record::{Record, Remark};
use super::time;

/// The values, by field. It has no `Debug`, because it contains a password hash.
#[derive(Default)]
pub(super) struct Draft(BTreeMap<&'static str, Value>);

/// How databases print NULL: `mysql --batch`, and `COPY` in `PostgreSQL`.
pub(super) const NULLS: [&str; 2] = ["NULL", "\\N"];

/// Half of all versions. With a larger one an account could not be disabled: that raises
/// its version.
const MAX_IMPORTED: u64 = MAX_VERSION / 2;

impl Draft {
    /// Sets the fields that a member of an object is read into.
    pub(super) fn put(
        &mut self,
        columns: &Columns,
        name: &str,
        value: &Value,
    ) -> Result<(), Remark> {
        let ours = match columns.resolve(name) {
            Column::Ours(ours) => ours,
            Column::Ignored => return Ok(()),
            Column::Replaced => {
                let detail =
                    "--column reads this field from another member: ignore this one with --ignore";
                return Err(Remark::new(shown(name), detail));
            }
            Column::Unknown => return Err(Remark::new(shown(name), advice(&[name]))),
        };
        for ours in ours {
            self.set(ours, value.clone())?;
        }
        Ok(())
    }

    /// Sets a field, which must not be set yet.
    pub(super) fn set(&mut self, ours: &'static str, value: Value) -> Result<(), Remark> {
        match self.0.insert(ours, value) {
            None => Ok(()),
            Some(_) => Err(Remark::new(ours, "is given more than once")),
        }
    }

    pub(super) fn has(&self, ours: &str) -> bool {
        self.0.contains_key(ours)
    }

    /// Builds the record, with a warning for each time that cannot be read.
    pub(super) fn record(
        mut self,
        columns: &Columns,
        warnings: &mut Vec<Remark>,
    ) -> Result<Record, Remark> {
        let password = columns.theirs("password_hash");
        if let Some(theirs) = password.filter(|_| !self.has("password_hash")) {
            let detail = format!("{} is missing, but --column names it", shown(theirs));
            return Err(Remark::new("password_hash", detail));
        }
        let username = self.text("username")?;
        let email = self.text("email")?;
        let email_verified = self.email_verified(email.is_some(), warnings)?;
        let record = Record {
            id: self.id("id")?,
            external_id: self.id("external_id")?,
            username: username.ok_or_else(|| Remark::new("username", "is missing"))?,
            email,
            email_verified,
            // `shadow` and passlib write `*` for an account without a password.
            password_hash: self.text("password_hash")?.filter(|hash| hash != "*"),
            roles: self.roles()?,
            status: self.status()?,
            token_version: self.number("token_version")?,
            session_version: self.number("session_version")?,
            created_at: self.time("created_at", warnings),
            updated_at: self.time("updated_at", warnings),
            password_changed_at: self.time("password_changed_at", warnings),
        };
        debug_assert!(self.0.is_empty(), "a column of {COLUMNS:?} is not read");
        Ok(record)
    }

    fn remove(&mut self, ours: &str) -> Option<Value> {
        self.0
            .remove(ours)
            .map(unwrap_extended_json)
            .filter(|value| !value.is_null())
    }

    fn text(&mut self, ours: &'static str) -> Result<Option<String>, Remark> {
        match self.remove(ours) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(trimmed(&text)),
            Some(other) => Err(type_error(ours, &other, "text")),
        }
    }

    /// Reads an id, which is a number in many systems. NULL counts as missing in JSON too,
    /// because a CSV file cannot express it.
    fn id(&mut self, ours: &'static str) -> Result<Option<String>, Remark> {
        let text = match self.remove(ours) {
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::String(text)) => {
                trimmed(&text).filter(|text| !NULLS.contains(&text.as_str()))
            }
            None => None,
            Some(other) => return Err(type_error(ours, &other, "text or a whole number")),
        };
        if let Some(text) = &text {
            ExternalId::parse(text).map_err(|error| Remark::new(ours, error.to_string()))?;
        }
        Ok(text)
    }

    fn number(&mut self, ours: &'static str) -> Result<Option<u64>, Remark> {
        let number = match self.remove(ours) {
            None => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(other) => other.as_u64(),
        };
        let number = number.filter(|number| *number <= MAX_IMPORTED);
        let detail = format!("must be a whole number from 0 to {MAX_IMPORTED}");
        number.map(Some).ok_or_else(|| Remark::new(ours, detail))
    }

    /// Reads an array of roles, or a text of roles separated by spaces or commas.
    fn roles(&mut self) -> Result<Option<Vec<String>>, Remark> {
        let mut roles: Vec<String> = match self.remove("roles") {
            None => return Ok(None),
            Some(Value::String(text)) => {
                let separates =
                    |letter: char| letter.is_whitespace() || ",;|{}[]\"'".contains(letter);
                text.split(separates)
                    .filter(|role| !role.is_empty())
                    .map(str::to_owned)
                    .collect()
            }
            Some(Value::Array(names)) => {
                let name = |value: &Value| {
                    let name = value.as_str().map(str::to_owned);
                    name.ok_or_else(|| type_error("roles", value, "an array of text"))
                };
                names.iter().map(name).collect::<Result<_, _>>()?
            }
            Some(other) => return Err(type_error("roles", &other, "an array of text")),
        };
        roles.sort();
        roles.dedup();
        Ok(Some(roles))
    }

    /// Reads `active` or `disabled`, or a boolean that says whether the account is active.
    fn status(&mut self) -> Result<Option<String>, Remark> {
        let text = match self.remove("status") {
            None => return Ok(None),
            Some(Value::Bool(active)) => active.to_string(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::String(text)) => text.trim().to_ascii_lowercase(),
            Some(other) => return Err(type_error("status", &other, "active or disabled")),
        };
        match text.as_str() {
            "" => Ok(None),
            "active" | "enabled" | "true" | "t" | "yes" | "y" | "1" => {
                Ok(Some("active".to_owned()))
            }
            "disabled" | "inactive" | "false" | "f" | "no" | "n" | "0" => {
                Ok(Some("disabled".to_owned()))
            }
            _ => Err(Remark::new(
                "status",
                "must be active (true, 1) or disabled (false, 0)",
            )),
        }
    }

    /// Reads whether the address is verified. Without an address there is nothing to verify,
    /// which is no reason to refuse a user.
    fn email_verified(
        &mut self,
        has_email: bool,
        warnings: &mut Vec<Remark>,
    ) -> Result<Option<bool>, Remark> {
        const FIELD: &str = "email_verified";
        let text = match self.remove(FIELD) {
            None => return Ok(None),
            Some(Value::Bool(verified)) => verified.to_string(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::String(text)) => text.trim().to_ascii_lowercase(),
            Some(other) => return Err(type_error(FIELD, &other, "true or false")),
        };
        let verified = match text.as_str() {
            "" => return Ok(None),
            "true" | "t" | "yes" | "y" | "1" => true,
            "false" | "f" | "no" | "n" | "0" => false,
            _ => return Err(Remark::new(FIELD, "must be true (1) or false (0)")),
        };
        if verified && !has_email {
            let detail = "is true, but there is no email, so it was left out";
            warnings.push(Remark::new(FIELD, detail));
        }
        Ok(has_email.then_some(verified))
    }

    /// Reads a time. An invalid time is only left out, with a warning: it is no reason to refuse
    /// a user.
    fn time(&mut self, ours: &'static str, warnings: &mut Vec<Remark>) -> Option<String> {
        let text = match self.remove(ours)? {
            Value::String(text) => trimmed(&text)?,
            Value::Number(number) => number.to_string(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null => String::new(),
        };
        let read = time::read(&text);
        if read.is_none() {
            let detail = "is not a valid time such as 2024-01-15T08:00:00Z, so it was left out";
            warnings.push(Remark::new(ours, detail));
        }
        read.map(|moment| moment.to_string())
    }
}

/// Trims white space; returns nothing if no text is left.
fn trimmed(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Unwraps values in `MongoDB`'s extended JSON: `{"$oid": "…"}`, `{"$date": "…"}`.
fn unwrap_extended_json(value: Value) -> Value {
    let Value::Object(object) = &value else {
        return value;
    };
    let wrappers = ["$oid", "$date", "$numberLong"];
    let inner = wrappers.iter().find_map(|name| object.get(*name));
    match inner.filter(|_| object.len() == 1) {
        Some(inner) => unwrap_extended_json(inner.clone()),
        None => value,
    }
}

fn type_error(field: &'static str, value: &Value, expected: &str) -> Remark {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Remark::new(field, format!("must be {expected}, not {found}"))
}
