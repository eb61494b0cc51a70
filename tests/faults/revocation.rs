//! How late a revocation takes effect: the next call of the authorizer denies the token, for every
//! way to end one, and without a fault in between as well as with many.

use std::sync::OnceLock;
use std::time::Duration;

use gatehouse_auth::role::Roles;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_store::Users;
use gatehouse_tests::random::Random;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::endless::{Counts, add, try_seeds};
use crate::events::{Http, authorization, form, log_out, present};
use crate::functions::{Function, Reply};
use crate::page::{block_on, in_parallel};
use crate::people::{Beginning, Login, PASSWORD, log_in, person};
use crate::world::World;

/// Worlds of the tests; in each, every token of [`Crowd`] is revoked. Together, 10,000.
const WORLDS: u64 = 90;
const WORLDS_WITH_FAULTS: u64 = 23;
/// A way to end an access token.
#[derive(Debug, Clone, Copy)]
enum Revocation {
    Logout,
    LogoutEverywhere,
    LogoutOfOthers,
    EndOfSession,
    RevokedAccessToken,
    RevokedRefreshToken,
    Replay,
    Roles,
    Disabled,
    SignOutByAdmin,
    Deleted,
    NewPassword,
}

#[test]
fn the_next_call_of_the_authorizer_denies_a_revoked_token() {
    let crowd = Crowd::gathered();
    let seeds: Vec<u64> = (0..WORLDS).collect();
    let tried = in_parallel(&seeds, |&seed| block_on(crowd.revoke_all(seed, false)));
    assert_eq!(total(tried), WORLDS * Crowd::TOKENS);
}

/// A fault may keep the authorizer from deciding; that is not an allow.
#[test]
fn no_fault_of_the_store_lets_a_revoked_token_in() {
    let crowd = Crowd::gathered();
    let seeds: Vec<u64> = (0..WORLDS_WITH_FAULTS).collect();
    let tried = in_parallel(&seeds, |&seed| block_on(crowd.revoke_all(seed, true)));
    assert_eq!(total(tried), WORLDS_WITH_FAULTS * Crowd::TOKENS);
}

#[test]
#[ignore = "goes on for as long as it may: `cargo long revocation`"]
fn no_revoked_token_is_ever_let_in_with_or_without_faults() {
    let crowd = Crowd::gathered();
    try_seeds(|seed| {
        let mut counts = block_on(crowd.revoke_all(seed, false));
        add(&mut counts, block_on(crowd.revoke_all(seed, true)));
        counts
    });
}

fn total(tried: Vec<Counts>) -> u64 {
    let mut counts = Counts::new();
    for one in tried {
        add(&mut counts, one);
    }
    counts.into_values().sum()
}

/// Users who are logged in twice.
struct Crowd {
    beginning: Beginning,
    owners: Vec<Owner>,
}

struct Owner {
    here: Login,
    there: Login,
}

impl Crowd {
    /// One token for each revocation in this many rounds, and one for a new password, whose
    /// hashes take longer than all others together.
    const ROUNDS: u64 = 8;
    const TOKENS: u64 = Self::ROUNDS * Revocation::QUICK.len() as u64 + 1;

    /// Returns the crowd, which all tests share.
    fn gathered() -> &'static Self {
        static CROWD: OnceLock<Crowd> = OnceLock::new();
        CROWD.get_or_init(|| block_on(Self::gather()))
    }

    async fn gather() -> Self {
        let mut beginning = Beginning::make().await;
        let mut world = World::begin(&beginning);
        let users = Users::new(world.client(), world.tables.name("UsersTable").to_owned());
        let hash = StoredHash::new(beginning.people.hash.clone());
        let mut owners = Vec::new();
        for number in 0..Self::TOKENS {
            let name = format!("owner-{number}");
            let owner = User {
                roles: Roles::parse(["user"]).unwrap(),
                ..person(&name, &hash)
            };
            users.register(&owner).await.unwrap();
            owners.push(Owner {
                here: log_in(&mut world, &name).await,
                there: log_in(&mut world, &name).await,
            });
        }
        beginning.contents = world.tables.contents();
        // Each world would copy them, and nothing reads them.
        beginning.contents.remove("LoginAttemptsTable");
        Self { beginning, owners }
    }

    /// Revokes every token, and presents it at once. Returns how many there were.
    async fn revoke_all(&self, seed: u64, with_faults: bool) -> Counts {
        let mut world = World::begin(&self.beginning);
        for function in [
            Function::Account,
            Function::Admin,
            Function::Authorizer,
            Function::Logout,
            Function::Refresh,
        ] {
            world.start(function).await;
        }
        let root = &self.beginning.people.root.principal;
        let mut random = Random::new(seed);
        let kinds = Revocation::QUICK.into_iter().cycle();
        let kinds = [Revocation::NewPassword].into_iter().chain(kinds);
        for (kind, owner) in kinds.zip(&self.owners) {
            let token = authorization(&owner.here.access);
            // Whatever the authorizer remembered of this would let the token in afterwards.
            let before = present_to_authorizer(&world, &token).await.outcome;
            assert_eq!(before, "allow", "{kind:?}");
            world.injection.plan(&[]);
            if with_faults {
                world.injection.break_a_tenth(random.below(u64::MAX));
            }
            let revoking = Revoking {
                world: &world,
                owner,
                root,
                with_faults,
            };
            revoking.revoke(kind).await;
            let after = present_to_authorizer(&world, &token).await.outcome;
            world.injection.calm();
            let is_refused = after == "deny" || (with_faults && after == "error");
            assert!(is_refused, "late allow after {kind:?}: {after}");
        }
        let name = if with_faults {
            "revocations_with_faults"
        } else {
            "revocations"
        };
        Counts::from([(name, Self::TOKENS)])
    }
}

async fn present_to_authorizer(world: &World, event: &str) -> Reply {
    let send = world.send_within(Function::Authorizer, event, None);
    send.await.0
}

/// The requests that revoke one token.
struct Revoking<'a> {
    world: &'a World,
    owner: &'a Owner,
    root: &'a Value,
    with_faults: bool,
}

impl Revocation {
    const QUICK: [Self; 11] = [
        Self::Logout,
        Self::LogoutEverywhere,
        Self::LogoutOfOthers,
        Self::EndOfSession,
        Self::RevokedAccessToken,
        Self::RevokedRefreshToken,
        Self::Replay,
        Self::Roles,
        Self::Disabled,
        Self::SignOutByAdmin,
        Self::Deleted,
    ];

    /// Returns the outcome of a success, and those of a repetition after it.
    fn outcomes(self) -> &'static [&'static str] {
        match self {
            Self::Logout | Self::SignOutByAdmin => &["204"],
            Self::LogoutEverywhere | Self::LogoutOfOthers => &["204", "401"],
            Self::EndOfSession | Self::Deleted => &["204", "404"],
            Self::RevokedAccessToken | Self::RevokedRefreshToken | Self::Roles | Self::Disabled => {
                &["200"]
            }
            Self::Replay => &["400"],
            Self::NewPassword => &["204", "401", "403"],
        }
    }
}

impl Revoking<'_> {
    async fn revoke(&self, kind: Revocation) {
        if matches!(kind, Revocation::Replay) {
            let mut token = self.owner.here.refresh.clone();
            for _ in 0..2 {
                let event = present(&token);
                let refreshed = self.done(Function::Refresh, &event, &["200"]).await;
                token = refreshed.text("refresh_token");
            }
        }
        let (function, event) = self.request(kind);
        self.done(function, &event, kind.outcomes()).await;
    }

    /// Returns the request that revokes the token.
    fn request(&self, kind: Revocation) -> (Function, String) {
        let Owner { here, there } = self.owner;
        let change = |body| self.administer("PATCH /admin/users/{id}", body);
        match kind {
            Revocation::Logout => (Function::Logout, log_out(&here.principal, "local")),
            Revocation::LogoutEverywhere => (Function::Logout, log_out(&there.principal, "global")),
            Revocation::LogoutOfOthers => (Function::Logout, log_out(&there.principal, "others")),
            Revocation::EndOfSession => {
                let route = "DELETE /sessions/{id}";
                let event = from(there, route, Value::Null, Some(here.sid()));
                (Function::Account, event)
            }
            Revocation::RevokedAccessToken => (Function::Refresh, revoke_token(&here.access)),
            Revocation::RevokedRefreshToken => (Function::Refresh, revoke_token(&here.refresh)),
            Revocation::Replay => (Function::Refresh, present(&here.refresh)),
            Revocation::Roles => (Function::Admin, change(json!({"roles": ["admin", "user"]}))),
            Revocation::Disabled => (Function::Admin, change(json!({"status": "disabled"}))),
            Revocation::SignOutByAdmin => {
                let route = "POST /admin/users/{id}/revoke-sessions";
                (Function::Admin, self.administer(route, Value::Null))
            }
            Revocation::Deleted => {
                let route = "DELETE /admin/users/{id}";
                (Function::Admin, self.administer(route, Value::Null))
            }
            Revocation::NewPassword => {
                let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
                (
                    Function::Account,
                    from(there, "PUT /me/password", body, None),
                )
            }
        }
    }

    /// Sends a request until it does not fail, as a client does. The first of the outcomes is that
    /// of a success, and the others those of a repetition.
    async fn done(&self, function: Function, event: &str, outcomes: &[&str]) -> Reply {
        for attempt in 0..ATTEMPTS {
            let reply = self.world.send_within(function, event, None).await.0;
            if self.with_faults && reply.is_failure() {
                sleep(PAUSE).await;
                continue;
            }
            let possible = if attempt == 0 {
                &outcomes[..1]
            } else {
                outcomes
            };
            let is_done = possible.contains(&reply.outcome.as_str());
            assert!(is_done, "{event}: {}: {}", reply.outcome, reply.body);
            return reply;
        }
        panic!("{function:?} has not succeeded in {ATTEMPTS} attempts");
    }

    fn administer(&self, route: &str, body: Value) -> String {
        Http {
            route,
            body,
            principal: Some(self.root),
            id: self.owner.here.principal["sub"].as_str(),
            ..Http::default()
        }
        .event()
    }
}

/// A request of a user's client.
fn from(login: &Login, route: &str, body: Value, id: Option<&str>) -> String {
    Http {
        route,
        body,
        principal: Some(&login.principal),
        id,
        ..Http::default()
    }
    .event()
}

fn revoke_token(token: &str) -> String {
    form("POST /revoke", format!("token={token}"), None)
}

/// How often a client tries.
const ATTEMPTS: usize = 10;
/// As long as `Retry-After` says at most.
const PAUSE: Duration = Duration::from_secs(2);
/// The password that replaces every user's.
const NEW_PASSWORD: &str = "eight quiet otters at dawn";
