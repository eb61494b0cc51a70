//! What hyper accepts in a head and this server does not: lines that end in a bare LF, and a head
//! that takes its time.
//!
//! Two servers that disagree about where a line ends can be made to disagree about where a
//! request ends. hyper has no setting for it, so this stream replaces a bare LF by a NUL, for
//! which hyper responds with 400 and closes the connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long a head may take from its first byte to its last. More lets a client that sends a byte
/// at a time keep a connection for longer.
pub(crate) const MAX_HEAD_TIME: Duration = Duration::from_secs(10);

/// A stream whose heads are strict.
#[derive(Debug)]
pub(super) struct StrictHeads<S> {
    stream: S,
    phase: Phase,
    /// When the current head must be complete.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// What the next byte belongs to.
#[derive(Debug)]
enum Phase {
    Head(Head),
    /// A body of which this many bytes are missing.
    Body(u64),
    /// A body in chunks, or a request that hyper refuses: either way the connection closes
    /// after the response, and no further head is read from it.
    Last,
}

/// A head that is not complete.
#[derive(Debug, Default)]
struct Head {
    /// The current line so far; hyper limits the length of the whole head.
    line: Vec<u8>,
    /// Whether the request line is complete.
    is_begun: bool,
    content_length: u64,
    is_chunked: bool,
}

impl<S> StrictHeads<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            phase: Phase::Head(Head::default()),
            deadline: None,
        }
    }

    /// Follows the bytes that arrived, and replaces the bare LFs among them.
    fn examine(&mut self, mut bytes: &mut [u8]) {
        loop {
            match &mut self.phase {
                Phase::Last => return,
                Phase::Body(left) => {
                    let length = usize::try_from(*left).unwrap_or(usize::MAX);
                    let length = length.min(bytes.len());
                    bytes = bytes.split_at_mut(length).1;
                    *left -= length as u64;
                    if *left > 0 {
                        return;
                    }
                    self.phase = Phase::Head(Head::default());
                }
                Phase::Head(head) => {
                    let Some((byte, rest)) = bytes.split_first_mut() else {
                        return;
                    };
                    bytes = rest;
                    if let Some(next) = head.push(byte) {
                        self.phase = next;
                    }
                }
            }
        }
    }

    /// Reports whether a head has begun and is not complete.
    fn is_within_head(&self) -> bool {
        match &self.phase {
            Phase::Head(head) => head.is_begun || !head.line.is_empty(),
            Phase::Body(_) | Phase::Last => false,
        }
    }
}

impl Head {
    /// Adds a byte; returns what follows the head if this completes it.
    fn push(&mut self, byte: &mut u8) -> Option<Phase> {
        if *byte != b'\n' {
            self.line.push(*byte);
            return None;
        }
        if self.line.last() != Some(&b'\r') {
            *byte = 0;
            return Some(Phase::Last);
        }
        let line = std::mem::take(&mut self.line);
        match line.trim_ascii_end() {
            // Blank lines may come before a request (RFC 9112 section 2.2).
            [] if !self.is_begun => None,
            [] => Some(self.followed_by()),
            line => {
                if self.is_begun {
                    self.header(line);
                }
                self.is_begun = true;
                None
            }
        }
    }

    fn header(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return;
        };
        let (name, value) = line.split_at(colon);
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
            let length = str::from_utf8(value)
                .ok()
                .and_then(|value| value.parse().ok());
            // hyper refuses one that is not a number, and two that differ.
            self.content_length = length.unwrap_or_default();
        }
    }

    fn followed_by(&self) -> Phase {
        match (self.is_chunked, self.content_length) {
            (true, _) => Phase::Last,
            (false, 0) => Phase::Head(Self::default()),
            (false, length) => Phase::Body(length),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StrictHeads<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if polled.is_ready() {
            let arrived = buffer.filled_mut().get_mut(before..);
            self.examine(arrived.unwrap_or_default());
            if !self.is_within_head() {
                self.deadline = None;
            } else if self.deadline.is_none() {
                self.deadline = Some(Box::pin(sleep(MAX_HEAD_TIME)));
            }
            return polled;
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictHeads<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what hyper sees of bytes that arrive in pieces of this size.
    fn examined(bytes: &str, piece: usize) -> String {
        let mut stream = StrictHeads::new(());
        let mut bytes = bytes.as_bytes().to_vec();
        for piece in bytes.chunks_mut(piece) {
            stream.examine(piece);
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_a_bare_lf_in_a_head_is_replaced() {
        let with_body = "\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\na\nb\n";
        let without = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        let chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\na\n\r\n0\r\n\r\n";
        for untouched in [
            without.to_owned(),
            format!("{with_body}{without}"),
            format!("{with_body}{with_body}"),
            format!("{without}{chunked}a\nb"),
        ] {
            for piece in 1..untouched.len() {
                assert_eq!(examined(&untouched, piece), untouched, "{piece}");
            }
        }
        for bare in [
            "GET / HTTP/1.1|host: x\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x|\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\n|",
            "|GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        ] {
            for before in ["", with_body, without] {
                let (sent, seen) = (bare.replace('|', "\n"), bare.replace('|', "\0"));
                for piece in 1..sent.len() {
                    let got = examined(&format!("{before}{sent}"), piece);
                    assert_eq!(got, format!("{before}{seen}"), "{piece}");
                }
            }
        }
    }
}
