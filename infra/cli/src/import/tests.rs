use std::fmt::Write as _;

use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::password::{Argon2Params, Hasher, TypedPassword};
use gatehouse_auth::user::User;
use gatehouse_store::Users;
use proptest::prelude::{Strategy as _, prop};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use super::tally::Tally;
use super::*;
use crate::project;

const HASH: &str = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";

/// A new data directory, and a directory for files.
struct World {
    directory: TempDir,
    target: Target,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let target = Target::open(&project::repository(), &data).await.unwrap();
        Self { directory, target }
    }

    fn users(&self) -> Users {
        Users::new(
            self.target.tables(),
            self.target.table("USERS_TABLE").unwrap(),
        )
    }

    fn file(&self, text: &str, words: &[&str]) -> Arguments {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            arguments: Arguments,
        }
        let path = self.directory.path().join("users.ndjson");
        std::fs::write(&path, text).unwrap();
        let words = [&["import", path.to_str().unwrap()], words].concat();
        let line: Line = clap::Parser::try_parse_from(words).unwrap();
        line.arguments
    }

    async fn import(&self, arguments: &Arguments) -> anyhow::Result<Tally> {
        self.paced(arguments, Pace::default()).await
    }

    async fn paced(&self, arguments: &Arguments, pace: Pace) -> anyhow::Result<Tally> {
        let tables = ImportTables::open(&self.target).unwrap();
        Run::new(arguments, &tables, pace).import().await
    }

    fn beside(&self, name: &str) -> String {
        let path = self.directory.path().join(format!("users.ndjson.{name}"));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// Returns all users in the table, by username.
    async fn all_users(&self) -> Vec<User> {
        let (mut all, mut start) = (Vec::new(), None);
        loop {
            let page = self.users().export(start.as_deref()).await.unwrap();
            all.extend(page.users.into_iter().map(Result::unwrap));
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        all.sort_by(|one, other| one.username_canonical.cmp(&other.username_canonical));
        all
    }
}

fn lines(range: std::ops::Range<u32>) -> String {
    let mut text = String::new();
    for number in range {
        let line = serde_json::json!({
            "id": number,
            "username": format!("user-{number}"),
            "email": format!("user-{number}@example.org"),
            "password_hash": HASH,
        });
        writeln!(text, "{line}").unwrap();
    }
    text
}

fn counts(tally: &Tally) -> (u64, u64, u64) {
    (tally.imported, tally.already, tally.refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_lines_with_one_name_is_refused() {
    let text = format!(
        r#"{{"username":"Robin","email":"robin.one@example.org","password_hash":"{HASH}"}}
{{"username":"robin","email":"robin.two@example.org","password_hash":"{HASH}"}}
"#
    );
    for words in [&[][..], &["--dry-run"]] {
        let world = World::new().await;
        let arguments = world.file(&text, words);
        let tally = world.import(&arguments).await.unwrap();
        assert_eq!(counts(&tally), (1, 0, 1));
        assert_eq!(tally.status(), crate::output::Status::Incomplete);
        let report = world.beside("refused.ndjson");
        let who = if words.is_empty() {
            "by another account"
        } else {
            "on line 1"
        };
        let expected =
            format!("{{\"line\":2,\"field\":\"username\",\"detail\":\"already used {who}\"}}\n");
        assert_eq!(report, expected);
        let there = world.all_users().await;
        let emails: Vec<_> = there.iter().map(|user| user.email.as_deref()).collect();
        let written: &[_] = &[Some("robin.one@example.org")];
        assert_eq!(emails, if words.is_empty() { written } else { &[] });
        world.target.close().await;
    }
}

/// Generates lines that conflict with each other, some only through other lines.
fn colliding() -> impl proptest::strategy::Strategy<Value = Vec<String>> {
    let name = prop::sample::select(vec!["ada", "Ada", "eve", "grace", "robin", "x", "max"]);
    let email = prop::option::of(0..5_u8);
    let id = prop::option::of(prop::sample::select(vec![
        "1",
        "2",
        "3",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "{00010203-0405-0607-0809-0A0B0C0D0E0F}",
    ]));
    let line = (name, email, id).prop_map(|(name, email, id)| {
        let email = email.map(|number| format!("{number}@example.org"));
        serde_json::json!({"username": name, "email": email, "id": id, "password_hash": HASH})
            .to_string()
    });
    prop::collection::vec(line, 1..40)
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_imports_have_the_same_result_as_one_by_one() {
    let mut runner = TestRunner::default();
    for _ in 0..12 {
        let lines = colliding().new_tree(&mut runner).unwrap().current();
        let text = lines.join("\n");
        let mut ends = Vec::new();
        for (batch, concurrency) in [(1, 1), (256, 16), (7, 4)] {
            let world = World::new().await;
            let pace = Pace { batch, concurrency };
            let dry = world.file(&text, &["--dry-run"]);
            let foreseen = world.paced(&dry, pace).await.unwrap();
            assert_eq!(world.all_users().await.len(), 0);
            let arguments = world.file(&text, &[]);
            let tally = world.paced(&arguments, pace).await.unwrap();
            assert_eq!(counts(&foreseen), counts(&tally), "{text}");
            let there = world.all_users().await;
            let there: Vec<_> = there
                .into_iter()
                .map(|user| (user.sub, user.imported))
                .collect();
            assert_eq!(there.len() as u64, tally.imported, "{text}");
            assert_eq!(tally.users(), lines.len() as u64, "{text}");
            let refused = world.beside("refused.ndjson");
            assert_eq!(refused.lines().count() as u64, tally.refused, "{text}");

            // A second run finds the result of the first one, and a dry run reports it.
            let dry = world.file(&text, &["--dry-run"]);
            let foreseen = world.paced(&dry, pace).await.unwrap();
            let again = world.paced(&world.file(&text, &[]), pace).await.unwrap();
            assert_eq!(counts(&again), counts(&foreseen), "{text}");
            let (imported, already) = (tally.imported, tally.already);
            assert_eq!(
                counts(&again),
                (0, imported + already, tally.refused),
                "{text}"
            );
            ends.push((counts(&tally), refused, world.beside("ids.csv"), there));
            world.target.close().await;
        }
        let first = ends.first().unwrap();
        assert!(ends.iter().all(|end| end == first), "{text}\n{ends:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_lines_are_imported_and_can_be_found() {
    let world = World::new().await;
    let arguments = world.file(&lines(0..2_000), &[]);
    let tally = world.import(&arguments).await.unwrap();
    assert_eq!(counts(&tally), (2_000, 0, 0));
    let there = world.all_users().await;
    assert_eq!(there.len(), 2_000);
    assert_eq!(world.beside("checkpoint.json"), "");
    let ids = world.beside("ids.csv");
    assert_eq!(ids.lines().next(), Some("external_id,id"));
    assert_eq!(ids.lines().count(), 2_001);
    for user in &there {
        let old = user.external_id.as_ref().unwrap();
        assert!(ids.contains(&format!("\n{old},{}\n", user.sub)), "{old}");
    }
    let found = world
        .users()
        .subject_of(&ExternalId::parse("17").unwrap().name_key())
        .await
        .unwrap()
        .unwrap();
    let user = world.users().get(&found).await.unwrap().unwrap();
    assert_eq!(user.username, "user-17");
    world.target.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_resumes_even_if_users_have_logged_in_since() {
    let world = World::new().await;
    let text = format!("{}{{\"username\":\"x\"}}\n", lines(0..600));
    // As if it was interrupted in the second batch: the table and the reports are ahead of the
    // checkpoint.
    world
        .import(&world.file(&lines(0..300), &[]))
        .await
        .unwrap();
    let arguments = world.file(&text, &[]);
    let ids = world.beside("ids.csv");
    let written: usize = ids.split_inclusive('\n').take(257).map(str::len).sum();
    let users = world.all_users().await;
    let first = users.iter().find(|user| user.username == "user-0").unwrap();
    let source = crate::user_file::Source::scan(&arguments.file, None).unwrap();
    let left = serde_json::json!({
        "of": {
            "digest": source.digest,
            "stack": world.target.identity(),
            "options": format!("{:?} None", arguments.columns),
        },
        "entries": 256,
        "tally": {"imported": 256, "already": 0, "refused": 0, "warnings": 0,
            "without_password": 0, "old_ids": 256, "skipped": {}, "first_refused": null},
        "refused": 0, "warnings": 0, "ids": written,
        "last": first.sub,
    });
    let checkpoint = world.directory.path().join("users.ndjson.checkpoint.json");
    std::fs::write(&checkpoint, left.to_string()).unwrap();
    // One of the users who are imported twice has had a new hash since.
    let rehashed = users
        .iter()
        .find(|user| user.username == "user-280")
        .unwrap();
    let new = gatehouse_auth::user::StoredHash::new("$argon2id$new".to_owned());
    let now = gatehouse_auth::time::Timestamp::from_unix(1_900_000_000);
    let old = rehashed.password_hash.clone().unwrap();
    let replaced = world
        .users()
        .replace_hash(&rehashed.sub, &old, &new, now)
        .await;
    assert!(replaced.unwrap());

    let tally = world.import(&arguments).await.unwrap();
    assert_eq!(counts(&tally), (556, 44, 1));
    assert_eq!(world.all_users().await.len(), 600);
    assert_eq!(world.beside("ids.csv").lines().count(), 601);
    assert!(!checkpoint.exists());

    // With this checkpoint, a file of the same size or another stack starts from the beginning.
    let other = text.replace("user-1@", "user+1@");
    std::fs::write(&checkpoint, left.to_string()).unwrap();
    let tally = world.import(&world.file(&other, &[])).await.unwrap();
    assert_eq!(counts(&tally), (0, 599, 2));
    let second = World::new().await;
    std::fs::write(
        second.directory.path().join("users.ndjson.checkpoint.json"),
        left.to_string(),
    )
    .unwrap();
    let tally = second.import(&second.file(&text, &[])).await.unwrap();
    assert_eq!(counts(&tally), (600, 0, 1));
    second.target.close().await;
    world.target.close().await;
}

#[tokio::test]
async fn a_dry_run_finds_conflicts_with_the_table_and_with_deleted_accounts() {
    let world = World::new().await;
    world.import(&world.file(&lines(0..3), &[])).await.unwrap();
    let users = world.all_users().await;
    let tables = ImportTables::open(&world.target).unwrap();
    let now = gatehouse_auth::time::Timestamp::from_unix(1_900_000_000);
    tables.accounts.delete(users[2].clone(), now).await.unwrap();
    let text = format!(
        "{}{{\"username\":\"USER-0\"}}\n{{\"username\":\"new-one\",\"email\":\"user-1@example.org\"}}\n{{\"username\":\"other\",\"id\":1}}\n",
        lines(0..3)
    );
    let text = text.replace(
        "\"username\":\"",
        &format!("\"password_hash\":\"{HASH}\",\"username\":\""),
    );
    let text = text.replace(
        &format!(",\"password_hash\":\"{HASH}\",\"username\""),
        ",\"username\"",
    );
    for words in [&["--dry-run"][..], &[]] {
        let arguments = world.file(&text, words);
        let run = Run::new(&arguments, &tables, Pace::default());
        let tally = run.import().await.unwrap();
        assert_eq!(counts(&tally), (0, 2, 4));
        let report = world.beside("refused.ndjson");
        let fields: Vec<String> = report
            .lines()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                format!("{} {}", line["line"], line["field"].as_str().unwrap())
            })
            .collect();
        assert_eq!(fields, ["3 id", "4 username", "5 email", "6 id"]);
        assert!(report.contains("was deleted"), "{report}");
        assert!(!report.contains(HASH), "{report}");
    }
    world.target.close().await;
}

#[tokio::test]
async fn a_file_without_users_is_an_error() {
    let world = World::new().await;
    for text in [
        "[]",
        "username,password_hash\n",
        "{\"model\":\"a.b\",\"fields\":{}}",
    ] {
        let error = world.import(&world.file(text, &[])).await.unwrap_err();
        assert!(error.to_string().contains("contains no users"), "{error}");
    }
    world.target.close().await;
}

#[tokio::test]
async fn an_imported_user_can_log_in_with_the_old_password() {
    let world = World::new().await;
    world.import(&world.file(&lines(0..1), &[])).await.unwrap();
    let users = world.all_users().await;
    let hasher = Hasher::new(Argon2Params::default(), 1);
    let password = TypedPassword::new("seven quiet otters at dawn");
    let verified = hasher.verify(password, users[0].password_hash.clone());
    assert!(verified.await.unwrap().is_right());
    world.target.close().await;
}

#[tokio::test]
async fn a_line_that_the_table_rejects_is_named_and_does_not_keep_the_others_out() {
    let world = World::new().await;
    let tables = ImportTables::open(&world.target).unwrap();
    let mut users: Vec<User> = ["ada", "eve", "grace", "robin"]
        .map(gatehouse_testing::user)
        .into();
    // More than an item can have. No line of a file contains as much.
    users[2].email = Some("x".repeat(500_000));
    let mut batch = gatehouse_store::ImportBatch::default();
    assert!(users.iter().all(|user| batch.add(user)));
    let now = gatehouse_auth::time::Timestamp::from_unix(1_900_000_000);
    let (index, _) = tables.import(batch, now).await.unwrap_err();
    assert_eq!(index, 2);
    let there = world.all_users().await;
    let names = there.iter().map(|user| user.username_canonical.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["ada", "eve", "robin"]);
    world.target.close().await;
}
