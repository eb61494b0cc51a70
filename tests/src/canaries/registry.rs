//! The canaries, and the search for them.
//!
//! Each secret is known by the texts of 16 bytes in it, so that a part of one is found too. Also
//! found is what looks like a token, a code or a password hash, whether it is registered or not.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Found, Place, read};

/// What a canary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A password that somebody typed.
    Password,
    /// An access token; its secret is the signature.
    AccessToken,
    /// A refresh token; its secret is the MAC.
    RefreshToken,
    /// A code that is mailed, or handed over.
    Code,
    /// The secret of a client of `/introspect`.
    ClientSecret,
    /// A private member of the key ring.
    Key,
    /// The hash of a password.
    Hash,
    /// What a test plants where it will be found.
    Planted,
}

/// How much was searched.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// The canaries of each kind.
    pub canaries: BTreeMap<Kind, u64>,
    /// The lines of logs.
    pub lines: u64,
    /// The headers and bodies of responses.
    pub responses: u64,
    /// The mails.
    pub mails: u64,
    /// The bytes of all of these.
    pub bytes: u64,
}

/// Canaries, and what is searched for them.
#[derive(Debug, Default)]
pub struct Canaries(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The secrets, by each text of 16 bytes in them.
    windows: HashMap<[u8; WINDOW], Arc<Canary>>,
    known: BTreeSet<String>,
    /// The last lines: one may have been logged before the harness knew its secret.
    recent: VecDeque<String>,
    planted: BTreeSet<String>,
    tally: Tally,
}

#[derive(Debug)]
struct Canary {
    kind: Kind,
    secret: String,
}

/// How many bytes of a secret are a leak. Shorter secrets, as some tests type them, are words.
const WINDOW: usize = 16;
/// How many characters at the end of a token or code are its secret; before them are ids, which
/// logs may have.
const SECRET_END: usize = 40;
const RECENT: usize = 500;
/// What a password hash begins with.
const HASHES: [&str; 8] = [
    "$argon2",
    "$2a$",
    "$2b$",
    "$2y$",
    "$pbkdf2",
    "pbkdf2_sha",
    "$scrypt$",
    "scrypt:",
];

impl Canaries {
    /// Makes a secret a canary, and returns where it was found already.
    pub fn register(&self, kind: Kind, secret: &str) -> Option<Found> {
        let secret = match kind {
            Kind::AccessToken | Kind::RefreshToken | Kind::Code | Kind::Hash => {
                let start = secret.len().saturating_sub(SECRET_END);
                secret.get(start..)?
            }
            Kind::Password | Kind::ClientSecret | Kind::Key | Kind::Planted => secret,
        };
        if secret.len() < WINDOW {
            return None;
        }
        let mut state = self.state();
        if !state.known.insert(secret.to_owned()) {
            return None;
        }
        *state.tally.canaries.entry(kind).or_default() += 1;
        let canary = Arc::new(Canary {
            kind,
            secret: secret.to_owned(),
        });
        // A part of a password is a word.
        let windows = if kind == Kind::Password {
            1
        } else {
            usize::MAX
        };
        for window in secret.as_bytes().array_windows().take(windows) {
            if kind == Kind::Password || is_random(window) {
                state.windows.insert(*window, Arc::clone(&canary));
            }
        }
        let logged = state.recent.iter().find_map(|line| {
            let byte = line.find(secret)?;
            Some(Found::at(kind, Place::Log, line, byte))
        });
        logged.filter(|_| kind != Kind::Planted)
    }

    /// Searches a text, but for what is issued in it.
    pub fn search(&self, place: Place, text: &str, issued: &[&str]) -> Option<Found> {
        let mut state = self.state();
        state.count(place, text);
        let found = state.windows_in(text, issued);
        if let Some((byte, canary)) = found {
            if canary.kind != Kind::Planted {
                return Some(Found::at(canary.kind, place, text, byte));
            }
            state.planted.insert(canary.secret.clone());
        }
        if place == Place::Log {
            if state.recent.len() == RECENT {
                state.recent.pop_front();
            }
            state.recent.push_back(text.to_owned());
        }
        drop(state);
        let hash = HASHES.iter().find_map(|prefix| text.find(prefix));
        if let Some(byte) = hash {
            return Some(Found::at(Kind::Hash, place, text, byte));
        }
        let mut tokens = read::tokens(text).filter(|(_, token)| !issued.contains(token));
        let (kind, token) = tokens.next()?;
        let byte = text.find(token).unwrap_or_default();
        Some(Found::at(kind, place, text, byte))
    }

    /// Returns whether a planted canary was found.
    pub fn is_found(&self, text: &str) -> bool {
        self.state().planted.contains(text)
    }

    /// Returns how much was searched so far.
    pub fn tally(&self) -> Tally {
        self.state().tally.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, place: Place, text: &str) {
        let count = match place {
            Place::Log => &mut self.tally.lines,
            Place::Response => &mut self.tally.responses,
            Place::Mail => &mut self.tally.mails,
        };
        *count += 1;
        self.tally.bytes += text.len() as u64;
    }

    /// Returns the first canary in a text that is not issued there, and where it begins.
    fn windows_in(&self, text: &str, issued: &[&str]) -> Option<(usize, Arc<Canary>)> {
        let windows = text.as_bytes().array_windows().enumerate();
        let mut found = windows.filter_map(|(byte, window)| {
            let canary = self.windows.get(window)?;
            let is_whole = canary.kind != Kind::Password || text.contains(&canary.secret);
            // Another canary may share the text: a test sent the same code with a typo in it.
            let is_issued = issued
                .iter()
                .any(|issued| issued.as_bytes().array_windows().any(|part| part == window));
            (is_whole && !is_issued).then(|| (byte, Arc::clone(canary)))
        });
        found.next()
    }
}

/// Returns false for what a test has made up, such as sixteen times the same letter, which is also
/// in an id that a test has made up.
fn is_random(window: &[u8; WINDOW]) -> bool {
    let letters: BTreeSet<u8> = window.iter().copied().collect();
    letters.len() >= WINDOW / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: &str = "abcdefghijklmnopqrstuvwxyz0123456789-_xy";

    fn found(canaries: &Canaries, text: &str) -> Option<Kind> {
        canaries
            .search(Place::Log, text, &[])
            .map(|found| found.kind)
    }

    #[test]
    fn a_secret_is_found_whole_and_in_part_and_never_shown() {
        let canaries = Canaries::default();
        canaries.register(
            Kind::RefreshToken,
            &format!("gh_rt_{}{MAC}", "i".repeat(63)),
        );
        canaries.register(Kind::RefreshToken, &format!("gh_rt_{}", "A".repeat(103)));
        canaries.register(Kind::Password, "seven quiet otters at dawn");
        canaries.register(Kind::Key, MAC.to_uppercase().as_str());
        for (text, kind) in [
            (format!("{{\"mac\":\"{MAC}\"}}"), Some(Kind::RefreshToken)),
            (format!("x {} y", &MAC[10..26]), Some(Kind::RefreshToken)),
            (format!("x {} y", &MAC[10..25]), None),
            ("i".repeat(60), None),
            // The end of a token that a test made up.
            ("A".repeat(22), None),
            (
                "is seven quiet otters at dawn".to_owned(),
                Some(Kind::Password),
            ),
            ("is seven quiet otters at dusk".to_owned(), None),
            (MAC.to_uppercase(), Some(Kind::Key)),
            ("a b c".to_owned(), None),
        ] {
            assert_eq!(found(&canaries, &text), kind, "{text}");
        }
        let leak = canaries.search(Place::Log, &format!("before {MAC}"), &[]);
        let leak = leak.map(|found| found.to_string());
        assert_eq!(leak.as_deref(), Some("RefreshToken in Log after: before "));
    }

    #[test]
    fn what_looks_like_a_secret_is_found_unregistered() {
        let canaries = Canaries::default();
        let random = "x".repeat(60);
        let of = |length| "x".repeat(length);
        for (text, kind) in [
            (format!("code gh_rc_{}", of(66)), Some(Kind::Code)),
            (
                format!("cookie=gh_rt_{};", of(103)),
                Some(Kind::RefreshToken),
            ),
            (format!("gh_cs_{}", of(43)), Some(Kind::ClientSecret)),
            (format!("eyJh.eyJp.{random}"), Some(Kind::AccessToken)),
            (
                "$argon2id$v=19$m=7168,t=5,p=1$c2FsdA$aGFzaA".to_owned(),
                Some(Kind::Hash),
            ),
            ("argon2id, m=19456, t=2, p=1".to_owned(), None),
            ("gh_rt_…, and eyJ".to_owned(), None),
        ] {
            assert_eq!(found(&canaries, &text), kind, "{text}");
        }
    }

    #[test]
    fn what_is_issued_is_no_leak_and_anything_else_beside_it_is() {
        let canaries = Canaries::default();
        let token = format!("gh_rt_{}{MAC}", "i".repeat(63));
        let other = format!("gh_rt_{}{}", "i".repeat(63), MAC.to_uppercase());
        for token in [&token, &other] {
            canaries.register(Kind::RefreshToken, token);
        }
        let search =
            |text: &str, issued: &[&str]| canaries.search(Place::Response, text, issued).is_some();
        assert!(!search(
            &format!("{{\"refresh_token\":\"{token}\"}}"),
            &[&token]
        ));
        assert!(search(&format!("{token} {other}"), &[&token]));
        assert!(search(&token, &[]));
    }

    #[test]
    fn a_line_before_the_harness_knew_the_secret_is_searched_too() {
        let canaries = Canaries::default();
        assert_eq!(found(&canaries, &format!("logged early: {MAC}")), None);
        assert_eq!(found(&canaries, "later"), None);
        let leak = canaries.register(Kind::Code, &format!("gh_rc_{}{MAC}", "i".repeat(26)));
        assert_eq!(leak.map(|found| found.kind), Some(Kind::Code));
    }

    #[test]
    fn a_planted_canary_is_noted_and_everything_is_counted() {
        let canaries = Canaries::default();
        canaries.register(Kind::Planted, MAC);
        canaries.register(Kind::Password, "too short");
        assert!(!canaries.is_found(MAC));
        assert_eq!(found(&canaries, &format!("agent {MAC}")), None);
        assert!(canaries.is_found(MAC));
        assert_eq!(canaries.search(Place::Mail, "ten bytes.", &[]), None);
        let tally = canaries.tally();
        assert_eq!((tally.lines, tally.responses, tally.mails), (1, 0, 1));
        assert_eq!(tally.bytes, 46 + 10);
        assert_eq!(tally.canaries, [(Kind::Planted, 1)].into());
    }
}
