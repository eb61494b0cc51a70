//! Where a client's address is found.

use http::HeaderName;

use super::environment::{ConfigError, Environment};

/// Where a client's address is found: API Gateway's own word, unless a header
/// is named.
///
/// Name one only where the API cannot be reached but through a proxy that sets
/// the header itself: from anybody else it is whatever the client says.
#[derive(Debug, Clone, Default)]
pub struct ClientAddress {
    /// `CLIENT_ADDRESS_HEADER`: its value must be one address, without a port.
    pub header: Option<HeaderName>,
}

impl ClientAddress {
    /// Reads `CLIENT_ADDRESS_HEADER`.
    ///
    /// # Errors
    /// [`ConfigError`] if it is no name of a header.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let name = "CLIENT_ADDRESS_HEADER";
        let header = environment
            .text(name)
            .map(HeaderName::try_from)
            .transpose()
            .map_err(|_| ConfigError::odd(name, "the name of a header"))?;
        Ok(Self { header })
    }
}
