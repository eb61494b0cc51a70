//! A resource server of Flask and Authlib that introspects: `introspection.py`.

use anyhow::ensure;
use gatehouse_tests::binaries::root;
use gatehouse_tests::client::ResourceServer;
use gatehouse_tests::power::administrator;
use gatehouse_tests::{Person, Service};
use serde_json::json;
use tokio::process::Command;

use crate::install;

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_server_made_with_authlib_introspects() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    let programs = install::python()?;
    let service = Service::start().await?;
    let server = ResourceServer::register(&service).await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    let mut revoked = person.clone();
    revoked.log_in(&service).await?;
    service
        .post_as(&revoked.access_token, "/logout", &json!({}))
        .await?;
    let script = Command::new(programs.join("python"))
        .arg(root().join("tests/clients/introspection.py"))
        .env("API_URL", service.url())
        .env("CLIENT_ID", &server.id)
        .env("CLIENT_SECRET", &server.secret)
        .env("ACCESS_TOKEN", &person.access_token)
        .env("REVOKED_TOKEN", &revoked.access_token)
        .env("ADMIN_TOKEN", &admin.access_token)
        .env("NO_PROXY", "localhost,127.0.0.1")
        .output()
        .await?;
    let (out, errors) = (
        String::from_utf8_lossy(&script.stdout),
        String::from_utf8_lossy(&script.stderr),
    );
    ensure!(script.status.success(), "{out}{errors}");
    assert!(out.contains("introspection: ok"), "{out}");
    Ok(())
}
