//! What each role was granted, against what its function has used: the same, or
//! the run has failed.
//!
//! The emulator enforces the roles, so nothing was used that was not granted. That
//! nothing is granted that was not used is what a comparison alone can show.

use std::collections::BTreeSet;

use anyhow::ensure;
use aws_config::SdkConfig;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::digest::sha256;
use gatehouse_tests::call::Names;
use gatehouse_tests::deployment::Deployment;
use gatehouse_tests::proxy::Proxy;
use gatehouse_tests::template::{Template, binary_name, grants, named};

/// Compares both over all functions and stacks of the run.
pub(crate) async fn compare(
    config: &SdkConfig,
    proxy: &Proxy,
    stacks: &[String],
) -> anyhow::Result<()> {
    let template = Template::read()?;
    let mut granted = BTreeSet::new();
    let functions = template.resources("AWS::Serverless::Function");
    for (_, function) in &functions {
        let role = function.pointer("/Properties/Role").and_then(named);
        let role = role.unwrap_or_default();
        for (action, resource) in grants(template.properties(role)) {
            // Lambda itself writes the log, with the role of the function.
            if !action.starts_with("logs:") {
                granted.insert(format!("{} {action} {resource}", binary_name(function)));
            }
        }
    }
    let mut names = Names::default();
    for stack in stacks {
        let deployment = Deployment::find(config, stack).await?;
        for (_, function) in &functions {
            let binary = binary_name(function);
            if let Ok((arn, role)) = deployment.arns(binary).await {
                names
                    .keys
                    .insert(access_key(&arn, &role), binary.to_owned());
            }
        }
        for (id, name) in deployment.resources() {
            names.resources.insert(name.clone(), id.clone());
        }
        let secret = deployment.output("KeyRingSecretArn").to_owned();
        names.resources.insert(secret, "KeyRingSecret".to_owned());
    }
    let seen = proxy.uses();
    let used: BTreeSet<String> = seen.iter().map(|call| names.readable(call)).collect();
    let too_much: Vec<&String> = granted.difference(&used).collect();
    let too_little: Vec<&String> = used.difference(&granted).collect();
    ensure!(
        too_much.is_empty() && too_little.is_empty(),
        "granted and not used: {too_much:#?}\nused and not granted: {too_little:#?}"
    );
    super::say(&format!(
        "{} rights granted, and all of them used",
        granted.len()
    ));
    Ok(())
}

/// The access key id that the emulator gives to a function: a digest of the ARNs
/// of the function and of its role.
fn access_key(function: &str, role: &str) -> String {
    let digest = sha256(format!("{function}:{role}").as_bytes());
    let digest = URL_SAFE_NO_PAD.decode(digest).unwrap_or_default();
    let hex = digest.iter().take(8).map(|byte| format!("{byte:02X}"));
    format!("ASIA{}", hex.collect::<String>())
}
