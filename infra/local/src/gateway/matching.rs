//! Finds the route of a request: the most specific path, then the method.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use http::Request;
use percent_encoding::percent_decode_str;

use crate::template::{METHODS, PathPart, Route, RouteKey};

/// The route of a request, with the values of its path variables.
#[derive(Debug)]
pub(super) struct RouteMatch<'a> {
    pub(super) route: &'a Route,
    pub(super) parameters: BTreeMap<String, String>,
}

/// Finds the route of a request.
pub(super) fn find<'a, B>(routes: &'a [Route], request: &Request<B>) -> Option<RouteMatch<'a>> {
    let method = request.method().as_str();
    if !METHODS.contains(&method) {
        return None;
    }
    let path = request.uri().path().strip_prefix('/')?;
    let segments: Vec<String> = match path {
        "" => Vec::new(),
        path => path.split('/').map(decode).collect(),
    };
    let matches = routes.iter().filter_map(|route| {
        let parameters = matched(&route.key, method, &segments)?;
        Some(RouteMatch { route, parameters })
    });
    matches.max_by(|a, b| precedence(&a.route.key, &b.route.key))
}

/// Percent-decodes a part of a path; invalid UTF-8 becomes U+FFFD.
pub(super) fn decode(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn matched(key: &RouteKey, method: &str, segments: &[String]) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    let RouteKey::Path {
        method: wanted,
        parts,
    } = key
    else {
        return Some(parameters);
    };
    if wanted.as_ref().is_some_and(|wanted| wanted != method) {
        return None;
    }
    let mut rest = segments.iter();
    for part in parts {
        match part {
            PathPart::Literal(text) => {
                rest.next().filter(|segment| *segment == text)?;
            }
            PathPart::Variable(name) => {
                let value = rest.next().filter(|segment| !segment.is_empty())?;
                parameters.insert(name.clone(), value.clone());
            }
            PathPart::Greedy(name) => {
                let value = rest.by_ref().cloned().collect::<Vec<_>>().join("/");
                if value.is_empty() {
                    return None;
                }
                parameters.insert(name.clone(), value);
            }
        }
    }
    rest.next().is_none().then_some(parameters)
}

/// Orders routes: literals before variables before greedy variables, a method
/// before `ANY`, and `$default` last.
fn precedence(a: &RouteKey, b: &RouteKey) -> Ordering {
    match (a, b) {
        (RouteKey::Default, RouteKey::Default) => Ordering::Equal,
        (RouteKey::Default, RouteKey::Path { .. }) => Ordering::Less,
        (RouteKey::Path { .. }, RouteKey::Default) => Ordering::Greater,
        (
            RouteKey::Path {
                method: one,
                parts: a,
            },
            RouteKey::Path {
                method: other,
                parts: b,
            },
        ) => {
            let by_path = a.iter().map(rank).cmp(b.iter().map(rank));
            by_path.then(one.is_some().cmp(&other.is_some()))
        }
    }
}

fn rank(part: &PathPart) -> u8 {
    match part {
        PathPart::Greedy(_) => 0,
        PathPart::Variable(_) => 1,
        PathPart::Literal(_) => 2,
    }
}
