//! Strict JSON: rejects anything that two parsers could read differently.
//!
//! `serde_json` keeps the last of two members with the same name, so an attacker could
//! show one value to the check and another to the code behind it (RFC 8259 section 4).

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why the bytes are not strict JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not a JSON text: invalid syntax, not UTF-8, a lone surrogate, bytes after the end,
    /// or a number out of range.
    #[error("not a JSON text")]
    Syntax,
    /// An object has two members with this name.
    #[error("member {0:?} occurs twice")]
    DuplicateMember(String),
    /// Arrays and objects are nested more deeply than the limit.
    #[error("arrays and objects are nested too deeply")]
    TooDeep,
}

/// Parses one JSON text whose arrays and objects are nested at most `max_depth` deep.
///
/// A bare number has depth 0, `[]` has depth 1. The parser's own limit of 127 applies
/// whatever `max_depth` is, so no input can overflow the stack.
///
/// # Errors
/// [`JsonError`] for the first violation.
pub fn parse(bytes: &[u8], max_depth: usize) -> Result<Value, JsonError> {
    let refusal = RefCell::new(None);
    let seed = Strict {
        depth_left: max_depth,
        refusal: &refusal,
    };
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let parsed = seed
        .deserialize(&mut parser)
        .and_then(|value| parser.end().map(|()| value));
    parsed.map_err(|_| refusal.take().unwrap_or(JsonError::Syntax))
}

/// Builds a value. Leaves its own reason for a rejection in `refusal`, because the
/// parser's error can only carry text.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth_left: usize,
    refusal: &'a RefCell<Option<JsonError>>,
}

impl Strict<'_> {
    fn refuse<E: Error>(&self, refusal: JsonError) -> E {
        let error = E::custom(&refusal);
        self.refusal.replace(Some(refusal));
        error
    }

    fn deeper<E: Error>(&self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        let depth_left = depth_left.ok_or_else(|| self.refuse(JsonError::TooDeep))?;
        Ok(Self {
            depth_left,
            ..*self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number
            .map(Value::Number)
            .ok_or_else(|| self.refuse(JsonError::Syntax))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(self.refuse(JsonError::DuplicateMember(name)));
            }
            let value = members.next_value_seed(deeper)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
