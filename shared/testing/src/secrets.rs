//! Secrets Manager with one secret: its versions and their labels, and the errors
//! that AWS documents.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::backend::{Backend, Call, operation};

/// The ARN of the secret.
pub const SECRET_ARN: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:ring-AbCdEf";

/// One secret. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Arc<Mutex<Secret>>);

impl Secrets {
    /// Returns a secret of its own with the same versions and labels.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().unwrap().clone())))
    }

    /// Returns the labels, and the version of the current ring, for a comparison.
    #[must_use]
    pub fn summary(&self) -> (String, u64) {
        let secret = self.0.lock().unwrap();
        let labels: Vec<&str> = secret.labels.keys().map(String::as_str).collect();
        let current = secret.labels.get("AWSCURRENT").unwrap();
        let ring = secret.versions.get(current).cloned().flatten();
        let ring: Value = serde_json::from_str(&ring.unwrap_or_default()).unwrap_or_default();
        let version = ring.get("version").and_then(Value::as_u64);
        (labels.join(" "), version.unwrap_or_default())
    }

    /// Labels a version that has no value yet, as Secrets Manager does before it
    /// calls the first step of a rotation.
    pub fn label(&self, token: &str) {
        let mut secret = self.0.lock().unwrap();
        secret.versions.insert(token.to_owned(), None);
        secret.labels.insert("AWSPENDING".into(), token.to_owned());
    }

    /// Returns the current value.
    #[must_use]
    pub fn current(&self) -> String {
        let secret = self.0.lock().unwrap();
        let version = secret.labels.get("AWSCURRENT").unwrap();
        secret.versions.get(version).unwrap().clone().unwrap()
    }

    /// Makes an earlier version current again, by its value, as an operator may.
    pub fn restore(&self, value: &str) {
        let mut secret = self.0.lock().unwrap();
        let mut versions = secret.versions.iter();
        let found = versions.find(|(_, stored)| stored.as_deref() == Some(value));
        let version = found.unwrap().0.clone();
        secret.labels.insert("AWSCURRENT".into(), version);
    }

    /// Handles calls to Secrets Manager, and leaves all others to `dynamodb`: one
    /// endpoint for both, as a function has it.
    #[must_use]
    pub fn beside(&self, dynamodb: Backend) -> Backend {
        let secrets = self.clone();
        Backend::new(move |call| {
            let (secrets, dynamodb) = (secrets.clone(), dynamodb.clone());
            async move {
                let target = call.headers().get("x-amz-target");
                if target.is_some_and(|target| target.as_bytes().starts_with(b"secretsmanager.")) {
                    return Ok(secrets.handle(&call));
                }
                dynamodb.call(call).await
            }
        })
    }

    fn handle(&self, call: &Call) -> Response<Bytes> {
        let request = serde_json::from_slice(call.body()).unwrap();
        let result = self.0.lock().unwrap().handle(operation(call), &request);
        let (status, body) = match result {
            Ok(body) => (StatusCode::OK, body),
            Err(code) => {
                let body = json!({"__type": code, "message": "no"});
                (StatusCode::BAD_REQUEST, body)
            }
        };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        response
    }
}

#[derive(Debug, Clone)]
struct Secret {
    /// A version without a value has only been labelled.
    versions: BTreeMap<String, Option<String>>,
    labels: BTreeMap<String, String>,
}

impl Default for Secret {
    /// Creates it as the template does: a ring without keys.
    fn default() -> Self {
        let first = "00000000-0000-0000-0000-000000000000".to_owned();
        let value = Some(r#"{"version":0}"#.to_owned());
        Self {
            versions: [(first.clone(), value)].into(),
            labels: [("AWSCURRENT".to_owned(), first)].into(),
        }
    }
}

impl Secret {
    /// Handles one call, or returns the code of the error.
    fn handle(&mut self, operation: &str, request: &Value) -> Result<Value, &'static str> {
        assert_eq!(request["SecretId"], SECRET_ARN);
        match operation {
            "DescribeSecret" => Ok(self.describe()),
            "GetSecretValue" => self.value(request),
            "PutSecretValue" => self.put(request),
            "UpdateSecretVersionStage" => self.update(request),
            other => panic!("{other} is not granted"),
        }
    }

    fn describe(&self) -> Value {
        let mut stages: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
        for (label, version) in &self.labels {
            stages.entry(version).or_default().push(label);
        }
        json!({"ARN": SECRET_ARN, "VersionIdsToStages": stages})
    }

    fn value(&self, request: &Value) -> Result<Value, &'static str> {
        let id = request["VersionId"].as_str();
        let label = request["VersionStage"].as_str();
        let label = label.or(id.is_none().then_some("AWSCURRENT"));
        let labelled = label.and_then(|label| self.labels.get(label));
        let version = id.or(labelled.map(String::as_str));
        let version = version.ok_or("ResourceNotFoundException")?;
        if labelled.is_some_and(|labelled| labelled != version) {
            return Err("InvalidRequestException");
        }
        let value = self.versions.get(version).and_then(Option::as_ref);
        let value = value.ok_or("ResourceNotFoundException")?;
        Ok(json!({"ARN": SECRET_ARN, "VersionId": version, "SecretString": value}))
    }

    fn put(&mut self, request: &Value) -> Result<Value, &'static str> {
        let token = request["ClientRequestToken"].as_str().unwrap().to_owned();
        let value = request["SecretString"].as_str().unwrap().to_owned();
        assert!(value.len() <= 65_536, "too long for a secret");
        match self.versions.get(&token) {
            Some(Some(before)) if *before != value => return Err("ResourceExistsException"),
            _ => self.versions.insert(token.clone(), Some(value)),
        };
        for label in request["VersionStages"].as_array().unwrap() {
            let label = label.as_str().unwrap().to_owned();
            self.labels.insert(label, token.clone());
        }
        Ok(json!({"ARN": SECRET_ARN, "VersionId": token}))
    }

    fn update(&mut self, request: &Value) -> Result<Value, &'static str> {
        let label = request["VersionStage"].as_str().unwrap();
        let from = request["RemoveFromVersionId"].as_str();
        if self.labels.get(label).map(String::as_str) != from {
            return Err("InvalidParameterException");
        }
        self.labels.remove(label);
        if let Some(to) = request["MoveToVersionId"].as_str() {
            self.labels.insert(label.to_owned(), to.to_owned());
            if label == "AWSCURRENT" {
                let before = from.unwrap().to_owned();
                self.labels.insert("AWSPREVIOUS".to_owned(), before);
            }
        }
        Ok(json!({"ARN": SECRET_ARN}))
    }
}
