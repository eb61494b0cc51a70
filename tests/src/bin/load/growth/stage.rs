//! A stack with a number of users, behind a proxy that counts.

use std::path::Path;
use std::time::Duration;

use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::proxy::Proxy;
use gatehouse_tests::service::{CLIENT_ADDRESS, parameters};
use gatehouse_tests::{Person, Service};

use super::requests::{Prepared, Request};
use crate::population;
use crate::processes::cpu_time;

/// A stack, and who sends requests to it.
pub(super) struct Stage {
    users: usize,
    service: Service,
    proxy: Proxy,
    admin: Person,
    client: ResourceServer,
}

/// What some requests have cost together.
pub(super) struct Spent {
    pub(super) calls: f64,
    pub(super) reads: f64,
    pub(super) writes: f64,
    pub(super) cpu: Duration,
}

impl Stage {
    /// Starts a stack with that many users.
    pub(super) async fn start(users: usize, bin_dir: &Path) -> anyhow::Result<Self> {
        let (service, proxy) = Service::start_behind_a_proxy(|options| {
            bin_dir.clone_into(&mut options.bin_dir);
            options.parameters = parameters(&[
                ("ClientAddress", CLIENT_ADDRESS),
                // The cheapest hash, so that it hides nothing.
                ("Argon2MemoryKib", "7168"),
                ("Argon2Iterations", "5"),
            ]);
        })
        .await?;
        let admin = service.administrator("grace").await?;
        let client = ResourceServer::register(&service).await?;
        population::create(&service, users).await?;
        Ok(Self {
            users,
            service,
            proxy,
            admin,
            client,
        })
    }

    pub(super) fn users(&self) -> usize {
        self.users
    }

    /// Sends requests of one kind, one after the other.
    pub(super) async fn spend(&mut self, kind: Request, requests: usize) -> anyhow::Result<Spent> {
        let mut prepared = Vec::new();
        for number in 0..requests {
            let ready = Prepared::make(kind, number, (&self.service, &self.admin, &self.client));
            prepared.push(ready.await?);
        }
        self.service.stack().settled().await;
        drop(self.proxy.take_costs());
        let before = cpu_time();
        for request in &prepared {
            request.send(&self.service).await?;
        }
        let cpu = cpu_time().saturating_sub(before);
        let mut costs = self.proxy.take_costs();
        // What is read every few seconds, whatever is requested.
        costs.retain(|cost| !cost.is_of_keys && !cost.is_of_client);
        for request in prepared {
            request.clean_up(&self.service).await?;
        }
        Ok(Spent {
            calls: super::count(costs.len()),
            reads: costs.iter().map(|cost| cost.reads).sum(),
            writes: costs.iter().map(|cost| cost.writes).sum(),
            cpu,
        })
    }
}
