//! What the emulator does not know about SES.

use std::path::Path;

use anyhow::{Context as _, ensure};
use aws_config::SdkConfig;

/// Lets the mailer of the packaged template send as anyone.
///
/// The emulator checks `ses:SendEmail` against `*` instead of the identity, and has no value
/// for `ses:FromAddress`. `tests/end_to_end/privileges.rs` pins the template's own statement.
pub(crate) fn widen(package: &Path) -> anyhow::Result<()> {
    let mut text = std::fs::read_to_string(package).context("the package cannot be read")?;
    for (narrow, wide) in WIDER {
        let count = text.matches(narrow).count();
        ensure!(count == 1, "the package has {count} times {narrow}");
        text = text.replace(narrow, wide);
    }
    std::fs::write(package, text).context("the package cannot be written")
}

const WIDER: [(&str, &str); 2] = [
    (
        "- Fn::Sub: arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*",
        "- '*'",
    ),
    ("StringEquals:", "StringEqualsIfExists:"),
];

/// Makes an address a verified identity, as `gatehouse check` wants it.
pub(crate) async fn verify(config: &SdkConfig, address: &str) -> anyhow::Result<()> {
    let client = aws_sdk_sesv2::Client::new(config);
    let identity = client.create_email_identity().email_identity(address);
    identity.send().await.context("no identity in SES")?;
    Ok(())
}
