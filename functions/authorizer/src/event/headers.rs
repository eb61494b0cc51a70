//! The headers of an event, `Authorization` separately: each of its values counts as a
//! credential, whatever it is.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// Headers, by name in any case. Some are secrets, so this type cannot be printed.
#[derive(Default)]
pub(super) struct Headers {
    pub(super) authorizations: Vec<String>,
    pub(super) others: HeaderMap,
}

/// A header's value: one string, or all of them.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    All(Vec<String>),
    Unexpected(IgnoredAny),
}

impl Headers {
    pub(super) fn is_empty(&self) -> bool {
        self.authorizations.is_empty() && self.others.is_empty()
    }

    fn add(&mut self, name: &str, value: String) {
        if name.eq_ignore_ascii_case("authorization") {
            self.authorizations.push(value);
        } else if let Ok(name) = HeaderName::try_from(name) {
            // A value that HTTP does not allow still counts.
            let value = HeaderValue::try_from(value);
            let value = value.unwrap_or_else(|_| HeaderValue::from_static(""));
            // Headers beyond what a map can hold are left out.
            let _ = self.others.try_append(name, value);
        }
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Headers::default();
                while let Some(name) = map.next_key::<String>()? {
                    match map.next_value()? {
                        Values::One(value) => headers.add(&name, value),
                        Values::All(values) => {
                            for value in values {
                                headers.add(&name, value);
                            }
                        }
                        // Such a credential can only be refused.
                        Values::Unexpected(_) => headers.add(&name, String::new()),
                    }
                }
                Ok(headers)
            }
        }

        deserializer.deserialize_map(Object)
    }
}
