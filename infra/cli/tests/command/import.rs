//! Importing users from another system.

use anyhow::ensure;
use gatehouse_tests::binaries::root;
use gatehouse_tests::{Response, Service, document};
use serde_json::{Value, json};

use crate::project::{Ended, Project};

/// bcrypt, cost 4, of [`PASSWORD`].
const HASH: &str = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
const PASSWORD: &str = "seven quiet otters at dawn";

/// A service, and a file with three users in the form of another system.
struct Moved {
    service: Service,
    project: Project,
}

impl Moved {
    async fn start() -> anyhow::Result<Self> {
        let service = Service::start().await?;
        let project = Project::of(&service)?;
        let users = format!(
            "user_id;login;email;pw_hash;active;created\n\
             17;Ada;ada@example.org;{HASH};t;2024-01-15 08:00:00.123456+00\n\
             18;grace;;;t;15/01/2024\n\
             19;eve;eve@example.org;{HASH};f;\n"
        );
        project.write("users.csv", &users)?;
        Ok(Self { service, project })
    }

    fn import(&self, more: &[&str]) -> anyhow::Result<Ended> {
        let columns = [
            "id=user_id",
            "username=login",
            "password_hash=pw_hash",
            "status=active",
            "created_at=created",
        ];
        let columns = columns.into_iter().flat_map(|column| ["--column", column]);
        let words = ["import", "users.csv"].into_iter().chain(columns);
        let words: Vec<&str> = words.chain(more.iter().copied()).collect();
        self.project.run(&words)
    }

    async fn log_in(&self, name: &str) -> anyhow::Result<Response> {
        let body = json!({"username": name, "password": PASSWORD});
        self.service.post("/login", &body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_users_log_in_with_their_old_passwords() -> anyhow::Result<()> {
    let moved = Moved::start().await?;
    let dry = moved.import(&["--dry-run"])?;
    ensure!(dry.code == Some(0), "{dry:?}");
    assert!(dry.out.contains("To import: 3, "), "{dry:?}");
    let imported = moved.import(&[])?;
    ensure!(imported.code == Some(0), "{imported:?}");
    for line in [
        "Imported: 3, already there: 0, refused: 0 (",
        "Warnings: 1, in",
        "Without a password: 1.",
        "Old and new ids: ",
    ] {
        assert!(imported.out.contains(line), "{line}: {imported:?}");
    }
    assert_eq!(moved.log_in("ada").await?.status, 200);
    for name in ["grace", "eve"] {
        assert_eq!(moved.log_in(name).await?.status, 401);
    }
    // Ada's hash has been replaced; her line is still recognised.
    let again = moved.import(&[])?;
    ensure!(again.code == Some(0), "{again:?}");
    let expected = "Imported: 0, already there: 3, refused: 0 (";
    assert!(again.out.starts_with(expected), "{again:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_users_are_found_by_their_old_ids() -> anyhow::Result<()> {
    let moved = Moved::start().await?;
    ensure!(moved.import(&[])?.code == Some(0));
    let project = &moved.project;
    let shown = project.run(&["users", "show", "--external-id", "17", "--json"])?;
    let shown: Value = serde_json::from_str(&shown.out)?;
    assert_eq!(shown["username"], "Ada");
    assert_eq!(shown["external_id"], "17");
    assert_eq!(shown["created_at"], "2024-01-15T08:00:00Z");
    let ids = project.read("users.csv.ids.csv")?;
    let row = format!("\n17,{}\n", shown["id"].as_str().unwrap_or_default());
    assert!(
        ids.starts_with("external_id,id\n") && ids.contains(&row),
        "{ids}"
    );

    ensure!(project.run(&["users", "promote", "ada"])?.succeeded());
    let token = moved.log_in("ada").await?.member("access_token");
    for (id, found) in [("17", json!(["Ada"])), ("99", json!([]))] {
        let path = format!("/admin/users?external_id={id}");
        let list = moved.service.get_as(&token, &path).await?.json();
        let items = list["items"].as_array().into_iter().flatten();
        let names: Vec<&Value> = items.map(|user| &user["username"]).collect();
        assert_eq!(json!(names), found);
    }

    let exported = project.run(&["export", "out.csv"])?;
    ensure!(exported.code == Some(0), "{exported:?}");
    let out = project.read("out.csv")?;
    assert!(
        out.contains(",17,Ada,ada@example.org,false,\"$argon2id$"),
        "the export lacks Ada's current data"
    );
    assert_eq!(out.lines().count(), 4);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_of_an_import_shows_whether_lines_were_refused() -> anyhow::Result<()> {
    let moved = Moved::start().await?;
    ensure!(moved.import(&[])?.code == Some(0));
    // A second Ada is refused and reported; the other users are imported.
    let more = format!("username,password_hash\nADA,{HASH}\nmax,{HASH}\n");
    moved.project.write("more.csv", &more)?;
    let refused = moved.project.run(&["import", "more.csv"])?;
    ensure!(refused.code == Some(3), "{refused:?}");
    let expected = "line 2: username: already used by another account";
    assert!(refused.out.contains(expected), "{refused:?}");
    assert!(!refused.out.contains(HASH) && !refused.err.contains(HASH));
    assert_eq!(moved.log_in("max").await?.status, 200);
    let failed = moved.project.run(&["import", "nowhere.csv"])?;
    ensure!(failed.code == Some(1), "{failed:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_of_import_lists_columns_separators_times_and_exit_statuses() -> anyhow::Result<()>
{
    let service = Service::start().await?;
    let help = Project::of(&service)?.run(&["import", "--help"])?;
    for word in [
        "password_hash",
        "external_id",
        "spaces or commas",
        "2024-01-15 08:00:00",
        "commas, semicolons or tabs",
        "Exit codes: 0",
        "3 if lines",
        "1 if the import failed",
    ] {
        assert!(help.out.contains(word), "{word}: {}", help.out);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_commands_for_files_work() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let project = Project::of(&service)?;
    let line = json!({"username": "ada", "password_hash": HASH});
    project.write("users.ndjson", &format!("{line}\n"))?;
    // The table of an application, as in the guide.
    let table = format!(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT, password TEXT, \
         is_active INTEGER, created_at TEXT DEFAULT CURRENT_TIMESTAMP); \
         INSERT INTO users (username, email, password, is_active) VALUES \
         ('Zoë', 'zoe@example.org', '{HASH}', 1), ('max', NULL, NULL, 0);"
    );
    let mut shell = project.shell();
    let made = shell
        .args(["-c", "sqlite3 app.db \"$0\"", &table])
        .status()?;
    ensure!(made.success(), "sqlite3 is needed");
    let page = std::fs::read_to_string(root().join("docs/bring-your-users.md"))?;
    let steps = document::steps_run_by("infra/cli/tests/command/import.rs", &page);
    assert!(
        steps.len() >= 2,
        "the page has {} blocks to run",
        steps.len()
    );
    let run = move || {
        document::run(&steps, project.shell(), |commands| {
            commands.replace("cargo gatehouse", env!("CARGO_BIN_EXE_gatehouse"))
        })
    };
    tokio::task::spawn_blocking(run).await??;
    let body = json!({"username": "zoë", "password": PASSWORD});
    assert_eq!(service.post("/login", &body).await?.status, 200);
    Ok(())
}
