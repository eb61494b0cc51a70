//! A resource server of Flask and Authlib that introspects: `introspection.py`.

use anyhow::ensure;
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use gatehouse_tests::client::ResourceServer;
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
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let revoked = ada.logs_in_again(&service).await?;
    revoked.logs_out(&service, "local").await?;
    let script = Command::new(programs.join("python"))
        .arg(root().join("tests/clients/introspection.py"))
        .env("API_URL", service.url())
        .env("CLIENT_ID", &server.id)
        .env("CLIENT_SECRET", &server.secret)
        .env("ACCESS_TOKEN", &ada.access_token)
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
