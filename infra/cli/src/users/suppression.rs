//! A user's place on SES's list of the addresses that it sends nothing to.

use std::fmt::Write as _;

use gatehouse_auth::user::User;
use gatehouse_edge::EmailSuppression;
use serde_json::json;

use super::listing;
use crate::error::ErrorCode;
use crate::output::{Output, notice};
use crate::target::Target;

/// Returns whether SES sends nothing to the user's address; nothing without mail or an
/// address.
pub(super) async fn of(target: &Target, user: &User) -> Option<EmailSuppression> {
    let address = user.email.as_ref().or(user.pending_email.as_ref());
    let (list, address) = target.suppression().zip(address)?;
    let is_listed = list.contains(address).await;
    let is_listed = is_listed.map_err(|error| notice(&format!("{error}.")));
    Some(is_listed.ok().into())
}

/// Lets SES send to the user's addresses again, the one they hold and the one that waits.
pub(super) async fn remove(target: &Target, user: &User) -> anyhow::Result<Output> {
    let Some(list) = target.suppression() else {
        let text = "there is no list to take an address off: --unsuppress needs a deployed stack, or a running `cargo local`, with MailFrom";
        return Err(ErrorCode::InvalidInput.error(text));
    };
    let addresses: Vec<&String> = user.email.iter().chain(&user.pending_email).collect();
    if addresses.is_empty() {
        let text = format!("{} has no e-mail address", user.username);
        return Err(ErrorCode::InvalidInput.error(text));
    }
    let (mut text, mut changed) = (String::new(), false);
    for address in addresses {
        let removed = list.remove(address).await;
        let removed = removed.map_err(|error| ErrorCode::Unavailable.error(error.to_string()))?;
        changed |= removed;
        // Writing to a string cannot fail.
        let _ = if removed {
            writeln!(
                text,
                "SES sends to {address} again, until another mail bounces or is reported as spam."
            )
        } else {
            writeln!(text, "{address} is not on the list: SES sends to it.")
        };
    }
    let json = json!({ "changed": changed, "user": listing::json(user) });
    Ok(Output::new(text, json))
}
