//! Spellings of an address that lead to one mailbox.

use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::user::User;
use gatehouse_testing::user;

use crate::world::World;

/// Each account can register another spelling, so that no address gets many mails, and their
/// one reader all of them.
#[tokio::test]
async fn spellings_that_lead_to_one_mailbox_share_its_limit() {
    let registrations: Vec<User> = (0..24)
        .map(|number| {
            let address = match number % 3 {
                0 => format!("victim+{number}@example.org"),
                1 => "vic.tim@example.org".to_owned(),
                _ => format!("v.i.c.t.i.m+{number}@example.org"),
            };
            User {
                email: None,
                email_canonical: None,
                pending_email: Some(address.clone()),
                pending_email_canonical: Some(address),
                ..user(&format!("user{number}"))
            }
        })
        .collect();
    let world = World::of(&registrations.iter().collect::<Vec<_>>()).await;
    for one in &registrations {
        let kind = MessageKind::EmailVerification;
        world.send(one, kind, Origin::Anyone).await;
    }
    assert_eq!(world.mails().len(), 5, "in this hour");
    assert_eq!(world.messages(), 0);
}
