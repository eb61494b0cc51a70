//! The ring, the published keys and everyone who signs, compared with what is promised: any
//! steps of rotations in any order, interrupted anywhere, beside removals and restored rings.
//!
//! The store's part is imitated here: a ring replaces the one that it was made from, and the
//! published keys are written on the condition of their version, so one event is one write.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use secrecy::ExposeSecret;

use super::*;
use crate::claims::MAX_LIFETIME;
use crate::key::published::STALEST_SIGNER;

/// One event.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// A step of the rotation with this number; each may come at any time.
    Create(u8),
    Publish(u8),
    Finish(u8),
    Settle,
    /// All steps of a rotation in their order, promoting at once if `true`.
    Rotate(bool),
    Remove(Removal),
    /// The ring that was current this many changes ago becomes the current one again.
    Restore(usize),
    /// A process signs, with the ring that it remembers if that is not too old.
    Sign(usize),
    Wait(u64),
}

#[derive(Debug, Clone, Copy)]
struct Removal {
    state: KeyState,
    refresh: bool,
    /// The process ends before it has published the removal.
    is_interrupted: bool,
}

/// A ring that a process remembers.
struct Remembered {
    ring: Rc<KeyRing>,
    read_at: Timestamp,
    /// See [`Deployment::is_restored`].
    was_restored: bool,
}

struct Deployment {
    now: Timestamp,
    /// The current ring, after all that were current before.
    rings: Vec<Rc<KeyRing>>,
    /// The pending ring, and the number of the rotation that made it: there is only one.
    staged: Option<(u8, Rc<KeyRing>)>,
    published: PublishedKeys,
    /// The ring whose signatures were verified last.
    proven: Rc<KeyRing>,
    signers: [Option<Remembered>; 2],
    /// Until when a token is valid that the key has signed.
    tokens: HashMap<Kid, Timestamp>,
    removed: HashSet<Kid>,
    removed_macs: HashSet<MacKid>,
    /// What an interrupted removal removes as soon as anyone settles the keys with its ring, which
    /// may be restored after a ring from before it.
    removing: Vec<(Kid, Vec<MacKid>)>,
    /// A restored ring may sign with a key that is no longer published, or that was retired and
    /// disappears too soon, until a run settles the keys. Such tokens are refused, the latter
    /// from then on.
    is_restored: bool,
}

impl Deployment {
    fn new() -> Self {
        let empty = Rc::new(KeyRing::parse(r#"{"version":0}"#).unwrap());
        Self {
            now: NOW,
            rings: vec![Rc::clone(&empty)],
            proven: empty,
            staged: None,
            published: PublishedKeys::empty(),
            signers: Default::default(),
            tokens: HashMap::new(),
            removed: HashSet::new(),
            removed_macs: HashSet::new(),
            removing: Vec::new(),
            is_restored: false,
        }
    }

    fn current(&self) -> Rc<KeyRing> {
        Rc::clone(self.rings.last().unwrap())
    }

    /// Reads the current ring, as whoever makes the next one does.
    fn read(&self) -> KeyRing {
        KeyRing::parse(self.current().to_json().expose_secret()).unwrap()
    }

    fn happens(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Wait(seconds) => self.now = self.now.plus(Duration::from_secs(seconds)),
            Event::Create(token) => self.create(token, MIN_PENDING),
            Event::Publish(token) => drop(self.publish(token)),
            Event::Finish(token) => self.finish(token)?,
            Event::Settle => drop(self.settle()),
            Event::Rotate(at_once) => {
                self.staged = None;
                self.create(WHOLE, if at_once { Duration::ZERO } else { MIN_PENDING });
                self.finish(WHOLE)?;
                self.settle();
            }
            Event::Remove(removal) => self.remove(removal)?,
            Event::Restore(before) => {
                let restored = self.rings.len().saturating_sub(before + 1);
                let ring = Rc::clone(&self.rings[restored]);
                self.rings.push(ring);
                self.is_restored = true;
            }
            Event::Sign(signer) => self.sign(signer)?,
        }
        Ok(())
    }

    fn create(&mut self, token: u8, min_pending: Duration) {
        let is_staged = self.staged.as_ref().is_some_and(|(of, _)| *of == token);
        if is_staged || !self.settle() {
            return;
        }
        let rules = RotationRules {
            algorithm: Algorithm::EdDsa,
            min_pending,
        };
        let next = self.read().rotate(Some(&self.published), rules, self.now);
        self.staged = Some((token, Rc::new(next.unwrap().ring)));
    }

    /// Returns the staged ring if it may become the current one, and publishes its keys.
    fn publish(&mut self, token: u8) -> Option<Rc<KeyRing>> {
        let staged = self.staged.as_ref().filter(|(of, _)| *of == token);
        let next = Rc::clone(&staged?.1);
        if !next.follows(&self.current()) {
            self.staged = None;
            return None;
        }
        if !self.published.admit(&next) {
            return None;
        }
        if let Some(more) = self.published.adding(&next, self.now) {
            self.published = more;
        }
        Some(next)
    }

    fn finish(&mut self, token: u8) -> Result<(), TestCaseError> {
        let Some(next) = self.publish(token) else {
            return Ok(());
        };
        prop_assert_eq!(self.published.prove(&next, self.now), Ok(()));
        self.staged = None;
        if !next.is_same(&self.current()) {
            let current = self.current().version();
            prop_assert!(next.version() > current);
            self.rings.push(next);
        }
        Ok(())
    }

    /// Returns false if the current ring is below the floor.
    fn settle(&mut self) -> bool {
        let ring = self.current();
        if !self.published.admit(&ring) {
            return false;
        }
        if let Some(settled) = self.published.settled(&ring, self.now) {
            self.published = settled;
        }
        for (kid, macs) in std::mem::take(&mut self.removing) {
            if ring.has_removed(&kid) {
                self.removed.insert(kid);
                // A ring from before it may have removed the key again, without them.
                let is_gone = |id: &MacKid| ring.mac_keys().all(|key| key.id != *id);
                self.removed_macs.extend(macs.into_iter().filter(is_gone));
            } else {
                self.removing.push((kid, macs));
            }
        }
        self.is_restored = false;
        true
    }

    fn remove(&mut self, removal: Removal) -> Result<(), TestCaseError> {
        let ring = self.read();
        let key = ring.signing_keys().find(|key| key.state == removal.state);
        let Some(kid) = key.map(|key| key.kid.clone()) else {
            return Ok(());
        };
        let macs = ring.mac_keys().map(|key| key.id).collect();
        let macs = if removal.refresh { macs } else { Vec::new() };
        let floor = self.published.floor();
        if !removal.refresh && !self.published.admit(&ring) {
            // Nothing tells whether MAC keys were removed after the backup: the runbook says
            // to remove them again.
            self.removed_macs.clear();
        }
        let next = ring.remove(
            &kid,
            removal.refresh,
            &self.published,
            Algorithm::EdDsa,
            self.now,
        );
        let next = next.unwrap();
        prop_assert!(next.version() > floor && next.floor() == next.version());
        self.staged = Some((REMOVAL, Rc::new(next)));
        self.finish(REMOVAL)?;
        self.removing.push((kid, macs));
        if !removal.is_interrupted {
            prop_assert!(self.settle());
        }
        Ok(())
    }

    /// Signs as a function does: with the ring that it remembers, unless that is below the
    /// floor or too old.
    fn sign(&mut self, signer: usize) -> Result<(), TestCaseError> {
        let (now, floor) = (self.now, self.published.floor());
        let current = self.current();
        let may_use = |remembered: &Remembered| {
            now.since(remembered.read_at) < STALEST_SIGNER && remembered.ring.version() >= floor
        };
        let signer = &mut self.signers[signer];
        let remembered = match signer.take().filter(may_use) {
            Some(remembered) => signer.insert(remembered),
            None => signer.insert(Remembered {
                ring: current,
                read_at: now,
                was_restored: self.is_restored,
            }),
        };
        let ring = &remembered.ring;
        let Some((key, mac)) = ring.active().zip(ring.active_mac()) else {
            return Ok(());
        };
        if ring.version() < floor {
            return Ok(());
        }
        prop_assert!(!self.removed.contains(key.kid()), "a removed key signs");
        prop_assert!(!self.removed_macs.contains(&mac.id()), "a removed MAC key");
        let verifies = self.published.kids(self.now).any(|kid| kid == key.kid());
        let may_be_unknown = self.is_restored || remembered.was_restored;
        prop_assert!(verifies || may_be_unknown, "a signature without a verifier");
        let until = self.now.plus(MAX_LIFETIME);
        let verifies_to_its_end = self.published.kids(until).any(|kid| kid == key.kid());
        if verifies && (verifies_to_its_end || !may_be_unknown) {
            self.tokens.insert(key.kid().clone(), until);
        }
        Ok(())
    }

    /// Checks what must hold at any moment.
    fn check(&mut self, before: (u64, u64)) -> Result<(), TestCaseError> {
        let ring = self.current();
        let signing = |state| ring.signing_keys().filter(|key| key.state == state).count();
        let macs = |state| ring.mac_keys().filter(|key| key.state == state).count();
        let one = usize::from(ring.version() > 0);
        for state in [KeyState::Active, KeyState::Pending] {
            prop_assert_eq!((signing(state), macs(state)), (one, one));
        }
        let published = (self.published.version(), self.published.floor());
        prop_assert!(published.0 >= before.0 && published.1 >= before.1);
        // A removal relies on that: its version is above every other.
        prop_assert!(published.0 >= ring.version());
        let mut live: HashSet<&Kid> = HashSet::new();
        for kid in self.published.kids(self.now) {
            prop_assert!(!self.removed.contains(kid), "a removed key verifies");
            live.insert(kid);
        }
        if self.published.admit(&ring) && !self.is_restored {
            let mut signers = ring.signers().map(SigningKey::kid);
            prop_assert!(
                signers.all(|kid| live.contains(kid)),
                "a signer without a verifier"
            );
            if !Rc::ptr_eq(&ring, &self.proven) {
                prop_assert_eq!(self.published.prove(&ring, self.now), Ok(()));
                self.proven = Rc::clone(&ring);
            }
        }
        let is_removing = |kid: &Kid| {
            let mut removing = self.removing.iter();
            ring.has_removed(kid) && removing.any(|(removing, _)| removing == kid)
        };
        let is_removed = |kid| self.removed.contains(kid) || is_removing(kid);
        for (kid, until) in &self.tokens {
            let is_valid = *until > self.now && !is_removed(kid);
            prop_assert!(!is_valid || live.contains(kid), "a valid token has no key");
        }
        Ok(())
    }
}

fn events() -> impl Strategy<Value = Event> {
    let removal = (
        select(&[KeyState::Active, KeyState::Pending, KeyState::Retired][..]),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.3),
    );
    let removal = removal.prop_map(|(state, refresh, is_interrupted)| {
        Event::Remove(Removal {
            state,
            refresh,
            is_interrupted,
        })
    });
    prop_oneof![
        2 => (0_u8..3).prop_map(Event::Create),
        2 => (0_u8..3).prop_map(Event::Publish),
        2 => (0_u8..3).prop_map(Event::Finish),
        2 => Just(Event::Settle),
        3 => prop::bool::weighted(0.3).prop_map(Event::Rotate),
        1 => removal,
        1 => (1_usize..6).prop_map(Event::Restore),
        4 => (0_usize..2).prop_map(Event::Sign),
        5 => select(&WAITS[..]).prop_map(Event::Wait),
    ]
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn whatever_signs_is_verifiable_and_a_removed_key_never_returns(
        events in prop::collection::vec(events(), 1..25),
    ) {
        let mut deployment = Deployment::new();
        deployment.happens(Event::Rotate(false))?;
        for event in events {
            let published = &deployment.published;
            let before = (published.version(), published.floor());
            deployment.happens(event)?;
            deployment.check(before)?;
        }
    }
}

/// How long a key is published before it signs.
const MIN_PENDING: Duration = Duration::from_hours(3);
/// A moment, a token's life, the age at which signers reread and a retired key is dropped, the
/// time of a pending key, and the lives of sessions.
const WAITS: [u64; 8] = [1, 600, 3_600, 3_900, 8_100, 10_800, 86_400, 400 * 86_400];
/// The number of a rotation whose steps follow one another.
const WHOLE: u8 = 100;
/// The number of a removal.
const REMOVAL: u8 = 101;
