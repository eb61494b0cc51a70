//! Checks that SES can render every stored template that the service names. SES may accept a
//! mail whose template it cannot render, and then nobody learns that it was not sent.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use gatehouse_auth::mail::{ADDRESS_IN_USE, MessageKind, Notices, TEMPLATE_VARIABLES};
use gatehouse_rest::{RestClient, segment};
use serde_json::json;

use super::unreadable;
use crate::check::finding::Finding;
use crate::progress;

const ABOUT: &str = "MailTemplatePrefix";

/// SES renders one template a second.
const INTERVAL: Duration = Duration::from_secs(1);

/// Checks the template of each letter that the service sends.
pub(super) async fn findings(client: &RestClient, prefix: &str, notices: &str) -> Vec<Finding> {
    let names = names(notices);
    let data: BTreeMap<&str, &str> = TEMPLATE_VARIABLES.iter().map(|name| (*name, "x")).collect();
    let data = json!(data).to_string();
    let mut found = Vec::new();
    for (number, name) in names.iter().enumerate() {
        progress::say(format!("Rendering templates: {number} of {}", names.len()));
        if number > 0 {
            tokio::time::sleep(INTERVAL).await;
        }
        let name = format!("{prefix}{name}");
        let path = format!("/v2/email/templates/{}/render", segment(&name));
        match client.post(path, json!({ "TemplateData": data })).await {
            Ok(_) => {}
            Err(error) if error.code() == Some("NotFoundException") => {
                found.push(Finding::fail(
                    ABOUT,
                    format!("SES has no template {name} in this region, and mails that need it wait: create it, or clear the parameter"),
                ));
            }
            Err(error) if error.code() == Some("BadRequestException") => {
                let reason = error.message().unwrap_or("no reason");
                found.push(Finding::fail(
                    ABOUT,
                    format!(
                        "SES cannot render the template {name} with the variables {}: {reason}",
                        TEMPLATE_VARIABLES.join(", ")
                    ),
                ));
            }
            // The others would fail as well.
            Err(error) => {
                found.push(unreadable(ABOUT, &error));
                break;
            }
        }
    }
    if found.is_empty() {
        found.push(Finding::ok(ABOUT, "SES can render all templates"));
    }
    found
}

/// Returns the names of the letters that the service sends, if `MailNotices` is valid.
fn names(notices: &str) -> Vec<&'static str> {
    let notices = Notices::parse(notices).unwrap_or_default();
    let sent = MessageKind::ALL.into_iter();
    let sent = sent.filter(|kind| notices.wants(*kind));
    sent.map(MessageKind::as_str)
        .chain([ADDRESS_IN_USE])
        .collect()
}
