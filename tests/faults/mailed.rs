//! The operations of a service with mail, as far as mail changes them.

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::mail::{Message, MessageKind, NewCode, Notices, Origin};
use gatehouse_store::{Attempt, NewAttempt, Outbox, Users};
use gatehouse_testing::subject;
use serde_json::{Value, json};

use crate::events::{Http, SCHEDULE, present};
use crate::functions::Function;
use crate::operation::{Before, DELETION, Operation, administer, owned, post};
use crate::people::{PASSWORD, People};
use crate::world::World;

/// An address that nobody has.
pub(crate) const NEW_ADDRESS: &str = "ada@example.net";
/// The address that Rita holds, and has not verified.
const RITAS: &str = "rita@example.org";
/// A new password.
const NEW_PASSWORD: &str = "eight quiet otters at dawn";
/// An address that Ada has not logged in from.
const ELSEWHERE: &str = "198.51.100.7";

/// The operations, in the order of the page.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::with_mail("mail: register", Function::Register, "201", |_| register())
        .again(&["409"])
        .variant(),
    Operation::with_mail("mail: login, new network", Function::Login, "200", |_| {
        Http {
            route: "POST /login",
            body: json!({"username": "ada", "password": PASSWORD}),
            address: Some(ELSEWHERE),
            ..Http::default()
        }
        .event()
    })
    .after(Before::Hours)
    .best_effort("Outbox")
    .variant(),
    Operation::with_mail("mail: login, unverified", Function::Login, "403", |_| {
        post(
            "POST /login",
            json!({"username": "eve", "password": PASSWORD}),
        )
    })
    .after(Before::Registered)
    .variant(),
    Operation::with_mail(
        "mail: refresh, replay",
        Function::Refresh,
        "400",
        |people| present(&people.own.refresh),
    )
    .after(Before::Refreshed)
    .best_effort("Outbox"),
    Operation::with_mail("mail: forgot password", Function::Email, "202", |_| {
        post("POST /password/forgot", json!({"username": "ada"}))
    }),
    Operation::with_mail("mail: reset password", Function::Account, "204", |_| {
        let code = mailed(CodeKind::Recovery);
        let body = json!({"code": code.expose(), "new_password": NEW_PASSWORD});
        post("POST /password/reset", body)
    })
    .after(Before::Mailed(NEW_ADDRESS))
    .again(&["400"])
    .variant(),
    Operation::with_mail(
        "mail: change password",
        Function::Account,
        "204",
        |people| {
            let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
            owned("PUT /me/password", people, body)
        },
    )
    .again(&["401", "403"])
    .variant(),
    Operation::with_mail("mail: change address", Function::Email, "202", |people| {
        ask_for(people, NEW_ADDRESS)
    }),
    Operation::with_mail(
        "mail: verify, with the token",
        Function::Email,
        "204",
        |people| verify(Some(people)),
    )
    .after(Before::Mailed(NEW_ADDRESS))
    .again(&["400"]),
    Operation::with_mail(
        "mail: verify, with the password",
        Function::Email,
        "204",
        |_| verify(None),
    )
    .after(Before::Mailed(NEW_ADDRESS))
    .again(&["400"]),
    Operation::with_mail("mail: verify, held", Function::Email, "204", |people| {
        verify(Some(people))
    })
    .after(Before::Mailed(RITAS))
    .again(&["400"]),
    Operation::with_mail(
        "mail: send again, with the token",
        Function::Email,
        "202",
        |people| with_token("POST /email/verification", people, Value::Null),
    )
    .after(Before::Mailed(NEW_ADDRESS)),
    Operation::with_mail(
        "mail: send again, with the password",
        Function::Email,
        "202",
        |_| {
            let body = json!({"username": "ada", "password": PASSWORD});
            post("POST /email/verification", body)
        },
    )
    .after(Before::Mailed(NEW_ADDRESS)),
    Operation::with_mail("mail: cancel a change", Function::Email, "204", |_| {
        let code = mailed(CodeKind::Cancellation);
        post("POST /email/cancel", json!({"code": code.expose()}))
    })
    .after(Before::Mailed(NEW_ADDRESS))
    .again(&["400"]),
    Operation::with_mail("mail: export", Function::Account, "200", |people| {
        owned("GET /me/export", people, Value::Null)
    })
    .after(Before::Mailed(NEW_ADDRESS))
    .variant(),
    Operation::with_mail("mail: delete account", Function::Account, "204", |people| {
        owned("DELETE /me", people, json!({"password": PASSWORD}))
    })
    .after(Before::Mailed(NEW_ADDRESS))
    .again(&["401", "404"])
    .halfway(DELETION)
    .variant(),
    Operation::with_mail("mail: finish deletions", Function::Admin, "done", |_| {
        SCHEDULE.to_owned()
    })
    .after(Before::Interrupted)
    .halfway(DELETION)
    .variant(),
    Operation::with_mail("mail: admin: show", Function::Admin, "200", |people| {
        administer("GET /admin/users/{id}", people, Value::Null)
    })
    .variant(),
    Operation::with_mail(
        "mail: admin: change names",
        Function::Admin,
        "200",
        |people| {
            let names = json!({"username": "lovelace", "email": "lovelace@example.org"});
            administer("PATCH /admin/users/{id}", people, names)
        },
    )
    .variant(),
    Operation::with_mail("mail: admin: disable", Function::Admin, "200", |people| {
        let body = json!({"status": "disabled"});
        administer("PATCH /admin/users/{id}", people, body)
    })
    .best_effort("Outbox")
    .variant(),
    Operation::with_mail("mail: admin: delete", Function::Admin, "204", |people| {
        administer("DELETE /admin/users/{id}", people, Value::Null)
    })
    .after(Before::Mailed(NEW_ADDRESS))
    .again(&["404"])
    .halfway(DELETION)
    .variant(),
];

/// Asks for another address for Ada, and makes a code of each kind valid, as the mailer does.
pub(crate) async fn ask(world: &mut World, people: &People, address: &str) {
    let asked = world.send(Function::Email, &ask_for(people, address)).await;
    assert_eq!(asked.outcome, "202");
    let table = |name: &str| world.tables.name(name).to_owned();
    let users = Users::new(world.client(), table("UsersTable"));
    let outbox = Outbox::new(world.client(), table("OutboxTable"), Notices::default());
    let ada = users.get(&subject("ada")).await.unwrap().unwrap();
    let held = ada.email_canonical.as_deref().unwrap();
    for (kind, address) in [
        (MessageKind::PasswordReset, held),
        (MessageKind::EmailVerification, address),
        (MessageKind::AddressChangeRequested, held),
    ] {
        let now = world.now();
        let message = Message::new(kind, &ada.sub, ada.revision, Origin::Session, now);
        let key = outbox.put(&message).await.unwrap();
        let attempt = NewAttempt {
            key: &key,
            free_since: now,
            address,
            bucket: None,
            typed_by: None,
            code: Some(NewCode {
                code: &mailed(kind.code().unwrap()),
                address,
                user: &ada,
                message: (&key, &message),
            }),
        };
        assert_eq!(outbox.begin(&attempt, now).await.unwrap(), Attempt::Begun);
        outbox.delete(&key).await.unwrap();
    }
}

/// Returns the event of a registration with an address.
pub(crate) fn register() -> String {
    let body = json!({"username": "eve", "email": "eve@example.org", "password": PASSWORD});
    post("POST /register", body)
}

/// Returns the code of that kind that is mailed to Ada.
fn mailed(kind: CodeKind) -> MailCode {
    MailCode::mint(kind, &subject("ada"), [8; 32]).unwrap()
}

fn ask_for(people: &People, address: &str) -> String {
    let body = json!({"email": address, "password": PASSWORD});
    owned("PUT /me/email", people, body)
}

/// Returns the body that verifies the waiting address.
pub(crate) fn verification() -> Value {
    json!({"code": mailed(CodeKind::Verification).expose()})
}

/// Returns the event that verifies the waiting address, with the token of these people or
/// with the password.
fn verify(people: Option<&People>) -> String {
    let code = mailed(CodeKind::Verification);
    let route = "POST /email/verify";
    match people {
        Some(people) => with_token(route, people, verification()),
        None => post(route, json!({"code": code.expose(), "password": PASSWORD})),
    }
}

/// A request of Ada's client to a route without an authorizer.
fn with_token(route: &str, people: &People, body: Value) -> String {
    Http {
        route,
        body,
        authorization: Some(format!("Bearer {}", people.own.access)),
        ..Http::default()
    }
    .event()
}
