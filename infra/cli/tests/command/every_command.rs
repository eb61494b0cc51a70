//! What holds for every command: `--json`, its documented members, errors with a code, and the
//! exit codes. A new command fails here until it has a line in [`cases`].

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use serde_json::Value;

use crate::project::{Ended, Project};

const PASSWORD: &str = "seven quiet otters at dawn\n";
const USER: &str = "{\"username\":\"max\"}\n";

/// A call of a command that succeeds, after those before it.
struct Case {
    words: Vec<String>,
    input: String,
    /// How many of the words name the command.
    names: usize,
}

fn case(names: &str, rest: &str, input: &str) -> Case {
    let words = names.split(' ').chain(rest.split_whitespace());
    Case {
        words: words.map(str::to_owned).collect(),
        input: input.to_owned(),
        names: names.split(' ').count(),
    }
}

/// A call of every command but `local`, which `served.rs` starts, and `build`, which
/// `tests/development/build.rs` calls with cargo-lambda.
fn cases(kid: &str, token: &str) -> Vec<Case> {
    vec![
        case("check", "", ""),
        case("users create", "ada --role admin", PASSWORD),
        case("users create", "grace", PASSWORD),
        case("users list", "", ""),
        case("users show", "ada", ""),
        case("users promote", "grace", ""),
        case("users roles", "ada --add editor", ""),
        case("users email", "ada ada@example.org", ""),
        case("users rename", "grace hopper", ""),
        case("users disable", "ada --yes", ""),
        case("users enable", "ada", ""),
        case("users unlock", "ada", ""),
        case("users revoke-sessions", "ada --yes", ""),
        case("users raise", "ada --yes", ""),
        case("users recanonicalise", "--dry-run", ""),
        case("users recover", "ada", ""),
        case("users delete", "hopper --yes", ""),
        case("clients create", "reports", ""),
        case("clients rotate", "reports --yes", ""),
        case("clients list", "", ""),
        case("clients revoke", "reports --yes", ""),
        case("import", "users.ndjson", ""),
        case("export", "out.ndjson", ""),
        case("token mint", "ada", ""),
        case("token decode", "-", token),
        case("token verify", "-", token),
        case("keys list", "", ""),
        case("keys rotate", "", ""),
        case("keys revoke", &format!("{kid} --yes"), ""),
        case("argon2", "--rounds 1", ""),
        case("completions", "bash", ""),
        case("man", "pages", ""),
        case("new", "reports", ""),
    ]
}

/// Returns every command without subcommands, such as `users list`, with `-` for spaces.
fn leaves(project: &Project) -> anyhow::Result<BTreeSet<String>> {
    let written = json(&project.run(&["man", "man", "--json"])?)?;
    let pages = written.get("pages").and_then(Value::as_array);
    let pages = pages.context("no pages")?;
    let names = pages.iter().filter_map(Value::as_str);
    let names = names.filter_map(|page| page.strip_prefix("gatehouse-")?.strip_suffix(".1"));
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    let is_group = |name: &&String| {
        let inside = format!("{name}-");
        names.iter().any(|other| other.starts_with(&inside))
    };
    let groups: Vec<String> = names.iter().filter(is_group).cloned().collect();
    Ok(names
        .into_iter()
        .filter(|name| !groups.contains(name))
        .collect())
}

fn json(ended: &Ended) -> anyhow::Result<Value> {
    serde_json::from_str(&ended.out).with_context(|| format!("{:?} {}", ended.code, ended.err))
}

/// The members that `docs/command-line.md` lists for a command.
struct Documented {
    always: BTreeSet<String>,
    /// After the first semicolon.
    sometimes: BTreeSet<String>,
}

fn documented() -> anyhow::Result<BTreeMap<String, Documented>> {
    let page = std::fs::read_to_string(root().join("docs/command-line.md"))?;
    let (_, table) = page
        .split_once("| command | members |\n")
        .context("no table")?;
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let mut found = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').collect();
        let [_, commands, members, _] = cells.as_slice() else {
            anyhow::bail!("{row}");
        };
        let spans = |cell: &str| -> BTreeSet<String> {
            let spans = cell.split('`').skip(1).step_by(2);
            spans.map(str::to_owned).collect()
        };
        let (always, sometimes) = members.split_once(';').unwrap_or((members, ""));
        for command in spans(commands) {
            let members = Documented {
                always: spans(always),
                sometimes: spans(sometimes),
            };
            found.insert(command, members);
        }
    }
    Ok(found)
}

/// Each line of stderr is an object: a notice or an error.
fn assert_stderr(ended: &Ended) -> anyhow::Result<()> {
    for line in ended.err.lines() {
        let line: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let text = line.get("notice").or_else(|| line.pointer("/error/code"));
        ensure!(text.is_some_and(Value::is_string), "{line}");
    }
    Ok(())
}

/// The members of every result of the command, and its exit code.
#[tokio::test(flavor = "multi_thread")]
async fn every_command_prints_the_documented_json() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let person = service.logged_in("eve").await?;
    project.write("users.ndjson", USER)?;
    let kid = service.signing_kid().await?;
    let cases = cases(&kid, &person.access_token);
    let called = cases.iter().map(|case| case.words[..case.names].join("-"));
    let called: BTreeSet<String> = called
        .chain(["build", "local"].map(str::to_owned))
        .collect();
    assert_eq!(called, leaves(&project)?, "add a case for a new command");

    let documented = documented()?;
    for case in cases {
        let name = case.words[..case.names].join(" ");
        let words: Vec<&str> = case
            .words
            .iter()
            .map(String::as_str)
            .chain(["--json"])
            .collect();
        let ended = match name.as_str() {
            "check" => project.check(&words[1..])?,
            // Changes files that the other commands do not need.
            "new" => crate::new::project()?.run(&words)?,
            _ => project.run_with_input(&words, &case.input)?,
        };
        let allowed: &[i32] = if name == "check" { &[0, 3] } else { &[0] };
        let code = ended.code.unwrap_or_default();
        ensure!(allowed.contains(&code), "{name}: {code} {}", ended.err);
        assert_stderr(&ended)?;
        let printed = json(&ended)?;
        let printed = printed
            .as_object()
            .with_context(|| format!("{name}: not an object"))?;
        let members: BTreeSet<String> = printed.keys().cloned().collect();
        let promised = documented.get(&name);
        let promised = promised.with_context(|| format!("{name} has no row in the document"))?;
        let Documented { always, sometimes } = promised;
        let all: BTreeSet<String> = always.union(sometimes).cloned().collect();
        let missing: Vec<&String> = members.difference(&all).collect();
        assert!(missing.is_empty(), "{name}: {missing:?} are not documented");
        let absent: Vec<&String> = always.difference(&members).collect();
        assert!(absent.is_empty(), "{name}: {absent:?} were not printed");
    }
    Ok(())
}

#[test]
fn every_command_reports_an_invalid_command_line_as_json_with_exit_code_2() -> anyhow::Result<()> {
    let project = Project::new()?;
    for name in leaves(&project)? {
        // Only the first hyphen may be a space: `users-revoke-sessions`.
        let group = name
            .split_once('-')
            .filter(|(group, _)| GROUPS.contains(group));
        let words = group.map_or_else(|| vec![name.as_str()], |(group, name)| vec![group, name]);
        // Twice, because the id of a key may begin with hyphens.
        let words = [&words[..], &["--no-such-option"; 2], &["--json"]].concat();
        let ended = project.run(&words)?;
        assert_eq!(ended.code, Some(2), "{words:?}: {ended:?}");
        assert!(ended.out.is_empty(), "{ended:?}");
        let error: Value = serde_json::from_str(&ended.err).expect(&ended.err);
        assert_eq!(error["error"]["code"], "usage", "{error}");
        let message = error["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains("--no-such-option"), "{error}");
    }
    Ok(())
}

const GROUPS: [&str; 4] = ["clients", "keys", "token", "users"];

#[test]
fn an_error_has_the_code_of_its_kind() -> anyhow::Result<()> {
    let project = Project::new()?;
    project.write("users.ndjson", USER)?;
    let data_dir = ["--data-dir", "data"];
    let imported = project.run(&[&["import", "users.ndjson"], &data_dir[..]].concat())?;
    ensure!(imported.succeeded(), "{imported:?}");
    project.write("empty.csv", "")?;
    for (words, code, exit) in [
        (&["users", "show", "nobody"][..], "not_found", 1),
        (&["users", "show", "a b"], "invalid_input", 1),
        (&["users", "delete", "max"], "unconfirmed", 1),
        (
            &["users", "email", "max", "--unsuppress"],
            "invalid_input",
            1,
        ),
        (
            &["users", "roles", "max", "--add", "a", "--remove", "a"],
            "usage",
            2,
        ),
        (&["clients", "revoke", "nobody", "--yes"], "not_found", 1),
        (&["keys", "revoke", "nothing", "--yes"], "not_found", 1),
        (&["export", "users.ndjson"], "conflict", 1),
        (&["export", "users.txt"], "usage", 2),
        (&["import", "nowhere.csv"], "not_found", 1),
        (&["import", "empty.csv"], "invalid_input", 1),
        (&["token", "mint", "max"], "not_found", 1),
    ] {
        let words = [words, &data_dir[..], &["--json"]].concat();
        let ended = project.run(&words)?;
        assert_eq!(ended.code, Some(exit), "{words:?}: {ended:?}");
        assert!(ended.out.is_empty(), "{ended:?}");
        assert_stderr(&ended)?;
        let last = ended.err.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last)?;
        assert_eq!(error["error"]["code"], code, "{words:?}: {error}");
    }
    for words in [
        &["users", "list"][..],
        &["check"],
        &["keys", "list"],
        &["local"],
    ] {
        let ended = Project::without_project(&[words, &["--json"]].concat())?;
        assert_eq!(ended.code, Some(1), "{words:?}: {ended:?}");
        let error: Value = serde_json::from_str(&ended.err)?;
        assert_eq!(error["error"]["code"], "no_stack", "{words:?}: {error}");
    }
    Ok(())
}

#[test]
fn help_goes_to_stdout_with_exit_code_0() -> anyhow::Result<()> {
    let project = Project::new()?;
    for words in [
        &["--help"][..],
        &["--version"],
        &["users", "--help", "--json"],
    ] {
        let ended = project.run(words)?;
        assert!(
            ended.succeeded() && !ended.out.is_empty() && ended.err.is_empty(),
            "{ended:?}"
        );
    }
    let help = project.run(&["--help"])?.out;
    for code in [
        "0 done",
        "1 failed",
        "2 invalid",
        "3 done in part",
        "4 done, and the answer is no",
    ] {
        assert!(help.replace('\n', " ").contains(code), "{code}: {help}");
    }
    let missing = project.run(&["--json"])?;
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.err.contains("requires a subcommand"), "{missing:?}");
    // Nobody reads the help to its end.
    let mut child = project
        .command(&["--help"])
        .stdout(Stdio::piped())
        .spawn()?;
    drop(child.stdout.take());
    ensure!(child.wait()?.success());
    Ok(())
}
