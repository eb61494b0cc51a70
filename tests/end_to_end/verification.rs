//! E-mail addresses that wait to be verified, with mail.

use gatehouse_tests::person::{PASSWORD, unique};
use gatehouse_tests::service::{MAIL_FROM, code_in, parameters};
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Response, Service};
use serde_json::json;

const REQUIRED: [(&str, &str); 1] = [("EmailVerification", "required")];

fn address(name: &str) -> String {
    format!("{}@example.net", unique(name))
}

async fn register(service: &Service, username: &str, email: &str) -> anyhow::Result<Response> {
    let body = json!({ "username": username, "password": PASSWORD, "email": email });
    service.post("/register", &body).await
}

/// A person whose address waits, and the code that was mailed to it.
async fn waiting(service: &Service, name: &str) -> anyhow::Result<(Person, String)> {
    let person = Person::named(name).with_email(address(name));
    let person = person.register(service).await?;
    let code = mailed(service, &person).await?;
    Ok((person, code))
}

async fn mailed(service: &Service, person: &Person) -> anyhow::Result<String> {
    let email = person.email.clone().unwrap_or_default();
    code_in(&service.mail_to(&email).await?)
}

async fn verify(service: &Service, code: &str, password: &str) -> anyhow::Result<Response> {
    let body = json!({ "code": code, "password": password });
    service.post("/email/verify", &body).await
}

#[tokio::test]
async fn a_code_and_the_password_verify_an_address_once() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let (ada, code) = waiting(&service, "ada").await?;
    let response = verify(&service, &code, PASSWORD).await?;
    response.assert_status(204);
    let ada = ada.logs_in_again(&service).await?;
    let me = ada.get(&service, "/me").await?.json();
    assert_eq!(me["email"].as_str(), ada.email.as_deref());
    assert_eq!(me["email_verified"], true);
    assert_eq!(me.get("pending_email"), None);
    let by_address = service.log_in(me["email"].as_str().unwrap_or_default(), PASSWORD);
    by_address.await?.assert_status(200);
    let again = verify(&service, &code, PASSWORD).await?;
    again.assert_problem(400, "invalid_code");
    Ok(())
}

#[tokio::test]
async fn a_code_and_the_access_token_verify_an_address() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let (ada, code) = waiting(&service, "ada").await?;
    let ada = ada.logs_in_again(&service).await?;
    let body = json!({ "code": code });
    let response = ada.post(&service, "/email/verify", &body).await?;
    response.assert_status(204);
    // The session continues.
    let me = ada.get(&service, "/me").await?.json();
    assert_eq!(me["email_verified"], true);
    Ok(())
}

/// Whoever opens the link: a scanner of the mail provider, or the victim of somebody who
/// registered with their address.
#[tokio::test]
async fn a_code_without_a_proof_of_its_account_changes_nothing() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let (ada, code) = waiting(&service, "ada").await?;
    let only_code = json!({ "code": code });
    let response = service.post("/email/verify", &only_code).await?;
    response.assert_invalid_field("password");
    let response = verify(&service, &code, "not her passphrase").await?;
    response.assert_problem(401, "invalid_credentials");
    let eve = service.logged_in("eve").await?;
    let response = eve.post(&service, "/email/verify", &only_code).await?;
    response.assert_problem(400, "invalid_code");
    let ada = ada.logs_in_again(&service).await?;
    let both = json!({ "code": code, "password": PASSWORD });
    let response = ada.post(&service, "/email/verify", &both).await?;
    response.assert_invalid_field("password");
    let body = json!({ "username": ada.username, "password": PASSWORD, "scope": "" });
    let less = ada.with_tokens(&service.post("/login", &body).await?);
    let response = less.post(&service, "/email/verify", &only_code).await?;
    response.assert_problem(403, "insufficient_scope");
    let ended = ada.logs_in_again(&service).await?;
    ended.logs_out(&service, "local").await?;
    let response = ended.post(&service, "/email/verify", &only_code).await?;
    response.assert_problem(401, "unauthorized");
    let me = ada.get(&service, "/me").await?.json();
    assert_eq!(me["email_verified"], false);
    assert_eq!(me["pending_email"].as_str(), ada.email.as_deref());
    verify(&service, &code, PASSWORD).await?.assert_status(204);
    Ok(())
}

#[tokio::test]
async fn malformed_and_unknown_codes_get_the_same_response() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let (_, code) = waiting(&service, "ada").await?;
    let last = if code.ends_with('A') { "Q" } else { "A" };
    let unknown = format!("{}{last}", &code[..code.len() - 1]);
    for wrong in [
        "",
        "gh_ev_",
        &code[1..],
        &unknown,
        &code.replace("gh_ev_", "gh_rc_"),
    ] {
        let response = verify(&service, wrong, PASSWORD).await?;
        response.assert_problem(400, "invalid_code");
    }
    Ok(())
}

#[tokio::test]
async fn a_verified_address_leaves_the_account_that_held_it_unverified() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let (ada, code) = waiting(&service, "ada").await?;
    let email = ada.email.clone().unwrap_or_default();
    let mut holder = Person::named("holder").with_email(email.clone());
    "another long and winding passphrase".clone_into(&mut holder.password);
    let holder = holder.is_imported(&service).await?;
    service
        .log_in(&email, &holder.password)
        .await?
        .assert_status(200);
    verify(&service, &code, PASSWORD).await?.assert_status(204);
    let response = service.log_in(&email, &holder.password).await?;
    response.assert_problem(401, "invalid_credentials");
    service.log_in(&email, PASSWORD).await?.assert_status(200);
    let holder = holder.logs_in_again(&service).await?;
    let me = holder.get(&service, "/me").await?.json();
    assert_eq!(me.get("email"), None);
    Ok(())
}

#[tokio::test]
async fn a_code_for_an_address_that_someone_has_verified_since_is_409() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let (ada, code) = waiting(&service, "ada").await?;
    let email = ada.email.unwrap_or_default();
    let eve = Person::named("eve").with_email(email);
    let eve = eve.register(&service).await?;
    let of_eve = mailed(&service, &eve).await?;
    assert_ne!(code, of_eve);
    verify(&service, &code, PASSWORD).await?.assert_status(204);
    let response = verify(&service, &of_eve, PASSWORD).await?;
    response.assert_problem(409, "email_taken");
    Ok(())
}

#[tokio::test]
async fn a_mail_is_sent_again_only_after_a_while() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let (ada, _) = waiting(&service, "ada").await?;
    let ada = ada.logs_in_again(&service).await?;
    let path = "/email/verification";
    let response = ada.post(&service, path, &json!({})).await?;
    response.assert_status(202);
    let credentials = json!({ "username": ada.username, "password": PASSWORD });
    service.post(path, &credentials).await?.assert_status(202);
    let mails = service.mails_to(ada.email.as_deref().unwrap_or_default());
    assert_eq!(mails.await?.len(), 1, "the first was sent just now");
    Ok(())
}

#[tokio::test]
async fn nobody_has_a_mail_sent_without_a_proof_of_the_account() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let ada = service.logged_in("ada").await?;
    let path = "/email/verification";
    for (body, field) in [
        (json!({}), "password"),
        (json!({ "username": ada.username }), "password"),
        (json!({ "password": PASSWORD }), "username"),
    ] {
        let response = service.post(path, &body).await?;
        response.assert_invalid_field(field);
    }
    for username in [ada.username.clone(), unique("nobody")] {
        let body = json!({ "username": username, "password": "not her passphrase" });
        let response = service.post(path, &body).await?;
        response.assert_problem(401, "invalid_credentials");
    }
    let both = json!({ "username": ada.username });
    let response = ada.post(&service, path, &both).await?;
    response.assert_invalid_field("username");
    Ok(())
}

#[tokio::test]
async fn an_account_that_must_verify_first_logs_in_once_it_has() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&REQUIRED).await?;
    let (ada, code) = waiting(&service, "ada").await?;
    let response = service.log_in(&ada.username, PASSWORD).await?;
    response.assert_problem(403, "email_not_verified");
    verify(&service, &code, PASSWORD).await?.assert_status(204);
    ada.logs_in_again(&service).await?;
    Ok(())
}

/// Who was registered while it was required is let in while it is optional, and refused again
/// once it is required again. Who was registered in between is never refused.
#[tokio::test]
async fn a_verification_is_required_only_while_it_is_set() -> anyhow::Result<()> {
    let (required, optional) = ([MAIL_FROM, REQUIRED[0]], [MAIL_FROM]);
    let service = Service::start_locally_to_change(&required).await?;
    let (ada, code) = waiting(&service, "ada").await?;
    let (eve, _) = waiting(&service, "eve").await?;
    let response = service.log_in(&ada.username, PASSWORD).await?;
    response.assert_problem(403, "email_not_verified");

    let service = service.changed(&optional).await?;
    let ada = ada.logs_in_again(&service).await?;
    let eve = eve.logs_in_again(&service).await?;
    let me = ada.get(&service, "/me").await?.json();
    assert_eq!(me["email_verified"], false);
    assert_eq!(me["pending_email"].as_str(), ada.email.as_deref());
    // Without an address.
    let grace = service.registered("grace").await?;
    let (max, _) = waiting(&service, "max").await?;
    verify(&service, &code, PASSWORD).await?.assert_status(204);

    let service = service.changed(&required).await?;
    let response = service.log_in(&eve.username, PASSWORD).await?;
    response.assert_problem(403, "email_not_verified");
    // A session that has begun continues.
    eve.refreshes(&service).await?;
    for allowed in [&ada, &grace, &max] {
        allowed.logs_in_again(&service).await?;
    }

    // Without mail, nobody can verify anything.
    let service = service.changed(&[]).await?;
    eve.logs_in_again(&service).await?;
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_registered_with_mail_waits() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&[]).await?;
    let (ada, email) = (unique("ada"), address("Ada"));
    let response = register(&service, &ada, &email).await?;
    response.assert_status(201);
    assert_eq!(response.member("pending_email"), email);
    assert_eq!(response.json().get("email"), None, "{response}");
    // It is no name: it reserves nothing, and nobody logs in with it.
    let name = format!("email#{}", email.to_lowercase());
    let users = Tables::of(&service).scan("UsersTable").await?;
    assert!(!users.iter().any(|item| format!("{item:?}").contains(&name)));
    let response = service.log_in(&email, PASSWORD).await?;
    response.assert_problem(401, "invalid_credentials");
    let ada = Person::with_username(&ada).logs_in_again(&service).await?;
    let me = ada.get(&service, "/me").await?.json();
    assert_eq!(me["email_verified"], false);
    assert_eq!(me["pending_email"], *email);
    assert_eq!(me.get("email"), None);
    let export = ada.get(&service, "/me/export").await?.json();
    let user = &export["user"];
    assert_eq!(user["pending_email"], *email);
    assert_eq!(user["pending_email_canonical"], email.to_lowercase());
    assert!(user["pending_email_at"].is_string(), "{export}");
    assert!(user["email_verified_at"].is_null(), "{export}");
    Ok(())
}

#[tokio::test]
async fn a_registration_with_mail_does_not_show_whether_an_address_is_taken() -> anyhow::Result<()>
{
    let service = Service::shared_locally_with(&[]).await?;
    let (free, held) = (address("free"), address("held"));
    let holder = Person::named("holder").with_email(held.clone());
    holder.is_imported(&service).await?;
    let mut seen = Vec::new();
    for email in [&free, &held] {
        let name = unique("ada");
        let response = register(&service, &name, email).await?;
        response.assert_status(201);
        let shown = response.snapshot(&["id", "created_at", "username", "pending_email"]);
        seen.push(shown);
    }
    assert_eq!(seen[0], seen[1]);
    Ok(())
}

#[tokio::test]
async fn a_required_verification_demands_an_address() -> anyhow::Result<()> {
    let service = Service::shared_locally_with(&REQUIRED).await?;
    let body = json!({ "username": unique("ada"), "password": PASSWORD });
    let response = service.post("/register", &body).await?;
    response.assert_invalid_field("email");
    let body = json!({ "username": unique("ada"), "password": PASSWORD, "email": null });
    let response = service.post("/register", &body).await?;
    response.assert_invalid_field("email");
    Ok(())
}

#[tokio::test]
async fn an_account_that_must_verify_first_learns_it_only_with_the_right_password()
-> anyhow::Result<()> {
    let service = Service::shared_locally_with(&REQUIRED).await?;
    let ada = Person::named("ada").with_email(address("ada"));
    let ada = ada.register(&service).await?;
    let wrong = service.log_in(&ada.username, "not her passphrase").await?;
    wrong.assert_problem(401, "invalid_credentials");
    let right = service.log_in(&ada.username, PASSWORD).await?;
    right.assert_problem(403, "email_not_verified");
    assert_eq!(right.json().get("access_token"), None);
    let sessions = Tables::of(&service).scan("SessionsTable").await?;
    let of_ada = |item: &&_| format!("{item:?}").contains(&ada.id);
    assert_eq!(sessions.iter().filter(of_ada).count(), 0);
    Ok(())
}

#[tokio::test]
async fn administrators_need_not_verify_while_none_of_them_could_log_in_otherwise()
-> anyhow::Result<()> {
    // Its own service, in which nobody else is an administrator.
    let parameters = parameters(&[MAIL_FROM, REQUIRED[0]]);
    let service = Service::start_locally(|options| options.parameters = parameters).await?;
    let (ada, code) = waiting(&service, "ada").await?;
    let (grace, _) = waiting(&service, "grace").await?;
    for admin in [&ada, &grace] {
        let response = service.log_in(&admin.username, PASSWORD).await?;
        response.assert_problem(403, "email_not_verified");
        admin.is_granted(&service, &["admin"]).await?;
        admin.logs_in_again(&service).await?;
    }
    ada.logs_in_again(&service).await?;
    verify(&service, &code, PASSWORD).await?.assert_status(204);
    let response = service.log_in(&grace.username, PASSWORD).await?;
    response.assert_problem(403, "email_not_verified");
    ada.logs_in_again(&service).await?;
    Ok(())
}
