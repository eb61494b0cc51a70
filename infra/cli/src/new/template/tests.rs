use std::collections::BTreeSet;

use super::{FUNCTION, INTEGRATION, METRIC, ROUTE, Template, insert, pieces};
use crate::new::endpoint::Endpoint;
use crate::project::{TEMPLATE, repository};

fn endpoint(name: &str, route: Option<&str>) -> Endpoint {
    let route = route.map(|route| route.parse().unwrap());
    Endpoint::new(name.parse().unwrap(), route, None, None).unwrap()
}

fn template() -> String {
    std::fs::read_to_string(repository().join(TEMPLATE)).unwrap()
}

/// The example in the template is what a person would copy.
#[test]
fn the_pieces_are_those_of_the_example_in_the_template() {
    let template = template();
    let example = endpoint("protected", None);
    let function = FUNCTION.replace(
        "{{description}}",
        "An example to copy for your own functions: GET /protected, GET /admin.",
    );
    for piece in [&function, INTEGRATION, ROUTE, METRIC] {
        let piece = example.fill(piece);
        assert!(template.contains(&piece), "the template lacks\n{piece}");
    }
}

#[test]
fn only_lines_are_added_and_only_those_of_the_function() {
    let old = template();
    let new = insert(&endpoint("monthly-reports", None), &old).unwrap();
    let mut rest = old.lines().peekable();
    let mut added = Vec::new();
    for line in new.lines() {
        if rest.peek() == Some(&line) {
            rest.next();
        } else {
            added.push(line);
        }
    }
    assert_eq!(rest.next(), None, "a line is missing or has moved");
    let ids = |text: &str| Template::read(text).unwrap().ids;
    let (before, after) = (ids(&old), ids(&new));
    let created: BTreeSet<&str> = after.difference(&before).map(String::as_str).collect();
    let expected = [
        "MonthlyReportsFunction",
        "MonthlyReportsIntegration",
        "MonthlyReportsLogGroup",
        "MonthlyReportsPermission",
        "MonthlyReportsRole",
        "MonthlyReportsRoute",
    ];
    assert_eq!(created, BTreeSet::from(expected));
    let traced = added.contains(&"        - !Ref MonthlyReportsRole");
    assert!(traced, "{added:#?}");
    assert!(
        added.contains(&"        - Id: monthlyReports"),
        "{added:#?}"
    );
}

#[test]
fn each_alarm_has_at_most_ten_functions() {
    let mut text = template();
    for number in 0..14 {
        text = insert(&endpoint(&format!("f{number}"), None), &text).unwrap();
    }
    let text = super::Text::new(&text);
    let mut watched = 0;
    for block in super::blocks(&text) {
        let metrics = block.text.matches("MetricName: Throttles\n").count();
        assert!(metrics <= 10, "{}: {metrics}", block.id);
        watched += metrics;
    }
    let functions = super::blocks(&text);
    let functions = functions
        .iter()
        .filter(|block| block.kind == "AWS::Serverless::Function");
    assert_eq!(watched, functions.count());
}

#[test]
fn a_route_or_an_id_in_use_is_refused() {
    let template = Template::read(&template()).unwrap();
    for (name, route, expected) in [
        ("reports", Some("GET /me"), "has the route GET /me"),
        (
            "reports",
            Some("DELETE /sessions/{session}"),
            "has the route DELETE /sessions/{id}",
        ),
        ("sessions", None, "has the route GET /sessions"),
        ("export", None, "has a resource ExportRoute"),
    ] {
        let error = template.check_unused(&endpoint(name, route)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn an_unknown_structure_is_reported() {
    let endpoint = endpoint("reports", None);
    let template = template();
    for (old, new, expected) in [
        ("  TracingPolicy:", "  XRayPolicy:", "no TracingPolicy"),
        ("      Roles:", "      Roles: # all", "no list of Roles"),
        ("LogGroup:\n", "Logs:\n", "no log group"),
        ("${HttpApi}/*", "${HttpApi}/$default/*", "no permission"),
        ("AWS::ApiGatewayV2::Route\n", "My::Route\n", "no route"),
        (
            "  FunctionThrottle",
            "  Throttle",
            "no FunctionThrottleAlarm",
        ),
        ("\n", "\r\n", "carriage return"),
    ] {
        let changed = template.replace(old, new);
        let error = insert(&endpoint, &changed).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let pieces = pieces(&endpoint);
    for expected in ["  ReportsFunction:", "  ReportsRoute:", "- Id: reports"] {
        assert!(pieces.contains(expected), "{pieces}");
    }
}
