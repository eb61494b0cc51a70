//! The diagram of a deployment, drawn from the template: what invokes each function, and
//! what its role may read and write.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use gatehouse_tests::template::{Template, grants, named};

use crate::svg::{Align, Drawing, MARGIN};

/// The functions from top to bottom. API Gateway invokes all but the last two.
const ROWS: [&str; 13] = [
    "authorizer",
    "register",
    "login",
    "refresh",
    "logout",
    "account",
    "email",
    "admin",
    "introspect",
    "jwks",
    "protected",
    "rotate-keys",
    "mailer",
];

/// The stores from left to right, by their logical ids.
const COLUMNS: [(&str, &str); 7] = [
    ("UsersTable", "Users"),
    ("LoginAttemptsTable", "LoginAttempts"),
    ("SessionsTable", "Sessions"),
    ("RevocationsTable", "Revocations"),
    ("SigningKeysTable", "SigningKeys"),
    ("KeyRingSecret", "key ring"),
    ("OutboxTable", "Outbox"),
];

const TITLE: &str = "A deployment";
const DESCRIPTION: &str = "A table. Its rows are the functions: API Gateway invokes all of \
    them except rotate-keys, which Secrets Manager invokes on a schedule, and mailer, which \
    the outbox's stream and the queue of retries invoke; EventBridge also invokes admin once \
    an hour. Its columns are the six DynamoDB tables and the secret, and each cell says \
    whether the function's role may read or write it. The outbox, email and mailer only \
    exist with mail.";

const GATEWAY: [&str; 11] = [
    "API Gateway",
    "",
    "routes,",
    "throttles,",
    "access log",
    "",
    "asks the",
    "authorizer",
    "before a",
    "protected",
    "route",
];

const NOTES: [&str; 5] = [
    "EventBridge also invokes admin once an hour, to finish interrupted deletions, and rotate-keys twice",
    "a day, to measure the age of the keys. The outbox, email and mailer only exist with mail; mailer also",
    "sends to SES and to its queue, and admin asks SES whether it sends to an address. Beyond that and",
    "what is shown, a role may only write its own log group, traces if tracing is on, and, of mailer, let",
    "Lambda read the stream and the queue.",
];

/// How wide the boxes of those that invoke functions are.
const CALLER: u32 = 124;
/// The right edge of the table.
const RIGHT: u32 = STORES + 108 * 6 + 62;
/// The left edge of the functions, and the middle of the first store.
const FUNCTIONS: u32 = 200;
const STORES: u32 = 370;
const ROW: u32 = 38;
const TOP: u32 = 70;

pub(crate) fn draw() -> anyhow::Result<String> {
    let template = Template::read()?;
    let mut drawing = Drawing::new();
    for ((_, name), x) in COLUMNS.iter().zip(stores()) {
        drawing.rectangle("box", (x - 52, 16, 104, 36));
        drawing.text(Align::Middle, (x, 39), &[name]);
    }
    let (gateway, manager) = (ROW * 11, TOP + ROW * 11);
    drawing.rectangle("box", (MARGIN, TOP + 4, CALLER, gateway - 8));
    let at = (MARGIN + CALLER / 2, TOP + 100);
    drawing.text(Align::Middle, at, &GATEWAY);
    drawing.rectangle("box", (MARGIN, manager + 4, CALLER, ROW - 8));
    let at = (MARGIN + CALLER / 2, manager + 24);
    drawing.text(Align::Middle, at, &["Secrets Manager"]);
    let queues = manager + ROW;
    drawing.rectangle("box", (MARGIN, queues + 4, CALLER, ROW - 8));
    let at = (MARGIN + CALLER / 2, queues + 24);
    drawing.text(Align::Middle, at, &["stream, queue"]);
    let functions = template.resources("AWS::Serverless::Function");
    ensure!(functions.len() == ROWS.len(), "a function is not drawn");
    let mut y = TOP;
    for name in ROWS {
        draw_function(&mut drawing, &template, name, y)?;
        y += ROW;
    }
    drawing.text(Align::Start, (MARGIN, y + 28), &NOTES);
    Ok(drawing.finish((TITLE, DESCRIPTION), (RIGHT + MARGIN, y + 116)))
}

/// Draws a row: the function, and what its role may do.
fn draw_function(
    drawing: &mut Drawing,
    template: &Template,
    name: &str,
    y: u32,
) -> anyhow::Result<()> {
    if ((y - TOP) / ROW).is_multiple_of(2) {
        drawing.rectangle("section", (FUNCTIONS - 8, y, RIGHT - FUNCTIONS + 8, ROW));
    }
    drawing.arrow("request", (MARGIN + CALLER, FUNCTIONS), y + ROW / 2);
    drawing.rectangle("box", (FUNCTIONS, y + 4, 100, ROW - 8));
    drawing.text(Align::Middle, (FUNCTIONS + 50, y + 24), &[name]);
    let id = template.function_of(name);
    let properties = template.properties(id.with_context(|| format!("there is no {name}"))?);
    let role = properties.get("Role").and_then(named);
    let granted = grants(template.properties(role.context("a function without a role")?));
    for ((store, _), x) in COLUMNS.iter().zip(stores()) {
        let uses: BTreeSet<&str> = granted
            .iter()
            .filter(|(_, resource)| resource.split('/').next() == Some(store))
            .map(|(action, _)| use_of(action))
            .collect();
        let uses: Vec<&str> = uses.into_iter().collect();
        drawing.text(Align::Middle, (x, y + 24), &[uses.join(", ")]);
    }
    Ok(())
}

/// The middle of each store's column.
fn stores() -> impl Iterator<Item = u32> {
    (STORES..).step_by(108)
}

fn use_of(action: &str) -> &'static str {
    let (_, call) = action.split_once(':').unwrap_or(("", action));
    let reads = ["Get", "BatchGet", "Query", "Scan", "Describe"];
    if reads.iter().any(|read| call.starts_with(read)) {
        "read"
    } else {
        "write"
    }
}
