//! What a login reads first: the name's item and the counters of attempts.

use std::net::{IpAddr, Ipv6Addr};

use aws_sdk_dynamodb::Client;
use gatehouse_auth::id::SubjectId;
use serde::Deserialize;

use crate::batch;
use crate::error::StoreError;
use crate::item::decode;

/// The table of users, by names, and the table of login attempts.
#[derive(Debug, Clone)]
pub struct LoginLookup {
    client: Client,
    users: String,
    attempts: String,
}

#[derive(Deserialize)]
struct NameItem {
    sub: SubjectId,
}

impl LoginLookup {
    /// Names the tables.
    #[must_use]
    pub fn new(client: Client, users_table: String, attempts_table: String) -> Self {
        Self {
            client,
            users: users_table,
            attempts: attempts_table,
        }
    }

    /// Finds the subject of a name, in one call.
    ///
    /// `name_key` is the key of the name's item; without one, since nothing can
    /// have such a name, a key that nothing has is read instead, so that the
    /// call is the same. `digest` is that of the canonical identifier.
    ///
    /// # Errors
    /// [`StoreError`] as the call or the item gives it.
    pub async fn find(
        &self,
        name_key: Option<&str>,
        digest: &str,
        address: &str,
    ) -> Result<Option<SubjectId>, StoreError> {
        let name_key = name_key.map_or_else(|| format!("nobody#{digest}"), str::to_owned);
        // The counters are read and not yet obeyed: the reservation of an attempt,
        // one conditional update for each of them, belongs right behind this call.
        let counters = vec![
            format!("pair#{digest}#{address}"),
            format!("id#{digest}"),
            format!("ip#{}", network(address)),
        ];
        let keys = [(&*self.users, vec![name_key]), (&*self.attempts, counters)];
        let mut found = batch::get(&self.client, keys).await?;
        let names = found.remove(&self.users).unwrap_or_default();
        let Some(item) = names.into_iter().next() else {
            return Ok(None);
        };
        // Errors reach logs: the name itself may be an e-mail address.
        let shown = format!("name with digest {digest}");
        let item: NameItem = decode(&self.users, &shown, item)?;
        Ok(Some(item.sub))
    }
}

/// Returns the address, of IPv6 its first 64 bits: who has one address has them all.
pub(crate) fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let prefix = address.to_bits() >> 64 << 64;
            format!("{}/64", Ipv6Addr::from_bits(prefix))
        }
        Ok(IpAddr::V4(_)) | Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn addresses_of_one_ipv6_network_are_one_address() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::1"), "2001:db8:1:2::/64");
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("unknown"), "unknown");
    }
}
