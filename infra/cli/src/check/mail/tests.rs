//! Against a stand-in for SES.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use gatehouse_rest::Service;
use gatehouse_testing::{Backend, Call};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::super::finding::Level;
use super::*;

/// A client of a stand-in that has this account, and for each path a response.
fn ses(account: Value, others: &[(&'static str, Value)]) -> RestClient {
    let mut all = vec![("/v2/email/account", account)];
    all.extend(others.iter().cloned());
    let backend = Backend::new(move |call: Call| {
        let path = call.uri().path().replace("%40", "@");
        let found = all.iter().find(|(known, _)| *known == path);
        let body = found.map_or_else(
            || json!({ "__type": "NotFoundException" }),
            |(_, body)| body.clone(),
        );
        let status = match body.get("__type") {
            Some(kind) if kind == "NotFoundException" => StatusCode::NOT_FOUND,
            Some(_) => StatusCode::FORBIDDEN,
            None => StatusCode::OK,
        };
        async move {
            let mut response = Response::new(body.to_string().into());
            *response.status_mut() = status;
            Ok(response)
        }
    });
    let credentials = Credentials::new("id", "key", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(backend.http_client())
        .build();
    RestClient::open(Service::SES, &config, None)
}

fn healthy() -> Value {
    json!({
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": true,
        "SendingEnabled": true,
        "SendQuota": { "Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 100.0 },
        "SuppressionAttributes": { "SuppressedReasons": ["BOUNCE", "COMPLAINT"] },
    })
}

const FROM: &str = "auth@example.org";

/// The levels and subjects of what is found that is not fine.
async fn found(client: &RestClient, extra: &[(&str, &str)]) -> Vec<(Level, String)> {
    let given = [
        ("MailFrom", FROM),
        ("MailLink", "https://example.org/#{code}"),
    ];
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let parameters = given.iter().chain(extra).map(owned).collect();
    let found = findings(client, &parameters).await.into_iter();
    let bad = found.filter(|finding| finding.level != Level::Ok);
    bad.map(|finding| (finding.level, finding.about)).collect()
}

const ADDRESS: (&str, bool) = ("/v2/email/identities/auth@example.org", true);
const DOMAIN: (&str, bool) = ("/v2/email/identities/example.org", true);

fn identity((path, is_verified): (&'static str, bool)) -> (&'static str, Value) {
    (path, json!({ "VerifiedForSendingStatus": is_verified }))
}

#[tokio::test]
async fn an_address_or_its_domain_has_to_be_verified() {
    for (identities, is_found) in [
        (vec![ADDRESS], false),
        (vec![DOMAIN], false),
        (vec![(ADDRESS.0, false), DOMAIN], false),
        (vec![(ADDRESS.0, false)], true),
        (vec![(DOMAIN.0, false)], true),
        (vec![], true),
    ] {
        let others: Vec<_> = identities.iter().copied().map(identity).collect();
        let found = found(&ses(healthy(), &others), &[]).await;
        let expected = vec![(Level::Fail, "MailFrom".to_owned()); usize::from(is_found)];
        assert_eq!(found, expected, "{identities:?}");
    }
}

#[tokio::test]
async fn an_account_that_does_not_send_to_everyone_is_found() {
    for (name, value, level) in [
        ("/SendingEnabled", json!(false), Level::Fail),
        ("/ProductionAccessEnabled", json!(false), Level::Warn),
        ("/EnforcementStatus", json!("PROBATION"), Level::Warn),
        ("/SendQuota/SentLast24Hours", json!(101.0), Level::Warn),
        (
            "/SuppressionAttributes/SuppressedReasons",
            json!(["BOUNCE"]),
            Level::Warn,
        ),
    ] {
        let mut account = healthy();
        *account.pointer_mut(name).unwrap() = value;
        let found = found(&ses(account, &[identity(ADDRESS)]), &[]).await;
        assert_eq!(found, [(level, "mail".to_owned())], "{name}");
    }
    let denied = json!({ "__type": "AccessDeniedException", "message": "no" });
    let found = found(&ses(denied, &[identity(ADDRESS)]), &[]).await;
    assert_eq!(found, [(Level::Warn, "mail".to_owned())]);
}

#[tokio::test]
async fn a_missing_configuration_set_and_a_missing_link_are_found() {
    let client = ses(healthy(), &[identity(ADDRESS)]);
    let set = [("MailConfigurationSet", "mails")];
    let missing = (Level::Fail, "MailConfigurationSet".to_owned());
    assert_eq!(found(&client, &set).await, [missing]);
    let path = "/v2/email/configuration-sets/mails";
    let exists = ses(healthy(), &[identity(ADDRESS), (path, json!({}))]);
    assert_eq!(found(&exists, &set).await, []);
    let link = (Level::Warn, "MailLink".to_owned());
    assert_eq!(found(&client, &[("MailLink", "")]).await, [link]);
}

/// The path at which SES renders a template with this prefix.
fn template(name: &str) -> &'static str {
    format!("/v2/email/templates/mail-{name}/render").leak()
}

#[tokio::test(start_paused = true)]
async fn a_missing_template_and_one_that_cannot_be_rendered_are_found() {
    let all = gatehouse_auth::mail::MessageKind::ALL.map(|kind| template(kind.as_str()));
    let mut rendered: Vec<_> = all
        .map(|path| (path, json!({ "RenderedTemplate": "" })))
        .into();
    rendered.push(identity(ADDRESS));
    let prefix = ("MailTemplatePrefix", "mail-");
    let fail = (Level::Fail, "MailTemplatePrefix".to_owned());
    // The tenth letter is about no message.
    let found_in = async |others: &[_], notices| {
        found(&ses(healthy(), others), &[prefix, ("MailNotices", notices)]).await
    };
    let every = "password_changed,address_changed,account_disabled,account_deleted,\
                 refresh_replayed,new_network";
    assert_eq!(
        found_in(&rendered, every).await,
        std::slice::from_ref(&fail)
    );
    rendered.push((
        template("address_in_use"),
        json!({ "RenderedTemplate": "" }),
    ));
    assert_eq!(found_in(&rendered, every).await, []);

    let invalid = json!({ "__type": "BadRequestException", "message": "name is missing" });
    rendered.retain(|(path, _)| *path != template("password_reset"));
    rendered.push((template("password_reset"), invalid));
    assert_eq!(
        found_in(&rendered, "none").await,
        std::slice::from_ref(&fail)
    );

    // One that the service never names is not needed.
    rendered
        .retain(|(path, _)| ![template("password_reset"), template("new_network")].contains(path));
    assert_eq!(
        found_in(&rendered, "none").await,
        std::slice::from_ref(&fail)
    );
    rendered.push((
        template("password_reset"),
        json!({ "RenderedTemplate": "" }),
    ));
    assert_eq!(found_in(&rendered, "none").await, []);
    assert_eq!(found_in(&rendered, "new_network").await, [fail]);

    // Whatever denies one denies all.
    let denied = json!({ "__type": "AccessDeniedException", "message": "no" });
    rendered.insert(0, (template("password_reset"), denied));
    let warn = (Level::Warn, "MailTemplatePrefix".to_owned());
    assert_eq!(found_in(&rendered, "none").await, [warn]);
}
