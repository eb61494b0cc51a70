//! Values of the template as JSON, each of `CloudFormation`'s functions in its
//! long form.

use serde_json::{Map, Value as Json, json};

use super::error::TemplateError;
use super::node::{self, Node, Value};

/// Reads a whole template as JSON, unresolved; every scalar is a string.
pub(crate) fn document(text: &str) -> Result<Json, TemplateError> {
    Ok(node::parse(text)?.to_json())
}

impl Node {
    pub(super) fn to_json(&self) -> Json {
        match &self.value {
            Value::Text(text) => json!(text),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.value.to_json()))
                .collect(),
            Value::Call(name, argument) => {
                let name = match name.as_str() {
                    "Ref" | "Condition" => name.clone(),
                    _ => format!("Fn::{name}"),
                };
                Json::Object(Map::from_iter([(name, argument.to_json())]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_function_become_the_long_one() {
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
    fn a_function_has_its_prefix_once() {
        for text in ["A: { 'Fn::Fn::Sub': B }", "A: !Fn::Sub B"] {
            let expected = json!({ "A": { "Fn::Fn::Sub": "B" } });
            assert_eq!(document(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn scalars_stay_as_written() {
        let expected = json!({ "A": "0900", "B": "true", "C": "" });
        assert_eq!(document("{ A: 0900, B: true, C: null }").unwrap(), expected);
    }
}
