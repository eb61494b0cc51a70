use std::path::Path;

use gatehouse_auth::random;
use gatehouse_edge::clock::Clock;
use gatehouse_store::ClientRequestToken;

use super::*;

const HASH: &str = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";

async fn place(data: &Path) -> Place {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    Place::open(&template, data).await.unwrap()
}

fn users(place: &Place) -> Users {
    Users::new(place.tables(), place.table("USERS_TABLE").unwrap())
}

async fn add(users: &Users, line: &str) {
    let record: Record = serde_json::from_str(line).unwrap();
    let user = record.user("one", Clock::System.now()).unwrap();
    let token = ClientRequestToken::from_bytes(random::bytes().unwrap());
    users.register(&user, &token).await.unwrap();
}

fn sorted(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Out of one stack, into another, and out again: the same file, in both formats.
#[tokio::test]
async fn what_is_exported_is_imported_and_exported_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let first = place(&directory.path().join("first")).await;
    let line = |name: &str, more: &str| {
        format!(r#"{{"username":"{name}","password_hash":"{HASH}"{more}}}"#)
    };
    let full = concat!(
        r#","email":"Ada@Example.org","roles":["admin","user"],"status":"disabled","#,
        r#""token_version":7,"session_version":3,"created_at":"2020-01-01T00:00:00Z","#,
        r#""updated_at":"2021-01-01T00:00:00Z","password_changed_at":"2020-06-01T00:00:00Z""#,
    );
    add(&users(&first), &line("Ada", full)).await;
    add(&users(&first), &line("grace", "")).await;
    for name in ["users.ndjson", "users.csv"] {
        let path = directory.path().join(name);
        assert_eq!(export(&users(&first), &path).await.unwrap(), 2);
        let second = place(&directory.path().join(format!("second-{name}"))).await;
        let records = Format::of(&path).unwrap().read(&path, |_| ()).unwrap();
        for numbered in records {
            let record = numbered.unwrap().record.unwrap_or_default();
            let record = serde_json::to_string(&record).unwrap();
            add(&users(&second), &record).await;
        }
        let again = directory.path().join(format!("again-{name}"));
        assert_eq!(export(&users(&second), &again).await.unwrap(), 2);
        assert_eq!(sorted(&again), sorted(&path), "{name}");
        second.close().await;
    }
    let text = std::fs::read_to_string(directory.path().join("users.ndjson")).unwrap();
    assert!(
        text.contains(HASH) && text.contains(r#""token_version":7"#),
        "{text}"
    );
    first.close().await;
}

#[tokio::test]
async fn an_export_is_its_owners_alone_and_overwrites_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let place = place(&directory.path().join("data")).await;
    let path = directory.path().join("users.csv");
    export(&users(&place), &path).await.unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(export(&users(&place), &path).await.is_err());
    place.close().await;
}
