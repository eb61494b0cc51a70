mod messages;

use std::collections::BTreeMap;
use std::time::Duration;

use super::{IdentitySource, Template, TemplateError};

const FIXTURE: &str = include_str!("fixture.yaml");
const URL: &str = "http://localhost:3000";

fn parse(overrides: &[(&str, &str)]) -> Result<Template, TemplateError> {
    resolve(FIXTURE, overrides)
}

fn resolve(text: &str, overrides: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let owned = overrides
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Template::parse(text, &owned.collect(), URL)
}

/// Returns the error of the fixture with `old` replaced by `new`, and how many lines
/// its line is away from `new`.
fn broken(old: &str, new: &str) -> (String, usize) {
    assert!(FIXTURE.contains(old), "the fixture has no {old}");
    let text = FIXTURE.replacen(old, new, 1);
    let before = text.split_once(new.lines().next().unwrap()).unwrap().0;
    let line = before.matches('\n').count() + 1;
    let error = resolve(&text, &[]).unwrap_err();
    (error.problem, line.abs_diff(error.line))
}

#[test]
fn our_own_template_resolves() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    let template = resolve(&text, &[]).unwrap();
    assert!(template.api.routes.len() >= 10);
    assert!(template.tables.len() == 5);
    let login = template
        .functions
        .iter()
        .find(|f| f.name == "login")
        .unwrap();
    assert_eq!(login.environment.get("ISSUER").unwrap(), URL);
    assert_eq!(
        login.environment.get("USERS_TABLE").unwrap(),
        "gatehouse-local-users"
    );
}

#[test]
fn functions_have_globals_and_resolved_variables() {
    let template = parse(&[]).unwrap();
    let names: Vec<&str> = template.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["echo", "guard"]);
    let echo = &template.functions[0];
    assert_eq!((echo.timeout, echo.memory), (Duration::from_secs(10), 256));
    assert_eq!(template.functions[1].timeout, Duration::from_secs(5));
    let expected = [
        ("ISSUER", URL),
        (
            "KEY_RING_SECRET_ARN",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:Secret",
        ),
        ("RUST_LOG", "info"),
        ("SENTENCE", "b us-east-1 ${Literal}"),
        (
            "THINGS_ARN",
            "arn:aws:dynamodb:us-east-1:000000000000:table/gatehouse-local-things",
        ),
        ("THINGS_TABLE", "gatehouse-local-things"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(echo.environment, BTreeMap::from(expected));
}

#[test]
fn conditions_select_values_and_resources() {
    let template = parse(&[
        ("Extra", "yes"),
        ("Origins", "https://a.example, https://b.example"),
    ])
    .unwrap();
    let echo = &template.functions[0];
    assert_eq!(echo.environment.get("OPTIONAL").unwrap(), "extra");
    assert_eq!(template.functions.last().unwrap().name, "extra");
    let cors = template.api.cors.unwrap();
    assert_eq!(cors.origins, ["https://a.example", "https://b.example"]);
    assert!(parse(&[]).unwrap().api.cors.is_none());
}

#[test]
fn tables_have_keys_indexes_and_time_to_live() {
    let template = parse(&[]).unwrap();
    let things = &template.tables[0];
    assert_eq!(things.ttl.as_deref(), Some("expires_at"));
    let index = &things.request["GlobalSecondaryIndexes"][0];
    assert_eq!(index["Projection"]["ProjectionType"], "KEYS_ONLY");
    assert!(index.get("ProvisionedThroughput").is_none());
    assert_eq!(things.request["BillingMode"], "PAY_PER_REQUEST");
}

#[test]
fn routes_have_functions_and_authorizers() {
    let template = parse(&[("CacheSeconds", "60"), ("Timeout", "5000")]).unwrap();
    let keys: Vec<String> = template
        .api
        .routes
        .iter()
        .map(|r| r.key.to_string())
        .collect();
    assert_eq!(keys[1], "GET /things/{id}");
    assert_eq!(keys[4], "GET /files/{proxy+}");
    let guarded = &template.api.routes[5];
    assert_eq!(guarded.authorizer.as_deref(), Some("Guard"));
    assert_eq!(
        (guarded.function.as_str(), guarded.timeout),
        ("echo", Duration::from_secs(5))
    );
    let guard = &template.api.authorizers["Guard"];
    assert_eq!(
        (guard.function.as_str(), guard.ttl),
        ("guard", Duration::from_mins(1))
    );
    assert_eq!(
        guard.identity,
        [IdentitySource::Header("authorization".to_owned())]
    );
}

#[test]
fn an_unknown_parameter_is_an_error_with_a_suggestion() {
    let error = parse(&[("Typo", "1")]).unwrap_err();
    assert_eq!(error.problem, "the template has no parameter Typo");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    let error = resolve(&text, &[("RoleScope", "{}")]).unwrap_err();
    assert_eq!(
        error.problem,
        "the template has no parameter RoleScope: did you mean RoleScopes?"
    );
}

#[test]
fn parameters_that_cloudformation_rejects_are_rejected() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    for (name, value) in [
        ("RoleScopes", "{bad"),
        ("Issuer", "foo"),
        ("Issuer", "https://a.example/"),
        ("CorsOrigins", "https://x/"),
        ("CorsOrigins", "https://a.example,https://x/"),
        ("Audience", "two words"),
        ("Argon2Iterations", "0"),
        ("Argon2MemoryKib", ""),
        ("Registration", ""),
        ("AlarmTopicArn", "topic"),
        ("LogRetentionDays", "2"),
    ] {
        let problem = resolve(&text, &[(name, value)]).unwrap_err().problem;
        let named = format!("the parameter {name} must ");
        assert!(problem.starts_with(&named), "{name}={value}: {problem}");
    }
    let domain = [("DomainName", "auth.example.com")];
    assert_eq!(
        resolve(&text, &domain).unwrap_err().problem,
        "the parameters CertificateArn, DomainName violate the rule DomainNeedsCertificate: \
         Set both DomainName and CertificateArn, or neither"
    );
}

/// What is replaced in the fixture, what replaces it, and the error.
const BROKEN: [(&str, &str, &str); 19] = [
    (
        "THINGS_TABLE: !Ref ThingsTable",
        "THINGS_TABLE: !Ref Nothing",
        "the template has no parameter or resource Nothing",
    ),
    (
        "THINGS_ARN: { Fn::GetAtt: [ThingsTable, Arn] }",
        "THINGS_ARN: { Fn::GetAtt: [GoneTable, Arn] }",
        "the template has no resource GoneTable",
    ),
    (
        "${Word} ${AWS::Region}",
        "${Word} ${Nothing}",
        "the template has no parameter or resource Nothing",
    ),
    (
        "${Word} ${AWS::Region}",
        "${Word} ${Gone.Arn}",
        "the template has no resource Gone",
    ),
    (
        "ISSUER: !GetAtt Api.ApiEndpoint",
        "ISSUER: !GetAtt Api.Colour",
        "the local stack does not support the attribute Colour of Api",
    ),
    (
        "    Condition: HasExtra",
        "    Condition: Never",
        "the template has no condition Never",
    ),
    (
        "OPTIONAL: !If [HasExtra,",
        "OPTIONAL: !If [Never,",
        "the template has no condition Never",
    ),
    (
        "OPTIONAL: !If [HasExtra,",
        "OPTIONAL: !Iff [HasExtra,",
        "the local stack does not support !Iff",
    ),
    (
        "RUST_LOG: info",
        "RUST_LOG: !ImportValue x",
        "the local stack does not support !ImportValue",
    ),
    (
        "      MemorySize: 256",
        "      MemorySize: much",
        "this must be a whole number",
    ),
    (
        "      Timeout: 5",
        "      Timeout: 5\n      Timeout: 6",
        "Timeout is given twice",
    ),
    (
        "CodeUri: ../target/lambda/guard/",
        "CodeUri: ../target/lambda/echo",
        "GuardFunction is a second function with the binary echo",
    ),
    (
        "RouteKey: \"POST /open\"",
        "RouteKey: \"LOOK /open\"",
        "LOOK /open is not a route key: write METHOD /path or $default",
    ),
    (
        "RouteKey: \"POST /open\"",
        "RouteKey: \"GET /things/one\"",
        "OneThingRoute is a second route GET /things/one",
    ),
    (
        "AuthorizerPayloadFormatVersion: \"2.0\"",
        "AuthorizerPayloadFormatVersion: \"1.0\"",
        "Guard has AuthorizerPayloadFormatVersion 1.0, but the local stack only supports 2.0",
    ),
    (
        "    Type: AWS::SecretsManager::Secret",
        "    Type: AWS::Serverless::HttpApi",
        "Secret is an AWS::Serverless::HttpApi, which the local stack does not support: write AWS::ApiGatewayV2 resources instead",
    ),
    (
        "      ProtocolType: HTTP",
        "      ProtocolType: WEBSOCKET",
        "Api has ProtocolType WEBSOCKET, but the local stack only supports HTTP",
    ),
    (
        "TimeoutInMillis: !Ref Timeout",
        "TimeoutInMillis: 30001",
        "TimeoutInMillis must be between 50 and 30000",
    ),
    (
        "AuthorizerId: !Ref Guard",
        "AuthorizerId: !Ref Api",
        "the AuthorizerId of GuardedRoute is not an authorizer of the template",
    ),
];

#[test]
fn an_error_says_what_is_wrong_and_where() {
    for (old, new, problem) in BROKEN {
        let (actual, lines_off) = broken(old, new);
        assert_eq!(actual, problem);
        // An error about a resource has the line of the resource.
        assert!(lines_off <= 12, "{new}: {lines_off} lines off");
    }
}

#[test]
fn an_error_about_a_value_has_its_exact_line() {
    for (old, new) in [
        (
            "THINGS_TABLE: !Ref ThingsTable",
            "THINGS_TABLE: !Ref Nothing",
        ),
        (
            "THINGS_ARN: { Fn::GetAtt: [ThingsTable, Arn] }",
            "THINGS_ARN: { Fn::GetAtt: [GoneTable, Arn] }",
        ),
        ("${Word} ${AWS::Region}", "${Word} ${Nothing}"),
        ("${Word} ${AWS::Region}", "${Word} ${Gone.Arn}"),
        ("OPTIONAL: !If [HasExtra,", "OPTIONAL: !If [Never,"),
        ("OPTIONAL: !If [HasExtra,", "OPTIONAL: !Iff [HasExtra,"),
        ("      MemorySize: 256", "      MemorySize: much"),
        ("    Condition: HasExtra", "    Condition: Never"),
    ] {
        assert_eq!(broken(old, new).1, 0, "{new}");
    }
}

#[test]
fn invalid_yaml_is_an_error_with_its_line() {
    let error = resolve("Resources:\n  A: [1,\n  B: 2\n", &[]).unwrap_err();
    assert!(
        error.to_string().starts_with("line 3: this is not YAML"),
        "{error}"
    );
    assert_eq!(
        resolve("", &[]).unwrap_err().problem,
        "the template is empty"
    );
    let aliases = resolve("A: &x 1\nB: *x\n", &[]).unwrap_err();
    assert_eq!(aliases.line, 2);
}

#[test]
fn deep_nesting_and_circular_conditions_are_errors() {
    let deep = "[".repeat(5_000);
    let error = resolve(&deep, &[]).unwrap_err().to_string();
    assert!(error.contains("this is not YAML"), "{error}");
    let circle = FIXTURE.replacen("!And [!Condition HasCors", "!And [!Condition HasBoth", 1);
    let circle = circle.replacen(
        "Condition: HasExtra\n    Properties",
        "Condition: HasBoth\n    Properties",
        1,
    );
    assert_eq!(
        resolve(&circle, &[]).unwrap_err().problem,
        "this refers to itself"
    );
}
