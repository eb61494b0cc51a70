//! Settings of mail: what is written to the outbox, and how the mailer sends it.

use gatehouse_auth::mail::Notices;
use gatehouse_auth::url::is_authentic;
use http::Uri;

use super::environment::{ConfigError, Environment};

/// The outbox, for every function that writes messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxSettings {
    /// `OUTBOX_TABLE`: the table.
    pub table: String,
    /// `MAIL_NOTICES`: the notices that are switched on.
    pub notices: Notices,
}

impl OutboxSettings {
    /// Reads `OUTBOX_TABLE` and `MAIL_NOTICES`; `None` without a table: the service sends no
    /// mail.
    ///
    /// # Errors
    /// If a setting is invalid; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let notices = match environment.text(NOTICES) {
            None => Notices::default(),
            Some(text) => Notices::parse(text).map_err(|_| {
                let names = Notices::SWITCHES.map(|kind| format!("`{}`", kind.as_str()));
                let expected = format!(
                    "a list of some of {}, separated by commas, or `none`",
                    names.join(", ")
                );
                ConfigError::invalid(NOTICES, expected)
            })?,
        };
        if environment.text(TABLE).is_none() {
            return Ok(None);
        }
        let table = environment.table(TABLE)?;
        Ok(Some(Self { table, notices }))
    }
}

/// Reads `EMAIL_VERIFICATION`: true if a new account needs a verified address before its
/// first login.
///
/// # Errors
/// If it is invalid, or `required` without an outbox; the message names it.
pub fn requires_verified_email(environment: &Environment) -> Result<bool, ConfigError> {
    match environment.text(VERIFICATION) {
        None | Some("optional") => Ok(false),
        Some("required") if environment.text(TABLE).is_some() => Ok(true),
        Some("required") => Err(ConfigError::invalid(
            VERIFICATION,
            "`optional` while MAIL_FROM is empty: nobody could verify an address",
        )),
        Some(_) => Err(ConfigError::invalid(
            VERIFICATION,
            "`optional` or `required`",
        )),
    }
}

/// How the mailer sends mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// `MAIL_FROM`: the address that mail comes from.
    pub from: String,
    /// `MAIL_FROM_NAME`: the name beside it.
    pub from_name: Option<String>,
    /// `MAIL_LINK`: the page that mails link to.
    pub link: Option<MailLink>,
    /// `MAIL_CONFIGURATION_SET`: the configuration set of SES.
    pub configuration_set: Option<String>,
    /// `MAIL_TEMPLATE_PREFIX`: the beginning of the names of stored templates; the service's
    /// own texts without one.
    pub template_prefix: Option<String>,
}

impl MailSettings {
    /// Reads the variables that begin with `MAIL_`.
    ///
    /// # Errors
    /// If a setting is missing or invalid; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let from = environment.required(FROM)?;
        if !is_address(from) {
            let expected = "an address such as auth@example.com, without a display name";
            return Err(ConfigError::invalid(FROM, expected));
        }
        let from_name = environment.text(FROM_NAME);
        if !from_name.is_none_or(is_display_name) {
            let expected =
                "at most 64 characters without line breaks, quotes, backslashes and `<>@`";
            return Err(ConfigError::invalid(FROM_NAME, expected));
        }
        let identifier = |name, longest: usize| {
            let text = environment.text(name);
            let is_valid = |text: &str| text.len() <= longest && text.bytes().all(is_word);
            if text.is_none_or(is_valid) {
                Ok(text.map(str::to_owned))
            } else {
                let expected =
                    format!("at most {longest} ASCII letters, digits, hyphens and underscores");
                Err(ConfigError::invalid(name, expected))
            }
        };
        Ok(Self {
            from: from.to_owned(),
            from_name: from_name.map(str::to_owned),
            link: MailLink::from_environment(environment)?,
            configuration_set: identifier(CONFIGURATION_SET, 64)?,
            template_prefix: identifier(TEMPLATE_PREFIX, 32)?,
        })
    }
}

/// The page that mails link to. A code stands behind `#`, so that no server and no proxy
/// sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailLink {
    before: String,
    after: String,
}

impl MailLink {
    /// Returns the link with a code, which has only letters, digits, hyphens and underscores.
    #[must_use]
    pub fn with(&self, code: &str) -> String {
        format!("{}{code}{}", self.before, self.after)
    }

    fn from_environment(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let Some(text) = environment.text(LINK) else {
            return Ok(None);
        };
        // Only the local stack and emulators have one.
        let is_local = environment.text("AWS_ENDPOINT_URL_SESV2").is_some();
        let link = Self::parse(text, is_local).ok_or_else(|| {
            let expected = "an https URL with `{code}` once, after `#`, such as \
                 https://app.example.com/mail#{code}";
            ConfigError::invalid(LINK, expected)
        });
        link.map(Some)
    }

    fn parse(text: &str, is_local: bool) -> Option<Self> {
        let (page, fragment) = text.split_once('#')?;
        let (head, tail) = fragment.split_once("{code}")?;
        let uri: Uri = page.parse().ok()?;
        let (scheme, host) = (uri.scheme_str(), uri.host());
        let is_secure = scheme == Some("https") || is_local;
        let is_plain = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\{}#@".contains(&byte))
        };
        let is_valid =
            is_secure && is_authentic(scheme, host) && [page, head, tail].into_iter().all(is_plain);
        is_valid.then(|| Self {
            before: format!("{page}#{head}"),
            after: tail.to_owned(),
        })
    }
}

const TABLE: &str = "OUTBOX_TABLE";
const NOTICES: &str = "MAIL_NOTICES";
const VERIFICATION: &str = "EMAIL_VERIFICATION";
const FROM: &str = "MAIL_FROM";
const FROM_NAME: &str = "MAIL_FROM_NAME";
const LINK: &str = "MAIL_LINK";
const CONFIGURATION_SET: &str = "MAIL_CONFIGURATION_SET";
const TEMPLATE_PREFIX: &str = "MAIL_TEMPLATE_PREFIX";

/// Whether it can stand in a header as it is; SES knows whether it exists.
fn is_address(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"(),:;<>@[\\]".contains(&byte);
    text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.bytes().all(is_plain)
                && domain.contains('.')
                && domain.bytes().all(is_plain)
        })
}

fn is_display_name(text: &str) -> bool {
    text.chars().count() <= 64
        && !text
            .chars()
            .any(|char| char.is_control() || "\"<>@\\".contains(char))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

#[cfg(test)]
mod tests;
