//! The client's address: read once for each request, in one way for every function.
//!
//! It is the connection's, as API Gateway reports it, unless `CLIENT_ADDRESS` names
//! what a proxy adds. An address that cannot be read is never guessed: the connection's
//! is used instead, and a metric counts it.

use std::net::IpAddr;

use http::HeaderMap;

use crate::config::{ConfigError, Environment};

mod notice;
mod proxy;
mod source;
#[cfg(test)]
mod tests;
mod text;

use notice::{DIRECT, UNREADABLE};
use proxy::ProxySecret;
use source::AddressSource;
use source::Unreadable;
pub(crate) use text::address;

/// Where to read a client's address, and how a request proves that it came through the
/// proxy that wrote it there.
#[derive(Debug, Clone, Default)]
pub struct ClientAddress {
    source: AddressSource,
    proxy: Option<ProxySecret>,
}

/// Why the connection's address is used although another one is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fallback {
    /// The request does not carry the proxy's secret.
    Direct,
    /// It does, or need not, but its address cannot be read.
    Unreadable(Unreadable),
}

impl ClientAddress {
    /// Reads `CLIENT_ADDRESS` and `PROXY_SECRET_SHA256`.
    ///
    /// # Errors
    /// If a setting is invalid or has no effect; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let source = AddressSource::from_environment(environment)?;
        let proxy = ProxySecret::from_environment(environment)?;
        if source == AddressSource::Connection && proxy.is_some() {
            return Err(ConfigError::invalid(
                proxy::VARIABLE,
                "empty while CLIENT_ADDRESS is `connection`: it would have no effect",
            ));
        }
        Ok(Self { source, proxy })
    }

    /// True if a client that reaches the API without the proxy can choose the address: a
    /// header is read, and nothing proves that the proxy wrote it.
    #[must_use]
    pub fn is_claim(&self) -> bool {
        self.source != AddressSource::Connection && self.proxy.is_none()
    }

    /// Returns the client's address of one request, an IPv4 address always as IPv4.
    /// `connection` is the address that the gateway saw.
    ///
    /// If the address cannot be read, or the request did not come through the proxy, this
    /// is the connection's address, and a metric counts the request.
    #[must_use]
    pub fn resolve(&self, headers: &HeaderMap, connection: Option<IpAddr>) -> Option<IpAddr> {
        let connection = connection.map(|address| address.to_canonical());
        match self.read(headers, connection) {
            Ok(address) => address,
            Err(fallback) => {
                match fallback {
                    Fallback::Direct => DIRECT.record(&self.source, None),
                    Fallback::Unreadable(reason) => UNREADABLE.record(&self.source, Some(reason)),
                }
                connection
            }
        }
    }

    fn read(
        &self,
        headers: &HeaderMap,
        connection: Option<IpAddr>,
    ) -> Result<Option<IpAddr>, Fallback> {
        if let Some(proxy) = &self.proxy
            && !proxy.vouches_for(headers)
        {
            return Err(Fallback::Direct);
        }
        let read = self.source.read(headers, connection);
        read.map_err(Fallback::Unreadable)
    }
}
