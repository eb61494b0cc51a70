//! Mistakes on the command line are reported before anything is built, created or changed.

use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use anyhow::Context as _;
use gatehouse_local::private::Lock;

use crate::project::Project;

/// A user with a bcrypt hash.
const USER: &str = "{\"username\":\"ada\",\"password_hash\":\"$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2\"}\n";

#[test]
fn a_parameter_that_aws_would_refuse_is_refused_before_a_build() -> anyhow::Result<()> {
    let project = Project::new()?;
    for (parameters, expected) in [
        (
            &["RoleScopes={bad"][..],
            "the parameter RoleScopes must match",
        ),
        (&["Issuer=foo"], "the parameter Issuer must match"),
        (
            &["CorsOrigins=https://x/"],
            "the parameter CorsOrigins must match",
        ),
        (
            &["CorsOrigins=https://a.example,x"],
            "the parameter CorsOrigins must match",
        ),
        (&["Registration=maybe"], "one of open, closed"),
        (
            &["AccessTokenTtlSeconds="],
            "AccessTokenTtlSeconds must be a number",
        ),
        (
            &["AccessTokenTtlSeconds=NaN"],
            "AccessTokenTtlSeconds must be a number",
        ),
        (&["AccessTokenTtlSeconds=59"], "must be at least 60"),
        (&["RoleScope={}"], "did you mean RoleScopes?"),
        (
            &["Issuer=https://a.example", "Issuer=https://b.example"],
            "Issuer is given more than once",
        ),
        (
            &["DomainName=auth.example.com"],
            "Set both DomainName and CertificateArn",
        ),
        (&["nothing"], "NAME=VALUE"),
        // The template allows these, but the functions would not start.
        (
            &["Argon2Iterations=1"],
            "Argon2MemoryKib and Argon2Iterations",
        ),
        (&["RoleScopes={bad}"], "RoleScopes is invalid"),
        (
            &["AccessTokenTtlSeconds=60.5"],
            "AccessTokenTtlSeconds must be a whole number",
        ),
    ] {
        refused_before_a_build(&project, parameters, expected)?;
    }
    Ok(())
}

#[test]
fn a_refresh_cookie_that_no_page_could_use_is_refused_before_a_build() -> anyhow::Result<()> {
    let project = Project::new()?;
    for (origins, expected) in [
        ("", "RefreshCookie needs CorsOrigins"),
        ("*", "RefreshCookie needs CorsOrigins without *"),
        (
            "http://app.example.com",
            "CorsOrigins must be the https origins of your pages",
        ),
        (
            "http://localhost:5173,http://app.example.com",
            "CorsOrigins must be the https origins of your pages",
        ),
    ] {
        let origins = format!("CorsOrigins={origins}");
        let parameters = ["RefreshCookie=on", &origins];
        refused_before_a_build(&project, &parameters, expected)?;
    }
    Ok(())
}

fn refused_before_a_build(
    project: &Project,
    parameters: &[&str],
    expected: &str,
) -> anyhow::Result<()> {
    let mut words = vec!["local", "--port", "0"];
    for parameter in parameters {
        words.extend(["--parameter", parameter]);
    }
    let ended = project.run(&words)?;
    assert_ne!(ended.code, Some(0), "{parameters:?}: {ended:?}");
    assert!(ended.err.contains(expected), "{parameters:?}: {ended:?}");
    assert!(
        !ended.err.contains("cargo"),
        "{parameters:?} was built: {ended:?}"
    );
    assert!(!project.path(".gatehouse").exists(), "{parameters:?}");
    Ok(())
}

#[test]
fn only_local_and_import_create_a_data_directory() -> anyhow::Result<()> {
    let project = Project::new()?;
    for words in [
        &["users", "list"][..],
        &["users", "show", "ada"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["export", "users.csv"],
    ] {
        let ended = project.run(&[words, &["--data-dir", "mistyped"]].concat())?;
        assert_eq!(ended.code, Some(1), "{words:?}: {ended:?}");
        assert!(
            ended.err.contains("mistyped has no database"),
            "{words:?}: {ended:?}"
        );
        assert!(!project.path("mistyped").exists(), "{words:?}");
    }
    assert!(!project.path("users.csv").exists());

    project.write("users.ndjson", USER)?;
    let imported = project.run(&["import", "users.ndjson", "--data-dir", "data"])?;
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert!(
        imported.err.contains("Creating the data directory data"),
        "{imported:?}"
    );
    let again = project.run(&["import", "users.ndjson", "--data-dir", "data"])?;
    assert!(!again.err.contains("Creating"), "{again:?}");
    let listed = project.run(&["users", "list", "--data-dir", "data"])?;
    assert!(
        listed.code == Some(0) && listed.out.contains("ada"),
        "{listed:?}"
    );
    Ok(())
}

#[test]
fn secret_files_are_private_and_ignored_by_git() -> anyhow::Result<()> {
    let project = Project::new()?;
    project.write("users.ndjson", USER)?;
    let imported = project.run(&["import", "users.ndjson", "--data-dir", "data"])?;
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let rotated = project.run(&["keys", "rotate", "--data-dir", "data"])?;
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    let exported = project.run(&["export", "all.csv", "--data-dir", "data"])?;
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let ignored = project.read("data/.gitignore")?;
    assert_eq!(ignored, "*\n");
    for name in ["data/dynamodb.sqlite", "data/key-ring.json", "all.csv"] {
        let mode = std::fs::metadata(project.path(name))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    Ok(())
}

#[test]
fn the_error_for_a_data_directory_in_use_names_the_process() -> anyhow::Result<()> {
    let project = Project::new()?;
    project.write("users.ndjson", USER)?;
    let words = ["import", "users.ndjson", "--data-dir", "data"];
    assert_eq!(project.run(&words)?.code, Some(0));
    let _lock = Lock::take(&project.path("data"))?;
    let ended = project.run(&["users", "list", "--data-dir", "data"])?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let id = std::process::id().to_string();
    assert!(ended.err.contains(&id), "{ended:?}");
    Ok(())
}

#[test]
fn a_port_in_use_is_reported_before_a_build() -> anyhow::Result<()> {
    let project = Project::new()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    for option in ["--port", "--dynamodb-port"] {
        let mut words = vec![option, &port];
        if option != "--port" {
            words.extend(["--port", "0"]);
        }
        let ended = project.run(&[&["local"], &words[..]].concat())?;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(
            ended.err.contains(&port) && ended.err.contains(option),
            "{ended:?}"
        );
    }
    Ok(())
}

#[test]
fn a_command_ends_quietly_if_its_reader_exits() -> anyhow::Result<()> {
    let project = Project::new()?;
    let lines: String = (0..400)
        .map(|number| USER.replace("ada", &format!("user-{number}")))
        .collect();
    project.write("users.ndjson", &lines)?;
    let imported = project.run(&["import", "users.ndjson", "--data-dir", "data"])?;
    assert_eq!(imported.code, Some(0), "{imported:?}");
    for words in [
        &["users", "list"][..],
        &["users", "list", "--json"],
        &["keys", "list"],
    ] {
        let words = [words, &["--data-dir", "data"]].concat();
        let mut child = project
            .command(&words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // Closed before the first byte, as by a `head` that has exited.
        drop(child.stdout.take());
        let status = child.wait()?;
        let mut err = String::new();
        child
            .stderr
            .take()
            .context("stderr is a pipe")?
            .read_to_string(&mut err)?;
        assert!(
            status.success() && err.is_empty(),
            "{words:?}: {status} {err}"
        );
    }
    Ok(())
}

/// `cargo gatehouse check`
#[test]
fn a_check_prints_a_line_per_finding_and_has_an_exit_status() -> anyhow::Result<()> {
    let project = Project::new()?;
    let bare = project.check(&[])?;
    assert_eq!(bare.code, Some(3), "{bare:?}");
    for expected in [
        "ok    template: has ",
        "warn  cargo-lambda: is missing: ",
        "warn  SAM: is missing: ",
        "warn  AWS region: is not set: ",
        "warn  AWS credentials: are missing: ",
        "ok    infra/samconfig.toml [dev] ProtectData: ",
        "warn  infra/samconfig.toml [prod] AlarmTopicArn: ",
    ] {
        assert!(bare.out.contains(expected), "{expected}: {}", bare.out);
    }
    let machine = project.check(&["--json"])?;
    let json: serde_json::Value = serde_json::from_str(&machine.out)?;
    assert!(json["failures"] == 0 && json["findings"].as_array().map_or(0, Vec::len) > 5);

    let samconfig = project.path("infra/samconfig.toml");
    let text = std::fs::read_to_string(&samconfig)?;
    std::fs::write(
        &samconfig,
        text.replace("ProtectData=true", "RoleScopes={bad}"),
    )?;
    let broken = project.check(&[])?;
    assert_eq!(broken.code, Some(4), "{broken:?}");
    let expected = "fail  infra/samconfig.toml [prod] parameters: RoleScopes is invalid";
    assert!(broken.out.contains(expected), "{}", broken.out);
    Ok(())
}

#[test]
fn a_check_of_a_data_directory_checks_the_keys() -> anyhow::Result<()> {
    let project = Project::new()?;
    project.write("users.ndjson", USER)?;
    let data_dir = ["--data-dir", "data"];
    let imported = project.run(&[&["import", "users.ndjson"], &data_dir[..]].concat())?;
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let none = project.check(&data_dir)?;
    assert_eq!(none.code, Some(4), "{none:?}");
    assert!(none.out.contains("fail  keys: "), "{}", none.out);
    project.run(&[&["keys", "rotate"], &data_dir[..]].concat())?;
    let some = project.check(&data_dir)?;
    assert_eq!(some.code, Some(3), "{some:?}");
    assert!(some.out.contains("ok    keys: "), "{}", some.out);
    let typo = project.check(&["--data-dir", "mistyped"])?;
    assert!(
        typo.code == Some(1) && typo.err.contains("mistyped has no database"),
        "{typo:?}"
    );
    Ok(())
}
