//! What causes no mail, although the stack sends mail.

use anyhow::ensure;
use gatehouse_tests::service::{MAIL_FROM, parameters};
use gatehouse_tests::tables::{Item, Tables};
use gatehouse_tests::{Person, Service};

use crate::project::{Ended, Project};

/// A service whose mailer does not start, so that every message stays in the outbox.
struct Unmailed {
    service: Service,
    project: Project,
}

impl Unmailed {
    async fn start() -> anyhow::Result<Self> {
        let service = Service::start_locally(|options| {
            let notices = (
                "MailNotices",
                "password_changed,address_changed,account_disabled,account_deleted,\
                 refresh_replayed,new_network",
            );
            options.parameters.extend(parameters(&[MAIL_FROM, notices]));
            let no_queue = ("MAIL_RETRY_QUEUE_URL".to_owned(), String::new());
            options.environment.extend([no_queue]);
        })
        .await?;
        let project = Project::of(&service)?;
        Ok(Self { service, project })
    }

    fn run(&self, words: &[&str]) -> anyhow::Result<Ended> {
        let ended = self.project.run(words)?;
        ensure!(ended.succeeded(), "{ended:?}");
        Ok(ended)
    }

    /// Returns the kinds of the items in the outbox; codes and counters have none.
    async fn outbox(&self) -> anyhow::Result<Vec<String>> {
        let items = Tables::of(&self.service).scan("OutboxTable").await?;
        let kind = |item: &Item| item.get("kind").and_then(|kind| kind.as_s().ok()).cloned();
        Ok(items
            .iter()
            .map(|item| kind(item).unwrap_or_default())
            .collect())
    }

    /// Imports two users, and returns what the outbox has then.
    async fn imported(&self) -> anyhow::Result<Vec<String>> {
        let users = "{\"username\":\"ada\",\"email\":\"ada@example.org\"}\n\
             {\"username\":\"eve\",\"email\":\"eve@example.org\",\"email_verified\":true,\
             \"status\":\"disabled\"}\n";
        self.project.write("users.ndjson", users)?;
        let imported = self.run(&["import", "users.ndjson"])?;
        ensure!(imported.out.contains("Imported: 2, "), "{imported:?}");
        self.outbox().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_writes_nothing_to_the_outbox() -> anyhow::Result<()> {
    let unmailed = Unmailed::start().await?;
    assert!(unmailed.imported().await?.is_empty());
    unmailed.run(&["import", "users.ndjson"])?;
    assert!(unmailed.outbox().await?.is_empty());
    // Anything that causes a mail would have been seen.
    unmailed.run(&["users", "disable", "ada", "--yes"])?;
    assert_eq!(unmailed.outbox().await?, ["account_disabled"]);
    Ok(())
}

/// Neither what happened before the restore nor the repair causes a mail.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_writes_nothing_to_the_outbox() -> anyhow::Result<()> {
    let unmailed = Unmailed::start().await?;
    let tables = Tables::of(&unmailed.service);
    let grace = Person::named("grace").with_email("grace@example.org".to_owned());
    grace.is_imported(&unmailed.service).await?;
    unmailed.imported().await?;
    let backup = tables.scan("UsersTable").await?;
    unmailed.run(&["users", "delete", "ada", "--yes"])?;
    unmailed.run(&["users", "disable", "grace@example.org", "--yes"])?;
    let messages = unmailed.outbox().await?;
    assert_eq!(messages.len(), 2, "{messages:?}");

    for item in backup {
        tables.put("UsersTable", item).await?;
    }
    assert_eq!(unmailed.outbox().await?, messages);
    unmailed.run(&["users", "raise", "grace@example.org", "--yes"])?;
    let raised = unmailed.run(&["users", "raise", "--all", "--yes"])?;
    assert!(
        raised.out.contains("raised: 2, deleted again: 1"),
        "{raised:?}"
    );
    assert_eq!(unmailed.outbox().await?, messages);
    Ok(())
}
