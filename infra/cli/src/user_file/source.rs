//! A file of users, which is read twice.
//!
//! The first pass computes the digest and detects the encoding. The second pass reads the
//! users, and fails if the file has changed since.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;
use gatehouse_auth::digest::Sha256;

use super::columns::Columns;
use super::entry::Entries;
use super::{csv_file, json_file};
use crate::error::ErrorCode;

const CHUNK: usize = 64 * 1024;

/// A file after the first pass.
pub(crate) struct Source {
    path: PathBuf,
    /// The SHA-256 of the file in base64url.
    pub(crate) digest: String,
    /// In bytes.
    pub(crate) size: u64,
    encoding: &'static Encoding,
    /// The name of the encoding, if it was guessed.
    pub(crate) guessed: Option<&'static str>,
}

impl Source {
    /// Makes the first pass. `encoding` is the one that the user specified.
    pub(crate) fn scan(path: &Path, encoding: Option<&'static Encoding>) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        let file = File::open(path).with_context(|| shown.clone())?;
        if !file.metadata().with_context(|| shown.clone())?.is_file() {
            return Err(ErrorCode::InvalidInput.error(format!(
                "{shown} must be a file, not a pipe or a directory, because it is read twice"
            )));
        }
        let mut first_pass = FirstPass::default();
        let feed = |chunk: &[u8], last| {
            first_pass.feed(chunk, last);
            Ok(())
        };
        read_chunks(file, feed).with_context(|| shown.clone())?;
        if first_pass.size == 0 {
            return Err(ErrorCode::InvalidInput.error(format!("{shown} is empty")));
        }
        if let Some(what) = first_pass.not_text() {
            return Err(ErrorCode::InvalidInput.error(format!("{shown} is {what}")));
        }
        let mut guessed = None;
        let encoding = if let Some(encoding) = encoding.or_else(|| first_pass.certain()) {
            encoding
        } else {
            let guess = guess(path).with_context(|| shown.clone())?;
            if guess != WINDOWS_1252 {
                let name = guess.name().to_ascii_lowercase();
                return Err(ErrorCode::InvalidInput.error(format!(
                    "{shown} is not UTF-8, but possibly {name}: save it as UTF-8, or specify the encoding, such as --encoding {name}"
                )));
            }
            guessed = Some(guess.name());
            guess
        };
        if encoding != UTF_8 {
            check(path, encoding).with_context(|| shown.clone())?;
        }
        Ok(Self {
            path: path.to_owned(),
            digest: first_pass.digest.text(),
            size: first_pass.size,
            encoding,
            guessed,
        })
    }

    /// Makes the second pass, entry by entry. `at` is called with the number of bytes read.
    pub(crate) fn entries(
        &self,
        columns: &Columns,
        at: impl Fn(u64) + 'static,
    ) -> anyhow::Result<Entries> {
        let shown = || self.path.display().to_string();
        let file = File::open(&self.path).with_context(shown)?;
        let second_pass = SecondPass {
            file,
            at,
            digest: Sha256::default(),
            expected: self.digest.clone(),
        };
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding((self.encoding != UTF_8).then_some(self.encoding))
            .bom_override(true)
            .strip_bom(true)
            .utf8_passthru(true)
            .build(second_pass);
        let mut text = BufReader::with_capacity(CHUNK, decoded);
        let begins = text
            .fill_buf()
            .with_context(shown)?
            .trim_ascii_start()
            .first();
        Ok(match begins {
            Some(b'[') => Box::new(json_file::Elements::new(text, columns)),
            Some(b'{') => Box::new(json_file::Lines::new(text, columns)),
            Some(_) | None => Box::new(csv_file::read(text, columns).with_context(shown)?),
        })
    }
}

/// What the first pass finds out.
#[derive(Default)]
struct FirstPass {
    digest: Sha256,
    size: u64,
    head: Vec<u8>,
    nuls: u64,
    /// The number of non-ASCII characters in valid UTF-8, and of bytes that are not valid UTF-8.
    valid: u64,
    invalid: u64,
    /// The beginning of a character that continues in the next chunk.
    carried: Vec<u8>,
}

/// Number of bytes by which file types are recognised.
const HEAD: usize = 8;

impl FirstPass {
    fn feed(&mut self, chunk: &[u8], last: bool) {
        self.digest.update(chunk);
        self.size += chunk.len() as u64;
        let wanted = HEAD.saturating_sub(self.head.len());
        self.head.extend(chunk.iter().take(wanted));
        self.nuls += chunk.iter().map(|byte| u64::from(*byte == 0)).sum::<u64>();
        let mut bytes = std::mem::take(&mut self.carried);
        bytes.extend(chunk);
        for run in bytes.utf8_chunks() {
            self.valid += run
                .valid()
                .chars()
                .filter(|letter| !letter.is_ascii())
                .count() as u64;
            let bad = run.invalid();
            let ends = bytes.as_ptr_range().end == bad.as_ptr_range().end;
            if ends && !last && bad.len() < 4 {
                bad.clone_into(&mut self.carried);
            } else {
                self.invalid += bad.len() as u64;
            }
        }
    }

    /// Returns what kind of file it is, if it is not text.
    fn not_text(&self) -> Option<&'static str> {
        let begins = |magic: &[u8]| self.head.starts_with(magic);
        if begins(b"PK\x03\x04") || begins(b"\xd0\xcf\x11\xe0") {
            Some("a spreadsheet: save it as \"CSV UTF-8\"")
        } else if begins(b"\x1f\x8b") {
            Some("compressed: unpack it with gunzip")
        } else {
            None
        }
    }

    /// Returns the encoding if it is certain. If only a few lines are invalid UTF-8, it is still
    /// UTF-8, and those lines are refused one by one.
    fn certain(&self) -> Option<&'static Encoding> {
        if let Some((encoding, _)) = Encoding::for_bom(&self.head) {
            return Some(encoding);
        }
        // In UTF-16, every other byte of English text is zero; in UTF-8, no byte is.
        if self.nuls * 3 > self.size {
            let first = self.head.first() == Some(&0);
            return Some(if first { UTF_16BE } else { UTF_16LE });
        }
        (self.invalid == 0 || self.valid > 0 && self.valid >= self.invalid).then_some(UTF_8)
    }
}

/// Guesses a legacy encoding from the frequency of letter combinations.
fn guess(path: &Path) -> io::Result<&'static Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    read_chunks(File::open(path)?, |chunk, last| {
        detector.feed(chunk, last);
        Ok(())
    })?;
    Ok(detector.guess(None, Utf8Detection::Deny))
}

/// Fails if a character cannot be decoded.
fn check(path: &Path, encoding: &'static Encoding) -> io::Result<()> {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut text = String::with_capacity(CHUNK * 3 + 64);
    let mut line = 1;
    read_chunks(File::open(path)?, |chunk, last| {
        text.clear();
        let (result, _) = decoder.decode_to_string_without_replacement(chunk, &mut text, last);
        line += text.matches('\n').count();
        match result {
            DecoderResult::InputEmpty => Ok(()),
            DecoderResult::OutputFull | DecoderResult::Malformed(..) => {
                let name = encoding.name();
                let text = format!("line {line} is not valid {name}: save the file as UTF-8");
                Err(io::Error::new(io::ErrorKind::InvalidData, text))
            }
        }
    })
}

/// Reads a file in chunks; the last one is empty.
fn read_chunks(
    mut file: File,
    mut feed: impl FnMut(&[u8], bool) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = file.read(&mut buffer)?;
        feed(buffer.get(..read).unwrap_or_default(), read == 0)?;
        if read == 0 {
            return Ok(());
        }
    }
}

/// The second pass over a file.
struct SecondPass<F> {
    file: File,
    at: F,
    digest: Sha256,
    expected: String,
}

impl<F: Fn(u64)> Read for SecondPass<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.digest.update(buffer.get(..read).unwrap_or_default());
        if read == 0 && !buffer.is_empty() && self.digest.text() != self.expected {
            return Err(io::Error::other("the file changed while it was being read"));
        }
        (self.at)(read as u64);
        Ok(read)
    }
}
