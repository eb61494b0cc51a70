//! The verification of an address: one transaction, which also takes the address away from
//! anyone who holds it unverified.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, Unproven, User};

use super::{Accounts, MAX_ATTEMPTS, Part, changed_each_time};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, names, pk, text, values};
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::users::{Claim, Taker, UserUpdate};

/// The result of verifying an address.
#[derive(Debug)]
pub enum Verified {
    /// The account holds the address, verified.
    Done {
        /// The account afterwards.
        user: Box<User>,
        /// Whoever held the address unverified, and no longer does.
        taken_from: Option<SubjectId>,
    },
    /// Nothing is written: the code is unknown, used or has ended, or the account no longer
    /// has an address for it to verify.
    Refused,
    /// Nothing is written: the account has changed since its user authenticated.
    Changed,
    /// Nothing is written: another account has verified the address.
    Taken,
}

/// A code that is valid now, and what it verifies.
struct Proof {
    user: User,
    address: Unproven,
}

/// Who has the item of an address.
enum Holder {
    Nobody,
    /// The account that verifies it.
    Itself,
    /// Another account, unverified.
    Unproven(Box<User>),
    /// Another account, verified.
    Proven,
}

/// What a verification changes.
#[derive(Clone, Copy)]
struct Change<'a> {
    before: &'a User,
    after: &'a User,
    /// The item of the verified address.
    name: &'a ItemKey,
    holder: &'a Holder,
}

impl Accounts {
    /// Reads the user whose address a code verifies, unless the code is not valid or the user
    /// is disabled.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt.
    pub async fn find_by_verification(
        &self,
        code: &MailCode,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        Ok(self.proof(code, now).await?.map(|proof| proof.user))
    }

    /// Makes the address of a code the verified address of its account, whose token version
    /// was `ver` when the user authenticated. If anyone else has changed in the
    /// meantime, it decides again.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if somebody changed
    /// during each of five attempts.
    pub async fn verify_email(
        &self,
        code: &MailCode,
        ver: u64,
        now: Timestamp,
    ) -> Result<Verified, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(proof) = self.proof(code, now).await? else {
                return Ok(Verified::Refused);
            };
            if proof.user.token_version != ver {
                return Ok(Verified::Changed);
            }
            let after = proof.user.with_proven(proof.address, now);
            let Some(name) = Claim::Email.key(&after) else {
                return Ok(Verified::Refused);
            };
            let holder = self.holder(&name, &after.sub).await?;
            if matches!(holder, Holder::Proven) {
                return Ok(Verified::Taken);
            }
            let change = Change {
                before: &proof.user,
                after: &after,
                name: &name,
                holder: &holder,
            };
            let parts = self.verification(&change, code, now)?;
            if let Outcome::Written = self.write(parts).await? {
                let taken_from = match holder {
                    Holder::Unproven(other) => Some(other.sub),
                    Holder::Nobody | Holder::Itself | Holder::Proven => None,
                };
                let user = Box::new(after);
                return Ok(Verified::Done { user, taken_from });
            }
        }
        Err(changed_each_time())
    }

    /// Reads what a code verifies, if it is valid.
    async fn proof(&self, code: &MailCode, now: Timestamp) -> Result<Option<Proof>, StoreError> {
        let Some(outbox) = &self.outbox else {
            return Ok(None);
        };
        let codes = outbox.codes(code.sub(), CodeKind::Verification);
        let read = Box::pin(self.read(code.sub()));
        let (read, codes) = tokio::try_join!(read, Box::pin(codes))?;
        let (Some((user, _)), Some(codes)) = (read, codes) else {
            return Ok(None);
        };
        let Some(slot) = codes.accepts(code, &user, now) else {
            return Ok(None);
        };
        let mut addresses = user.unproven_addresses();
        let address = addresses.find(|(_, address)| slot.is_for(address));
        let address = address.map(|(address, _)| address);
        drop(addresses);
        Ok(address
            .filter(|_| user.status == Status::Active)
            .map(|address| Proof { user, address }))
    }

    /// Reads who has the item of an address that `owner` is about to hold.
    async fn holder(&self, name: &ItemKey, owner: &SubjectId) -> Result<Holder, StoreError> {
        let sub = match self.users.subject_of(name).await? {
            None => return Ok(Holder::Nobody),
            Some(sub) if sub == *owner => return Ok(Holder::Itself),
            Some(sub) => sub,
        };
        let Some(other) = self.users.get(&sub).await? else {
            // Deleted since: the item of the name is gone as well.
            return Ok(Holder::Nobody);
        };
        Ok(if other.email_verified_at.is_some() {
            Holder::Proven
        } else {
            Holder::Unproven(Box::new(other))
        })
    }

    fn verification(
        &self,
        change: &Change<'_>,
        code: &MailCode,
        now: Timestamp,
    ) -> Result<Transaction<Part>, StoreError> {
        let Change {
            before,
            after,
            name,
            holder,
        } = *change;
        let mut parts = Transaction::new();
        parts.add(Part::User, self.addresses_part(before, after)?);
        if let Some(admins) = self.users.admins_part(Some(before), Some(after))? {
            parts.add(Part::Admins, admins);
        }
        if let Some(outbox) = &self.outbox {
            parts.add(Part::Code, outbox.redemption_part(code, now)?);
        }
        if before.email_canonical != after.email_canonical {
            let notice = (MessageKind::AddressChanged, Origin::Session);
            self.add_notice(&mut parts, notice, before, now)?;
        }
        let email = Part::Name(Claim::Email);
        match holder {
            Holder::Nobody => {
                let users = &self.users;
                let part = users.name_part(name.clone(), &after.sub, Taker::Anyone, now)?;
                parts.add(email, part);
            }
            Holder::Itself | Holder::Proven => {}
            Holder::Unproven(other) => {
                let without = other.without_address(now);
                parts.add(Part::User, self.addresses_part(other, &without)?);
                parts.add(email, self.moved_part(name, &other.sub, &after.sub)?);
            }
        }
        if let Some(old) = Claim::Email.key(before).filter(|old| old != name) {
            parts.add(email, self.users.release_part(&old, &before.sub)?);
        }
        Ok(parts)
    }

    /// Builds the part that writes the addresses of an account, provided that it has not
    /// changed since it was read as `before`. All its codes end.
    fn addresses_part(&self, before: &User, after: &User) -> Result<TransactWriteItem, StoreError> {
        UserUpdate::of(before)
            .addresses(after)
            .set("updated_at", moment(after.updated_at))
            .end_codes()
            .part(&self.users)
    }

    /// Builds the part that moves the item of an address from one account to another.
    fn moved_part(
        &self,
        name: &ItemKey,
        from: &SubjectId,
        to: &SubjectId,
    ) -> Result<TransactWriteItem, StoreError> {
        self.users.table().update_part(pk(name), |update| {
            update
                .condition_expression("#sub = :from")
                .update_expression("SET #sub = :to")
                .set_expression_attribute_names(Some(names(["sub"])))
                .set_expression_attribute_values(Some(values([
                    ("from", text(from.as_str())),
                    ("to", text(to.as_str())),
                ])))
        })
    }
}
