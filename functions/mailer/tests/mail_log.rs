//! What the mailer logs: a line and a count for each mail, and no address or code.
//!
//! The only test of its process: a subscriber may miss what other threads log while
//! it is set.
#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic, and the other tests use more of the world"
)]

#[path = "mailing/world.rs"]
mod world;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::user::User;
use gatehouse_testing::{Fault, LogBuffer, at_call, user};
use tracing::level_filters::LevelFilter;
use world::World;

/// What was logged.
#[derive(Default)]
struct Log {
    new: LogBuffer,
    all: String,
}

impl Log {
    /// Checks what was counted since the last time, repetitions left out.
    fn has_counted(&mut self, expected: &[&str]) {
        let lines = self.new.take();
        let name = |line: &'_ str| -> Option<String> {
            let name = line.split("\"Name\":\"").nth(1)?;
            name.split('"').next().map(str::to_owned)
        };
        let mut names: Vec<String> = lines.lines().filter_map(name).collect();
        names.dedup();
        assert_eq!(names, expected, "{lines}");
        // Telemetry never passes on what the SDK logs at this level.
        let ours = |line: &&str| line.contains("mailer") || line.contains("gatehouse");
        self.all.extend(lines.lines().filter(ours));
    }
}

const RESET: MessageKind = MessageKind::PasswordReset;

#[tokio::test]
async fn every_mail_is_counted_and_nothing_that_is_logged_has_an_address_or_a_code() {
    let mut log = Log::default();
    let _guard = log.new.capture(LevelFilter::TRACE);
    let ada = user("ada");
    let world = World::of(&[&ada]).await;
    needed_or_not(&world, &ada, &mut log).await;
    refused(&world, &ada, &mut log).await;
    limited(&world, &ada, &mut log).await;

    // A table and the queue that fail.
    world.faults.inject_always(at_call(0), Fault::Cut);
    let key = world.tell(&ada, RESET, Origin::Session).await;
    world.stream(&[&key]).await.unwrap_err();
    log.has_counted(&[]);

    assert!(log.all.contains("a message could not be handled"));
    for secret in ["gh_", "@", "xample.org", "ADA"] {
        assert!(!log.all.contains(secret), "{secret}: {}", log.all);
    }
}

async fn needed_or_not(world: &World, ada: &User, log: &mut Log) {
    let imported = User {
        sub: SubjectId::parse("9f0e1bb6-1b53-4ea5-9a3c-8c0d55a6f3cd").unwrap(),
        ..user("carl")
    };
    world.users.register(&imported).await.unwrap();
    drop(log.new.take());
    world.send(ada, RESET, Origin::Anyone).await;
    log.has_counted(&["mail_sent"]);
    world.send(ada, RESET, Origin::Anyone).await;
    log.has_counted(&["mail_unneeded"]);
    world.send(&user("nobody"), RESET, Origin::Anyone).await;
    log.has_counted(&["mail_unneeded"]);
    world.send(&imported, RESET, Origin::Anyone).await;
    log.has_counted(&["mail_without_code"]);
    world.pass(300);
    let key = world.tell(ada, RESET, Origin::Anyone).await;
    world.pass(86_400);
    world.stream(&[&key]).await.unwrap();
    log.has_counted(&["mail_ended"]);
}

async fn refused(world: &World, ada: &User, log: &mut Log) {
    let text = "auth@example.com is not verified, nor ada@Example.org";
    let refuse = |code| world.mail.refuse(code, text);
    refuse("ThrottlingException");
    let key = world.tell(ada, RESET, Origin::Anyone).await;
    world.stream(&[&key]).await.unwrap();
    log.has_counted(&["mail_delayed"]);
    world.mail.accept();
    drop(world.faults.inject(at_call(0).of("SendEmail"), Fault::Cut));
    world.drain().await;
    log.has_counted(&["mail_delayed", "mail_sent"]);
    world.pass(300);
    refuse("BadRequestException");
    world.send(ada, RESET, Origin::Anyone).await;
    log.has_counted(&["mail_rejected"]);
    refuse("MessageRejected");
    let key = world
        .tell(ada, MessageKind::PasswordChanged, Origin::Session)
        .await;
    world.stream(&[&key]).await.unwrap();
    log.has_counted(&["mail_account_failed"]);
    world.mail.accept();
    world.drain().await;
    log.has_counted(&["mail_sent"]);
}

async fn limited(world: &World, ada: &User, log: &mut Log) {
    for _ in 0..6 {
        world.pass(300);
        world.send(ada, RESET, Origin::Anyone).await;
    }
    log.has_counted(&["mail_sent", "mail_over_limit"]);
    world.mail.set_quota(150.0, 200.0);
    world.pass(300);
    world.send(ada, RESET, Origin::Anyone).await;
    log.has_counted(&["mail_quota_above_half", "mail_over_quota"]);
}
