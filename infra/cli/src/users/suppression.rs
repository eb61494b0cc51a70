//! A user's place on SES's list of the addresses that it sends nothing to.

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
    let (list, address) = target.suppression().zip(address(user))?;
    let is_listed = list.contains(address).await;
    let is_listed = is_listed.map_err(|error| notice(&format!("{error}.")));
    Some(is_listed.ok().into())
}

/// Lets SES send to the user's address again. One that waits beside it stays on the list:
/// whoever typed it need not be its owner.
pub(super) async fn remove(target: &Target, user: &User) -> anyhow::Result<Output> {
    let Some(list) = target.suppression() else {
        let text = "there is no list to take an address off: --unsuppress needs a deployed stack, or a running `cargo local`, with MailFrom";
        return Err(ErrorCode::InvalidInput.error(text));
    };
    let Some(address) = address(user) else {
        let text = format!("{} has no e-mail address", user.username);
        return Err(ErrorCode::InvalidInput.error(text));
    };
    let changed = list.remove(address).await;
    let changed = changed.map_err(|error| ErrorCode::Unavailable.error(error.to_string()))?;
    let text = if changed {
        format!(
            "SES sends to {address} again, until another mail bounces or is reported as spam.\n"
        )
    } else {
        format!("{address} is not on the list: SES sends to it.\n")
    };
    let json = json!({ "changed": changed, "user": listing::json(user) });
    Ok(Output::new(text, json))
}

/// Returns the address that the user holds, or else the one that waits.
fn address(user: &User) -> Option<&String> {
    user.email.as_ref().or(user.pending_email.as_ref())
}
