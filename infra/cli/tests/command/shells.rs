//! Completions in a real bash, and manual pages in a real formatter.

use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::project::Project;

/// Prints what bash proposes for the words that it is given, the last of them unfinished.
const QUERY: &str = r#"
source ./gatehouse.bash
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_gatehouse gatehouse "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
fn bash_completes_subcommands_options_and_values() -> anyhow::Result<()> {
    let project = Project::new()?;
    let script = project.run(&["completions", "bash"])?;
    ensure!(script.succeeded(), "{script:?}");
    project.write("gatehouse.bash", &script.out)?;
    let checked = project
        .shell()
        .args(["-c", "bash -n gatehouse.bash"])
        .status()?;
    ensure!(checked.success());
    for (typed, expected) in [
        (&["gatehouse", "to"][..], "token"),
        (&["gatehouse", "users", "reca"], "recanonicalise"),
        (&["gatehouse", "token", "mint", "--exp"], "--expires"),
        (&["gatehouse", "token", "verify", "--js"], "--json"),
        (&["gatehouse", "completions", "zs"], "zsh"),
    ] {
        let mut bash = Command::new("bash");
        bash.current_dir(project.path(""));
        let output = bash
            .args(["--norc", "-c", QUERY, "bash"])
            .args(typed)
            .output();
        let output = output.context("bash is needed")?;
        let proposed = String::from_utf8(output.stdout)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_proposed = proposed.lines().any(|line| line == expected);
        assert!(is_proposed, "{typed:?}: {proposed:?} {errors}");
    }
    Ok(())
}

#[test]
fn every_shell_gets_a_script() -> anyhow::Result<()> {
    let project = Project::new()?;
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = project.run(&["completions", shell])?;
        assert!(
            script.succeeded() && script.out.contains("recanonicalise"),
            "{shell}"
        );
        // Checked by the shell itself if this machine has it.
        project.write(shell, &script.out)?;
        if let "fish" | "zsh" = shell
            && let Ok(checked) = Command::new(shell)
                .arg("-n")
                .arg(project.path(shell))
                .status()
        {
            ensure!(checked.success(), "{shell} does not accept its script");
        }
    }
    let unknown = project.run(&["completions", "tcsh"])?;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    Ok(())
}

#[test]
fn every_manual_page_is_formatted_without_a_warning() -> anyhow::Result<()> {
    let project = Project::new()?;
    let written = project.run(&["man", "pages"])?;
    ensure!(written.succeeded(), "{written:?}");
    let mut pages = 0;
    for page in std::fs::read_dir(project.path("pages"))? {
        let page = page?.path();
        let mut groff = Command::new("groff");
        let output = groff
            .args(["-man", "-ww", "-Tutf8", "-P-cbou"])
            .arg(&page)
            .output();
        let output = output.context("groff is needed: apt-get install groff")?;
        let warnings = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success() && warnings.is_empty(),
            "{page:?}: {warnings}"
        );
        let text = String::from_utf8(output.stdout)?;
        for heading in ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS"] {
            assert!(text.contains(heading), "{page:?} has no {heading}");
        }
        if page.ends_with("gatehouse-token-mint.1") {
            assert!(
                text.contains("    curl -H @- http://localhost:3000/me\n"),
                "{text}"
            );
        }
        pages += 1;
    }
    assert!(pages > 30, "{pages} pages");
    let page = std::fs::read_to_string(project.path("pages/gatehouse-users-list.1"))?;
    assert!(
        page.contains("Lists all users, sorted by username"),
        "{page}"
    );
    Ok(())
}
