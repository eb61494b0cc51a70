//! `gatehouse export`: exports all users to a file that `import` can read, so there is no
//! lock-in.

use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use gatehouse_store::Users;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::error::ErrorCode;
use crate::output::{Output, Status, notice};
use crate::progress;
use crate::target::{IfMissing, Target, TargetOptions};
use crate::user_file::{Format, Record, Writer};

/// The arguments of `gatehouse export`.
#[derive(clap::Args)]
#[command(
    after_long_help = "Exit codes: 0 if all users were exported, 3 if accounts could not be read and are missing, 1 if the export failed."
)]
pub(crate) struct Arguments {
    /// The file to create: one JSON object per line (.ndjson), or CSV with a header (.csv)
    file: PathBuf,
    #[command(flatten)]
    target: TargetOptions,
}

/// The result of an export.
#[derive(Debug, Default, PartialEq, Eq)]
struct Exported {
    users: u64,
    /// Why accounts are missing; each error names the key of the account.
    missing: Vec<String>,
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    Format::from_path(&arguments.file)?;
    let target = Target::find(&arguments.target, IfMissing::Fail).await?;
    let work = async |target: &Target| {
        let users = Users::new(target.tables(), target.table("USERS_TABLE")?);
        export(&users, &arguments.file).await
    };
    let Exported { users, missing } = target.run(work).await?;
    for account in &missing {
        notice(&format!("missing: {account}"));
    }
    let file = arguments.file.display().to_string();
    let text = format!(
        "Users exported to {file}: {users}, including password hashes. Protect this file like a password.\n"
    );
    let status = if missing.is_empty() {
        Status::Success
    } else {
        Status::Incomplete
    };
    let json = json!({"file": file, "users": users, "missing": missing});
    Output::new(text, json).with_status(status).print()
}

/// Writes all users to a new file that only its owner can read. The file only gets its name
/// once it is complete.
async fn export(users: &Users, file: &Path) -> anyhow::Result<Exported> {
    let shown = || file.display().to_string();
    if file.exists() {
        return Err(ErrorCode::Conflict.error(format!(
            "{} already exists: export never overwrites a file",
            shown()
        )));
    }
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    // Created with mode 0600.
    let partial = NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).with_context(shown)?;
    let to = BufWriter::new(partial.reopen()?);
    let mut writer = Writer::new(Format::from_path(file)?, to)?;
    let mut exported = Exported::default();
    let mut start = None;
    loop {
        let page = users.export(start.as_deref()).await?;
        for user in page.users {
            match user {
                Ok(user) => {
                    writer.put(&Record::from(&user)).with_context(shown)?;
                    exported.users += 1;
                }
                Err(error) => exported
                    .missing
                    .push(format!("{:#}", anyhow::Error::new(error))),
            }
        }
        progress::say(format!("Exporting users: {}", exported.users));
        start = page.next;
        if start.is_none() {
            break;
        }
    }
    writer.end().with_context(shown)?;
    partial.as_file().sync_all().with_context(shown)?;
    partial.persist_noclobber(file).with_context(shown)?;
    Ok(exported)
}

#[cfg(test)]
mod tests;
