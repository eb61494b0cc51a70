//! Checks the tools and the AWS credentials on this machine.

use std::process::Stdio;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::finding::Finding;

/// How long a tool or a credentials provider may take.
const PATIENCE: Duration = Duration::from_secs(5);

const TOOLS: [Tool; 3] = [
    Tool {
        name: "cargo-lambda",
        command: &["cargo", "lambda", "--version"],
        missing: "`cargo local --watch` and deployments need it; install it with `pip install cargo-lambda`",
    },
    Tool {
        name: "SAM",
        command: &["sam", "--version"],
        missing: "deployments need it; install it with `pip install aws-sam-cli`",
    },
    Tool {
        name: "Python",
        command: &["python3", "--version"],
        missing: "`cargo deployed` needs Python 3 with venv",
    },
];

/// Checks every tool that the documentation requires.
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

async fn credentials() -> Vec<Finding> {
    let loaded = timeout(
        PATIENCE,
        aws_config::load_defaults(BehaviorVersion::latest()),
    );
    let Ok(config) = loaded.await else {
        return vec![Finding::warn(
            "AWS region",
            "could not be determined in time: set AWS_REGION",
        )];
    };
    let region = match config.region() {
        Some(region) => Finding::ok("AWS region", region.to_string()),
        None => Finding::warn(
            "AWS region",
            "is not set: deployments and --stack need AWS_REGION, or AWS_PROFILE with a region",
        ),
    };
    let is_there = match config.credentials_provider() {
        Some(provider) => {
            let result = timeout(PATIENCE, provider.provide_credentials()).await;
            result.is_ok_and(|provided| provided.is_ok())
        }
        None => false,
    };
    let credentials = if is_there {
        Finding::ok("AWS credentials", "found")
    } else {
        Finding::warn(
            "AWS credentials",
            "are missing: deployments and --stack need them; set AWS_PROFILE, or run `aws configure`",
        )
    };
    vec![region, credentials]
}
