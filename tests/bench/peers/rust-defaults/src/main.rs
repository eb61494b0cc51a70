//! An authorizer with `lambda_runtime`, `jsonwebtoken` and the AWS SDK, as a tutorial writes
//! it.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Claims {
    jti: String,
    sid: String,
    sub: String,
}

struct App {
    keys: JwkSet,
    validation: Validation,
    table: String,
    dynamodb: Client,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[std::env::var("AUDIENCE")?]);
    validation.set_issuer(&[std::env::var("ISSUER")?]);
    let app = App {
        keys: serde_json::from_str(&std::env::var("JWKS")?)?,
        validation,
        table: std::env::var("REVOCATIONS_TABLE")?,
        dynamodb: Client::new(&config),
    };
    let app = &app;
    run(service_fn(|event| handle(app, event))).await
}

async fn handle(app: &App, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let header = event.payload["headers"]["authorization"].as_str();
    let token = header.and_then(|header| header.strip_prefix("Bearer ")).ok_or("no token")?;
    let kid = decode_header(token)?.kid.ok_or("no kid")?;
    let key = DecodingKey::from_jwk(app.keys.find(&kid).ok_or("an unknown kid")?)?;
    let claims = decode::<Claims>(token, &key, &app.validation)?.claims;
    let mut keys = KeysAndAttributes::builder().consistent_read(true);
    for (name, id) in [("jti", &claims.jti), ("sid", &claims.sid), ("sub", &claims.sub)] {
        keys = keys.keys([("pk".to_owned(), AttributeValue::S(format!("{name}#{id}")))].into());
    }
    let read = app.dynamodb.batch_get_item().request_items(&app.table, keys.build()?);
    let found = read.send().await?;
    let revoked = found.responses().and_then(|tables| tables.get(&app.table));
    let pending = found.unprocessed_keys().is_some_and(|keys| !keys.is_empty());
    if pending || revoked.is_some_and(|items| !items.is_empty()) {
        return Ok(json!({ "isAuthorized": false }));
    }
    Ok(json!({ "isAuthorized": true, "context": { "sub": claims.sub } }))
}
