//! Prompts at the terminal: to confirm what cannot be undone, and for passwords, which are
//! never shown.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::ErrorCode;
use crate::progress;

/// Prints the consequences and asks the user to type `word`, such as the name of what will
/// be deleted; fails if they type anything else.
pub(crate) fn confirm(consequences: &[&str], whose: &str, word: &str) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        return Err(ErrorCode::Unconfirmed
            .error("cannot ask for confirmation, because stdin is not a terminal: pass --yes"));
    }
    let line = progress::suspended(|| ask(consequences, whose))?;
    if is_confirmed(&line, word) {
        Ok(())
    } else {
        let line = line.trim();
        let message = format!("{line:?} is not {whose}: nothing was changed");
        Err(ErrorCode::Unconfirmed.error(message))
    }
}

fn ask(consequences: &[&str], whose: &str) -> anyhow::Result<String> {
    let mut out = io::stderr().lock();
    for consequence in consequences {
        writeln!(out, "{consequence}")?;
    }
    write!(out, "Type {whose} to continue: ")?;
    out.flush()?;
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    read.context("cannot read stdin")?;
    Ok(line)
}

/// Asks for a new password twice, without echo. If stdin is not a terminal, reads the
/// password from its first line. Passwords are never arguments, because every process on the
/// machine can read those.
pub(crate) fn new_password(rules: &str) -> anyhow::Result<SecretString> {
    if !io::stdin().is_terminal() {
        return first_line(io::stdin().lock());
    }
    writeln!(io::stderr(), "{rules}")?;
    let password = secret("Password: ")?;
    let again = secret("Repeat the password: ")?;
    if password.expose_secret() == again.expose_secret() {
        Ok(password)
    } else {
        Err(ErrorCode::InvalidInput.error("the passwords do not match: nothing was changed"))
    }
}

/// Asks for a line at the terminal, without echo.
pub(crate) fn secret(question: &str) -> anyhow::Result<SecretString> {
    let typed = progress::suspended(|| rpassword::prompt_password(question));
    let typed = typed.context("cannot read the terminal")?;
    Ok(SecretString::from(typed))
}

/// Longer than any valid password, so a longer line is refused instead of being cut to one.
const MAX_LINE_BYTES: u64 = 4096;

fn first_line(input: impl io::BufRead) -> anyhow::Result<SecretString> {
    let mut line = String::new();
    let read = input.take(MAX_LINE_BYTES).read_line(&mut line);
    if read.is_err() {
        return Err(ErrorCode::InvalidInput.error("the password on stdin is not UTF-8 text"));
    }
    if line.ends_with('\n') {
        line.pop();
        if line.ends_with('\r') {
            line.pop();
        }
    }
    Ok(line.into())
}

fn is_confirmed(line: &str, word: &str) -> bool {
    line.trim() == word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_word_confirms() {
        assert!(is_confirmed("abc\n", "abc"));
        for other in ["", "\n", "y\n", "yes\n", "ab\n", "ABC\n"] {
            assert!(!is_confirmed(other, "abc"), "{other:?}");
        }
    }

    #[test]
    fn a_password_is_the_first_line_with_its_spaces_but_without_the_line_ending() {
        for (input, password) in [
            ("a b \n", "a b "),
            ("a b", "a b"),
            ("a\r\nsecond\n", "a"),
            ("a\n\n", "a"),
            ("", ""),
        ] {
            let read = first_line(input.as_bytes()).unwrap();
            assert_eq!(read.expose_secret(), password, "{input:?}");
        }
        let error = first_line(&b"\xff\n"[..]).unwrap_err().to_string();
        assert_eq!(error, "the password on stdin is not UTF-8 text");
    }
}
