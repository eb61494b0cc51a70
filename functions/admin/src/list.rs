//! `GET /admin/users`: all users in pages, or one by username, e-mail address or the id of
//! the system that they were imported from.

use std::time::Duration;

use gatehouse_auth::deadline::Deadline;
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::Profile;
use gatehouse_auth::username::Username;
use gatehouse_edge::{Account, FieldError, Fields, Problem, Request, Response, response};
use http::StatusCode;
use serde::Serialize;

use crate::app::Call;

/// Responds to `GET /admin/users`.
pub(crate) async fn list(call: &Call<'_>) -> Result<Response, Problem> {
    match Query::read(call.request)? {
        Query::Page { after, limit } => page(call, after.as_ref(), limit).await,
        Query::One { name_key } => one(call, &name_key).await,
    }
}

/// What the request asks for.
enum Query {
    /// Up to `limit` users, after the one with this id.
    Page { after: Option<SubjectId>, limit: u8 },
    /// The user whose name has this key.
    One { name_key: ItemKey },
}

/// Users per page, unless the request sets a limit.
const DEFAULT_LIMIT: u8 = 25;

impl Query {
    /// # Errors
    /// 422, which names every invalid parameter.
    fn read(request: &Request) -> Result<Self, Problem> {
        let given = request.parameters(Given::read)?;
        let mut errors = Vec::new();
        let limit = given.limit.as_deref().map_or(Ok(DEFAULT_LIMIT), limit);
        let limit = limit.unwrap_or_else(|error| {
            errors.push(error);
            DEFAULT_LIMIT
        });
        let after = given.cursor.as_deref().map(cursor).transpose();
        let after = after.unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let mut names = given.names.into_iter();
        let query = match names.next() {
            None => Self::Page { after, limit },
            Some((first, name_key)) => {
                for (other, _) in names {
                    let detail = format!("cannot be combined with {first}: use one of them");
                    errors.push(FieldError::new(other, "conflict", detail));
                }
                if given.cursor.is_some() {
                    let detail =
                        format!("cannot be combined with {first}: it finds at most one user");
                    errors.push(FieldError::new("cursor", "conflict", detail));
                }
                let name_key = name_key.unwrap_or_else(|error| {
                    errors.push(error);
                    ItemKey::unused("")
                });
                Self::One { name_key }
            }
        };
        if errors.is_empty() {
            Ok(query)
        } else {
            Err(Problem::validation_failed(errors))
        }
    }
}

/// The parameters, as sent.
struct Given {
    limit: Option<String>,
    cursor: Option<String>,
    /// The names to look up, by parameter, as keys of their items.
    names: Vec<(&'static str, Result<ItemKey, FieldError>)>,
}

/// The parameters that look up one user.
const LOOKUPS: [(&str, Lookup); 3] = [
    ("username", username),
    ("email", email),
    ("external_id", external_id),
];

impl Given {
    fn read(fields: &mut Fields) -> Self {
        let mut names = Vec::new();
        for (parameter, key) in LOOKUPS {
            if let Some(typed) = fields.optional_text(parameter) {
                names.push((parameter, key(&typed)));
            }
        }
        Self {
            limit: fields.optional_text("limit"),
            cursor: fields.optional_text("cursor"),
            names,
        }
    }
}

/// Turns a name into the key of the item that leads to its user, or reports why no user can
/// have that name.
type Lookup = fn(&str) -> Result<ItemKey, FieldError>;

fn username(typed: &str) -> Result<ItemKey, FieldError> {
    let parsed = Username::parse(typed);
    let username =
        parsed.map_err(|error| FieldError::new("username", error.code(), error.to_string()))?;
    Ok(username.name_key())
}

fn email(typed: &str) -> Result<ItemKey, FieldError> {
    let parsed = EmailAddress::parse(typed);
    let email =
        parsed.map_err(|error| FieldError::new("email", error.code(), error.to_string()))?;
    Ok(email.name_key())
}

fn external_id(typed: &str) -> Result<ItemKey, FieldError> {
    let parsed = ExternalId::parse(typed);
    let id =
        parsed.map_err(|error| FieldError::new("external_id", "invalid", error.to_string()))?;
    Ok(id.name_key())
}

/// Most users per page. A longer scan uses capacity that other requests need.
const MAX_LIMIT: u8 = 100;

fn limit(text: &str) -> Result<u8, FieldError> {
    let limit = text.parse().ok();
    limit
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| {
            let detail = format!("must be a whole number from 1 to {MAX_LIMIT}");
            FieldError::new("limit", "out_of_range", detail)
        })
}

fn cursor(text: &str) -> Result<SubjectId, FieldError> {
    let id = SubjectId::parse(text).ok();
    id.filter(SubjectId::may_be_of_a_user).ok_or_else(|| {
        let detail = "must be the next_cursor of the previous page";
        FieldError::new("cursor", "invalid", detail)
    })
}

/// A scan with less time left than this makes no further call: one that is cut off turns
/// the whole page into an error.
const TIME_OF_A_CALL: Duration = Duration::from_secs(2);

async fn page(call: &Call<'_>, after: Option<&SubjectId>, limit: u8) -> Result<Response, Problem> {
    let time_is_up =
        || Deadline::current().is_some_and(|deadline| deadline.left() < TIME_OF_A_CALL);
    let page = call
        .app
        .accounts
        .users
        .page(after, limit, time_is_up)
        .await?;
    Ok(page_response(&page.users, page.next))
}

async fn one(call: &Call<'_>, name_key: &ItemKey) -> Result<Response, Problem> {
    let user = call.app.accounts.users.find(name_key).await?;
    let found: Vec<Profile> = user.into_iter().map(Profile::from).collect();
    Ok(page_response(&found, None))
}

fn page_response(users: &[Profile], next_cursor: Option<SubjectId>) -> Response {
    let items = users.iter().map(Account::of).collect();
    response::json(StatusCode::OK, &List { items, next_cursor })
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = UserPage))]
pub(crate) struct List<'a> {
    /// The users of this page, in no particular order.
    items: Vec<Account<'a>>,
    /// The `cursor` of the next page; `null` on the last one.
    #[cfg_attr(feature = "schema", schema(required = true, value_type = Option<String>))]
    next_cursor: Option<SubjectId>,
}
