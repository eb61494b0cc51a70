//! The value of a parameter, given or by default, and its validation.

use regex::Regex;

use super::error::TemplateError;
use super::node::{Entry, Node, Value};

/// Returns the value of a parameter, according to its type.
///
/// The value is validated as `CloudFormation` does it, so that a mistake is an error
/// here instead of a function that fails to start: lists are checked item by item,
/// and a pattern must match the whole text.
pub(super) fn value(entry: &Entry, given: Option<&String>) -> Result<Value, TemplateError> {
    let text = match (given, entry.value.get("Default")) {
        (Some(text), _) => text.as_str(),
        (None, Some(default)) => default.text()?,
        (None, None) => {
            let problem = format!(
                "the parameter {} has no default and needs a value",
                entry.key
            );
            return Err(entry.value.error(problem));
        }
    };
    let kind = entry.value.required("Type")?.text()?;
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    if !is_list {
        check(entry, kind, text)?;
        return Ok(Value::Text(text.to_owned()));
    }
    let items = text.split(',').map(str::trim);
    for item in items.clone() {
        check(entry, kind, item)?;
    }
    Ok(list(items, entry.line))
}

/// Creates a list of texts.
pub(super) fn list<'t>(parts: impl Iterator<Item = &'t str>, line: usize) -> Value {
    let item = |part: &str| Node {
        line,
        value: Value::Text(part.to_owned()),
    };
    Value::List(parts.map(item).collect())
}

/// Fails if a value is invalid; the message names the constraint, and quotes the
/// parameter's description.
fn check(entry: &Entry, kind: &str, text: &str) -> Result<(), TemplateError> {
    let Some(constraint) = violated_constraint(&entry.value, kind, text)? else {
        return Ok(());
    };
    let mut problem = format!("the parameter {} must {constraint}", entry.key);
    let about = entry.value.get("ConstraintDescription");
    if let Some(about) = about.or_else(|| entry.value.get("Description")) {
        problem.extend([" (", about.text()?.trim_end_matches('.'), ")"]);
    }
    Err(entry.value.error(problem))
}

/// Returns the constraint that a value violates, if any.
fn violated_constraint(
    parameter: &Node,
    kind: &str,
    text: &str,
) -> Result<Option<String>, TemplateError> {
    if let Some(allowed) = parameter.get("AllowedValues") {
        let allowed = allowed.texts()?;
        if !allowed.iter().any(|value| value == text) {
            return Ok(Some(format!("be one of {}", allowed.join(", "))));
        }
    }
    if let Some(pattern) = parameter.get("AllowedPattern") {
        let source = pattern.text()?;
        let whole = Regex::new(&format!(r"\A(?:{source})\z"));
        let whole =
            whole.map_err(|_| pattern.error("AllowedPattern is not a regular expression"))?;
        if !whole.is_match(text) {
            return Ok(Some(format!("match {source}")));
        }
    }
    if matches!(kind, "Number" | "List<Number>") {
        return bounds(parameter, text);
    }
    length(parameter, text)
}

fn bounds(parameter: &Node, text: &str) -> Result<Option<String>, TemplateError> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number = text.parse::<f64>().ok().filter(|_| plain);
    let Some(number) = number else {
        return Ok(Some("be a number".to_owned()));
    };
    for (bound, word) in [("MinValue", "at least"), ("MaxValue", "at most")] {
        let Some(limit) = parameter.get(bound) else {
            continue;
        };
        let limit = limit.text()?;
        let Ok(value) = limit.parse::<f64>() else {
            return Err(parameter.error(format!("{bound} is not a number")));
        };
        let outside = if bound == "MinValue" {
            number < value
        } else {
            number > value
        };
        if outside {
            return Ok(Some(format!("be {word} {limit}")));
        }
    }
    Ok(None)
}

fn length(parameter: &Node, text: &str) -> Result<Option<String>, TemplateError> {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if let Some(least) = parameter.get("MinLength") {
        let least = least.number()?;
        if length < least {
            return Ok(Some(format!("have at least {least} characters")));
        }
    }
    if let Some(most) = parameter.get("MaxLength") {
        let most = most.number()?;
        if length > most {
            return Ok(Some(format!("have at most {most} characters")));
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
    fn an_invalid_choice_is_an_error_that_lists_the_valid_ones() {
        let definition = "  Type: String\n  AllowedValues: [open, closed]\n";
        assert_eq!(check(definition, "open"), Ok(()));
        assert_eq!(
            check(definition, "maybe").unwrap_err(),
            "the parameter P must be one of open, closed"
        );
    }

    #[test]
    fn numbers_are_checked_against_their_bounds() {
        let definition = "  Type: Number\n  MinValue: 60\n  MaxValue: 3600\n";
        for valid in ["60", "900", "3600"] {
            assert_eq!(check(definition, valid), Ok(()), "{valid}");
        }
        for (invalid, expected) in [
            ("59", "at least 60"),
            ("3601", "at most 3600"),
            ("x", "a number"),
            ("", "a number"),
            ("NaN", "a number"),
            ("inf", "a number"),
            ("60 ", "a number"),
        ] {
            let problem = check(definition, invalid).unwrap_err();
            assert_eq!(problem, format!("the parameter P must be {expected}"));
        }
    }

    #[test]
    fn a_pattern_must_match_the_whole_value() {
        let definition = "  Type: String\n  AllowedPattern: \"[a-z]+|\"\n  Description: A word.\n";
        for valid in ["", "abc"] {
            assert_eq!(check(definition, valid), Ok(()), "{valid}");
        }
        for invalid in ["ABC", "abc\n", "abc def", "1abc"] {
            assert_eq!(
                check(definition, invalid).unwrap_err(),
                "the parameter P must match [a-z]+| (A word)",
                "{invalid}"
            );
        }
    }

    #[test]
    fn lists_are_checked_item_by_item() {
        let definition = "  Type: CommaDelimitedList\n  AllowedPattern: \"^$|^https://[a-z.]+$\"\n";
        for valid in [
            "",
            "https://a.example",
            "https://a.example, https://b.example",
        ] {
            assert_eq!(check(definition, valid), Ok(()), "{valid}");
        }
        for invalid in ["https://x/", "https://a.example,x", "*"] {
            let error = check(definition, invalid).unwrap_err();
            assert!(error.starts_with("the parameter P must match"), "{error}");
        }
        let numbers = "  Type: List<Number>\n  MaxValue: 3\n";
        assert_eq!(check(numbers, "1,2,3"), Ok(()));
        let error = check(numbers, "1,4").unwrap_err();
        assert_eq!(error, "the parameter P must be at most 3");
        let chosen = "  Type: CommaDelimitedList\n  AllowedValues: [a, b]\n";
        assert_eq!(check(chosen, "a,b"), Ok(()));
        let error = check(chosen, "a,c").unwrap_err();
        assert_eq!(error, "the parameter P must be one of a, b");
    }

    #[test]
    fn a_length_error_quotes_the_constraint_description() {
        let definition = "  Type: String\n  MinLength: 2\n  MaxLength: 3\n  ConstraintDescription: two or three letters\n";
        for valid in ["ab", "äöü"] {
            assert_eq!(check(definition, valid), Ok(()), "{valid}");
        }
        assert_eq!(
            check(definition, "a").unwrap_err(),
            "the parameter P must have at least 2 characters (two or three letters)"
        );
        assert_eq!(
            check(definition, "abcd").unwrap_err(),
            "the parameter P must have at most 3 characters (two or three letters)"
        );
    }
}
