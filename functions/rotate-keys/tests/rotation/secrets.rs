//! Secrets Manager with one secret: versions, their labels, and its refusals as
//! they are documented.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// One secret. A version without a value is one that was only labelled.
pub(crate) struct Secrets {
    versions: BTreeMap<String, Option<String>>,
    labels: BTreeMap<String, String>,
}

impl Secrets {
    /// Makes the secret as the template does: a ring without keys.
    pub(crate) fn new() -> Self {
        let first = "00000000-0000-0000-0000-000000000000".to_owned();
        let value = Some(r#"{"version":0}"#.to_owned());
        Self {
            versions: [(first.clone(), value)].into(),
            labels: [("AWSCURRENT".to_owned(), first)].into(),
        }
    }

    /// Labels a version that has no value yet.
    pub(crate) fn label(&mut self, token: &str) {
        self.versions.insert(token.to_owned(), None);
        self.labels.insert("AWSPENDING".into(), token.to_owned());
    }

    /// Answers one call, or gives the code of its refusal.
    pub(crate) fn answer(
        &mut self,
        operation: &str,
        request: &Value,
    ) -> Result<Value, &'static str> {
        assert_eq!(request["SecretId"], ARN);
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
        json!({"ARN": ARN, "VersionIdsToStages": stages})
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
        Ok(json!({"ARN": ARN, "VersionId": version, "SecretString": value}))
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
        Ok(json!({"ARN": ARN, "VersionId": token}))
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
        Ok(json!({"ARN": ARN}))
    }
}

/// The secret's ARN.
pub(crate) const ARN: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:ring-AbCdEf";
