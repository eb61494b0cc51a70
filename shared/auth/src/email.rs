//! E-mail addresses: as typed, and the one spelling by which an address is unique.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType;

use crate::identifier::trimmed;
use crate::item_key::ItemKey;

/// An e-mail address. Until it is verified it proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress {
    display: String,
    canonical: String,
}

/// Why a text is no e-mail address that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Not one `@`, or nothing on one of its sides.
    #[error("an e-mail address has one `@`, with something on both sides")]
    Shape,
    /// Over 64 bytes before the `@`, or over 254 in all.
    #[error(
        "an e-mail address has at most {MAX_LOCAL_BYTES} characters before the `@`, and {MAX_BYTES} in all"
    )]
    TooLong,
    /// The part before the `@` is no RFC 5322 dot-atom.
    #[error("the part before the `@` is of ascii letters, digits and single dots")]
    LocalPart,
    /// The part after the `@` is no domain name.
    #[error("the part after the `@` is a full domain name")]
    Domain,
}

impl EmailAddress {
    /// Parses an address: an ASCII dot-atom, an `@`, a domain name.
    ///
    /// Quoted local parts, comments, domain literals and local parts beyond ASCII
    /// are refused.
    ///
    /// # Errors
    /// [`EmailError`] says which rule it breaks.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        let (local, domain) = trimmed(typed).split_once('@').ok_or(EmailError::Shape)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::Shape);
        }
        // RFC 5321 section 4.5.3.1; the domain's own form is measured below.
        if local.len() > MAX_LOCAL_BYTES || domain.len() > MAX_TYPED_BYTES {
            return Err(EmailError::TooLong);
        }
        if !local.split('.').all(is_atom) {
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

    /// Returns the address that mail goes to: the local part as it was typed, the
    /// domain in A-labels.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Returns the lower-cased spelling, by which the address is unique.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Returns the key of the item that leads from the address to its user.
    #[must_use]
    pub fn name_key(&self) -> ItemKey {
        ItemKey::email(&self.canonical)
    }
}

impl EmailError {
    /// Returns the stable code that an answer carries.
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

/// The domain as DNS knows it (UTS 46, RFC 5890): lower-case ASCII.
fn to_a_labels(domain: &str) -> Option<String> {
    // UTS 46 drops invisible characters; an address that holds some is not what
    // its reader takes it for.
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
    // A name without a dot is local to whoever resolves it (RFC 5321 section 2.3.5);
    // a last label of digits makes it an address (RFC 3696 section 2).
    let (_, last) = mapped.rsplit_once('.')?;
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    (!is_number).then(|| mapped.into_owned())
}

/// RFC 5321 section 4.5.3.1.1.
const MAX_LOCAL_BYTES: usize = 64;
/// RFC 5321 section 4.5.3.1.3, less the angle brackets of a path.
const MAX_BYTES: usize = 254;
/// A domain of 253 A-label bytes is shorter than this in any spelling; bounds the
/// work that a longer text could cause.
const MAX_TYPED_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
