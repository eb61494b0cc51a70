//! Reads a user from a JSON object, in our form or from Django's `dumpdata`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::columns::{Column, Columns, advice, shown};
use super::draft::Draft;
use super::entry::NoUser;
use super::record::{Record, Remark};

/// The members of an object in order, including duplicates.
pub(super) struct Members(Vec<(String, Value)>);

/// Reads one object.
pub(super) fn record(
    bytes: &[u8],
    columns: &Columns,
    warnings: &mut Vec<Remark>,
) -> Result<Record, NoUser> {
    let draft = match django(parse(bytes)?) {
        Object::Ours(members) => {
            let mut draft = Draft::default();
            for (name, value) in members.0 {
                draft.put(columns, &name, &value)?;
            }
            draft
        }
        Object::Django { pk, fields } => django_draft(pk, fields, columns, warnings)?,
        Object::OtherModel(model) => return Err(NoUser::OtherModel(model)),
    };
    Ok(draft.record(columns, warnings)?)
}

fn parse(bytes: &[u8]) -> Result<Members, Remark> {
    let text = str::from_utf8(bytes)
        .map_err(|_| Remark::new("", "is not UTF-8: save the file as UTF-8"))?;
    // serde's message may quote the value, which may be a password hash.
    serde_json::from_str(text).map_err(|error| {
        let column = error.column();
        let detail = match error.classify() {
            serde_json::error::Category::Data => {
                "is not a JSON object such as {\"username\": \"ada\"}".to_owned()
            }
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => {
                format!("is invalid JSON at column {column}")
            }
            serde_json::error::Category::Eof => {
                "is invalid JSON, because it ends too early: write each object on one line, or all of them in one array".to_owned()
            }
        };
        Remark::new("", detail)
    })
}

enum Object {
    Ours(Members),
    /// A record with a password, which is a user whatever its model is called.
    Django {
        pk: Option<Value>,
        fields: Vec<(String, Value)>,
    },
    OtherModel(String),
}

/// Recognises `{"model": "auth.user", "pk": 1, "fields": {…}}` (Django: Serialization
/// formats).
fn django(members: Members) -> Object {
    let find = |wanted: &str| {
        let mut found = members.0.iter().filter(|(name, _)| name == wanted);
        found.next().map(|(_, value)| value.clone())
    };
    let (Some(Value::String(model)), Some(Value::Object(fields))) = (find("model"), find("fields"))
    else {
        return Object::Ours(members);
    };
    if fields.contains_key("password") {
        Object::Django {
            pk: find("pk"),
            fields: fields.into_iter().collect(),
        }
    } else {
        Object::OtherModel(model)
    }
}

/// Fields of `auth.user` and of models derived from `AbstractUser`, and the fields that they
/// are read into. Those without one are ignored.
const DJANGO: [(&str, Option<&str>); 10] = [
    ("password", Some("password_hash")),
    ("is_active", Some("status")),
    ("date_joined", Some("created_at")),
    ("last_login", None),
    ("first_name", None),
    ("last_name", None),
    ("groups", None),
    ("user_permissions", None),
    ("is_staff", None),
    ("is_superuser", None),
];

fn django_draft(
    pk: Option<Value>,
    fields: Vec<(String, Value)>,
    columns: &Columns,
    warnings: &mut Vec<Remark>,
) -> Result<Draft, Remark> {
    let mut draft = Draft::default();
    let mut later = Vec::new();
    for (name, value) in fields {
        let known = DJANGO.iter().find(|(theirs, _)| *theirs == name);
        let column = columns.resolve(&name);
        match (column, known) {
            // --column and --ignore take precedence.
            (Column::Ours(_) | Column::Ignored | Column::Replaced, _) => {
                draft.put(columns, &name, &value)?;
            }
            (Column::Unknown, Some((_, Some(ours)))) => later.push((*ours, value)),
            (Column::Unknown, Some((_, None))) => {
                if name == "is_superuser" && value == Value::Bool(true) {
                    let detail =
                        "is true, but does not become a role: use `gatehouse users promote`";
                    warnings.push(Remark::new(name, detail));
                }
            }
            (Column::Unknown, None) => {
                return Err(Remark::new(shown(&name), advice(&[&name])));
            }
        }
    }
    later.extend(pk.map(|pk| ("id", pk)));
    for (ours, value) in later {
        if !draft.has(ours) {
            draft.set(ours, value)?;
        }
    }
    Ok(draft)
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}
