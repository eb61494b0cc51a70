//! The proof of an address against whatever else happens to the accounts that are concerned,
//! at each of its calls, and against a mailed code that sets a password.

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::failure::Failure as _;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_store::{Accounts, Ended, StoreError, Verified};
use gatehouse_testing::{at, at_call};
use tokio::task::JoinSet;

use crate::tables::Tables;
use crate::verification::{
    ADDRESS, Meanwhile, VER, assert_names_match, code, holder, holding, waiting,
};

/// Runs `other` in the moment before or after the call of `paused` with that number. Returns
/// `None` if it does not make that many calls.
async fn interleaved<P, O>(
    tables: &Tables,
    moment: (usize, bool),
    paused: impl Future<Output = P>,
    other: impl Future<Output = O>,
) -> Option<(P, O)> {
    let (number, is_after) = moment;
    let at = if is_after {
        at_call(number).after()
    } else {
        at_call(number)
    };
    tables.faults().pause_at(at, paused, other).await
}

/// Every moment, in order: before and after each call.
fn moments() -> impl Iterator<Item = (usize, bool)> {
    (0..).flat_map(|number| [(number, false), (number, true)])
}

/// Who verifies an address, and who has the mailed code that sets a password.
#[derive(Debug, Clone, Copy)]
enum Rivals {
    /// One user, with both codes for an address that is held without a proof.
    OneAddress,
    /// One user: the proof of the new address, and a password by the old one.
    OldAndNew,
    /// The user whose address waits, and the one who holds it without a proof.
    TwoUsers,
}

/// The tables, and both codes.
struct Race {
    tables: Tables,
    proof: String,
    reset: String,
}

impl Race {
    async fn between(rivals: Rivals) -> Self {
        let eve = holding(1, "eve", ADDRESS);
        let ada = match rivals {
            Rivals::OneAddress => holding(2, "ada", "old@example.net"),
            Rivals::OldAndNew => holding(2, "ada", "old@example.net")
                .awaiting(&EmailAddress::parse(ADDRESS).unwrap(), at(0)),
            Rivals::TwoUsers => waiting(2, "ada", ADDRESS),
        };
        let (everyone, resetting): (Vec<&User>, _) = match rivals {
            Rivals::OneAddress | Rivals::OldAndNew => (vec![&ada], (&ada, "old@example.net")),
            Rivals::TwoUsers => (vec![&eve, &ada], (&eve, ADDRESS)),
        };
        let tables = Tables::start_with(&everyone).await;
        let proven = match rivals {
            Rivals::OneAddress => "old@example.net",
            Rivals::OldAndNew | Rivals::TwoUsers => ADDRESS,
        };
        let proof = code(&tables, &ada, proven, CodeKind::Verification).await;
        let reset = code(&tables, resetting.0, resetting.1, CodeKind::Recovery).await;
        Self {
            proof: proof.expose().to_owned(),
            reset: reset.expose().to_owned(),
            tables,
        }
    }

    fn proves(&self) -> impl Future<Output = Result<bool, StoreError>> + Send + use<> {
        prove(self.tables.mailing.clone(), self.proof.clone())
    }

    fn resets(&self) -> impl Future<Output = Result<bool, StoreError>> + Send + use<> {
        reset(self.tables.mailing.clone(), self.reset.clone())
    }

    /// Checks what must hold once one of both has happened, and only one.
    async fn ends(&self, proven: bool, reset: bool, what: &str) {
        assert!(proven != reset, "{what}: {proven} {reset}");
        assert_names_match(&self.tables).await;
        // Both codes have ended.
        assert!(!self.proves().await.unwrap(), "{what}");
        assert!(!self.resets().await.unwrap(), "{what}");
        let mut holders = 0;
        for address in [ADDRESS, "old@example.net"] {
            if let Some(user) = holder(&self.tables, address).await {
                holders += 1;
                assert!(user.email_verified_at.is_some(), "{what}");
                let hash = user.password_hash.unwrap();
                assert_eq!(hash.expose() == "$new", reset, "{what}");
            }
        }
        assert_eq!(holders, 1, "{what}");
    }
}

async fn prove(accounts: Accounts, code: String) -> Result<bool, StoreError> {
    let code = MailCode::parse(CodeKind::Verification, &code).unwrap();
    let verified = accounts.verify_email(&code, VER, at(9)).await?;
    Ok(matches!(verified, Verified::Done { .. }))
}

async fn reset(accounts: Accounts, code: String) -> Result<bool, StoreError> {
    let code = MailCode::parse(CodeKind::Recovery, &code).unwrap();
    let hash = StoredHash::new("$new".to_owned());
    Ok(accounts.reset_password(&code, &hash, at(9)).await? == Ended::Done)
}

#[tokio::test]
async fn of_a_verification_and_a_mailed_reset_one_happens_whichever_comes_in_between() {
    for rivals in [Rivals::OneAddress, Rivals::OldAndNew, Rivals::TwoUsers] {
        for is_proof_paused in [true, false] {
            let mut tried = 0;
            for moment in moments() {
                let race = Race::between(rivals).await;
                let ended = if is_proof_paused {
                    let both = interleaved(&race.tables, moment, race.proves(), race.resets());
                    Box::pin(both).await
                } else {
                    let both = interleaved(&race.tables, moment, race.resets(), race.proves());
                    Box::pin(both).await.map(|(reset, proven)| (proven, reset))
                };
                let Some((proven, reset)) = ended else {
                    break;
                };
                let what = format!("{rivals:?} {is_proof_paused} {moment:?}");
                race.ends(proven.unwrap(), reset.unwrap(), &what).await;
                tried += 1;
            }
            assert!(tried >= 8, "{rivals:?}: {tried}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_proofs_and_mailed_resets_at_once_one_happens() {
    for rivals in [Rivals::OneAddress, Rivals::OldAndNew, Rivals::TwoUsers] {
        let race = Race::between(rivals).await;
        let mut running = JoinSet::new();
        for number in 0..64 {
            if number % 2 == 0 {
                let proves = race.proves();
                running.spawn(async move { ("proof", proves.await) });
            } else {
                let resets = race.resets();
                running.spawn(async move { ("reset", resets.await) });
            }
        }
        let mut done = Vec::new();
        for (what, ended) in running.join_all().await {
            match ended {
                Ok(true) => done.push(what),
                Ok(false) => {}
                // Contention: nothing is written, and the client tries again.
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
        }
        assert_eq!(done.len(), 1, "{rivals:?}: {done:?}");
        let proven = done == ["proof"];
        race.ends(proven, !proven, &format!("{rivals:?}")).await;
    }
}

/// Each at every moment of a verification, to the account that verifies, and to the one that loses
/// its address.
#[tokio::test]
async fn whatever_happens_between_two_calls_of_a_verification_every_name_has_its_user() {
    for meanwhile in Meanwhile::ALL {
        for is_adas in [true, false] {
            let mut tried = 0;
            for moment in moments() {
                let (eve, ada) = (holding(1, "eve", ADDRESS), waiting(2, "ada", ADDRESS));
                let tables = Tables::start_with(&[&eve, &ada]).await;
                for kind in [CodeKind::Verification, CodeKind::Recovery] {
                    code(&tables, &eve, ADDRESS, kind).await;
                }
                let proof = code(&tables, &ada, ADDRESS, CodeKind::Verification).await;
                let proving = prove(tables.mailing.clone(), proof.expose().to_owned());
                let happens = meanwhile.happens(&tables, if is_adas { &ada } else { &eve });
                let both = interleaved(&tables, moment, proving, happens);
                let Some((verified, ())) = Box::pin(both).await else {
                    break;
                };
                let what = format!("{meanwhile:?} {is_adas} {moment:?}");
                assert_names_match(&tables).await;
                let holder = holder(&tables, ADDRESS).await;
                let is_proven = holder.is_some_and(|holder| {
                    holder.sub == ada.sub && holder.email_verified_at.is_some()
                });
                let may_leave =
                    is_adas && matches!(meanwhile, Meanwhile::Deleted | Meanwhile::Corrected);
                let is_the_same = is_adas && matches!(meanwhile, Meanwhile::Verified);
                if verified.unwrap() {
                    assert!(is_proven || may_leave, "{what}");
                } else {
                    assert!(!is_proven || is_the_same, "{what}");
                }
                tried += 1;
            }
            assert!(tried >= 8, "{meanwhile:?}: {tried}");
        }
    }
}
