//! `cargo lambda watch` and `cargo lambda invoke`, with the valid event of every
//! function: the commands of `events/README.md`, as they are written there.

use gatehouse_tests::binaries::root;
use gatehouse_tests::document;
use gatehouse_tests::sam::run;

use crate::project::Project;
use crate::running::{Running, free_port, listens};

#[test]
fn every_function_answers_its_valid_event_under_cargo_lambda() -> anyhow::Result<()> {
    let readme = std::fs::read_to_string(root().join("events/README.md"))?;
    let steps = document::steps_run_by("tests/development/events.rs", &readme);
    let (terminals, invocations) = steps.split_first().expect("events/README.md has no block");
    let terminals: Vec<&str> = terminals.commands.lines().collect();
    let [local, watch] = terminals[..] else {
        panic!("the first block starts two programs: {terminals:?}");
    };
    let commands: String = invocations.iter().map(|step| &*step.commands).collect();
    for function in gatehouse_local::all_function_names(&root().join("infra/template.yaml"))? {
        let invocation = format!("cargo lambda invoke {function} ");
        assert!(commands.contains(&invocation), "{function} is not invoked");
    }

    // The default ports may be in use.
    let (api, tables, invoke) = (free_port()?, free_port()?, free_port()?);
    let project = Project::copy()?;
    // Compiles the dependencies as `cargo test` and `cargo lambda watch` do; `cargo local`
    // must reuse them, for itself and for the functions.
    run(project
        .command("cargo")
        .args(["build", "--bin", "gatehouse"]))?;
    let ports = format!("cargo local --port {api} --dynamodb-port {tables}");
    let mut local = Running::start(&project, &local.replace("cargo local", &ports))?;
    local.wait(|output| output.contains("Gatehouse is at"))?;
    assert!(
        local.output()?.contains("\nBuilding "),
        "it says what it builds"
    );
    assert_eq!(local.compiled_dependencies()?, [""; 0]);
    let mut watch = Running::start(&project, &format!("{watch} --invoke-port {invoke}"))?;
    watch.wait(|_| listens(invoke))?;

    let here = format!("cargo lambda invoke --invoke-port {invoke}");
    let done = document::run(invocations, project.command("sh"), |commands| {
        commands.replace("cargo lambda invoke", &here)
    });
    if let Err(error) = done {
        panic!("{error:#}\n\ncargo lambda watch:\n{}", watch.output()?);
    }
    assert!(watch.interrupt()?.success());
    assert!(local.interrupt()?.success());
    Ok(())
}
