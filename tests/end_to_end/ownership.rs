//! No route that names an object returns 200 for another person's object.

use gatehouse_tests::tables::Tables;
use gatehouse_tests::template::{Template, text};
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::json;

/// A route, the object of another person in it, and the expected status.
type Line = (&'static str, &'static str, fn(&Person) -> String, u16);

const MATRIX: [Line; 6] = [
    ("DELETE", "/sessions/{id}", Person::session, 404),
    ("DELETE", "/sessions/{id}", account, 404),
    ("GET", "/admin/users/{id}", account, 403),
    ("PATCH", "/admin/users/{id}", account, 403),
    ("DELETE", "/admin/users/{id}", account, 403),
    ("POST", "/admin/users/{id}/revoke-sessions", account, 403),
];

fn account(person: &Person) -> String {
    person.id.clone()
}

#[tokio::test]
async fn no_route_gives_access_to_another_persons_object() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let owner = service.logged_in("ada").await?;
    let thief = service.logged_in("eve").await?;
    let people = [&admin, &owner, &thief];
    let before = everything(&service, &people).await?;
    let mut tried = Vec::new();
    for object in [&owner, &admin] {
        for (method, route, named, expected) in MATRIX {
            let path = route.replace("{id}", &named(object));
            let body =
                json!({ "roles": ["admin"], "status": "disabled", "password": thief.password });
            let wanted = method.parse()?;
            let response = thief.call(&service, wanted, &path, &body).await?;
            response.assert_status(expected);
            tried.push(format!("{method} {route}"));
        }
    }
    // The matrix has a line for each route of the template that names an object.
    for (id, route) in Template::read()?.resources("AWS::ApiGatewayV2::Route") {
        let key = text(route, "/Properties/RouteKey");
        let is_tried = tried.iter().any(|tried| tried == key);
        assert!(!key.contains('{') || is_tried, "{id} is not tried");
    }
    assert_eq!(
        everything(&service, &people).await?,
        before,
        "nothing has changed"
    );
    Ok(())
}

/// These requests have no fields or parameters that name somebody else.
#[tokio::test]
async fn no_body_or_query_impersonates_somebody_else() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let owner = service.logged_in("ada").await?;
    let thief = service.logged_in("eve").await?;
    let (id, sid) = (&owner.id, owner.session());
    let query = format!(
        "?id={id}&sub={id}&user_id={id}&sid={sid}&username={}",
        owner.username
    );
    for path in ["/me", "/sessions", "/me/export"] {
        let response = thief.get(&service, &format!("{path}{query}")).await?;
        refused(&response, "unknown_parameter");
        for foreign in [id, &sid, &owner.username] {
            assert!(!response.text.contains(foreign), "{path}");
        }
    }
    let body = json!({
        "current_password": thief.password, "new_password": "another winding passphrase of mine",
        "id": id, "sub": id, "username": owner.username,
    });
    let path = format!("/me/password{query}");
    let response = thief.call(&service, Method::PUT, &path, &body).await?;
    refused(&response, "unknown_parameter");
    let path = "/me/password";
    let response = thief.call(&service, Method::PUT, path, &body).await?;
    refused(&response, "unknown_field");
    let body =
        json!({ "password": thief.password, "id": id, "sub": id, "username": owner.username });
    let path = format!("/me{query}");
    let response = thief.call(&service, Method::DELETE, &path, &body).await?;
    refused(&response, "unknown_parameter");
    let response = thief.call(&service, Method::DELETE, "/me", &body).await?;
    refused(&response, "unknown_field");
    for mut person in [owner, thief] {
        person.log_in(&service).await?;
    }
    Ok(())
}

#[track_caller]
fn refused(response: &Response, code: &str) {
    response.assert_problem(422, "validation_failed");
    assert_eq!(response.json()["errors"][0]["code"], code);
}

/// The items of users, sessions and revocations that are about these people.
async fn everything(service: &Service, people: &[&Person]) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for table in ["UsersTable", "SessionsTable", "RevocationsTable"] {
        for item in Tables::of(service).scan(table).await? {
            let mut attributes: Vec<String> = item.iter().map(|pair| format!("{pair:?}")).collect();
            attributes.sort_unstable();
            let item = attributes.join(" ");
            if people.iter().any(|person| item.contains(&person.id)) {
                found.push(item);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}
