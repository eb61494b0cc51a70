//! Many users, each with a session and a revocation: copies of one who did it all.

use std::ops::Range;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::digest::Sha256;
use gatehouse_local::{Renaming, Stack};
use gatehouse_tests::Service;
use gatehouse_tests::person::{PASSWORD, Person};

/// The name of the one who is copied. Those of the copies are as long.
const ORIGINAL: &str = "copied-00000000";

/// Returns the username of a copy.
pub(crate) fn username(number: usize) -> String {
    // 0 is the original.
    format!("copied-{:08}", number + 1)
}

/// The password of all copies.
pub(crate) const COPIED_PASSWORD: &str = PASSWORD;

/// Creates users with consecutive numbers from 0.
///
/// # Errors
/// If the first one cannot register, log in or log out, or the tables cannot be written.
pub(crate) async fn create(service: &Service, count: usize) -> anyhow::Result<()> {
    let email = format!("{ORIGINAL}@example.org");
    let original = Person::with_username(ORIGINAL).with_email(email);
    let original = original.register(service).await?;
    let revoked = original.logs_in_again(service).await?;
    revoked.logs_out(service, "local").await?;
    let original = original.logs_in_again(service).await?;
    let ids = [
        original.id.clone(),
        original.session(),
        revoked.session(),
        revoked.claim("jti"),
    ];
    tokio::task::block_in_place(|| copy(service.stack(), 0..count, &ids))
}

fn copy(stack: &Stack, numbers: Range<usize>, ids: &[String]) -> anyhow::Result<()> {
    let renamings = |number: usize| -> Vec<Renaming> {
        let ids = ids.iter().enumerate();
        let ids = ids.map(|(kind, id)| (id.clone(), id_of(number, kind)));
        ids.chain([(ORIGINAL.to_owned(), username(number))])
            .collect()
    };
    for id in ["UsersTable", "SessionsTable", "RevocationsTable"] {
        let table = stack
            .table(id)
            .with_context(|| format!("there is no {id}"))?;
        let copied = stack.copy_items(table, numbers.clone(), renamings);
        copied.map_err(anyhow::Error::msg).context(id)?;
    }
    Ok(())
}

/// Returns an id that looks random, as ids are: 16 bytes in base64url.
fn id_of(number: usize, kind: usize) -> String {
    let mut digest = Sha256::default();
    digest.update(format!("{kind} of {number}").as_bytes());
    let bytes = URL_SAFE_NO_PAD.decode(digest.text()).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(bytes.get(..16).unwrap_or_default())
}
