//! Forms that are refused, with the reason.

use std::fmt;

/// A form of hash that is refused, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedForm {
    name: &'static str,
    /// What a hash of this form begins with; empty if that does not identify it.
    prefix: &'static str,
    why: &'static str,
}

impl fmt::Display for RefusedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if !self.prefix.is_empty() {
            write!(f, " (`{}…`)", self.prefix)?;
        }
        write!(f, " {}", self.why)
    }
}

impl RefusedForm {
    /// Returns the refused form of a text; `None` if it has none of them.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        Self::by_prefix(text, &WEAK, "is too weak to import")
            .or_else(|| Self::by_prefix(text, &UNSUPPORTED, "is not supported"))
            .or_else(|| Self::by_shape(text))
    }

    fn by_prefix(
        text: &str,
        forms: &[(&'static str, &'static str)],
        why: &'static str,
    ) -> Option<Self> {
        let (prefix, name) = *forms.iter().find(|(prefix, _)| text.starts_with(prefix))?;
        Some(Self { name, prefix, why })
    }

    fn by_shape(text: &str) -> Option<Self> {
        if text.contains(",keyid=") {
            return Some(Self {
                name: "Argon2 with a key id (`keyid=`)",
                prefix: "",
                why: "needs a secret that only its creator has",
            });
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
        let (name, prefix) = if text.strip_prefix("md5").is_some_and(is_hex::<32>) {
            ("a PostgreSQL MD5 hash", "md5")
        } else if text.strip_prefix('*').is_some_and(is_hex::<40>) {
            ("a MySQL password hash", "*")
        } else if text
            .split_once(':')
            .is_some_and(|(hash, _)| is_hex::<32>(hash))
        {
            ("salted MD5 (`hash:salt`)", "")
        } else if is_hex::<16>(text) {
            ("an old MySQL password hash", "")
        } else if is_hex::<32>(text) {
            ("unsalted MD5 or NT hash in hexadecimal", "")
        } else if is_hex::<40>(text) {
            ("unsalted SHA-1 in hexadecimal", "")
        } else if is_hex::<64>(text) {
            ("unsalted SHA-256 in hexadecimal", "")
        } else if is_hex::<128>(text) {
            ("unsalted SHA-512 in hexadecimal", "")
        } else if text.len() == 13 && text.bytes().all(is_plain) {
            ("DES crypt (13 characters)", "")
        } else if text.len() == 20 && text.starts_with('_') {
            ("extended DES crypt", "_")
        } else {
            return None;
        };
        let why = "is too weak to import";
        Some(Self { name, prefix, why })
    }
}

fn is_hex<const LENGTH: usize>(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Prefixes of forms from which passwords can be guessed quickly, the more specific
/// ones first.
const WEAK: [(&str, &str); 26] = [
    ("md5$$", "unsalted MD5"),
    ("md5$", "salted MD5"),
    ("sha1$$", "unsalted SHA-1"),
    ("sha1$", "salted SHA-1"),
    ("sha224$", "a single round of SHA-224"),
    ("sha256$", "a single round of SHA-256"),
    ("sha384$", "a single round of SHA-384"),
    ("sha512$", "a single round of SHA-512"),
    ("crypt$", "DES crypt"),
    ("plain$", "a password in plain text"),
    ("$1$", "MD5-crypt with 1,000 rounds of MD5"),
    ("$apr1$", "Apache's MD5-crypt with 1,000 rounds of MD5"),
    ("$3$", "an NT hash"),
    ("$B$", "MediaWiki's salted MD5"),
    ("{MD5}", "unsalted MD5"),
    ("{SMD5}", "salted MD5"),
    ("{SHA}", "unsalted SHA-1"),
    ("{SSHA}", "salted SHA-1"),
    ("{SHA256}", "unsalted SHA-256"),
    ("{SSHA256}", "a single round of SHA-256"),
    ("{SHA512}", "unsalted SHA-512"),
    ("{SSHA512}", "a single round of SHA-512"),
    ("{noop}", "a password in plain text"),
    ("{CLEARTEXT}", "a password in plain text"),
    ("{plaintext}", "a password in plain text"),
    ("{sha256}", "a single round of SHA-256"),
];

/// Prefixes of forms that no login can verify.
const UNSUPPORTED: [(&str, &str); 17] = [
    ("pbkdf2:md5:", "PBKDF2 with MD5"),
    ("$2x$", "bcrypt of a library with a flaw"),
    ("$2$", "the first bcrypt, of 1997"),
    ("$7$", "scrypt of crypt(3)"),
    ("$y$", "yescrypt"),
    ("$gy$", "gost-yescrypt"),
    ("$sha1$", "NetBSD's SHA-1-crypt"),
    ("$md5", "Solaris' MD5-crypt"),
    ("$scram$", "SCRAM"),
    ("SCRAM-SHA-256$", "PostgreSQL SCRAM"),
    ("$p5k2$", "PBKDF2 of dlitz or CTA"),
    ("grub.pbkdf2", "GRUB's PBKDF2"),
    ("U$", "MD5 that was hashed again"),
    ("{pbkdf2}", "Spring's PBKDF2 without parameters"),
    ("{scrypt}", "Spring's scrypt"),
    ("{PKCS5S2}", "Atlassian's PBKDF2"),
    ("{FSHP", "FSHP"),
];
