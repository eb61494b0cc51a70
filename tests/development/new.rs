//! `cargo gatehouse new`, in a copy of the project: the commands of
//! `docs/adding-an-endpoint.md`, and the tests that a new function must satisfy.

use std::process::Command;
use std::slice;

use anyhow::ensure;
use gatehouse_tests::binaries::root;
use gatehouse_tests::document::{self, Step};
use gatehouse_tests::sam::run;

use crate::project::Project;
use crate::running::{Running, free_port};

#[test]
fn a_new_function_answers_and_passes_the_tests() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root().join("docs/adding-an-endpoint.md"))?;
    let steps = document::steps_run_by("tests/development/new.rs", &page);
    let [create, start, calls, reference] = &steps[..] else {
        panic!("the page has four blocks: {steps:?}");
    };
    // What is not built yet, the copy would build, with its own paths: a later run of the
    // project's tests would look for the test vectors in a folder that is gone.
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(root())
        .args(["test", "--locked", "--no-run"]);
    run(cargo.args(["--lib", "--bins"]))?;
    let project = Project::copy()?;
    project.own_artifacts(
        "gatehouse-tests",
        "tests",
        &["src/lib.rs", "end_to_end/main.rs"],
    )?;
    let here = |step: &Step, api: u16| {
        let address = format!("http://localhost:{api}");
        document::run(slice::from_ref(step), project.command("sh"), |commands| {
            commands.replace("http://localhost:3000", &address)
        })
    };
    here(create, 0)?;
    check(&project)?;

    let (api, tables) = (free_port()?, free_port()?);
    let ports = format!("cargo local --port {api} --dynamodb-port {tables}");
    let line = start.commands.trim().replace("cargo local", &ports);
    let mut local = Running::start(&project, &line)?;
    local.wait(|output| output.contains("Gatehouse is at"))?;
    assert_eq!(local.compiled_dependencies()?, [""; 0]);
    here(calls, api)?;
    assert!(local.interrupt()?.success());

    // One that needs everything that the command can write.
    let second = "gatehouse new monthly-reports --role editor --scope reports --route";
    let mut cargo = project.command("cargo");
    run(cargo.args(second.split(' ')).arg("PUT /reports/{id}"))?;
    check(&project)?;
    let unit = test(&project, &["--lib", "--", "--exact"], &UNIT)?;
    for expected in ["3 passed", "5 passed"] {
        assert!(unit.contains(expected), "{unit}");
    }
    here(reference, 0)?;
    let document = std::fs::read_to_string(project.path().join("docs/openapi.json"))?;
    for operation in ["getReports", "putMonthlyReports"] {
        assert!(document.contains(operation), "{operation} is not described");
    }
    let suite = test(&project, &["--test", "end_to_end", "--"], &SUITE)?;
    for part in SUITE {
        assert!(suite.contains(&format!("test {part}")), "{suite}");
    }
    Ok(())
}

/// Checks what needs no build: the code is formatted, and `Cargo.lock` is complete.
fn check(project: &Project) -> anyhow::Result<()> {
    run(project.command("cargo").args(["fmt", "--check"]))?;
    let metadata = ["metadata", "--locked", "--offline", "--format-version", "1"];
    run(project.command("cargo").args(metadata))
}

/// Runs some tests in the copy, and returns the output.
fn test(project: &Project, options: &[&str], filters: &[&str]) -> anyhow::Result<String> {
    let mut cargo = project.command("cargo");
    cargo.args(["test", "--locked"]).args(options).args(filters);
    let output = cargo.output()?;
    let text = String::from_utf8([output.stdout, output.stderr].concat())?;
    ensure!(output.status.success(), "{text}");
    Ok(text)
}

/// The unit tests of both functions; the first has only the first three.
const UNIT: [&str; 5] = [
    "tests::the_response_names_the_user_of_the_token",
    "tests::a_request_without_a_principal_is_refused",
    "tests::an_unknown_parameter_is_refused",
    "tests::a_token_without_the_role_is_refused",
    "tests::a_token_without_the_scope_is_refused",
];

/// The end-to-end tests that compare the project with its template, and those that try
/// every route or every event.
const SUITE: [&str; 11] = [
    "bodies::an_unknown_field",
    "commands::",
    "contract::",
    "dependencies::",
    "documents::",
    "events::",
    "every_endpoint::",
    "monitoring::",
    "privileges::",
    "rights::",
    "template_rules::",
];
