//! What a function links, by what cargo says it depends on.

use std::collections::BTreeMap;
use std::process::Command;

use gatehouse_tests::binaries::root;

#[test]
fn the_authorizer_depends_on_no_password_code() -> anyhow::Result<()> {
    let tree = dependencies("authorizer")?;
    for crate_name in ["argon2", "zxcvbn", "icu_casemap", "unicode-security"] {
        assert!(
            !tree.contains(&format!("{crate_name} v")),
            "the authorizer depends on {crate_name}"
        );
    }
    assert!(tree.contains("jsonwebtoken v"), "the tree is a tree");
    Ok(())
}

#[test]
fn every_function_has_one_crypto_backend() -> anyhow::Result<()> {
    let template = root().join("infra/template.yaml");
    for function in gatehouse_local::function_names(&template, &BTreeMap::new())? {
        let tree = dependencies(&function)?;
        for other in [
            "p256",
            "ed25519-dalek",
            "rsa",
            "ring",
            "openssl",
            "native-tls",
        ] {
            assert!(
                !tree.contains(&format!("\n{other} v")),
                "{function} depends on {other}"
            );
        }
        assert!(
            tree.matches("\naws-lc-rs v").count() <= 1,
            "{function} has two of aws-lc-rs"
        );
    }
    Ok(())
}

#[test]
fn the_edge_links_neither_dynamodb_nor_argon2() -> anyhow::Result<()> {
    let tree = dependencies("gatehouse-edge")?;
    for crate_name in ["aws-sdk-dynamodb", "argon2", "jsonwebtoken", "aws-lc-rs"] {
        assert!(
            !tree.contains(&format!("{crate_name} v")),
            "the edge depends on {crate_name}"
        );
    }
    assert!(tree.contains("lambda_http v"), "the tree is a tree");
    Ok(())
}

fn dependencies(package: &str) -> anyhow::Result<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--no-dedupe",
        ])
        .output()?;
    anyhow::ensure!(output.status.success(), "cargo tree failed for {package}");
    let mut lines: Vec<String> = String::from_utf8(output.stdout)?
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines.dedup();
    Ok(format!("\n{}\n", lines.join("\n")))
}
