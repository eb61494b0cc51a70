//! One service in one region.

use std::fmt;

use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::retry::RetryConfig;
use aws_types::region::SigningRegion;
use aws_types::service_config::ServiceConfigKey;
use aws_types::{SdkConfig, SigningName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::{Refusal, RestError};

/// A service of AWS, by the names that it has in the SDK's settings, in host names and in
/// signatures.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    id: &'static str,
    endpoint_variable: &'static str,
    host: &'static str,
    signed_as: &'static str,
}

impl Service {
    /// SES, version 2 of its API.
    pub const SES: Self = Self {
        id: "SESv2",
        endpoint_variable: "AWS_ENDPOINT_URL_SESV2",
        host: "email",
        signed_as: "ses",
    };

    /// Lambda.
    pub const LAMBDA: Self = Self {
        id: "Lambda",
        endpoint_variable: "AWS_ENDPOINT_URL_LAMBDA",
        host: "lambda",
        signed_as: "lambda",
    };

    /// Returns the service's endpoint: the one that the configuration sets, or AWS's own.
    pub(crate) fn endpoint(self, config: &SdkConfig) -> String {
        let own = config.service_config().and_then(|settings| {
            let key = ServiceConfigKey::builder()
                .service_id(self.id)
                .env(self.endpoint_variable)
                .profile("endpoint_url");
            settings.load_config(key.build().ok()?)
        });
        if let Some(url) = own.or_else(|| config.endpoint_url().map(str::to_owned)) {
            return url;
        }
        let region = config.region().map_or("", AsRef::as_ref);
        let is_dual = config.use_dual_stack() == Some(true);
        let domain = match (region.starts_with("cn-"), is_dual) {
            (false, false) => "amazonaws.com",
            (false, true) => "api.aws",
            (true, false) => "amazonaws.com.cn",
            (true, true) => "api.amazonwebservices.com.cn",
        };
        let fips = match config.use_fips() {
            Some(true) => "-fips",
            Some(false) | None => "",
        };
        format!("https://{}{fips}.{region}.{domain}", self.host)
    }
}

/// Sends requests to a service, with the credentials, the time limits and the retries of the
/// SDK's configuration.
#[derive(Clone)]
pub struct RestClient(Operation<Request, Value, Refusal>);

/// A request. It is the caller's, so it must not be logged.
struct Request {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

impl RestClient {
    /// Opens the service at its own endpoint, or at another one. Nothing connects yet.
    #[must_use]
    pub fn open(service: Service, config: &SdkConfig, endpoint: Option<&str>) -> Self {
        let endpoint = endpoint.map_or_else(|| service.endpoint(config), str::to_owned);
        let mut operation = Operation::builder()
            .service_name(service.id)
            .operation_name("rest")
            .endpoint_url(&endpoint)
            .with_connection_poisoning()
            .retry_classifier(TransientErrorClassifier::<Refusal>::new())
            .retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .runtime_plugin(signatures(service, config));
        if let Some(version) = config.behavior_version() {
            operation = operation.behavior_version(version);
        }
        if let Some(http) = config.http_client() {
            operation = operation.http_client(http);
        }
        if let Some(sleep) = config.sleep_impl() {
            operation = operation.sleep_impl(sleep);
        }
        if let Some(time) = config.time_source() {
            operation = operation.time_source(time);
        }
        if let Some(timeouts) = config.timeout_config() {
            operation = operation.timeout_config(timeouts.clone());
        }
        if let Some(protection) = config.stalled_stream_protection() {
            operation = operation.stalled_stream_protection(protection);
        }
        let retries = config.retry_config().cloned();
        operation = match retries.unwrap_or_else(RetryConfig::standard) {
            retries if retries.max_attempts() > 1 => operation.standard_retry(&retries),
            _ => operation.no_retry(),
        };
        let operation = operation.serializer(serialize).deserializer(read);
        Self(operation.build())
    }

    /// Reads what a path has.
    ///
    /// # Errors
    /// [`RestError`] if the service refuses or does not respond.
    pub async fn get(&self, path: String) -> Result<Value, RestError> {
        self.send("GET", path, None).await
    }

    /// Deletes what a path has.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn delete(&self, path: String) -> Result<Value, RestError> {
        self.send("DELETE", path, None).await
    }

    /// Sends a body to a path.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post(&self, path: String, body: Value) -> Result<Value, RestError> {
        self.send("POST", path, Some(body)).await
    }

    async fn send(
        &self,
        method: &'static str,
        path: String,
        body: Option<Value>,
    ) -> Result<Value, RestError> {
        let request = Request { method, path, body };
        self.0.invoke(request).await
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.method)
    }
}

/// Without the credentials, which the operation holds.
impl fmt::Debug for RestClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RestClient")
    }
}

/// Encodes a text for one segment of a path.
#[must_use]
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// All but RFC 3986's unreserved characters, as the SDK does.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Signs each request for a service, with the configuration's credentials.
fn signatures(service: Service, config: &SdkConfig) -> StaticRuntimePlugin {
    let region = config.region().cloned().map(SigningRegion::from);
    let mut layer = Layer::new("signatures");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region,
        name: Some(SigningName::from_static(service.signed_as)),
        ..SigV4OperationSigningConfig::default()
    });
    let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
    let mut components = RuntimeComponentsBuilder::new("signatures")
        .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)))
        .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
    if let Some(cache) = config.identity_cache() {
        components.set_identity_cache(Some(cache));
    }
    if let Some(credentials) = config.credentials_provider() {
        let resolver = SharedIdentityResolver::new(credentials);
        components.set_identity_resolver(SCHEME_ID, resolver);
    }
    StaticRuntimePlugin::new()
        .with_config(layer.freeze())
        .with_runtime_components(components)
}

fn serialize(request: Request) -> Result<HttpRequest, BoxError> {
    let Request { method, path, body } = request;
    let mut request = http::Request::builder().method(method).uri(path);
    let body = match body {
        Some(body) => {
            let body = body.to_string();
            request = request.header("content-type", "application/json");
            request = request.header("content-length", body.len());
            SdkBody::from(body)
        }
        None => SdkBody::empty(),
    };
    Ok(HttpRequest::try_from(request.body(body)?)?)
}

fn read(response: &HttpResponse) -> Result<Value, OrchestratorError<Refusal>> {
    if !response.status().is_success() {
        return Err(OrchestratorError::operation(Refusal::read(response)));
    }
    match response.body().bytes() {
        None | Some([]) => Ok(Value::Null),
        Some(body) => serde_json::from_slice(body).map_err(OrchestratorError::other),
    }
}
