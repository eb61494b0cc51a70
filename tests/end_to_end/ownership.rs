//! Every route that names an object, with another person's: never 200.

use gatehouse_tests::power::administrator;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::template::{Template, text};
use gatehouse_tests::{Answer, Person, Service};
use reqwest::Method;
use serde_json::json;

/// A route, the object of another person in it, and the answer.
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
async fn no_route_gives_one_person_the_object_of_another() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let owner = Person::join(&service).await?;
    let thief = Person::join(&service).await?;
    let people = [&admin, &owner, &thief];
    let before = everything(&service, &people).await?;
    let mut tried = Vec::new();
    for object in [&owner, &admin] {
        for (method, route, named, expected) in MATRIX {
            let path = route.replace("{id}", &named(object));
            let body =
                json!({ "roles": ["admin"], "status": "disabled", "password": thief.password });
            let (token, wanted) = (&thief.access_token, method.parse()?);
            let answer = service.call_as(token, wanted, &path, &body).await?;
            assert_eq!(answer.status, expected, "{method} {path}: {answer:?}");
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
        "and nothing has changed"
    );
    Ok(())
}

/// Fields and parameters that name somebody else do not belong to these requests.
#[tokio::test]
async fn no_body_and_no_query_makes_me_somebody_else() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let owner = Person::join(&service).await?;
    let thief = Person::join(&service).await?;
    let (id, sid) = (&owner.id, owner.session());
    let query = format!(
        "?id={id}&sub={id}&user_id={id}&sid={sid}&username={}",
        owner.username
    );
    for path in ["/me", "/sessions", "/me/export"] {
        let answer = service
            .get_as(&thief.access_token, &format!("{path}{query}"))
            .await?;
        refused(&answer, "unknown_parameter");
        for foreign in [id, &sid, &owner.username] {
            assert!(!answer.text.contains(foreign), "{path}");
        }
    }
    let body = json!({
        "current_password": thief.password, "new_password": "another winding passphrase of mine",
        "id": id, "sub": id, "username": owner.username,
    });
    let (token, path) = (&thief.access_token, format!("/me/password{query}"));
    let answer = service.call_as(token, Method::PUT, &path, &body).await?;
    refused(&answer, "unknown_parameter");
    let path = "/me/password";
    let answer = service.call_as(token, Method::PUT, path, &body).await?;
    refused(&answer, "unknown_field");
    let body =
        json!({ "password": thief.password, "id": id, "sub": id, "username": owner.username });
    let (token, path) = (&thief.access_token, format!("/me{query}"));
    let answer = service.call_as(token, Method::DELETE, &path, &body).await?;
    refused(&answer, "unknown_parameter");
    let answer = service.call_as(token, Method::DELETE, "/me", &body).await?;
    refused(&answer, "unknown_field");
    for mut person in [owner, thief] {
        person.log_in(&service).await?;
    }
    Ok(())
}

fn refused(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(answer.json()["errors"][0]["code"], code);
}

/// Every item of users, sessions and revocations that is about these people.
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
