use std::time::Duration;

use super::*;
use crate::error::fault::Failing;

/// Status, headers that matter and body of a problem, for snapshots.
fn shown(problem: Problem) -> String {
    let response = problem.into_response("LV7fzho-PHcEJPw=");
    let headers = ["content-type", "retry-after", "www-authenticate"]
        .into_iter()
        .filter_map(|name| {
            Some(format!(
                "{name}: {}\n",
                response.headers().get(name)?.to_str().unwrap()
            ))
        });
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    format!(
        "{}\n{}{body:#}",
        response.status(),
        headers.collect::<String>()
    )
}

#[test]
fn a_problem_names_its_kind_and_its_request() {
    insta::assert_snapshot!(shown(Problem::invalid_credentials()), @r#"
    401 Unauthorized
    content-type: application/problem+json
    www-authenticate: Bearer realm="gatehouse"
    {
      "code": "invalid_credentials",
      "detail": "the username or the password is wrong",
      "instance": "urn:gatehouse:request:LV7fzho-PHcEJPw=",
      "request_id": "LV7fzho-PHcEJPw=",
      "status": 401,
      "title": "Wrong username or password",
      "type": "urn:gatehouse:problem:invalid_credentials"
    }
    "#);
}

#[test]
fn a_validation_problem_names_every_invalid_field() {
    let errors = vec![
        FieldError::new("username", "missing", "is missing"),
        FieldError::new("email", "wrong_type", "must be a string"),
    ];
    insta::assert_snapshot!(shown(Problem::validation_failed(errors)), @r#"
    422 Unprocessable Entity
    content-type: application/problem+json
    {
      "code": "validation_failed",
      "detail": "some fields are missing, unknown or invalid: see `errors`",
      "errors": [
        {
          "code": "missing",
          "detail": "is missing",
          "field": "username"
        },
        {
          "code": "wrong_type",
          "detail": "must be a string",
          "field": "email"
        }
      ],
      "instance": "urn:gatehouse:request:LV7fzho-PHcEJPw=",
      "request_id": "LV7fzho-PHcEJPw=",
      "status": 422,
      "title": "Validation failed",
      "type": "urn:gatehouse:problem:validation_failed"
    }
    "#);
}

#[test]
fn a_weak_password_comes_with_reasons_and_suggestions() {
    let reasons = [("too_short", "has fewer than 15 characters".to_owned())];
    let problem = Problem::weak_password("password", reasons, vec!["add another word".into()]);
    insta::assert_snapshot!(shown(problem), @r#"
    422 Unprocessable Entity
    content-type: application/problem+json
    {
      "code": "weak_password",
      "detail": "the password is too easy to guess",
      "errors": [
        {
          "code": "too_short",
          "detail": "has fewer than 15 characters",
          "field": "password"
        }
      ],
      "instance": "urn:gatehouse:request:LV7fzho-PHcEJPw=",
      "request_id": "LV7fzho-PHcEJPw=",
      "status": 422,
      "suggestions": [
        "add another word"
      ],
      "title": "Weak password",
      "type": "urn:gatehouse:problem:weak_password"
    }
    "#);
}

/// The status, the code, the texts and the headers of a problem.
fn line(problem: Problem) -> String {
    let (status, code) = (problem.status().as_u16(), problem.code());
    let (title, detail) = (problem.code.title(), problem.fault.detail.clone());
    let response = problem.into_response("id");
    let header = |name| {
        response
            .headers()
            .get(name)
            .map_or("-", |value| value.to_str().unwrap())
    };
    let (wait, challenge) = (header("retry-after"), header("www-authenticate"));
    format!("{status} {code} | {title} | {detail} | {wait} | {challenge}")
}

#[test]
fn each_problem_has_its_status_code_and_texts() {
    let problems = [
        Problem::invalid_request(),
        Problem::invalid_json("the body is not valid JSON"),
        Problem::unsupported_media_type(),
        Problem::body_too_large(),
        Problem::validation_failed(vec![]),
        Problem::weak_password("password", [], vec![]),
        Problem::invalid_scope(),
        Problem::invalid_credentials(),
        Problem::unauthorized(),
        Problem::invalid_token(),
        Problem::missing_role("admin"),
        Problem::missing_scope("orders"),
        Problem::role_not_grantable(&Role::parse("owner").unwrap()),
        Problem::email_not_verified(),
        Problem::registration_closed(),
        Problem::username_taken(),
        Problem::email_taken(),
        Problem::last_admin(),
        Problem::invalid_code(),
        Problem::too_many_requests(Duration::from_secs(7)),
        Problem::from(Failing { transient: false }),
    ];
    let lines: Vec<String> = problems.into_iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    400 invalid_request | Malformed request | the request could not be parsed | - | -
    400 invalid_json | Malformed body | the body is not valid JSON | - | -
    415 unsupported_media_type | Unsupported content type | send application/json in UTF-8 | - | -
    413 body_too_large | Body too large | the body is larger than 16 KiB | - | -
    422 validation_failed | Validation failed | some fields are missing, unknown or invalid: see `errors` | - | -
    422 weak_password | Weak password | the password is too easy to guess | - | -
    422 invalid_scope | Scope not granted | the scope is malformed or not granted to this user | - | -
    401 invalid_credentials | Wrong username or password | the username or the password is wrong | - | Bearer realm="gatehouse"
    401 unauthorized | Not authenticated | a valid access token is required | - | Bearer realm="gatehouse"
    401 unauthorized | Not authenticated | a valid access token is required | - | Bearer realm="gatehouse", error="invalid_token"
    403 insufficient_scope | Not allowed | the role `admin` is required | - | Bearer realm="gatehouse", error="insufficient_scope"
    403 insufficient_scope | Not allowed | the scope `orders` is required | - | Bearer realm="gatehouse", error="insufficient_scope", scope="orders"
    403 role_not_grantable | Role not granted | you may not grant the role `owner`: leave it out, or ask an operator to grant it | - | -
    403 email_not_verified | E-mail address not verified | verify your e-mail address first, with the code in the mail that was sent to it | - | -
    403 registration_closed | Registration is closed | registration is closed | - | -
    409 username_taken | Username taken | another account has this username | - | -
    409 email_taken | E-mail address taken | another account has this e-mail address | - | -
    409 last_admin | Last administrator | this is the last active administrator: promote another user first | - | -
    400 invalid_code | Code not accepted | the code is invalid, used or expired, or belongs to another account | - | -
    429 too_many_requests | Too many requests | too many attempts: wait, then try again | 7 | -
    500 internal | Internal error | an internal error occurred; quote the request id when reporting it | - | -
    "#);
}

#[test]
fn a_transient_failure_is_503_any_other_500_and_neither_shows_its_cause() {
    let transient = shown(Problem::from(Failing { transient: true }));
    let waits = ["retry-after: 1", "retry-after: 2"];
    assert!(
        transient.starts_with("503") && waits.iter().any(|wait| transient.contains(wait)),
        "{transient}"
    );
    assert!(transient.contains("the service is unavailable: try again"));
    let permanent = shown(Problem::from(Failing { transient: false }));
    assert!(
        permanent.starts_with("500") && !permanent.contains("retry-after"),
        "{permanent}"
    );
    let broken = shown(Problem::broken(Failing { transient: true }));
    assert!(broken.starts_with("500"), "{broken}");
    for response in [transient, permanent, broken] {
        assert!(!response.contains("canary"), "{response}");
    }
}
