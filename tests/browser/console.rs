//! The console of `cargo local`: `console.mjs` uses all of it, by keyboard.

use gatehouse_tests::Service;

use crate::scripts::Scripts;

#[tokio::test(flavor = "multi_thread")]
async fn the_console_shows_what_happens_and_works_without_a_mouse() -> anyhow::Result<()> {
    let Some(scripts) = Scripts::installed()? else {
        return Ok(());
    };
    let service = Service::start_with_mail().await?;
    let grace = service.administrator("grace").await?;
    let variables = [
        ("ADMIN_USERNAME", &*grace.username),
        ("ADMIN_PASSWORD", &grace.password),
    ];
    scripts.run("console.mjs", &service, &variables).await
}
