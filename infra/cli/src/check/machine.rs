//! The tools of this machine, and its credentials.

use std::process::Stdio;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::finding::Finding;

/// Looks for every tool that the documents ask for.
pub(super) async fn findings() -> Vec<Finding> {
    let mut found = Vec::new();
    for tool in TOOLS {
        found.push(tool.finding().await);
    }
    found.extend(credentials().await);
    found
}

struct Tool {
    name: &'static str,
    command: &'static [&'static str],
    missing: &'static str,
}

impl Tool {
    async fn finding(&self) -> Finding {
        match self.version().await {
            Some(version) => Finding::ok(self.name, version),
            None => Finding::warn(self.name, format!("is missing: {}", self.missing)),
        }
    }

    async fn version(&self) -> Option<String> {
        let (program, arguments) = self.command.split_first()?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = timeout(PATIENCE, command.output()).await.ok()?.ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().next().map(str::to_owned);
        line.filter(|_| output.status.success())
    }
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "cargo-lambda",
        command: &["cargo", "lambda", "--version"],
        missing: "`cargo local --watch` and a deployment need it; `pip install cargo-lambda` installs it",
    },
    Tool {
        name: "SAM",
        command: &["sam", "--version"],
        missing: "a deployment needs it; `pip install aws-sam-cli` installs it",
    },
    Tool {
        name: "Python",
        command: &["python3", "--version"],
        missing: "`cargo deployed` needs Python 3 with venv",
    },
];

async fn credentials() -> Vec<Finding> {
    let loaded = timeout(
        PATIENCE,
        aws_config::load_defaults(BehaviorVersion::latest()),
    );
    let Ok(config) = loaded.await else {
        return vec![Finding::warn(
            "AWS region",
            "cannot be found in time: set AWS_REGION",
        )];
    };
    let region = match config.region() {
        Some(region) => Finding::ok("AWS region", region.to_string()),
        None => Finding::warn(
            "AWS region",
            "is not set: a deployment and --stack need AWS_REGION, or AWS_PROFILE with a region",
        ),
    };
    let is_there = match config.credentials_provider() {
        Some(provider) => {
            let asked = timeout(PATIENCE, provider.provide_credentials()).await;
            asked.is_ok_and(|answer| answer.is_ok())
        }
        None => false,
    };
    let credentials = if is_there {
        Finding::ok("AWS credentials", "found")
    } else {
        Finding::warn(
            "AWS credentials",
            "are missing: a deployment and --stack need them; set AWS_PROFILE, or run `aws configure`",
        )
    };
    vec![region, credentials]
}

/// How long a tool or a provider of credentials may take.
const PATIENCE: Duration = Duration::from_secs(5);
