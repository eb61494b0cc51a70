//! The functions of `CloudFormation` whose results depend only on their arguments.

use super::error::TemplateError;
use super::node::{Node, Value};
use super::parameter;

/// Computes a function; its argument is resolved.
pub(super) fn compute(name: &str, argument: &Node) -> Result<Value, TemplateError> {
    let items = argument.items()?;
    let flags = || {
        items
            .iter()
            .map(Node::flag)
            .collect::<Result<Vec<bool>, _>>()
    };
    match (name, items) {
        ("Join", [delimiter, parts]) => Ok(Value::Text(parts.texts()?.join(delimiter.text()?))),
        ("Split", [delimiter, whole]) => Ok(parameter::list(
            whole.text()?.split(delimiter.text()?),
            whole.line,
        )),
        ("Select", [index, from]) => {
            let index = usize::try_from(index.number()?).unwrap_or(usize::MAX);
            let chosen = from.items()?.get(index);
            let chosen =
                chosen.ok_or_else(|| argument.error("!Select has no item with this index"))?;
            Ok(chosen.value.clone())
        }
        ("Equals", [one, other]) => Ok(truth(one.text()? == other.text()?)),
        ("Contains", [list, item]) => {
            let item = item.text()?;
            Ok(truth(list.texts()?.iter().any(|one| one == item)))
        }
        ("EachMemberEquals", [list, item]) => {
            let item = item.text()?;
            Ok(truth(list.texts()?.iter().all(|one| one == item)))
        }
        ("EachMemberIn", [list, among]) => {
            let among = among.texts()?;
            Ok(truth(list.texts()?.iter().all(|one| among.contains(one))))
        }
        ("Not", [one]) => Ok(truth(!one.flag()?)),
        ("And", _) => Ok(truth(flags()?.into_iter().all(|flag| flag))),
        ("Or", _) => Ok(truth(flags()?.into_iter().any(|flag| flag))),
        _ => Err(argument.error(format!("!{name} has invalid arguments"))),
    }
}

/// Returns a condition's result as a value.
pub(super) fn truth(flag: bool) -> Value {
    Value::Text(flag.to_string())
}
