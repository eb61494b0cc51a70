//! A rotation whose process is killed is completed by the next run.

use std::time::Duration;

use anyhow::{Context, ensure};
use gatehouse_testing::{At, Fault, at_call};
use gatehouse_tests::proxy::Proxy;
use gatehouse_tests::service::{parameters, rotation_events};
use gatehouse_tests::{Person, Service};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::timeout;

#[tokio::test]
async fn a_rotation_killed_between_any_two_steps_is_completed_by_the_next() -> anyhow::Result<()> {
    for steps_before in 0..=4 {
        let (service, _proxy) = service().await?;
        let ada = service.logged_in("ada").await?;
        let before = service.signing_kid().await?;
        let events = rotation_events("local")?;
        for event in events.iter().take(steps_before) {
            let done = service.invoke("rotate-keys", event.as_bytes()).await?;
            ensure!(done.is_ok(), "after {steps_before}: {done:?}");
        }
        kill_all(&service)?;
        is_whole(&service, &ada, &before)
            .await
            .with_context(|| format!("killed after {steps_before} steps"))?;
    }
    Ok(())
}

#[tokio::test]
async fn a_rotation_killed_within_any_step_is_completed_by_the_next() -> anyhow::Result<()> {
    let mut killed = 0;
    for step in 0..4 {
        for at in [at_call(0), at_call(0).after()] {
            let (service, proxy) = service().await?;
            let ada = service.logged_in("ada").await?;
            let before = service.signing_kid().await?;
            let events = rotation_events("local")?;
            for event in &events[..step] {
                let done = service.invoke("rotate-keys", event.as_bytes()).await?;
                ensure!(done.is_ok(), "{done:?}");
            }
            killed += kill_within(&service, &proxy, &events[step], at).await?;
            is_whole(&service, &ada, &before)
                .await
                .with_context(|| format!("killed within step {step}, {at:?}"))?;
        }
    }
    assert_eq!(killed, 8, "each step calls the table");
    Ok(())
}

/// Kills the function's process while a call of its step is held back.
async fn kill_within(service: &Service, proxy: &Proxy, event: &str, at: At) -> anyhow::Result<u32> {
    // Starts the process: before the first step there is none.
    let warm = service.invoke("rotate-keys", b"{}").await?;
    ensure!(warm.is_err(), "an event that is not a rotation is an error");
    let process = service.stack().process_ids("rotate-keys");
    let stands_still = timeout(PATIENCE, proxy.faults().inject(at, Fault::Hold));
    let (response, killed) = tokio::join!(service.invoke("rotate-keys", event.as_bytes()), async {
        stands_still.await.context("the step calls no table")??;
        for id in &process {
            end(*id)?;
        }
        anyhow::Ok(1)
    });
    ensure!(
        response.is_err(),
        "a killed process responded: {response:?}"
    );
    killed
}

/// Nothing is lost, and the next rotation completes: old and new tokens are accepted,
/// and another key signs.
async fn is_whole(service: &Service, person: &Person, before: &str) -> anyhow::Result<()> {
    person.is_let_in(service).await?;
    person.refreshes(service).await?;
    let mut runs = 0;
    loop {
        // The pending key must be at least a second old before it may sign: an earlier
        // run changes nothing.
        service.rotate_keys().await?;
        runs += 1;
        let active = service.signing_kid().await?;
        let published = service.get("/.well-known/jwks.json").await?;
        ensure!(
            published.text.contains(&active),
            "{active} is not published"
        );
        let now = person.logs_in_again(service).await?;
        now.is_let_in(service).await?;
        if active != before {
            break;
        }
        ensure!(runs < 1000, "the keys do not rotate");
    }
    person.is_let_in(service).await
}

/// A stack whose keys may rotate one second after they were published.
async fn service() -> anyhow::Result<(Service, Proxy)> {
    let short = parameters(&[("KeyCacheSeconds", "1"), ("MinPendingSeconds", "1")]);
    Service::start_behind_a_proxy(|options| options.parameters = short).await
}

/// Kills the processes that read or write the key ring.
fn kill_all(service: &Service) -> anyhow::Result<()> {
    for function in ["rotate-keys", "login", "refresh"] {
        for id in service.stack().process_ids(function) {
            end(id)?;
        }
    }
    Ok(())
}

fn end(id: u32) -> anyhow::Result<()> {
    let process = Pid::from_raw(id.cast_signed()).context("no process")?;
    Ok(kill_process(process, Signal::KILL)?)
}

/// How long a step may take to reach its table.
const PATIENCE: Duration = Duration::from_secs(10);
