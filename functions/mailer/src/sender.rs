//! SES: sending one mail, and how much of the day's quota is used.

use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message, MessageHeader, Template,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_edge::config::MailSettings;
use gatehouse_store::Connection;

use crate::failure::{FailureClass, SendFailure};
use crate::letter::Letter;
use crate::text::{self, Values};

/// Sends mails.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client,
    /// The address that mail comes from.
    address: String,
    /// The same with its name.
    from: String,
    configuration_set: Option<String>,
    template_prefix: Option<String>,
}

/// The time limit of the one attempt at a call. There is no second one, because `SendEmail`
/// has no idempotency token: whoever is slow would get the mail twice.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);

impl Sender {
    /// Prepares to send; nothing connects yet. `endpoint` takes the place of the
    /// connection's own.
    pub(crate) fn new(
        connection: &Connection,
        endpoint: Option<&str>,
        settings: &MailSettings,
    ) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_LIMIT)
            .operation_timeout(ATTEMPT_LIMIT)
            .build();
        let mut config = aws_sdk_sesv2::config::Builder::from(connection.config())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled());
        if let Some(endpoint) = endpoint {
            config.set_endpoint_url(Some(endpoint.to_owned()));
        }
        Self {
            client: Client::from_conf(config.build()),
            address: settings.from.clone(),
            from: mailbox(settings.from_name.as_deref(), &settings.from),
            configuration_set: settings.configuration_set.clone(),
            template_prefix: settings.template_prefix.clone(),
        }
    }

    /// Sends a letter, in one attempt.
    ///
    /// # Errors
    /// [`SendFailure`] if SES did not, or perhaps did not, accept it.
    pub(crate) async fn send(
        &self,
        to: &str,
        letter: Letter,
        values: &Values,
    ) -> Result<(), SendFailure> {
        let content = self.content(letter, values).map_err(|_| SendFailure {
            class: FailureClass::Message,
            code: "construction failure".to_owned(),
        })?;
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .content(content)
            .send()
            .await;
        sent.map(drop)
            .map_err(|error| SendFailure::of(&error, &self.address))
    }

    /// Returns which part of the quota of 24 hours is used; zero if there is no quota.
    ///
    /// # Errors
    /// The code of the error.
    pub(crate) async fn used_quota(&self) -> Result<f64, String> {
        let account = self.client.get_account().send().await;
        let account = account.map_err(|error| {
            let code = error.as_service_error().and_then(|error| error.code());
            code.unwrap_or("no response").to_owned()
        })?;
        let quota = account.send_quota();
        let used = quota.map(|quota| (quota.sent_last24_hours(), quota.max24_hour_send()));
        Ok(used.map_or(
            0.0,
            |(sent, most)| if most > 0.0 { sent / most } else { 0.0 },
        ))
    }

    fn content(&self, letter: Letter, values: &Values) -> Result<EmailContent, BuildError> {
        let content = EmailContent::builder();
        // Keeps responders from responding (RFC 3834 section 5).
        let header = MessageHeader::builder()
            .name("Auto-Submitted")
            .value("auto-generated")
            .build()?;
        if let Some(prefix) = &self.template_prefix {
            let template = Template::builder()
                .template_name(format!("{prefix}{}", letter.name()))
                .template_data(serde_json::json!(values.by_name()).to_string())
                .headers(header)
                .build();
            return Ok(content.template(template).build());
        }
        let rendered = text::render(letter, values);
        let body = Body::builder()
            .text(utf8(rendered.text)?)
            .html(utf8(rendered.html)?)
            .build();
        let message = Message::builder()
            .subject(utf8(rendered.subject)?)
            .body(body)
            .headers(header)
            .build();
        Ok(content.simple(message).build())
    }
}

fn utf8(text: String) -> Result<Content, BuildError> {
    Content::builder().data(text).charset("UTF-8").build()
}

/// Returns an address with its display name (RFC 5322 section 3.4). A name that is not ASCII
/// becomes encoded words (RFC 2047), without which SES refuses it.
fn mailbox(name: Option<&str>, address: &str) -> String {
    match name {
        None => address.to_owned(),
        Some(name) if name.is_ascii() => format!("\"{name}\" <{address}>"),
        Some(name) => format!("{} <{address}>", encoded_words(name)),
    }
}

fn encoded_words(name: &str) -> String {
    let mut words = vec![String::new()];
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + character.len_utf8() <= WORD_BYTES => word.push(character),
            _ => words.push(character.to_string()),
        }
    }
    let encoded = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join(" ")
}

/// As many bytes as fit into an encoded word of 75 characters (RFC 2047 section 2).
const WORD_BYTES: usize = 45;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_or_encoded() {
        let address = "auth@example.org";
        assert_eq!(mailbox(None, address), address);
        assert_eq!(
            mailbox(Some("Acme, Inc."), address),
            r#""Acme, Inc." <auth@example.org>"#
        );
        assert_eq!(
            mailbox(Some("Bücher"), address),
            "=?UTF-8?B?QsO8Y2hlcg==?= <auth@example.org>"
        );
        let long = mailbox(Some(&"ü".repeat(64)), address);
        assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
        assert_eq!(long.split(' ').count(), 4);
    }
}
