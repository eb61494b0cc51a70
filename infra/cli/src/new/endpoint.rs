//! What the user asked for: a function, its route, and what the route requires.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, ensure};
use gatehouse_auth::role::Role;
use gatehouse_auth::scope::Scopes;

use crate::error::ErrorCode;

/// A function with one route.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) name: Name,
    pub(super) route: Route,
    /// The role that the user must have, if any.
    pub(super) role: Option<String>,
    /// The scope that the token must have, if any.
    pub(super) scope: Option<String>,
}

impl Endpoint {
    /// Fails if the tests of the project could not accept the combination.
    pub(super) fn new(
        name: Name,
        route: Option<Route>,
        role: Option<String>,
        scope: Option<String>,
    ) -> anyhow::Result<Self> {
        let route = match route {
            Some(route) => route,
            None => format!("GET /{name}").parse().map_err(anyhow::Error::msg)?,
        };
        let administrative = route.path == "/admin" || route.path.starts_with("/admin/");
        ensure!(
            !administrative || role.as_deref() == Some("admin"),
            "{route}: routes under /admin require the role of administrators: add --role admin"
        );
        Ok(Self {
            name,
            route,
            role,
            scope,
        })
    }

    /// Fails if there is a function or a crate of this name.
    pub(super) fn check_unused(&self, root: &Path) -> anyhow::Result<()> {
        let name = &self.name;
        for folder in ["functions", "events"] {
            let folder = format!("{folder}/{name}");
            if root.join(&folder).exists() {
                let message = format!("{folder} exists: choose another name");
                return Err(ErrorCode::Conflict.error(message));
            }
        }
        let lock = std::fs::read_to_string(root.join("Cargo.lock"))
            .context("cannot read Cargo.lock in the project's root")?;
        let entry = format!("name = \"{name}\"");
        if lock.lines().any(|line| line == entry) {
            return Err(ErrorCode::Conflict.error(format!(
                "{name} is the name of a crate in Cargo.lock: choose another name"
            )));
        }
        Ok(())
    }

    /// Returns what the route requires: `role` or `scope`, and its name.
    pub(super) fn rights(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let rights = [("role", &self.role), ("scope", &self.scope)];
        rights
            .into_iter()
            .filter_map(|(right, name)| Some((right, name.as_deref()?)))
    }

    /// Returns the name of the route in generated clients: `getMonthlyReports`.
    fn operation_id(&self) -> String {
        let method = self.route.method.to_ascii_lowercase();
        method + &self.name.logical_id()
    }

    /// Replaces `{{name}}`, `{{id}}` and the like in a piece of text.
    pub(super) fn fill(&self, piece: &str) -> String {
        piece
            .replace("{{name}}", &self.name.0)
            .replace("{{crate}}", &self.name.crate_name())
            .replace("{{id}}", &self.name.logical_id())
            .replace("{{metric}}", &self.name.metric_id())
            .replace("{{route}}", &self.route.to_string())
            .replace("{{operation}}", &self.operation_id())
    }
}

/// The name of a function, of its binary and of its crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(String);

/// A logical id in the template has at most 255 characters, a function's name 64; a stack
/// adds its own name and a suffix.
const MAX_NAME_BYTES: usize = 32;

/// Names that Rust or Cargo keeps for itself, and the binaries of this project.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "build", "const",
    "continue", "core", "crate", "deployed", "deps", "do", "dyn", "else", "enum", "examples",
    "extern", "false", "final", "fn", "for", "gatehouse", "gen", "if", "impl", "in",
    "incremental", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
    "pub", "ref", "return", "self", "static", "std", "struct", "super", "test", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let starts = |word: &str| word.starts_with(|first: char| first.is_ascii_lowercase());
        let plain = |word: &str| {
            let mut letters = word.chars();
            letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        };
        let mut words = text.split('-');
        if !starts(text) || !words.all(|word| !word.is_empty() && plain(word)) {
            return Err(
                "a name is words of lower-case letters and digits joined by hyphens, and begins \
                 with a letter, such as monthly-reports"
                    .to_owned(),
            );
        }
        if text.len() > MAX_NAME_BYTES {
            return Err(format!("a name has at most {MAX_NAME_BYTES} characters"));
        }
        if RESERVED.contains(&text) {
            return Err("Rust or Cargo reserves this name".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Name {
    /// Returns the crate's name in Rust code: `monthly_reports`.
    fn crate_name(&self) -> String {
        self.0.replace('-', "_")
    }

    /// Returns the beginning of the logical ids in the template: `MonthlyReports`.
    pub(super) fn logical_id(&self) -> String {
        let mut id = String::new();
        for word in self.0.split('-') {
            let (first, rest) = word.split_at(1);
            id.push_str(&first.to_ascii_uppercase());
            id.push_str(rest);
        }
        id
    }

    /// Returns the id of the function's metric in an alarm: `monthlyReports`.
    fn metric_id(&self) -> String {
        let id = self.logical_id();
        let (first, rest) = id.split_at(1);
        format!("{}{rest}", first.to_ascii_lowercase())
    }
}

/// A method and a path of API Gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) method: String,
    pub(super) path: String,
}

/// An HTTP API routes `HEAD` and `OPTIONS` only where a browser or a cache needs them.
const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "a route is a method ({}) and a path, such as \"GET /reports/{{id}}\"",
                METHODS.join(", ")
            )
        };
        let (method, path) = text.split_once(' ').ok_or_else(wrong)?;
        let segments = path.strip_prefix('/').ok_or_else(wrong)?;
        if !METHODS.contains(&method) || !segments.split('/').all(is_segment) {
            return Err(wrong());
        }
        if segments.split('/').next() == Some("_gatehouse") {
            return Err("`cargo local` keeps /_gatehouse/ for itself".to_owned());
        }
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
        })
    }
}

fn is_segment(segment: &str) -> bool {
    let inner = segment.strip_prefix('{');
    let name = inner.map_or(Some(segment), |inner| inner.strip_suffix('}'));
    let legal = |letter: char| {
        let safe = if inner.is_some() { "_" } else { "._~-" };
        letter.is_ascii_alphanumeric() || safe.contains(letter)
    };
    name.is_some_and(|name| !name.is_empty() && name.chars().all(legal))
}

impl Route {
    /// Returns the names of the path's parameters.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &str> {
        let segments = self.path.split('/');
        segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Returns the route with every parameter's name removed: two routes that agree in this
    /// are the same for API Gateway.
    pub(super) fn shape(&self) -> String {
        let segments = self.path.split('/');
        let segments = segments.map(|segment| {
            let is_parameter = segment.starts_with('{');
            if is_parameter { "{}" } else { segment }
        });
        let path: Vec<&str> = segments.collect();
        format!("{} {}", self.method, path.join("/"))
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Parses a role.
pub(super) fn role(text: &str) -> Result<String, String> {
    let role = Role::parse(text).map_err(|error| error.to_string())?;
    Ok(role.to_string())
}

/// Parses one scope.
pub(super) fn scope(text: &str) -> Result<String, String> {
    let scopes = Scopes::parse(text).map_err(|error| error.to_string())?;
    if scopes.to_string() != text || text.is_empty() || text.contains(' ') {
        return Err("give one scope, such as reports".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Name, Route};

    #[test]
    fn a_name_becomes_ids_of_rust_and_of_the_template() {
        let name: Name = "monthly-reports2".parse().unwrap();
        assert_eq!(name.crate_name(), "monthly_reports2");
        assert_eq!(name.logical_id(), "MonthlyReports2");
        assert_eq!(name.metric_id(), "monthlyReports2");
    }

    #[test]
    fn invalid_names_are_refused() {
        for text in [
            "", "Reports", "2reports", "re_ports", "-x", "x-", "a--b", "a b", "../x",
        ] {
            let error = text.parse::<Name>().unwrap_err();
            assert!(error.starts_with("a name is words"), "{text}: {error}");
        }
        for reserved in ["match", "deps"] {
            let error = reserved.parse::<Name>().unwrap_err();
            assert_eq!(error, "Rust or Cargo reserves this name", "{reserved}");
        }
        let long = "a".repeat(33).parse::<Name>().unwrap_err();
        assert_eq!(long, "a name has at most 32 characters");
    }

    #[test]
    fn invalid_routes_are_refused() {
        for text in [
            "/reports",
            "GET",
            "GET reports",
            "get /reports",
            "ANY /reports",
            "GET /",
            "GET /reports/",
            "GET /a//b",
            "GET /{proxy+}",
            "GET /{}",
            "GET /a?b",
            "GET /a b",
        ] {
            let error = text.parse::<Route>().unwrap_err();
            assert!(error.starts_with("a route is a method"), "{text}: {error}");
        }
        let ours = "GET /_gatehouse/x".parse::<Route>().unwrap_err();
        assert_eq!(ours, "`cargo local` keeps /_gatehouse/ for itself");
        let route: Route = "PUT /reports/{id}/a.b-c".parse().unwrap();
        assert_eq!(route.to_string(), "PUT /reports/{id}/a.b-c");
        assert_eq!(route.shape(), "PUT /reports/{}/a.b-c");
        assert_eq!(route.parameters().collect::<Vec<_>>(), ["id"]);
    }
}
