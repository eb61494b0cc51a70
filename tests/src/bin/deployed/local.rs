//! The modules of the end-to-end suite that never reach a deployed stack: they read files,
//! or start a local one. `cargo test` runs them, so a deployed run leaves them out.

/// The modules. A module that starts or shares a service in any other way is not one of them.
pub(crate) const MODULES: [&str; 29] = [
    "breaches",
    "caching",
    "client_address",
    "commands",
    "console",
    "cookie_canaries",
    "cookie_misuse",
    "cookies",
    "cors",
    "costs",
    "costs_mail",
    "deadlines",
    "dependencies",
    "documents",
    "examples",
    "expired_credentials",
    "leaks",
    "links",
    "load",
    "mail",
    "monitoring",
    "privileges",
    "requirements",
    "rotation",
    "scale",
    "template_mail",
    "template_rules",
    "verification",
    "wire_faults",
];

#[cfg(test)]
mod tests {
    use std::fs;

    use gatehouse_tests::binaries::root;

    use super::*;

    /// What finds or deploys a stack if the run has one.
    const REACHING: [&str; 8] = [
        "Service::shared(",
        "Service::shared_with(",
        "Service::start(",
        "Service::start_with(",
        "Service::start_to_change(",
        "Service::without_mail(",
        "Deployment::",
        "is_deployed",
    ];

    #[test]
    fn exactly_the_modules_that_reach_no_deployment_are_left_out() -> anyhow::Result<()> {
        let mut local = Vec::new();
        for entry in fs::read_dir(root().join("tests/end_to_end"))? {
            let path = entry?.path();
            let source = fs::read_to_string(&path)?;
            let has_tests = source.lines().any(|line| {
                let line = line.trim();
                line.starts_with("#[test]") || line.starts_with("#[tokio::test")
            });
            if has_tests && !REACHING.iter().any(|call| source.contains(call)) {
                let name = path.file_stem().unwrap_or_default();
                local.push(name.to_string_lossy().into_owned());
            }
        }
        local.sort();
        assert_eq!(local, MODULES);
        Ok(())
    }
}
