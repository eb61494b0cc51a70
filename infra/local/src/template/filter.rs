//! The patterns of an event source mapping's `FilterCriteria`.

use serde_json::{Map, Value};

/// A pattern that a record must match.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter(Pattern);

#[derive(Debug, Clone, PartialEq)]
enum Pattern {
    /// Every member must match.
    Object(Vec<(String, Pattern)>),
    /// One of the rules must match.
    Leaf(Vec<Rule>),
}

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Equals(Value),
    Exists(bool),
    Prefix(String),
    Suffix(String),
    /// The value must be there, and be none of these.
    AnythingBut(Vec<Value>),
}

impl Filter {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, for the author of the template.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| format!("the pattern is not JSON: {error}"))?;
        match value {
            Value::Object(members) => object(members).map(Self),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err("the pattern must be a JSON object".to_owned()),
        }
    }

    /// Reports whether a record matches.
    pub(crate) fn matches(&self, record: &Value) -> bool {
        self.0.matches(Some(record))
    }
}

fn object(members: Map<String, Value>) -> Result<Pattern, String> {
    let members = members.into_iter().map(|(name, value)| {
        let pattern = match value {
            Value::Object(members) => object(members)?,
            Value::Array(rules) => {
                let rules = rules.into_iter().map(|value| rule(&name, value));
                Pattern::Leaf(rules.collect::<Result<_, _>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(format!(
                    "{name} in the pattern must be an object or an array"
                ));
            }
        };
        Ok((name, pattern))
    });
    members.collect::<Result<_, _>>().map(Pattern::Object)
}

fn rule(name: &str, value: Value) -> Result<Rule, String> {
    let unsupported = || format!("the local stack does not support this rule of {name}");
    let members = match value {
        Value::Object(members) => members,
        Value::Array(_) => return Err(unsupported()),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            return Ok(Rule::Equals(scalar));
        }
    };
    let mut members = members.into_iter();
    let (Some((operator, operand)), None) = (members.next(), members.next()) else {
        return Err(unsupported());
    };
    match (operator.as_str(), operand) {
        ("exists", Value::Bool(wanted)) => Ok(Rule::Exists(wanted)),
        ("prefix", Value::String(text)) => Ok(Rule::Prefix(text)),
        ("suffix", Value::String(text)) => Ok(Rule::Suffix(text)),
        ("anything-but", Value::Array(values)) => Ok(Rule::AnythingBut(values)),
        _ => Err(unsupported()),
    }
}

impl Pattern {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Object(members) => members
                .iter()
                .all(|(name, pattern)| pattern.matches(value.and_then(|value| value.get(name)))),
            Self::Leaf(rules) => match value {
                // A list matches if one of its values does.
                Some(Value::Array(values)) => {
                    let mut values = values.iter();
                    values.any(|value| rules.iter().any(|rule| rule.matches(Some(value))))
                }
                value => rules.iter().any(|rule| rule.matches(value)),
            },
        }
    }
}

impl Rule {
    fn matches(&self, value: Option<&Value>) -> bool {
        let text = value.and_then(Value::as_str);
        match self {
            Self::Equals(wanted) => value == Some(wanted),
            // Only a leaf exists: an object or nothing at all does not.
            Self::Exists(wanted) => *wanted == value.is_some_and(|value| !value.is_object()),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix.as_str())),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix.as_str())),
            Self::AnythingBut(values) => value.is_some_and(|value| !values.contains(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(pattern: &Value, record: &Value) -> bool {
        Filter::parse(&pattern.to_string()).unwrap().matches(record)
    }

    #[test]
    fn every_member_must_match_and_one_of_its_rules() {
        let pattern = json!({
            "eventName": ["INSERT", "MODIFY"],
            "dynamodb": { "NewImage": { "kind": { "S": [{ "exists": true }] } } },
        });
        let record =
            |name: &str, image: Value| json!({"eventName": name, "dynamodb": {"NewImage": image}});
        let message = json!({ "kind": { "S": "notice" } });
        assert!(matches(&pattern, &record("INSERT", message.clone())));
        assert!(matches(&pattern, &record("MODIFY", message.clone())));
        for (name, image) in [
            ("REMOVE", message),
            ("INSERT", json!({ "other": { "S": "notice" } })),
            ("INSERT", json!({ "kind": { "N": "1" } })),
            ("INSERT", json!({})),
        ] {
            assert!(!matches(&pattern, &record(name, image)), "{name}");
        }
        assert!(!matches(&pattern, &json!({ "eventName": "INSERT" })));
    }

    #[test]
    fn rules_compare_texts_and_presence() {
        for (rule, value, expected) in [
            (json!({ "prefix": "code#" }), json!("code#1"), true),
            (json!({ "prefix": "code#" }), json!("1"), false),
            (json!({ "suffix": "#1" }), json!("code#1"), true),
            (json!({ "anything-but": ["a"] }), json!("b"), true),
            (json!({ "anything-but": ["a"] }), json!("a"), false),
            (json!({ "exists": false }), json!("a"), false),
            (json!(null), json!(null), true),
            (json!(1), json!("1"), false),
            (json!("a"), json!(["b", "a"]), true),
        ] {
            let record = json!({ "at": value });
            assert_eq!(
                matches(&json!({ "at": [rule] }), &record),
                expected,
                "{record}"
            );
        }
        assert!(matches(&json!({ "at": [{ "exists": false }] }), &json!({})));
        assert!(!matches(
            &json!({ "at": [{ "anything-but": ["a"] }] }),
            &json!({})
        ));
    }

    #[test]
    fn an_unsupported_pattern_is_an_error_that_names_the_member() {
        for (pattern, expected) in [
            ("[", "is not JSON"),
            ("[]", "must be a JSON object"),
            (r#"{"a":"b"}"#, "a in the pattern must be"),
            (r#"{"a":[{"numeric":[">",1]}]}"#, "this rule of a"),
            (r#"{"a":[{"exists":true,"prefix":"b"}]}"#, "this rule of a"),
        ] {
            let error = Filter::parse(pattern).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
