use proptest::prelude::*;

use super::*;

fn canonical(typed: &str) -> Result<String, EmailError> {
    EmailAddress::parse(typed).map(|email| email.canonical().to_owned())
}

#[test]
fn the_local_part_is_kept_as_typed_and_is_unique_in_lower_case() {
    let email = EmailAddress::parse("Alice.Smith+tag@Example.COM").unwrap();
    assert_eq!(email.display(), "Alice.Smith+tag@example.com");
    assert_eq!(email.canonical(), "alice.smith+tag@example.com");
}

#[test]
fn every_spelling_of_a_domain_is_one_address() {
    for typed in [
        "a@b\u{fc}cher.example",
        "a@B\u{dc}CHER.example",
        "a@bu\u{308}cher.example",
        "a@xn--bcher-kva.example",
        "a@XN--BCHER-KVA.EXAMPLE",
        "a@\u{ff42}\u{fc}cher\u{3002}example",
    ] {
        assert_eq!(
            canonical(typed).as_deref(),
            Ok("a@xn--bcher-kva.example"),
            "{typed}"
        );
    }
}

/// Django's password-reset bug of 2019: a Unicode spelling whose lower case is someone
/// else's address.
#[test]
fn no_other_letter_collides_with_an_ascii_address() {
    for invalid in [
        "m\u{131}ke@example.com",
        "mi\u{212a}e@example.com",
        "\u{17f}am@example.com",
    ] {
        assert_eq!(canonical(invalid), Err(EmailError::LocalPart));
    }
    let dotless = canonical("mike@g\u{131}thub.com").unwrap();
    assert_eq!(dotless, "mike@xn--gthub-n4a.com");
    let sharp = canonical("mike@stra\u{df}e.example").unwrap();
    assert_ne!(sharp, "mike@strasse.example");
}

#[test]
fn an_address_has_one_at_sign_with_something_before_and_after_it() {
    for invalid in [
        "",
        "@",
        "a",
        "a@",
        "@b.example",
        "a@b@c.example",
        "a@@b.example",
        "\"a@b\"@c.example",
    ] {
        assert_eq!(canonical(invalid), Err(EmailError::Shape), "{invalid}");
    }
}

#[test]
fn the_local_part_is_an_ascii_dot_atom() {
    for invalid in [
        ".a",
        "a.",
        "a..b",
        "a b",
        "\"a b\"",
        "a(c)",
        "a\0",
        "a\r\nBcc: x",
        "a,b",
        "a;b",
        "a\\b",
        "<a",
        "\u{e9}",
        "a\u{200b}",
        "a\u{202e}b",
        "a\u{7f}",
        "a:b",
        "[a]",
        "=?utf-8?q?ada=40example.org=3e=00?=",
        "a=?",
    ] {
        let typed = format!("{invalid}@example.com");
        assert_eq!(canonical(&typed), Err(EmailError::LocalPart), "{typed:?}");
    }
    assert!(canonical("!#$%&'*+-/?=^_`{|}~.09azAZ@example.com").is_ok());
}

#[test]
fn the_domain_is_a_full_domain_name() {
    for invalid in [
        "localhost",
        "127.0.0.1",
        "[127.0.0.1]",
        "[IPv6:::1]",
        "1.2.3.4",
        ".example",
        "example..com",
        "example.com.",
        "-a.example",
        "a-.example",
        "a_b.example",
        "a b.example",
        "exa\u{ad}mple.com",
        "exa\u{200b}mple.com",
        "exa\u{200d}mple.com",
        "exa\u{202e}mple.com",
        "exa\0mple.com",
        "exam\r\nple.com",
        "exa\u{2028}mple.com",
        "xn--a.example",
        "\u{301}a.example",
        "a/b.example",
        "\u{fe0f}a.example",
    ] {
        let typed = format!("a@{invalid}");
        assert_eq!(canonical(&typed), Err(EmailError::Domain), "{typed:?}");
    }
}

/// RFC 5321 section 4.5.3.1: each limit, and one character more.
#[test]
fn local_part_label_and_address_have_length_limits() {
    let local = |length| format!("{}@example.com", "a".repeat(length));
    assert!(canonical(&local(64)).is_ok());
    assert_eq!(canonical(&local(65)), Err(EmailError::TooLong));

    let label = |length| format!("a@{}.example", "b".repeat(length));
    assert!(canonical(&label(63)).is_ok());
    assert_eq!(canonical(&label(64)), Err(EmailError::Domain));

    let total = |local| {
        let labels = [61, 61, 63].map(|length| "b".repeat(length)).join(".");
        format!("{}@{labels}.com", "a".repeat(local))
    };
    assert_eq!(total(62).len(), 254);
    assert!(canonical(&total(62)).is_ok());
    assert_eq!(canonical(&total(63)), Err(EmailError::TooLong));
    assert_eq!(
        canonical(&format!("a@{}", "b.".repeat(1_000_000))),
        Err(EmailError::TooLong)
    );
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn a_canonical_address_is_its_own_and_is_ascii(
        typed in "[a-zA-Z.+]{1,8}@[\\p{Latin}\\p{Greek}\u{ff21}-\u{ff5a}0-9-]{1,12}[.\u{3002}][a-z]{2,4}",
    ) {
        if let Ok(email) = EmailAddress::parse(&typed) {
            prop_assert!(email.canonical().bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!email.canonical().contains(char::is_uppercase));
            let again = EmailAddress::parse(email.canonical()).unwrap();
            prop_assert_eq!(again.canonical(), email.canonical());
            let again = EmailAddress::parse(email.display()).unwrap();
            prop_assert_eq!(again, email);
        }
    }

    #[test]
    fn no_text_makes_it_panic(typed in "\\PC{0,40}", domain in "\\PC{0,40}") {
        let _ = EmailAddress::parse(&typed);
        let _ = EmailAddress::parse(&format!("a@{domain}"));
    }
}

/// So no later version of Unicode can change the canonical spelling of a stored address.
#[test]
fn a_stored_address_is_ascii_and_its_own_spelling() {
    for typed in [
        "Ada@Example.org",
        "ada@B\u{fc}cher.example",
        "ada@stra\u{df}e.example",
        "ada@\u{212a}elvin.example",
        "ada@\u{3c3}\u{3bf}\u{3c6}\u{3cc}\u{3c2}.example",
    ] {
        let address = EmailAddress::parse(typed).unwrap();
        assert!(address.display().is_ascii(), "{typed}");
        assert_eq!(address.canonical(), address.display().to_ascii_lowercase());
        let again = EmailAddress::parse(address.display()).unwrap();
        assert_eq!(again.canonical(), address.canonical(), "{typed}");
    }
}
