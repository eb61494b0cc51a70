//! The mails of a stack, and how its stand-in for SES treats further ones.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::mail::Mail;

/// The stand-in for SES. Clones share its mails.
#[derive(Debug, Clone, Default)]
pub struct Ses(Arc<Mutex<Contents>>);

/// What the stand-in does with the next requests that send a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SesBehaviour {
    /// Accepts them.
    #[default]
    Accept,
    /// Refuses them, with a status and the name of an error, such as 429 and
    /// `TooManyRequestsException`.
    Refuse(u16, &'static str),
    /// Accepts them after a while, unless the sender has given up.
    Wait(Duration),
    /// Accepts them, but the sender never learns of it.
    Lose,
}

#[derive(Debug)]
struct Contents {
    mails: VecDeque<Mail>,
    /// The number of the last mail.
    last: u64,
    requests: u64,
    behaviour: SesBehaviour,
    /// How many mails may be sent in 24 hours.
    quota: u32,
    /// How many mails count as sent, besides those that were.
    sent_before: u32,
    suppressed: BTreeMap<String, Suppression>,
}

/// Why and when an address was suppressed.
#[derive(Debug, Clone)]
pub(super) struct Suppression {
    pub(super) reason: String,
    /// Milliseconds since the epoch.
    pub(super) at: u64,
}

/// How many mails are kept, the last ones.
const KEPT_MAILS: usize = 10_000;

/// SES's usual quota, once an account is out of the sandbox.
const QUOTA: u32 = 50_000;

impl Default for Contents {
    fn default() -> Self {
        Self {
            mails: VecDeque::new(),
            last: 0,
            requests: 0,
            behaviour: SesBehaviour::default(),
            quota: QUOTA,
            sent_before: 0,
            suppressed: BTreeMap::new(),
        }
    }
}

impl Ses {
    /// Returns the mails that were sent, the oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.lock().mails.iter().cloned().collect()
    }

    /// Returns how many requests to send a mail there were, whatever became of them.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// Decides what happens to further requests.
    pub fn behave(&self, behaviour: SesBehaviour) {
        self.lock().behaviour = behaviour;
    }

    /// Sets the quota for 24 hours, and how much of it counts as used already.
    pub fn set_quota(&self, quota: u32, used: u32) {
        let mut contents = self.lock();
        (contents.quota, contents.sent_before) = (quota, used);
    }

    /// Puts an address on the account's suppression list, as after a bounce.
    pub fn suppress(&self, address: &str) {
        self.add_suppressed(address, "BOUNCE", 0);
    }

    pub(super) fn add_suppressed(&self, address: &str, reason: &str, at: u64) {
        let reason = reason.to_owned();
        let suppressed = &mut self.lock().suppressed;
        suppressed.insert(listed(address), Suppression { reason, at });
    }

    /// Takes an address off the list, and returns false if it was not there.
    pub(super) fn remove_suppressed(&self, address: &str) -> bool {
        let removed = self.lock().suppressed.remove(&listed(address));
        removed.is_some()
    }

    pub(super) fn suppression(&self, address: &str) -> Option<Suppression> {
        self.lock().suppressed.get(&listed(address)).cloned()
    }

    /// Counts a request, and returns what to do with it.
    pub(super) fn next_behaviour(&self) -> SesBehaviour {
        let mut contents = self.lock();
        contents.requests += 1;
        contents.behaviour.clone()
    }

    /// Keeps a mail, unless its recipient is suppressed, and returns its number.
    pub(super) fn keep(&self, mut mail: Mail) -> Option<u64> {
        let mut contents = self.lock();
        if contents.suppressed.contains_key(&listed(&mail.to)) {
            return None;
        }
        contents.last += 1;
        mail.number = contents.last;
        if contents.mails.len() == KEPT_MAILS {
            contents.mails.pop_front();
        }
        contents.mails.push_back(mail);
        Some(contents.last)
    }

    /// Returns the quota for 24 hours, and how much of it is used.
    pub(super) fn quota(&self) -> (u32, u64) {
        let contents = self.lock();
        let used = contents.last.saturating_add(contents.sent_before.into());
        (contents.quota, used)
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// SES's list does not distinguish case.
fn listed(address: &str) -> String {
    address.to_lowercase()
}
