//! Keycloak's credentials, as in a realm's export and its database: an object with two
//! strings of JSON, `credentialData` and `secretData`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::foreign::encoding::strip_padding;

/// A credential. It has no `Debug`, because it contains a hash.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    credential_data: String,
    secret_data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    hash_iterations: u32,
    algorithm: String,
    #[serde(default)]
    additional_parameters: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Secret {
    value: String,
    salt: String,
}

/// Rewrites a credential in PHC string format; `None` if the text is not one.
pub(super) fn convert(text: &str) -> Option<String> {
    let credential: Credential = serde_json::from_str(text).ok()?;
    let data: Data = serde_json::from_str(&credential.credential_data).ok()?;
    let secret: Secret = serde_json::from_str(&credential.secret_data).ok()?;
    let (salt, value) = (strip_padding(&secret.salt), strip_padding(&secret.value));
    let iterations = data.hash_iterations;
    match data.algorithm.as_str() {
        "argon2" => {
            let parameter = |name: &str| data.additional_parameters.get(name)?.first();
            let version = match parameter("version")?.as_str() {
                "1.3" => 19,
                "1.0" => 16,
                _ => return None,
            };
            let (kind, memory, lanes) = (
                parameter("type")?,
                parameter("memory")?,
                parameter("parallelism")?,
            );
            Some(format!(
                "$argon2{kind}$v={version}$m={memory},t={iterations},p={lanes}${salt}${value}"
            ))
        }
        // Keycloak's name for PBKDF2 with SHA-1.
        "pbkdf2" => Some(format!("$pbkdf2$i={iterations}${salt}${value}")),
        name => {
            let digest = name.strip_prefix("pbkdf2-")?;
            Some(format!("$pbkdf2-{digest}$i={iterations}${salt}${value}"))
        }
    }
}
