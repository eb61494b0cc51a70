//! Compares what each role was granted with what its function used: any difference fails
//! the run.
//!
//! The emulator enforces the roles, so nothing was used without being granted. Only a
//! comparison shows that nothing was granted without being used.

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

/// Compares both, for all functions and stacks of the run.
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
            // Lambda itself writes the log, with the function's role.
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
    let calls = proxy.uses();
    let used: BTreeSet<String> = calls.iter().map(|call| names.readable(call)).collect();
    let unused: Vec<&String> = granted.difference(&used).collect();
    let missing: Vec<&String> = used.difference(&granted).collect();
    ensure!(
        unused.is_empty() && missing.is_empty(),
        "granted but not used: {unused:#?}\nused but not granted: {missing:#?}"
    );
    super::say(&format!(
        "{} permissions granted, and all of them used",
        granted.len()
    ));
    Ok(())
}

/// The access key id that the emulator assigns to a function: a digest of the ARNs of the
/// function and of its role.
fn access_key(function: &str, role: &str) -> String {
    let digest = sha256(format!("{function}:{role}").as_bytes());
    let digest = URL_SAFE_NO_PAD.decode(digest).unwrap_or_default();
    let hex = digest.iter().take(8).map(|byte| format!("{byte:02X}"));
    format!("ASIA{}", hex.collect::<String>())
}
