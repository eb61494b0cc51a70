use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::project;
use crate::target::Target;

/// Tables with users whose names are spelled according to older rules.
struct World {
    target: Target,
    tables: Tables,
    _directory: TempDir,
}

impl World {
    async fn with(users: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let target = Target::open(&project::repository(), directory.path())
            .await
            .unwrap();
        let tables = Tables::open(&target).unwrap();
        for (number, (username, canonical)) in (1..).zip(users) {
            let user = user(number, username, canonical);
            tables.accounts.users.register(&user).await.unwrap();
        }
        Self {
            target,
            tables,
            _directory: directory,
        }
    }

    async fn run(&self, dry_run: bool) -> (Value, bool) {
        let output = names(&self.tables, dry_run).await.unwrap().output();
        assert!(output.text.ends_with('\n') && !output.text.contains("argon2"));
        (output.json, output.status == Status::Success)
    }

    /// Returns the username of the owner of each spelling.
    async fn owners(&self, spellings: &[&str]) -> Vec<Option<String>> {
        let mut owners = Vec::new();
        for spelling in spellings {
            let user = self
                .tables
                .accounts
                .users
                .find(&ItemKey::username(spelling))
                .await;
            owners.push(user.unwrap().map(|user| {
                assert_eq!(
                    user.username_canonical, *spelling,
                    "the account has the same spelling"
                );
                user.username
            }));
        }
        owners
    }
}

fn user(number: u8, username: &str, canonical: &str) -> User {
    let json = json!({
        "sub": gatehouse_auth::id::SubjectId::from_bytes([number; 16]),
        "username": username,
        "username_canonical": canonical,
        "password_hash": "$argon2id$canary",
        "roles": ["user"],
        "status": "active",
        "token_version": 0,
        "session_version": 0,
        "created_at": Timestamp::from_unix(0),
        "updated_at": Timestamp::from_unix(0),
        "password_changed_at": Timestamp::from_unix(0),
    });
    serde_json::from_value(json).unwrap()
}

fn owned(names: &[Option<&str>]) -> Vec<Option<String>> {
    names.iter().map(|name| name.map(str::to_owned)).collect()
}

const OLD: &str = "\u{3b3}\u{3b9}\u{3ce}\u{3c1}\u{3b3}\u{3bf}\u{3c2}";
const NEW: &str = "\u{3b3}\u{3b9}\u{3ce}\u{3c1}\u{3b3}\u{3bf}\u{3c3}";

#[tokio::test]
async fn a_name_is_updated_once_and_a_dry_run_writes_nothing() {
    let world = World::with(&[(OLD, OLD), ("Ada", "ada")]).await;
    let (planned, _) = world.run(true).await;
    assert_eq!(planned["moved"][0]["to"], NEW);
    let before = world.owners(&[OLD, NEW, "ada"]).await;
    assert_eq!(before, owned(&[Some(OLD), None, Some("Ada")]));

    let (done, complete) = world.run(false).await;
    assert_eq!((&done["moved"], complete), (&planned["moved"], true));
    let after = world.owners(&[OLD, NEW, "ada"]).await;
    assert_eq!(after, owned(&[None, Some(OLD), Some("Ada")]));
    let found = world.tables.find(OLD).await.unwrap();
    assert_eq!(
        found.username_canonical, NEW,
        "the old spelling still finds the user"
    );

    let (again, complete) = world.run(false).await;
    assert_eq!(
        (again["moved"].as_array().map(Vec::len), complete),
        (Some(0), true)
    );
    world.target.close().await;
}

#[tokio::test]
async fn two_users_with_the_same_new_spelling_are_both_reported_and_unchanged() {
    let world = World::with(&[(OLD, OLD), (NEW, NEW), ("Ada", "ADA-OLD")]).await;
    let (done, complete) = world.run(false).await;
    assert!(!complete);
    let users = done["conflicts"][0]["users"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut named: Vec<&str> = users
        .iter()
        .filter_map(|user| user["username"].as_str())
        .collect();
    named.sort_unstable();
    assert_eq!(named, [OLD, NEW]);
    let after = world.owners(&[OLD, NEW, "ada", "ADA-OLD"]).await;
    let expected = [Some(OLD), Some(NEW), Some("Ada"), None];
    assert_eq!(after, owned(&expected), "the third one is updated");
    world.target.close().await;
}

#[tokio::test]
async fn a_spelling_that_another_user_gives_up_can_be_used_in_any_order() {
    for users in [
        [("bob", "first"), ("ada", "bob")],
        [("ada", "first"), ("bob", "ada")],
    ] {
        let world = World::with(&users).await;
        let (_, complete) = world.run(false).await;
        assert!(complete);
        let after = world.owners(&["ada", "bob", "first"]).await;
        assert_eq!(after, owned(&[Some("ada"), Some("bob"), None]));
        world.target.close().await;
    }
}

#[tokio::test]
async fn a_name_that_is_no_longer_valid_is_reported_and_unchanged() {
    let world = World::with(&[("no spaces", "no spaces")]).await;
    let (done, complete) = world.run(false).await;
    assert!(!complete);
    let reason = done["conflicts"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("U+0020, a space"), "{reason}");
    assert_eq!(
        world.owners(&["no spaces"]).await,
        owned(&[Some("no spaces")])
    );
    world.target.close().await;
}
