//! The question before what cannot be taken back.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail};

/// Asks for the key's id once more; fails unless it comes.
pub(crate) fn confirm(kid: &str, refresh: bool) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        bail!("nobody is there to confirm it: add --yes");
    }
    let mut out = io::stderr().lock();
    writeln!(out, "Every access token that {kid} has signed ends.")?;
    if refresh {
        writeln!(out, "Every session ends: everybody has to log in again.")?;
    }
    write!(out, "Type the key's id to go on: ")?;
    out.flush()?;
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    read.context("stdin cannot be read")?;
    if is_confirmed(&line, kid) {
        Ok(())
    } else {
        bail!("that is another id: nothing was changed")
    }
}

fn is_confirmed(line: &str, kid: &str) -> bool {
    line.trim() == kid
}

#[cfg(test)]
mod tests {
    use super::is_confirmed;

    #[test]
    fn only_the_keys_own_id_confirms() {
        assert!(is_confirmed("abc\n", "abc"));
        for other in ["", "\n", "y\n", "yes\n", "ab\n"] {
            assert!(!is_confirmed(other, "abc"), "{other:?}");
        }
    }
}
