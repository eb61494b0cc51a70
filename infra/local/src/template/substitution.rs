//! The text of `!Sub`: literal parts, `${Name}`, `${Name.Attribute}`, `${!Literal}`.

use super::error::TemplateError;
use super::node::{Entry, Node, Value};

/// Splits the argument of `!Sub` into the text and its variables.
pub(super) fn parts(argument: &Node) -> Result<(&str, &[Entry]), TemplateError> {
    match &argument.value {
        Value::Text(text) => Ok((text, &[])),
        Value::List(items) => match items.as_slice() {
            [text, variables] => Ok((text.text()?, variables.entries()?)),
            _ => Err(argument.error("!Sub needs a text, or a text and a map")),
        },
        Value::Map(_) | Value::Call(..) => {
            Err(argument.error("!Sub needs a text, or a text and a map"))
        }
    }
}

/// A part of the text of `!Sub`.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Literal(&'a str),
    /// `${!Name}`, which becomes `${Name}`.
    Escaped(&'a str),
    Name(&'a str),
}

pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            pieces.push(Piece::Literal(before));
        }
        pieces.push(match name.strip_prefix('!') {
            Some(literal) => Piece::Escaped(literal),
            None => Piece::Name(name.trim()),
        });
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn names_literals_and_escapes_are_distinguished() {
        assert_eq!(
            pieces("a${B}c${!D}e${F.G}"),
            [
                Piece::Literal("a"),
                Piece::Name("B"),
                Piece::Literal("c"),
                Piece::Escaped("D"),
                Piece::Literal("e"),
                Piece::Name("F.G"),
            ]
        );
    }

    #[test]
    fn an_unclosed_brace_is_literal_text() {
        assert_eq!(pieces("a${B"), [Piece::Literal("a${B")]);
    }
}
