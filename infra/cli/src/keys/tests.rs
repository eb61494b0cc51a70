use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::project;

/// Opens a new data directory.
async fn target(directory: &TempDir) -> Target {
    Target::open(&project::repository(), directory.path())
        .await
        .unwrap()
}

async fn ask(target: &Target, command: Command) -> anyhow::Result<Value> {
    Ok(execute(target, &command).await?.json)
}

fn states(list: &Value) -> Vec<(&str, &str)> {
    let keys = list["signing"].as_array().unwrap().iter();
    let state = |key: &'_ Value, name: &str| key[name].as_str().unwrap_or("no").to_owned();
    keys.map(|key| {
        assert_eq!(state(key, "ring"), state(key, "published"));
        (
            key["ring"].as_str().unwrap(),
            key["algorithm"].as_str().unwrap(),
        )
    })
    .collect()
}

#[tokio::test]
async fn keys_are_created_listed_rotated_and_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory).await;
    let first = ask(&target, Command::Rotate { now: false }).await.unwrap();
    assert_eq!(first["rotated"], true);
    let list = ask(&target, Command::List).await.unwrap();
    assert_eq!(states(&list), [("active", "ES256"), ("pending", "ES256")]);

    let early = ask(&target, Command::Rotate { now: false }).await.unwrap();
    assert_eq!(early["rotated"], false);
    assert!(early["promotable_at"].is_string());
    let immediate = ask(&target, Command::Rotate { now: true }).await.unwrap();
    assert_ne!(immediate["active"], first["active"]);
    let list = ask(&target, Command::List).await.unwrap();
    let expected = [
        ("retired", "ES256"),
        ("active", "ES256"),
        ("pending", "ES256"),
    ];
    assert_eq!(states(&list), expected);

    let kid = immediate["active"].as_str().unwrap().to_owned();
    let revoke = |kid: &str| Command::Revoke {
        kid: kid.to_owned(),
        refresh: true,
        yes: true,
    };
    ask(&target, revoke(&kid)).await.unwrap();
    let after = ask(&target, Command::List).await.unwrap();
    assert!(!after.to_string().contains(&kid));
    assert_eq!(
        (&list["floor"], &after["floor"]),
        (&list["version"], &after["version"])
    );
    assert_ne!(after["refresh"], list["refresh"]);
    for (kid, message) in [(kid.as_str(), "there is no key"), ("../x", "a key id")] {
        let error = ask(&target, revoke(kid)).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(message), "{error}");
    }
    target.close().await;
}

#[test]
fn an_id_that_begins_with_a_hyphen_is_not_an_option() {
    for kid in ["-abc", "--abc", "-h9_-abc", "abc"] {
        for line in [
            ["gatehouse", "keys", "revoke", "--yes", kid, "--json"],
            ["gatehouse", "keys", "revoke", kid, "--yes", "--json"],
        ] {
            let parsed: crate::Arguments = clap::Parser::try_parse_from(line).unwrap();
            assert!(parsed.json, "{line:?}");
            let crate::Command::Keys(arguments) = parsed.command else {
                panic!("{line:?}");
            };
            let Command::Revoke {
                kid: read,
                refresh: false,
                yes: true,
            } = arguments.command
            else {
                panic!("{line:?}");
            };
            assert_eq!(read, kid);
        }
    }
}

#[tokio::test]
async fn a_list_does_not_show_the_keys_themselves() {
    let directory = tempfile::tempdir().unwrap();
    let target = target(&directory).await;
    ask(&target, Command::Rotate { now: false }).await.unwrap();
    let listed = execute(&target, &Command::List).await.unwrap();
    let shown = format!("{}{}", listed.text, listed.json);
    let ring = std::fs::read_to_string(directory.path().join("key-ring.json")).unwrap();
    let ring: Value = serde_json::from_str(&ring).unwrap();
    for key in ring["signing"].as_array().unwrap() {
        assert!(!shown.contains(key["key"]["pkcs8"].as_str().unwrap()));
    }
    for key in ring["mac"].as_array().unwrap() {
        assert!(!shown.contains(key["key"]["k"].as_str().unwrap()));
    }
    target.close().await;
}
