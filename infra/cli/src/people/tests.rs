use std::path::PathBuf;

use gatehouse_auth::time::Timestamp;
use tempfile::TempDir;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const HASH: &str = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";

fn file(directory: &TempDir, name: &str, text: &[u8]) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Reads all of a file: line and name, or line and what is to blame.
fn outcomes(name: &str, text: &[u8]) -> Vec<(u64, String)> {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory, name, text);
    let records = Format::of(&path).unwrap().read(&path, |_| ()).unwrap();
    let outcome = |numbered: io::Result<Numbered>| {
        let Numbered { line, record } = numbered.unwrap();
        let user = record.and_then(|record| record.user("one", NOW));
        let said = user.map_or_else(
            |refusal| {
                assert!(!refusal.detail.contains("$2b$"), "{refusal:?}");
                format!("{}: {}", refusal.field, refusal.detail)
            },
            |user| user.username,
        );
        (line, said)
    };
    records.map(outcome).collect()
}

#[test]
fn a_line_of_json_is_a_user_or_a_reason() {
    let text = format!(
        concat!(
            "{{\"username\":\"ada\",\"password_hash\":\"{hash}\"}}\n",
            "\n",
            "{{\"username\":\"a b\",\"password_hash\":\"{hash}\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"md5$x$y\"}}\n",
            "{{\"username\":\"eve\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"admin\":true}}\n",
            "{{\"username\":\"eve\",\"username\":\"eva\",\"password_hash\":\"{hash}\"}}\n",
            "not json with {hash}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"email\":\"x\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"roles\":[\"A\"]}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"status\":\"gone\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"created_at\":\"now\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"id\":\"17\"}}\n",
            "{{\"username\":\"grace\",\"password_hash\":\"{hash}\"}}",
        ),
        hash = HASH
    );
    let outcomes = outcomes("users.ndjson", text.as_bytes());
    let fields: Vec<(u64, &str)> = outcomes
        .iter()
        .map(|(line, said)| (*line, said.split(':').next().unwrap()))
        .collect();
    let expected = [
        (1, "ada"),
        (3, "username"),
        (4, "password_hash"),
        (5, ""),
        (6, ""),
        (7, ""),
        (8, ""),
        (9, "email"),
        (10, "roles"),
        (11, "status"),
        (12, "created_at"),
        (13, "id"),
        (14, "grace"),
    ];
    assert_eq!(fields, expected, "{outcomes:#?}");
}

#[test]
fn a_line_without_an_end_takes_no_memory_and_spoils_no_other() {
    let long = format!("{{\"username\":\"{}\"}}\n", "x".repeat(1 << 20));
    let good = format!("{{\"username\":\"ada\",\"password_hash\":\"{HASH}\"}}\n");
    let text = format!("{good}{long}{good}");
    let outcomes = outcomes("users.ndjson", text.as_bytes());
    let said: Vec<&str> = outcomes.iter().map(|(_, said)| said.as_str()).collect();
    assert_eq!(said, ["ada", ": has more than 64 KiB", "ada"]);
}

#[test]
fn a_row_of_csv_is_a_user_or_a_reason() {
    let text = format!(
        "username,password_hash,email,roles\n\
         ada,{HASH},ada@example.org,user admin\n\
         \"grace\",\"{HASH}\",,\n\
         eve,{HASH}\n\
         ,{HASH},,\n\
         eve,,,\n"
    );
    let mut text = text.into_bytes();
    text.extend(b"\xff,x,,\n");
    let outcomes = outcomes("users.csv", &text);
    let said: Vec<&str> = outcomes.iter().map(|(_, said)| said.as_str()).collect();
    let expected = [
        "ada",
        "grace",
        ": has 2 fields, and not 4",
        "username: is missing",
        "eve",
        ": is not UTF-8",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_header_that_is_odd_is_refused_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    for (header, said) in [
        ("username,password\n", "there is no column \"password\""),
        (
            "username,username,password_hash\n",
            "the column username is there twice",
        ),
        ("username,email\n", "the column password_hash is missing"),
    ] {
        let path = file(&directory, "users.csv", header.as_bytes());
        let error = Format::Csv.read(&path, |_| ()).err().unwrap();
        assert!(format!("{error:#}").contains(said), "{error:#}");
    }
    assert!(Format::of(&PathBuf::from("users.json")).is_err());
}

#[test]
fn a_user_without_an_id_has_the_same_one_in_every_run_of_an_import() {
    let record = Record {
        username: "Ada".to_owned(),
        password_hash: Some(HASH.to_owned()),
        ..Record::default()
    };
    let sub = |import: &str| record.user(import, NOW).unwrap().sub;
    assert_eq!(sub("one"), sub("one"));
    assert_ne!(sub("one"), sub("two"));
    assert!(sub("one").to_bytes().is_some());
}
