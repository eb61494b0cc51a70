use super::*;

fn said(text: &str) -> String {
    match import(text) {
        Ok(None) => "no password".to_owned(),
        Ok(Some(stored)) => describe(&stored).unwrap(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_empty_or_disabled_hash_means_no_password() {
    for text in ["", " ", "!", "!!", "!abcdefghij", "*", "!$6$salt$hash"] {
        assert_eq!(said(text), "no password", "{text:?}");
    }
}

#[test]
fn whitespace_around_a_hash_is_trimmed() {
    let hash = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    let stored = import(&format!("{hash}   \r\n")).unwrap().unwrap();
    assert_eq!(stored.expose(), hash);
}

#[test]
fn every_error_names_the_format_and_the_reason() {
    let hex = "5f4dcc3b5aa765d61d8327deb882cf99";
    for (text, expected) in [
        (
            format!("md5$${hex}"),
            "unsalted MD5 (`md5$$…`) is too weak to import: import the account without a hash and let the person set a new password",
        ),
        (
            "$2b$31$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2".to_owned(),
            "the bcrypt hash takes 257698.1 s on the slowest processor, and a login may take 2: import the account without a hash and let the person set a new password",
        ),
        (
            "$2b$12$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4f".to_owned(),
            "the bcrypt hash is incomplete or malformed: was it cut off?",
        ),
        (
            "pbkdf2_sha256$1000000$salt".to_owned(),
            "the Django PBKDF2 hash is incomplete or malformed: was it cut off?",
        ),
        (
            "correct horse battery staple".to_owned(),
            "this is not a password hash in a supported format (docs/password-hashes.md)",
        ),
        (
            "$argon2id$v=19$m=65536,t=3,p=4,keyid=AAAA$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAA"
                .to_owned(),
            "Argon2 with a key id (`keyid=`) needs a secret that only its creator has: import the account without a hash and let the person set a new password",
        ),
    ] {
        assert_eq!(said(&text), expected);
    }
    for text in [hex, "ab0123456789"] {
        assert!(!said(text).contains(text), "a message repeats no hash");
    }
}

/// The message of a refusal must never hide a form that is supported.
#[test]
fn no_supported_format_begins_like_a_rejected_one() {
    for (prefix, form) in FORMS {
        assert_eq!(RefusedForm::from_text(prefix), None, "{form}");
    }
}

#[test]
fn schemes_of_ldap_and_spring_are_removed() {
    let bcrypt = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    for scheme in ["{CRYPT}", "{crypt}", "{BCRYPT}", "{bcrypt}"] {
        let stored = import(&format!("{scheme}{bcrypt}")).unwrap().unwrap();
        assert_eq!(stored.expose(), bcrypt);
    }
    assert!(said("{CRYPT}$1$salt$hash").starts_with("MD5-crypt"));
}
