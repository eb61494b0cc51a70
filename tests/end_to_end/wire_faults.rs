//! One fault of each kind for each function, at the wire: real processes, sockets and time.
//! `tests/faults` has all of them, in process; `deadlines.rs` has stores that are slow.

use bytes::Bytes;
use gatehouse_testing::{Fault, Faults, at_call};
use gatehouse_tests::binaries::root;
use gatehouse_tests::person::unique;
use gatehouse_tests::proxy::Proxy;
use gatehouse_tests::{Person, Service};
use http::Response;
use serde_json::{Value, json};

/// Functions behind the authorizer, which fails first; their sample events need no user.
const BEHIND: [(&str, &str); 4] = [
    ("account", "me_of_unknown_user"),
    ("admin", "show_unknown_user"),
    ("introspect", "unknown_token"),
    ("logout", "valid"),
];

#[tokio::test]
async fn every_function_survives_each_kind_of_fault_at_the_wire() -> anyhow::Result<()> {
    let (service, proxy) = Service::start_behind_a_proxy(|_| ()).await?;
    let world = World {
        ada: service.logged_in("ada").await?,
        admin: service.administrator("grace").await?,
        service,
        proxy,
    };
    let clean = world.statuses(|_| ()).await?;
    assert_eq!(clean, [201, 200, 200, 200, 401, 404, 200, 204]);
    // The SDK repeats what fails once.
    for at in [at_call(0), at_call(0).after()] {
        let once = |faults: &Faults| drop(faults.inject(at, Fault::Cut));
        assert_eq!(world.statuses(once).await?, clean);
    }
    let throttled = fail(400, "ProvisionedThroughputExceededException")?;
    for fault in [throttled, fail(500, "InternalServerError")?, Fault::Cut] {
        let always = |faults: &Faults| faults.inject_always(at_call(0), fault);
        let broken = world.statuses(always).await?;
        assert_eq!(broken, [503, 503, 503, 500, 503, 503, 503, 503]);
    }
    let denied = fail(400, "AccessDeniedException")?;
    let always = |faults: &Faults| faults.inject_always(at_call(0), denied);
    assert_eq!(world.statuses(always).await?, [500; 8]);
    assert_eq!(world.statuses(|_| ()).await?, clean);
    Ok(())
}

struct World {
    service: Service,
    proxy: Proxy,
    ada: Person,
    admin: Person,
}

impl World {
    /// Sends a request to each function that has calls to make, with these faults, and
    /// returns the statuses.
    async fn statuses(&self, inject: impl FnOnce(&Faults)) -> anyhow::Result<Vec<u16>> {
        let (service, ada) = (&self.service, &self.ada);
        let elsewhere = ada.logs_in_again(service).await?;
        inject(self.proxy.faults());
        let newcomer = json!({ "username": unique("newcomer"), "password": ada.password });
        let mut statuses = vec![
            service.post("/register", &newcomer).await?.status,
            service.log_in(&ada.username, &ada.password).await?.status,
            service.refresh(&elsewhere.refresh_token).await?.status,
            ada.get(service, "/protected").await?.status,
        ];
        for (function, case) in BEHIND {
            let event = root().join(format!("events/{function}/{case}.json"));
            let event = std::fs::read_to_string(event)?
                .replace("ADMIN_TOKEN", &self.admin.access_token)
                .replace("eyJhbGciOiJub25lIn0.e30.", &ada.access_token);
            let response = service.invoke(function, event.as_bytes()).await?;
            let response: Value = serde_json::from_slice(&response.unwrap_or_default())?;
            statuses.push(u16::try_from(response["statusCode"].as_u64().unwrap_or(0))?);
        }
        self.proxy.faults().clear();
        Ok(statuses)
    }
}

fn fail(status: u16, code: &str) -> anyhow::Result<Fault> {
    let body = json!({"__type": code, "message": "injected"}).to_string();
    let response = Response::builder().status(status).body(Bytes::from(body))?;
    Ok(Fault::Fail(response))
}
