//! One text in both of its forms.

use super::values::Values;
use super::words::{Paragraph, Words};

/// The parts of a mail. It is never printed, since it may have a code in it.
pub(crate) struct Rendered {
    /// The subject, which never has a code in it: phones show it on their locked screens.
    pub(crate) subject: String,
    /// The plain text.
    pub(crate) text: String,
    /// The same as HTML.
    pub(crate) html: String,
}

impl Words {
    /// Fills in the values, escaped in HTML.
    pub(super) fn render(&self, values: &Values) -> Rendered {
        let subject = fill(self.subject, values, str::to_owned);
        let text: Vec<String> = self
            .paragraphs
            .iter()
            .filter_map(|paragraph| paragraph.text(values))
            .collect();
        let html: Vec<String> = self
            .paragraphs
            .iter()
            .filter_map(|paragraph| paragraph.html(values))
            .collect();
        let title = escaped(&subject);
        Rendered {
            text: format!("{}\n", text.join("\n\n")),
            html: format!(
                "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
                 <title>{title}</title></head>\n<body>\n{}\n</body>\n</html>\n",
                html.join("\n")
            ),
            subject,
        }
    }
}

impl Paragraph {
    /// Returns the paragraph, unless it is the link and there is none.
    fn text(&self, values: &Values) -> Option<String> {
        match self {
            Self::Words(words) => Some(fill(words, values, str::to_owned)),
            Self::Code => value("code", values).map(|code| format!("    {code}")),
            Self::Link(label) => value("link", values).map(|link| format!("{label}:\n{link}")),
        }
    }

    /// As [`text`](Self::text). `ses:no-track` keeps SES from sending the reader, and the
    /// code with them, by way of its own tracking domain.
    fn html(&self, values: &Values) -> Option<String> {
        match self {
            Self::Words(words) => Some(format!("<p>{}</p>", fill(words, values, escaped))),
            Self::Code => {
                value("code", values).map(|code| format!("<p><code>{}</code></p>", escaped(code)))
            }
            Self::Link(label) => value("link", values).map(|link| {
                let (link, label) = (escaped(link), escaped(label));
                format!("<p><a ses:no-track href=\"{link}\">{label}</a></p>")
            }),
        }
    }
}

/// Returns a value, unless the mail does not have it.
fn value<'a>(name: &str, values: &'a Values) -> Option<&'a str> {
    let value = values.by_name().get(name).copied();
    value.filter(|value| !value.is_empty())
}

/// Replaces each `{name}` by its value. One that has no value stays as it is, which a test
/// would notice.
fn fill(words: &str, values: &Values, form: fn(&str) -> String) -> String {
    let mut pieces = words.split('{');
    let mut filled = form(pieces.next().unwrap_or_default());
    for piece in pieces {
        let placeholder = piece.split_once('}');
        let found = placeholder.and_then(|(name, rest)| Some((value(name, values)?, rest)));
        if let Some((value, rest)) = found {
            filled.push_str(&form(value));
            filled.push_str(&form(rest));
        } else {
            filled.push('{');
            filled.push_str(&form(piece));
        }
    }
    filled
}

/// Escapes a text for HTML, also between double quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
