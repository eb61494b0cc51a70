//! The programs of `docs/your-own-services.md` that verify access tokens in Node.js and
//! Python, as the page has them.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use gatehouse_tests::service::parameters;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::install;

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_verifiers_accept_access_tokens_and_nothing_else() -> anyhow::Result<()> {
    if !install::interpreters()? {
        return Ok(());
    }
    install::node()?;
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let service = Service::start_with(|options| {
            options.parameters = parameters(&[("SigningAlgorithm", algorithm)]);
        });
        verify(&service.await?, algorithm).await?;
    }
    Ok(())
}

/// Runs both programs against one service.
async fn verify(service: &Service, algorithm: &str) -> anyhow::Result<()> {
    let python = install::python()?.join("python");
    let ada = service.logged_in("ada").await?;
    let token = &ada.access_token;
    let (signed, signature) = token.rsplit_once('.').context("a JWT has three parts")?;
    // In the middle: the last character of base64 has unused bits, which some libraries check.
    let (start, end) = signature.split_at(40);
    let other = if end.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{start}{other}{}", &end[1..]);
    let tokens = [token, &forged, &ada.refresh_token, "nonsense"].map(|token| format!("{token}\n"));
    let expected = format!("200 {}\n401\n401\n401\n", ada.id);
    let document = std::fs::read_to_string(root().join("docs/your-own-services.md"))?;
    let programs: Vec<_> = document.split("<!-- verify: ").skip(1).collect();
    assert_eq!(programs.len(), 2);
    for program in programs {
        let (name, rest) = program.split_once(" -->").context("a marker ends")?;
        let block = rest.split("```").nth(1).context("a block follows")?;
        let (language, program) = block.split_once('\n').context("a block has lines")?;
        // Beside the installed packages, where Node.js looks for them.
        let file = install::folder().join("node_modules").join(name);
        std::fs::write(&file, program)?;
        for (issuer, answer) in [
            (service.issuer(), expected.as_str()),
            ("http://127.0.0.1:1", "503\n503\n401\n401\n"),
        ] {
            let mut running = Command::new(if language == "js" {
                "node".as_ref()
            } else {
                python.as_os_str()
            })
            .arg(&file)
            .env("ISSUER", issuer)
            .env("AUDIENCE", "gatehouse")
            .env("ALGORITHM", algorithm)
            .env("NO_PROXY", "localhost,127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
            let mut stdin = running.stdin.take().context("stdin is a pipe")?;
            stdin.write_all(tokens.concat().as_bytes()).await?;
            drop(stdin);
            let output = running.wait_with_output().await?;
            let errors = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{name}: {errors}");
            assert_eq!(String::from_utf8_lossy(&output.stdout), answer, "{name}");
        }
    }
    Ok(())
}
