//! `GET /admin/users`: all users in pages, or one by the exact username.

use gatehouse_auth::cursor::CursorKey;
use gatehouse_auth::random;
use gatehouse_auth::user::Profile;
use gatehouse_auth::username::Username;
use gatehouse_edge::account::Account;
use gatehouse_edge::problem::{FieldError, Problem};
use gatehouse_edge::response::{self, Response};
use http::StatusCode;
use serde::Serialize;

use crate::app::Call;

/// Answers `GET /admin/users`.
pub(crate) async fn list(call: &Call<'_>) -> Result<Response, Problem> {
    let limit = limit(call.request.query("limit")?.as_deref())?;
    let cursor = call.request.query("cursor")?;
    if let Some(username) = call.request.query("username")? {
        return find(call, &username).await;
    }
    let key = key(call).await?;
    let start = match cursor {
        None => None,
        Some(cursor) => Some(open(&key, call, &cursor)?),
    };
    let page = call.app.users.page(start.as_deref(), limit).await;
    let page = page.map_err(|error| Problem::failed(&error))?;
    let next = page
        .next
        .map(|place| seal(&key, call, &place))
        .transpose()?;
    Ok(answer(&page.users, next))
}

/// A name in any spelling leads to the one who has it; one that nobody can have
/// is said to be none.
async fn find(call: &Call<'_>, typed: &str) -> Result<Response, Problem> {
    let username = Username::parse(typed)
        .map_err(|error| FieldError::new("username", error.code(), error.to_string()))
        .map_err(|error| Problem::validation_failed(vec![error]))?;
    let user = call.app.users.find(username.canonical()).await;
    let user = user.map_err(|error| Problem::failed(&error))?;
    let found: Vec<Profile> = user.into_iter().map(Profile::from).collect();
    Ok(answer(&found, None))
}

fn answer(users: &[Profile], next_cursor: Option<String>) -> Response {
    let items = users.iter().map(Account::of).collect();
    response::json(StatusCode::OK, &List { items, next_cursor })
}

fn limit(text: Option<&str>) -> Result<u8, Problem> {
    let Some(text) = text else {
        return Ok(DEFAULT_LIMIT);
    };
    let limit = text.parse().ok();
    limit
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| {
            let detail = format!("is not a whole number from 1 to {MAX_LIMIT}");
            let error = FieldError::new("limit", "out_of_range", detail);
            Problem::validation_failed(vec![error])
        })
}

/// Read at each listing: a key that somebody has replaced is obeyed at once.
async fn key(call: &Call<'_>) -> Result<CursorKey, Problem> {
    let fresh = random::bytes().map_err(|error| Problem::broken(&error))?;
    let fresh = CursorKey::new(fresh).map_err(|error| Problem::broken(&error))?;
    let key = call.app.users.cursor_key(&fresh).await;
    key.map_err(|error| Problem::failed(&error))
}

fn open(key: &CursorKey, call: &Call<'_>, cursor: &str) -> Result<String, Problem> {
    key.open(cursor, &call.actor.sub).map_err(|_| {
        let detail = "is no cursor of this list that was given to you";
        let error = FieldError::new("cursor", "invalid", detail);
        Problem::validation_failed(vec![error])
    })
}

fn seal(key: &CursorKey, call: &Call<'_>, place: &str) -> Result<String, Problem> {
    let nonce = random::bytes().map_err(|error| Problem::broken(&error))?;
    let sealed = key.seal(place, &call.actor.sub, nonce);
    sealed.map_err(|error| Problem::broken(&error))
}

#[derive(Serialize)]
struct List<'a> {
    items: Vec<Account<'a>>,
    next_cursor: Option<String>,
}

/// Users of a page, unless another number is asked for.
const DEFAULT_LIMIT: u8 = 25;
/// Most users of a page: a longer scan takes a share of everybody's capacity.
const MAX_LIMIT: u8 = 100;
