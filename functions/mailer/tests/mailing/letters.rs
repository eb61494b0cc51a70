//! What is sent to whom.

use gatehouse_auth::code::CodeKind;
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::user::User;
use gatehouse_testing::{at, user};

use crate::world::World;

/// A user whose address waits for a proof.
fn waiting(name: &str, address: &str) -> User {
    User {
        email: None,
        email_canonical: None,
        pending_email: Some(address.to_owned()),
        pending_email_canonical: Some(address.to_ascii_lowercase()),
        ..user(name)
    }
}

#[tokio::test]
async fn a_reset_is_mailed_with_a_code_that_works() {
    let ada = user("ada");
    let world = World::with(
        &[&ada],
        &[
            ("MAIL_FROM_NAME", "Acme, Inc."),
            ("MAIL_LINK", "https://app.example.com/mail#{code}"),
            ("MAIL_CONFIGURATION_SET", "auth"),
        ],
    )
    .await;
    world
        .send(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;

    let [mail] = &world.mails()[..] else { panic!() };
    assert_eq!(mail.to(), "ada@example.org");
    assert_eq!(mail.subject(), "Reset your password at Acme, Inc.");
    assert_eq!(
        mail.part("/FromEmailAddress"),
        "\"Acme, Inc.\" <auth@example.com>"
    );
    assert_eq!(mail.part("/ConfigurationSetName"), "auth");
    assert_eq!(
        mail.part("/Content/Simple/Headers/0/Name"),
        "Auto-Submitted"
    );
    assert_eq!(
        mail.part("/Content/Simple/Headers/0/Value"),
        "auto-generated"
    );
    let code = mail.code();
    let link = format!("https://app.example.com/mail#{code}");
    let html = mail.part("/Content/Simple/Body/Html/Data");
    assert!(mail.text().contains(&link) && html.contains(&link));
    assert!(world.accepts(CodeKind::Recovery, &code).await);
    assert_eq!(world.messages(), 0);
    assert_eq!(
        world.faults.take_calls().join(" "),
        "GetItem GetAccount GetItem GetItem GetItem GetItem TransactWriteItems SendEmail \
         DeleteItem"
    );
}

#[tokio::test]
async fn every_kind_of_message_is_mailed_to_whom_it_concerns() {
    for kind in MessageKind::ALL {
        let ada = User {
            pending_email: Some("New@example.org".into()),
            pending_email_canonical: Some("new@example.org".into()),
            ..user("ada")
        };
        let world = World::of(&[&ada]).await;
        let message = world.message(&ada, kind, Origin::Session);
        let key = world.put(&message.to_address("Old@example.org")).await;
        world.stream(&[&key]).await.unwrap();
        let [mail] = &world.mails()[..] else {
            panic!("{kind:?}")
        };
        let expected = match kind {
            MessageKind::EmailVerification => "New@example.org",
            MessageKind::AddressChanged | MessageKind::AccountDeleted => "Old@example.org",
            MessageKind::PasswordReset
            | MessageKind::AddressChangeRequested
            | MessageKind::PasswordChanged
            | MessageKind::AccountDisabled
            | MessageKind::RefreshReplayed
            | MessageKind::NewNetwork => "ada@example.org",
        };
        assert_eq!(mail.to(), expected, "{kind:?}");
        assert_eq!(mail.part("/FromEmailAddress"), "auth@example.com");
        assert!(mail.subject().contains("example.com"), "{}", mail.subject());
        if let Some(code) = kind.code() {
            assert!(world.accepts(code, &mail.code()).await, "{kind:?}");
        }
        // What a user typed is only ever an address to send to.
        let code = kind.code().map(|_| mail.code()).unwrap_or_default();
        let body = mail.0["Content"].to_string().replace(&code, "");
        let body = body.to_lowercase();
        assert!(!body.contains("ada") && !body.contains("new@") && !body.contains("old@"));
        assert_eq!(world.messages(), 0, "{kind:?}");
    }
}

#[tokio::test]
async fn a_teams_own_templates_get_every_variable() {
    let ada = user("ada");
    let settings = [("MAIL_TEMPLATE_PREFIX", "acme-")];
    let world = World::with(&[&ada], &settings).await;
    world
        .send(&ada, MessageKind::PasswordReset, Origin::Anyone)
        .await;
    world
        .send(&ada, MessageKind::PasswordChanged, Origin::Session)
        .await;
    let mails = world.mails();
    let of = |index: usize| {
        let mail = &mails[index];
        let data = mail.part("/Content/Template/TemplateData");
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        let code = data["code"].as_str().unwrap().to_owned();
        let others = ["link", "service", "time", "valid_for"]
            .map(|name| data[name].as_str().unwrap().to_owned());
        let header = mail.part("/Content/Template/Headers/0/Name");
        assert_eq!(header, "Auto-Submitted");
        let name = mail.part("/Content/Template/TemplateName").to_owned();
        (name, code, others.join("|"))
    };
    let (name, code, others) = of(0);
    assert_eq!(name, "acme-password_reset");
    assert!(world.accepts(CodeKind::Recovery, &code).await);
    assert_eq!(others, "|example.com|2027-01-15 08:00 UTC|30 minutes");
    let (name, code, others) = of(1);
    assert_eq!(
        (name.as_str(), code.as_str()),
        ("acme-password_changed", "")
    );
    assert_eq!(others, "|example.com|2027-01-15 08:00 UTC|");
}

#[tokio::test]
async fn the_owner_of_a_verified_address_learns_that_someone_tried() {
    let ada = User {
        email_verified_at: Some(at(0)),
        ..user("ada")
    };
    let mallory = waiting("mallory", "ADA@example.org");
    let world = World::of(&[&ada, &mallory]).await;
    world
        .send(&mallory, MessageKind::EmailVerification, Origin::Anyone)
        .await;
    let [mail] = &world.mails()[..] else { panic!() };
    // As the owner spells it.
    assert_eq!(mail.to(), "ada@example.org");
    assert_eq!(
        mail.subject(),
        "Someone entered your e-mail address at example.com"
    );
    assert!(!mail.0.to_string().contains("gh_"));
    assert!(!mail.0.to_string().to_lowercase().contains("mallory"));
    assert_eq!(world.messages(), 0);
}

#[tokio::test]
async fn an_address_that_is_held_unverified_gets_its_code() {
    let holder = user("ada");
    let newcomer = waiting("eve", "ADA@example.org");
    let world = World::of(&[&holder, &newcomer]).await;
    world
        .send(&newcomer, MessageKind::EmailVerification, Origin::Anyone)
        .await;
    let [mail] = &world.mails()[..] else { panic!() };
    assert!(world.accepts(CodeKind::Verification, &mail.code()).await);
}

#[tokio::test]
async fn nobody_gets_a_mail_that_is_not_needed() {
    let (ada, unknown) = (user("ada"), user("nobody"));
    let disabled = User {
        status: gatehouse_auth::user::Status::Disabled,
        ..user("carl")
    };
    let world = World::of(&[&ada, &disabled]).await;
    for (of, kind) in [
        (&unknown, MessageKind::PasswordReset),
        (&disabled, MessageKind::PasswordReset),
        (&disabled, MessageKind::EmailVerification),
        (&ada, MessageKind::AddressChangeRequested),
    ] {
        world.send(of, kind, Origin::Anyone).await;
    }
    assert!(world.mails().is_empty());
    assert_eq!(world.messages(), 0);
}
