//! `POST /register`.

use std::collections::BTreeSet;

use gatehouse_tests::person::unique;
use gatehouse_tests::{Person, Service};
use serde_json::json;

const PASSWORD: &str = "a long and winding passphrase";

#[tokio::test]
async fn a_new_account_is_answered_without_secrets() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let name = unique("Ada");
    let email = format!("{name}@Example.com");
    let body = json!({ "username": name, "password": PASSWORD, "email": email });
    let answer = service.post("/register", &body).await?;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("location"), "/me");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(answer.member("username"), name, "as it was typed");
    assert_eq!(answer.member("email"), format!("{name}@example.com"));
    insta::assert_json_snapshot!(answer.json(), {
        ".id" => "[id]", ".created_at" => "[time]", ".username" => "[name]", ".email" => "[address]",
    }, @r#"
    {
      "created_at": "[time]",
      "email": "[address]",
      "id": "[id]",
      "roles": [
        "user"
      ],
      "username": "[name]"
    }
    "#);
    assert_eq!(answer.member("id").len(), 22);
    Ok(())
}

#[tokio::test]
async fn a_taken_username_is_refused_in_every_spelling() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let name = unique("ada");
    let first = json!({ "username": name, "password": PASSWORD });
    assert_eq!(service.post("/register", &first).await?.status, 201);
    let wide = name.replacen('a', "\u{ff41}", 1);
    let title = name.replacen('a', "A", 1);
    for spelling in [&name, &name.to_uppercase(), &wide, &title] {
        let body = json!({ "username": spelling, "password": PASSWORD });
        let answer = service.post("/register", &body).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (409, "username_taken"),
            "{spelling}"
        );
    }
    Ok(())
}

/// Cherokee, Adlam, Georgian and Greek, in the case in which nobody types them.
#[tokio::test]
async fn a_name_of_any_script_logs_in_in_any_case() -> anyhow::Result<()> {
    let service = Service::start().await?;
    // Letters of another script would mix with the names.
    let digits = unique("");
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    for name in [
        "\u{13e3}\u{13b3}\u{13a9}",
        "\u{1e900}\u{1e923}\u{1e924}",
        "\u{1c92}\u{1c98}\u{1c9d}",
        "\u{393}\u{3b9}\u{3ce}\u{3c1}\u{3b3}\u{3bf}\u{3c2}",
    ] {
        let name = format!("{name}{digits}");
        let body = json!({ "username": name, "password": PASSWORD });
        let answer = service.post("/register", &body).await?;
        assert_eq!(answer.status, 201, "{name}: {answer:?}");
        for case in [name.to_uppercase(), name.to_lowercase()] {
            let body = json!({ "username": case, "password": PASSWORD });
            assert_eq!(service.post("/login", &body).await?.status, 200, "{case}");
        }
    }
    let body = json!({ "username": "ada \u{1f600}", "password": PASSWORD });
    let answer = service.post("/register", &body).await?.json();
    assert_eq!(
        answer["errors"][0],
        json!({ "field": "username", "code": "invalid_character", "detail": "a username cannot contain U+0020, a space" })
    );
    Ok(())
}

#[tokio::test]
async fn a_taken_address_leaves_nothing_of_the_new_account() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let (ada, eve) = (unique("ada"), unique("eve"));
    let email = format!("{ada}@example.com");
    let body = |name: &str| json!({ "username": name, "password": PASSWORD, "email": email });
    assert_eq!(service.post("/register", &body(&ada)).await?.status, 201);
    let answer = service.post("/register", &body(&eve)).await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (409, "email_taken")
    );
    let again = json!({ "username": eve, "password": PASSWORD });
    assert_eq!(service.post("/register", &again).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let answer = service
        .post("/register", &json!({ "username": null, "email": 7 }))
        .await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (422, "validation_failed")
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let mut fields: Vec<String> = answer.json()["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error["field"].to_string())
        .collect();
    fields.sort();
    assert_eq!(fields, [r#""email""#, r#""password""#, r#""username""#]);
    Ok(())
}

#[tokio::test]
async fn odd_usernames_and_addresses_are_refused_by_name() -> anyhow::Result<()> {
    let service = Service::start().await?;
    for odd in [
        "ab",
        "a@b.example",
        "a#b",
        "a b",
        "a\0bc",
        "a\r\nbc",
        "a\u{202e}bc",
        "a\u{200b}bc",
        "p\u{430}ypal",
        &"a".repeat(65),
    ] {
        let answer = service
            .post(
                "/register",
                &json!({ "username": odd, "password": PASSWORD }),
            )
            .await?;
        assert_eq!(answer.status, 422, "{odd:?}: {answer:?}");
        assert_eq!(answer.json()["errors"][0]["field"], "username", "{odd:?}");
    }
    for odd in [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b@c.example",
        "a b@c.example",
        "\u{e9}@b.example",
        &format!("{}@b.example", "a".repeat(65)),
    ] {
        let body = json!({ "username": "somebody", "password": PASSWORD, "email": odd });
        let answer = service.post("/register", &body).await?;
        assert_eq!(answer.status, 422, "{odd:?}: {answer:?}");
        assert_eq!(answer.json()["errors"][0]["field"], "email", "{odd:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_weak_password_is_refused_with_reasons_and_suggestions() -> anyhow::Result<()> {
    let service = Service::start().await?;
    for weak in [
        "short",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "somebody-somebody",
        "passwordpassword",
    ] {
        let body = json!({ "username": "somebody", "password": weak });
        let answer = service.post("/register", &body).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "weak_password"),
            "{weak}"
        );
        let problem = answer.json();
        assert_eq!(problem["errors"][0]["field"], "password", "{problem}");
        assert!(problem["errors"][0]["detail"].is_string(), "{problem}");
        assert!(problem["suggestions"].is_array(), "{problem}");
        assert!(
            !answer.text.contains(weak) || weak == "short",
            "the answer repeats the password"
        );
    }
    Ok(())
}

#[tokio::test]
async fn fields_that_registration_does_not_have_are_named_and_nothing_is_stored()
-> anyhow::Result<()> {
    let service = Service::start().await?;
    let mut body = json!({ "username": unique("ada"), "password": PASSWORD, "roles": ["admin"], "sub": "x", "pk": "x", "status": "x" });
    let answer = service.post("/register", &body).await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (422, "validation_failed")
    );
    let errors = answer.json()["errors"].clone();
    let named = errors.as_array().into_iter().flatten();
    let named: BTreeSet<&str> = named.filter_map(|error| error["field"].as_str()).collect();
    assert_eq!(named, BTreeSet::from(["pk", "roles", "status", "sub"]));
    body = json!({ "username": body["username"], "password": PASSWORD });
    let answer = service.post("/register", &body).await?;
    assert_eq!(
        (answer.status, &answer.json()["roles"]),
        (201, &json!(["user"]))
    );
    Ok(())
}

#[tokio::test]
async fn a_closed_registration_says_so() -> anyhow::Result<()> {
    let service = Service::start_with(|options| {
        options
            .parameters
            .insert("Registration".into(), "closed".into());
    })
    .await?;
    let answer = service
        .post(
            "/register",
            &json!({ "username": "ada", "password": PASSWORD }),
        )
        .await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (403, "registration_closed")
    );
    Ok(())
}

#[tokio::test]
async fn nobody_has_an_account_at_the_start() -> anyhow::Result<()> {
    let service = Service::start_with(|options| {
        // A parameter of its own: no other test has been on this stack.
        options
            .parameters
            .insert("Audience".into(), "nobody".into());
    })
    .await?;
    let tables = gatehouse_tests::tables::Tables::of(&service);
    assert!(tables.scan("UsersTable").await?.is_empty());
    Person::register(&service).await?;
    assert_eq!(
        tables.scan("UsersTable").await?.len(),
        2,
        "the user and the username"
    );
    Ok(())
}
