//! The mailer, killed at random instants: every mail is sent, once or twice, and every code in
//! one works.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatehouse_tests::long_run::Goal;
use gatehouse_tests::person::unique;
use gatehouse_tests::random::{Random, seeds};
use gatehouse_tests::service::code_in;
use gatehouse_tests::{Person, Service, long_run};
use serde_json::json;
use tokio::time::sleep;

use crate::processes;

/// What came of the kills.
#[derive(Debug, Default)]
struct Tally {
    kills: u64,
    mails: u64,
    /// Mails that were sent again, because the mailer died before it knew.
    copies: u64,
}

/// The last instant of a kill after the request, in microseconds: a mail takes a part of it.
const LATEST: u64 = 60_000;
/// How many mails wait at once: they wait for half a minute if the mailer died in the middle.
const ROUND: u64 = 20;
/// How long the mailer lets another attempt wait, and the time that the queue takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// No message of the queue is delayed for longer.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// Asks for mails and kills the mailer, until there were enough kills or the time is over.
async fn kill(seed: u64, goal: Goal) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for seed in seeds(seed) {
        let round = round(Random::new(seed), goal.count().min(ROUND), &mut tally);
        round.await.with_context(|| format!("seed {seed}"))?;
        if goal.is_reached(tally.kills) {
            break;
        }
    }
    Ok(tally)
}

async fn round(mut random: Random, mails: u64, tally: &mut Tally) -> anyhow::Result<()> {
    let service = Service::start_with_mail().await?;
    let url = service.stack().dynamodb_url();
    let mut people = Vec::new();
    for _ in 0..mails {
        let email = format!("{}@example.org", unique("ada"));
        let person = Person::named("ada").with_email(email);
        people.push(person.is_imported(&service).await?);
    }
    for person in &people {
        let body = json!({ "username": person.username });
        let asked = service.post("/password/forgot", &body).await?;
        ensure!(asked.status == 202, "{}", asked.status);
        sleep(Duration::from_micros(random.below(LATEST))).await;
        tally.kills += u64::from(processes::kill_soon(url, "mailer").await);
    }
    let sent = tokio::time::timeout(PATIENCE, all_sent(&service, &people)).await;
    sent.context("a mail was not sent")??;
    // What is still there was sent, or is sent now.
    service.stack().advance_queues(LONGEST_DELAY);
    for person in &people {
        let address = person.email.as_deref().unwrap_or_default();
        let mails = service.mails_to(address).await?;
        ensure!((1..=2).contains(&mails.len()), "{} mails", mails.len());
        tally.mails += 1;
        tally.copies += mails.len() as u64 - 1;
        for mail in &mails {
            code_in(mail)?;
        }
        // Only one of them is used: a new password ends the others.
        let code = code_in(&mails[usize::try_from(random.below(mails.len() as u64))?])?;
        let reset = service.reset_password(&code, "nine loud herons").await?;
        ensure!(reset.status == 204, "{} {}", reset.status, reset.text);
    }
    Ok(())
}

/// Waits until everybody has a mail. The clock of the queue is moved, that of the mailer is not.
async fn all_sent(service: &Service, people: &[Person]) -> anyhow::Result<()> {
    loop {
        service.stack().advance_queues(LONGEST_DELAY);
        let mut missing = 0;
        for person in people {
            let address = person.email.as_deref().unwrap_or_default();
            missing += usize::from(service.mails_to(address).await?.is_empty());
        }
        if missing == 0 {
            return Ok(());
        }
        sleep(Duration::from_secs(1)).await;
    }
}

impl Tally {
    fn report(&self) {
        long_run::report(&json!({
            "mailer_kills": self.kills,
            "mails": self.mails,
            "mails_sent_again": self.copies,
        }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailer_killed_at_random_loses_no_mail_and_sends_none_three_times() -> anyhow::Result<()>
{
    let tally = kill(1, Goal::of(10, None)).await?;
    tally.report();
    assert!(tally.kills >= 5, "{tally:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "half an hour; cargo long kills"]
async fn mailers_lose_no_mail_in_the_long_run() -> anyhow::Result<()> {
    kill(long_run::seed(), Goal::of(500, long_run::time()))
        .await?
        .report();
    Ok(())
}
