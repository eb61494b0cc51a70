//! The function's crate and its sample events.

use super::changes::Changes;
use super::endpoint::Endpoint;
use super::tables::format;

/// The sources, by their paths in the function's folder.
const SOURCES: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("pieces/Cargo.toml.txt")),
    ("src/main.rs", include_str!("pieces/main.rs.txt")),
    ("src/lib.rs", include_str!("pieces/lib.rs.txt")),
    ("src/contract.rs", include_str!("pieces/contract.rs.txt")),
];
const PARAMETER: &str = include_str!("pieces/parameter.rs.txt");
const REFUSAL: &str = include_str!("pieces/refusal.rs.txt");
const EVENT: &str = include_str!("pieces/event.json.txt");
const AUTHORIZER: &str = include_str!("pieces/authorizer.json.txt");

/// The value of every path parameter in the events: an id that nobody has.
const NOBODY: &str = "DDDDDDDDDDDDDDDDDDDDDA";

/// Adds the files of `functions/NAME` and `events/NAME`.
///
/// # Errors
/// If rustfmt cannot be started.
pub(super) async fn add(endpoint: &Endpoint, changes: &mut Changes) -> anyhow::Result<()> {
    let name = &endpoint.name;
    for (file, piece) in SOURCES {
        let text = piece
            .replace("{{requirements}}", &requirements(endpoint))
            .replace("{{refusals}}", &refusals(endpoint));
        let text = in_the_reference(endpoint, &text);
        let text = endpoint.fill(&text);
        // How a line is broken depends on the length of the names.
        let text = if file == "src/contract.rs" {
            format(&text).await?
        } else {
            text
        };
        changes.add(format!("functions/{name}/{file}"), text);
    }
    for event in events(endpoint) {
        let file = format!("events/{name}/{}.json", event.case);
        changes.add(file, event.text(endpoint));
    }
    Ok(())
}

/// The checks of the role and of the scope.
fn requirements(endpoint: &Endpoint) -> String {
    let mut lines = String::new();
    if endpoint.role.is_some() && endpoint.scope.is_some() {
        lines +=
            "    // The role says what the user may do, and the scope what this token may do.\n";
    }
    for (right, name) in endpoint.rights() {
        lines.extend(["    principal.require_", right, "(\"", name, "\")?;\n"]);
    }
    lines
}

/// The unit tests of those checks.
fn refusals(endpoint: &Endpoint) -> String {
    let missing = endpoint.rights().map(|(right, _)| right);
    missing
        .map(|right| REFUSAL.replace("{{right}}", right))
        .collect()
}

/// Fills in how the route is called.
fn in_the_reference(endpoint: &Endpoint, piece: &str) -> String {
    let parameters = endpoint.route.parameters();
    let parameters = parameters.map(|name| PARAMETER.trim_end().replace("{{parameter}}", name));
    let parameters: String = parameters.collect();
    let imports = if parameters.is_empty() {
        "Operation, json"
    } else {
        "Operation, Parameter, json"
    };
    let right = |name: &Option<String>| match name {
        Some(name) => format!("Some(\"{name}\")"),
        None => "None".to_owned(),
    };
    piece
        .replace("{{imports}}", imports)
        .replace("{{parameters}}", &parameters)
        .replace("{{scope}}", &right(&endpoint.scope))
        .replace("{{role}}", &right(&endpoint.role))
}

/// A sample event, and what its function returns.
pub(super) struct Event {
    pub(super) case: &'static str,
    /// A status, with a code if it is a refusal; as JSON.
    pub(super) outcome: &'static str,
    query: &'static str,
    /// What is missing from the principal: `role`, `scope`, or all of it.
    missing: Option<&'static str>,
}

/// Returns the events of a function.
pub(super) fn events(endpoint: &Endpoint) -> Vec<Event> {
    let mut events = vec![
        Event {
            case: "unknown_parameter",
            outcome: r#""422 validation_failed""#,
            query: "colour=red",
            missing: None,
        },
        Event {
            case: "valid",
            outcome: "200",
            query: "",
            missing: None,
        },
        Event {
            case: "without_principal",
            outcome: r#""401 unauthorized""#,
            query: "",
            missing: Some("principal"),
        },
    ];
    events.extend(endpoint.rights().map(|(right, _)| Event {
        case: if right == "role" {
            "without_role"
        } else {
            "without_scope"
        },
        outcome: r#""403 insufficient_scope""#,
        query: "",
        missing: Some(right),
    }));
    events
}

impl Event {
    fn text(&self, endpoint: &Endpoint) -> String {
        let route = &endpoint.route;
        let (mut path, mut parameters) = (route.path.clone(), Vec::new());
        for name in route.parameters() {
            path = path.replace(&format!("{{{name}}}"), NOBODY);
            parameters.push(format!("    \"{name}\": \"{NOBODY}\""));
        }
        let mut listed = String::new();
        if !parameters.is_empty() {
            let members = parameters.join(",\n");
            listed = format!("  \"pathParameters\": {{\n{members}\n  }},\n");
        }
        let (mut roles, mut scopes) = (vec!["user"], vec!["profile"]);
        for (right, value) in endpoint.rights() {
            let list = if right == "role" {
                &mut roles
            } else {
                &mut scopes
            };
            if self.missing == Some(right) {
                list.retain(|held| *held != value);
            } else if !list.contains(&value) {
                list.push(value);
            }
            list.sort_unstable();
        }
        let authorizer = AUTHORIZER
            .trim_end()
            .replace("{{scopes}}", &scopes.join(" "))
            .replace("{{roles}}", &roles.join(" "));
        let has_principal = self.missing != Some("principal");
        let authorizer = if has_principal { &*authorizer } else { "" };
        let event = EVENT
            .replace("{{path}}", &path)
            .replace("{{method}}", &route.method)
            .replace("{{query}}", self.query)
            .replace("{{parameters}}", &listed)
            .replace("{{authorizer}}", authorizer);
        endpoint.fill(&event)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{SOURCES, events};
    use crate::new::changes::Changes;
    use crate::new::endpoint::Endpoint;
    use crate::project::repository;

    fn endpoint(name: &str, route: &str, role: Option<&str>, scope: Option<&str>) -> Endpoint {
        let [role, scope] = [role, scope].map(|right| right.map(str::to_owned));
        Endpoint::new(
            name.parse().unwrap(),
            Some(route.parse().unwrap()),
            role,
            scope,
        )
        .unwrap()
    }

    #[test]
    fn the_main_function_and_an_event_are_those_of_the_example() {
        let example = endpoint("protected", "GET /protected", None, None);
        let file = |path: &str| std::fs::read_to_string(repository().join(path)).unwrap();
        let (_, main) = SOURCES[1];
        assert_eq!(example.fill(main), file("functions/protected/src/main.rs"));
        for event in events(&example).iter().skip(1) {
            let path = format!("events/protected/{}.json", event.case);
            assert_eq!(event.text(&example), file(&path));
        }
    }

    #[tokio::test]
    async fn nothing_is_left_to_fill_in() {
        let endpoint = endpoint("reports", "GET /{id}", Some("editor"), Some("reports"));
        let mut changes = Changes::new(&repository());
        super::add(&endpoint, &mut changes).await.unwrap();
        for (file, text) in changes.files() {
            assert!(!text.contains("{{"), "{file}: {text}");
        }
    }

    #[test]
    fn an_event_lacks_only_the_right_that_its_name_says() {
        let endpoint = endpoint(
            "reports",
            "PUT /reports/{id}/{part}",
            Some("editor"),
            Some("reports"),
        );
        let context = |case: &str| {
            let events = events(&endpoint);
            let event = events.iter().find(|event| event.case == case).unwrap();
            let event: Value = serde_json::from_str(&event.text(&endpoint)).unwrap();
            let parameters = event["pathParameters"].as_object().unwrap();
            assert_eq!(parameters.len(), 2);
            assert!(!event["rawPath"].as_str().unwrap().contains('{'));
            let context = &event["requestContext"]["authorizer"]["lambda"];
            let texts = [&context["roles"], &context["scope"]];
            texts.map(|text| text.as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(context("valid"), ["editor user", "profile reports"]);
        assert_eq!(context("without_role"), ["user", "profile reports"]);
        assert_eq!(context("without_scope"), ["editor user", "profile"]);
        assert_eq!(context("without_principal"), ["", ""]);
    }
}
