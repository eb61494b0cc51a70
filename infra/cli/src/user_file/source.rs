//! A file, read twice: to learn what it is, then for the people in it.
//!
//! The first reading takes the digest and finds the encoding; the second fails if
//! the file is no longer the same.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;
use gatehouse_auth::digest::Sha256;

use super::columns::Columns;
use super::entry::Entries;
use super::{csv_file, json_file};

/// A file whose digest and encoding are known.
pub(crate) struct Source {
    path: PathBuf,
    /// The SHA-256 of its bytes in base64url.
    pub(crate) digest: String,
    /// In bytes.
    pub(crate) size: u64,
    encoding: &'static Encoding,
    /// The encoding, if it was guessed.
    pub(crate) guessed: Option<&'static str>,
}

impl Source {
    /// Reads a file once; `encoding` is what the caller says it is.
    pub(crate) fn scan(path: &Path, encoding: Option<&'static Encoding>) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        let file = File::open(path).with_context(|| shown.clone())?;
        if !file.metadata().with_context(|| shown.clone())?.is_file() {
            bail!("{shown} is read twice, so it must be a file and not a pipe or a directory");
        }
        let mut first_pass = FirstPass::default();
        let feed = |chunk: &[u8], last| {
            first_pass.feed(chunk, last);
            Ok(())
        };
        read_chunks(file, feed).with_context(|| shown.clone())?;
        if first_pass.size == 0 {
            bail!("{shown} is empty");
        }
        if let Some(what) = first_pass.not_text() {
            bail!("{shown} is {what}");
        }
        let mut guessed = None;
        let encoding = if let Some(encoding) = encoding.or_else(|| first_pass.certain()) {
            encoding
        } else {
            let guess = guess(path).with_context(|| shown.clone())?;
            if guess != WINDOWS_1252 {
                let name = guess.name().to_ascii_lowercase();
                bail!(
                    "{shown} is not UTF-8, but perhaps {name}: save it as UTF-8, or say what it is with --encoding, such as --encoding {name}"
                );
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

    /// Reads the file again, person by person; `at` learns how many bytes were read.
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

/// What the first reading finds.
#[derive(Default)]
struct FirstPass {
    digest: Sha256,
    size: u64,
    head: Vec<u8>,
    nuls: u64,
    /// Characters beyond ASCII that are UTF-8, and bytes that are not.
    valid: u64,
    invalid: u64,
    /// The beginning of a character whose rest is in the next chunk.
    carried: Vec<u8>,
}

impl FirstPass {
    fn feed(&mut self, chunk: &[u8], last: bool) {
        self.digest.update(chunk);
        self.size += chunk.len() as u64;
        let wanted = HEAD.saturating_sub(self.head.len());
        self.head.extend(chunk.iter().take(wanted));
        self.nuls += chunk.iter().map(|byte| u64::from(*byte == 0)).sum::<u64>();
        let mut bytes = std::mem::take(&mut self.carried);
        bytes.extend(chunk);
        for chunk in bytes.utf8_chunks() {
            self.valid += chunk
                .valid()
                .chars()
                .filter(|letter| !letter.is_ascii())
                .count() as u64;
            let bad = chunk.invalid();
            let ends = bytes.as_ptr_range().end == bad.as_ptr_range().end;
            if ends && !last && bad.len() < 4 {
                bad.clone_into(&mut self.carried);
            } else {
                self.invalid += bad.len() as u64;
            }
        }
    }

    /// What the file is instead of text.
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

    /// The encoding, if the bytes leave no doubt. A few broken lines in UTF-8 are
    /// refused one by one.
    fn certain(&self) -> Option<&'static Encoding> {
        if let Some((encoding, _)) = Encoding::for_bom(&self.head) {
            return Some(encoding);
        }
        // Every other byte of English text in UTF-16 is zero; in UTF-8 none is.
        if self.nuls * 3 > self.size {
            let first = self.head.first() == Some(&0);
            return Some(if first { UTF_16BE } else { UTF_16LE });
        }
        (self.invalid == 0 || self.valid > 0 && self.valid >= self.invalid).then_some(UTF_8)
    }
}

/// Guesses an encoding from before Unicode, by what letters usually stand together.
fn guess(path: &Path) -> io::Result<&'static Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    read_chunks(File::open(path)?, |chunk, last| {
        detector.feed(chunk, last);
        Ok(())
    })?;
    Ok(detector.guess(None, Utf8Detection::Deny))
}

/// Checks that every character can be decoded.
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
                let text = format!("line {line} is not {name}: save the file as UTF-8");
                Err(io::Error::new(io::ErrorKind::InvalidData, text))
            }
        }
    })
}

/// Hands over a file chunk by chunk; the last one is empty.
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

/// The second reading of a file.
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
            return Err(io::Error::other("the file was changed while it was read"));
        }
        (self.at)(read as u64);
        Ok(read)
    }
}

const CHUNK: usize = 64 * 1024;
/// Bytes by which a kind of file is recognised.
const HEAD: usize = 8;
