//! Forms that are refused, with the reason.

/// Names a form that is refused, and why; nothing if the text is of no such form.
pub(super) fn refused(text: &str) -> Option<(&'static str, &'static str)> {
    let named = REFUSED.iter().find(|(prefix, ..)| text.starts_with(prefix));
    if let Some((_, form, why)) = named {
        return Some((form, why));
    }
    if text.contains(",keyid=") {
        return Some(("Argon2 with a key id (`keyid=`)", SECRET));
    }
    if let Some(rest) = text.strip_prefix("md5")
        && is_hex(rest, 32)
    {
        return Some(("a PostgreSQL MD5 hash (`md5…`)", WEAK));
    }
    if let Some(rest) = text.strip_prefix('*')
        && is_hex(rest, 40)
    {
        return Some(("a MySQL password hash (`*…`)", WEAK));
    }
    if let Some((hash, _)) = text.split_once(':')
        && is_hex(hash, 32)
    {
        return Some(("salted MD5 (`hash:salt`)", WEAK));
    }
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte));
    match text.len() {
        16 if is_hex(text, 16) => Some(("an old MySQL password hash", WEAK)),
        32 if is_hex(text, 32) => Some(("unsalted MD5 or NT hash in hexadecimal", WEAK)),
        40 if is_hex(text, 40) => Some(("unsalted SHA-1 in hexadecimal", WEAK)),
        64 if is_hex(text, 64) => Some(("unsalted SHA-256 in hexadecimal", WEAK)),
        128 if is_hex(text, 128) => Some(("unsalted SHA-512 in hexadecimal", WEAK)),
        13 if is_plain => Some(("DES crypt (13 characters)", WEAK)),
        20 if text.starts_with('_') => Some(("extended DES crypt (`_…`)", WEAK)),
        _ => None,
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const WEAK: &str = "is too weak to import";
const SECRET: &str = "takes a secret that only its maker has";
const UNSUPPORTED: &str = "is not supported";

/// What a text begins with, what it is then, and why it is refused. The more specific
/// ones come first.
const REFUSED: [(&str, &str, &str); 43] = [
    ("md5$$", "unsalted MD5 (`md5$$…`)", WEAK),
    ("md5$", "salted MD5 (`md5$…`)", WEAK),
    ("sha1$$", "unsalted SHA-1 (`sha1$$…`)", WEAK),
    ("sha1$", "salted SHA-1 (`sha1$…`)", WEAK),
    ("sha224$", "a single round of SHA-224 (`sha224$…`)", WEAK),
    ("sha256$", "a single round of SHA-256 (`sha256$…`)", WEAK),
    ("sha384$", "a single round of SHA-384 (`sha384$…`)", WEAK),
    ("sha512$", "a single round of SHA-512 (`sha512$…`)", WEAK),
    ("crypt$", "DES crypt (`crypt$…`)", WEAK),
    ("plain$", "a password in plain text (`plain$…`)", WEAK),
    (
        "pbkdf2:md5:",
        "PBKDF2 with MD5 (`pbkdf2:md5:…`)",
        UNSUPPORTED,
    ),
    ("$1$", "MD5-crypt (`$1$…`, 1,000 rounds of MD5)", WEAK),
    (
        "$apr1$",
        "Apache's MD5-crypt (`$apr1$…`, 1,000 rounds of MD5)",
        WEAK,
    ),
    ("$3$", "an NT hash (`$3$…`)", WEAK),
    (
        "$2x$",
        "bcrypt of a library with a flaw (`$2x$…`)",
        UNSUPPORTED,
    ),
    ("$2$", "the first bcrypt, of 1997 (`$2$…`)", UNSUPPORTED),
    ("$7$", "scrypt of crypt(3) (`$7$…`)", UNSUPPORTED),
    ("$y$", "yescrypt (`$y$…`)", UNSUPPORTED),
    ("$gy$", "gost-yescrypt (`$gy$…`)", UNSUPPORTED),
    ("$sha1$", "NetBSD's SHA-1-crypt (`$sha1$…`)", UNSUPPORTED),
    ("$md5", "Solaris' MD5-crypt (`$md5…`)", UNSUPPORTED),
    ("$scram$", "SCRAM (`$scram$…`)", UNSUPPORTED),
    (
        "SCRAM-SHA-256$",
        "PostgreSQL SCRAM (`SCRAM-SHA-256$…`)",
        UNSUPPORTED,
    ),
    ("$p5k2$", "PBKDF2 of dlitz or CTA (`$p5k2$…`)", UNSUPPORTED),
    ("grub.pbkdf2", "GRUB's PBKDF2 (`grub.pbkdf2…`)", UNSUPPORTED),
    ("$B$", "a MediaWiki hash (`$B$…`, salted MD5)", WEAK),
    ("U$", "MD5 that was hashed again (`U$…`)", UNSUPPORTED),
    ("{MD5}", "unsalted MD5 (`{MD5}…`)", WEAK),
    ("{SMD5}", "salted MD5 (`{SMD5}…`)", WEAK),
    ("{SHA}", "unsalted SHA-1 (`{SHA}…`)", WEAK),
    ("{SSHA}", "salted SHA-1 (`{SSHA}…`)", WEAK),
    ("{SHA256}", "unsalted SHA-256 (`{SHA256}…`)", WEAK),
    (
        "{SSHA256}",
        "a single round of SHA-256 (`{SSHA256}…`)",
        WEAK,
    ),
    ("{SHA512}", "unsalted SHA-512 (`{SHA512}…`)", WEAK),
    (
        "{SSHA512}",
        "a single round of SHA-512 (`{SSHA512}…`)",
        WEAK,
    ),
    ("{noop}", "a password in plain text (`{noop}…`)", WEAK),
    (
        "{CLEARTEXT}",
        "a password in plain text (`{CLEARTEXT}…`)",
        WEAK,
    ),
    (
        "{plaintext}",
        "a password in plain text (`{plaintext}…`)",
        WEAK,
    ),
    ("{sha256}", "a single round of SHA-256 (`{sha256}…`)", WEAK),
    (
        "{pbkdf2}",
        "Spring's PBKDF2 (`{pbkdf2}…`), which states no parameters,",
        UNSUPPORTED,
    ),
    ("{scrypt}", "Spring's scrypt (`{scrypt}…`)", UNSUPPORTED),
    (
        "{PKCS5S2}",
        "Atlassian's PBKDF2 (`{PKCS5S2}…`)",
        UNSUPPORTED,
    ),
    ("{FSHP", "FSHP (`{FSHP…}`)", UNSUPPORTED),
];
