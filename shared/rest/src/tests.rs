//! Against a stand-in for a service.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;
use gatehouse_testing::{Backend, Call};
use http::{Response, StatusCode};

use super::*;

/// A configuration with credentials, whose requests get these responses, one after the other;
/// and what was sent.
fn config(responses: &'static [(u16, &'static str)]) -> (SdkConfig, Arc<Mutex<Vec<Call>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let backend = Backend::new(move |call: Call| {
        let mut seen = seen.lock().unwrap();
        let (status, body) = responses[seen.len().min(responses.len() - 1)];
        seen.push(call);
        async move {
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        }
    });
    let credentials = Credentials::new("AKID", "key", Some("session".to_owned()), None, "test");
    let config = SdkConfig::builder()
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(backend.http_client());
    (config.build(), calls)
}

#[tokio::test]
async fn a_request_is_signed_for_its_service_and_goes_to_its_host() {
    for (service, host, signed_as) in [
        (Service::SES, "email.eu-west-1.amazonaws.com", "ses"),
        (Service::LAMBDA, "lambda.eu-west-1.amazonaws.com", "lambda"),
    ] {
        let (config, calls) = config(&[(200, r#"{"Found":true}"#)]);
        let client = RestClient::open(service, &config, None);
        let path = format!("/things/{}", segment("a b/c"));
        let found = client.get(path).await.unwrap();
        assert_eq!(found["Found"], true);
        let calls = calls.lock().unwrap();
        assert_eq!(calls[0].uri().host(), Some(host));
        assert_eq!(calls[0].uri().path(), "/things/a%20b%2Fc");
        let header = |name: &str| calls[0].headers()[name].to_str().unwrap().to_owned();
        let scope = format!("/eu-west-1/{signed_as}/aws4_request");
        let authorization = header("authorization");
        assert!(authorization.contains(&scope), "{authorization}");
        assert_eq!(header("x-amz-security-token"), "session");
    }
}

#[tokio::test]
async fn a_body_is_sent_as_json() {
    let (config, calls) = config(&[(200, "")]);
    let client = RestClient::open(Service::SES, &config, None);
    let body = serde_json::json!({ "TemplateData": "{}" });
    let sent = client.post("/things".to_owned(), body).await.unwrap();
    assert_eq!(sent, serde_json::Value::Null);
    let calls = calls.lock().unwrap();
    assert_eq!(calls[0].method(), "POST");
    assert_eq!(calls[0].headers()["content-type"], "application/json");
    assert_eq!(*calls[0].body(), r#"{"TemplateData":"{}"}"#);
}

#[test]
fn the_host_follows_the_partition_and_the_settings() {
    let (config, _) = config(&[(200, "")]);
    let host = |region, fips, dual_stack| {
        let config = config.to_builder().region(Region::from_static(region));
        let config = config.use_fips(fips).use_dual_stack(dual_stack).build();
        Service::LAMBDA.endpoint(&config)
    };
    for (region, fips, dual_stack, expected) in [
        (
            "us-east-1",
            true,
            false,
            "lambda-fips.us-east-1.amazonaws.com",
        ),
        ("us-east-1", false, true, "lambda.us-east-1.api.aws"),
        (
            "cn-north-1",
            false,
            false,
            "lambda.cn-north-1.amazonaws.com.cn",
        ),
    ] {
        assert_eq!(
            host(region, fips, dual_stack),
            format!("https://{expected}")
        );
    }
    let config = config.to_builder().endpoint_url("http://emulator").build();
    assert_eq!(Service::LAMBDA.endpoint(&config), "http://emulator");
}

#[tokio::test]
async fn a_refusal_has_the_services_code_wherever_it_is() {
    for (body, code) in [
        (
            r#"{"__type":"NotFoundException","message":"no"}"#,
            Some("NotFoundException"),
        ),
        (
            r#"{"__type":"aws.ses#NotFoundException:http://x"}"#,
            Some("NotFoundException"),
        ),
        (r#"{"code":"Denied","Message":"no"}"#, Some("Denied")),
        ("not JSON", None),
    ] {
        let (config, _) = config(Box::leak(Box::new([(404, body)])));
        let client = RestClient::open(Service::SES, &config, None);
        let error = client.delete("/things".to_owned()).await.unwrap_err();
        assert_eq!(error.code(), code, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_may_pass_is_tried_again() {
    for passing in [(500, ""), (429, r#"{"__type":"TooManyRequestsException"}"#)] {
        let (config, calls) = config(Box::leak(Box::new([passing, (200, "")])));
        let client = RestClient::open(Service::SES, &config, None);
        client.get("/things".to_owned()).await.unwrap();
        assert_eq!(calls.lock().unwrap().len(), 2);
    }
    let (config, calls) = config(&[(403, ""), (200, "")]);
    let client = RestClient::open(Service::SES, &config, None);
    let refused = client.get("/things".to_owned()).await.unwrap_err();
    let status = refused
        .raw_response()
        .map(|response| response.status().as_u16());
    assert_eq!(status, Some(403));
    assert_eq!(calls.lock().unwrap().len(), 1);
}
