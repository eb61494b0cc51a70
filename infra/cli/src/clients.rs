//! `gatehouse clients`: manages the resource servers that introspect tokens, each with its own
//! secret.

mod listing;

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use gatehouse_auth::client::{Client, ClientId, ClientSecret};
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::Clock;
use gatehouse_store::Clients;
use serde_json::json;

use crate::error::ErrorCode;
use crate::output::Output;
use crate::prompt;
use crate::target::{Target, TargetOptions};

const WITHIN: &str = "Running functions notice within 10 seconds.\n";

/// The arguments of `gatehouse clients`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: TargetOptions,
}

#[derive(Subcommand)]
enum Command {
    /// Registers a client and prints its secret, which is not shown again
    Create {
        /// The client's id: 1 to 64 ASCII letters, digits, `.`, `_` and `-`
        #[arg(value_parser = ClientId::parse)]
        id: ClientId,
    },
    /// Replaces the secret of a client and prints the new one, which is not shown again
    Rotate {
        /// The client's id
        #[arg(value_parser = ClientId::parse)]
        id: ClientId,
        /// How long the old secret remains valid, such as 30m, 24h or 7d; 0 ends it immediately
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = overlap)]
        overlap: Duration,
        /// Skips the confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Removes a client; its secrets are no longer valid
    Revoke {
        /// The client's id
        #[arg(value_parser = ClientId::parse)]
        id: ClientId,
        /// Skips the confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Lists the clients, without their secrets
    List,
}

/// Runs the command and prints its output.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { command, options } = arguments;
    let work = async |target: &Target| execute(target, &command).await;
    options.run(work).await
}

async fn execute(target: &Target, command: &Command) -> anyhow::Result<Output> {
    let clients = Clients::new(target.tables(), target.table("SIGNING_KEYS_TABLE")?);
    let now = Clock::System.now();
    match command {
        Command::Create { id } => create(&clients, id, now).await,
        Command::Rotate { id, overlap, yes } => {
            let client = find(&clients, id).await?;
            // Whoever says 0 has said that nothing old may stay.
            if let Some(ends_at) = client.previous_ends_at(now)
                && !yes
                && !overlap.is_zero()
            {
                confirm_end_of_previous(id, ends_at)?;
            }
            rotate(&clients, client, now.plus(*overlap), now).await
        }
        Command::Revoke { id, yes } => {
            find(&clients, id).await?;
            if !yes {
                let consequence = format!("{id} can no longer introspect tokens.");
                prompt::confirm(&[&consequence], "the client's id", id.as_str())?;
            }
            revoke(&clients, id).await
        }
        Command::List => Ok(listing::clients(&clients.list().await?, now)),
    }
}

async fn create(clients: &Clients, id: &ClientId, now: Timestamp) -> anyhow::Result<Output> {
    let secret = ClientSecret::mint(random::bytes()?);
    let client = Client::new(id.clone(), &secret, now);
    if !clients.create(&client).await? {
        return Err(ErrorCode::Conflict.error(format!(
            "the client {id} already exists: replace its secret with `clients rotate {id}`"
        )));
    }
    let secret = secret.expose();
    Ok(Output::new(
        format!(
            "Client id:      {id}\n\
             Client secret:  {secret}\n\n\
             The secret is not shown again. The client sends both by HTTP Basic:\n\
             curl -u {id}:CLIENT_SECRET -d token=ACCESS_TOKEN API_URL/introspect\n"
        ),
        json!({"client_id": id, "client_secret": secret}),
    ))
}

async fn rotate(
    clients: &Clients,
    before: Client,
    previous_ends_at: Timestamp,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let id = before.id().clone();
    let secret = ClientSecret::mint(random::bytes()?);
    let after = before.clone().rotated(&secret, previous_ends_at, now);
    if !clients.replace(&before, &after).await? {
        return Err(ErrorCode::Conflict.error(format!(
            "{id} was changed in the meantime: check `clients list`, then try again"
        )));
    }
    let ends_at = after.previous_ends_at(now).map(|at| at.to_string());
    let old = match &ends_at {
        Some(ends_at) => format!("The old secret remains valid until {ends_at}"),
        None => "The old secret is no longer valid".to_owned(),
    };
    let secret = secret.expose();
    Ok(Output::new(
        format!(
            "Client id:      {id}\n\
             Client secret:  {secret}\n\n\
             The secret is not shown again. {old}.\n{WITHIN}"
        ),
        json!({"client_id": id, "client_secret": secret, "previous_ends_at": ends_at}),
    ))
}

async fn revoke(clients: &Clients, id: &ClientId) -> anyhow::Result<Output> {
    if !clients.remove(id).await? {
        return Err(unknown(id));
    }
    Ok(Output::new(
        format!("Revoked {id}.\n{WITHIN}"),
        json!({"revoked": id}),
    ))
}

async fn find(clients: &Clients, id: &ClientId) -> anyhow::Result<Client> {
    clients.get(id).await?.ok_or_else(|| unknown(id))
}

fn unknown(id: &ClientId) -> anyhow::Error {
    ErrorCode::NotFound.error(format!("there is no client {id}: see `clients list`"))
}

fn confirm_end_of_previous(id: &ClientId, ends_at: Timestamp) -> anyhow::Result<()> {
    let consequence = format!(
        "The previous secret of this client is valid until {ends_at}. Rotating again ends it now, \
         and servers that still use it will be refused."
    );
    prompt::confirm(&[&consequence], "the client's id", id.as_str())
}

/// A leaked secret could be used for this long.
const MAX_OVERLAP: Duration = Duration::from_hours(30 * 24);

/// Parses how long an old secret remains valid.
fn overlap(text: &str) -> Result<Duration, String> {
    let read = humantime::parse_duration(text);
    let overlap =
        read.map_err(|_| "expected a duration such as 30m, 24h or 7d, or 0".to_owned())?;
    if overlap <= MAX_OVERLAP {
        Ok(overlap)
    } else {
        Err("must be at most 30 days".to_owned())
    }
}

#[cfg(test)]
mod tests;
