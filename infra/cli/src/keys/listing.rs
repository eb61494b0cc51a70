//! The keys, as a table and as JSON.

use gatehouse_auth::key::{
    KeyRing, KeyState, Kid, PublishedKeyEntry, PublishedKeys, SigningKeyEntry,
};
use gatehouse_auth::time::Timestamp;
use serde_json::{Value, json};

use crate::output::{Output, table};

/// Lists every key in the ring, and published keys that are not in it.
pub(super) fn keys(ring: &KeyRing, published: &PublishedKeys, now: Timestamp) -> Output {
    let signing: Vec<Row> = rows(ring, published, now);
    let floor = published.floor();
    let limit = match floor {
        0 => String::new(),
        floor => format!("; no version before {floor} may sign"),
    };
    let mut text = format!("Key ring, version {}{limit}\n\n", ring.version());
    let state = |state: Option<KeyState>| state.map_or("no", name).to_owned();
    let rows = signing.iter().map(|row| {
        [
            row.kid.to_string(),
            row.algorithm.to_owned(),
            state(row.held),
            state(row.published),
            row.since.to_string(),
        ]
    });
    text += &table(
        ["signing key", "algorithm", "ring", "published", "since"],
        rows,
    );
    text.push('\n');
    let rows = ring.mac_keys().map(|entry| {
        let (id, since) = (entry.id.to_string(), entry.since.to_string());
        [id, name(entry.state).to_owned(), since]
    });
    text += &table(["refresh MAC key", "ring", "since"], rows);
    let refresh = ring.mac_keys().map(|entry| {
        json!({
            "id": entry.id.to_string(), "state": name(entry.state),
            "since": entry.since.to_string(),
        })
    });
    let json = json!({
        "version": ring.version(),
        "floor": floor,
        "signing": signing.iter().map(Row::json).collect::<Vec<_>>(),
        "refresh": refresh.collect::<Vec<_>>(),
    });
    Output::new(text, json)
}

/// A signing key in the ring, in the table of published keys, or in both.
struct Row<'a> {
    kid: &'a Kid,
    algorithm: &'static str,
    held: Option<KeyState>,
    published: Option<KeyState>,
    since: Timestamp,
}

impl Row<'_> {
    fn json(&self) -> Value {
        json!({
            "kid": self.kid, "algorithm": self.algorithm, "ring": self.held.map(name),
            "published": self.published.map(name), "since": self.since.to_string(),
        })
    }
}

fn rows<'a>(ring: &'a KeyRing, published: &'a PublishedKeys, now: Timestamp) -> Vec<Row<'a>> {
    // Verifiers stop using a retired key on their own, before it is removed.
    let live = |entry: &PublishedKeyEntry<'_>| published.kids(now).any(|kid| kid == entry.kid);
    let row = |held: SigningKeyEntry<'a>| {
        let shown = published.entries().find(|entry| entry.kid == held.kid);
        let shown = shown.filter(live);
        Row {
            kid: held.kid,
            algorithm: held.algorithm.name(),
            held: Some(held.state),
            published: shown.map(|entry| entry.state),
            since: shown.map_or(held.since, |entry| entry.since),
        }
    };
    let is_unknown = |entry: &PublishedKeyEntry<'_>| {
        live(entry) && !ring.signing_keys().any(|held| held.kid == entry.kid)
    };
    let unknown = published.entries().filter(is_unknown).map(|entry| Row {
        kid: entry.kid,
        algorithm: entry.algorithm.name(),
        held: None,
        published: Some(entry.state),
        since: entry.since,
    });
    ring.signing_keys().map(row).chain(unknown).collect()
}

fn name(state: KeyState) -> &'static str {
    match state {
        KeyState::Pending => "pending",
        KeyState::Active => "active",
        KeyState::Retired => "retired",
    }
}
