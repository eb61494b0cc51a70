use gatehouse_auth::mail::MessageKind;

use super::*;

fn environment<'a>(pairs: &[(&'a str, &'a str)]) -> Environment {
    Environment::from_pairs(pairs.iter().copied())
}

fn mail(pairs: &[(&str, &str)]) -> Result<MailSettings, String> {
    let mut all = vec![(FROM, "auth@example.com")];
    all.extend(pairs);
    let settings = MailSettings::from_environment(&environment(&all));
    settings.map_err(|error| error.to_string())
}

#[test]
fn without_a_table_there_is_no_outbox() {
    for pairs in [&[][..], &[(TABLE, "")], &[(NOTICES, "none")]] {
        let read = OutboxSettings::from_environment(&environment(pairs));
        assert_eq!(read.unwrap(), None, "{pairs:?}");
    }
    let read = OutboxSettings::from_environment(&environment(&[(TABLE, "Outbox")]));
    let settings = read.unwrap().unwrap();
    assert_eq!(settings.table, "Outbox");
    assert!(settings.notices.wants(MessageKind::PasswordChanged));
    assert!(!settings.notices.wants(MessageKind::NewNetwork));
}

#[test]
fn an_unknown_notice_is_named_with_the_known_ones() {
    let read = OutboxSettings::from_environment(&environment(&[(NOTICES, "logins")]));
    assert_eq!(
        read.unwrap_err().to_string(),
        "MAIL_NOTICES must be a list of some of `password_changed`, `address_changed`, \
         `account_disabled`, `account_deleted`, `refresh_replayed`, `new_network`, separated \
         by commas, or `none`"
    );
}

#[test]
fn verification_cannot_be_required_without_mail() {
    let read = |pairs: &[(&str, &str)]| requires_verified_email(&environment(pairs));
    assert!(!read(&[]).unwrap());
    assert!(!read(&[(VERIFICATION, "optional")]).unwrap());
    assert!(read(&[(VERIFICATION, "required"), (TABLE, "Outbox")]).unwrap());
    for text in ["required", "yes"] {
        let error = read(&[(VERIFICATION, text)]).unwrap_err().to_string();
        assert!(error.starts_with("EMAIL_VERIFICATION must be"), "{error}");
    }
}

#[test]
fn only_the_address_is_needed_to_send() {
    let settings = mail(&[]).unwrap();
    assert_eq!(settings.from, "auth@example.com");
    assert_eq!(settings.link, None);
    let missing = MailSettings::from_environment(&environment(&[]));
    assert_eq!(missing.unwrap_err().to_string(), "MAIL_FROM is not set");
}

#[test]
fn a_code_stands_behind_the_number_sign() {
    let settings = mail(&[(LINK, "https://app.example.com/mail?a=1#code={code}&x")]).unwrap();
    let link = settings.link.unwrap().with("gh_ev_x");
    assert_eq!(link, "https://app.example.com/mail?a=1#code=gh_ev_x&x");
}

#[test]
fn a_link_that_would_show_the_code_to_a_server_is_refused() {
    for link in [
        "https://app.example.com/{code}",
        "https://app.example.com/{code}#",
        "https://app.example.com/?code={code}#{code}",
        "https://app.example.com/#{code}{code}",
        "https://app.example.com/#",
        "http://app.example.com/#{code}",
        "http://localhost:3000/#{code}",
        "https://user@app.example.com/#{code}",
        "https:///#{code}",
        "javascript:alert(1)#{code}",
        "/mail#{code}",
        "https://app.example.com/#\"{code}",
        "https://app.example.com/ x#{code}",
    ] {
        let error = mail(&[(LINK, link)]).unwrap_err();
        assert!(
            error.starts_with("MAIL_LINK must be an https URL"),
            "{link}"
        );
    }
    let local = ("AWS_ENDPOINT_URL_SESV2", "http://localhost:4000");
    for (link, is_accepted) in [
        ("http://localhost:3000/#{code}", true),
        ("http://app.example.com/#{code}", false),
        ("ftp://localhost/#{code}", false),
    ] {
        assert_eq!(mail(&[(LINK, link), local]).is_ok(), is_accepted, "{link}");
    }
}

#[test]
fn nothing_can_add_a_header_or_a_recipient() {
    for (name, value) in [
        (FROM, "auth"),
        (FROM, "auth@localhost"),
        (FROM, "Auth <auth@example.com>"),
        (FROM, "a@example.com,b@example.com"),
        (FROM, "a@b@example.com"),
        (FROM, "a@example.com\r\nBcc: eve@example.com"),
        (FROM_NAME, "Auth\r\nBcc: eve@example.com"),
        (FROM_NAME, "Auth\" <eve@example.com>"),
        (CONFIGURATION_SET, "a b"),
        (TEMPLATE_PREFIX, "a/*"),
    ] {
        let error = mail(&[(name, value)]).unwrap_err();
        assert!(error.starts_with(&format!("{name} must be")), "{error}");
        assert!(!error.contains("eve"), "{error}");
    }
}
