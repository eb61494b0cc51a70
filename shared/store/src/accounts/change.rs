//! Changes of roles, status and names, by an administrator or an operator.
//!
//! If the user has changed in the meantime, the change is decided again from the new
//! state: an administrator may change a user whatever else has just changed.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{ChangeRefused, Status, User, UserChange};

use super::{Accounts, MAX_ATTEMPTS, Part, changed_each_time, exhausted};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{attribute, moment, number, text};
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::users::{Claim, Taker, UserUpdate};

/// The result of a change to a user.
#[derive(Debug)]
pub enum Changed {
    /// The change is written. Earlier access tokens are revoked if roles or status changed.
    Done {
        /// The user before the change.
        before: Box<User>,
        /// The user after the change.
        after: Box<User>,
    },
    /// Nothing is written: the user is already as requested.
    Unchanged(Box<User>),
    /// Nothing is written: there is no such user.
    NotFound,
    /// Nothing is written: no active administrator would be left.
    LastAdmin,
    /// Nothing is written: another user has this name, or it is reserved.
    Taken(Claim),
    /// Nothing is written: the username changed less than a day ago.
    RenamedRecently {
        /// When it may change again.
        until: Timestamp,
    },
}

impl Accounts {
    /// Changes the roles, the status or the names of a user.
    ///
    /// One transaction writes the user with the versions that the change raises, the
    /// revocation of earlier access tokens, the number of active administrators, and the
    /// items of new and old names.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn change(
        &self,
        sub: &SubjectId,
        change: &UserChange,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        self.change_with(sub, |_| Ok(change.clone()), now).await
    }

    /// Changes a user depending on what they are. `decide` is
    /// called again if the user has changed in the meantime, so that no other change is
    /// lost.
    ///
    /// # Errors
    /// As [`change`](Self::change), and the errors of `decide`.
    pub async fn change_with<E: From<StoreError>>(
        &self,
        sub: &SubjectId,
        decide: impl Fn(&User) -> Result<UserChange, E>,
        now: Timestamp,
    ) -> Result<Changed, E> {
        for _ in 0..MAX_ATTEMPTS {
            let Some((before, lowest)) = self.read(sub).await? else {
                return Ok(Changed::NotFound);
            };
            let after = match before.changed(&decide(&before)?, lowest, now) {
                Ok(Some(after)) => after,
                Ok(None) => return Ok(Changed::Unchanged(Box::new(before))),
                Err(ChangeRefused::Exhausted(error)) => return Err(exhausted(error).into()),
                Err(ChangeRefused::RenamedRecently { until }) => {
                    return Ok(Changed::RenamedRecently { until });
                }
            };
            match self.write_replacement(&before, &after).await? {
                Outcome::Written => {
                    let (before, after) = (Box::new(before), Box::new(after));
                    return Ok(Changed::Done { before, after });
                }
                Outcome::Refused(refusal) if refusal.failed(Part::User) => {}
                Outcome::Refused(refusal) if refusal.failed(Part::Admins) => {
                    return Ok(Changed::LastAdmin);
                }
                Outcome::Refused(refusal) => {
                    let mut names = Claim::NAMES.into_iter();
                    if let Some(taken) = names.find(|name| refusal.failed(Part::Name(*name))) {
                        return Ok(Changed::Taken(taken));
                    }
                    // The user's tokens were revoked since the revocation was read.
                    if !refusal.failed(Part::Revocation) {
                        let what = "a name of the user belongs to another user";
                        return Err(StoreError::rejected("TransactWriteItems", what).into());
                    }
                }
            }
        }
        Err(changed_each_time().into())
    }

    /// Writes a change. To disable an account does not depend on the outbox: it is how an
    /// operator stops a thief.
    async fn write_replacement(
        &self,
        before: &User,
        after: &User,
    ) -> Result<Outcome<Part>, StoreError> {
        let parts = self.replacement(before, after)?;
        if (before.status, after.status) == (Status::Active, Status::Disabled) {
            self.write_despite_notice(parts).await
        } else {
            self.write(parts).await
        }
    }

    fn replacement(&self, before: &User, after: &User) -> Result<Transaction<Part>, StoreError> {
        let (sub, ver, now) = (&after.sub, after.token_version, after.updated_at);
        let mut parts = Transaction::new();
        parts.add(Part::User, self.change_part(before, after)?);
        if ver != before.token_version {
            let reason = reason(before, after);
            let revocation = self.revocations.subject_part(sub, ver, now, reason)?;
            parts.add(Part::Revocation, revocation);
        }
        self.add_names(&mut parts, before, after)?;
        if let Some(admins) = self.users.admins_part(Some(before), Some(after))? {
            parts.add(Part::Admins, admins);
        }
        if (before.status, after.status) == (Status::Active, Status::Disabled) {
            let (kind, origin) = (MessageKind::AccountDisabled, Origin::Operator);
            self.add_notice(&mut parts, (kind, origin), after, now)?;
        }
        if before.email_canonical != after.email_canonical {
            let (kind, origin) = (MessageKind::AddressChanged, Origin::Operator);
            self.add_notice(&mut parts, (kind, origin), before, now)?;
        }
        Ok(parts)
    }

    /// Adds the parts that give the user the new names and take the old ones. An old
    /// username stays reserved; an old address is free.
    fn add_names(
        &self,
        parts: &mut Transaction<Part>,
        before: &User,
        after: &User,
    ) -> Result<(), StoreError> {
        let (users, sub, now) = (&self.users, &after.sub, after.updated_at);
        for claim in Claim::NAMES {
            let (old, new) = (claim.key(before), claim.key(after));
            if old == new {
                continue;
            }
            if let Some(new) = new {
                let new = users.name_part(new, sub, Taker::Former(sub), now)?;
                parts.add(Part::Name(claim), new);
            }
            let Some(old) = old else { continue };
            let until = after.reserved_names.get(&before.username_canonical);
            let old = match until.filter(|_| claim == Claim::Username) {
                Some(until) => users.reserve_part(old, sub, *until)?,
                None => users.release_part(&old, sub)?,
            };
            parts.add(Part::OldName, old);
        }
        Ok(())
    }

    /// Builds the part that writes a change, provided that the user has not changed since
    /// it was read.
    fn change_part(&self, before: &User, after: &User) -> Result<TransactWriteItem, StoreError> {
        let operation = "TransactWriteItems";
        let mut update = UserUpdate::of(before)
            .set("token_version", number(after.token_version))
            .set("session_version", number(after.session_version))
            .set("roles", attribute(operation, &after.roles)?)
            .set("status", attribute(operation, after.status)?)
            .set("updated_at", moment(after.updated_at));
        if after.codes_since != before.codes_since || after.status == Status::Disabled {
            update = update.end_codes();
        }
        new_names(update, before, after)?.part(&self.users)
    }
}

fn new_names(
    mut update: UserUpdate,
    before: &User,
    after: &User,
) -> Result<UserUpdate, StoreError> {
    if (&before.username, &before.reserved_names) != (&after.username, &after.reserved_names) {
        let reserved = Some(&after.reserved_names).filter(|names| !names.is_empty());
        let reserved = reserved.map(|names| attribute("TransactWriteItems", names));
        update = update
            .set("username", text(&after.username))
            .set("username_canonical", text(&after.username_canonical))
            .put("reserved_names", reserved.transpose()?);
    }
    let email = |user: &User| (user.email.clone(), user.pending_email.clone());
    if email(before) != email(after) {
        update = update.addresses(after);
    }
    Ok(update)
}

/// Returns the reason that the revocation carries.
fn reason(before: &User, after: &User) -> &'static str {
    match (before.status, after.status) {
        (Status::Active, Status::Disabled) => "user_disabled",
        (Status::Disabled, Status::Active) => "user_enabled",
        (Status::Active, Status::Active) | (Status::Disabled, Status::Disabled) => "role_changed",
    }
}
