//! Each function's role grants exactly what its code does.

use std::collections::BTreeSet;

use anyhow::Context as _;
use gatehouse_tests::call::SES;
use gatehouse_tests::template::{
    READ_BY_LAMBDA, Template, binary_name, grants, items, named, statements, text,
};
use serde_json::{Value, json};

/// The calls of each function, read from its code; a transaction is listed by its parts.
///
/// A new call needs a line here and its action in the template.
const CALLS: [(&str, &str, &[&str]); 50] = [
    // The warm-up; the user and the items of its names.
    ("register", "UsersTable", &["GetItem", "PutItem"]),
    // The counter of the client's address.
    ("register", "LoginAttemptsTable", &["UpdateItem"]),
    // The mail to an address that waits.
    ("register", "OutboxTable", &["PutItem"]),
    // The name, the user, and the replacement of a hash with older parameters.
    (
        "login",
        "UsersTable",
        &["BatchGetItem", "GetItem", "UpdateItem"],
    ),
    // The counters, read, incremented and decremented.
    (
        "login",
        "LoginAttemptsTable",
        &["BatchGetItem", "UpdateItem"],
    ),
    // The new session; the oldest ones beyond the limit.
    ("login", "SessionsTable", &["PutItem", "DeleteItem"]),
    ("login", "SessionsTable/index/by-user", &["Query"]),
    ("login", "RevocationsTable", &["PutItem"]),
    // The notice of a login from a new network; the mail to an address that must be verified
    // first.
    ("login", "OutboxTable", &["PutItem"]),
    // The look at the floor under the key ring.
    ("login", "SigningKeysTable", &["GetItem"]),
    ("login", "KeyRingSecret", &["GetSecretValue"]),
    ("refresh", "UsersTable", &["GetItem"]),
    // The requested scope is compared before the update; a replay ends the session.
    ("refresh", "SessionsTable", &["GetItem", "UpdateItem"]),
    ("refresh", "RevocationsTable", &["PutItem"]),
    // The notice of a replay.
    ("refresh", "OutboxTable", &["PutItem"]),
    // `POST /revoke` verifies access tokens; the look at the floor under the key ring.
    ("refresh", "SigningKeysTable", &["GetItem"]),
    ("refresh", "KeyRingSecret", &["GetSecretValue"]),
    // The warm-up; both counters.
    ("logout", "UsersTable", &["GetItem", "UpdateItem"]),
    ("logout", "SessionsTable", &["UpdateItem"]),
    ("logout", "RevocationsTable", &["PutItem"]),
    // The user; a new password; the account and its names, in one transaction.
    (
        "account",
        "UsersTable",
        &["GetItem", "UpdateItem", "DeleteItem"],
    ),
    // The user's own sessions: listed, exported, ended, deleted with the account.
    (
        "account",
        "SessionsTable",
        &["GetItem", "UpdateItem", "BatchGetItem", "BatchWriteItem"],
    ),
    ("account", "SessionsTable/index/by-user", &["Query"]),
    // The export reads; whatever ends access tokens writes, and a recovery code first
    // reads the lowest version that is not revoked.
    (
        "account",
        "RevocationsTable",
        &["BatchGetItem", "GetItem", "PutItem"],
    ),
    // Exported, and deleted with the account; the counters of wrong current passwords and
    // of codes.
    (
        "account",
        "LoginAttemptsTable",
        &["BatchGetItem", "BatchWriteItem", "UpdateItem"],
    ),
    // The name and the user; a verified address moves, with its item, from account to account.
    (
        "email",
        "UsersTable",
        &[
            "BatchGetItem",
            "GetItem",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
        ],
    ),
    // An access token, and the lowest version that is not revoked; a cancelled change of
    // address ends every session.
    (
        "email",
        "RevocationsTable",
        &["BatchGetItem", "GetItem", "PutItem"],
    ),
    ("email", "SigningKeysTable", &["GetItem"]),
    // The networks that an account is known from; the counter of the client's address.
    (
        "email",
        "LoginAttemptsTable",
        &["BatchGetItem", "UpdateItem"],
    ),
    // Messages for the mailer; codes, read and used.
    (
        "email",
        "OutboxTable",
        &["GetItem", "PutItem", "DeleteItem"],
    ),
    // A mailed code; the notices of a new password and of a deletion, which deletes what waits.
    (
        "account",
        "OutboxTable",
        &[
            "GetItem",
            "PutItem",
            "DeleteItem",
            "Query",
            "BatchWriteItem",
        ],
    ),
    // A list is a scan; a change is an update of the user and of a counter, and a new name.
    (
        "admin",
        "UsersTable",
        &["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Scan"],
    ),
    // Deleted with the account; read only for their addresses.
    (
        "admin",
        "SessionsTable",
        &["BatchGetItem", "BatchWriteItem"],
    ),
    ("admin", "SessionsTable/index/by-user", &["Query"]),
    // A change goes above the lowest version that is not revoked.
    ("admin", "RevocationsTable", &["GetItem", "PutItem"]),
    ("admin", "LoginAttemptsTable", &["BatchWriteItem"]),
    // Whether an address is on the suppression list.
    ("admin", SES, &["GetSuppressedDestination"]),
    // The notices of a disabled and of a deleted account; what waits is deleted.
    (
        "admin",
        "OutboxTable",
        &["PutItem", "Query", "BatchWriteItem"],
    ),
    ("authorizer", "RevocationsTable", &["BatchGetItem"]),
    ("authorizer", "SigningKeysTable", &["GetItem"]),
    // The caller's token and the introspected token, in one call.
    ("introspect", "RevocationsTable", &["BatchGetItem"]),
    // The keys, and the client.
    ("introspect", "SigningKeysTable", &["GetItem"]),
    ("jwks", "SigningKeysTable", &["GetItem"]),
    ("rotate-keys", "SigningKeysTable", &["GetItem", "PutItem"]),
    (
        "rotate-keys",
        "KeyRingSecret",
        &[
            "DescribeSecret",
            "GetSecretValue",
            "PutSecretValue",
            "UpdateSecretVersionStage",
        ],
    ),
    // The addressee, and the owner of an address that someone else entered.
    ("mailer", "UsersTable", &["GetItem"]),
    // Messages, codes, counters and the pause of all mail.
    (
        "mailer",
        "OutboxTable",
        &["GetItem", "UpdateItem", "DeleteItem"],
    ),
    // The keys of mails that wait.
    ("mailer", "MailRetryQueue", &["SendMessage"]),
    // The mail, and the daily quota.
    ("mailer", SES, &["SendEmail", "GetAccount"]),
    // Nothing, except for the log that every function writes.
    ("protected", "", &[]),
];

#[test]
fn each_function_may_do_exactly_what_its_code_does() -> anyhow::Result<()> {
    let template = Template::read()?;
    let mut expected = BTreeSet::new();
    for (function, resource, actions) in CALLS {
        let service = match resource {
            "KeyRingSecret" => "secretsmanager",
            "MailRetryQueue" => "sqs",
            SES => "ses",
            _ => "dynamodb",
        };
        for action in actions {
            expected.insert(format!("{function} {service}:{action} {resource}"));
        }
    }
    let mut granted = BTreeSet::new();
    for (id, function) in template.resources("AWS::Serverless::Function") {
        let name = binary_name(function);
        let log = text(function, "/Properties/LoggingConfig/LogGroup/Ref");
        for action in ["CreateLogStream", "PutLogEvents"] {
            expected.insert(format!("{name} logs:{action} {log}"));
        }
        let role = function.pointer("/Properties/Role").and_then(named);
        let role = template.properties(role.unwrap_or_default());
        for statement in statements(role) {
            assert_eq!(statement["Effect"], "Allow", "{id}");
        }
        for (action, resource) in grants(role) {
            granted.insert(format!("{name} {action} {resource}"));
        }
    }
    assert_eq!(granted, expected);
    Ok(())
}

#[test]
fn every_function_has_its_own_role_that_only_lambda_can_assume() -> anyhow::Result<()> {
    let template = Template::read()?;
    let functions = template.resources("AWS::Serverless::Function");
    let mut roles = BTreeSet::new();
    for (id, function) in &functions {
        let properties = &function["Properties"];
        assert!(
            properties.get("Policies").is_none(),
            "{id} has no second role"
        );
        let role = named(&properties["Role"]).unwrap_or_default();
        assert!(roles.insert(role), "{id} shares {role}");
        let trust = &template.properties(role)["AssumeRolePolicyDocument"]["Statement"];
        assert_eq!(items(Some(trust)).len(), 1, "{role}");
        assert_eq!(
            trust[0]["Principal"]["Service"], "lambda.amazonaws.com",
            "{role}"
        );
    }
    assert_eq!(roles.len(), template.resources("AWS::IAM::Role").len());
    Ok(())
}

/// The actions that AWS grants for everything or not at all.
const FOR_ALL: [&str; 4] = [
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ses:GetAccount",
    "ses:GetSuppressedDestination",
];

/// The statements with patterns that a test of their own compares, by their names.
const PINNED: [&str; 2] = ["SendMail", READ_BY_LAMBDA];

/// `ses:SendEmail` needs the identity, which is the address or its domain, and whatever else
/// the mail names. The emulator does not know these resources, so nothing but this test
/// checks them: `tests/src/bin/deployed/ses.rs` widens them for its own run.
#[test]
fn the_mailer_may_send_only_from_the_configured_address() -> anyhow::Result<()> {
    let template = Template::read()?;
    let statement = pinned(&template, "SendMail")?;
    let arn = |resource: &str| {
        let text =
            format!("arn:${{AWS::Partition}}:ses:${{AWS::Region}}:${{AWS::AccountId}}:{resource}");
        json!({ "Fn::Sub": text })
    };
    let only_if = |condition: &str, resource: &str| {
        let nothing = json!({ "Ref": "AWS::NoValue" });
        json!({ "Fn::If": [condition, arn(resource), nothing] })
    };
    let expected = json!({
        "Sid": "SendMail",
        "Effect": "Allow",
        "Action": ["ses:SendEmail"],
        "Resource": [
            arn("identity/*"),
            only_if("HasMailConfigurationSet", "configuration-set/${MailConfigurationSet}"),
            only_if("HasMailTemplates", "template/${MailTemplatePrefix}*"),
        ],
        "Condition": { "StringEquals": { "ses:FromAddress": { "Ref": "MailFrom" } } },
    });
    assert_eq!(*statement, expected);
    Ok(())
}

/// Lambda reads the stream and the queue with the mailer's role; no code of ours does, so no
/// run can show that it is used.
#[test]
fn lambda_may_read_exactly_the_sources_of_the_mailer() -> anyhow::Result<()> {
    let template = Template::read()?;
    let expected = json!({
        "Sid": READ_BY_LAMBDA,
        "Effect": "Allow",
        "Action": [
            "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
            "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
        ],
        "Resource": [
            { "Fn::Sub": "${OutboxTable.Arn}/stream/*" },
            { "Fn::GetAtt": "MailRetryQueue.Arn" },
        ],
    });
    assert_eq!(*pinned(&template, READ_BY_LAMBDA)?, expected);
    for (id, role) in template.resources("AWS::IAM::Role") {
        let reads = |statement: &&Value| text(statement, "/Sid") == READ_BY_LAMBDA;
        let count = statements(&role["Properties"])
            .into_iter()
            .filter(reads)
            .count();
        assert_eq!(count, usize::from(id == "MailerRole"), "{id}");
    }
    Ok(())
}

fn pinned<'a>(template: &'a Template, sid: &str) -> anyhow::Result<&'a Value> {
    let statements = statements(template.properties("MailerRole"));
    let mut found = statements.into_iter();
    found
        .find(|statement| text(statement, "/Sid") == sid)
        .with_context(|| format!("the mailer's role has no {sid}"))
}

#[test]
fn wildcards_are_only_used_where_aws_has_nothing_narrower() -> anyhow::Result<()> {
    let template = Template::read()?;
    let roles = template.resources("AWS::IAM::Role");
    let policies = template.resources("AWS::IAM::Policy");
    let mut seen = 0;
    for (id, resource) in roles.iter().chain(&policies) {
        let properties = &resource["Properties"];
        assert!(properties.get("ManagedPolicyArns").is_none(), "{id}");
        for statement in statements(properties) {
            seen += 1;
            for excluding in ["NotAction", "NotResource", "NotPrincipal"] {
                assert!(statement.get(excluding).is_none(), "{id}: {excluding}");
            }
            let actions = items(statement.get("Action"));
            assert!(!actions.is_empty(), "{id}");
            for action in &actions {
                assert!(!text(action, "").contains('*'), "{id}: {action}");
            }
            let written = statement["Resource"].to_string();
            if PINNED.contains(&text(statement, "/Sid")) {
                continue;
            }
            let is_all = |action: &&Value| FOR_ALL.contains(&text(action, ""));
            assert!(
                !written.contains('*') || actions.iter().all(is_all),
                "{id}: {written}"
            );
        }
    }
    assert!(seen > 20, "{seen} statements");
    Ok(())
}

#[test]
fn tracing_covers_every_function() -> anyhow::Result<()> {
    let template = Template::read()?;
    let traced: BTreeSet<&str> = items(template.properties("TracingPolicy").get("Roles"))
        .into_iter()
        .filter_map(named)
        .collect();
    let roles = template.resources("AWS::IAM::Role");
    assert_eq!(traced, roles.iter().map(|(id, _)| *id).collect());
    Ok(())
}

#[test]
fn only_a_named_source_may_invoke_a_function() -> anyhow::Result<()> {
    let template = Template::read()?;
    let permissions = template.resources("AWS::Lambda::Permission");
    assert!(permissions.len() >= 7);
    for (id, permission) in permissions {
        let properties = &permission["Properties"];
        assert_eq!(properties["Action"], "lambda:InvokeFunction", "{id}");
        assert!(
            text(properties, "/Principal").ends_with(".amazonaws.com"),
            "{id}"
        );
        let source = properties["SourceArn"].to_string();
        let ours = [
            "${HttpApi}/",
            "KeyRingSecret",
            "RotationWatch",
            "DeletionSchedule",
        ];
        assert!(ours.iter().any(|own| source.contains(own)), "{id}");
    }
    Ok(())
}
