//! Every sample event, through its function.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use gatehouse_tests::{Service, binaries};
use serde_json::{Value, json};

/// What each event's function returns: a status, a verdict, or a failure.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a line for each event")]
async fn every_sample_event_has_the_outcome_that_its_name_says() -> anyhow::Result<()> {
    // The names in the events are fixed, so another test on the same stack may take them.
    let service = Service::shared_with(&[("ClientId", "events")]).await?;
    let ada = service.logged_in("ada").await?;
    let admin = service.administrator("grace").await?;
    let mut verdicts = BTreeMap::new();
    for (function, path) in events()? {
        let event = std::fs::read_to_string(&path)?;
        serde_json::from_str::<Value>(&event)?;
        let event = event
            .replace("ACCESS_TOKEN", &ada.access_token)
            .replace("ADMIN_TOKEN", &admin.access_token)
            .replace("REFRESH_TOKEN", &ada.refresh_token)
            .replace("SUBJECT", &ada.id)
            .replace(SECRET, service.secret());
        let case = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let outcome = outcome(&service, &function, &event).await;
        let outcome = outcome.with_context(|| format!("{function}/{case}"))?;
        verdicts.insert(format!("{function}/{case}"), outcome);
    }
    insta::assert_json_snapshot!(verdicts, @r#"
    {
      "account/change_password_of_unknown_user": "401 unauthorized",
      "account/change_password_with_a_number": "422 validation_failed",
      "account/delete_without_password": "422 validation_failed",
      "account/end_unknown_session": "404 not_found",
      "account/me_of_unknown_user": "401 unauthorized",
      "account/me_without_principal": "401 unauthorized",
      "account/me_without_scope": "403 insufficient_scope",
      "account/reset_with_garbage": "400 invalid_code",
      "account/unknown_route": "404 not_found",
      "account/valid": 200,
      "admin/change_to_invalid_status": "422 validation_failed",
      "admin/list_with_invalid_limit": "422 validation_failed",
      "admin/list_with_malformed_cursor": "422 validation_failed",
      "admin/list_without_role": "403 insufficient_scope",
      "admin/list_without_scope": "403 insufficient_scope",
      "admin/remove_unknown_user": "404 not_found",
      "admin/show_unknown_user": "404 not_found",
      "admin/valid": 200,
      "admin/without_principal": "401 unauthorized",
      "authorizer/garbage_token": false,
      "authorizer/http_api_payload_1": "Allow",
      "authorizer/no_credential": false,
      "authorizer/no_event": "fails: the event is not an authorizer event of API Gateway",
      "authorizer/rest_request": "Allow",
      "authorizer/rest_token": "Allow",
      "authorizer/rest_two_headers": "fails: Unauthorized",
      "authorizer/two_credentials": false,
      "authorizer/valid": true,
      "authorizer/websocket_connect": "Allow",
      "email/forgot_unknown_user": 202,
      "email/forgot_without_username": "422 validation_failed",
      "email/send_again_without_proof": "422 validation_failed",
      "email/unknown_route": "404 not_found",
      "email/valid": 202,
      "email/verify_with_garbage": "400 invalid_code",
      "email/verify_without_proof": "422 validation_failed",
      "introspect/invalid_token": "401 invalid_token",
      "introspect/two_credentials": "401 invalid_client",
      "introspect/unknown_client": "401 invalid_client",
      "introspect/unknown_token": 200,
      "introspect/valid": 200,
      "introspect/without_credential": "401 invalid_client",
      "introspect/without_scope": "403 insufficient_scope",
      "introspect/without_token": "400 invalid_request",
      "jwks/authorization_server": 200,
      "jwks/no_event": "400 invalid_request",
      "jwks/openid_configuration": 200,
      "jwks/unknown_path": "404 not_found",
      "jwks/valid": 200,
      "login/base64_body": 200,
      "login/invalid_scope": "422 invalid_scope",
      "login/null_username": "422 validation_failed",
      "login/unknown_user": "401 invalid_credentials",
      "login/valid": 200,
      "login/wrong_password": "401 invalid_credentials",
      "logout/valid": 204,
      "logout/without_principal": "401 unauthorized",
      "logout/wrong_scope": "422 validation_failed",
      "logout/wrongly_typed_scope": "422 validation_failed",
      "mailer/no_event": "fails: the event is neither a batch of the outbox's stream nor one of the retry queue",
      "mailer/queued": "failed: ",
      "mailer/queued_garbage": "failed: 2e1424d4-f796-459a-8184-9c92662be6da",
      "mailer/valid": "failed: ",
      "protected/admin": 200,
      "protected/admin_without_role": "403 insufficient_scope",
      "protected/admin_without_scope": "403 insufficient_scope",
      "protected/valid": 200,
      "protected/without_principal": "401 unauthorized",
      "refresh/forged_token": "400 invalid_grant",
      "refresh/form_without_grant_type": "400 invalid_request",
      "refresh/repeated_parameter": "400 invalid_request",
      "refresh/revoke_unknown_token": 200,
      "refresh/revoke_without_token": "400 invalid_request",
      "refresh/unsupported_grant_type": "400 unsupported_grant_type",
      "refresh/valid": 200,
      "register/body_too_large": "413 body_too_large",
      "register/duplicate_member": "400 invalid_json",
      "register/invalid_base64": "400 invalid_json",
      "register/malformed_json": "400 invalid_json",
      "register/missing_password": "422 validation_failed",
      "register/nul_in_username": "422 validation_failed",
      "register/valid": 201,
      "register/weak_password": "422 weak_password",
      "register/wrong_content_type": "415 unsupported_media_type",
      "rotate-keys/finish_secret": null,
      "rotate-keys/measure": null,
      "rotate-keys/no_event": "fails: the event is not a rotation event of Secrets Manager",
      "rotate-keys/set_secret": null,
      "rotate-keys/short_token": "fails: the event is not a rotation event of Secrets Manager",
      "rotate-keys/test_secret": null,
      "rotate-keys/unknown_step": "fails: the event is not a rotation event of Secrets Manager",
      "rotate-keys/valid": null
    }
    "#);
    Ok(())
}

#[test]
fn every_function_has_a_valid_event_and_two_others() -> anyhow::Result<()> {
    let template = binaries::root().join("infra/template.yaml");
    let functions = gatehouse_local::all_function_names(&template)?;
    let events = events()?;
    for function in functions {
        let count = events.iter().filter(|(name, _)| *name == function).count();
        assert!(count >= 3, "{function} has {count} events");
        let valid = binaries::root().join(format!("events/{function}/valid.json"));
        assert!(valid.exists(), "there is no {}", valid.display());
    }
    Ok(())
}

/// A status and code for HTTP, only the verdict for the authorizer, the failures for the
/// mailer.
fn verdict(response: &Value) -> Value {
    if let Some(failures) = response["batchItemFailures"].as_array() {
        let ids = failures.iter().map(|failure| &failure["itemIdentifier"]);
        let ids: Vec<&str> = ids.filter_map(Value::as_str).collect();
        return json!(format!("failed: {}", ids.join(", ")));
    }
    if let Some(status) = response.get("statusCode") {
        let body: Value = response["body"]
            .as_str()
            .and_then(|body| serde_json::from_str(body).ok())
            .unwrap_or_default();
        let code = ["code", "error"]
            .iter()
            .find_map(|name| body.get(name)?.as_str());
        return code.map_or_else(|| status.clone(), |code| json!(format!("{status} {code}")));
    }
    match response.get("isAuthorized") {
        Some(verdict) => verdict.clone(),
        None => response["policyDocument"]["Statement"][0]["Effect"].clone(),
    }
}

#[tokio::test]
async fn the_authorizer_reads_the_scheme_in_any_case_in_every_kind_of_event() -> anyhow::Result<()>
{
    let service = Service::shared().await?;
    let token = service.logged_in("ada").await?.access_token;
    let mut allowed = 0;
    for (function, path) in events()? {
        if function != "authorizer" {
            continue;
        }
        let event = std::fs::read_to_string(&path)?.replace("ACCESS_TOKEN", &token);
        let documented = outcome(&service, &function, &event).await?;
        for scheme in ["bearer ", "BEARER ", "Bearer  "] {
            let spelled = outcome(&service, &function, &event.replace("Bearer ", scheme)).await?;
            assert_eq!(spelled, documented, "{scheme:?} {}", path.display());
        }
        allowed += usize::from(documented == true || documented == "Allow");
    }
    assert_eq!(allowed, 5, "one event of each kind is allowed");
    Ok(())
}

async fn outcome(service: &Service, function: &str, event: &str) -> anyhow::Result<Value> {
    Ok(match service.invoke(function, event.as_bytes()).await? {
        Ok(response) => verdict(&serde_json::from_slice(&response)?),
        Err(message) => json!(format!("fails: {message}")),
    })
}

/// Every event file with its function; `register` comes before `login`.
fn events() -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(binaries::root().join("events"))? {
        let folder = folder?;
        if !folder.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder.path())? {
            let path = file?.path();
            found.push((folder.file_name().to_string_lossy().into_owned(), path));
        }
    }
    found.sort_by_key(|(function, path)| (function != "register", function.clone(), path.clone()));
    Ok(found)
}

/// The secret in the sample events of a rotation.
const SECRET: &str =
    "arn:aws:secretsmanager:us-east-1:000000000000:secret:gatehouse-key-ring-AbCdEf";
