//! The functions: what is measured of each, and their environment.

use crate::certificate::Authority;
use crate::fixture::{ISSUER, WORD};
use crate::items::SECRET_ARN;

/// A function that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// A part of every valid response.
    pub(crate) expected: &'static str,
    /// As in the template.
    pub(crate) memory_mb: u32,
    /// True if its calls are requests to the HTTP API.
    pub(crate) has_route: bool,
}

impl Function {
    const fn new(name: &'static str, expected: &'static str, memory_mb: u32) -> Self {
        Self {
            name,
            expected,
            memory_mb,
            has_route: true,
        }
    }

    const fn without_route(self) -> Self {
        Self {
            has_route: false,
            ..self
        }
    }

    /// Returns its environment, given that of every subject.
    pub(crate) fn environment(self, all: &[(String, String)]) -> Vec<(String, String)> {
        let sends_mail = MAIL.contains(&self.name);
        let mail = MAIL_ENVIRONMENT.iter().filter(|_| sends_mail);
        let mail = mail.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        all.iter().cloned().chain(mail).collect()
    }
}

/// The functions, in the order of the table.
pub(crate) const FUNCTIONS: [Function; 13] = [
    Function::new("authorizer", r#""isAuthorized":true"#, 128).without_route(),
    Function::new("jwks", r#""statusCode":200"#, 128),
    Function::new("login", r#""statusCode":200"#, 1769),
    Function::new("refresh", r#""statusCode":200"#, 256),
    Function::new("protected", r#""statusCode":200"#, 128),
    Function::new("register", r#""statusCode":201"#, 1769),
    Function::new("introspect", r#"\"active\":true"#, 128),
    Function::new("logout", r#""statusCode":204"#, 128),
    Function::new("account", r#"\"username\":\"ada\""#, 1769),
    Function::new("admin", r#"\"username\":\"ada\""#, 128),
    Function::new("email", r#""statusCode":202"#, 1769),
    Function::new("mailer", r#"{"batchItemFailures":[]}"#, 256).without_route(),
    Function::new("rotate-keys", "null", 512).without_route(),
];

/// The functions that have an outbox. Others would write to it as well, and then cost more.
const MAIL: [&str; 2] = ["email", "mailer"];
const MAIL_ENVIRONMENT: [(&str, &str); 3] = [
    ("OUTBOX_TABLE", "Outbox"),
    ("MAIL_FROM", "auth@example.com"),
    (
        "MAIL_RETRY_QUEUE_URL",
        "https://sqs.us-east-1.amazonaws.com/123456789012/retries",
    ),
];

/// Returns the environment of every subject. Each reads only its own part of it.
pub(crate) fn environment(aws: &str, authority: &Authority) -> Vec<(String, String)> {
    let bundle = &*authority.bundle.to_string_lossy();
    let certificate = &*authority.certificate.to_string_lossy();
    let set = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        ),
        ("AWS_SESSION_TOKEN", "AQoDYXdzEJr1K5example"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", aws),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
        // Where each language looks for certificates: Rust and OpenSSL, boto3, Node.js.
        ("SSL_CERT_FILE", bundle),
        ("AWS_CA_BUNDLE", bundle),
        ("NODE_EXTRA_CA_CERTS", certificate),
        ("RUST_LOG", "info"),
        ("ISSUER", ISSUER),
        ("AUDIENCE", WORD),
        ("CLIENT_ID", WORD),
        ("CLIENT_ADDRESS", "connection"),
        ("KEY_RING_SECRET_ARN", SECRET_ARN),
        ("LOGIN_ATTEMPTS_TABLE", "LoginAttempts"),
        ("REVOCATIONS_TABLE", "Revocations"),
        ("SESSIONS_TABLE", "Sessions"),
        ("SIGNING_KEYS_TABLE", "SigningKeys"),
        ("USERS_TABLE", "Users"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    set.into_iter().map(owned).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::build::root;

    #[test]
    fn the_functions_and_their_memory_are_those_of_the_template() {
        let template = fs::read_to_string(root().join("infra/template.yaml")).unwrap();
        let parts = template.split("CodeUri: ../target/lambda/").skip(1);
        let deployed = parts.map(|part| {
            let (name, rest) = part.split_once('\n').unwrap();
            // A function's own properties end where its role is.
            let (own, _) = rest.split_once("Role:").unwrap();
            let memory = own
                .lines()
                .find_map(|line| line.trim().strip_prefix("MemorySize: "));
            (name, memory.map_or(128, |memory| memory.parse().unwrap()))
        });
        let mut deployed: Vec<(&str, u32)> = deployed.collect();
        let mut measured = FUNCTIONS.map(|function| (function.name, function.memory_mb));
        deployed.sort_unstable();
        measured.sort_unstable();
        assert_eq!(deployed, measured);
        assert!(template.contains("    MemorySize: 128\n    Timeout: 10\n"));
    }
}
