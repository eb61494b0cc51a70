//! Where a token comes from: stdin or a file.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::PathBuf;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::ErrorCode;
use crate::prompt;

/// The file with the token.
#[derive(clap::Args)]
pub(super) struct TokenFile {
    /// The file with the token; - or nothing reads it from stdin. Never write the token itself
    /// here: other processes can read it, and the shell keeps it
    #[arg(default_value = "-", hide_default_value = true)]
    file: PathBuf,
}

impl TokenFile {
    /// Reads the token, without `Bearer` and whitespace around it.
    pub(super) fn read(&self) -> anyhow::Result<SecretString> {
        if self.file.as_os_str() == "-" {
            if io::stdin().is_terminal() {
                let typed = prompt::secret("Token (not shown): ")?;
                return token(typed.expose_secret());
            }
            return read(io::stdin().lock()).context("cannot read the token from stdin");
        }
        self.refuse_token()?;
        let shown = || self.file.display().to_string();
        let file = File::open(&self.file).with_context(shown)?;
        read(file).with_context(shown)
    }

    /// The error must not repeat the token, which would then be in a log as well.
    fn refuse_token(&self) -> anyhow::Result<()> {
        let text = self.file.to_string_lossy();
        let looks_like_one = text.starts_with("gh_rt_") || text.starts_with("eyJ");
        if looks_like_one && !self.file.exists() {
            return Err(ErrorCode::Usage.error(
                "a token on the command line is visible to every process and stays in the shell's \
                 history: pass it on stdin or in a file, and revoke this one",
            ));
        }
        Ok(())
    }
}

/// Longer than any token that Gatehouse accepts.
const MAX_BYTES: u64 = 16 * 1024;

fn read(input: impl Read) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    let read = input.take(MAX_BYTES + 1).read_to_string(&mut text);
    if let Err(error) = read {
        if error.kind() == io::ErrorKind::InvalidData {
            return Err(ErrorCode::InvalidInput.error("it is not text"));
        }
        return Err(error.into());
    }
    if text.len() as u64 > MAX_BYTES {
        return Err(ErrorCode::InvalidInput.error("it is longer than any token"));
    }
    token(&text)
}

fn token(text: &str) -> anyhow::Result<SecretString> {
    let is_scheme = |word: &str| word.eq_ignore_ascii_case("bearer");
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [] => Err(ErrorCode::InvalidInput.error("there is no token")),
        [scheme] if is_scheme(scheme) => Err(ErrorCode::InvalidInput.error("there is no token")),
        [token] => Ok((*token).into()),
        [scheme, token] if is_scheme(scheme) => Ok((*token).into()),
        _ => Err(ErrorCode::InvalidInput.error("it must be one token, without spaces in it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_without_what_surrounds_it() {
        for text in ["a.b.c", " a.b.c\r\n", "Bearer a.b.c", "bearer  a.b.c\n"] {
            let token = read(text.as_bytes()).unwrap();
            assert_eq!(token.expose_secret(), "a.b.c", "{text:?}");
        }
        let long = "x".repeat(17 * 1024);
        for (invalid, message) in [
            (&b""[..], "there is no token"),
            (b"\n", "there is no token"),
            (b"Bearer \n", "there is no token"),
            (b"a.b.c d", "it must be one token, without spaces in it"),
            (b"a\nb", "it must be one token, without spaces in it"),
            (b"\xff", "it is not text"),
            (long.as_bytes(), "it is longer than any token"),
        ] {
            assert_eq!(read(invalid).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn the_error_for_a_token_as_an_argument_does_not_repeat_it() {
        for token in ["eyJhbGciOi.eyJz.c2ln", "gh_rt_AAAA"] {
            let file = TokenFile { file: token.into() };
            let error = format!("{:#}", file.read().unwrap_err());
            assert!(error.contains("stdin") && !error.contains(token), "{error}");
        }
    }
}
