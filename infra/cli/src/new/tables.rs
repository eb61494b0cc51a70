//! The lines that the project's tests and documents require for every function and route.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::changes::Changes;
use super::endpoint::Endpoint;
use super::sources::events;
use super::text::Text;

const EVERY_ENDPOINT: &str = "tests/end_to_end/every_endpoint.rs";
const RIGHTS: &str = "tests/end_to_end/rights.rs";
const PRIVILEGES: &str = "tests/end_to_end/privileges.rs";
const EVENTS: &str = "tests/end_to_end/events.rs";
const CONTRACT: &str = "tests/end_to_end/contract.rs";
const MANIFEST: &str = "tests/Cargo.toml";
const SAMPLES: &str = "events/README.md";
const API: &str = "docs/api.md";

/// Adds the changed files.
pub(super) async fn add(endpoint: &Endpoint, changes: &mut Changes) -> anyhow::Result<()> {
    for (file, change) in [
        (EVERY_ENDPOINT, every_endpoint as Change),
        (RIGHTS, rights),
        (PRIVILEGES, privileges),
        (EVENTS, verdicts),
        (CONTRACT, operations),
    ] {
        let mut text = Text::new(&changes.read(file)?);
        change(endpoint, &mut text).with_context(|| unrecognised(file))?;
        changes.add(file, format(&String::from(&text)).await?);
    }
    for (file, change) in [
        (MANIFEST, dependency as Change),
        (SAMPLES, invocation),
        (API, documented),
    ] {
        let mut text = Text::new(&changes.read(file)?);
        change(endpoint, &mut text).with_context(|| unrecognised(file))?;
        changes.add(file, &text);
    }
    Ok(())
}

type Change = fn(&Endpoint, &mut Text) -> anyhow::Result<()>;

fn unrecognised(file: &str) -> String {
    format!(
        "{file} is not built as this command expects, so nothing was written; \
         docs/adding-an-endpoint.md lists what to add by hand"
    )
}

/// The route is tried with every hostile credential.
fn every_endpoint(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    let route = &endpoint.route;
    let row = format!("    (\"{}\", \"{}\"),", route.method, route.path);
    add_row(text, "PROTECTED", &row)
}

/// The function calls nothing yet.
fn privileges(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    add_row(
        text,
        "CALLS",
        &endpoint.fill("    (\"{{name}}\", \"\", &[]),"),
    )
}

/// The route is tried with every combination of scopes and roles.
fn rights(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    let has = |wanted: &Option<String>, held: &str| {
        let wanted = wanted.as_deref();
        wanted.is_none_or(|wanted| held.split(' ').any(|one| one == wanted))
    };
    let tokens = tokens(text).context("its table TOKENS is not pairs of texts")?;
    let mut statuses = vec!["401"];
    statuses.extend(tokens.iter().map(|(scopes, roles)| {
        let allowed = has(&endpoint.scope, scopes) && has(&endpoint.role, roles);
        if allowed { "200" } else { "403" }
    }));
    let statuses = statuses.join(", ");
    let row = format!("    (\"{}\", \"\", [{statuses}]),", endpoint.route);
    add_row(text, "ROUTES", &row)?;
    if endpoint.rights().next().is_some() {
        let name = |right: &Option<String>| right.clone().unwrap_or_default();
        let (role, scope) = (name(&endpoint.role), name(&endpoint.scope));
        let row = format!("    (\"{}\", \"{role}\", \"{scope}\"),", endpoint.route);
        add_row(text, "REQUIRED", &row)?;
    }
    Ok(())
}

/// Returns the scopes and roles of the tokens that the test of rights tries.
fn tokens(text: &Text) -> Option<Vec<(String, String)>> {
    let (start, end) = table(text, "TOKENS").ok()?;
    let rows = text.lines().get(start + 1..end)?.iter();
    let pairs = rows.map(|row| {
        let row = row.trim().strip_prefix("(\"")?.strip_suffix("\"),")?;
        let (scopes, roles) = row.split_once("\", \"")?;
        Some((scopes.to_owned(), roles.to_owned()))
    });
    pairs.collect()
}

/// Appends a row to a constant array, and counts it in the array's length.
fn add_row(text: &mut Text, table_name: &str, row: &str) -> anyhow::Result<()> {
    let (start, end) = table(text, table_name)?;
    let head = text.lines().get(start).cloned().unwrap_or_default();
    let counted = head.strip_suffix("] = [").and_then(|head| {
        let (head, length) = head.rsplit_once("; ")?;
        let length: usize = length.parse().ok()?;
        Some(format!("{head}; {}] = [", length + 1))
    });
    let counted = counted.with_context(|| format!("its table {table_name} has no length"))?;
    text.insert(end, row);
    text.replace(start, counted);
    Ok(())
}

/// Returns the first line of a constant array, and the line that closes it.
fn table(text: &Text, name: &str) -> anyhow::Result<(usize, usize)> {
    let head = format!("const {name}: [");
    let start = text.only(|line| {
        let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
        line.starts_with(&head)
    });
    let start = start.with_context(|| format!("it has no table {name}"))?;
    let end = text.next(start, |line| line == "];");
    Ok((
        start,
        end.with_context(|| format!("its table {name} has no end"))?,
    ))
}

/// What the function returns for each of its sample events, in the order of their names.
fn verdicts(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    let start = text.only(|line| line.ends_with("assert_json_snapshot!(verdicts, @r#\""));
    let start = start.context("it has no snapshot of verdicts")? + 1;
    let end = text.next(start, |line| line.trim() == "\"#);");
    let end = end.context("its snapshot has no end")?;
    let lines = text.lines().get(start + 1..end - 1).unwrap_or_default();
    let mut rows: Vec<String> = lines
        .iter()
        .map(|line| line.trim().trim_end_matches(',').to_owned())
        .collect();
    ensure!(!rows.is_empty(), "its snapshot has no lines");
    let own = events(endpoint).into_iter().map(|event| {
        let key = format!("{}/{}", endpoint.name, event.case);
        format!("\"{key}\": {}", event.outcome)
    });
    rows.extend(own);
    // By name only: the punctuation behind it must not count.
    rows.sort_by(|a, b| a.split('"').nth(1).cmp(&b.split('"').nth(1)));
    let mut whole = String::new();
    for (index, row) in rows.iter().enumerate() {
        let comma = if index + 1 < rows.len() { "," } else { "" };
        whole.extend(["      ", row, comma, "\n"]);
    }
    text.remove(start + 1..end - 1);
    text.insert(start + 1, &whole);
    Ok(())
}

/// The API reference has the function's route.
fn operations(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    let is_last = |line: &str| line == "    .concat()";
    let end = text.only(is_last).and_then(|line| line.checked_sub(1));
    let end = end.filter(|end| text.lines().get(*end).is_some_and(|line| line == "    ]"));
    let line = endpoint.fill("        {{crate}}::contract::operations(),");
    text.insert(end.context("it has no list of operations")?, &line);
    Ok(())
}

/// The tests link the function for the API reference.
fn dependency(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    let functions = |line: &String| line.contains("{ path = \"../functions/");
    let last = text.lines().iter().rposition(functions);
    let last = last.context("it depends on no function")?;
    let line =
        endpoint.fill("{{name}} = { path = \"../functions/{{name}}\", features = [\"schema\"] }");
    text.insert(last + 1, &line);
    Ok(())
}

/// The command that sends the valid event.
fn invocation(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    let start = text.only(|line| line == "You can send these events as they are:");
    let start = start.context("it has no commands for events that are sent as they are")?;
    let block = text.next(start, |line| line == "```console");
    let end = block.and_then(|block| text.next(block, |line| line == "```"));
    let lines = endpoint.fill(
        "$ cargo lambda invoke {{name}} --data-file events/{{name}}/valid.json\n\
         {\"statusCode\":200,…Hello from {{name}}.…",
    );
    text.insert(end.context("its commands have no end")?, &lines);
    Ok(())
}

/// The row in the table of routes.
fn documented(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    let head = text.next(0, |line| line.starts_with("| route |"));
    let head = head.context("it has no table of routes")?;
    let end = text.next(head, |line| !line.starts_with('|'));
    let end = end.unwrap_or(text.lines().len());
    let role = endpoint.role.as_ref();
    let who = role.map_or("access token".to_owned(), |role| format!("role `{role}`"));
    let scope = endpoint.scope.as_ref();
    let scope = scope.map_or("–".to_owned(), |scope| format!("`{scope}`"));
    let (name, route) = (&endpoint.name, &endpoint.route);
    let row = format!("| `{route}` | {who} | {scope} | `functions/{name}` |");
    text.insert(end, &row);
    Ok(())
}

/// Formats Rust code as `cargo fmt` does.
pub(super) async fn format(code: &str) -> anyhow::Result<String> {
    let rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut rustfmt = rustfmt.context("cannot start rustfmt: rustup component add rustfmt")?;
    if let Some(mut stdin) = rustfmt.stdin.take() {
        stdin.write_all(code.as_bytes()).await?;
    }
    let output = rustfmt.wait_with_output().await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "rustfmt failed: {errors}");
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::{Change, dependency, every_endpoint, operations, privileges, rights, verdicts};
    use crate::new::endpoint::Endpoint;
    use crate::new::text::Text;
    use crate::project::repository;

    fn changed(endpoint: &Endpoint, file: &str, change: Change) -> String {
        let old = std::fs::read_to_string(repository().join(file)).unwrap();
        let mut text = Text::new(&old);
        change(endpoint, &mut text).unwrap();
        let new = String::from(&text);
        assert!(new.len() > old.len());
        new
    }

    #[test]
    fn the_row_of_rights_is_what_the_handler_requires() {
        for (role, scope, expected) in [
            (None, None, "[401, 200, 200, 200, 200, 200, 200, 200]"),
            (
                Some("admin"),
                None,
                "[401, 403, 403, 403, 403, 200, 200, 200]",
            ),
            (
                None,
                Some("profile"),
                "[401, 403, 200, 403, 403, 200, 403, 200]",
            ),
            (
                Some("admin"),
                Some("profile"),
                "[401, 403, 403, 403, 403, 200, 403, 200]",
            ),
            (
                Some("editor"),
                None,
                "[401, 403, 403, 403, 403, 403, 403, 403]",
            ),
        ] {
            let [own_role, own_scope] = [role, scope].map(|right| right.map(str::to_owned));
            let name = "reports".parse().unwrap();
            let endpoint = Endpoint::new(name, None, own_role, own_scope).unwrap();
            let text = changed(&endpoint, super::RIGHTS, rights);
            let row = format!("    (\"GET /reports\", \"\", {expected}),\n];");
            assert!(text.contains(&row), "{row}");
            let required = format!(
                "    (\"GET /reports\", \"{}\", \"{}\"),\n];",
                role.unwrap_or_default(),
                scope.unwrap_or_default()
            );
            let has_rights = role.or(scope).is_some();
            assert_eq!(text.contains(&required), has_rights, "{required}");
        }
    }

    #[test]
    fn every_table_gets_its_row() {
        let endpoint = Endpoint::new("reports".parse().unwrap(), None, None, None).unwrap();
        let text = changed(&endpoint, super::EVERY_ENDPOINT, every_endpoint);
        assert!(text.contains("    (\"GET\", \"/reports\"),\n];"));
        let text = changed(&endpoint, super::PRIVILEGES, privileges);
        assert!(text.contains("    (\"reports\", \"\", &[]),\n];"));
        let text = changed(&endpoint, super::CONTRACT, operations);
        assert!(text.contains("        reports::contract::operations(),\n    ]\n    .concat()"));
        let text = changed(&endpoint, super::MANIFEST, dependency);
        assert!(text.contains("\nreports = { path = \"../functions/reports\", features"));
        let text = changed(&endpoint, super::EVENTS, verdicts);
        let expected = concat!(
            "      \"register/wrong_content_type\": \"415 unsupported_media_type\",\n",
            "      \"reports/unknown_parameter\": \"422 validation_failed\",\n",
            "      \"reports/valid\": 200,\n",
            "      \"reports/without_principal\": \"401 unauthorized\",\n",
            "      \"rotate-keys/finish_secret\": null,\n",
        );
        assert!(text.contains(expected));
    }
}
