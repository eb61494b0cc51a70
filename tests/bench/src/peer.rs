//! Other authorizers that do the same: verify an ES256 token with the keys in `JWKS`, and read
//! three revocations consistently. The last one does neither: it is the floor.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::cpu_share::WHOLE_PROCESSOR_MB;
use crate::fixture::Fixture;
use crate::function::FUNCTIONS;
use crate::hash;
use crate::measurement::WORK_DIR;
use crate::subject::Subject;

/// A peer of the authorizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// awslambdaric, `PyJWT`, cryptography, boto3.
    Python,
    /// jose and @aws-sdk/client-dynamodb, in one file.
    Node,
    /// The same with aws-jwt-verify instead of jose.
    AwsJwtVerify,
    /// `lambda_runtime`, `jsonwebtoken` and the SDK with the features and the profile that
    /// they have by default.
    RustDefaults,
    /// The loop of the Runtime API, which allows everything.
    C,
    /// A bare Argon2id hash, the floor of a login.
    Hash,
}

/// The peers of the authorizer, in the order of the table.
pub(crate) const PEERS: [Peer; 5] = [
    Peer::Python,
    Peer::Node,
    Peer::AwsJwtVerify,
    Peer::RustDefaults,
    Peer::C,
];

impl Peer {
    /// Returns the name on the command line and in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
            Self::AwsJwtVerify => "aws-jwt-verify",
            Self::RustDefaults => "rust-defaults",
            Self::C => "c",
            Self::Hash => "hash",
        }
    }

    /// Returns the peer as it is started, with the environment of the functions.
    ///
    /// # Errors
    /// If there is no Node.js, or the authorizer has no event.
    pub(crate) fn subject(
        self,
        root: &Path,
        fixture: &Fixture,
        environment: Vec<(String, String)>,
    ) -> anyhow::Result<Subject> {
        let directory = root.join(WORK_DIR);
        let shown = |path: PathBuf| path.to_string_lossy().into_owned();
        let scripts = shown(root.join("tests/bench/peers/python"));
        let (program, arguments) = match self {
            Self::Python => (
                directory.join("python/bin/python"),
                vec![
                    "-m".to_owned(),
                    "awslambdaric".to_owned(),
                    "handler.handler".to_owned(),
                ],
            ),
            Self::Node => (
                path_of("node")?,
                vec![shown(directory.join("node/jose.cjs"))],
            ),
            Self::AwsJwtVerify => (
                path_of("node")?,
                vec![shown(directory.join("node/aws-jwt-verify.cjs"))],
            ),
            Self::RustDefaults => (
                directory.join("rust-defaults/release/rust-defaults"),
                Vec::new(),
            ),
            Self::C => (directory.join("c"), Vec::new()),
            Self::Hash => (std::env::current_exe()?, vec![hash::ARGUMENT.to_owned()]),
        };
        let [authorizer, ..] = FUNCTIONS;
        let mut environment = environment;
        environment.push(("JWKS".to_owned(), fixture.jwk_set.clone()));
        environment.push(("PYTHONPATH".to_owned(), scripts));
        Ok(Subject {
            name: self.name().to_owned(),
            program,
            arguments,
            environment,
            event: fixture.event(root, authorizer)?,
            expected: match self {
                Self::Python => r#""isAuthorized": true"#,
                Self::Node | Self::AwsJwtVerify | Self::RustDefaults | Self::C => {
                    authorizer.expected
                }
                Self::Hash => hash::RESPONSE,
            },
            is_binary: matches!(self, Self::RustDefaults | Self::C),
            memory_mb: if self == Self::Hash {
                WHOLE_PROCESSOR_MB
            } else {
                authorizer.memory_mb
            },
            has_route: false,
        })
    }
}

/// Fetches and builds peers, unless that is done.
///
/// # Errors
/// If the script fails.
pub(crate) fn install(root: &Path, peers: &[Peer]) -> anyhow::Result<()> {
    let fetched = peers.iter().filter(|peer| **peer != Peer::Hash);
    let fetched: Vec<&str> = fetched.map(|peer| peer.name()).collect();
    if fetched.is_empty() {
        return Ok(());
    }
    let status = Command::new(root.join("tests/bench/peers/install"))
        .args(fetched)
        .status()
        .context("tests/bench/peers/install could not be started")?;
    ensure!(status.success(), "tests/bench/peers/install failed");
    Ok(())
}

/// Finds a program as a shell does. Starting one by its name alone would `fork`.
fn path_of(program: &str) -> anyhow::Result<PathBuf> {
    let output = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output()?;
    ensure!(output.status.success(), "{program} is not installed");
    Ok(String::from_utf8(output.stdout)?.trim_end().into())
}
