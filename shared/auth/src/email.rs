//! E-mail addresses: as typed, and in the canonical spelling that makes them unique.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType;

use crate::identifier::trimmed;
use crate::item_key::ItemKey;

/// An e-mail address. It proves nothing until it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress {
    display: String,
    canonical: String,
}

/// Why a text is not an e-mail address that we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Not exactly one `@`, or nothing before or after it.
    #[error("an e-mail address must have one `@`, with something before and after it")]
    Shape,
    /// More than 64 bytes before the `@`, or more than 254 in total.
    #[error(
        "an e-mail address must have at most {MAX_LOCAL_BYTES} characters before the `@`, and {MAX_BYTES} in total"
    )]
    TooLong,
    /// The part before the `@` is not an RFC 5322 dot-atom.
    #[error(
        "the part before the `@` must consist of ASCII letters, digits, symbols and single dots"
    )]
    LocalPart,
    /// The part after the `@` is not a domain name.
    #[error("the part after the `@` must be a full domain name")]
    Domain,
}

impl EmailAddress {
    /// Parses an address: an ASCII dot-atom, an `@`, a domain name.
    ///
    /// Rejects quoted local parts, comments, domain literals, non-ASCII local parts and
    /// encoded words.
    ///
    /// # Errors
    /// [`EmailError`] names the rule that the text breaks.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        let (local, domain) = trimmed(typed).split_once('@').ok_or(EmailError::Shape)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::Shape);
        }
        // RFC 5321 section 4.5.3.1; the domain is measured below, in A-labels.
        if local.len() > MAX_LOCAL_BYTES || domain.len() > MAX_TYPED_BYTES {
            return Err(EmailError::TooLong);
        }
        if !local.split('.').all(is_atom) || local.contains(ENCODED_WORD) {
            return Err(EmailError::LocalPart);
        }
        let domain = to_a_labels(domain).ok_or(EmailError::Domain)?;
        let display = format!("{local}@{domain}");
        if display.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let canonical = display.to_ascii_lowercase();
        Ok(Self { display, canonical })
    }

    /// Returns the address to send mail to: the local part as typed, the domain in
    /// A-labels.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Returns the lower-case spelling, which is unique among all users.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Returns the key of the item that maps the address to its user.
    #[must_use]
    pub fn name_key(&self) -> ItemKey {
        ItemKey::email(&self.canonical)
    }
}

impl EmailError {
    /// Returns the stable code that a response carries.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Shape => "invalid_email",
            Self::TooLong => "too_long",
            Self::LocalPart => "invalid_local_part",
            Self::Domain => "invalid_domain",
        }
    }
}

/// RFC 5322 section 3.2.3: `1*atext`, between the dots of a dot-atom.
fn is_atom(text: &str) -> bool {
    let is_atext =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_atext)
}

/// The domain in the form that DNS uses (UTS 46, RFC 5890): lower-case ASCII.
fn to_a_labels(domain: &str) -> Option<String> {
    // UTS 46 drops invisible characters, so an address that contains some is not the one
    // that a reader sees.
    let is_ignored =
        |character: char| character.identifier_type() == Some(IdentifierType::Default_Ignorable);
    if domain.contains(is_ignored) {
        return None;
    }
    let mapped = Uts46::new().to_ascii(
        domain.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    let mapped = mapped.ok()?;
    // A name without a dot means whatever the local resolver makes of it (RFC 5321
    // section 2.3.5); a numeric last label makes it an IP address (RFC 3696 section 2).
    let (_, last) = mapped.rsplit_once('.')?;
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    (!is_number).then(|| mapped.into_owned())
}

/// How an encoded word begins (RFC 2047 section 2). An address has none (section 5), but
/// whoever decodes one finds another address in it, with characters such as `@` and `>`.
const ENCODED_WORD: &str = "=?";
/// RFC 5321 section 4.5.3.1.1.
const MAX_LOCAL_BYTES: usize = 64;
/// RFC 5321 section 4.5.3.1.3, minus the angle brackets of a path.
const MAX_BYTES: usize = 254;
/// A domain of 253 A-label bytes is shorter than this in any spelling; this limits the
/// work that a longer text could cause.
const MAX_TYPED_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
