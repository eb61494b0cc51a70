//! There is always an administrator left. Each test counts all administrators, so it has
//! its own tables.

use futures_util::future::join_all;
use gatehouse_tests::deployment::{is_deployed, is_overloaded};
use gatehouse_tests::tables::{Tables, text};
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// The number of active administrators, and the stored count.
async fn admins(service: &Service) -> anyhow::Result<(usize, usize)> {
    let items = Tables::of(service).scan("UsersTable").await?;
    let able = items.iter().filter(|item| {
        let active = item.get("status").and_then(|status| status.as_s().ok());
        let roles = item.get("roles").and_then(|roles| roles.as_l().ok());
        let is_admin = |roles: &Vec<_>| roles.contains(&text("admin"));
        active.is_some_and(|active| active == "active") && roles.is_some_and(is_admin)
    });
    let able = able.count();
    let counted = items.iter().find_map(|item| {
        let is_count = item["pk"].as_s().is_ok_and(|pk| pk == "meta#admins");
        is_count.then(|| item["count"].as_n().ok()?.parse().ok())?
    });
    Ok((able, counted.unwrap_or_default()))
}

/// The ways to lose an administrator.
fn ways(target: &Person) -> [(Method, String, Value); 4] {
    let path = format!("/admin/users/{}", target.id);
    [
        (Method::PATCH, path.clone(), json!({ "roles": ["user"] })),
        (Method::PATCH, path.clone(), json!({ "status": "disabled" })),
        (Method::DELETE, path, json!({})),
        (
            Method::DELETE,
            "/me".to_owned(),
            json!({ "password": target.password }),
        ),
    ]
}

#[tokio::test]
async fn the_last_administrator_cannot_be_removed_in_any_way() -> anyhow::Result<()> {
    let service = Service::start_to_change("last-admin-1").await?;
    let admin = service.administrator("grace").await?;
    for (method, path, body) in ways(&admin) {
        let response = admin.call(&service, method, &path, &body).await?;
        response.assert_problem(409, "last_admin");
    }
    // None of the attempts ended the access token.
    admin.is_let_in_at(&service, "/admin/users").await?;
    assert_eq!(admins(&service).await?, (1, 1));
    Ok(())
}

#[tokio::test]
async fn one_of_two_administrators_can_be_removed_in_every_way() -> anyhow::Result<()> {
    let service = Service::start_to_change("last-admin-2").await?;
    let first = service.administrator("grace").await?;
    for number in 0..4 {
        let second = service.administrator("ada").await?;
        assert_eq!(admins(&service).await?, (2, 2));
        let (method, path, body) = ways(&second)[number].clone();
        let by = if path == "/me" { &second } else { &first };
        let response = by.call(&service, method, &path, &body).await?;
        assert!([200, 204].contains(&response.status), "{response}");
        assert_eq!(admins(&service).await?, (1, 1), "{path} {body}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_concurrent_removals_leave_an_administrator() -> anyhow::Result<()> {
    let service = Service::start_to_change("last-admin-3").await?;
    let mut people = Vec::new();
    for _ in 0..4 {
        people.push(service.administrator("grace").await?);
    }
    let mut race = Vec::new();
    for by in &people {
        for target in &people {
            for (method, path, body) in ways(target) {
                let by = if path == "/me" { target } else { by };
                race.push(async {
                    let (path, body) = (path, body);
                    by.call(&service, method, &path, &body).await
                });
            }
        }
    }
    assert_eq!(race.len(), 64);
    for response in join_all(race).await {
        let response = response?;
        // An administrator who has just been demoted is refused by the gateway or by the
        // function; one who has just been deleted is not found; and a transaction that
        // conflicted with too many others has to be retried. Each user confirms one
        // password four times at once, which is within what the lane admits.
        let expected = [200, 204, 401, 403, 404, 409, 503];
        // On an overloaded emulator the authorizer waits longer than a second for a table,
        // and then the gateway returns 500; and a confirmation that is cut off stays
        // counted, so a later one gets 429.
        let overload = is_deployed() && [429, 500].contains(&response.status);
        let is_late = is_overloaded(&response) || overload;
        assert!(expected.contains(&response.status) || is_late, "{response}");
    }
    let (able, counted) = admins(&service).await?;
    assert!(able >= 1, "no administrator is left");
    assert_eq!(able, counted);
    Ok(())
}
