//! The README's walk with `curl`, every line of it, against a service of its own.

use std::io::Write;
use std::process::{Command, Stdio};

use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use gatehouse_tests::person::unique;

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_walk_does_what_it_says() -> anyhow::Result<()> {
    let service = Service::start().await?;
    // The name in the README may be somebody's already on a stack that is kept.
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    let steps = steps(&readme.replace("\"ada\"", &format!("\"{}\"", unique("ada"))));
    assert!(steps.len() >= 7, "the walk has {} steps", steps.len());
    let mut script = String::new();
    for step in &steps {
        script.push_str(&step.commands);
        script.push_str("\necho; echo '");
        script.push_str(MARK);
        script.push_str("'\n");
    }
    let script = script.replace("http://localhost:3000", service.url());
    let output = tokio::task::spawn_blocking(move || shell(&script)).await??;
    // The emulator's own answers have a space there.
    let output = output.replace("\": \"", "\":\"");
    let outputs: Vec<&str> = output.split(MARK).collect();
    for (step, output) in steps.iter().zip(outputs) {
        for expected in &step.expected {
            assert!(
                output.contains(expected),
                "after\n{}\nthe README promises {expected}, and this came:\n{output}",
                step.commands
            );
        }
    }
    Ok(())
}

/// Commands, and what the README says they print.
struct Step {
    commands: String,
    expected: Vec<String>,
}

/// The blocks ` ```console ` between the two comments `<!-- walk -->`: lines that
/// begin with `$ ` or continue one are commands, the others what they print;
/// `…` stands for what differs from run to run.
fn steps(readme: &str) -> Vec<Step> {
    let walk = readme.split("<!-- walk -->").nth(1).unwrap_or_default();
    let blocks = walk
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    blocks.map(step).collect()
}

fn step(block: &str) -> Step {
    let (mut commands, mut expected) = (String::new(), Vec::new());
    let mut continued = false;
    for line in block.lines() {
        let command = line.strip_prefix("$ ").or(continued.then_some(line));
        match command {
            Some(command) => {
                commands.push_str(command);
                commands.push('\n');
                continued = command.ends_with('\\');
            }
            None => expected.extend(
                line.split('…')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned),
            ),
        }
    }
    Step { commands, expected }
}

fn shell(script: &str) -> anyhow::Result<String> {
    let mut child = Command::new("sh")
        .args(["-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .ok_or_else(|| anyhow::anyhow!("no stdin"))?
        .write_all(script.as_bytes())?;
    Ok(String::from_utf8(child.wait_with_output()?.stdout)?)
}

const MARK: &str = "--- next step ---";
