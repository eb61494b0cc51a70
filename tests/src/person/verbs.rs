//! What a person does, and what happens to them.
//!
//! A verb sends a request and checks the response; if it is not the expected one, the
//! error says which line of the test expected what.

use std::panic::Location;

use anyhow::Context as _;
use serde_json::json;

use super::Person;
use crate::response::Expected;
use crate::service::Service;

impl Person {
    /// Registers; from then on the id is known.
    ///
    /// # Errors
    /// If the response is not 201.
    #[track_caller]
    pub fn register(mut self, service: &Service) -> impl Future<Output = anyhow::Result<Self>> {
        let at = Location::caller();
        async move {
            let (name, password) = (&self.username, &self.password);
            let body = match &self.email {
                Some(email) => json!({ "username": name, "password": password, "email": email }),
                None => json!({ "username": name, "password": password }),
            };
            let response = service.post("/register", &body).await?;
            response.expect(Expected::Status(201), at)?;
            self.id = response.member("id");
            Ok(self)
        }
    }

    /// Logs in, and keeps the new session's tokens.
    ///
    /// # Errors
    /// If the response is not 200.
    #[track_caller]
    pub fn log_in(&mut self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = service.log_in(&self.username, &self.password).await?;
            response.expect(Expected::Status(200), at)?;
            *self = self.with_tokens(&response);
            Ok(())
        }
    }

    /// Logs in a second time, elsewhere: returns the person with the other session.
    ///
    /// # Errors
    /// If the response is not 200.
    #[track_caller]
    pub fn logs_in_again(&self, service: &Service) -> impl Future<Output = anyhow::Result<Self>> {
        let at = Location::caller();
        async move {
            let response = service.log_in(&self.username, &self.password).await?;
            response.expect(Expected::Status(200), at)?;
            Ok(self.with_tokens(&response))
        }
    }

    /// Expects the right password to be refused like a wrong one.
    ///
    /// # Errors
    /// If the response is not 401 `invalid_credentials`.
    #[track_caller]
    pub fn cannot_log_in(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = service.log_in(&self.username, &self.password).await?;
            response.expect(Expected::Problem(401, "invalid_credentials"), at)
        }
    }

    /// Expects the access token to be accepted.
    ///
    /// # Errors
    /// If the response to `GET /protected` is not 200.
    #[track_caller]
    pub fn is_let_in(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        self.is_let_in_at(service, "/protected")
    }

    /// Expects the access token to be accepted at a path.
    ///
    /// # Errors
    /// If the response is not 200.
    #[track_caller]
    pub fn is_let_in_at(
        &self,
        service: &Service,
        path: &str,
    ) -> impl Future<Output = anyhow::Result<()>> {
        self.gets(service, path, Expected::Status(200))
    }

    /// Expects the authorizer to refuse the access token.
    ///
    /// # Errors
    /// If the response to `GET /protected` is not the gateway's 403.
    #[track_caller]
    pub fn is_shut_out(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        self.is_shut_out_at(service, "/protected")
    }

    /// Expects the authorizer to refuse the access token at a path.
    ///
    /// # Errors
    /// If the response is not the gateway's 403.
    #[track_caller]
    pub fn is_shut_out_at(
        &self,
        service: &Service,
        path: &str,
    ) -> impl Future<Output = anyhow::Result<()>> {
        self.gets(service, path, Expected::FromGateway(403, "Forbidden"))
    }

    /// Expects a valid token that lacks the path's role or scope.
    ///
    /// # Errors
    /// If the response is not 403 `insufficient_scope`.
    #[track_caller]
    pub fn lacks_the_role_for(
        &self,
        service: &Service,
        path: &str,
    ) -> impl Future<Output = anyhow::Result<()>> {
        self.gets(service, path, Expected::Problem(403, "insufficient_scope"))
    }

    /// Refreshes: returns the person with the new tokens.
    ///
    /// # Errors
    /// If the response is not 200.
    #[track_caller]
    pub fn refreshes(&self, service: &Service) -> impl Future<Output = anyhow::Result<Self>> {
        let at = Location::caller();
        async move {
            let response = service.refresh(&self.refresh_token).await?;
            response.expect(Expected::Status(200), at)?;
            Ok(self.with_tokens(&response))
        }
    }

    /// Expects the refresh token to be refused.
    ///
    /// # Errors
    /// If the response is not 400 `invalid_grant`.
    #[track_caller]
    pub fn cannot_refresh(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = service.refresh(&self.refresh_token).await?;
            response.expect(Expected::OauthError(400, "invalid_grant"), at)
        }
    }

    /// Expects both tokens to be refused, as after a logout.
    ///
    /// # Errors
    /// If either is accepted, or refused in another way.
    #[track_caller]
    pub fn is_logged_out(&self, service: &Service) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = self.get(service, "/protected").await?;
            response.expect(Expected::FromGateway(403, "Forbidden"), at)?;
            let response = service.refresh(&self.refresh_token).await?;
            response.expect(Expected::OauthError(400, "invalid_grant"), at)
        }
    }

    /// Logs out with a scope: `local`, `others` or `global`.
    ///
    /// # Errors
    /// If the response is not 204.
    #[track_caller]
    pub fn logs_out(
        &self,
        service: &Service,
        scope: &str,
    ) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move {
            let response = self
                .post(service, "/logout", &json!({ "scope": scope }))
                .await?;
            response.expect(Expected::NoContent, at)
        }
    }

    #[track_caller]
    fn gets(
        &self,
        service: &Service,
        path: &str,
        expected: Expected<'static>,
    ) -> impl Future<Output = anyhow::Result<()>> {
        let at = Location::caller();
        async move { self.get(service, path).await?.expect(expected, at) }
    }
}

impl Service {
    /// Registers somebody new, whose username begins with `name`.
    ///
    /// # Errors
    /// If the response is not 201.
    #[track_caller]
    pub fn registered(&self, name: &str) -> impl Future<Output = anyhow::Result<Person>> {
        Person::named(name).register(self)
    }

    /// Registers somebody new and logs them in.
    ///
    /// # Errors
    /// If either is refused.
    #[track_caller]
    pub fn logged_in(&self, name: &str) -> impl Future<Output = anyhow::Result<Person>> {
        let at = Location::caller();
        async move {
            let person = self.registered(name).await.context(at.to_string())?;
            person.logs_in_again(self).await.context(at.to_string())
        }
    }
}
