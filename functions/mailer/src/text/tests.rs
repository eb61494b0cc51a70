use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::config::{Environment, MailLink, MailSettings};

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const PAGE: Option<&str> = Some("https://app.example.com/mail?x=1&y=2#code={code}");

fn link(page: &str) -> MailLink {
    let pairs = [("MAIL_FROM", "auth@example.org"), ("MAIL_LINK", page)];
    let settings = MailSettings::from_environment(&Environment::from_pairs(pairs));
    settings.unwrap().link.unwrap()
}

fn values(letter: Letter, service: &str, page: Option<&str>) -> Values {
    let link = page.map(link);
    let sub = SubjectId::from_bytes([1; 16]);
    let code = |kind: CodeKind| MailCode::mint(kind, &sub, [7; 32]).unwrap();
    Values {
        service: service.to_owned(),
        time: minute(NOW),
        code: letter
            .code()
            .map(|kind| CodeValues::new(&code(kind), link.as_ref())),
    }
}

/// Every letter, with and without a page to link to.
fn every_mail(service: &str) -> impl Iterator<Item = (Letter, Option<&str>, Rendered)> {
    let pages = move |letter| [None, PAGE].map(|page| (letter, page));
    Letter::all().flat_map(pages).map(move |(letter, page)| {
        let rendered = render(letter, &values(letter, service, page));
        (letter, page, rendered)
    })
}

#[test]
fn no_placeholder_is_left_unfilled() {
    for (letter, page, mail) in every_mail("Example") {
        for part in [&mail.subject, &mail.text, &mail.html] {
            assert!(!part.contains(['{', '}']), "{letter:?} {page:?}: {part}");
            assert!(part.contains("Example"), "{letter:?}: {part}");
        }
    }
}

/// So that the test above cannot pass by dropping placeholders.
#[test]
fn a_placeholder_without_a_value_stays_visible() {
    let words = words::Words {
        subject: "{service} {unknown} {code} {",
        paragraphs: &[],
    };
    let letter = Letter::AddressInUse;
    let rendered = words.render(&values(letter, "Example", None));
    assert_eq!(rendered.subject, "Example {unknown} {code} {");
}

#[test]
fn a_code_is_in_both_parts_apart_from_the_link_and_never_in_the_subject() {
    let mut codes = 0;
    for (letter, page, mail) in every_mail("Example") {
        let Some(kind) = letter.code() else {
            assert!(!mail.text.contains("gh_") && !mail.html.contains("gh_"));
            assert!(!mail.html.contains("<a "), "{letter:?}");
            continue;
        };
        codes += 1;
        let of_its_own = |line: &&str| line.trim_start().starts_with(kind.prefix());
        assert_eq!(mail.text.lines().filter(of_its_own).count(), 1);
        assert!(mail.html.contains(&format!("<code>{}", kind.prefix())));
        assert!(!mail.subject.contains("gh_"));
        let link = format!("#code={}", kind.prefix());
        assert_eq!(mail.text.contains(&link), page.is_some(), "{letter:?}");
        assert_eq!(mail.html.contains(&link), page.is_some(), "{letter:?}");
    }
    assert_eq!(codes, 6);
}

#[test]
fn no_link_is_tracked() {
    for (letter, _, mail) in every_mail("Example") {
        let links = mail.html.matches("<a ").count();
        let untracked = mail.html.matches("<a ses:no-track href=\"https://").count();
        assert_eq!(links, untracked, "{letter:?}");
    }
}

#[test]
fn every_value_is_escaped_in_html_and_only_there() {
    let hostile = "<script>\"&'</script>{code}";
    for (letter, _, mail) in every_mail(hostile) {
        assert!(!mail.html.contains("<script>"), "{letter:?}: {}", mail.html);
        assert!(
            mail.html
                .contains("&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;{code}")
        );
        assert!(mail.text.contains(hostile), "{letter:?}: {}", mail.text);
        assert!(!mail.html.contains("x=1&y"), "{letter:?}: {}", mail.html);
    }
}

#[test]
fn a_stored_template_gets_every_variable_whatever_the_letter() {
    for letter in Letter::all() {
        let with = values(letter, "Example", PAGE);
        let names: Vec<&str> = with.by_name().into_keys().collect();
        assert_eq!(names, ["code", "link", "service", "time", "valid_for"]);
        let without = values(letter, "Example", None);
        assert_eq!(without.by_name()["link"], "");
        assert_eq!(with.by_name()["code"].is_empty(), letter.code().is_none());
    }
}

#[test]
fn a_reset_reads_like_this() {
    let letter = Letter::About(gatehouse_auth::mail::MessageKind::PasswordReset);
    let mail = render(letter, &values(letter, "Example & Sons", PAGE));
    insta::assert_snapshot!(mail.subject, @"Reset your password at Example & Sons");
    insta::assert_snapshot!(mail.text, @r"
    Someone asked to reset the password of your account at Example & Sons. If it was you, use this code to set a new password. It is valid for 30 minutes.

        gh_rc_AQEBAQEBAQEBAQEBAQEBAQEHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw

    Set a new password:
    https://app.example.com/mail?x=1&y=2#code=gh_rc_AQEBAQEBAQEBAQEBAQEBAQEHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw

    If it was not you, you can ignore this mail: your password has not changed. Do not give the code to anyone, because anyone who has it can set your password.
    ");
    insta::assert_snapshot!(mail.html, @r#"
    <!doctype html>
    <html lang="en">
    <head><meta charset="utf-8"><title>Reset your password at Example &amp; Sons</title></head>
    <body>
    <p>Someone asked to reset the password of your account at Example &amp; Sons. If it was you, use this code to set a new password. It is valid for 30 minutes.</p>
    <p><code>gh_rc_AQEBAQEBAQEBAQEBAQEBAQEHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw</code></p>
    <p><a ses:no-track href="https://app.example.com/mail?x=1&amp;y=2#code=gh_rc_AQEBAQEBAQEBAQEBAQEBAQEHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw">Set a new password</a></p>
    <p>If it was not you, you can ignore this mail: your password has not changed. Do not give the code to anyone, because anyone who has it can set your password.</p>
    </body>
    </html>
    "#);
}
