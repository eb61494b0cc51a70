//! A known name and an unknown one: the same calls with the same outcomes, the same
//! response, and an item of the same form.

use std::collections::BTreeMap;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::user::{Status, User};
use gatehouse_edge::Response;
use gatehouse_testing::{Item, RecordedCall, user};

use crate::world::World;

/// Whatever a stranger can see, and what is written.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    calls: Vec<RecordedCall>,
    message: BTreeMap<String, String>,
}

async fn forget(world: &World, name: &str) -> Seen {
    let before = world.messages().await.len();
    let _earlier = world.recorder.take();
    // The first request of an address each time.
    let response = world.forget(name, &format!("192.0.2.{before}")).await;
    let mut calls = world.recorder.take();
    // A name's item is looked for by its kind.
    for kind in calls.iter_mut().flat_map(|(_, kinds, _)| kinds) {
        if ["username", "email", "nobody"].contains(&kind.as_str()) {
            "name".clone_into(kind);
        }
    }
    for (_, kinds, _) in &mut calls {
        kinds.sort();
    }
    let messages = world.messages().await;
    assert_eq!(messages.len(), before + 1, "{name}");
    world.clock.advance(1);
    Seen {
        status: response.status().as_u16(),
        headers: headers(&response),
        body: response.body().to_vec(),
        calls,
        message: form(messages.last().unwrap()),
    }
}

fn headers(response: &Response) -> Vec<(String, String)> {
    let headers = response.headers().iter();
    headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

/// The attributes with their types and lengths; which subject it is does not show.
fn form(item: &Item) -> BTreeMap<String, String> {
    let attributes = item.iter();
    attributes
        .map(|(name, value)| {
            let text = value.as_s().or_else(|_| value.as_n()).unwrap();
            (name.clone(), format!("{} characters", text.len()))
        })
        .collect()
}

#[tokio::test]
async fn every_name_costs_the_same_calls_and_leaves_one_message() {
    let world = World::start_with(&[]).await;
    let ada = world.add("ada").await;
    let disabled = User {
        status: Status::Disabled,
        email: None,
        email_canonical: None,
        ..user("eve")
    };
    world.tables.users().register(&disabled).await.unwrap();
    let known = forget(&world, "ada").await;
    assert_eq!(known.status, 202);
    assert!(known.body.is_empty());
    let names = [
        "ada@example.org",
        " ADA ",
        "eve",
        "bob",
        "bob@example.org",
        "",
        "a\0b",
        "a@b@c",
        &"x".repeat(15_000),
    ];
    for name in names {
        let seen = forget(&world, name).await;
        assert_eq!(seen, known, "{name:.20}");
    }
    // The known names have their subject, the others one that nobody has.
    let subjects = world.messages().await.into_iter();
    let subjects: Vec<_> = subjects
        .map(|item| item["pk"].as_s().unwrap().clone())
        .collect();
    let of = |sub: &SubjectId| subjects.iter().filter(|pk| *pk == sub.as_str()).count();
    assert_eq!((of(&ada.sub), of(&disabled.sub)), (3, 1));
    let mut others: Vec<_> = subjects.iter().collect();
    others.retain(|pk| **pk != ada.sub.as_str());
    others.sort();
    others.dedup();
    assert_eq!(others.len(), subjects.len() - 3, "a new one each time");
}

/// What is stored must name nobody but its subject.
#[tokio::test]
async fn a_message_holds_neither_the_name_nor_an_address() {
    let world = World::start_with(&[]).await;
    world.add("ada").await;
    forget(&world, "ada@example.org").await;
    let message = world.messages().await.remove(0);
    let mut attributes: Vec<_> = message.keys().map(String::as_str).collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        [
            "created_at",
            "ends_at",
            "expires_at",
            "kind",
            "origin",
            "pk",
            "revision",
            "sk"
        ]
    );
    assert_eq!(message["kind"].as_s().unwrap(), "password_reset");
}
