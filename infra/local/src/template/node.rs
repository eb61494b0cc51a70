//! A YAML document as a tree. It keeps the line of each value, scalars as they are
//! written, and `CloudFormation`'s functions in either form.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::error::TemplateError;

/// One value of the template.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Starts at 1.
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Any scalar. `CloudFormation` accepts "900" for 900, so its type is not inferred.
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A function's name and argument: `!Ref X`, `{"Ref": X}`, `!Sub …` or
    /// `{"Fn::Sub": …}`.
    Call(String, Box<Node>),
}

/// A member of a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn error(&self, problem: impl Into<String>) -> TemplateError {
        TemplateError {
            line: self.line,
            problem: problem.into(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.value),
            Value::Text(_) | Value::List(_) | Value::Call(..) => None,
        }
    }

    pub(super) fn required(&self, key: &str) -> Result<&Node, TemplateError> {
        self.get(key)
            .ok_or_else(|| self.error(format!("{key} is missing")))
    }

    /// Returns the members of a top-level section, or none if it is missing.
    pub(super) fn section(&self, key: &str) -> Result<&[Entry], TemplateError> {
        self.get(key).map_or(Ok(&[]), Node::entries)
    }

    pub(super) fn entries(&self) -> Result<&[Entry], TemplateError> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            Value::Text(_) | Value::List(_) | Value::Call(..) => {
                Err(self.error("this must be a map"))
            }
        }
    }

    pub(super) fn items(&self) -> Result<&[Node], TemplateError> {
        match &self.value {
            Value::List(items) => Ok(items),
            Value::Text(_) | Value::Map(_) | Value::Call(..) => {
                Err(self.error("this must be a list"))
            }
        }
    }

    pub(super) fn text(&self) -> Result<&str, TemplateError> {
        match &self.value {
            Value::Text(text) => Ok(text),
            Value::List(_) | Value::Map(_) | Value::Call(..) => {
                Err(self.error("this must be a string"))
            }
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, TemplateError> {
        self.items()?
            .iter()
            .map(|item| item.text().map(str::to_owned))
            .collect()
    }

    pub(super) fn number(&self) -> Result<u64, TemplateError> {
        self.text()?
            .parse()
            .map_err(|_| self.error("this must be a whole number"))
    }

    pub(super) fn flag(&self) -> Result<bool, TemplateError> {
        match self.text()? {
            "true" | "True" => Ok(true),
            "false" | "False" => Ok(false),
            _ => Err(self.error("this must be true or false")),
        }
    }
}

/// Parses a template's text.
pub(super) fn parse(text: &str) -> Result<Node, TemplateError> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
    };
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd | Event::DocumentEnd => {
                return Err(at(&span, "the template is empty"));
            }
            Event::Alias(_)
            | Event::Scalar(..)
            | Event::SequenceStart(..)
            | Event::SequenceEnd
            | Event::MappingStart(..)
            | Event::MappingEnd => return reader.node(event, &span, 0),
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
}

/// Far deeper than any template, and far too shallow to overflow the stack.
const MAX_DEPTH: usize = 100;

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), TemplateError> {
        match self.events.next() {
            Some(event) => event.map_err(|e| syntax(&e)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(at(span, "this is nested too deeply"));
        }
        let (tag, value) = match event {
            Event::Scalar(text, style, _, tag) => {
                let null = style == ScalarStyle::Plain && matches!(&*text, "~" | "null");
                let text = if null {
                    String::new()
                } else {
                    text.into_owned()
                };
                (tag, Value::Text(text))
            }
            Event::SequenceStart(_, tag) => (tag, self.list(depth)?),
            Event::MappingStart(_, tag) => (tag, self.map(depth)?),
            Event::Alias(_) => {
                return Err(at(
                    span,
                    "CloudFormation does not support YAML aliases: write out the value",
                ));
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(at(span, "the template ends too early")),
        };
        let node = Node {
            line: span.start.line(),
            value,
        };
        Ok(called(node, tag.as_deref()))
    }

    fn list(&mut self, depth: usize) -> Result<Value, TemplateError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::List(items));
            }
            items.push(self.node(event, &span, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, TemplateError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Map(entries));
            }
            let key = self.node(event, &span, depth + 1)?.text()?.to_owned();
            if entries.iter().any(|entry| entry.key == key) {
                return Err(at(&span, &format!("{key} is given twice")));
            }
            let (event, value_span) = self.next()?;
            entries.push(Entry {
                key,
                line: span.start.line(),
                value: self.node(event, &value_span, depth + 1)?,
            });
        }
    }
}

/// Turns `!Name value` and `{"Fn::Name": value}` into a call.
fn called(node: Node, tag: Option<&Tag>) -> Node {
    let line = node.line;
    if let Some(tag) = tag.filter(|tag| tag.handle == "!") {
        let value = Value::Call(tag.suffix.clone(), Box::new(node));
        return Node { line, value };
    }
    match node.value {
        Value::Map(mut entries) if entries.len() == 1 => {
            let long = |entry: &mut Entry| entry.key == "Ref" || entry.key.starts_with("Fn::");
            match entries.pop_if(long) {
                Some(entry) => {
                    let name = entry.key.strip_prefix("Fn::").unwrap_or(&entry.key);
                    let name = name.to_owned();
                    Node {
                        line,
                        value: Value::Call(name, Box::new(entry.value)),
                    }
                }
                None => Node {
                    line,
                    value: Value::Map(entries),
                },
            }
        }
        value @ (Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Call(..)) => {
            Node { line, value }
        }
    }
}

fn at(span: &Span, problem: &str) -> TemplateError {
    TemplateError {
        line: span.start.line(),
        problem: problem.to_owned(),
    }
}

fn syntax(error: &ScanError) -> TemplateError {
    TemplateError {
        line: error.marker().line(),
        problem: format!("this is not YAML: {}", error.info()),
    }
}
