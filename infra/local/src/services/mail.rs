//! A mail that a stack has sent, as SES was given it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// A mail that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// Its place in the order of all mails; the first is 1.
    pub number: u64,
    /// When it was sent, in milliseconds since the epoch.
    pub sent_at: u64,
    /// The sender, with the display name.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// The subject; empty if it comes from a template.
    pub subject: String,
    /// The text part; empty if it comes from a template.
    pub text: String,
    /// The HTML part; empty if it comes from a template.
    pub html: String,
    /// The headers that the sender has added.
    pub headers: BTreeMap<String, String>,
    /// The name of the stored template, if it is one.
    pub template: Option<String>,
    /// The variables for the template.
    pub template_data: Value,
    /// The configuration set, if there is one.
    pub configuration_set: Option<String>,
}

/// The codes that a mail may contain: a prefix, and at least 128 bits.
#[expect(clippy::expect_used, reason = "the pattern is a constant")]
static CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("gh_[a-z]{2}_[A-Za-z0-9_-]{22,}").expect("a valid pattern"));

impl Mail {
    /// Returns the code that it contains, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let data = self.template_data.as_object().into_iter().flatten();
        let values = data.filter_map(|(_, value)| value.as_str());
        let mut texts = [self.text.as_str()].into_iter().chain(values);
        texts.find_map(|text| CODE.find(text).map(|found| found.as_str()))
    }
}

/// The body of `SendEmail`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendEmail {
    from_email_address: String,
    destination: Destination,
    content: Content,
    configuration_set_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
enum Content {
    Simple(Simple),
    Template(Template),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct Template {
    #[serde(rename = "TemplateName")]
    name: String,
    #[serde(rename = "TemplateData")]
    data: String,
    #[serde(rename = "Headers", default)]
    headers: Vec<Header>,
}

impl SendEmail {
    /// Reads a request, whose single recipient and template data must be valid.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let request: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let [to] = request.destination.to_addresses.as_slice() else {
            return Err("the local stack supports one recipient for each mail".to_owned());
        };
        for address in [to, &request.from_email_address] {
            if !address.contains('@') {
                return Err("an address has no domain".to_owned());
            }
        }
        if let Content::Template(template) = &request.content {
            let data = serde_json::from_str::<Value>(&template.data);
            if !data.is_ok_and(|data| data.is_object()) {
                return Err("TemplateData must be a JSON object".to_owned());
            }
        }
        Ok(request)
    }

    /// Returns the recipient.
    pub(super) fn recipient(&self) -> &str {
        let mut recipients = self.destination.to_addresses.iter();
        recipients.next().map_or("", String::as_str)
    }

    /// Returns the mail that it sends.
    pub(super) fn into_mail(self, sent_at: u64) -> Mail {
        let mut mail = Mail {
            number: 0,
            sent_at,
            to: self.recipient().to_owned(),
            from: self.from_email_address,
            subject: String::new(),
            text: String::new(),
            html: String::new(),
            headers: BTreeMap::new(),
            template: None,
            template_data: Value::Null,
            configuration_set: self.configuration_set_name,
        };
        let headers = match self.content {
            Content::Simple(simple) => {
                mail.subject = simple.subject.data;
                mail.text = simple.body.text.map(|part| part.data).unwrap_or_default();
                mail.html = simple.body.html.map(|part| part.data).unwrap_or_default();
                simple.headers
            }
            Content::Template(template) => {
                let data = serde_json::from_str(&template.data);
                mail.template_data = data.unwrap_or_default();
                mail.template = Some(template.name);
                template.headers
            }
        };
        let headers = headers
            .into_iter()
            .map(|header| (header.name, header.value));
        mail.headers = headers.collect();
        mail
    }
}
