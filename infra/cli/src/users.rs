//! `gatehouse users`: manages users from the command line.
//!
//! There is no initial account, and no route can create the first administrator. Anyone who
//! can write to the tables can, with `promote`.

mod change;
mod create;
mod delete;
mod listing;
mod names;
mod raise;
mod recanonicalise;
mod recover;
mod roles;
mod suppression;
mod tables;
mod unlock;

use std::process::ExitCode;

use clap::Subcommand;
use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::role::Role;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User};
use gatehouse_edge::Clock;
use secrecy::SecretString;

use crate::output::Output;
use crate::prompt;
use crate::target::{Target, TargetOptions};
use tables::Tables;

/// The arguments of `gatehouse users`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: TargetOptions,
}

/// `NAME` is a username or e-mail address, in any spelling that is accepted at login.
#[derive(Subcommand)]
enum Command {
    /// Lists all users, sorted by username
    List {
        /// Lists only users with this role
        #[arg(long, value_name = "ROLE", value_parser = Role::parse)]
        role: Option<Role>,
    },
    /// Shows a user
    Show {
        /// The username or e-mail address
        #[arg(required_unless_present = "external_id")]
        name: Option<String>,
        /// Finds the user by their id in the system they were imported from
        #[arg(long, value_name = "ID", conflicts_with = "name", value_parser = ExternalId::parse, allow_hyphen_values = true)]
        external_id: Option<ExternalId>,
    },
    /// Creates a user; asks for the password, or reads it from the first line of stdin
    Create {
        /// The username
        name: String,
        /// The e-mail address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// A role; may be repeated [default: user]
        #[arg(long, value_name = "ROLE", value_parser = Role::parse)]
        role: Vec<Role>,
    },
    /// Makes a user an administrator
    Promote(Name),
    /// Adds and removes roles; sessions continue
    Roles {
        /// The username or e-mail address
        name: String,
        /// A role to add; may be repeated
        #[arg(long, value_name = "ROLE", value_parser = Role::parse, required_unless_present = "remove")]
        add: Vec<Role>,
        /// A role to remove; may be repeated
        #[arg(long, value_name = "ROLE", value_parser = Role::parse)]
        remove: Vec<Role>,
    },
    /// Sets the e-mail address of a user, which is not verified; sessions continue. With
    /// `--unsuppress`, lets SES send to it again
    Email {
        /// The username or the current e-mail address
        name: String,
        /// The new e-mail address
        #[arg(required_unless_present = "unsuppress")]
        address: Option<String>,
        /// Takes the user's address off SES's suppression list, on which a bounce or a complaint
        /// put it
        #[arg(long, conflicts_with = "address")]
        unsuppress: bool,
    },
    /// Changes a username, at most once a day; nobody else can take the old name for 30 days
    Rename {
        /// The username or e-mail address
        name: String,
        /// The new username
        new: String,
    },
    /// Disables an account: the user cannot log in, and their sessions end
    Disable(Confirmed),
    /// Enables a disabled account
    Enable(Name),
    /// Clears the failed logins of a user
    Unlock(Name),
    /// Ends every session of a user, who then has to log in again
    RevokeSessions(Confirmed),
    /// Raises the versions of users after the table of users was restored from a backup: every
    /// session ends, and users deleted since are deleted again; the exit code is 3 if some
    /// could not be raised
    Raise {
        /// The username or e-mail address
        #[arg(required_unless_present = "all")]
        name: Option<String>,
        /// Raises the versions of all users
        #[arg(long, conflicts_with = "name")]
        all: bool,
        /// Skips the confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Updates usernames to the current spelling rules, after an upgrade that changes them; the
    /// exit code is 3 if some could not be updated
    Recanonicalise {
        /// Shows which usernames would be updated, without writing anything
        #[arg(long)]
        dry_run: bool,
    },
    /// Prints a recovery code, with which the user can set a new password once within 30 minutes
    Recover(Name),
    /// Deletes a user and everything stored about them
    Delete {
        /// The username or e-mail address
        #[arg(required_unless_present = "id")]
        name: Option<String>,
        /// Deletes the user with this id; also resumes an interrupted deletion
        // One id in 64 begins with a hyphen.
        #[arg(long, conflicts_with = "name", value_parser = SubjectId::parse, allow_hyphen_values = true)]
        id: Option<SubjectId>,
        /// Skips the confirmation
        #[arg(long)]
        yes: bool,
    },
}

#[derive(clap::Args)]
struct Name {
    /// The username or e-mail address
    name: String,
}

/// The user of a command that asks for confirmation.
#[derive(clap::Args)]
struct Confirmed {
    /// The username or e-mail address
    name: String,
    /// Skips the confirmation
    #[arg(long)]
    yes: bool,
}

/// Runs the command and prints its output.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { command, options } = arguments;
    // Large, because it holds every command.
    let work = async |target: &Target| Box::pin(execute(target, &command)).await;
    options.run(work).await
}

const DISABLED: &str = "will not be able to log in, and every session will end";
const LOGGED_OUT: &str = "will have to log in again, because every session will end";

async fn execute(target: &Target, command: &Command) -> anyhow::Result<Output> {
    let tables = Tables::open(target)?;
    let now = Clock::System.now();
    match command {
        Command::List { role } => listing::users(&tables, role.as_ref()).await,
        Command::Show { name, external_id } => {
            let user = match external_id {
                Some(id) => tables.find_external(id).await?,
                None => tables.find(name.as_deref().unwrap_or_default()).await?,
            };
            Ok(listing::user(target, &user).await)
        }
        Command::Create { name, email, role } => {
            let newcomer = create::Newcomer::read(name, email.as_deref(), role)?;
            let password = prompt::new_password(&create::rules(target.settings())?)?;
            let created = create::account(target.settings(), &tables, newcomer, &password, now);
            let output = created.await?;
            roles::warn(target.settings(), role);
            Ok(output)
        }
        Command::Promote(Name { name }) => change::promote(&tables, name, now).await,
        Command::Roles { name, add, remove } => {
            let output = change::roles(&tables, name, (add, remove), now).await?;
            roles::warn(target.settings(), add);
            Ok(output)
        }
        Command::Email { name, address, .. } => {
            Box::pin(email(target, &tables, (name, address.as_deref()), now)).await
        }
        Command::Rename { name, new } => names::rename(&tables, name, new, now).await,
        Command::Disable(Confirmed { name, yes }) => {
            let user = tables.find(name).await?;
            confirm(*yes, &user, DISABLED)?;
            change::status(&tables, &user, Status::Disabled, now).await
        }
        Command::Enable(Name { name }) => {
            let user = tables.find(name).await?;
            change::status(&tables, &user, Status::Active, now).await
        }
        Command::Unlock(Name { name }) => {
            unlock::user(&tables, &tables.find(name).await?, now).await
        }
        Command::RevokeSessions(Confirmed { name, yes }) => {
            let user = tables.find(name).await?;
            confirm(*yes, &user, LOGGED_OUT)?;
            change::end_sessions(&tables, &user, now).await
        }
        Command::Raise { name, yes, .. } => raise(&tables, name.as_deref(), *yes, now).await,
        Command::Recanonicalise { dry_run } => {
            Ok(recanonicalise::names(&tables, *dry_run).await?.output())
        }
        Command::Recover(Name { name }) => {
            recover::code(&tables, &tables.find(name).await?, now).await
        }
        Command::Delete { name, id, yes } => {
            let sub = account_to_delete(&tables, name.as_deref(), id.as_ref(), *yes).await?;
            delete::account(&tables, &sub, now).await
        }
    }
}

/// Finds a user by username or e-mail address, for another command.
pub(crate) async fn named(target: &Target, name: &str) -> anyhow::Result<User> {
    Tables::open(target)?.find(name).await
}

/// Returns the user with this id, if there is one.
pub(crate) async fn with_id(target: &Target, sub: &SubjectId) -> anyhow::Result<Option<User>> {
    Ok(Tables::open(target)?.accounts.users.get(sub).await?)
}

/// Creates a user; returns false if the username is taken.
pub(crate) async fn seed(
    target: &Target,
    name: &str,
    password: &SecretString,
) -> anyhow::Result<bool> {
    let tables = Tables::open(target)?;
    if tables.subject_of(name).await?.is_some() {
        return Ok(false);
    }
    let newcomer = create::Newcomer::read(name, None, &[])?;
    let now = Clock::System.now();
    create::account(target.settings(), &tables, newcomer, password, now).await?;
    Ok(true)
}

/// Sets the address of a user, or lets SES send to the current one again.
async fn email(
    target: &Target,
    tables: &Tables,
    (name, address): (&str, Option<&str>),
    now: Timestamp,
) -> anyhow::Result<Output> {
    match address {
        Some(address) => names::email(tables, name, address, now).await,
        None => suppression::remove(target, &tables.find(name).await?).await,
    }
}

/// Raises the versions of one user, or of all of them, after confirmation.
async fn raise(
    tables: &Tables,
    name: Option<&str>,
    yes: bool,
    now: Timestamp,
) -> anyhow::Result<Output> {
    if let Some(name) = name {
        let user = tables.find(name).await?;
        confirm(yes, &user, LOGGED_OUT)?;
        return raise::one(tables, user.sub, now).await;
    }
    if !yes {
        let consequence = format!("All users {LOGGED_OUT}.");
        prompt::confirm(&[&consequence], "the word", "all")?;
    }
    raise::all(tables, now).await
}

/// Asks for confirmation and returns the id of the account to delete.
async fn account_to_delete(
    tables: &Tables,
    name: Option<&str>,
    id: Option<&SubjectId>,
    yes: bool,
) -> anyhow::Result<SubjectId> {
    let consequence =
        "and everything stored about this user will be deleted; this cannot be undone";
    if let Some(id) = id {
        if !yes {
            let consequence = format!("The account {id} {consequence}.");
            prompt::confirm(&[&consequence], "the id", id.as_str())?;
        }
        return Ok(id.clone());
    }
    let user = tables.find(name.unwrap_or_default()).await?;
    confirm(yes, &user, consequence)?;
    Ok(user.sub)
}

fn confirm(yes: bool, user: &User, consequence: &str) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    let name = &user.username;
    let consequence = format!("{name} {consequence}.");
    prompt::confirm(&[&consequence], "the username", name)
}

#[cfg(test)]
mod tests;
