//! What the terminal shows once the service is ready.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Context as _;
use gatehouse_local::Stack;
use serde_json::{Value, json};

use super::demo::{self, DemoUser};
use crate::data_dir::DataDir;
use crate::output::{self, Format, StdoutClosed, print};
use crate::running::RecordedStack;

/// Where everything is, and what to try first.
pub(super) struct Greeting<'a> {
    pub(super) stack: &'a Stack,
    pub(super) took: Duration,
    pub(super) data_dir: Option<&'a DataDir>,
    pub(super) recorded: &'a RecordedStack,
    pub(super) notes: Vec<String>,
    pub(super) users: &'a [DemoUser],
}

impl Greeting<'_> {
    /// Prints it; as JSON on one line, because a script reads it while the service runs.
    pub(super) fn print(&self) -> anyhow::Result<()> {
        match output::format() {
            Format::Json => print(&format!("{}\n", self.json())),
            Format::Text => self.lines(&mut io::stdout().lock()).context(StdoutClosed),
        }
    }

    fn json(&self) -> Value {
        let users = self.users.iter();
        let users = users.map(|user| json!({"username": user.username, "password": user.password}));
        json!({
            "url": self.stack.url(),
            "dynamodb_url": self.stack.dynamodb_url(),
            "tables": self.stack.tables().collect::<Vec<_>>(),
            "data_dir": self.data_dir.map(DataDir::path),
            "environment_file": self.recorded.environment(),
            "users": users.collect::<Vec<_>>(),
        })
    }

    fn lines(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let url = self.stack.url();
        let took = self.took.as_millis();
        writeln!(
            out,
            "\nGatehouse is at {url} (ready in {took} ms). Press Ctrl-C to stop it."
        )?;
        writeln!(out, "The console is at {url}/_gatehouse/.")?;
        let tables: Vec<&str> = self.stack.tables().collect();
        let dynamodb = self.stack.dynamodb_url();
        writeln!(out, "DynamoDB is at {dynamodb}: {}", tables.join(", "))?;
        match self.data_dir {
            Some(directory) => writeln!(out, "Tables and keys are kept in {directory}.")?,
            None => writeln!(
                out,
                "Tables are in memory: every account and session is lost when it stops. Use --data-dir to keep them."
            )?,
        }
        if !self.recorded.is_shared() {
            let file = self.recorded.environment().display();
            writeln!(
                out,
                "Another stack is running in this project: for this one, add --port {} to commands \
                 and --env-file {file} to `cargo lambda watch`.",
                self.stack.address().port()
            )?;
        }
        for line in &self.notes {
            writeln!(out, "{line}")?;
        }
        for user in self.users {
            writeln!(out, "{}", user.line())?;
        }
        let variables = self.stack.shared_environment();
        if variables
            .get("REGISTRATION")
            .is_some_and(|it| it == "closed")
        {
            writeln!(
                out,
                "\nRegistration is closed: create an account with `cargo gatehouse users create NAME`.\n"
            )?;
            return Ok(out.flush()?);
        }
        let password = demo::password()?;
        writeln!(out, "\nRegister a user first:\n")?;
        writeln!(
            out,
            "  curl -i {url}/register -H 'Content-Type: application/json' \\"
        )?;
        writeln!(
            out,
            "    -d '{{\"username\":\"maria\",\"password\":\"{password}\"}}'\n"
        )?;
        Ok(out.flush()?)
    }
}
