//! Notices to owners of what happened to their accounts.

use std::time::Duration;

use gatehouse_tests::person::unique;
use gatehouse_tests::service::{CLIENT_ADDRESS_HEADER, address};
use gatehouse_tests::tables::{Tables, number};
use gatehouse_tests::{Person, Response, Service, clock};
use reqwest::Method;
use serde_json::{Value, json};

const ALL: &str = "password_changed,address_changed,account_disabled,account_deleted,\
     refresh_replayed,new_network";
const NEW_PASSWORD: &str = "another long and winding passphrase";

/// A person who is logged in, with an address that an administrator has set.
struct Owner {
    person: Person,
    address: String,
}

async fn with_notices() -> anyhow::Result<Service> {
    Service::shared_locally_with(&[("MailNotices", ALL)]).await
}

impl Owner {
    async fn join(service: &Service, admin: &Person) -> anyhow::Result<Self> {
        let person = service.logged_in("owner").await?;
        let owner = Self {
            address: format!("{}@example.org", unique("owner")),
            person,
        };
        let set = owner.changed_by(service, admin, json!({ "email": owner.address }));
        set.await?.assert_status(200);
        Ok(owner)
    }

    async fn changed_by(
        &self,
        service: &Service,
        admin: &Person,
        change: Value,
    ) -> anyhow::Result<Response> {
        let path = format!("/admin/users/{}", self.person.id);
        admin.call(service, Method::PATCH, &path, &change).await
    }

    /// Returns the subjects of the mails that the owner got. No notice has a code or a name.
    async fn subjects(&self, service: &Service) -> anyhow::Result<Vec<String>> {
        let mails = service.mails_to(&self.address).await?;
        for mail in &mails {
            assert_eq!(mail.code(), None, "{}", mail.subject);
            for text in [&mail.subject, &mail.text, &mail.html] {
                for word in [&self.address, &self.person.username, &self.person.id] {
                    assert!(!text.contains(word.as_str()), "{}", mail.subject);
                }
            }
        }
        Ok(mails.into_iter().map(|mail| mail.subject).collect())
    }
}

#[tokio::test]
async fn a_new_password_causes_a_notice_whoever_sets_it() -> anyhow::Result<()> {
    let service = with_notices().await?;
    let admin = service.administrator("grace").await?;
    let owner = Owner::join(&service, &admin).await?;
    let mut person = owner.person.logs_in_again(&service).await?;
    let body = json!({ "current_password": person.password, "new_password": NEW_PASSWORD });
    let changed = person.call(&service, Method::PUT, "/me/password", &body);
    changed.await?.assert_no_content();
    let subject = "Your password at example.org has changed";
    assert_eq!(owner.subjects(&service).await?, [subject]);

    let code = person.recovery_code(&service).await?;
    let reset = service.reset_password(&code, &person.password).await?;
    reset.assert_no_content();
    assert_eq!(owner.subjects(&service).await?, [subject, subject]);
    // A wrong password causes no notice.
    person.log_in(&service).await?;
    let body = json!({ "current_password": "wrong", "new_password": NEW_PASSWORD });
    let refused = person.call(&service, Method::PUT, "/me/password", &body);
    refused.await?.assert_status(401);
    assert_eq!(owner.subjects(&service).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_disabled_account_and_a_new_address_cause_notices() -> anyhow::Result<()> {
    let service = with_notices().await?;
    let admin = service.administrator("grace").await?;
    let owner = Owner::join(&service, &admin).await?;
    for status in ["disabled", "disabled", "active"] {
        let changed = owner.changed_by(&service, &admin, json!({ "status": status }));
        changed.await?.assert_status(200);
    }
    let disabled = "Your account at example.org was disabled";
    assert_eq!(owner.subjects(&service).await?, [disabled]);

    let new = format!("{}@example.org", unique("new"));
    let changed = owner.changed_by(&service, &admin, json!({ "email": new }));
    changed.await?.assert_status(200);
    let changed = "Your e-mail address at example.org has changed";
    assert_eq!(owner.subjects(&service).await?, [disabled, changed]);
    assert!(service.mails_to(&new).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_deletion_causes_a_notice_and_leaves_nothing_else_to_be_mailed() -> anyhow::Result<()> {
    let service = with_notices().await?;
    let admin = service.administrator("grace").await?;
    for is_own in [true, false] {
        let owner = Owner::join(&service, &admin).await?;
        let person = owner.person.logs_in_again(&service).await?;
        // A code is mailed, and its message may still wait.
        let body = json!({ "username": owner.address });
        let forgotten = service.post("/password/forgot", &body).await?;
        forgotten.assert_status(202);
        service.mail_to(&owner.address).await?;
        let deleted = if is_own {
            let body = json!({ "password": person.password });
            person.call(&service, Method::DELETE, "/me", &body).await?
        } else {
            let path = format!("/admin/users/{}", person.id);
            let delete = Method::DELETE;
            admin.call(&service, delete, &path, &json!({})).await?
        };
        deleted.assert_no_content();
        let subject = service.mail_to(&owner.address).await?.subject;
        assert_eq!(subject, "Your account at example.org was deleted");

        let words = [person.id.as_str(), owner.address.as_str()];
        for item in Tables::of(&service).scan("OutboxTable").await? {
            let shown = format!("{item:?}");
            assert!(!words.iter().any(|word| shown.contains(word)), "{shown}");
        }
        for queue in ["MailRetry", "MailDeadLetters"] {
            let bodies = service.stack().queued(queue).unwrap_or_default();
            let left = bodies.iter().filter(|body| body.contains(&person.id));
            assert_eq!(left.count(), 0, "{queue}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_replayed_refresh_token_causes_one_notice() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let owner = Owner::join(&service, &admin).await?;
    let first = owner.person.logs_in_again(&service).await?;
    let second = first.refreshes(&service).await?;
    second.refreshes(&service).await?;
    for _ in 0..3 {
        first.cannot_refresh(&service).await?;
    }
    let subject = "One of your sessions at example.org was ended";
    assert_eq!(owner.subjects(&service).await?, [subject]);
    Ok(())
}

#[tokio::test]
async fn a_login_from_a_new_network_causes_a_notice_if_it_is_switched_on() -> anyhow::Result<()> {
    for (notices, expected) in [(Some(ALL), 1), (None, 0)] {
        let settings: Vec<_> = notices.iter().map(|all| ("MailNotices", *all)).collect();
        let service = Service::shared_locally_with(&settings).await?;
        let admin = service.administrator("grace").await?;
        let owner = Owner::join(&service, &admin).await?;
        // A first login right after registering causes no notice.
        assert!(owner.subjects(&service).await?.is_empty());
        let two_hours_ago = clock::now()?.minus(Duration::from_hours(2)).unix();
        let tables = Tables::of(&service);
        let aged = tables.set_user(&owner.person, "created_at", number(two_hours_ago));
        aged.await?;
        let elsewhere = address()?;
        for _ in 0..2 {
            let body = json!({
                "username": owner.person.username,
                "password": owner.person.password,
            });
            let request = service.request(Method::POST, "/login").json(&body);
            let request = request.header(CLIENT_ADDRESS_HEADER, &elsewhere);
            service.send(request).await?.assert_status(200);
            // From home, too.
            owner.person.logs_in_again(&service).await?;
        }
        let subjects = owner.subjects(&service).await?;
        let subject = "New login to your account at example.org";
        assert!(subjects.iter().all(|one| one == subject), "{subjects:?}");
        // The second network of a day becomes known only after twelve hours.
        assert_eq!(subjects.len(), 2 * expected);
    }
    Ok(())
}

#[tokio::test]
async fn whoever_has_no_address_or_no_notices_gets_no_mail() -> anyhow::Result<()> {
    for (notices, has_address) in [("none", true), (ALL, false)] {
        let service = Service::shared_locally_with(&[("MailNotices", notices)]).await?;
        let admin = service.administrator("grace").await?;
        let mut owner = Owner::join(&service, &admin).await?;
        if !has_address {
            owner.person = service.logged_in("nameless").await?;
        }
        let first = owner.person.logs_in_again(&service).await?;
        let second = first.refreshes(&service).await?;
        second.refreshes(&service).await?;
        first.cannot_refresh(&service).await?;
        let body = json!({ "status": "disabled" });
        let disabled = owner.changed_by(&service, &admin, body).await?;
        disabled.assert_status(200);
        let path = format!("/admin/users/{}", owner.person.id);
        let delete = Method::DELETE;
        let deleted = admin.call(&service, delete, &path, &json!({})).await?;
        deleted.assert_no_content();
        assert!(owner.subjects(&service).await?.is_empty());
        let items = Tables::of(&service).scan("OutboxTable").await?;
        let left = items.iter().filter(|item| {
            let shown = format!("{item:?}");
            shown.contains(&owner.person.id)
        });
        assert_eq!(left.count(), 0, "{notices}");
    }
    Ok(())
}
