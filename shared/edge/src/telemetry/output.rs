//! Writes log lines, one at a time, without anything that a terminal would obey.

use std::fmt::{self, Debug, Write as _};
use std::io::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// Writes JSON with control, line-breaking and direction characters escaped, so that no
/// text from a client can forge or reverse a line.
#[derive(Clone)]
pub(super) struct Escaped<W>(pub(super) W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Escaped<W> {
    type Writer = EscapedWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        EscapedWriter(self.0.make_writer())
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        EscapedWriter(self.0.make_writer_for(metadata))
    }
}

pub(super) struct EscapedWriter<W>(W);

impl<W: Write> Write for EscapedWriter<W> {
    /// Each call passes one whole line, in UTF-8.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.is_ascii() && !line.contains(&b'\x7f') {
            self.0.write_all(line)?;
        } else {
            self.0
                .write_all(escape(&String::from_utf8_lossy(line)).as_bytes())?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// JSON is ASCII outside of strings, so only text inside of strings is escaped.
fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for character in line.chars() {
        if character != '\n' && is_hostile(character) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Writes only the field `line` of an event.
pub(super) struct RawLine;

impl<S, N> FormatEvent<S, N> for RawLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = LineField {
            writer,
            result: Ok(()),
        };
        event.record(&mut line);
        line.result
    }
}

struct LineField<'a> {
    writer: Writer<'a>,
    result: fmt::Result,
}

impl Visit for LineField<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "line" {
            self.result = writeln!(self.writer, "{value:?}");
        }
    }
}
