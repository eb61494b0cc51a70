//! The whole template as JSON, for those who check its rules: unresolved, each
//! of `CloudFormation`'s functions in its long spelling.

use serde_json::{Map, Value as Json, json};

use super::error::TemplateError;
use super::node::{self, Node, Value};

/// Reads a template's text as JSON; every scalar is a string.
pub(crate) fn document(text: &str) -> Result<Json, TemplateError> {
    Ok(to_json(&node::parse(text)?))
}

fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Text(text) => json!(text),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), to_json(&entry.value)))
            .collect(),
        Value::Call(name, argument) => {
            let name = match name.as_str() {
                "Ref" | "Condition" => name.clone(),
                _ => format!("Fn::{name}"),
            };
            Json::Object(Map::from_iter([(name, to_json(argument))]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_function_are_the_long_one() {
        let text = "A: [!GetAtt B.Arn, { 'Fn::GetAtt': B.Arn }, !Ref C, { Ref: C }, !Condition D]";
        let expected = json!({ "A": [
            { "Fn::GetAtt": "B.Arn" },
            { "Fn::GetAtt": "B.Arn" },
            { "Ref": "C" },
            { "Ref": "C" },
            { "Condition": "D" },
        ] });
        assert_eq!(document(text).unwrap(), expected);
    }

    #[test]
    fn scalars_stay_as_they_are_written() {
        let expected = json!({ "A": "0900", "B": "true", "C": "" });
        assert_eq!(document("{ A: 0900, B: true, C: null }").unwrap(), expected);
    }
}
