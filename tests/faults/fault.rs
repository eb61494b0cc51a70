//! The faults: what each is, to which calls it applies, and what it does to one.

use std::time::Duration;

use bytes::Bytes;
use gatehouse_testing::{Backend, Call, ConnectionCut, Outcome};
use http::Response;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use crate::injection::{Injection, Made};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fault {
    /// The first attempt is throttled.
    ThrottledOnce,
    /// This call and all later ones like it are throttled.
    ThrottledForever,
    /// From this call on, every call gets a 500.
    ServerError,
    /// The connection of the first attempt is reset before the call takes effect.
    ResetBefore,
    /// The connection of the first attempt is reset after the call took effect.
    AnswerLost,
    /// The first attempt gets no response, and takes effect 2.5 seconds later.
    LateApply,
    /// From this call on, every call takes effect and responds after this many seconds,
    /// even if nobody waits for it any longer.
    Slow(u64),
    /// The condition of the first attempt fails, although nothing has changed.
    ConditionFailed,
    /// The first attempt conflicts with another transaction.
    Conflict,
    /// The first attempt leaves half of its keys unprocessed.
    PartialBatch,
    /// The items that this call and later ones like it read are invalid.
    Corrupt,
    /// The function may not make calls like this one.
    AccessDenied,
    /// The table or the secret does not exist.
    TableMissing,
    /// From this call on, the credentials have expired.
    Expired,
    /// The response comes when the deadline is less than 300 ms away.
    DeadlineNear,
}

/// How far an injected fault reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The first attempt at the call.
    Once,
    /// All attempts at calls of the same operation on the same tables, from this one on.
    Alike,
    /// Every call from this one on.
    All,
}

/// The time that a request has if its deadline is to be near.
pub(crate) const SHORT: Duration = Duration::from_millis(600);
/// How long a call then takes at most: less than one attempt may take, and it leaves less
/// time than a write needs.
const SHORT_CALL: Duration = Duration::from_millis(310);
/// When a call takes effect whose response nobody waits for: later than an attempt
/// may take.
const LATE: Duration = Duration::from_millis(2500);

impl Fault {
    /// All faults, in the order of the page.
    pub(crate) const ALL: [Self; 17] = [
        Self::ThrottledOnce,
        Self::ThrottledForever,
        Self::ServerError,
        Self::ResetBefore,
        Self::AnswerLost,
        Self::LateApply,
        Self::Slow(1),
        Self::Slow(5),
        Self::Slow(15),
        Self::ConditionFailed,
        Self::Conflict,
        Self::PartialBatch,
        Self::Corrupt,
        Self::AccessDenied,
        Self::TableMissing,
        Self::Expired,
        Self::DeadlineNear,
    ];

    /// Returns the name on the page.
    pub(crate) fn name(self) -> String {
        match self {
            Self::ThrottledOnce => "throttled once".to_owned(),
            Self::ThrottledForever => "throttled forever".to_owned(),
            Self::ServerError => "5xx".to_owned(),
            Self::ResetBefore => "reset before".to_owned(),
            Self::AnswerLost => "answer lost after".to_owned(),
            Self::LateApply => "late apply".to_owned(),
            Self::Slow(seconds) => format!("slow {seconds} s"),
            Self::ConditionFailed => "conditional failure".to_owned(),
            Self::Conflict => "transaction conflict".to_owned(),
            Self::PartialBatch => "partial batch".to_owned(),
            Self::Corrupt => "corrupt item".to_owned(),
            Self::AccessDenied => "access denied".to_owned(),
            Self::TableMissing => "table missing".to_owned(),
            Self::Expired => "expired credentials".to_owned(),
            Self::DeadlineNear => "deadline 300 ms away".to_owned(),
        }
    }

    pub(crate) fn reach(self) -> Reach {
        match self {
            Self::ThrottledOnce
            | Self::ResetBefore
            | Self::AnswerLost
            | Self::LateApply
            | Self::ConditionFailed
            | Self::Conflict
            | Self::PartialBatch
            | Self::DeadlineNear => Reach::Once,
            Self::ThrottledForever | Self::Corrupt | Self::AccessDenied | Self::TableMissing => {
                Reach::Alike
            }
            Self::ServerError | Self::Slow(_) | Self::Expired => Reach::All,
        }
    }

    /// Returns whether it can happen to a call.
    pub(crate) fn applies_to(self, made: &Made) -> bool {
        match self {
            Self::LateApply => made.is_write(),
            Self::ConditionFailed => made.conditional,
            Self::Conflict => made.is_write() && !made.is_secret(),
            Self::PartialBatch => made.id.label.starts_with("Batch"),
            Self::Corrupt => !made.is_write(),
            Self::ThrottledOnce
            | Self::ThrottledForever
            | Self::ServerError
            | Self::ResetBefore
            | Self::AnswerLost
            | Self::Slow(_)
            | Self::AccessDenied
            | Self::TableMissing
            | Self::Expired
            | Self::DeadlineNear => true,
        }
    }

    /// Makes the call with this fault.
    pub(crate) async fn strike(self, of: &Injection, call: Call, inner: Backend) -> Outcome {
        match self {
            Self::ThrottledOnce | Self::ThrottledForever => {
                Ok(error(400, "ProvisionedThroughputExceededException"))
            }
            Self::ServerError => Ok(error(500, "InternalServerError")),
            Self::AccessDenied => Ok(error(400, "AccessDeniedException")),
            Self::TableMissing => Ok(error(400, "ResourceNotFoundException")),
            Self::Expired => Ok(error(400, "ExpiredTokenException")),
            Self::ResetBefore => Err(ConnectionCut),
            Self::AnswerLost => {
                drop(inner.call(call).await);
                Err(ConnectionCut)
            }
            Self::LateApply => {
                drop(later(of, LATE, call, inner));
                std::future::pending().await
            }
            Self::Slow(seconds) => {
                let response = later(of, Duration::from_secs(seconds), call, inner);
                response.await.unwrap_or(Err(ConnectionCut))
            }
            Self::DeadlineNear => {
                sleep_until(of.began() + SHORT_CALL).await;
                inner.call(call).await
            }
            Self::ConditionFailed => Ok(refuse(&call, &inner).await),
            Self::Conflict => Ok(conflict(&call)),
            Self::PartialBatch => half(call, &inner).await,
            Self::Corrupt => Ok(corrupt(of, &inner.call(call).await?)),
        }
    }
}

/// Makes a call after a while, whether or not anybody still waits for its response.
fn later(
    of: &Injection,
    after: Duration,
    call: Call,
    inner: Backend,
) -> oneshot::Receiver<Outcome> {
    let (respond, response) = oneshot::channel();
    let guard = of.delayed();
    let at = Instant::now() + after;
    tokio::spawn(async move {
        sleep_until(at).await;
        // Nobody may be waiting for it.
        drop(respond.send(inner.call(call).await));
        // What the caller does next begins before this counts as done.
        sleep(Duration::from_millis(1)).await;
        drop(guard);
    });
    response
}

fn error(status: u16, code: &str) -> Response<Bytes> {
    respond(status, &json!({"__type": code, "message": "injected"}))
}

fn respond(status: u16, body: &Value) -> Response<Bytes> {
    let response = Response::builder().status(status);
    response.body(Bytes::from(body.to_string())).unwrap()
}

fn body(call: &Call) -> Value {
    serde_json::from_slice(call.body()).unwrap()
}

/// Refuses a conditional write, with the stored item if the request wanted it.
async fn refuse(call: &Call, inner: &Backend) -> Response<Bytes> {
    let request = body(call);
    let Some(parts) = request["TransactItems"].as_array() else {
        let mut refusal =
            json!({"__type": "ConditionalCheckFailedException", "message": "injected"});
        if let Some(item) = stored(&request, inner).await {
            refusal["Item"] = item;
        }
        return respond(400, &refusal);
    };
    let mut reasons = Vec::new();
    let mut refused = false;
    for part in parts {
        let part = part.as_object().and_then(|part| part.values().next());
        let part = part.expect("a part has one member");
        if refused || part["ConditionExpression"].is_null() {
            reasons.push(json!({"Code": "None"}));
            continue;
        }
        refused = true;
        let mut reason = json!({"Code": "ConditionalCheckFailed", "Message": "injected"});
        if let Some(item) = stored(part, inner).await {
            reason["Item"] = item;
        }
        reasons.push(reason);
    }
    cancelled(&reasons)
}

/// Returns the item that a write is about, if it exists and the write wants it back.
async fn stored(write: &Value, inner: &Backend) -> Option<Value> {
    if write["ReturnValuesOnConditionCheckFailure"] != "ALL_OLD" {
        return None;
    }
    let item = &write["Item"];
    let name = if item["pk"].is_null() { "sid" } else { "pk" };
    let key = write.get("Key").cloned();
    let key = key.unwrap_or_else(|| json!({name: item[name]}));
    let read = http::Request::post("/").header("x-amz-target", "DynamoDB_20120810.GetItem");
    let read = read.body(Bytes::from(
        json!({"TableName": write["TableName"], "Key": key}).to_string(),
    ));
    let response = inner.call(read.unwrap()).await.unwrap();
    let response: Value = serde_json::from_slice(response.body()).unwrap();
    response.get("Item").cloned()
}

fn conflict(call: &Call) -> Response<Bytes> {
    let request = body(call);
    let Some(parts) = request["TransactItems"].as_array() else {
        return error(400, "TransactionConflictException");
    };
    let mut reasons = vec![json!({"Code": "None"}); parts.len()];
    reasons[0] = json!({"Code": "TransactionConflict", "Message": "injected"});
    cancelled(&reasons)
}

fn cancelled(reasons: &[Value]) -> Response<Bytes> {
    let cancelled = json!({
        "__type": "TransactionCanceledException",
        "Message": "injected",
        "CancellationReasons": reasons,
    });
    respond(400, &cancelled)
}

/// Processes the first half of the keys of every table.
async fn half(call: Call, inner: &Backend) -> Outcome {
    let (parts, bytes) = call.into_parts();
    let mut now: Value = serde_json::from_slice(&bytes).unwrap();
    let mut left = json!({});
    for (table, request) in now["RequestItems"].as_object_mut().unwrap() {
        let keys = match request.as_array_mut() {
            Some(writes) => writes,
            None => request["Keys"].as_array_mut().unwrap(),
        };
        let rest = keys.split_off(keys.len() / 2);
        left[table] = match request.as_array() {
            Some(_) => Value::Array(rest),
            None => json!({"Keys": rest, "ConsistentRead": true}),
        };
    }
    let is_empty = |request: &Value| {
        let keys = request.as_array().or(request["Keys"].as_array());
        keys.is_none_or(Vec::is_empty)
    };
    let requests = now["RequestItems"].as_object_mut().unwrap();
    requests.retain(|_, request| !is_empty(request));
    let member = if left.as_object().unwrap().values().any(Value::is_array) {
        "UnprocessedItems"
    } else {
        "UnprocessedKeys"
    };
    let mut response = json!({"Responses": {}});
    if !requests.is_empty() {
        let call = Call::from_parts(parts, Bytes::from(now.to_string()));
        response = serde_json::from_slice(inner.call(call).await?.body()).unwrap();
    }
    response[member] = left;
    Ok(respond(200, &response))
}

/// Makes everything that a call read invalid, but for the keys.
fn corrupt(of: &Injection, response: &Response<Bytes>) -> Response<Bytes> {
    let mut body: Value = serde_json::from_slice(response.body()).unwrap();
    let mut spoilt = false;
    for (member, invalid) in [
        ("SecretString", json!("not a key ring")),
        ("SuppressedDestination", json!(true)),
    ] {
        if !body[member].is_null() {
            body[member] = invalid;
            spoilt = true;
        }
    }
    let mut items: Vec<&mut Value> = Vec::new();
    let body_members = body.as_object_mut().unwrap();
    for (member, value) in body_members {
        match (member.as_str(), value) {
            ("Item", item) => items.push(item),
            ("Items", Value::Array(found)) => items.extend(found),
            ("Responses", Value::Object(tables)) => {
                let found = tables.values_mut().filter_map(Value::as_array_mut);
                items.extend(found.flatten());
            }
            _ => {}
        }
    }
    for item in items {
        for (attribute, value) in item.as_object_mut().unwrap() {
            if !["pk", "sk", "sid"].contains(&attribute.as_str()) {
                *value = json!({"BOOL": true});
                spoilt = true;
            }
        }
    }
    if !spoilt {
        of.missed();
    }
    respond(response.status().as_u16(), &body)
}
