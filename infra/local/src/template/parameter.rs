//! A parameter's value: its default or what was given, within its bounds.

use super::TemplateError;
use super::node::{Entry, Node, Value};

/// Returns the value of a parameter, as its type says.
///
/// Values and bounds are checked as AWS checks them, so that
/// a slip is a sentence here and not a function that does not start. Patterns
/// are left to the functions, which check their own settings.
pub(super) fn value(entry: &Entry, given: Option<&String>) -> Result<Value, TemplateError> {
    let text = match (given, entry.value.get("Default")) {
        (Some(text), _) => text.clone(),
        (None, Some(default)) => default.text()?.to_owned(),
        (None, None) => {
            let problem = format!("the parameter {} has no default and no value", entry.key);
            return Err(entry.value.error(problem));
        }
    };
    if let Some(expected) = refusal(&entry.value, &text)? {
        let problem = format!("the parameter {} must be {expected}", entry.key);
        return Err(entry.value.error(problem));
    }
    let kind = entry.value.required("Type")?.text()?;
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        return Ok(list(text.split(',').map(str::trim), entry.line));
    }
    Ok(Value::Text(text))
}

/// Makes a list of texts.
pub(super) fn list<'t>(parts: impl Iterator<Item = &'t str>, line: usize) -> Value {
    let item = |part: &str| Node {
        line,
        value: Value::Text(part.to_owned()),
    };
    Value::List(parts.map(item).collect())
}

/// Says what the value must be, if it is something else.
fn refusal(parameter: &Node, text: &str) -> Result<Option<String>, TemplateError> {
    if let Some(allowed) = parameter.get("AllowedValues") {
        let allowed = allowed.texts()?;
        if !allowed.iter().any(|value| value == text) {
            return Ok(Some(format!("one of {}", allowed.join(", "))));
        }
    }
    if parameter.required("Type")?.text()? != "Number" {
        return Ok(None);
    }
    let Ok(number) = text.parse::<f64>() else {
        return Ok(Some("a number".to_owned()));
    };
    for (bound, word) in [("MinValue", "at least"), ("MaxValue", "at most")] {
        let Some(limit) = parameter.get(bound) else {
            continue;
        };
        let limit = limit.text()?;
        let Ok(value) = limit.parse::<f64>() else {
            return Err(parameter.error(format!("{bound} is no number")));
        };
        let outside = if bound == "MinValue" {
            number < value
        } else {
            number > value
        };
        if outside {
            return Ok(Some(format!("{word} {limit}")));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::node::parse;
    use super::*;

    fn check(definition: &str, given: &str) -> Result<(), String> {
        let root = parse(&format!("P:\n{definition}")).unwrap();
        let entry = root.entries().unwrap().first().unwrap();
        let value = value(entry, Some(&given.to_owned()));
        value.map(|_| ()).map_err(|error| error.problem)
    }

    #[test]
    fn a_value_that_is_not_allowed_is_told_with_those_that_are() {
        let definition = "  Type: String\n  AllowedValues: [open, closed]\n";
        assert_eq!(check(definition, "open"), Ok(()));
        assert_eq!(
            check(definition, "maybe").unwrap_err(),
            "the parameter P must be one of open, closed"
        );
    }

    #[test]
    fn a_number_has_its_bounds() {
        let definition = "  Type: Number\n  MinValue: 60\n  MaxValue: 3600\n";
        for good in ["60", "900", "3600"] {
            assert_eq!(check(definition, good), Ok(()), "{good}");
        }
        for (bad, expected) in [
            ("59", "at least 60"),
            ("3601", "at most 3600"),
            ("x", "a number"),
        ] {
            let problem = check(definition, bad).unwrap_err();
            assert_eq!(problem, format!("the parameter P must be {expected}"));
        }
    }
}
