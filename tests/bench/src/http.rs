//! As much of HTTP/1.1 as the Runtime API and the AWS services need.

use std::io::{self, ErrorKind, Read, Write};

/// A request, as far as a server here looks at it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The header `X-Amz-Target`, without the version before the operation.
    pub(crate) operation: Option<String>,
    pub(crate) body: Vec<u8>,
    /// The number of bytes of head and body.
    pub(crate) size: usize,
}

/// Reads requests from one connection.
pub(crate) struct Reader<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: Read + Write> Reader<S> {
    pub(crate) fn new(stream: S) -> Self {
        let buffer = Vec::with_capacity(CHUNK);
        Self { stream, buffer }
    }

    /// Reads the next request; `None` if the client has closed the connection.
    pub(crate) fn next(&mut self) -> io::Result<Option<Request>> {
        let head_length = loop {
            let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(position) = end {
                break position.saturating_add(4);
            }
            if !self.fill()? {
                return Ok(None);
            }
        };
        let head: Vec<u8> = self.buffer.drain(..head_length).collect();
        let head = String::from_utf8(head).map_err(|_| malformed("the head is not UTF-8"))?;
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let method = first.next().unwrap_or_default().to_owned();
        let path = first.next().ok_or_else(|| malformed("no path"))?.to_owned();
        let (mut length, mut operation) = (0, None);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => {
                    length = value.parse().map_err(|_| malformed("invalid length"))?;
                }
                "transfer-encoding" if !value.is_empty() => {
                    return Err(malformed("a body in chunks is not supported"));
                }
                "x-amz-target" => {
                    operation = value.rsplit('.').next().map(str::to_owned);
                }
                _ => {}
            }
        }
        while self.buffer.len() < length {
            if !self.fill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Some(Request {
            method,
            path,
            operation,
            body: self.buffer.drain(..length).collect(),
            size: head_length.saturating_add(length),
        }))
    }

    /// Sends a response in one write; `headers` end with a line break each. Returns its size.
    pub(crate) fn respond(
        &mut self,
        status: &str,
        headers: &str,
        body: &[u8],
    ) -> io::Result<usize> {
        let mut response = Vec::with_capacity(CHUNK);
        write!(
            response,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        )?;
        response.extend_from_slice(body);
        self.stream.write_all(&response)?;
        self.stream.flush()?;
        Ok(response.len())
    }

    /// Reads what is there; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = [0; CHUNK];
        let read = match self.stream.read(&mut chunk) {
            Ok(read) => read,
            // A process that was killed has not closed its TLS session.
            Err(error) if is_gone(&error) => 0,
            Err(error) => return Err(error),
        };
        self.buffer
            .extend_from_slice(chunk.get(..read).unwrap_or_default());
        Ok(read > 0)
    }
}

/// Bytes to read at once; most requests fit.
const CHUNK: usize = 16 * 1024;

fn is_gone(error: &io::Error) -> bool {
    [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset].contains(&error.kind())
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns one byte at a time, as the slowest client does.
    struct Slow<'a>(&'a [u8], Vec<u8>);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    impl Write for Slow<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn two_requests_on_one_connection_are_read_one_after_the_other() {
        let sent = b"POST / HTTP/1.1\r\nx-amz-target: DynamoDB_20120810.GetItem\r\n\
                     Content-Length: 2\r\n\r\n{}GET /next HTTP/1.1\r\n\r\n";
        let mut reader = Reader::new(Slow(sent, Vec::new()));
        let first = reader.next().unwrap().unwrap();
        assert_eq!(first.operation.as_deref(), Some("GetItem"));
        assert_eq!(first.body, b"{}");
        let second = reader.next().unwrap().unwrap();
        assert_eq!(
            (second.method.as_str(), second.path.as_str()),
            ("GET", "/next")
        );
        assert_eq!(first.size + second.size, sent.len());
        assert!(reader.next().unwrap().is_none());
        let size = reader.respond("200 OK", "A: b\r\n", b"{}").unwrap();
        assert_eq!(size, reader.stream.1.len());
        assert!(reader.stream.1.ends_with(b"A: b\r\n\r\n{}"));
    }

    #[test]
    fn a_body_in_chunks_is_an_error() {
        let sent = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert!(Reader::new(Slow(sent, Vec::new())).next().is_err());
    }
}
