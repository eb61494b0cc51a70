//! Finds settings with which a function would refuse to start, before anything is built.
//!
//! It runs the functions' own readers on the variables that the template gives each of them,
//! so there is no second copy of the rules.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use gatehouse_auth::password::Argon2Params;
use gatehouse_breaches::Breaches;
use gatehouse_edge::ClientAddress;
use gatehouse_edge::config::{
    BreachSettings, CookieSettings, Environment, GuessSettings, HashSettings, IssuerSettings,
    MailRequestSettings, MailSettings, OutboxSettings, RegistrationSettings, RotationSettings,
    SessionSettings, VerifierSettings, grantable_roles, max_sessions, requires_verified_email,
    uses_refresh_cookie,
};
use gatehouse_local::Plan;

use crate::variable;

/// Fails if a function would refuse a setting; the error lists all of them.
pub(crate) fn check(plan: &Plan) -> anyhow::Result<()> {
    let refusals = refusals(plan);
    if refusals.is_empty() {
        return Ok(());
    }
    bail!("{}", refusals.join("\n       "))
}

const READERS: [Reader; 17] = [
    ("MAX_SESSIONS", |environment| {
        max_sessions(environment)?;
        Ok(())
    }),
    ("ISSUER", |environment| {
        VerifierSettings::from_environment(environment)?;
        Ok(())
    }),
    ("ROLE_SCOPES", |environment| {
        IssuerSettings::from_environment(environment)?;
        Ok(())
    }),
    ("GRANTABLE_ROLES", |environment| {
        grantable_roles(environment)?;
        Ok(())
    }),
    ("REFRESH_IDLE_TTL_SECONDS", |environment| {
        SessionSettings::from_environment(environment)?;
        Ok(())
    }),
    ("PASSWORD_MIN_LENGTH", |environment| {
        RegistrationSettings::from_environment(environment)?;
        Ok(())
    }),
    ("ARGON2_ITERATIONS", |environment| {
        let settings = HashSettings::from_environment(environment)?;
        Argon2Params::new(settings.memory_kib, settings.iterations).context(
            "ARGON2_MEMORY_KIB and ARGON2_ITERATIONS together are too weak or too costly",
        )?;
        Ok(())
    }),
    ("PWNED_PASSWORDS", |environment| {
        let settings = BreachSettings::from_environment(environment)?;
        Breaches::new(settings.url.as_deref(), settings.fails_open)
            .context("PWNED_PASSWORDS_URL is invalid")?;
        Ok(())
    }),
    ("SIGNING_ALGORITHM", |environment| {
        RotationSettings::from_environment(environment)?;
        Ok(())
    }),
    ("ADDRESS_ATTEMPTS_PER_HOUR", |environment| {
        GuessSettings::from_environment(environment)?;
        Ok(())
    }),
    ("ADDRESS_MAILS_PER_HOUR", |environment| {
        MailRequestSettings::from_environment(environment)?;
        Ok(())
    }),
    ("REFRESH_COOKIE", |environment| {
        uses_refresh_cookie(environment)?;
        Ok(())
    }),
    ("CORS_ORIGINS", |environment| {
        CookieSettings::from_environment(environment)?;
        Ok(())
    }),
    ("MAIL_NOTICES", |environment| {
        OutboxSettings::from_environment(environment)?;
        Ok(())
    }),
    ("EMAIL_VERIFICATION", |environment| {
        requires_verified_email(environment)?;
        Ok(())
    }),
    ("MAIL_FROM", |environment| {
        MailSettings::from_environment(environment)?;
        Ok(())
    }),
    ("CLIENT_ADDRESS", |environment| {
        ClientAddress::from_environment(environment)?;
        Ok(())
    }),
];

/// Returns a message for every setting that a function would refuse: which parameter it is,
/// what it must be, and which functions would not start.
pub(crate) fn refusals(plan: &Plan) -> Vec<String> {
    let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (function, variables) in &plan.environments {
        let pairs = variables.iter();
        let environment =
            Environment::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str())));
        for (variable, read) in READERS {
            if !variables.contains_key(variable) {
                continue;
            }
            if let Err(reason) = read(&environment) {
                let text = with_parameters(&format!("{reason:#}"), plan);
                found.entry(text).or_default().insert(function);
            }
        }
    }
    let sentence = |(text, functions): (String, BTreeSet<&str>)| {
        let functions: Vec<&str> = functions.into_iter().collect();
        format!(
            "{text}: with this value {} would not start",
            functions.join(", ")
        )
    };
    found.into_iter().map(sentence).collect()
}

/// A variable, and how the functions that have it read their settings.
type Reader = (&'static str, fn(&Environment) -> anyhow::Result<()>);

/// Replaces names of variables with the names of their parameters.
fn with_parameters(text: &str, plan: &Plan) -> String {
    let names = plan.parameters.keys();
    let mut pairs: Vec<(String, &str)> = names
        .map(|parameter| (variable::name(parameter), parameter.as_str()))
        .collect();
    // PWNED_PASSWORDS_URL must be replaced before PWNED_PASSWORDS.
    pairs.sort_by_key(|(variable, _)| std::cmp::Reverse(variable.len()));
    let mut text = text.to_owned();
    for (variable, parameter) in pairs {
        text = text.replace(&variable, parameter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project;

    fn refused(parameters: &[(&str, &str)]) -> Vec<String> {
        let template = project::repository().join(project::TEMPLATE);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let parameters = parameters.iter().map(owned).collect();
        let plan = Plan::read(&template, &parameters, "http://localhost:3000").unwrap();
        refusals(&plan)
    }

    #[test]
    fn the_template_starts_every_function_by_default() {
        assert_eq!(refused(&[]), [""; 0]);
    }

    #[test]
    fn the_local_stack_accepts_a_cookie_for_pages_on_this_machine() {
        let origins = "http://localhost:5173,http://127.0.0.1:8080,https://app.example.test";
        let on = [("RefreshCookie", "on"), ("CorsOrigins", origins)];
        assert_eq!(refused(&on), [""; 0]);
    }

    #[test]
    fn a_refusal_names_the_parameter_and_the_functions() {
        for (parameters, named, function) in [
            (
                &[("Argon2Iterations", "1")][..],
                "Argon2MemoryKib and Argon2Iterations",
                "login",
            ),
            (&[("RoleScopes", "{bad}")], "RoleScopes", "refresh"),
            (&[("RoleScopes", r#"{"Admin":[]}"#)], "RoleScopes", "login"),
            (
                &[("RoleScopes", r#"{"*":"profile"}"#)],
                "RoleScopes",
                "login",
            ),
            (
                &[("AccessTokenTtlSeconds", "60.5")],
                "AccessTokenTtlSeconds",
                "login",
            ),
            (
                &[("PasswordMinLength", "1e1")],
                "PasswordMinLength",
                "register",
            ),
            (
                &[
                    ("PwnedPasswords", "fail_open"),
                    ("PwnedPasswordsUrl", "https://:x"),
                ],
                "PwnedPasswordsUrl",
                "account",
            ),
            (
                &[
                    ("RefreshCookie", "on"),
                    ("CorsOrigins", "http://app.example.com"),
                ],
                "CorsOrigins must be the https origins",
                "login, refresh would not start",
            ),
        ] {
            let refusals = refused(parameters);
            assert_eq!(refusals.len(), 1, "{parameters:?}: {refusals:?}");
            let text = &refusals[0];
            assert!(text.starts_with(named), "{parameters:?}: {text}");
            assert!(text.contains(function), "{parameters:?}: {text}");
        }
    }

    #[test]
    fn every_setting_in_the_template_has_a_reader_that_refuses_nonsense() {
        let template = project::repository().join(project::TEMPLATE);
        let on = [
            ("PwnedPasswords", "fail_open"),
            ("RefreshCookie", "on"),
            ("CorsOrigins", "https://app.example.com"),
        ]
        .map(|(name, value)| (name.into(), value.into()));
        let plan = Plan::read(&template, &on.into(), "http://localhost:3000").unwrap();
        for (function, variables) in &plan.environments {
            for parameter in plan.parameters.keys() {
                let variable = variable::name(parameter);
                if !variables.contains_key(&variable) {
                    continue;
                }
                let mut broken = plan.clone();
                let variables = broken.environments.get_mut(function).unwrap();
                variables.insert(variable, "no { sense".to_owned());
                let refusals = refusals(&broken);
                assert!(
                    refusals
                        .iter()
                        .any(|text| text.contains(parameter.as_str())),
                    "{function} reads {parameter}: add its reader to READERS; {refusals:?}"
                );
            }
        }
    }
}
