//! A login that finds a refresh cookie: the session that it replaces, and no other.

use gatehouse_auth::user::User;
use gatehouse_edge::Response;
use gatehouse_testing::{Fault, at_call};
use serde_json::json;

use crate::world::{HOME, PASSWORD, World};

const ON: [(&str, &str); 3] = [
    ("REFRESH_COOKIE", "on"),
    ("CORS_ORIGINS", "https://app.example.com"),
    ("MAX_SESSIONS", "3"),
];

impl World {
    /// Logs in as a page whose browser has this refresh cookie.
    async fn log_in_with_cookie(&self, name: &str, cookie: Option<&str>) -> Response {
        self.pass(1);
        let body = json!({ "username": name, "password": PASSWORD, "refresh": "cookie" });
        let cookies: Vec<&str> = cookie.into_iter().collect();
        self.send(&body, HOME, &json!(cookies), 0).await
    }

    async fn sids_of(&self, user: &User) -> Vec<String> {
        let sessions = self.sessions_of(user).await;
        sessions.iter().map(|one| one.sid.to_string()).collect()
    }
}

/// Returns the cookie of a response, as a browser sends it back.
fn cookie(response: &Response) -> String {
    let header = response.headers()["set-cookie"].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_at_the_limit_ends_the_cookies_session_and_no_other() {
    let world = World::start_with(&ON).await;
    let ada = world.add("ada", None).await;
    let mut cookies = vec![];
    for _ in 0..3 {
        let response = world.log_in_with_cookie("ada", None).await;
        assert_eq!(response.status(), 200);
        cookies.push(cookie(&response));
    }
    let newest_first = world.sids_of(&ada).await;
    for replaced in [1, 2, 0] {
        let before = world.sids_of(&ada).await;
        let response = world
            .log_in_with_cookie("ada", Some(&cookies[replaced]))
            .await;
        assert_eq!(response.status(), 200);
        let ended = &newest_first[2 - replaced];
        let mut left = before.clone();
        left.retain(|sid| sid != ended);
        assert_eq!(world.sids_of(&ada).await[1..], left, "{replaced}");
        let key = format!("sid#{ended}");
        let revocation = world.tables.item("RevocationsTable", "pk", &key).await;
        assert!(revocation.is_some(), "its access tokens are revoked");
    }
    // The cookie of a session that has ended replaces nothing; one more than the limit
    // remains until the next login.
    let response = world.log_in_with_cookie("ada", Some(&cookies[0])).await;
    assert_eq!(response.status(), 200);
    assert_eq!(world.sids_of(&ada).await.len(), 4);
    world.log_in_with_cookie("ada", None).await;
    assert_eq!(world.sids_of(&ada).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_as_someone_else_ends_the_cookies_session_beside_its_own_surplus() {
    let world = World::start_with(&ON).await;
    let (ada, bob) = (world.add("ada", None).await, world.add("bob", None).await);
    let browser = cookie(&world.log_in_with_cookie("ada", None).await);
    for _ in 0..3 {
        world.log_in_with_cookie("bob", None).await;
    }
    let before = world.sids_of(&bob).await;
    let response = world.log_in_with_cookie("bob", Some(&browser)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(world.sids_of(&ada).await.len(), 0);
    assert_eq!(world.sids_of(&bob).await[1..], before[..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_replaced_is_503_and_both_stay_as_they_are() {
    let world = World::start_with(&ON).await;
    let ada = world.add("ada", None).await;
    let browser = cookie(&world.log_in_with_cookie("ada", None).await);
    let before = world.sids_of(&ada).await;
    let replace = at_call(0).of("TransactWriteItems");
    world.tables.faults().inject_always(replace, Fault::Cut);
    let response = world.log_in_with_cookie("ada", Some(&browser)).await;
    assert_eq!(response.status(), 503);
    assert!(!response.headers().contains_key("set-cookie"));
    world.tables.faults().clear();
    assert_eq!(world.sids_of(&ada).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_costs_no_call_and_only_a_right_password_looks_at_it() {
    let world = World::start_with(&ON).await;
    world.add("ada", None).await;
    let browser = cookie(&world.log_in_with_cookie("ada", None).await);
    world.calls();
    let count = |calls: Vec<_>| calls.len();
    world.log_in_with_cookie("ada", None).await;
    let without = count(world.calls());
    world.log_in_with_cookie("ada", Some(&browser)).await;
    assert_eq!(count(world.calls()), without);

    let body = json!({ "username": "ada", "password": "wrong", "refresh": "cookie" });
    let mut wrong = vec![];
    for cookies in [json!([]), json!([browser])] {
        let response = world.send(&body, HOME, &cookies, 0).await;
        assert_eq!(response.status(), 401);
        wrong.push(world.calls());
    }
    assert_eq!(wrong[0], wrong[1]);
}
