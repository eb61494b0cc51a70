//! `Rules`: constraints on several parameters together.

use std::collections::BTreeSet;

use super::error::TemplateError;
use super::node::{Entry, Node, Value};
use super::resolve::Resolver;

/// Rules about what only a deployment has. On this machine the API's own domain is
/// `localhost`, whatever `DomainName` is.
const OF_DEPLOYMENTS: [&str; 1] = ["RefreshCookieNeedsDomain"];

/// Checks every assertion of the template, as `CloudFormation` does before it
/// creates resources.
pub(super) fn check(root: &Node, resolver: &Resolver<'_>) -> Result<(), TemplateError> {
    for Entry { key, value, .. } in root.section("Rules")? {
        if resolver.is_local() && OF_DEPLOYMENTS.contains(&key.as_str()) {
            continue;
        }
        if let Some(condition) = value.get("RuleCondition")
            && !resolver.present(condition)?.flag()?
        {
            continue;
        }
        for assertion in value.required("Assertions")?.items()? {
            let assert = assertion.required("Assert")?;
            if resolver.present(assert)?.flag()? {
                continue;
            }
            let mut names = BTreeSet::new();
            parameters(assert, &mut names);
            let names: Vec<&str> = names.into_iter().collect();
            let why = match assertion.get("AssertDescription") {
                Some(why) => why.text()?.trim_end_matches('.'),
                None => "its assertion is false",
            };
            return Err(assertion.error(format!(
                "the parameters {} violate the rule {key}: {why}",
                names.join(", ")
            )));
        }
    }
    Ok(())
}

/// Collects the parameters that an assertion refers to.
fn parameters<'a>(node: &'a Node, found: &mut BTreeSet<&'a str>) {
    match &node.value {
        Value::Text(_) => {}
        Value::List(items) => items.iter().for_each(|item| parameters(item, found)),
        Value::Map(entries) => {
            for entry in entries {
                parameters(&entry.value, found);
            }
        }
        Value::Call(name, argument) if name == "Ref" => {
            found.extend(argument.text().ok());
        }
        Value::Call(_, argument) => parameters(argument, found),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::node::parse;
    use super::*;

    fn broken(assert: &str, parameters: &[(&str, &str)]) -> Option<String> {
        let declared = "Parameters:\n  A: {Type: String, Default: a}\n  L: {Type: CommaDelimitedList, Default: 'a,b'}\n";
        let text = format!(
            "{declared}Rules:\n  R:\n    RuleCondition: !Not [!Equals [!Ref A, skip]]\n    Assertions:\n      - Assert: {assert}\n        AssertDescription: Say why.\n"
        );
        let root = parse(&text).unwrap();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let overrides: BTreeMap<String, String> = parameters.iter().map(owned).collect();
        let resolver = Resolver::new(&root, &overrides, "http://localhost").unwrap();
        check(&root, &resolver).err().map(|error| error.problem)
    }

    #[test]
    fn a_false_assertion_is_an_error_with_its_description_and_parameters() {
        let assert = "!Or [!Equals [!Ref A, a], !Contains [!Ref L, c]]";
        assert_eq!(broken(assert, &[]), None);
        assert_eq!(broken(assert, &[("A", "b"), ("L", "c")]), None);
        assert_eq!(
            broken(assert, &[("A", "b")]).as_deref(),
            Some("the parameters A, L violate the rule R: Say why")
        );
        assert_eq!(broken(assert, &[("A", "skip")]), None);
    }

    #[test]
    fn the_functions_for_rules_are_supported() {
        for (assert, holds) in [
            ("!EachMemberIn [!Ref L, [a, b, c]]", true),
            ("!EachMemberIn [!Ref L, [a]]", false),
            ("!EachMemberEquals [[a, a], !Ref A]", true),
            ("!EachMemberEquals [!Ref L, a]", false),
            ("!Contains [!Ref L, !Ref A]", true),
            (
                "!And [!Equals [!Ref A, a], !Not [!Equals [!Ref A, b]]]",
                true,
            ),
        ] {
            assert_eq!(broken(assert, &[]).is_none(), holds, "{assert}");
        }
    }
}
