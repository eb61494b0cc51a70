//! Leaks: every secret that the harness creates, types or receives is a canary, and every log
//! line, response and mail of a local stack is searched for all of them, as it arrives.
//!
//! A secret that is found ends the process, so that no test can pass beside it. Secrets stay in
//! memory: what a failure shows is the text before the secret.

mod found;
mod read;
mod registry;

use std::io::Write as _;
use std::process;
use std::sync::LazyLock;

use reqwest::Request;
use serde_json::json;

use crate::binaries::target_folder;
use crate::response::Response;

pub use found::{Found, Place};
pub use registry::{Canaries, Kind, Tally};

/// The canaries of this process.
static ALL: LazyLock<Canaries> = LazyLock::new(Canaries::default);

/// Makes a secret a canary.
pub fn register(kind: Kind, secret: &str) {
    stop_at(ALL.register(kind, secret));
}

/// Makes a text a canary that a test plants where it will be found.
pub fn plant(text: &str) {
    ALL.register(Kind::Planted, text);
}

/// Returns whether a planted canary was found.
pub fn is_found(text: &str) -> bool {
    ALL.is_found(text)
}

/// Returns how much was searched for how many canaries so far.
pub fn tally() -> Tally {
    ALL.tally()
}

/// Makes the secrets of a key ring canaries.
pub fn register_key_ring(ring: &str) {
    for secret in read::private_members(ring) {
        register(Kind::Key, &secret);
    }
}

/// The passwords in a request.
pub(crate) struct Passwords(Vec<String>);

impl Passwords {
    /// Makes them canaries, once the response shows that they are somebody's: tests also try
    /// public texts as passwords, such as ids and digests, which logs may have.
    pub(crate) fn register_if_right(&self, response: &Response) {
        if (200..300).contains(&response.status) {
            for password in &self.0 {
                register(Kind::Password, password);
            }
        }
    }
}

/// Makes the tokens and codes in a request canaries, and returns its passwords.
pub(crate) fn register_request(request: &Request) -> Passwords {
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let body = String::from_utf8_lossy(body.unwrap_or_default());
    let headers = request.headers().values();
    let headers = headers.filter_map(|value| value.to_str().ok());
    for text in headers.chain([&*body]) {
        for (kind, secret) in read::tokens(text) {
            register(kind, secret);
        }
    }
    Passwords(read::passwords(&body))
}

/// Searches a line that a function or the stack itself has logged.
pub fn check_log_line(line: &str) {
    stop_at(ALL.search(Place::Log, line, &[]));
    let tally = ALL.tally();
    if tally.lines.is_multiple_of(NOTED) {
        note(&tally);
    }
}

/// After how many lines the tally is written again.
const NOTED: u64 = 100;

/// Searches the body of a refusal, which issues nothing.
pub fn check_refusal(body: &str) {
    stop_at(ALL.search(Place::Response, body, &[]));
}

/// Writes the tally, and no secret, to `target/tmp/canaries/SUITE.json`, where `.ci/run` reads it:
/// no test of a suite runs last.
fn note(tally: &Tally) {
    let suite = std::env::current_exe().unwrap_or_default();
    let suite = suite.file_stem().unwrap_or_default().to_string_lossy();
    let suite = suite.rsplit_once('-').map_or(&*suite, |(suite, _)| suite);
    let folder = target_folder().join("tmp/canaries");
    let text = json!({
        "canaries": tally.canaries.values().sum::<u64>(),
        "lines": tally.lines,
        "responses": tally.responses,
        "mails": tally.mails,
        "bytes": tally.bytes,
    });
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join(format!("{suite}.json")), text.to_string()));
    // `.ci/run` fails without it.
    drop(written);
}

/// Searches a response. Only `/login` and `/refresh` issue tokens.
pub(crate) fn check_response(path: &str, response: &Response) {
    let headers = response
        .headers
        .values()
        .filter_map(|value| value.to_str().ok());
    let texts: Vec<&str> = headers.chain([response.text.as_str()]).collect();
    let may_issue = ["/login", "/refresh"].contains(&path) && response.status == 200;
    let mut issued = Vec::new();
    for text in &texts {
        for (kind, secret) in read::tokens(text) {
            register(kind, secret);
            if may_issue {
                issued.push(secret);
            }
        }
    }
    for text in texts {
        stop_at(ALL.search(Place::Response, text, &issued));
    }
}

/// Searches a mail, which may hold the one code that it is about.
pub(crate) fn check_mail(text: &str, code: Option<&str>) {
    if let Some(code) = code {
        register(Kind::Code, code);
    }
    let code: Vec<&str> = code.into_iter().collect();
    stop_at(ALL.search(Place::Mail, text, &code));
}

/// Ends the process if there is a leak: a test that fails would only be one of many.
fn stop_at(found: Option<Found>) {
    if let Some(found) = found {
        drop(writeln!(std::io::stderr(), "LEAK: {found}"));
        process::exit(101);
    }
}
