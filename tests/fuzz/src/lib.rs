//! What reads hostile bytes: one function for each format, which feeds the bytes to the code that
//! reads them in production, and checks what must hold of whatever is accepted.
//!
//! `cargo long fuzz` calls them with bytes that libFuzzer finds, and `cargo test --test fuzz` with
//! each entry of the corpus, mutations of them and random bytes. They are functions of their bytes:
//! the clock stands still, the keys are always the same, and no call leaves the process.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a target reports what it finds by a panic"
)]

mod bearer;
mod body;
mod cookies;
mod error;
mod event;
mod file;
mod functions;
mod jwk_set;
mod keys;
mod password_hash;
mod refresh_token;
mod template;
#[expect(dead_code, reason = "the command uses the rest")]
mod user_file;
mod users;

pub use bearer::bearer;
pub use body::{ENDPOINTS, Endpoint, body};
pub use cookies::cookies;
pub use event::event;
pub use jwk_set::jwk_set;
pub use keys::{access_token, published_keys, refresh_token as test_refresh_token};
pub use password_hash::password_hash;
pub use refresh_token::refresh_token;
pub use template::template;
pub use users::users;

/// A function that is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of the function, of its binary and of its folder in the corpus.
    pub name: &'static str,
    /// Panics if the bytes break a promise.
    pub run: fn(&[u8]),
}

/// Every function that is fuzzed.
pub const TARGETS: [Target; 9] = [
    Target::new("bearer", bearer),
    Target::new("body", body),
    Target::new("cookies", cookies),
    Target::new("event", event),
    Target::new("jwk_set", jwk_set),
    Target::new("password_hash", password_hash),
    Target::new("refresh_token", refresh_token),
    Target::new("template", template),
    Target::new("users", users),
];

impl Target {
    const fn new(name: &'static str, run: fn(&[u8])) -> Self {
        Self { name, run }
    }
}
