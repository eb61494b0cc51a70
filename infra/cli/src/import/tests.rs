use std::fmt::Write as _;
use std::path::Path;

use gatehouse_auth::password::{Argon2Params, Hasher, Password};
use gatehouse_store::Users;
use tempfile::TempDir;

use super::*;

const HASH: &str = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";

/// A data directory that no stack runs on, and a file.
struct World {
    directory: TempDir,
    place: Place,
}

impl World {
    async fn new() -> Self {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let place = Place::open(&template, &data).await.unwrap();
        Self { directory, place }
    }

    fn users(&self) -> Users {
        Users::new(
            self.place.tables(),
            self.place.table("USERS_TABLE").unwrap(),
        )
    }

    fn file(&self, text: &str) -> Arguments {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            arguments: Arguments,
        }
        let path = self.directory.path().join("users.ndjson");
        std::fs::write(&path, text).unwrap();
        let line: Line = clap::Parser::try_parse_from(["import", path.to_str().unwrap()]).unwrap();
        line.arguments
    }

    async fn import(&self, arguments: &Arguments) -> anyhow::Result<Tally> {
        import(arguments, Some((&self.users(), "users"))).await
    }

    fn beside(&self, name: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::read_to_string(path).unwrap_or_default()
    }
}

fn lines(range: std::ops::Range<u32>) -> String {
    let mut text = String::new();
    for number in range {
        let line = serde_json::json!({
            "username": format!("person-{number}"),
            "email": format!("person-{number}@example.org"),
            "password_hash": HASH,
        });
        writeln!(text, "{line}").unwrap();
    }
    text
}

fn tally(taken: u64, already: u64, refused: u64) -> Tally {
    Tally {
        taken,
        already,
        refused,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_lines_are_taken_over_and_each_can_be_found() {
    let world = World::new().await;
    let arguments = world.file(&lines(0..5_000));
    assert_eq!(world.import(&arguments).await.unwrap(), tally(5_000, 0, 0));
    let (mut seen, mut start) = (0, None);
    loop {
        let page = world.users().everybody(start.as_deref()).await.unwrap();
        seen += page.users.len();
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    assert_eq!(seen, 5_000);
    assert_eq!(world.beside("users.ndjson.checkpoint.json"), "");
    world.place.close().await;
}

#[tokio::test]
async fn refused_lines_are_reported_by_number_and_hold_up_no_other() {
    let world = World::new().await;
    let text = format!(
        "{}{}{{\"username\":\"x\",\"password_hash\":\"{HASH}\"}}\n{}",
        lines(0..3),
        lines(1..2),
        lines(3..4)
    );
    let arguments = world.file(&text);
    let dry = import(&arguments, None).await.unwrap();
    assert_eq!(dry, tally(5, 0, 1));
    assert_eq!(world.users().everybody(None).await.unwrap().users.len(), 0);
    // The second of two like lines is the first once more.
    assert_eq!(world.import(&arguments).await.unwrap(), tally(4, 1, 1));
    let report = world.beside("users.ndjson.refused.ndjson");
    assert!(
        report.starts_with(r#"{"line":5,"field":"username","detail":"#),
        "{report}"
    );
    assert!(!report.contains(HASH) && report.lines().count() == 1);

    // Another import of the same file: the names are somebody's.
    assert_eq!(world.import(&arguments).await.unwrap(), tally(0, 0, 6));
    let report = world.beside("users.ndjson.refused.ndjson");
    assert_eq!(report.matches("another user has it").count(), 5);
    world.place.close().await;
}

#[tokio::test]
async fn a_run_that_broke_off_is_taken_up_where_it_was() {
    let world = World::new().await;
    let arguments = world.file(&lines(0..600));
    // The table goes away amid the file: as it is when the network does.
    let elsewhere = Users::new(world.place.tables(), "elsewhere".into());
    assert!(
        import(&arguments, Some((&elsewhere, "users")))
            .await
            .is_err()
    );
    let first: Vec<String> = lines(0..600).lines().map(str::to_owned).collect();
    let left = world.beside("users.ndjson.checkpoint.json");
    let mut left: serde_json::Value = serde_json::from_str(&left).unwrap();
    assert_eq!(left["records"], 0);
    // 300 of them were written, and 256 of those are known to be.
    let name = left["import"].as_str().unwrap().to_owned();
    for line in &first[..300] {
        let record: crate::people::Record = serde_json::from_str(line).unwrap();
        let user = record.user(&name, Clock::System.now()).unwrap();
        assert_eq!(take(&world.users(), &user).await.unwrap(), Taken::Written);
    }
    left["records"] = 256.into();
    left["tally"]["taken"] = 256.into();
    let path = world.directory.path().join("users.ndjson.checkpoint.json");
    std::fs::write(path, left.to_string()).unwrap();
    assert_eq!(world.import(&arguments).await.unwrap(), tally(556, 44, 0));
    world.place.close().await;
}

#[tokio::test]
async fn a_checkpoint_of_another_file_is_not_gone_on_from() {
    let world = World::new().await;
    let arguments = world.file(&lines(0..2));
    let elsewhere = Users::new(world.place.tables(), "elsewhere".into());
    assert!(
        import(&arguments, Some((&elsewhere, "users")))
            .await
            .is_err()
    );
    let arguments = world.file(&lines(0..3));
    let error = world.import(&arguments).await.unwrap_err();
    assert!(error.to_string().contains("another file"), "{error}");
    world.place.close().await;
}

#[tokio::test]
async fn what_was_imported_can_log_in_by_its_own_hash() {
    let world = World::new().await;
    let arguments = world.file(&lines(0..1));
    world.import(&arguments).await.unwrap();
    let users = world.users().everybody(None).await.unwrap().users;
    let hasher = Hasher::new(Argon2Params::default(), 1);
    let password = Password::parse("seven quiet otters at dawn").unwrap();
    let verified = hasher.verify(password, users[0].password_hash.clone().unwrap());
    assert_eq!(verified.await, Ok(true));
    world.place.close().await;
}
