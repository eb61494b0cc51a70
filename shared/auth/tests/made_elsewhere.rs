//! Hashes by other libraries: `hashes/make.py` creates them, and `docs/password-hashes.md`
//! lists their formats. Each row of that page is imported here and then verified, or
//! rejected.
//!
//! `GATEHOUSE_HASHES` names a file of fresh hashes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gatehouse_auth::password::{
    Argon2Params, Hasher, Password, TypedPassword, Verified, describe, import,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    by: String,
    form: String,
    password: String,
    hash: String,
    /// Words of the error, if this format is rejected.
    refused: Option<String>,
    /// True if it means that the account has no password.
    #[serde(default)]
    nobody: bool,
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn made() -> Vec<Made> {
    let committed = here().join("tests/hashes/made.json");
    #[expect(
        clippy::disallowed_methods,
        reason = "the path to the hashes is not a setting"
    )]
    let path = std::env::var_os("GATEHOUSE_HASHES").map_or(committed, PathBuf::from);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

async fn verify(hasher: &Hasher, typed: &str, hash: &str) -> Verified {
    let typed = TypedPassword::new(typed);
    let stored = import(hash).unwrap();
    hasher.verify(typed, stored).await.unwrap()
}

/// The passwords include decomposed letters, a no-break space, a tab, a trailing newline,
/// and one that is too short for a new password.
#[tokio::test(flavor = "multi_thread")]
async fn every_supported_hash_lets_in_only_its_owner() {
    let hasher = Hasher::new(Argon2Params::default(), 2);
    let mut work = tokio::task::JoinSet::new();
    for made in made() {
        if made.nobody {
            assert!(import(&made.hash).unwrap().is_none(), "{}", made.form);
        } else if made.refused.is_none() {
            let hasher = hasher.clone();
            work.spawn(async move {
                let name = format!("{}, {}", made.by, made.form);
                let right = verify(&hasher, &made.password, &made.hash).await;
                assert_eq!(right, Verified::Outdated, "{name}: {:?}", made.password);
                let wrong = verify(&hasher, "another password", &made.hash).await;
                assert_eq!(wrong, Verified::Wrong, "{name}");
            });
        }
    }
    assert!(work.len() > 40);
    work.join_all().await;
}

#[test]
fn every_rejected_hash_is_named_in_the_error() {
    let mut refusals = 0;
    for made in made() {
        let Some(words) = &made.refused else { continue };
        let error = import(&made.hash).unwrap_err().to_string();
        assert!(error.contains(words.as_str()), "{}: {error}", made.form);
        assert!(!error.contains(&made.hash), "a message repeats no hash");
        refusals += 1;
    }
    assert!(refusals > 25);
}

/// Some hashes contain a project's secrets, so a description must be selective.
#[test]
fn no_description_contains_any_part_of_the_hash() {
    for made in made() {
        let Ok(Some(stored)) = import(&made.hash) else {
            continue;
        };
        let described = describe(&stored).unwrap();
        let fields = stored.expose().split(['$', ',', '=', ':']);
        for secret in fields.filter(|field| field.len() > 8) {
            assert!(
                !described.contains(secret) || secret.starts_with("argon2"),
                "{}",
                made.form
            );
        }
    }
}

#[tokio::test]
async fn after_one_login_a_hash_of_the_typed_text_matches_in_both_spellings() {
    let hasher = Hasher::new(Argon2Params::default(), 2);
    let (decomposed, composed) = (
        "gro\u{df}te U\u{308}berraschung",
        "gro\u{df}te \u{dc}berraschung",
    );
    let typed = TypedPassword::new(decomposed);
    let ours = hasher.hash(typed.normalised(), [7; 16]).await.unwrap();
    for spelling in [decomposed, composed] {
        let typed = TypedPassword::new(spelling);
        let verified = hasher.verify(typed, Some(ours.clone())).await;
        assert_eq!(verified, Ok(Verified::Right));
    }
    let new = Password::parse(composed).unwrap();
    let again = hasher.hash(new, [7; 16]).await.unwrap();
    assert_eq!(again.expose(), ours.expose());
}

#[test]
fn the_documented_formats_are_those_of_this_test() {
    let path = here().join("../../docs/password-hashes.md");
    let page = std::fs::read_to_string(path).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> = rows
        .map(|row| row.split('`').next().unwrap().to_owned())
        .collect();
    let tested: BTreeSet<String> = made().into_iter().map(|made| made.form).collect();
    assert_eq!(documented, tested);
}
