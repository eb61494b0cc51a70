//! One list of tokens ([`Policy`]) at every place that verifies a token: the authorizer with
//! each form of event, and the routes without an authorizer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::key::KeyRing;
use gatehouse_testing::{Contents, Forger, Policy, PolicyCase};
use gatehouse_tests::long_run::report;
use serde_json::{Value, json};

use crate::events::{ADDRESS, Http, authorization, form};
use crate::functions::Function;
use crate::mailed::{NEW_ADDRESS, ask, verification};
use crate::page::{block_on, in_parallel};
use crate::people::{Beginning, Login, People};
use crate::world::World;

/// A place that takes a token.
struct Place {
    name: &'static str,
    function: Function,
    has_mail: bool,
    event: fn(&Presented<'_>) -> String,
    /// The outcomes for a token that must be refused.
    refused: &'static [&'static str],
    /// The outcome for a valid one.
    accepted: &'static str,
    /// Whether the token is in a header, where spaces around it mean nothing.
    is_header: bool,
    /// Whether a valid token changes something, so that each needs its own world.
    changes: bool,
}

/// A token on its way.
struct Presented<'a> {
    token: &'a str,
    people: &'a People,
    /// No two cases share it, because requests are counted by their address.
    address: &'a str,
}

/// All of them: a search for `keys.verify(` finds what calls the verifier.
const PLACES: [Place; 11] = [
    Place::authorizer("authorizer, HTTP API 2.0", &["deny"], |sent| {
        authorization(sent.token)
    }),
    Place::authorizer("authorizer, HTTP API 1.0", &["deny"], |sent| {
        request(sent, json!({"version": "1.0"}), json!({}))
    }),
    Place::authorizer("authorizer, REST API", &["unauthorized"], |sent| {
        request(sent, json!({}), json!({}))
    }),
    Place::authorizer("authorizer, REST API, TOKEN", &["unauthorized"], |sent| {
        let token = format!("Bearer {}", sent.token);
        json!({"type": "TOKEN", "methodArn": METHOD_ARN, "authorizationToken": token}).to_string()
    }),
    Place::authorizer("authorizer, WebSocket API", &["deny"], |sent| {
        request(sent, json!({}), json!({"eventType": "CONNECT"}))
    }),
    Place {
        name: "POST /introspect, as the caller",
        function: Function::Introspect,
        has_mail: false,
        event: |sent| {
            let about = format!("token={}", sent.people.other.access);
            form("POST /introspect", about, Some(bearer(sent)))
        },
        refused: &["401"],
        accepted: "active",
        is_header: true,
        changes: false,
    },
    Place {
        name: "POST /introspect, about the token, as a form",
        event: |sent| {
            let about = format!("token={}", form_encoded(sent.token));
            form("POST /introspect", about, Some(sent.people.client.clone()))
        },
        ..INTROSPECTED
    },
    INTROSPECTED,
    Place {
        name: "POST /revoke",
        function: Function::Refresh,
        has_mail: false,
        event: |sent| {
            let revoked = format!("token={}", form_encoded(sent.token));
            form("POST /revoke", revoked, None)
        },
        // RFC 7009 section 2.2: an invalid token is a 200, and ends nothing.
        refused: &["200"],
        accepted: "200",
        is_header: false,
        changes: true,
    },
    Place {
        name: "POST /email/verification",
        function: Function::Email,
        has_mail: true,
        event: |sent| proof("POST /email/verification", sent, Value::Null),
        refused: PROOF,
        accepted: "202",
        is_header: true,
        changes: false,
    },
    Place {
        name: "POST /email/verify",
        function: Function::Email,
        has_mail: true,
        event: |sent| proof("POST /email/verify", sent, verification()),
        refused: PROOF,
        accepted: "204",
        is_header: true,
        changes: true,
    },
];

const INTROSPECTED: Place = Place {
    name: "POST /introspect, about the token, as JSON",
    function: Function::Introspect,
    has_mail: false,
    event: |sent| {
        Http {
            route: "POST /introspect",
            body: json!({"token": sent.token}),
            authorization: Some(sent.people.client.clone()),
            ..Http::default()
        }
        .event()
    },
    refused: &["inactive"],
    accepted: "active",
    is_header: false,
    changes: false,
};

/// A line break or a NUL makes it no header at all, and then the request has no proof.
const PROOF: &[&str] = &["401", "422"];

const METHOD_ARN: &str = "arn:aws:execute-api:eu-central-1:111122223333:api/prod/GET/protected";

impl Place {
    const fn authorizer(
        name: &'static str,
        refused: &'static [&'static str],
        event: fn(&Presented<'_>) -> String,
    ) -> Self {
        Self {
            name,
            function: Function::Authorizer,
            has_mail: false,
            event,
            refused,
            accepted: "allow",
            is_header: true,
            changes: false,
        }
    }

    /// Returns a world in which the place can be tried once with a valid token.
    async fn world(&self, beginning: &Beginning) -> World {
        let mut world = World::begin(beginning).with_mail(self.has_mail);
        if self.has_mail {
            ask(&mut world, &beginning.people, NEW_ADDRESS).await;
        }
        world.stop_clock();
        world
    }

    /// Whose token it is: an administrator's may introspect, and the mailed code is Ada's.
    fn login<'a>(&self, people: &'a People) -> &'a Login {
        if self.has_mail {
            &people.own
        } else {
            &people.root
        }
    }
}

#[test]
fn every_policy_case_is_refused_at_every_place_that_takes_a_token() {
    let beginning = block_on(Beginning::make());
    let tried = in_parallel(&PLACES, |place| {
        let mut trial = Trial::of(place, &beginning);
        block_on(trial.run());
        (trial.refused, trial.accepted, trial.wrong)
    });
    let (mut refused, mut accepted) = (0, 0);
    for (refused_here, accepted_here, wrong) in tried {
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        refused += refused_here;
        accepted += accepted_here;
    }
    report(&json!({"policy_cases": refused, "policy_controls": accepted}));
    assert_eq!((refused, accepted), (6_694, 284));
}

/// The list at one place.
struct Trial<'a> {
    place: &'a Place,
    beginning: &'a Beginning,
    refused: usize,
    accepted: usize,
    wrong: Vec<String>,
}

impl<'a> Trial<'a> {
    fn of(place: &'a Place, beginning: &'a Beginning) -> Self {
        Self {
            place,
            beginning,
            refused: 0,
            accepted: 0,
            wrong: Vec::new(),
        }
    }

    /// Tries all that must be refused, between two that must be accepted, and then the rest.
    async fn run(&mut self) {
        let mut world = self.place.world(self.beginning).await;
        let policy = self.policy(&world);
        let control = &policy.accepted[0];
        if !self.place.changes {
            self.must_accept(control, &mut world).await;
        }
        let before = unchanged(&world);
        let is_another = |case: &&PolicyCase| {
            !self.place.is_header || case.token.trim_matches(' ') == case.token
        };
        for (number, case) in policy.refused.iter().filter(is_another).enumerate() {
            let outcome = self.send(case, number, &mut world).await;
            if !self.place.refused.contains(&outcome.as_str()) {
                self.wrong(case, &outcome);
            }
            self.refused += 1;
        }
        let is_unchanged = unchanged(&world) == before;
        assert!(
            is_unchanged,
            "{}: a refused token changed something",
            self.place.name
        );
        self.must_accept(control, &mut world).await;
        for case in &policy.accepted {
            if self.place.changes {
                world = self.place.world(self.beginning).await;
            }
            self.must_accept(case, &mut world).await;
        }
    }

    async fn must_accept(&mut self, case: &PolicyCase, world: &mut World) {
        let before = unchanged(world);
        let outcome = self.send(case, usize::from(u16::MAX), world).await;
        let has_changed = unchanged(world) != before;
        // A mail that is sent again is a change too.
        let is_right = outcome == self.place.accepted && (has_changed || !self.place.changes);
        if !is_right {
            self.wrong(case, &outcome);
        }
        self.accepted += 1;
    }

    async fn send(&self, case: &PolicyCase, number: usize, world: &mut World) -> String {
        let event = (self.place.event)(&Presented {
            token: &case.token,
            people: &self.beginning.people,
            // Requests are counted by their address.
            address: &format!("198.18.{}.{}", number / 250, number % 250),
        });
        world.send(self.place.function, &event).await.outcome
    }

    fn wrong(&mut self, case: &PolicyCase, outcome: &str) {
        let (place, case) = (self.place.name, &case.name);
        self.wrong.push(format!("{place}: {case}: {outcome}"));
    }

    /// Makes the list around a token that a login issued.
    fn policy(&self, world: &World) -> Policy {
        let token = &self.place.login(&self.beginning.people).access;
        let ring = KeyRing::parse(&world.secrets.current()).unwrap();
        let forger = Forger::with_key_of(ring.active().unwrap());
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
        let claims: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
        Policy::around(&claims, &forger, world.now())
    }
}

/// What a refused token must not change: everything but the counters of attempts.
fn unchanged(world: &World) -> Contents {
    let mut contents = world.tables.contents();
    contents.remove("LoginAttemptsTable");
    contents
}

fn bearer(sent: &Presented<'_>) -> String {
    format!("Bearer {}", sent.token)
}

/// Returns an authorizer's event of a kind that has all headers twice.
fn request(sent: &Presented<'_>, event: Value, context: Value) -> String {
    let (mut event, mut context) = (event, context);
    context["requestId"] = "request".into();
    context["identity"] = json!({"sourceIp": ADDRESS});
    event["type"] = "REQUEST".into();
    event["methodArn"] = METHOD_ARN.into();
    event["headers"] = json!({"Authorization": bearer(sent)});
    event["multiValueHeaders"] = json!({"Authorization": [bearer(sent)]});
    event["requestContext"] = context;
    event.to_string()
}

/// Returns the event of a route that takes a token as the proof of an account.
fn proof(route: &str, sent: &Presented<'_>, body: Value) -> String {
    Http {
        route,
        body,
        authorization: Some(bearer(sent)),
        address: Some(sent.address),
        ..Http::default()
    }
    .event()
}

/// Escapes what is not a letter, a digit or a hyphen.
fn form_encoded(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escaped).collect()
}
