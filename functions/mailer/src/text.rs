//! The mailer's own texts. Each is written once, and rendered as plain text and as HTML.
//!
//! Every value is ours or the operator's: nothing that a user typed is ever in a mail,
//! because whoever typed it may not be who reads it.

mod render;
mod values;
mod words;

pub(crate) use render::Rendered;
pub(crate) use values::{CodeValues, Values, minute};

use words::Words;

use crate::letter::Letter;

/// Renders a letter.
pub(crate) fn render(letter: Letter, values: &Values) -> Rendered {
    Words::of(letter).render(values)
}

#[cfg(test)]
mod tests;
