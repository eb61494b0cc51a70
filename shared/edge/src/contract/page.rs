//! `docs/errors.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::error::{Format, errors};
use super::operation::Operation;
use crate::error::FIELD_CODES;

const HEAD: &str = "\
# Errors

<!-- Generated from the code: `UPDATE_CONTRACT=1 cargo test --test end_to_end contract`. -->

Compare the status and the code, never the text: texts may change. A client that does not
know a code treats it like its status.

Every response has the header `X-Request-Id` if a function sent it, and `apigw-requestid` if
API Gateway did. The logs contain both: quote them when you report an error.

";

/// Writes the page of all errors.
#[must_use]
pub fn errors_page(operations: &[Operation]) -> String {
    let mut page = HEAD.to_owned();
    for (format, title, text) in SECTIONS {
        let _ = write!(page, "## {title}\n\n{text}\n\n");
        let _ = writeln!(page, "{}", header(format));
        for entry in errors().into_iter().filter(|entry| entry.format == format) {
            let routes = routes_of(operations, entry.code, format);
            let _ = match format {
                Format::Gateway => writeln!(
                    page,
                    "| {} | `{}` | {} | {} |",
                    entry.status, entry.code, entry.when, entry.client
                ),
                Format::Problem | Format::Oauth => writeln!(
                    page,
                    "| `{}` | {} | {} | {} | {routes} |",
                    entry.code, entry.status, entry.when, entry.client
                ),
            };
        }
        page.push('\n');
    }
    page.push_str(FIELDS);
    for (code, meaning) in FIELD_CODES {
        let _ = writeln!(page, "| `{code}` | {meaning} |");
    }
    page
}

fn header(format: Format) -> &'static str {
    match format {
        Format::Gateway => {
            "| status | message | when | what a client does |\n| --- | --- | --- | --- |"
        }
        Format::Problem | Format::Oauth => {
            "| code | status | when | what a client does | routes |\n| --- | --- | --- | --- | --- |"
        }
    }
}

/// The routes that return an error; `all` if each one does.
fn routes_of(operations: &[Operation], code: &str, format: Format) -> String {
    let mut methods: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for operation in operations {
        let codes = match format {
            Format::Problem => &operation.problems,
            Format::Oauth | Format::Gateway => &operation.oauth_errors,
        };
        if codes.contains(&code) {
            let (method, path) = operation.route.split_once(' ').unwrap_or_default();
            methods.entry(path).or_default().push(method);
        }
    }
    if methods.is_empty() {
        return "all".to_owned();
    }
    let routes = methods.iter();
    let routes = routes.map(|(path, methods)| format!("`{} {path}`", methods.join(", ")));
    routes.collect::<Vec<_>>().join(", ")
}

const SECTIONS: [(Format, &str, &str); 3] = [
    (
        Format::Problem,
        "Problems",
        "All routes except the token endpoints return `application/problem+json` (RFC 9457). The
code is the member `code`; `detail` is a sentence for people, `instance` names the request,
and `errors` lists what is wrong with each field.",
    ),
    (
        Format::Oauth,
        "Errors of the token endpoints",
        "`/refresh`, `/revoke` and `/introspect` return `application/json` with the members
`error` and `error_description` (RFC 6749 section 5.2).",
    ),
    (
        Format::Gateway,
        "Errors of API Gateway",
        "If no function responds, the body is `{\"message\": …}` and there is no code. These
responses have none of the headers of a function's response.",
    ),
];

const FIELDS: &str = "\
## Codes of fields

The problems `validation_failed` and `weak_password` have a list `errors`. Each item has the
name of the field or parameter in `field`, one of these codes in `code`, and a sentence
without a subject in `detail`.

| code | what is wrong |
| --- | --- |
";
