use std::path::Path;

use gatehouse_edge::Clock;

use super::*;
use crate::project;
use crate::user_file::{Columns, Source};

const HASH: &str = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";

async fn target(data: &Path) -> Target {
    Target::open(&project::repository(), data).await.unwrap()
}

fn users(target: &Target) -> Users {
    Users::new(target.tables(), target.table("USERS_TABLE").unwrap())
}

async fn add(users: &Users, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("users");
    std::fs::write(&path, text).unwrap();
    let source = Source::scan(&path, None).unwrap();
    for entry in source.entries(&Columns::default(), |_| ()).unwrap() {
        let record = entry.unwrap().record.unwrap();
        let user = record.user(Clock::System.now()).unwrap();
        users.register(&user).await.unwrap();
    }
}

fn count(users: u64) -> Exported {
    Exported {
        users,
        missing: Vec::new(),
    }
}

fn sorted(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Exports from one stack, imports into another and exports again, in both formats.
#[tokio::test]
async fn an_export_survives_an_import_and_another_export() {
    let directory = tempfile::tempdir().unwrap();
    let first = target(&directory.path().join("first")).await;
    let line = |name: &str, more: &str| {
        format!(r#"{{"username":"{name}","password_hash":"{HASH}"{more}}}"#)
    };
    let full = concat!(
        r#","external_id":"17","email":"Ada@Example.org","email_verified":true,"roles":["admin","user"],"status":"disabled","#,
        r#""token_version":7,"session_version":3,"created_at":"2020-01-01T00:00:00Z","#,
        r#""updated_at":"2021-01-01T00:00:00Z","password_changed_at":"2020-06-01T00:00:00Z""#,
    );
    add(&users(&first), &line("Ada", full)).await;
    add(&users(&first), &line("grace", "")).await;
    let bare = r#","roles":[],"external_id":"NULL""#;
    add(&users(&first), &line("lin", bare)).await;
    for name in ["users.ndjson", "users.csv"] {
        let path = directory.path().join(name);
        assert_eq!(export(&users(&first), &path).await.unwrap(), count(3));
        let second = target(&directory.path().join(format!("second-{name}"))).await;
        add(&users(&second), &std::fs::read_to_string(&path).unwrap()).await;
        let again = directory.path().join(format!("again-{name}"));
        assert_eq!(export(&users(&second), &again).await.unwrap(), count(3));
        assert_eq!(sorted(&again), sorted(&path), "{name}");
        second.close().await;
    }
    let text = std::fs::read_to_string(directory.path().join("users.ndjson")).unwrap();
    assert!(
        text.contains(HASH)
            && text.contains(r#""email_verified":true"#)
            && text.contains(r#""token_version":7"#)
            && text.contains(r#""roles":[]"#),
        "{text}"
    );
    first.close().await;
}

#[tokio::test]
async fn an_export_is_only_readable_by_its_owner_and_overwrites_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory.path().join("data")).await;
    let path = directory.path().join("users.csv");
    export(&users(&target), &path).await.unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = export(&users(&target), &path).await.unwrap_err();
    let again = format!("{again:#}");
    assert!(again.contains("exists"), "{again}");
    target.close().await;
}

#[tokio::test]
async fn an_unreadable_account_is_reported_and_does_not_hide_others() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory.path().join("data")).await;
    add(
        &users(&target),
        &format!(r#"{{"username":"ada","password_hash":"{HASH}"}}"#),
    )
    .await;
    let broken = target.tables().put_item();
    let broken = broken.table_name(target.table("USERS_TABLE").unwrap());
    let broken = broken.item("pk", AttributeValue::S("user#broken".into()));
    broken.send().await.unwrap();
    let path = directory.path().join("users.csv");
    let exported = export(&users(&target), &path).await.unwrap();
    assert_eq!((exported.users, exported.missing.len()), (1, 1));
    assert!(exported.missing[0].contains("user#broken"), "{exported:?}");
    target.close().await;
}

#[tokio::test]
async fn a_failed_export_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory.path().join("data")).await;
    let path = directory.path().join("users.csv");
    let nowhere = Users::new(target.tables(), "nowhere".to_owned());
    let failed = export(&nowhere, &path).await.unwrap_err();
    let failed = format!("{failed:#}");
    assert!(failed.contains("Scan was rejected"), "{failed}");
    let left = std::fs::read_dir(directory.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["data"]);
    target.close().await;
}
