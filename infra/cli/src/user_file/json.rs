//! A person as a JSON object: one of ours, or one of Django's `dumpdata`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::columns::{Column, Columns, advice, shown};
use super::draft::Draft;
use super::entry::NoUser;
use super::record::{Record, Remark};

/// The members of an object in their order, also those that are there twice.
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
    // serde's own sentence about data may quote the line, and with it a hash.
    serde_json::from_str(text).map_err(|error| {
        let column = error.column();
        let detail = match error.classify() {
            serde_json::error::Category::Data => {
                "is not a JSON object such as {\"username\": \"ada\"}".to_owned()
            }
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => {
                format!("is not valid JSON at column {column}")
            }
            serde_json::error::Category::Eof => {
                "is not valid JSON: it ends too early; write each object on a line of its own, or all of them as one array".to_owned()
            }
        };
        Remark::new("", detail)
    })
}

enum Object {
    Ours(Members),
    /// A record of a model with a password: a user, whatever the model is called.
    Django {
        pk: Option<Value>,
        fields: Vec<(String, Value)>,
    },
    OtherModel(String),
}

/// `{"model": "auth.user", "pk": 1, "fields": {…}}` (Django: Serialization formats).
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
            // What --column or --ignore says about a field wins.
            (Column::Ours(_) | Column::Ignored | Column::Replaced, _) => {
                draft.put(columns, &name, &value)?;
            }
            (Column::Unknown, Some((_, Some(ours)))) => later.push((*ours, value)),
            (Column::Unknown, Some((_, None))) => {
                if name == "is_superuser" && value == Value::Bool(true) {
                    let detail =
                        "is true, but no role is given for it: use `gatehouse users promote`";
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

/// Fields of `auth.user` and of models made from `AbstractUser`, and which of ours
/// they are. The others say nothing that we keep.
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
