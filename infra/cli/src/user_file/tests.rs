mod csv;

use clap::Parser;
use encoding_rs::Encoding;
use gatehouse_auth::time::Timestamp;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const HASH: &str = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";

/// The contents of a file: for each entry its line and username, or line, field and reason.
struct Contents {
    entries: Vec<(u64, String)>,
    warnings: Vec<(u64, String)>,
    records: Vec<Record>,
}

impl Contents {
    fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|(_, text)| text.as_str()).collect()
    }

    fn fields(&self) -> Vec<(u64, &str)> {
        let fields = self.entries.iter();
        fields
            .map(|(line, text)| (*line, text.split(':').next().unwrap()))
            .collect()
    }
}

fn columns(words: &[&str]) -> Columns {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        columns: Columns,
    }
    Line::try_parse_from([&["import"], words].concat())
        .unwrap()
        .columns
}

fn read(text: &[u8], words: &[&str], encoding: Option<&str>) -> anyhow::Result<Contents> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("users");
    std::fs::write(&path, text).unwrap();
    let encoding = encoding.and_then(|label| Encoding::for_label(label.as_bytes()));
    let source = Source::scan(&path, encoding)?;
    let mut contents = Contents {
        entries: Vec::new(),
        warnings: Vec::new(),
        records: Vec::new(),
    };
    for entry in source.entries(&columns(words), |_| ())? {
        let entry = entry?;
        let describe = |remark: &Remark| {
            assert!(!remark.detail.contains("$2b$"), "{remark:?}");
            format!("{}: {}", remark.field, remark.detail)
        };
        let text = match entry.record {
            Ok(record) => match record.user(NOW) {
                Ok(user) => {
                    contents.records.push(record);
                    user.username
                }
                Err(remark) => describe(&remark),
            },
            Err(NoUser::Refused(remark)) => describe(&remark),
            Err(NoUser::OtherModel(model)) => format!("skipped: {model}"),
        };
        contents.entries.push((entry.line, text));
        let warnings = entry.warnings.iter().map(|one| (entry.line, describe(one)));
        contents.warnings.extend(warnings);
    }
    Ok(contents)
}

fn plain(text: impl AsRef<[u8]>) -> Contents {
    read(text.as_ref(), &[], None).unwrap()
}

fn error(text: impl AsRef<[u8]>, words: &[&str]) -> String {
    let error = read(text.as_ref(), words, None).err().unwrap();
    format!("{error:#}")
}

#[test]
fn a_refused_line_reports_its_field_and_what_was_expected() {
    let text = format!(
        concat!(
            "{{\"username\":\"ada\",\"password_hash\":\"{hash}\"}}\n",
            "\n",
            "{{\"username\":\"a b\",\"password_hash\":\"{hash}\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"md5$x$y\"}}\n",
            "{{\"email\":\"eve@example.org\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"admin\":true}}\n",
            "{{\"username\":\"eve\",\"username\":\"eva\",\"password_hash\":\"{hash}\"}}\n",
            "not json with {hash}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"email\":\"x\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"roles\":[\"A\"]}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"status\":\"gone\"}}\n",
            "{{\"username\":17,\"password_hash\":\"{hash}\"}}\n",
            "{{\"username\":\"eve\",\"password_hash\":[\"{hash}\"]}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"roles\":[1]}}\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\",\"token_version\":-1}}\n",
            "[\"{hash}\"]\n",
            "{{\"username\":\"eve\",\"password_hash\":\"{hash}\"\n",
            "{{\"username\":\"grace\",\"password_hash\":\"{hash}\"}}",
        ),
        hash = HASH
    );
    // With Windows line endings, the result is the same.
    for text in [text.replace('\n', "\r\n"), text] {
        let contents = plain(&text);
        assert_eq!(
            contents.fields(),
            [
                (1, "ada"),
                (3, "username"),
                (4, "password_hash"),
                (5, "username"),
                (6, "admin"),
                (7, "username"),
                (8, ""),
                (9, "email"),
                (10, "roles"),
                (11, "status"),
                (12, "username"),
                (13, "password_hash"),
                (14, "roles"),
                (15, "token_version"),
                (16, ""),
                (17, ""),
                (18, "grace"),
            ]
        );
        let names = contents.names();
        assert_eq!(names[3], "username: is missing");
        assert!(names[4].contains("--ignore admin"), "{}", names[4]);
        assert_eq!(names[5], "username: is given more than once");
        assert_eq!(names[10], "username: must be text, not a number");
        assert_eq!(names[11], "password_hash: must be text, not an array");
    }
}

#[test]
fn an_overlong_line_is_skipped_without_affecting_others() {
    let long = format!("{{\"username\":\"{}\"}}\n", "x".repeat(2 << 20));
    let valid = format!("{{\"username\":\"ada\",\"password_hash\":\"{HASH}\"}}\n");
    let contents = plain(format!("{valid}{long}{valid}"));
    let expected = [
        "ada",
        ": has more than 1 MiB, which is too long for a user",
        "ada",
    ];
    assert_eq!(contents.names(), expected);
}

#[test]
fn an_array_is_read_element_by_element_and_an_incomplete_one_is_an_error() {
    let ada = format!("{{\"username\": \"ada\",\n  \"password_hash\": \"{HASH}\"}}");
    let text = format!("[\n{ada},\n{{\"username\": \"[\\\"\"}}, {ada}\n]\n");
    let contents = plain(&text);
    assert_eq!(contents.fields(), [(2, "ada"), (4, "username"), (4, "ada")]);
    let contents = plain(text.replace('\n', "\r\n"));
    assert_eq!(contents.fields(), [(2, "ada"), (4, "username"), (4, "ada")]);
    for (text, expected) in [
        (
            format!("[\n{ada},\n"),
            "line 4: the file ends inside the array",
        ),
        (format!("[\n{ada},\n{{\"username\""), "begins on line 4"),
        (
            format!("[{ada} {ada}]"),
            "line 2: expected a comma or ] after an element",
        ),
        (format!("[{ada}] {ada}"), "line 2: there is text outside"),
        ("[17]".to_owned(), "line 1: an element of the array"),
    ] {
        let error = error(&text, &[]);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn users_in_a_django_dump_are_read_and_other_records_skipped() {
    let text = format!(
        r#"[
{{"model": "contenttypes.contenttype", "pk": 1, "fields": {{"app_label": "auth"}}}},
{{"model": "auth.user", "pk": 17, "fields": {{
  "password": "{HASH}", "last_login": null, "is_superuser": true, "username": "ada",
  "first_name": "Ada", "last_name": "L", "email": "", "is_staff": true, "is_active": false,
  "date_joined": "2024-01-15T08:00:00.123Z", "groups": [1], "user_permissions": []}}}},
{{"model": "people.member", "pk": "x", "fields": {{"password": "{HASH}", "username": "eve", "phone": "1"}}}}
]"#
    );
    let contents = plain(&text);
    let expected = [(2, "skipped"), (3, "ada"), (7, "phone")];
    assert_eq!(contents.fields(), expected, "{:?}", contents.names());
    let ada = &contents.records[0];
    assert_eq!(ada.id.as_deref(), Some("17"));
    assert_eq!(ada.email, None);
    assert_eq!(ada.status.as_deref(), Some("disabled"));
    assert_eq!(ada.created_at.as_deref(), Some("2024-01-15T08:00:00Z"));
    assert_eq!(contents.warnings.len(), 1);
    assert!(contents.warnings[0].1.starts_with("is_superuser: "));
    let contents = read(text.as_bytes(), &["--ignore", "phone"], None).unwrap();
    assert_eq!(contents.fields()[2], (7, "eve"));
}

#[test]
fn an_invalid_time_is_left_out_with_a_warning() {
    let text = format!(
        "username,password_hash,created_at\nada,{HASH},15/01/2024\neve,{HASH},2024-01-15 08:00:00+00\n"
    );
    let contents = plain(&text);
    assert_eq!(contents.names(), ["ada", "eve"]);
    assert_eq!(contents.records[0].created_at, None);
    let created = contents.records[1].created_at.as_deref();
    assert_eq!(created, Some("2024-01-15T08:00:00Z"));
    assert_eq!(contents.warnings.len(), 1);
    assert!(
        contents.warnings[0].1.starts_with("created_at: "),
        "{:?}",
        contents.warnings
    );
}

#[test]
fn a_line_has_the_same_digest_in_every_format() {
    let json = format!(
        r#"{{"username":"ada","password_hash":"{HASH}","roles":["user","admin"],"id":17,"created_at":1705305600,"email":null}}"#
    );
    let csv = format!(
        "ID;Roles;Username;Password_Hash;email;created_at\n17;admin user; ada ;{HASH};;2024-01-15 08:00:00\n"
    );
    let (json, csv) = (plain(json), plain(csv));
    let digest = json.records[0].digest();
    assert_eq!(digest, csv.records[0].digest());
    // It is stored with accounts. If it changed, lines that were imported would be refused.
    assert_eq!(digest, "jNZY-JM6sJmrXkpn0URkH9ugQt6NENeRvgYWtCAt4t0");
}

#[test]
fn uuids_and_exported_ids_become_the_subject_and_others_the_external_id() {
    let user = |id: &str, more: &str| {
        let text = format!(r#"{{"username":"ada","password_hash":"{HASH}","id":"{id}"{more}}}"#);
        let contents = plain(text);
        contents
            .records
            .first()
            .map(|record| record.user(NOW).unwrap())
    };
    let own = "AAECAwQFBgcICQoLDA0ODw";
    for uuid in [
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "00010203-0405-0607-0809-0A0B0C0D0E0F",
        "{00010203-0405-0607-0809-0a0b0c0d0e0f}",
        "urn:uuid:00010203-0405-0607-0809-0a0b0c0d0e0f",
        "000102030405060708090a0b0c0d0e0f",
    ] {
        let user = user(uuid, "").unwrap();
        assert_eq!(user.sub.as_str(), own);
        assert_eq!(user.external_id.unwrap().as_str(), uuid);
    }
    let exported = user(own, r#","token_version":0"#).unwrap();
    assert_eq!(exported.sub.as_str(), own);
    assert_eq!(exported.external_id, None);
    let kept = user(own, r#","token_version":0,"external_id":"17""#).unwrap();
    assert_eq!(kept.external_id.unwrap().as_str(), "17");
    for old in [own, "17", "auth0|5f7c8ec7c33c6c004bbafe82"] {
        let user = user(old, "").unwrap();
        assert_ne!(user.sub.as_str(), own);
        assert!(user.sub.to_bytes().is_some());
        assert_eq!(user.external_id.unwrap().as_str(), old);
    }
    assert!(user("17", r#","external_id":"18""#).is_none());
    assert!(user(&"1".repeat(129), "").is_none());
}

#[test]
fn a_user_without_a_password_is_read() {
    let hashes = [r#""""#, "null", r#""!x7Yk""#, r#""!""#, r#""*""#];
    let lines = hashes.map(|hash| format!(r#"{{"username":"ada","password_hash":{hash}}}"#));
    let contents = plain(format!("{}\n{{\"username\":\"eve\"}}\n", lines.join("\n")));
    assert_eq!(contents.records.len(), 6, "{:?}", contents.names());
    for record in &contents.records {
        assert!(record.user(NOW).unwrap().password_hash.is_none());
    }
}

#[test]
fn a_verified_address_stays_verified_and_a_proof_of_no_address_is_left_out() {
    let line = |more: &str| format!("{{\"username\":\"ada\"{more}}}");
    let with_email = |verified: &str| {
        let more = format!(r#","email":"ada@example.org","email_verified":{verified}"#);
        let contents = plain(line(&more));
        let proven = contents
            .records
            .first()
            .map(|record| record.user(NOW).unwrap());
        (
            proven.map(|user| user.email_verified_at),
            contents.entries[0].1.clone(),
        )
    };
    for verified in ["true", r#""Yes""#, "1", r#"" t ""#] {
        assert_eq!(with_email(verified).0, Some(Some(NOW)), "{verified}");
    }
    for unverified in ["false", r#""no""#, "0", "null", r#""""#] {
        assert_eq!(with_email(unverified).0, Some(None), "{unverified}");
    }
    for (invalid, reason) in [
        (
            r#""maybe""#,
            "email_verified: must be true (1) or false (0)",
        ),
        (
            "[true]",
            "email_verified: must be true or false, not an array",
        ),
    ] {
        assert_eq!(with_email(invalid), (None, reason.to_owned()));
    }
    let contents = plain(line(r#","email_verified":true"#));
    assert_eq!(
        contents.records[0].user(NOW).unwrap().email_verified_at,
        None
    );
    let warning = "email_verified: is true, but there is no email, so it was left out";
    assert_eq!(contents.warnings, [(1, warning.to_owned())]);
    // What is left out does not contribute to the digest.
    assert_eq!(
        contents.records[0].digest(),
        plain(line("")).records[0].digest()
    );
}
