//! What a function links, according to Cargo.

use gatehouse_tests::binaries::root;
use gatehouse_tests::crates::{Crates, features};

#[test]
fn the_authorizer_depends_on_no_password_code() -> anyhow::Result<()> {
    let crates = Crates::of("authorizer")?;
    crates.assert_lacks(&["argon2", "zxcvbn", "icu_casemap", "unicode-security"]);
    assert_eq!(crates.versions("jsonwebtoken"), 1);
    Ok(())
}

#[test]
fn every_function_has_one_crypto_backend() -> anyhow::Result<()> {
    let template = root().join("infra/template.yaml");
    for function in gatehouse_local::all_function_names(&template)? {
        let crates = Crates::of(&function)?;
        crates.assert_lacks(&["p256", "ed25519-dalek", "rsa", "ring"]);
        crates.assert_lacks(&["openssl", "native-tls"]);
        // The API reference is not part of a deployment.
        crates.assert_lacks(&["utoipa", "utoipa-gen", "jsonschema"]);
        assert!(crates.versions("aws-lc-rs") <= 1, "{function}");
    }
    Ok(())
}

#[test]
fn neither_a_function_nor_the_command_links_test_code() -> anyhow::Result<()> {
    let template = root().join("infra/template.yaml");
    let mut packages = gatehouse_local::all_function_names(&template)?;
    packages.push("gatehouse-cli".to_owned());
    for package in packages {
        let crates = Crates::of(&package)?;
        crates.assert_lacks(&["gatehouse-testing", "gatehouse-tests"]);
    }
    Ok(())
}

/// An SDK client lengthens the cold start of whatever links it, and the first build.
#[test]
fn only_the_mailer_links_the_clients_of_ses_and_sqs() -> anyhow::Result<()> {
    let template = root().join("infra/template.yaml");
    let mut packages = gatehouse_local::all_function_names(&template)?;
    packages.push("gatehouse-cli".to_owned());
    for package in packages {
        let crates = Crates::of(&package)?;
        for client in ["aws-sdk-sesv2", "aws-sdk-sqs"] {
            let versions = usize::from(package == "mailer");
            assert_eq!(crates.versions(client), versions, "{package}");
        }
        crates.assert_lacks(&["aws-sdk-lambda"]);
    }
    Ok(())
}

#[test]
fn the_edge_links_neither_dynamodb_nor_argon2() -> anyhow::Result<()> {
    let crates = Crates::of("gatehouse-edge")?;
    crates.assert_lacks(&["aws-sdk-dynamodb", "argon2", "jsonwebtoken", "aws-lc-rs"]);
    assert_eq!(crates.versions("lambda_http"), 1);
    Ok(())
}

/// One feature that only tests enable, deep among the dependencies, makes Cargo compile whatever
/// is above it twice: once for `cargo local`, and again for `cargo test`.
#[test]
fn cargo_local_and_cargo_test_enable_the_same_features() -> anyhow::Result<()> {
    let (local, tests) = (features("normal,build")?, features("normal,build,dev")?);
    assert!(local.len() > 300, "{}", local.len());
    for (dependency, enabled) in &local {
        assert_eq!(Some(enabled), tests.get(dependency), "{dependency}");
    }
    Ok(())
}
