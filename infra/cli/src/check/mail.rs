//! Checks that SES sends the mails of a deployed stack.

mod templates;

use std::collections::BTreeMap;

use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use gatehouse_rest::{RestClient, RestError, segment};
use serde::Deserialize;
use serde_json::Value;

use super::finding::Finding;

/// Checks the account, the identity, the configuration set, the templates and the link.
pub(super) async fn findings(
    client: &RestClient,
    parameters: &BTreeMap<String, String>,
) -> Vec<Finding> {
    let text = |name: &str| parameters.get(name).map_or("", String::as_str);
    let mut found = match client.get("/v2/email/account".to_owned()).await {
        Ok(account) => account_findings(account),
        Err(error) => vec![unreadable("mail", &error)],
    };
    found.push(identity(client, text("MailFrom")).await);
    let set = text("MailConfigurationSet");
    if !set.is_empty() {
        found.push(configuration_set(client, set).await);
    }
    let prefix = text("MailTemplatePrefix");
    if !prefix.is_empty() {
        found.extend(templates::findings(client, prefix, text("MailNotices")).await);
    }
    if text("MailLink").is_empty() {
        found.push(Finding::warn(
            "MailLink",
            "is empty: mails contain a code but no link; set it to a page of yours that reads the code after the #",
        ));
    }
    if found
        .iter()
        .all(|finding| finding.level == super::Level::Ok)
    {
        found.push(Finding::ok("mail", "SES sends mail to any address"));
    }
    found
}

/// SES's account in this region, as its API describes it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Account {
    sending_enabled: bool,
    enforcement_status: Option<String>,
    production_access_enabled: bool,
    suppression_attributes: Suppression,
    send_quota: Quota,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Suppression {
    suppressed_reasons: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Quota {
    #[serde(rename = "Max24HourSend")]
    limit: f64,
    #[serde(rename = "SentLast24Hours")]
    sent: f64,
}

/// Judges what SES says about the account in this region.
fn account_findings(account: Value) -> Vec<Finding> {
    let about = "mail";
    let Ok(account) = serde_json::from_value::<Account>(account) else {
        let text = "SES cannot be read: its response is invalid";
        return vec![Finding::warn(about, text)];
    };
    let mut found = Vec::new();
    if !account.sending_enabled {
        found.push(Finding::fail(
            about,
            "SES has paused sending for this account: see its account dashboard, then run `aws sesv2 put-account-sending-attributes --sending-enabled`",
        ));
    }
    match account.enforcement_status.as_deref() {
        None | Some("HEALTHY") => {}
        Some(status) => found.push(Finding::warn(
            about,
            format!("SES has put this account under review ({status}): see its account dashboard"),
        )),
    }
    if !account.production_access_enabled {
        found.push(Finding::warn(
            about,
            "SES is in the sandbox: it sends only to verified addresses; request production access",
        ));
    }
    if account.suppression_attributes.suppressed_reasons.len() < 2 {
        found.push(Finding::warn(
            about,
            "SES keeps sending to addresses that bounced or complained: run `aws sesv2 put-account-suppression-attributes --suppressed-reasons BOUNCE COMPLAINT`",
        ));
    }
    let Quota { limit, sent } = account.send_quota;
    // -1 is for an unlimited quota.
    if limit > 0.0 && sent > limit / 2.0 {
        found.push(Finding::warn(
            about,
            format!("{sent} of {limit} mails a day are used: above half, mails that a stranger can cause are dropped; request a higher quota"),
        ));
    }
    found
}

/// Checks that the address, or else its domain, is a verified identity.
async fn identity(client: &RestClient, from: &str) -> Finding {
    let about = "MailFrom";
    let domain = from.rsplit('@').next().unwrap_or_default();
    for name in [from, domain] {
        let path = format!("/v2/email/identities/{}", segment(name));
        match client.get(path).await {
            Ok(identity)
                if identity.get("VerifiedForSendingStatus") == Some(&Value::Bool(true)) =>
            {
                return Finding::ok(about, format!("SES has verified {name}"));
            }
            // A verified domain covers an address that is not.
            Ok(_) if name == from => {}
            Err(error) if error.code() == Some("NotFoundException") => {}
            Err(error) => return unreadable(about, &error),
            Ok(_) => {}
        }
    }
    Finding::fail(
        about,
        format!(
            "SES has verified neither {from} nor {domain} in this region, and sends nothing: create one of them as an identity, and verify it"
        ),
    )
}

async fn configuration_set(client: &RestClient, name: &str) -> Finding {
    let about = "MailConfigurationSet";
    let path = format!("/v2/email/configuration-sets/{}", segment(name));
    match client.get(path).await {
        Ok(_) => Finding::ok(about, "exists"),
        Err(error) if error.code() == Some("NotFoundException") => Finding::fail(
            about,
            format!(
                "SES has no configuration set {name} in this region, and refuses every mail: create it, or clear the parameter"
            ),
        ),
        Err(error) => unreadable(about, &error),
    }
}

fn unreadable(about: &str, error: &RestError) -> Finding {
    let reason = error.message().or_else(|| error.code());
    let reason = reason.unwrap_or("there is no response");
    Finding::warn(about, format!("SES cannot be read: {reason}"))
}

#[cfg(test)]
mod tests;
