//! What a person does while a function is killed. Each act is sent once, killed at random, and
//! repeated as an honest client repeats it; then it has happened, once.

use anyhow::ensure;
use gatehouse_tests::{Person, Response};
use reqwest::Method;
use serde_json::json;

use crate::contents;
use crate::killer::Killer;

const NEW: &str = "eight quiet otters at dawn";
const NEWER: &str = "nine loud herons in the reeds";

impl Killer<'_> {
    /// Lives one life, from the registration to the deletion.
    ///
    /// # Errors
    /// If anything that was acknowledged is lost, or anything is half done.
    pub(crate) async fn live(&mut self, admin: &Person) -> anyhow::Result<()> {
        let mut ada = self.registers().await?;
        self.logs_in(&mut ada).await?;
        self.is_let_in(&ada).await?;
        for _ in 0..2 {
            self.refreshes(&mut ada).await?;
        }
        self.changes_password(&mut ada).await?;
        self.logs_in(&mut ada).await?;
        self.is_granted(admin, &mut ada, &["admin", "user"]).await?;
        self.is_granted(admin, &mut ada, &["user"]).await?;
        contents::check(&contents::read(self.service).await?)?;
        self.logs_out(&ada).await?;
        self.resets_password(&mut ada).await?;
        self.logs_in(&mut ada).await?;
        self.deletes(admin, &ada).await
    }

    async fn registers(&mut self) -> anyhow::Result<Person> {
        let ada = Person::named("ada");
        let email = format!("{}@example.org", ada.username);
        let ada = ada.with_email(email);
        let body = json!({
            "username": ada.username, "password": ada.password, "email": ada.email,
        });
        let service = self.service;
        let request = service.post("/register", &body);
        if self
            .during("register", "register", 201, request)
            .await?
            .is_none()
        {
            let again = service.post("/register", &body).await?;
            // The name is taken if the account was created before the kill.
            self.repeated(&again, &[201], &[409])?;
        }
        Ok(ada)
    }

    async fn logs_in(&mut self, ada: &mut Person) -> anyhow::Result<()> {
        let service = self.service;
        let request = service.log_in(&ada.username, &ada.password);
        let response = match self.during("login", "login", 200, request).await? {
            Some(response) => response,
            None => service.log_in(&ada.username, &ada.password).await?,
        };
        expect(&response, &[200])?;
        *ada = ada.with_tokens(&response);
        ada.id = ada.claim("sub");
        ada.is_let_in(service).await
    }

    /// A valid token is never denied, whichever function dies.
    async fn is_let_in(&mut self, ada: &Person) -> anyhow::Result<()> {
        for victim in ["authorizer", "protected"] {
            let request = ada.get(self.service, "/protected");
            self.during("protected", victim, 200, request).await?;
            ada.is_let_in(self.service).await?;
        }
        Ok(())
    }

    /// A token has one successor, however often it is presented.
    async fn refreshes(&mut self, ada: &mut Person) -> anyhow::Result<()> {
        let service = self.service;
        let request = service.refresh(&ada.refresh_token);
        let first = match self.during("refresh", "refresh", 200, request).await? {
            Some(response) => response,
            None => service.refresh(&ada.refresh_token).await?,
        };
        expect(&first, &[200])?;
        let second = service.refresh(&ada.refresh_token).await?;
        expect(&second, &[200])?;
        let tokens = [first, second].map(|response| response.member("refresh_token"));
        ensure!(tokens[0] == tokens[1], "a token has two successors");
        ada.refresh_token.clone_from(&tokens[0]);
        *ada = ada.refreshes(service).await?;
        ada.is_let_in(service).await
    }

    async fn changes_password(&mut self, ada: &mut Person) -> anyhow::Result<()> {
        let service = self.service;
        let change = json!({ "current_password": ada.password, "new_password": NEW });
        let path = "/me/password";
        let request = ada.call(service, Method::PUT, path, &change);
        if self
            .during("password", "account", 204, request)
            .await?
            .is_none()
        {
            let again = ada.call(service, Method::PUT, path, &change).await?;
            // A new password ends the session.
            self.repeated(&again, &[204], &[403])?;
        }
        self.has_password(ada, NEW).await
    }

    async fn resets_password(&mut self, ada: &mut Person) -> anyhow::Result<()> {
        let service = self.service;
        let code = ada.recovery_code(service).await?;
        let request = service.reset_password(&code, NEWER);
        if self
            .during("reset", "account", 204, request)
            .await?
            .is_none()
        {
            let again = service.reset_password(&code, NEWER).await?;
            // A code is valid once.
            self.repeated(&again, &[204], &[400])?;
        }
        self.has_password(ada, NEWER).await
    }

    /// Expects the new password, and only it, and no session of before.
    async fn has_password(&self, ada: &mut Person, new: &str) -> anyhow::Result<()> {
        let service = self.service;
        ada.is_logged_out(service).await?;
        ada.cannot_log_in(service).await?;
        new.clone_into(&mut ada.password);
        expect(&service.log_in(&ada.username, new).await?, &[200])
    }

    async fn is_granted(
        &mut self,
        admin: &Person,
        ada: &mut Person,
        roles: &[&str],
    ) -> anyhow::Result<()> {
        let service = self.service;
        let (path, body) = (
            format!("/admin/users/{}", ada.id),
            json!({ "roles": roles }),
        );
        let request = admin.call(service, Method::PATCH, &path, &body);
        if self.during("roles", "admin", 200, request).await?.is_none() {
            let again = admin.call(service, Method::PATCH, &path, &body).await?;
            self.repeated(&again, &[200], &[])?;
        }
        ada.is_shut_out(service).await?;
        *ada = ada.refreshes(service).await?;
        let shown = admin.get(service, &path).await?.list("roles");
        ensure!(shown == roles, "{shown:?}");
        Ok(())
    }

    async fn logs_out(&mut self, ada: &Person) -> anyhow::Result<()> {
        let service = self.service;
        let body = json!({ "scope": "local" });
        let request = ada.post(service, "/logout", &body);
        if self
            .during("logout", "logout", 204, request)
            .await?
            .is_none()
        {
            let again = ada.post(service, "/logout", &body).await?;
            self.repeated(&again, &[204], &[403])?;
        }
        ada.is_logged_out(service).await
    }

    async fn deletes(&mut self, admin: &Person, ada: &Person) -> anyhow::Result<()> {
        let service = self.service;
        let body = json!({ "password": ada.password });
        let request = ada.call(service, Method::DELETE, "/me", &body);
        if self
            .during("deletion", "account", 204, request)
            .await?
            .is_none()
        {
            let again = ada.call(service, Method::DELETE, "/me", &body).await?;
            self.repeated(&again, &[204], &[403])?;
        }
        ada.is_logged_out(service).await?;
        // What the schedule does to a deletion that was interrupted, but now.
        let path = format!("/admin/users/{}", ada.id);
        let rest = admin
            .call(service, Method::DELETE, &path, &json!({}))
            .await?;
        expect(&rest, &[204, 404])?;
        service.stack().settled().await;
        let contents = contents::read(service).await?;
        contents::check_deleted(&contents, ada)?;
        contents::check(&contents)?;
        ada.cannot_log_in(service).await
    }

    /// Expects one of the statuses of a first request, or of one that had taken effect.
    fn repeated(&mut self, response: &Response, first: &[u16], done: &[u16]) -> anyhow::Result<()> {
        self.tally.unacknowledged += u64::from(done.contains(&response.status));
        expect(response, &[first, done].concat())
    }
}

fn expect(response: &Response, statuses: &[u16]) -> anyhow::Result<()> {
    // A body with tokens stays out of the report.
    let shown = response.code();
    let status = response.status;
    ensure!(
        statuses.contains(&status),
        "{status} {shown}, not {statuses:?}"
    );
    Ok(())
}
