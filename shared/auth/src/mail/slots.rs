//! The mailed codes of one kind that a user has: up to three, each with its own end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Message, MessageKey};
use crate::code::MailCode;
use crate::digest::sha256;
use crate::time::Timestamp;
use crate::user::User;

/// The codes, by their digests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeSlots(BTreeMap<String, CodeSlot>);

/// One code, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSlot {
    /// The digest of the canonical address that it was mailed to.
    pub address: String,
    /// The user's revision when it was made.
    pub revision: u64,
    /// The message that it was made for: the attribute `sk` of its key.
    pub message: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// A code that is about to be mailed.
#[derive(Debug, Clone, Copy)]
pub struct NewCode<'a> {
    /// The code.
    pub code: &'a MailCode,
    /// The canonical address that it goes to.
    pub address: &'a str,
    /// Whose it is, as just read.
    pub user: &'a User,
    /// The message that carries it, as just read: it is known whether a mail with an
    /// earlier code may have gone out.
    pub message: (&'a MessageKey, &'a Message),
}

impl CodeSlots {
    /// Returns the codes with one more, or `None` if another message's code was mailed to
    /// this address just now, or if three were mailed to any.
    ///
    /// A fourth code takes the place of the oldest. A message that was not attempted yet
    /// gives up the code that it has, since no mail carries it; another one keeps its last
    /// one, however often it is attempted, and so never takes more than two places.
    #[must_use]
    pub fn with(&self, new: &NewCode<'_>, now: Timestamp) -> Option<Self> {
        let address = address_digest(new.address);
        let (key, message) = new.message;
        let mut slots = self.0.clone();
        slots.retain(|_, slot| slot.is_valid(new.user, now));
        let others = slots.values().filter(|slot| slot.message != key.sk());
        let recent: Vec<&CodeSlot> = others
            .filter(|slot| now.since(slot.created_at) < RESENT_AFTER)
            .collect();
        if recent.len() >= MAX_CODES || recent.iter().any(|slot| slot.address == address) {
            return None;
        }
        // Of its own codes, a message keeps the one that a mail may carry.
        let newest = slots.values().filter(|slot| slot.message == key.sk());
        let newest = newest.map(|slot| slot.created_at).max();
        let carried = newest.filter(|_| message.attempted_at.is_some());
        slots.retain(|_, slot| slot.message != key.sk() || Some(slot.created_at) == carried);
        while slots.len() >= MAX_CODES {
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.created_at);
            let oldest = oldest.map(|(digest, _)| digest.clone())?;
            slots.remove(&oldest);
        }
        let slot = CodeSlot {
            address,
            revision: new.user.revision,
            message: key.sk().to_owned(),
            created_at: now,
            ends_at: now.plus(new.code.kind().lifetime()),
        };
        slots.insert(new.code.digest().expose().to_owned(), slot);
        Some(Self(slots))
    }

    /// Returns what a code stands for, if it is one of these, has not ended, and nothing
    /// has happened to the user since that ends their codes.
    #[must_use]
    pub fn accepts(&self, code: &MailCode, user: &User, now: Timestamp) -> Option<&CodeSlot> {
        // The digest of 256 random bits reveals nothing to someone who measures the search.
        let slot = self.0.get(code.digest().expose())?;
        slot.is_valid(user, now).then_some(slot)
    }

    /// Returns each of them, without its digest.
    pub fn iter(&self) -> impl Iterator<Item = &CodeSlot> {
        self.0.values()
    }

    /// True if one of them, valid or not, was mailed to this canonical address.
    #[must_use]
    pub fn has_one_for(&self, address: &str) -> bool {
        self.0.values().any(|slot| slot.is_for(address))
    }

    /// Returns when the last of them ends.
    #[must_use]
    pub fn last_end(&self) -> Option<Timestamp> {
        self.0.values().map(|slot| slot.ends_at).max()
    }
}

impl CodeSlot {
    /// True if the code was mailed to this canonical address.
    #[must_use]
    pub fn is_for(&self, address: &str) -> bool {
        self.address == address_digest(address)
    }

    fn is_valid(&self, user: &User, now: Timestamp) -> bool {
        now < self.ends_at && self.revision >= user.codes_since
    }
}

/// Returns the digest of a canonical address.
#[must_use]
pub fn address_digest(canonical: &str) -> String {
    sha256(canonical.as_bytes())
}

/// Returns the digest by which mails to a canonical address are counted. Large providers
/// deliver `a.da+1@` and `ada@` to one mailbox, so dots and what follows a `+` make no
/// difference, and nor do a provider's domains. Where they do, two people share a limit, and
/// nothing else.
#[must_use]
pub fn recipient_digest(canonical: &str) -> String {
    let (local, domain) = canonical.rsplit_once('@').unwrap_or((canonical, ""));
    let untagged = local.split_once('+').map_or(local, |(before, _)| before);
    let mailbox = if untagged.is_empty() { local } else { untagged };
    let mut aliases = DOMAINS.iter();
    let first = aliases.find_map(|(first, others)| others.contains(&domain).then_some(*first));
    let domain = first.unwrap_or(domain);
    address_digest(&format!("{}@{domain}", mailbox.replace('.', "")))
}

/// Domains of one provider, in which each name has one mailbox: the first, and the others.
const DOMAINS: [(&str, &[&str]); 4] = [
    ("gmail.com", &["googlemail.com"]),
    ("icloud.com", &["me.com", "mac.com"]),
    ("proton.me", &["protonmail.com", "protonmail.ch", "pm.me"]),
    ("yandex.ru", &["yandex.com", "ya.ru"]),
];

/// Codes of one kind at a time. With fewer, a stranger's requests end the code that somebody
/// is about to use; with more, more mails in a mailbox open the account.
const MAX_CODES: usize = 3;
/// How long a code is the only one mailed to its address. The longer, the longer somebody
/// waits for a mail that got lost; three times as long, less this, is how long a code lives
/// at least while strangers ask for others.
pub const RESENT_AFTER: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests;
