//! Random adversaries against the counters of one account, without a store: logins that
//! overlap, by both identifiers, from many networks, right and wrong.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// One identifier: its counters, and those of its pairs.
#[derive(Default)]
struct Name {
    exists: bool,
    identifier: Counter,
    pairs: BTreeMap<u8, Counter>,
}

/// An attempt that has been counted, and is not over.
struct Pending {
    network: u8,
    is_right: bool,
    began: Timestamp,
    granted: Option<Counted>,
    is_compared: bool,
    seen: Seen,
}

/// What a client can notice.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    calls: Vec<&'static str>,
    status: u16,
    retry_after: Option<Duration>,
}

impl Name {
    fn known(exists: bool) -> Self {
        Self {
            exists,
            ..Self::default()
        }
    }

    /// Counts an attempt, as a login does before its hash.
    fn begin(&mut self, network: u8, is_right: bool, address: &Counter, now: Timestamp) -> Pending {
        let lane = Lane::address(ADDRESS);
        let counters = LoginCounters {
            identifier: self.identifier.clone(),
            pair: self.pairs.get(&network).cloned().unwrap_or_default(),
            address: address.clone(),
        };
        let mut pending = Pending {
            network,
            is_right,
            began: now,
            granted: None,
            is_compared: false,
            seen: Seen {
                calls: vec!["BatchGetItem"],
                status: 429,
                retry_after: None,
            },
        };
        let is_known = self.identifier.known.contains(&network.to_string(), now);
        if counters.identifier_is_open(&lane, now) {
            pending.seen.calls.push("UpdateItem id#");
            assert!(enter(&Lane::IDENTIFIER, &mut self.identifier, now));
            pending.granted = Some(Counted::Identifier);
            pending.is_compared = true;
            pending.seen.status = 401;
        } else {
            pending.seen.retry_after = Some(counters.wait(&lane, now).1);
            let pair = self.pairs.entry(network).or_default();
            if enter(&Lane::PAIR, pair, now) {
                pending.seen.calls.push("UpdateItem pair#");
                pending.granted = Some(Counted::Pair);
                pending.is_compared = is_known;
            }
        }
        pending.seen.calls.extend(["GetItem", "hash"]);
        pending
    }

    /// Ends it, as a login does after its hash. Returns what the client notices.
    fn end(&mut self, mut pending: Pending, address: &mut Counter, now: Timestamp) -> Seen {
        if !self.succeeds(&pending) {
            pending.seen.calls.push("UpdateItem ip#");
            enter(&Lane::address(ADDRESS), address, now);
            return pending.seen;
        }
        if pending.granted == Some(Counted::Identifier) {
            leave(&Lane::IDENTIFIER, &mut self.identifier);
            let network = pending.network.to_string();
            match self.identifier.mark(&network, now) {
                Mark::Refresh => {
                    self.identifier.known = self.identifier.known.with(&network, now);
                }
                Mark::Add(known) => {
                    self.identifier.known = known;
                    self.identifier.known_tat = Some(Lane::NEWLY_KNOWN.first(now));
                }
                Mark::Leave => {}
            }
        } else {
            let pair = self.pairs.entry(pending.network).or_default();
            leave(&Lane::PAIR, pair);
            let network = pending.network.to_string();
            if self.identifier.known.is_aging(&network, now) {
                self.identifier.known = self.identifier.known.with(&network, now);
            }
        }
        pending.seen.status = 200;
        pending.seen
    }

    fn succeeds(&self, pending: &Pending) -> bool {
        self.exists && pending.is_right && pending.is_compared
    }
}

/// What someone does.
#[derive(Debug, Clone, Copy)]
struct Move {
    after: i64,
    name: usize,
    network: u8,
    is_right: bool,
    /// Begin this many attempts, or end as many of those under way.
    begins: bool,
    times: usize,
    /// Tries to confirm the password with a stolen token as well.
    confirms: bool,
}

fn moves(afters: &'static [i64], networks: u8) -> impl Strategy<Value = Vec<Move>> {
    let one = (
        select(afters),
        0..2_usize,
        0..networks,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.6),
        select(&[1_usize, 1, 5, 40][..]),
        prop::bool::weighted(0.2),
    );
    let one = one.prop_map(
        |(after, name, network, is_right, begins, times, confirms)| Move {
            after,
            name,
            network,
            is_right,
            begins,
            times,
            confirms,
        },
    );
    vec(one, 1..120)
}

proptest! {
    #![proptest_config(crate::property::config())]

    /// The owner's logins come in between, from a network that is known.
    #[test]
    fn a_known_name_and_an_unknown_one_look_the_same_until_the_password_is_right(
        moves in moves(&[0, 1, 10, 600, 8_640, 30_000], 3),
    ) {
        let mut names = [Name::known(true), Name::known(false)];
        let mut addresses = [(); 2].map(|()| BTreeMap::<u8, Counter>::new());
        let mut under_way: [Vec<Pending>; 2] = [Vec::new(), Vec::new()];
        let (mut now, home) = (NOW, 0_u8);
        let mut owners = Counter::default();
        let known = &mut names[0].identifier.known;
        *known = known.with(&home.to_string(), now);
        for step in moves {
            now = now.plus(Duration::from_secs(step.after.unsigned_abs()));
            let is_known = names[0].identifier.known.contains(&home.to_string(), now);
            if step.is_right && is_known {
                let login = names[0].begin(home, true, &owners, now);
                names[0].end(login, &mut owners, now);
            }
            for _ in 0..step.times {
                let mut seen = Vec::new();
                for ((name, addresses), under_way) in
                    names.iter_mut().zip(&mut addresses).zip(&mut under_way)
                {
                    let address = addresses.entry(step.network).or_default();
                    if step.begins {
                        under_way.push(name.begin(step.network, false, address, now));
                    } else if let Some(pending) = under_way.pop() {
                        let address = addresses.entry(pending.network).or_default();
                        seen.push(name.end(pending, address, now));
                    }
                }
                prop_assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
            }
        }
    }

    #[test]
    fn fewer_than_a_hundred_guesses_a_day_are_compared_with_an_account(
        moves in moves(&[0, 0, 1, 60, 3_600, 9_000], 12),
    ) {
        let mut names = [Name::known(true), Name::known(true)];
        let mut addresses = BTreeMap::<u8, Counter>::new();
        let mut under_way: [Vec<Pending>; 2] = [Vec::new(), Vec::new()];
        let (mut now, mut subject) = (NOW, Counter::default());
        let mut guesses: Vec<Timestamp> = Vec::new();
        for step in moves {
            now = now.plus(Duration::from_secs(step.after.unsigned_abs()));
            let (name, under_way) = (&mut names[step.name], &mut under_way[step.name]);
            for time in 0..step.times {
                if step.begins {
                    let address = addresses.entry(step.network).or_default();
                    under_way.push(name.begin(step.network, step.is_right, address, now));
                } else if !under_way.is_empty() {
                    let pending = under_way.swap_remove(time % under_way.len());
                    let (began, is_compared) = (pending.began, pending.is_compared);
                    let address = addresses.entry(pending.network).or_default();
                    let seen = name.end(pending, address, now);
                    if is_compared && seen.status != 200 {
                        guesses.push(began);
                    }
                }
                if step.confirms && enter(&Lane::SUBJECT, &mut subject, now) {
                    guesses.push(now);
                }
            }
        }
        guesses.sort();
        for (number, last) in guesses.iter().enumerate() {
            let a_day = last.minus(Duration::from_secs(DAY.unsigned_abs()));
            let within = guesses[..=number].iter().filter(|guess| **guess > a_day);
            prop_assert!(within.count() < 100);
        }
    }
}

/// How many attempts an hour a network has here.
const ADDRESS: u32 = 300;
