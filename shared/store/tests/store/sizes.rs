//! The largest items that anyone can cause.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_auth::username::Username;
use gatehouse_testing::{Item, at};

use crate::fixtures::{session, user};
use crate::tables::Tables;

/// A tenth of DynamoDB's limit of 400 KB.
const LIMIT: usize = 40_000;
/// A letter of four bytes.
const WIDE: &str = "\u{10400}";

#[tokio::test]
async fn no_item_comes_near_the_limit_of_400_kb() {
    let tables = Tables::start().await;
    // Whatever is longer is refused.
    assert!(Username::parse(&"a".repeat(64)).is_ok() && Username::parse(&"a".repeat(65)).is_err());
    assert!(ExternalId::parse(&WIDE.repeat(129)).is_err());
    let (role, scope) = ("r".repeat(65), "s".repeat(129));
    assert!(Roles::parse([role.as_str()]).is_err() && Scopes::parse(&scope).is_err());
    let many = (0..65).map(|number| format!("x{number}"));
    let many: Vec<String> = many.collect();
    assert!(Roles::parse(many[..33].iter().map(String::as_str)).is_err());
    assert!(Scopes::parse(&many.join(" ")).is_err());
    // A username has 64 characters, a role 64 of 32, an address 254 bytes.
    let name = WIDE.repeat(64);
    let roles: Vec<String> = (10..42)
        .map(|number| format!("{}{number}", "r".repeat(62)))
        .collect();
    let address = |number: u32| format!("{}{number}@{}.example", "a".repeat(60), "b".repeat(180));
    // One a day for the 30 days that a name stays reserved, and one more.
    let reserved: BTreeMap<_, _> = (0..31_u32)
        .map(|number| (format!("{}{number:02}", WIDE.repeat(62)), at(1)))
        .collect();
    let largest = User {
        username: name.clone(),
        username_canonical: name,
        email: Some(address(0)),
        email_canonical: Some(address(0)),
        pending_email: Some(address(1)),
        pending_email_canonical: Some(address(1)),
        pending_email_at: Some(at(1)),
        external_id: Some(ExternalId::parse(&WIDE.repeat(128)).unwrap()),
        imported: Some("d".repeat(43)),
        // 128 bytes of salt and as many of output, in base64, and the parameters.
        password_hash: Some(StoredHash::new("h".repeat(1_024))),
        roles: Roles::parse(roles.iter().map(String::as_str)).unwrap(),
        reserved_names: reserved,
        ..user(1, "ada")
    };
    tables.users.register(&largest).await.unwrap();
    let key = format!("user#{}", largest.sub);
    let item = tables.item("UsersTable", "pk", &key).await;
    let bytes = size(&item.unwrap());
    assert!((10_000..LIMIT).contains(&bytes), "a user of {bytes} bytes");

    let scopes: Vec<String> = (10..74)
        .map(|number| format!("{}{number}", "s".repeat(126)))
        .collect();
    let largest = Session {
        scope: Scopes::parse(&scopes.join(" ")).unwrap(),
        user_agent: "u".repeat(256),
        ip: "2001:db8:1234:5678:9abc:def0:255.255.255.255".into(),
        ..session(1, 1)
    };
    tables.sessions.create(&largest).await.unwrap();
    let item = tables.item("SessionsTable", "sid", largest.sid.as_str());
    let bytes = size(&item.await.unwrap());
    assert!(
        (8_000..LIMIT).contains(&bytes),
        "a session of {bytes} bytes"
    );
}

/// Counts names and values, as DynamoDB does.
fn size(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + size_of(value))
        .sum()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an enum of the SDK, to which it may add"
)]
fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::L(values) => {
            3 + values.iter().map(|value| 1 + size_of(value)).sum::<usize>()
        }
        AttributeValue::M(members) => {
            let members = members.iter();
            3 + members
                .map(|(name, value)| 1 + name.len() + size_of(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}
