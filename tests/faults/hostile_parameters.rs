//! Hostile text in every parameter that `docs/openapi.json` lists, of the path, the query and the
//! headers: strings that break programs, values that are damaged, and parameters that are repeated.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_tests::binaries::root;
use serde_json::{Value, json};

use crate::functions::{Function, Reply};
use crate::hostile_text::{data, text};
use crate::operation::operations;
use crate::page::{block_on, in_parallel};
use crate::people::{Beginning, People};
use crate::world::World;

/// A parameter of a route, with a valid event of the route.
struct Parameter {
    route: String,
    function: Function,
    has_mail: bool,
    event: Value,
    name: String,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Path,
    Query,
    Header,
}

/// What no gateway decodes to one text, or to any.
const DAMAGED: [&str; 14] = [
    "%",
    "%0",
    "%zz",
    "%ff%fe",
    "%c3",
    "%00",
    "%0d%0aset-cookie:x",
    "=",
    "==x",
    "&",
    "a&b=c",
    "+",
    "%2e%2e%2f%2e%2e%2f",
    "..;/",
];

#[test]
fn no_naughty_string_in_any_parameter_is_an_error_of_ours() {
    let beginning = block_on(Beginning::make());
    let parameters = parameters(&beginning.people);
    let places: BTreeSet<Place> = parameters.iter().map(|one| one.place).collect();
    assert_eq!(places, [Place::Path, Place::Query, Place::Header].into());
    let tried = in_parallel(&parameters, |one| block_on(try_strings(one, &beginning)));
    let tried: usize = tried.iter().sum();
    assert!(tried > 485 * 20, "only {tried} requests");
}

async fn try_strings(parameter: &Parameter, beginning: &Beginning) -> usize {
    let world = parameter.world(beginning).await;
    let long = "x".repeat(10_000);
    let strings = data("naughty_strings.json");
    let strings = strings.iter().map(text);
    let damaged = DAMAGED.map(str::to_owned).into_iter();
    let mut tried = 0;
    for string in strings.chain(damaged).chain([long]) {
        for event in parameter.with(&string) {
            let reply = parameter.send(&world, &event).await;
            assert!(
                !reply.outcome.starts_with('5'),
                "{} {}={string}: {} {}",
                parameter.route,
                parameter.name,
                reply.outcome,
                reply.body
            );
            tried += 1;
        }
    }
    tried
}

/// One of our cursors with a character replaced or missing is refused or begins a page, and never
/// fails the function.
#[test]
fn no_damaged_cursor_is_an_error_of_ours() {
    let beginning = block_on(Beginning::make());
    let parameters = parameters(&beginning.people);
    let cursor = parameters.iter().find(|one| one.name == "cursor").unwrap();
    let tried = block_on(async {
        let world = cursor.world(&beginning).await;
        let mut event = cursor.event.clone();
        event["rawQueryString"] = "limit=1".into();
        let valid = cursor.send(&world, &event).await.text("next_cursor");
        let mut tried = 0;
        for at in 0..valid.len() {
            for with in ["", "A", "_", "%00", "%ff", "="] {
                let damaged = [&valid[..at], with, &valid[at + 1..]].concat();
                event["rawQueryString"] = format!("limit=1&cursor={damaged}").into();
                let reply = cursor.send(&world, &event).await;
                let outcome = reply.outcome.as_str();
                let is_same = damaged == valid;
                assert!(
                    ["200", "422"].contains(&outcome),
                    "{damaged}: {}",
                    reply.body
                );
                assert!(!is_same || outcome == "200", "the cursor itself is refused");
                tried += 1;
            }
        }
        tried
    });
    assert!(tried > 100, "only {tried} cursors");
}

impl Parameter {
    async fn world(&self, beginning: &Beginning) -> World {
        let mut world = World::begin(beginning).with_mail(self.has_mail);
        world.start(self.function).await;
        world
    }

    async fn send(&self, world: &World, event: &Value) -> Reply {
        let event = event.to_string();
        world.send_within(self.function, &event, None).await.0
    }

    /// Returns events with the string in the parameter: as it is, encoded, and given twice.
    fn with(&self, string: &str) -> Vec<Value> {
        let name = &self.name;
        let encoded = string.bytes().fold(String::new(), |encoded, byte| {
            format!("{encoded}%{byte:02x}")
        });
        let values = match self.place {
            Place::Query => vec![
                format!("{name}={string}"),
                format!("{name}={encoded}"),
                format!("{encoded}={string}"),
                format!("{name}={encoded}&{name}={encoded}"),
            ],
            Place::Path | Place::Header => vec![string.to_owned(), encoded],
        };
        let place = match self.place {
            Place::Query => "rawQueryString",
            Place::Path => "pathParameters",
            Place::Header => "headers",
        };
        let with = |value: String| {
            let mut event = self.event.clone();
            match self.place {
                Place::Query => event[place] = value.into(),
                Place::Path => event[place][name] = value.into(),
                Place::Header => event[place][name.to_lowercase()] = value.into(),
            }
            event
        };
        values.into_iter().map(with).collect()
    }
}

/// Returns the parameters of the API reference, so that a new one is tried.
fn parameters(people: &People) -> Vec<Parameter> {
    let mut events = BTreeMap::new();
    for operation in operations() {
        let event: Value = serde_json::from_str(&(operation.event)(people)).unwrap();
        if let Some(route) = event["routeKey"].as_str().map(str::to_owned) {
            events.insert(route, (operation.function, operation.has_mail, event));
        }
    }
    let reference = std::fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let reference: Value = serde_json::from_str(&reference).unwrap();
    let mut parameters = Vec::new();
    for (path, methods) in reference["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let route = format!("{} {path}", method.to_uppercase());
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                // The documents of `jwks` differ only in their paths.
                let known = events.get(&route).or_else(|| {
                    path.starts_with("/.well-known/")
                        .then(|| &events["GET /.well-known/jwks.json"])
                });
                let (function, has_mail, mut event) = known
                    .unwrap_or_else(|| panic!("no operation has an event for {route}"))
                    .clone();
                event["routeKey"] = json!(route);
                event["rawPath"] = json!(path);
                event["requestContext"]["http"]["method"] = json!(method.to_uppercase());
                parameters.push(Parameter {
                    route: route.clone(),
                    function,
                    has_mail,
                    event,
                    name: text(&parameter["name"]),
                    place: match parameter["in"].as_str() {
                        Some("path") => Place::Path,
                        Some("query") => Place::Query,
                        Some("header") => Place::Header,
                        other => panic!("{route} has a parameter in {other:?}"),
                    },
                });
            }
        }
    }
    parameters
}
