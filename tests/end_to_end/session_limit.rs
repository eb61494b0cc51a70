//! A login beyond `MaxSessions`.

use anyhow::Context;
use gatehouse_tests::Service;
use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::tables::{Tables, number, text};

/// The default of `MaxSessions`.
const MAX: u8 = 100;
/// Further logins that may be too fast to end a session. All that are too many end at once.
const LOGINS: u8 = 20;

#[tokio::test]
async fn a_login_beyond_the_limit_ends_the_oldest_session() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let tables = Tables::of(&service);
    let ada = service.logged_in("ada").await?;
    let sessions = tables.sessions_of(&ada).await?;
    let first = sessions.first().context("there is no session")?;
    let began: i64 = first["created_at"]
        .as_n()
        .ok()
        .context("created_at is not a number")?
        .parse()?;
    // Younger than the first, so that this is the oldest.
    for other in 1..MAX {
        let mut item = first.clone();
        let sid = gatehouse_auth::id::SessionId::from_bytes(distinct(&ada.id, other));
        item.insert("sid".to_owned(), text(sid.as_str()));
        let later = number(began + i64::from(other));
        item.insert("created_at".to_owned(), later);
        tables.put("SessionsTable", item).await?;
    }
    ada.is_let_in(&service).await?;
    let mut again = ada.logs_in_again(&service).await?;
    // No login waits for the look at the older sessions, and the index of an emulator is
    // slower than a hash: then the next login ends them.
    let further = if is_deployed() { LOGINS } else { 0 };
    for _ in 0..further {
        let protected = service.get_as(&ada.access_token, "/protected").await?;
        if protected.status == 403 {
            break;
        }
        again = ada.logs_in_again(&service).await?;
    }
    ada.is_shut_out(&service).await?;
    ada.cannot_refresh(&service).await?;
    again.is_let_in(&service).await?;
    let left = tables.sessions_of(&ada).await?;
    assert_eq!(left.len(), usize::from(MAX));
    Ok(())
}

/// Returns an id that no other test uses: the user's, with a number.
fn distinct(user: &str, number: u8) -> [u8; 16] {
    let mut bytes = [number; 16];
    for (byte, of) in bytes.iter_mut().zip(user.bytes().take(15)) {
        *byte = of;
    }
    bytes
}
