//! The programs in `docs/your-own-services.md`, in a workspace outside of this project.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::binaries::{root, target_folder};
use gatehouse_tests::deployment::is_deployed;

#[test]
fn a_function_behind_the_authorizer_links_no_store_and_no_cryptography() -> anyhow::Result<()> {
    let guests = Guests::write("behind")?;
    guests.cargo(&["build", "--package", "reports"])?;
    let tree = guests.tree("reports")?;
    for absent in [
        "aws-lc-rs",
        "aws-sdk-dynamodb",
        "argon2",
        "gatehouse-store",
        "jsonwebtoken",
        "rustls",
    ] {
        assert!(!tree.contains(&format!("\n{absent} v")), "{absent}");
    }
    assert!(tree.contains("\ngatehouse-edge v"), "the tree is a tree");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_the_authorizer_verifies_tokens_and_sees_no_revocation()
-> anyhow::Result<()> {
    if is_deployed() {
        // An emulator's issuer is plain http at a name, which no verifier accepts.
        return Ok(());
    }
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let guests = Guests::write("standalone")?;
    guests.cargo(&["build", "--package", "consumer"])?;
    let tree = guests.tree("consumer")?;
    for absent in ["aws-sdk-dynamodb", "argon2", "gatehouse-store", "ring"] {
        assert!(!tree.contains(&format!("\n{absent} v")), "{absent}");
    }

    let token = &ada.access_token;
    let valid = format!("200 {}", ada.id);
    let mut broken = token.clone();
    broken.insert(broken.len() - 10, 'A');
    let headers = format!("Bearer {token}\nbearer  {token}\nBEARER {token}\n");
    let verdicts = consume(service.issuer(), &headers)?;
    assert_eq!(verdicts, [valid.as_str(); 3]);
    let headers = format!("{token}\nBasic {token}\nBearer {broken}\nBearer x\nBearer\n\n");
    let verdicts = consume(service.issuer(), &headers)?;
    assert_eq!(verdicts, ["401"; 6]);

    ada.logs_out(&service, "local").await?;
    ada.is_shut_out(&service).await?;
    // As the documentation warns.
    let verdicts = consume(service.issuer(), &format!("Bearer {token}\n"))?;
    assert_eq!(verdicts, [valid]);
    Ok(())
}

/// Returns the consumer's verdict on each value of `Authorization`, one per line.
fn consume(issuer: &str, headers: &str) -> anyhow::Result<Vec<String>> {
    let input = tempfile::NamedTempFile::new()?;
    std::fs::write(input.path(), headers)?;
    let output = Command::new(target_folder().join("debug/consumer"))
        .env("ISSUER", issuer)
        .env("AUDIENCE", "gatehouse")
        .stdin(std::fs::File::open(input.path())?)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the consumer failed");
    let lines = String::from_utf8(output.stdout)?;
    Ok(lines.lines().map(str::to_owned).collect())
}

/// The programs of the document, each in its folder. The folders are the same in every
/// run, so that Cargo builds only what has changed.
struct Guests(PathBuf);

impl Guests {
    fn write(name: &str) -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let document = std::fs::read_to_string(root().join("docs/your-own-services.md"))?;
        let mut written = 0;
        for part in document.split("<!-- guest: ").skip(1) {
            let (name, rest) = part.split_once(" -->").context("a marker ends")?;
            let block = rest.split("```").nth(1).context("a block follows")?;
            let (_, text) = block.split_once('\n').context("a block has lines")?;
            let ours = format!("{}/", root().display());
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
            std::fs::write(path, text.replace("../gatehouse/", &ours))?;
            written += 1;
        }
        ensure!(written == 4, "{written} files are in the document");
        let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n\n\
                         [profile.dev]\ndebug = \"line-tables-only\"\n";
        std::fs::write(folder.join("Cargo.toml"), workspace)?;
        // The versions that are already built, so that nothing is downloaded.
        let lock = folder.join("Cargo.lock");
        std::fs::copy(root().join("Cargo.lock"), lock)?;
        Ok(Self(folder))
    }

    fn cargo(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let output = Command::new(env!("CARGO"))
            .current_dir(&self.0)
            .args(arguments)
            .args(["--offline", "--quiet"])
            .env("CARGO_TARGET_DIR", target_folder())
            .output()
            .context("cargo could not be started")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo {arguments:?}: {errors}");
        Ok(output)
    }

    /// The crates that a package links, one per line.
    fn tree(&self, package: &str) -> anyhow::Result<String> {
        let arguments = ["tree", "--edges", "normal", "--prefix", "none"];
        let output = self.cargo(&[&arguments[..], &["--package", package]].concat())?;
        Ok(format!("\n{}", String::from_utf8(output.stdout)?))
    }
}
