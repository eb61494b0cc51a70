//! A registered client of `/introspect`, as created by `gatehouse clients`.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_auth::client::{Client, ClientId, ClientSecret};
use gatehouse_auth::random;
use gatehouse_store::Clients;

use crate::canaries::{self, Kind};
use crate::clock::now;
use crate::person::unique;
use crate::service::Service;

/// A resource server with client credentials.
#[derive(Debug, Clone)]
pub struct ResourceServer {
    /// The client's id.
    pub id: String,
    /// The current secret.
    pub secret: String,
}

impl ResourceServer {
    /// Registers a client with a unique id.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub async fn register(service: &Service) -> anyhow::Result<Self> {
        let id = ClientId::parse(&unique("reports"))?;
        let secret = ClientSecret::mint(random::bytes()?);
        canaries::register(Kind::ClientSecret, secret.expose());
        let client = Client::new(id, &secret, now()?);
        ensure!(clients(service).create(&client).await?, "the id is taken");
        Ok(Self {
            id: client.id().to_string(),
            secret: secret.expose().to_owned(),
        })
    }

    /// Replaces the secret; returns the client with the new one.
    ///
    /// # Errors
    /// If there is no such client.
    pub async fn rotate(&self, service: &Service, overlap: Duration) -> anyhow::Result<Self> {
        let clients = clients(service);
        let before = clients.get(&ClientId::parse(&self.id)?).await?;
        let before = before.context("there is no such client")?;
        let secret = ClientSecret::mint(random::bytes()?);
        canaries::register(Kind::ClientSecret, secret.expose());
        let now = now()?;
        let after = before.clone().rotated(&secret, now.plus(overlap), now);
        ensure!(clients.replace(&before, &after).await?, "not replaced");
        Ok(Self {
            id: self.id.clone(),
            secret: secret.expose().to_owned(),
        })
    }

    /// Removes the client.
    ///
    /// # Errors
    /// If there is no such client.
    pub async fn revoke(&self, service: &Service) -> anyhow::Result<()> {
        let removed = clients(service).remove(&ClientId::parse(&self.id)?).await?;
        ensure!(removed, "there is no such client");
        Ok(())
    }
}

fn clients(service: &Service) -> Clients {
    let table = service.table("SigningKeysTable").to_owned();
    Clients::new(service.tables(), table)
}
