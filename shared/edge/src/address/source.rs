//! `CLIENT_ADDRESS`: its four modes, and how each one reads a request.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU8;

use http::{HeaderMap, HeaderName};

use super::proxy;
use super::text::{address, address_and_port, address_or_socket};
use crate::config::{ConfigError, Environment};

const VARIABLE: &str = "CLIENT_ADDRESS";
const MODES: &str = "`connection`, `cloudfront`, `forwarded:N` (N from 1 to 99) or `header:NAME`";
const CLOUDFRONT: &str = "cloudfront-viewer-address";
const FORWARDED: &str = "x-forwarded-for";

/// Where to read a client's address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum AddressSource {
    /// `connection`: the address that API Gateway reports.
    #[default]
    Connection,
    /// `cloudfront`: `CloudFront-Viewer-Address`, an address, a colon and a port.
    CloudFront,
    /// `forwarded:N`: the Nth entry of `X-Forwarded-For` before the gateway's own.
    Forwarded(NonZeroU8),
    /// `header:NAME`: a header with one address, perhaps with a port.
    Header(HeaderName),
}

/// Why no address can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// The header is missing.
    Missing,
    /// The header is repeated.
    Repeated,
    /// The header is not what the mode expects.
    Malformed,
    /// Fewer proxies than expected have added an entry.
    TooFewEntries,
    /// The last entry is not the address that the gateway saw.
    NotTheGateways,
}

impl AddressSource {
    pub(super) fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let text = environment.text(VARIABLE).unwrap_or("connection");
        if let Some(name) = text.strip_prefix("header:") {
            return header(name).map(Self::Header);
        }
        if let Some(hops) = text.strip_prefix("forwarded:") {
            return hops_of(hops).map(Self::Forwarded);
        }
        match text {
            "connection" => Ok(Self::Connection),
            "cloudfront" => Ok(Self::CloudFront),
            _ => Err(ConfigError::invalid(VARIABLE, MODES)),
        }
    }

    /// Reads the address. A connection without one is not an error.
    pub(super) fn read(
        &self,
        headers: &HeaderMap,
        connection: Option<IpAddr>,
    ) -> Result<Option<IpAddr>, Unreadable> {
        match self {
            Self::Connection => Ok(connection),
            Self::CloudFront => {
                let text = single(headers, CLOUDFRONT)?;
                let read = address_and_port(text).ok_or(Unreadable::Malformed);
                read.map(Some)
            }
            Self::Forwarded(hops) => forwarded(headers, *hops, connection).map(Some),
            Self::Header(name) => {
                let text = single(headers, name.as_str())?;
                let read = address_or_socket(text).ok_or(Unreadable::Malformed);
                read.map(Some)
            }
        }
    }
}

impl fmt::Display for AddressSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection => f.write_str("connection"),
            Self::CloudFront => f.write_str("cloudfront"),
            Self::Forwarded(hops) => write!(f, "forwarded:{hops}"),
            Self::Header(name) => write!(f, "header:{name}"),
        }
    }
}

impl Unreadable {
    /// Returns a stable word for logs.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::Malformed => "malformed",
            Self::TooFewEntries => "too_few_entries",
            Self::NotTheGateways => "last_entry_is_not_the_gateways",
        }
    }
}

/// Counts from the end, where each proxy appends the address it was called from: whatever
/// the client wrote itself comes before that.
fn forwarded(
    headers: &HeaderMap,
    hops: NonZeroU8,
    connection: Option<IpAddr>,
) -> Result<IpAddr, Unreadable> {
    let fields = headers.get_all(FORWARDED).iter().rev();
    let mut entries = fields.flat_map(|field| field.as_bytes().rsplit(|&byte| byte == b','));
    let last = entries.next().ok_or(Unreadable::Missing)?;
    let last = str::from_utf8(last).ok().and_then(address);
    if last.is_none() || last != connection {
        return Err(Unreadable::NotTheGateways);
    }
    let client = entries.nth(usize::from(hops.get()) - 1);
    let client = client.ok_or(Unreadable::TooFewEntries)?;
    let client = str::from_utf8(client).ok().and_then(address_or_socket);
    client.ok_or(Unreadable::Malformed)
}

/// If there are two, the client wrote one of them, and it is impossible to know which.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Unreadable> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Unreadable::Missing)?;
    if values.next().is_some() {
        return Err(Unreadable::Repeated);
    }
    value.to_str().map_err(|_| Unreadable::Malformed)
}

/// Proxies in front of the gateway; the template's pattern allows two digits.
const MAX_HOPS: u8 = 99;

fn hops_of(text: &str) -> Result<NonZeroU8, ConfigError> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit());
    let hops = number.then(|| text.parse().ok()).flatten();
    hops.filter(|hops: &NonZeroU8| hops.get() <= MAX_HOPS)
        .ok_or_else(|| ConfigError::invalid(VARIABLE, MODES))
}

/// A header that belongs to another mode, or cannot hold a single address, would be
/// unreadable in every request.
fn header(text: &str) -> Result<HeaderName, ConfigError> {
    let name = HeaderName::try_from(text).map_err(|_| ConfigError::invalid(VARIABLE, MODES))?;
    match name.as_str() {
        CLOUDFRONT => Err(ConfigError::invalid(
            VARIABLE,
            "`cloudfront` to read CloudFront-Viewer-Address",
        )),
        FORWARDED => Err(ConfigError::invalid(
            VARIABLE,
            "`forwarded:N` to read X-Forwarded-For",
        )),
        "forwarded" | proxy::HEADER => Err(ConfigError::invalid(
            VARIABLE,
            "`header:` and the name of a header that holds one address",
        )),
        _ => Ok(name),
    }
}
