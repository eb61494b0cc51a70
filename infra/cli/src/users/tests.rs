mod names;
mod unlock;

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::id::{AttemptId, SessionId, SubjectId};
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::session::Session;
use gatehouse_auth::user::StoredHash;
use gatehouse_edge::config::Environment;
use gatehouse_store::Ended;
use gatehouse_testing::{Reply, StubServer};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::project;

const NEW_HASH: &str = "$argon2id$new";

const PASSWORD: &str = "canary of quiet otters at dawn";

/// A data directory with empty tables.
struct World {
    target: Target,
    tables: Tables,
    _directory: TempDir,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let target = Target::open(&project::repository(), directory.path())
            .await
            .unwrap();
        Self {
            tables: Tables::open(&target).unwrap(),
            target,
            _directory: directory,
        }
    }

    async fn create(&self, name: &str, roles: &[&str], password: &str) -> anyhow::Result<Value> {
        let roles: Vec<Role> = roles
            .iter()
            .map(|role| Role::parse(role).unwrap())
            .collect();
        let email = format!("{name}@example.org");
        let newcomer = create::Newcomer::read(name, Some(&email), &roles)?;
        let password = SecretString::from(password);
        let (settings, now) = (self.target.settings(), Clock::System.now());
        let made = create::account(settings, &self.tables, newcomer, &password, now).await?;
        assert!(!made.text.contains("canary") && !made.json.to_string().contains("argon2"));
        Ok(made.json["user"].clone())
    }

    async fn ask(&self, line: &str) -> anyhow::Result<Value> {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            arguments: Arguments,
        }
        let words = std::iter::once("users").chain(line.split(' '));
        let line: Line = clap::Parser::try_parse_from(words)?;
        let output = execute(&self.target, &line.arguments.command).await?;
        assert!(output.text.ends_with('\n') && !output.text.contains("argon2"));
        Ok(output.json)
    }

    /// Returns the error of a command that must fail.
    async fn refusal(&self, line: &str) -> String {
        let refused = self.ask(line).await.expect_err("the command succeeded");
        format!("{refused:#}")
    }

    /// Writes the counters of failed logins as a login does.
    async fn count_failures(&self, keys: &[String]) {
        let table = self.target.table("LOGIN_ATTEMPTS_TABLE").unwrap();
        for key in keys {
            let [pk, tat] = [
                AttributeValue::S(key.clone()),
                AttributeValue::N("1".into()),
            ];
            let put = self.target.tables().put_item().table_name(&table);
            let put = put.item("pk", pk).item("tat", tat);
            put.send().await.unwrap();
        }
    }

    async fn items(&self, variable: &'static str) -> Vec<String> {
        let table = self.target.table(variable).unwrap();
        let scan = self.target.tables().scan().table_name(table).send().await;
        let items = scan.unwrap().items.unwrap_or_default();
        let keys = items.iter().map(|item| item["pk"].as_s().unwrap().clone());
        let mut keys: Vec<String> = keys.collect();
        keys.sort();
        keys
    }
}

/// SHA-1 of the password `a passphrase that was stolen`, after the first five digits.
const STOLEN_SUFFIX: &str = "A72DE689601F243E5FDB2C06BE060DB65DD:7\r\n";

#[tokio::test]
async fn a_stolen_password_is_refused_if_the_stack_checks_the_list() {
    let stolen = "a passphrase that was stolen";
    let list = StubServer::start([Reply::new(200, STOLEN_SUFFIX)]).await;
    let gone = StubServer::start([Reply::new(503, "")]).await;
    for (setting, url, refusal) in [
        ("off", None, None),
        ("fail_open", Some(list.url()), Some("stolen")),
        ("fail_closed", Some(list.url()), Some("stolen")),
        ("fail_open", Some(gone.url()), None),
        ("fail_closed", Some(gone.url()), Some("unavailable")),
    ] {
        let world = World::new().await;
        let url = url.map(|url| ("PWNED_PASSWORDS_URL", url));
        let settings = [("PWNED_PASSWORDS", setting)].into_iter().chain(url);
        let settings = Environment::from_pairs(settings);
        let newcomer = create::Newcomer::read("ada", None, &[]).unwrap();
        let (password, now) = (SecretString::from(stolen), Clock::System.now());
        let created = create::account(&settings, &world.tables, newcomer, &password, now).await;
        match refusal {
            None => drop(created.unwrap()),
            Some(reason) => {
                let error = created.map(drop).unwrap_err().to_string();
                assert!(error.contains(reason), "{setting} {url:?}: {error}");
                assert!(world.items("USERS_TABLE").await.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn there_is_no_initial_account() {
    let world = World::new().await;
    assert_eq!(world.items("USERS_TABLE").await, [""; 0]);
    let refused = world.refusal("promote admin").await;
    assert_eq!(refused, r#"there is no user "admin""#);
    assert_eq!(world.items("USERS_TABLE").await, [""; 0]);
}

#[tokio::test]
async fn a_user_is_created_and_shown_without_the_password() {
    let world = World::new().await;
    let made = world.create("Ada", &[], PASSWORD).await.unwrap();
    for name in ["Ada", "ada", "\u{ff21}DA", "ada@example.org"] {
        assert_eq!(world.ask(&format!("show {name}")).await.unwrap(), made);
    }
    assert_eq!(made["roles"], json!(["user"]));
    assert_eq!(made["status"], "active");
    let members: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(members.len(), 9, "{members:?}");
    let refused = world.create("ADA", &[], PASSWORD).await.unwrap_err();
    assert_eq!(refused.to_string(), "the username ADA is already taken");
}

#[tokio::test]
async fn a_similar_name_finds_no_user() {
    let world = World::new().await;
    world.create("ada", &[], PASSWORD).await.unwrap();
    for name in ["ad", "ada1", "\u{430}da", "user#1", "ada@example.com", "@"] {
        let refused = world.refusal(&format!("show {name}")).await;
        assert!(
            refused.starts_with("there is no user") || refused.contains("is not a valid username"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_weak_password_an_invalid_name_or_an_invalid_role_is_refused() {
    let world = World::new().await;
    for (name, password, message) in [
        ("ada", "short", "fewer than 15 characters"),
        ("ada", "password1234567", "a common password"),
        ("ada", "", "must not be empty"),
        ("a", PASSWORD, "at least 3 characters"),
        ("a#b", PASSWORD, "cannot contain"),
    ] {
        let error = world.create(name, &[], password).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(message), "{name}: {error}");
    }
    let error = world.ask("create ada --role Admin").await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("a role must match"), "{error}");
    assert_eq!(world.items("USERS_TABLE").await, [""; 0]);
}

#[tokio::test]
async fn the_first_administrator_is_promoted_and_the_last_one_cannot_be_removed() {
    let world = World::new().await;
    world.create("ada", &[], PASSWORD).await.unwrap();
    world.create("grace", &["admin"], PASSWORD).await.unwrap();
    let promoted = world.ask("promote ada").await.unwrap();
    assert_eq!(promoted["user"]["roles"], json!(["admin", "user"]));
    let again = world.ask("promote ada").await.unwrap();
    assert_eq!(again["changed"], false);

    assert_eq!(
        world.ask("disable grace --yes").await.unwrap()["changed"],
        true
    );
    for line in ["disable ada --yes", "roles ada --remove admin"] {
        let refused = world.refusal(line).await;
        assert!(refused.contains("last administrator"), "{refused}");
    }
    assert_eq!(world.ask("enable grace").await.unwrap()["changed"], true);
    let demoted = world.ask("roles ada --remove admin").await.unwrap();
    assert_eq!(demoted["user"]["roles"], json!(["user"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_added_concurrently_are_all_kept_and_admins_counted_once() {
    let world = Arc::new(World::new().await);
    world.create("ada", &[], PASSWORD).await.unwrap();
    let lines = [
        "promote ada",
        "roles ada --add ops",
        "roles ada --add staff",
        "promote ada",
    ];
    let race = lines.map(|line| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.ask(line).await })
    });
    for line in race {
        line.await.unwrap().unwrap();
    }
    let shown = world.ask("show ada").await.unwrap();
    assert_eq!(shown["roles"], json!(["admin", "ops", "staff", "user"]));
    let refused = world.refusal("roles ada --remove admin").await;
    assert!(
        refused.contains("last administrator"),
        "counted twice: {refused}"
    );
}

#[tokio::test]
async fn roles_are_added_and_removed_in_one_change_or_not_at_all() {
    let world = World::new().await;
    world.create("ada", &[], PASSWORD).await.unwrap();
    let changed = world
        .ask("roles ada --add ops --add x --remove user")
        .await
        .unwrap();
    assert_eq!(changed["user"]["roles"], json!(["ops", "x"]));
    let refused = world.refusal("roles ada --add y --remove y").await;
    assert_eq!(refused, "cannot both add and remove the role y");
    assert!(world.refusal("roles ada").await.contains("--add"));
    let many: Vec<String> = (0..40).map(|n| format!("--add r{n}")).collect();
    let many = many.join(" ");
    assert!(
        world
            .refusal(&format!("roles ada {many}"))
            .await
            .contains("32")
    );
    assert_eq!(
        world.ask("show ada").await.unwrap()["roles"],
        json!(["ops", "x"])
    );
}

#[tokio::test]
async fn a_recovery_code_works_once_and_the_table_only_has_its_digest() {
    let world = World::new().await;
    let made = world.create("ada", &[], PASSWORD).await.unwrap();
    let first = world.ask("recover ada").await.unwrap();
    let second = world.ask("recover ada@example.org").await.unwrap();
    let (first, second) = (
        first["code"].as_str().unwrap(),
        second["code"].as_str().unwrap(),
    );
    assert_ne!(first, second);

    let table = world.target.table("USERS_TABLE").unwrap();
    let scan = world.target.tables().scan().table_name(table).send().await;
    let stored = format!("{:?}", scan.unwrap().items);
    assert!(stored.contains("recovery_digest"));
    for code in [first, second] {
        // The code begins with the subject, which the table also contains.
        assert!(!stored.contains(&code[30..]), "the table has the code");
    }
    assert_eq!(
        reset(&world, first).await,
        Ended::Refused,
        "a newer code exists"
    );
    assert_eq!(reset(&world, second).await, Ended::Done);
    assert_eq!(
        reset(&world, second).await,
        Ended::Refused,
        "a code works once"
    );
    let sub = SubjectId::parse(made["id"].as_str().unwrap()).unwrap();
    let user = world
        .tables
        .accounts
        .users
        .get(&sub)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(user.password_hash.unwrap().expose(), NEW_HASH);
}

#[tokio::test]
async fn a_disabled_user_gets_no_recovery_code() {
    let world = World::new().await;
    world.create("ada", &[], PASSWORD).await.unwrap();
    world.ask("disable ada --yes").await.unwrap();
    let refused = world.refusal("recover ada").await;
    assert!(refused.contains("enable it first"), "{refused}");
}

#[tokio::test]
async fn ending_sessions_requires_confirmation() {
    let world = World::new().await;
    world.create("ada", &[], PASSWORD).await.unwrap();
    let before = world.ask("show ada").await.unwrap();
    for line in ["disable ada", "revoke-sessions ada"] {
        // Tests have no terminal.
        let refused = world.refusal(line).await;
        assert_eq!(
            refused,
            "cannot ask for confirmation, because stdin is not a terminal: pass --yes"
        );
    }
    assert_eq!(world.ask("show ada").await.unwrap(), before);
    assert_eq!(world.items("REVOCATIONS_TABLE").await, [""; 0]);
    world.ask("revoke-sessions ada --yes").await.unwrap();
    assert_eq!(world.items("REVOCATIONS_TABLE").await.len(), 1);
}

#[tokio::test]
async fn users_are_listed_by_name_without_their_hashes() {
    let world = World::new().await;
    assert_eq!(world.ask("list").await.unwrap(), json!({"users": []}));
    for (name, roles) in [
        ("grace", vec!["admin"]),
        ("ada", vec![]),
        ("zoe", vec!["user", "x"]),
    ] {
        world.create(name, &roles, PASSWORD).await.unwrap();
    }
    let names = |listed: Value| {
        let users = listed["users"].as_array().unwrap().clone();
        let names = users
            .iter()
            .map(|user| user["username"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let listed = world.ask("list").await.unwrap();
    assert_eq!(listed["users"][0], world.ask("show ada").await.unwrap());
    assert_eq!(names(listed), ["ada", "grace", "zoe"]);
    assert_eq!(
        names(world.ask("list --role admin").await.unwrap()),
        ["grace"]
    );
    assert_eq!(
        names(world.ask("list --role user").await.unwrap()),
        ["ada", "zoe"]
    );
}

#[tokio::test]
async fn users_beyond_the_first_page_are_listed() {
    let world = World::new().await;
    let now = Clock::System.now();
    for number in 0..230 {
        let newcomer = create::Newcomer::read(&format!("user{number}"), None, &[]).unwrap();
        let user = create::user(newcomer, StoredHash::new(NEW_HASH.into()), now).unwrap();
        world.tables.accounts.users.register(&user).await.unwrap();
    }
    let listed = world.ask("list").await.unwrap();
    let users = listed["users"].as_array().unwrap();
    let ids: std::collections::HashSet<&str> = users
        .iter()
        .map(|user| user["id"].as_str().unwrap())
        .collect();
    assert_eq!((users.len(), ids.len()), (230, 230));
}

#[tokio::test]
async fn a_deletion_only_leaves_a_revocation_and_can_be_resumed() {
    let world = World::new().await;
    let made = world.create("ada", &[], PASSWORD).await.unwrap();
    world.create("grace", &["admin"], PASSWORD).await.unwrap();
    let digest = gatehouse_auth::identifier::LoginIdentifier::parse("ada").digest();
    world.count_failures(&[format!("id#{digest}")]).await;
    assert_eq!(
        world.refusal("delete ada").await,
        "cannot ask for confirmation, because stdin is not a terminal: pass --yes"
    );
    let refused = world.refusal("delete grace --yes").await;
    assert!(refused.contains("last administrator"), "{refused}");

    let id = made["id"].as_str().unwrap();
    let deleted = world.ask("delete ada --yes").await.unwrap();
    assert_eq!(deleted, json!({"deleted": id, "sessions": 0}));
    assert_eq!(
        world.items("REVOCATIONS_TABLE").await,
        [format!("sub#{id}")]
    );
    assert_eq!(world.items("LOGIN_ATTEMPTS_TABLE").await, [""; 0]);
    assert!(!world.items("USERS_TABLE").await.join(" ").contains("ada"));
    assert!(
        world
            .refusal("show ada")
            .await
            .starts_with("there is no user")
    );
    for line in [
        format!("delete --id={id} --yes"),
        "delete --id=-abc --yes".to_owned(),
    ] {
        let refused = world.refusal(&line).await;
        assert!(refused.starts_with("no user has the id"), "{refused}");
    }
    assert!(world.refusal("delete --yes").await.contains("NAME"));
    world.create("ada", &[], PASSWORD).await.unwrap();

    // As if the first deletion had been interrupted before it deleted the sessions.
    let sub = SubjectId::parse(id).unwrap();
    world
        .tables
        .accounts
        .sessions
        .create(&session(&sub))
        .await
        .unwrap();
    let rest = world.ask(&format!("delete --id={id} --yes")).await.unwrap();
    assert_eq!(rest, json!({"deleted": id, "sessions": 1}));
}

/// Whoever resumes it no longer has the names: the mark of the deletion does.
#[tokio::test]
async fn a_resumed_deletion_deletes_what_is_counted_under_the_names() {
    let world = World::new().await;
    let made = world.create("ada", &[], PASSWORD).await.unwrap();
    let digest = gatehouse_auth::identifier::LoginIdentifier::parse("ada").digest();
    world.count_failures(&[format!("id#{digest}")]).await;
    let sub = SubjectId::parse(made["id"].as_str().unwrap()).unwrap();
    let accounts = &world.tables.accounts;
    accounts.sessions.create(&session(&sub)).await.unwrap();
    accounts.remove(&sub, Clock::System.now()).await.unwrap();
    let rest = world
        .ask(&format!("delete --id={sub} --yes"))
        .await
        .unwrap();
    assert_eq!(rest["sessions"], 1);
    assert_eq!(world.items("LOGIN_ATTEMPTS_TABLE").await, [""; 0]);
}

fn session(sub: &SubjectId) -> Session {
    let now = Clock::System.now();
    Session {
        sid: SessionId::from_bytes([1; 16]),
        sub: sub.clone(),
        generation: 0,
        rotated_at: now,
        attempt_id: AttemptId::from_bytes([2; 16]),
        mac_kid: "AAAAAAAAAAA".to_owned(),
        session_version: 0,
        scope: Scopes::default(),
        auth_time: now,
        created_at: now,
        last_used_at: now,
        idle_expires_at: now,
        expires_at: now,
        ip: "192.0.2.1".to_owned(),
        user_agent: String::new(),
        revoked_at: None,
    }
}

async fn reset(world: &World, code: &str) -> Ended {
    let code = MailCode::parse(CodeKind::Recovery, code).unwrap();
    let (hash, now) = (StoredHash::new(NEW_HASH.into()), Clock::System.now());
    let reset = world.tables.accounts.reset_password(&code, &hash, now);
    reset.await.unwrap()
}

#[tokio::test]
async fn a_demo_user_is_created_once_and_keeps_the_password() {
    let world = World::new().await;
    let password = SecretString::from("twelve quiet otters at dawn");
    assert!(seed(&world.target, "ada", &password).await.unwrap());
    assert!(!seed(&world.target, "Ada", &password).await.unwrap());
    assert_eq!(
        world.ask("show ada").await.unwrap()["roles"],
        json!(["user"])
    );
}
