//! Rules for the template that no emulator enforces and no linter knows.

use std::collections::BTreeSet;

use anyhow::Context;
use gatehouse_tests::binaries::root;
use gatehouse_tests::template::{Template, items, members, named, text, with_mail};
use serde_json::Value;

use crate::documents::read_sources;
use crate::every_endpoint::{AUTHENTICATING, PROVING, PUBLIC};

#[test]
fn every_table_is_encrypted_recoverable_and_hard_to_lose() -> anyhow::Result<()> {
    let template = Template::read()?;
    let tables = template.resources("AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 6);
    for (id, table) in tables.into_iter().filter(|(id, _)| *id != "OutboxTable") {
        let properties = &table["Properties"];
        assert_eq!(table["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
        assert_eq!(table["UpdateReplacePolicy"], "Retain", "{id}");
        let protection = properties["DeletionProtectionEnabled"].to_string();
        assert_eq!(
            protection, r#"{"Fn::If":["ProtectsData","true","false"]}"#,
            "{id}"
        );
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{id}");
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], "true", "{id}");
        let recovery = "/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled";
        assert_eq!(text(properties, recovery), "true", "{id}");
        assert!(properties.get("TableName").is_none(), "{id} has no name");
    }
    Ok(())
}

/// It holds what is to be mailed, for minutes. Recovery would keep what was deleted with a
/// person, and mail it once more after a restore; a table that outlives its stack would keep
/// addresses that nobody reads.
#[test]
fn the_outbox_is_encrypted_but_neither_recoverable_nor_kept() -> anyhow::Result<()> {
    let template = Template::read()?;
    let tables = template.resources("AWS::DynamoDB::Table");
    let (_, outbox) = tables
        .into_iter()
        .find(|(id, _)| *id == "OutboxTable")
        .context("there is no outbox")?;
    assert_eq!(outbox["Condition"], "HasMail");
    assert_eq!(outbox["DeletionPolicy"], "Delete");
    assert_eq!(outbox["UpdateReplacePolicy"], "Delete");
    let properties = &outbox["Properties"];
    assert_eq!(properties["SSESpecification"]["SSEEnabled"], "true");
    assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(
        text(properties, "/StreamSpecification/StreamViewType"),
        "NEW_IMAGE"
    );
    for absent in [
        "PointInTimeRecoverySpecification",
        "DeletionProtectionEnabled",
        "TableName",
    ] {
        assert!(properties.get(absent).is_none(), "{absent}");
    }
    Ok(())
}

#[test]
fn only_items_that_expire_have_a_time_to_live() -> anyhow::Result<()> {
    let template = Template::read()?;
    for (id, table) in template.resources("AWS::DynamoDB::Table") {
        let attribute = text(table, "/Properties/TimeToLiveSpecification/AttributeName");
        let expected = match id {
            "SessionsTable" | "RevocationsTable" | "LoginAttemptsTable" | "OutboxTable" => {
                "expires_at"
            }
            // Only the item of a reserved name has it, and never a user.
            "UsersTable" => "reserved_until",
            _ => "",
        };
        assert_eq!(attribute, expected, "{id}");
    }
    Ok(())
}

#[test]
fn every_function_has_its_own_log_group_with_a_retention() -> anyhow::Result<()> {
    let template = Template::read()?;
    let mut groups = BTreeSet::new();
    for (id, function) in template.resources("AWS::Serverless::Function") {
        let group = text(function, "/Properties/LoggingConfig/LogGroup/Ref");
        assert!(groups.insert(group), "{id} shares {group}");
    }
    let written = template.resources("AWS::Logs::LogGroup");
    assert_eq!(written.len(), groups.len() + 1, "and one for the API");
    for (id, group) in written {
        let retention = text(group, "/Properties/RetentionInDays/Ref");
        assert_eq!(retention, "LogRetentionDays", "{id}");
    }
    Ok(())
}

#[test]
fn every_route_except_the_public_ones_is_behind_the_authorizer() -> anyhow::Result<()> {
    let template = Template::read()?;
    let routes = template.resources("AWS::ApiGatewayV2::Route");
    assert!(routes.len() > PUBLIC.len());
    for (id, route) in routes {
        let key = text(route, "/Properties/RouteKey");
        let public = PUBLIC
            .iter()
            .chain(&AUTHENTICATING)
            .chain(&PROVING)
            .any(|(method, path)| key == format!("{method} {path}"));
        let (kind, authorizer) = if public {
            ("NONE", "")
        } else {
            ("CUSTOM", "Authorizer")
        };
        assert_eq!(text(route, "/Properties/AuthorizationType"), kind, "{id}");
        assert_eq!(
            text(route, "/Properties/AuthorizerId/Ref"),
            authorizer,
            "{id}"
        );
    }
    Ok(())
}

#[test]
fn the_authorizer_caches_nothing_by_default_and_requires_the_header() -> anyhow::Result<()> {
    let template = Template::read()?;
    let authorizer = template.properties("Authorizer");
    let ttl = text(authorizer, "/AuthorizerResultTtlInSeconds/Ref");
    assert_eq!(ttl, "AuthorizerCacheSeconds");
    assert_eq!(parameter(&template, ttl)["Default"], "0");
    // Without it, a cached verdict would apply to everyone.
    let sources = items(authorizer.get("IdentitySource"));
    assert_eq!(sources, ["$request.header.Authorization"]);
    Ok(())
}

#[test]
fn no_secret_is_in_an_environment_variable() -> anyhow::Result<()> {
    let template = Template::read()?;
    let parameters: BTreeSet<&str> = names(&template, "Parameters");
    let mut checked = 0;
    for (id, function) in template.resources("AWS::Serverless::Function") {
        let variables = function.pointer("/Properties/Environment/Variables");
        for (name, value) in members(variables) {
            let source = named(value).unwrap_or_default();
            let harmless = parameters.contains(source)
                || source.ends_with("Table")
                || (name, source) == ("KEY_RING_SECRET_ARN", "KeyRingSecret")
                || (name, source) == ("MAIL_RETRY_QUEUE_URL", "MailRetryQueue")
                || ["ISSUER", "CORS_ORIGINS"].contains(&name);
            assert!(harmless, "{id}: {name} is {value}");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked} variables");
    for (name, parameter) in template.section("Parameters") {
        assert!(parameter.get("NoEcho").is_none(), "{name} is a secret");
    }
    let whole = std::fs::read_to_string(root().join("infra/template.yaml"))?;
    assert!(
        !whole.contains("{{resolve:"),
        "a dynamic reference would be resolved into the template"
    );
    Ok(())
}

#[test]
fn the_stage_depends_on_every_route_that_its_settings_name() -> anyhow::Result<()> {
    let template = Template::read()?;
    let stages = template.resources("AWS::ApiGatewayV2::Stage");
    assert_eq!(stages.len(), 1);
    let (_, stage) = stages[0];
    let depends = items(stage.get("DependsOn"));
    let depends = depends.into_iter().map(|id| text(id, ""));
    // Those that only exist with mail: `${A}, ${B}`.
    let with_mail = text(stage, "/Properties/Description/Fn::If/1/Fn::Sub");
    let with_mail = with_mail.split("${").skip(1);
    let with_mail = with_mail.filter_map(|part| part.split('}').next());
    let keys: BTreeSet<&str> = depends
        .chain(with_mail)
        .map(|id| text(template.properties(id), "/RouteKey"))
        .collect();
    let settings = members(stage.pointer("/Properties/RouteSettings"));
    assert!(!settings.is_empty());
    assert_eq!(keys, settings.iter().map(|(key, _)| *key).collect());
    Ok(())
}

/// The routes that hash a password or ask for a mail.
const COSTLY: [&str; 10] = [
    "POST /register",
    "POST /login",
    "PUT /me/password",
    "DELETE /me",
    "POST /password/reset",
    "POST /password/forgot",
    "POST /email/verify",
    "POST /email/verification",
    "PUT /me/email",
    "POST /email/cancel",
];

#[test]
fn routes_that_hash_or_mail_are_throttled_and_can_be_limited() -> anyhow::Result<()> {
    let template = Template::read()?;
    let stages = template.resources("AWS::ApiGatewayV2::Stage");
    let settings = &stages[0].1["Properties"]["RouteSettings"];
    let mut hashing = BTreeSet::new();
    for (id, function) in template.resources("AWS::Serverless::Function") {
        let properties = &function["Properties"];
        let variables = properties.pointer("/Environment/Variables/ARGON2_MEMORY_KIB");
        let reserves = properties["ReservedConcurrentExecutions"].to_string();
        let limit = r#"{"Fn::If":["HasReservedConcurrency",{"Ref":"ReservedConcurrency"},{"Ref":"AWS::NoValue"}]}"#;
        assert_eq!(variables.is_some(), reserves == limit, "{id}: {reserves}");
        if variables.is_some() {
            hashing.insert(id.trim_end_matches("Function"));
        }
    }
    let mut throttled = BTreeSet::new();
    for (id, route) in template.resources("AWS::ApiGatewayV2::Route") {
        let key = text(route, "/Properties/RouteKey");
        let rate = text(with_mail(&settings[key]), "/ThrottlingRateLimit/Ref");
        assert_eq!(
            COSTLY.contains(&key),
            rate == "PasswordThrottleRate",
            "{id}"
        );
        if COSTLY.contains(&key) {
            let target = text(route, "/Properties/Target/Fn::Sub");
            let function = hashing
                .iter()
                .find(|name| target == format!("integrations/${{{name}Integration}}"));
            throttled.insert(*function.unwrap_or(&id));
        }
    }
    assert_eq!(throttled, hashing, "each hashes at one of the routes");
    assert_eq!(parameter(&template, "ReservedConcurrency")["Default"], "0");
    Ok(())
}

/// Resource servers call it for each of their requests, and it hashes nothing.
#[test]
fn introspection_has_its_own_small_function_and_its_own_throttle() -> anyhow::Result<()> {
    let template = Template::read()?;
    let stages = template.resources("AWS::ApiGatewayV2::Stage");
    let settings = &stages[0].1["Properties"]["RouteSettings"]["POST /introspect"];
    let rate = text(settings, "/ThrottlingRateLimit/Ref");
    let burst = text(settings, "/ThrottlingBurstLimit/Ref");
    assert_eq!(
        (rate, burst),
        ("IntrospectThrottleRate", "IntrospectThrottleBurst")
    );
    let function = template.properties("IntrospectFunction");
    assert!(function.get("MemorySize").is_none(), "the default: 128 MB");
    let routes = template.resources("AWS::ApiGatewayV2::Route");
    let own = routes.iter().filter(|(_, route)| {
        text(route, "/Properties/Target/Fn::Sub") == "integrations/${IntrospectIntegration}"
    });
    let keys: Vec<&str> = own
        .map(|(_, route)| text(route, "/Properties/RouteKey"))
        .collect();
    assert_eq!(keys, ["POST /introspect"]);
    Ok(())
}

#[test]
fn the_secret_outlives_its_stack_and_rotates_unless_disabled() -> anyhow::Result<()> {
    let template = Template::read()?;
    let secrets = template.resources("AWS::SecretsManager::Secret");
    assert_eq!(secrets.len(), 1);
    let (id, secret) = secrets[0];
    assert_eq!(secret["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(secret["UpdateReplacePolicy"], "Retain");
    // The template contains no key: the first rotation creates them.
    assert_eq!(text(secret, "/Properties/SecretString"), r#"{"version":0}"#);

    let schedules = template.resources("AWS::SecretsManager::RotationSchedule");
    assert_eq!(schedules.len(), 1);
    let (_, schedule) = schedules[0];
    assert_eq!(schedule["Condition"], "Rotates");
    assert_eq!(named(&schedule["Properties"]["SecretId"]), Some(id));
    // Otherwise the first run would be refused.
    let permission = template.properties(text(schedule, "/DependsOn"));
    assert_eq!(
        text(permission, "/Principal"),
        "secretsmanager.amazonaws.com"
    );
    let function = named(&schedule["Properties"]["RotationLambdaARN"]);
    assert_eq!(function, named(&permission["FunctionName"]));
    Ok(())
}

#[test]
fn every_parameter_has_a_description_a_default_and_bounds() -> anyhow::Result<()> {
    let template = Template::read()?;
    for (name, parameter) in template.section("Parameters") {
        let sentence = text(parameter, "/Description");
        assert!(sentence.ends_with('.'), "{name}: {sentence}");
        assert!(parameter.get("Default").is_some(), "{name}");
        let has = |key: &str| parameter.get(key).is_some();
        let bounded = match text(parameter, "/Type") {
            "Number" => has("MinValue") && has("MaxValue"),
            _ => has("AllowedPattern"),
        };
        assert!(bounded || has("AllowedValues"), "{name} has no bounds");
    }
    Ok(())
}

/// A variable that nothing reads is a setting that has no effect.
#[test]
fn every_variable_that_the_template_sets_is_read() -> anyhow::Result<()> {
    let template = Template::read()?;
    let mut sources = String::new();
    for folder in ["shared", "functions"] {
        read_sources(&root().join(folder), &mut sources)?;
    }
    let mut variables = BTreeSet::new();
    for (_, function) in template.resources("AWS::Serverless::Function") {
        let set = function.pointer("/Properties/Environment/Variables");
        variables.extend(members(set).into_iter().map(|(name, _)| name));
    }
    let globals = template.section("Globals");
    let (_, global) = globals.first().context("there are no Globals")?;
    let set = global.pointer("/Environment/Variables");
    variables.extend(members(set).into_iter().map(|(name, _)| name));
    for expected in ["CLIENT_ADDRESS", "ISSUER", "ADDRESS_ATTEMPTS_PER_HOUR"] {
        assert!(variables.contains(expected), "{variables:?}");
    }
    for variable in variables {
        assert!(sources.contains(&format!("\"{variable}\"")), "{variable}");
    }
    Ok(())
}

fn parameter<'a>(template: &'a Template, name: &str) -> &'a Value {
    let parameters = template.section("Parameters");
    let found = parameters.into_iter().find(|(known, _)| *known == name);
    found.map_or(&Value::Null, |(_, parameter)| parameter)
}

fn names<'a>(template: &'a Template, section: &str) -> BTreeSet<&'a str> {
    let members = template.section(section);
    members.into_iter().map(|(name, _)| name).collect()
}
