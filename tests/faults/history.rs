//! Whether a recorded concurrent history has an order in which each operation takes effect at
//! one moment between its request and its response (Wing and Gong, 1993).

use std::collections::HashSet;

use tokio::time::Instant;

/// One session and its user, as the service promises them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Model {
    generation: u32,
    ended: bool,
    is_admin: bool,
    /// How often the user's roles have changed.
    changes: u64,
}

/// What was asked, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A refresh token of this generation: whether it was exchanged. If nobody knows, `None`:
    /// a session that ends while its token is exchanged gets a refusal as its response.
    Refresh(u32, Option<bool>),
    /// A refusal of a refresh: the session has ended.
    Refuse,
    /// The number of changes that a new access token has seen.
    Issue(u64),
    /// A logout: whether it reported success.
    LogOut(Option<bool>),
    /// A change of roles, to those of an administrator or not: whether it reported success.
    ChangeRoles(bool, Option<bool>),
    /// An access token that has seen that many changes: whether it was allowed.
    Authorise(u64, Option<bool>),
}

/// An event and the time in which it took effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) event: Event,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

impl Event {
    /// Returns whether nobody knows if it took effect: then it may do so at any later time, or
    /// never.
    pub(crate) fn is_open(self) -> bool {
        match self {
            Self::Refresh(_, outcome)
            | Self::LogOut(outcome)
            | Self::ChangeRoles(_, outcome)
            | Self::Authorise(_, outcome) => outcome.is_none(),
            Self::Issue(_) | Self::Refuse => false,
        }
    }

    /// Returns the state after it, unless its outcome contradicts the state before it.
    fn apply(self, before: Model) -> Option<Model> {
        let mut after = before;
        let fits = match self {
            Self::Refresh(presented, outcome) => {
                let exchanged = !before.ended
                    && presented <= before.generation
                    && before.generation - presented <= 1;
                if exchanged {
                    after.generation = presented + 1;
                } else {
                    // Its successor was used: there are two holders.
                    after.ended = true;
                }
                outcome.is_none_or(|outcome| outcome == exchanged)
            }
            Self::Refuse => before.ended,
            Self::Issue(seen) => seen == before.changes,
            Self::LogOut(_) => {
                after.ended = true;
                true
            }
            Self::ChangeRoles(is_admin, _) => {
                after.changes += u64::from(is_admin != before.is_admin);
                after.is_admin = is_admin;
                true
            }
            Self::Authorise(seen, outcome) => {
                let allowed = !before.ended && seen >= before.changes;
                outcome.is_none_or(|outcome| outcome == allowed)
            }
        };
        fits.then_some(after)
    }
}

/// Returns whether the history has such an order.
pub(crate) fn is_linearizable(history: &[Entry]) -> bool {
    assert!(history.len() < 64, "too long to search");
    let mut seen = HashSet::new();
    search(history, 0, Model::default(), &mut seen)
}

/// Tries every event that may come next. `done` has a bit for each that came already.
fn search(history: &[Entry], done: u64, model: Model, seen: &mut HashSet<(u64, Model)>) -> bool {
    let open = |index: usize| done & (1 << index) == 0;
    let left = || history.iter().enumerate().filter(|(index, _)| open(*index));
    if left().all(|(_, entry)| entry.event.is_open()) {
        return true;
    }
    if !seen.insert((done, model)) {
        return false;
    }
    // Whatever has ended must come before whatever begins later.
    let known = left().filter(|(_, entry)| !entry.event.is_open());
    let first_end = known.map(|(_, entry)| entry.ended).min();
    let first_end = first_end.expect("one is left whose outcome is known");
    left()
        .filter(|(_, entry)| entry.began <= first_end)
        .any(|(index, entry)| {
            let next = entry.event.apply(model);
            next.is_some_and(|next| search(history, done | (1 << index), next, seen))
        })
}

#[test]
fn the_checker_finds_an_allow_after_a_logout() {
    let now = Instant::now();
    let second = std::time::Duration::from_secs(1);
    let entry = |event, began: u32, ended: u32| Entry {
        event,
        began: now + second * began,
        ended: now + second * ended,
    };
    let allowed = Event::Authorise(0, Some(true));
    let logged_out = Event::LogOut(Some(true));
    assert!(is_linearizable(&[
        entry(logged_out, 0, 2),
        entry(allowed, 1, 3)
    ]));
    assert!(!is_linearizable(&[
        entry(logged_out, 0, 1),
        entry(allowed, 2, 3)
    ]));
    // If nobody knows whether the logout happened, it may not have.
    let unknown = Event::LogOut(None);
    assert!(is_linearizable(&[
        entry(unknown, 0, 1),
        entry(allowed, 2, 3)
    ]));
    let denied = Event::Authorise(0, Some(false));
    let later = entry(allowed, 4, 5);
    assert!(!is_linearizable(&[
        entry(unknown, 0, 1),
        entry(denied, 2, 3),
        later
    ]));
    // Two holders of one token: the second generation ends the session of the first.
    let refreshes = [(0, true), (1, true), (0, true)];
    let refreshes = refreshes.map(|(token, outcome)| Event::Refresh(token, Some(outcome)));
    let [first, second, third] = refreshes;
    assert!(!is_linearizable(&[
        entry(first, 0, 1),
        entry(second, 2, 3),
        entry(third, 4, 5)
    ]));
}
