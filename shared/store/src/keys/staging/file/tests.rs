use std::os::unix::fs::PermissionsExt as _;

use gatehouse_auth::key::{Algorithm, KeyRing};
use gatehouse_auth::time::Timestamp;
use tempfile::TempDir;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// A ring file that does not exist yet, and its directory.
fn place() -> (FileRing, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key-ring.json");
    (FileRing::new(path), directory)
}

fn ring() -> KeyRing {
    KeyRing::first(Algorithm::EdDsa, NOW).unwrap()
}

fn is_pending(place: &FileRing, token: &str) -> bool {
    matches!(place.staged(token).unwrap(), Staged::Pending(_))
}

fn is_current(place: &FileRing, token: &str) -> bool {
    matches!(place.staged(token).unwrap(), Staged::Current)
}

#[test]
fn a_missing_file_is_a_ring_without_keys() {
    let (place, _directory) = place();
    let current = place.current().unwrap();
    assert_eq!((current.ring.version(), current.id.as_str()), (0, "0"));
    assert!(matches!(place.staged("a").unwrap(), Staged::Absent));
    assert!(!place.promote("a", "0").unwrap());
}

#[test]
fn a_pending_ring_takes_effect() {
    let (place, _directory) = place();
    let ring = ring();
    place.stage("a", &ring).unwrap();
    assert!(is_pending(&place, "a"));
    assert_eq!(place.current().unwrap().ring.version(), 0);
    assert!(place.promote("a", "0").unwrap());
    assert!(is_current(&place, "a"));
    assert!(place.current().unwrap().ring.is_same(&ring));
}

#[test]
fn a_pending_ring_is_staged_once_and_replaced_by_that_of_another_rotation() {
    let (place, _directory) = place();
    let (first, second) = (ring(), ring());
    place.stage("a", &first).unwrap();
    place.stage("a", &second).unwrap();
    let Staged::Pending(pending) = place.staged("a").unwrap() else {
        panic!("it is not pending");
    };
    assert!(pending.is_same(&first));
    place.stage("b", &second).unwrap();
    assert!(matches!(place.staged("a").unwrap(), Staged::Absent));
    assert!(is_pending(&place, "b"));
}

#[test]
fn a_ring_takes_effect_only_in_place_of_the_one_that_was_read() {
    let (place, _directory) = place();
    place.stage("a", &ring()).unwrap();
    assert!(!place.promote("a", "1").unwrap());
    assert!(!place.promote("b", "0").unwrap());
    assert_eq!(place.current().unwrap().ring.version(), 0);
}

#[test]
fn only_the_pending_ring_of_the_same_rotation_is_discarded() {
    let (place, _directory) = place();
    place.stage("a", &ring()).unwrap();
    place.discard("b").unwrap();
    assert!(is_pending(&place, "a"));
    place.discard("a").unwrap();
    place.discard("a").unwrap();
    assert!(matches!(place.staged("a").unwrap(), Staged::Absent));
}

#[test]
fn only_its_owner_may_read_a_ring() {
    let (place, directory) = place();
    place.stage("a", &ring()).unwrap();
    place.promote("a", "0").unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        ["key-ring.json", "key-ring.lock", "key-ring.pending.json"]
    );
}

/// A killed process has left half a draft, which is never read.
#[test]
fn files_left_by_a_killed_writer_are_harmless() {
    let (place, directory) = place();
    let mut draft = tempfile::NamedTempFile::new_in(directory.path()).unwrap();
    draft.disable_cleanup(true);
    fs::write(draft.path(), "x".repeat(9_999)).unwrap();
    let ring = ring();
    place.stage("a", &ring).unwrap();
    assert!(place.promote("a", "0").unwrap());
    assert!(place.current().unwrap().ring.is_same(&ring));
}

#[test]
fn an_error_about_a_malformed_pending_ring_does_not_quote_it() {
    let (place, directory) = place();
    let secret = "AAAA-secret";
    let text = format!(r#"{{"token":"a","ring":"{secret}"}}"#);
    for text in [text.as_str(), secret] {
        fs::write(directory.path().join("key-ring.pending.json"), text).unwrap();
        let error = place.staged("a").unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}

#[test]
fn one_of_many_concurrent_promotions_succeeds() {
    let (place, _directory) = place();
    let ring = ring();
    place.stage("a", &ring).unwrap();
    let moved = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| place.promote("a", "0").unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .filter(|moved| *moved)
            .count()
    });
    assert_eq!(moved, 1);
}
