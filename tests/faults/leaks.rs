//! Whatever the functions log in any case, and every refusal, is searched for secrets.

use std::io::{self, Write};
use std::sync::Once;

use gatehouse_tests::canaries::{self, Kind};
use serde_json::{Value, json};

use crate::events::Http;
use crate::functions::Function;
use crate::page::block_on;
use crate::people::{Beginning, PASSWORD};
use crate::world::World;

/// Searches what the functions log from now on in this process.
pub(crate) fn search_logs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .with_writer(|| Searched)
            .init();
    });
}

/// Makes the secrets of a beginning canaries.
pub(crate) fn register(beginning: &Beginning) {
    let people = &beginning.people;
    canaries::register(Kind::Password, PASSWORD);
    canaries::register(Kind::Hash, &people.hash);
    canaries::register(Kind::Code, &people.code);
    canaries::register(Kind::ClientSecret, &people.client);
    for login in [&people.own, &people.other, &people.root] {
        canaries::register(Kind::AccessToken, &login.access);
        canaries::register(Kind::RefreshToken, &login.refresh);
    }
    canaries::register_key_ring(&beginning.secrets.current());
}

/// Takes the lines of a log.
struct Searched;

impl Write for Searched {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        canaries::check_log_line(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The user agent of a refused login is logged.
#[test]
fn a_secret_in_a_log_line_of_a_case_is_found() {
    let agent = "planted-in-the-log-of-a-case";
    canaries::plant(agent);
    let before = canaries::tally();
    block_on(async {
        let mut world = World::begin(&Beginning::make().await);
        let login = Http {
            route: "POST /login",
            body: json!({"username": "nobody", "password": "wrong"}),
            ..Http::default()
        };
        let mut event: Value = serde_json::from_str(&login.event()).unwrap();
        event["requestContext"]["http"]["userAgent"] = json!(agent);
        let reply = world.send(Function::Login, &event.to_string()).await;
        assert_eq!(reply.outcome, "401");
    });
    assert!(canaries::is_found(agent));
    let after = canaries::tally();
    for kind in [Kind::Password, Kind::Key, Kind::Code, Kind::ClientSecret] {
        assert!(after.canaries.contains_key(&kind), "{kind:?}");
    }
    assert!(after.responses > before.responses);
}
