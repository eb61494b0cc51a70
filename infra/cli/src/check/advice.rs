//! Warnings about parameters that are valid but probably not intended, such as those that
//! have no effect.

use std::collections::BTreeMap;

use gatehouse_auth::role::{self, RoleScopes, Roles};
use gatehouse_auth::scope;

use super::finding::Finding;

/// Checks the parameters of a stack. A stack that does not protect its data is taken to be
/// an experiment, so advice that only matters for real users is left out.
pub(super) fn findings(parameters: &BTreeMap<String, String>) -> Vec<Finding> {
    let values = Parameters(parameters);
    let mut found: Vec<Finding> = [
        values.rotation(),
        values.pending(),
        values.idle(),
        values.revocation(),
        values.address(),
        values.origins(),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(values.roles());
    if values.text("ProtectData") == "true" {
        found.extend(values.alarms());
        found.extend(values.issuer());
    } else {
        found.push(Finding::ok(
            "ProtectData",
            "is false: deleting the stack deletes every account; only use this for experiments",
        ));
    }
    if found.is_empty() {
        let count = parameters.len();
        found.push(Finding::ok("parameters", format!("{count} checked")));
    }
    found
}

struct Parameters<'a>(&'a BTreeMap<String, String>);

impl Parameters<'_> {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.text(name).parse().ok()
    }

    fn rotation(&self) -> Option<Finding> {
        (self.text("RotationDays") == "0").then(|| {
            Finding::warn(
                "RotationDays",
                "is 0: keys are not rotated automatically; schedule `cargo gatehouse keys rotate --stack NAME` yourself",
            )
        })
    }

    fn pending(&self) -> Option<Finding> {
        let about = "MinPendingSeconds";
        let pending = self.number(about)?;
        if pending < self.number("KeyCacheSeconds")? {
            return Some(Finding::fail(
                about,
                "is shorter than KeyCacheSeconds: a new key would start signing before the functions have read it; raise it",
            ));
        }
        if pending < JWK_SET_MAX_AGE {
            return Some(Finding::fail(
                about,
                "is shorter than 300 seconds, for which others may cache the JWK Set (its max-age): they would refuse valid tokens of a new key; raise it",
            ));
        }
        let is_native = self.text("SigningAlgorithm") == "RS256";
        (is_native && pending < 7200.0).then(|| {
            Finding::warn(
                about,
                "is shorter than two hours, which is how long API Gateway's JWT authorizer caches keys: raise it to 7200 if you use that authorizer",
            )
        })
    }

    fn idle(&self) -> Option<Finding> {
        let about = "RefreshIdleTtlSeconds";
        let (idle, absolute) = (
            self.number(about)?,
            self.number("RefreshAbsoluteTtlSeconds")?,
        );
        (idle > absolute).then(|| {
            Finding::warn(
                about,
                "is longer than RefreshAbsoluteTtlSeconds and has no effect: lower it, or raise RefreshAbsoluteTtlSeconds",
            )
        })
    }

    fn revocation(&self) -> Option<Finding> {
        let about = "AuthorizerCacheSeconds";
        let seconds = self.number(about)?;
        (seconds > 0.0).then(|| {
            Finding::warn(
                about,
                format!("is {seconds}: a revoked token is accepted for up to {seconds} seconds; set it to 0 to reject revoked tokens at once"),
            )
        })
    }

    fn address(&self) -> Option<Finding> {
        let about = "ClientAddress";
        let is_direct = matches!(self.text(about), "" | "connection");
        (!is_direct && self.text("ProxySecretSha256").is_empty()).then(|| {
            Finding::warn(
                about,
                "is taken from a header, and ProxySecretSha256 is empty: clients that bypass the proxy can claim any address; let the proxy add a secret header, and set ProxySecretSha256 to its digest",
            )
        })
    }

    fn origins(&self) -> Option<Finding> {
        let origins = self.text("CorsOrigins").split(',');
        let mut plain = origins.filter(|origin| {
            let host = origin.strip_prefix("http://");
            host.is_some_and(|host| !host.starts_with("localhost") && !host.starts_with("127."))
        });
        let origin = plain.next()?;
        Some(Finding::warn(
            "CorsOrigins",
            format!(
                "contains {origin}: a page loaded over plain http can be tampered with; use https"
            ),
        ))
    }

    fn roles(&self) -> Vec<Finding> {
        let about = "RoleScopes";
        // An invalid value is reported with the other invalid settings.
        let Ok(granted) = RoleScopes::parse(self.text(about)) else {
            return vec![];
        };
        let mut found = Vec::new();
        for (role, _) in granted.by_role().filter(|(_, scopes)| scopes.is_empty()) {
            found.push(Finding::warn(
                about,
                format!("grants no scopes to the role {role}: list its scopes, or remove it"),
            ));
        }
        let administers = Roles::parse([role::ADMIN])
            .is_ok_and(|admin| granted.scopes_of(&admin).contains(scope::ADMIN));
        if !administers {
            found.push(Finding::warn(
                about,
                "does not grant the scope admin to the role admin, so nobody can use /admin: grant it",
            ));
        }
        for powerful in [scope::ADMIN, scope::INTROSPECT] {
            if granted.everyone().contains(powerful) {
                found.push(Finding::warn(
                    about,
                    format!("grants the scope {powerful} to every user: move it from * to a role"),
                ));
            }
        }
        found
    }

    fn alarms(&self) -> Option<Finding> {
        self.text("AlarmTopicArn").is_empty().then(|| {
            Finding::warn(
                "AlarmTopicArn",
                "is empty, so there are no alarms: create an SNS topic with a subscription, and set its ARN",
            )
        })
    }

    fn issuer(&self) -> Option<Finding> {
        let is_own = !self.text("Issuer").is_empty() || !self.text("DomainName").is_empty();
        (!is_own).then(|| {
            Finding::warn(
                "Issuer",
                "and DomainName are empty: the issuer is API Gateway's URL, so replacing the API invalidates every token; set one of them before the first user registers",
            )
        })
    }
}

/// Seconds. How long whoever fetches the JWK Set may keep it.
const JWK_SET_MAX_AGE: f64 = 300.0;

#[cfg(test)]
mod tests {
    use gatehouse_local::Plan;

    use super::super::finding::Level;
    use super::*;
    use crate::project;

    fn worst(parameters: &[(&str, &str)]) -> Vec<(Level, String)> {
        let template = project::repository().join(project::TEMPLATE);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let given = [
            ("Issuer", "https://auth.example.com"),
            ("AlarmTopicArn", TOPIC),
        ];
        let mut all: BTreeMap<String, String> = given.iter().map(owned).collect();
        all.extend(parameters.iter().map(owned));
        let plan = Plan::read(&template, &all, "http://localhost:3000").unwrap();
        let mut parameters = plan.parameters;
        // Some are missing from older versions of the template.
        parameters.extend(all);
        let found = findings(&parameters).into_iter();
        let bad = found.filter(|finding| finding.level != Level::Ok);
        bad.map(|finding| (finding.level, finding.about)).collect()
    }

    #[test]
    fn a_parameter_with_no_effect_or_a_surprising_one_is_found() {
        assert_eq!(worst(&[]), []);
        for (parameters, level, about) in [
            (&[("RotationDays", "0")][..], Level::Warn, "RotationDays"),
            (
                &[("MinPendingSeconds", "9")],
                Level::Fail,
                "MinPendingSeconds",
            ),
            (
                &[("MinPendingSeconds", "299")],
                Level::Fail,
                "MinPendingSeconds",
            ),
            (
                &[("MinPendingSeconds", "3600"), ("SigningAlgorithm", "RS256")],
                Level::Warn,
                "MinPendingSeconds",
            ),
            (
                &[("RefreshIdleTtlSeconds", "31536000")],
                Level::Warn,
                "RefreshIdleTtlSeconds",
            ),
            (
                &[("AuthorizerCacheSeconds", "60")],
                Level::Warn,
                "AuthorizerCacheSeconds",
            ),
            (
                &[("CorsOrigins", "https://a.example,http://b.example")],
                Level::Warn,
                "CorsOrigins",
            ),
            (&[("AlarmTopicArn", "")], Level::Warn, "AlarmTopicArn"),
            (&[("Issuer", "")], Level::Warn, "Issuer"),
        ] {
            assert_eq!(
                worst(parameters),
                [(level, about.to_owned())],
                "{parameters:?}"
            );
        }
        assert_eq!(
            worst(&[("ProtectData", "false"), ("AlarmTopicArn", "")]),
            []
        );
    }

    #[test]
    fn scopes_that_nobody_or_everybody_gets_are_found() {
        for (scopes, count) in [
            (r#"{"admin":["admin"]}"#, 0),
            (r#"{"admin":["admin"],"user":[]}"#, 1),
            (r#"{"user":["profile"]}"#, 1),
            // The scope is granted, but not to the role that also needs it.
            (r#"{"owner":["admin"]}"#, 1),
            (r#"{"*":["admin","introspect"]}"#, 2),
        ] {
            let expected = vec![(Level::Warn, "RoleScopes".to_owned()); count];
            assert_eq!(worst(&[("RoleScopes", scopes)]), expected, "{scopes}");
        }
    }

    #[test]
    fn a_client_address_from_a_header_without_a_proxy_secret_is_found() {
        let values = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            pairs.iter().map(owned).collect()
        };
        for (pairs, is_found) in [
            (&[("ClientAddress", "connection")][..], false),
            (&[("ClientAddress", "cloudfront")], true),
            (&[("ClientAddress", "forwarded:1")], true),
            (
                &[("ClientAddress", "cloudfront"), ("ProxySecretSha256", "00")],
                false,
            ),
        ] {
            let found = findings(&values(pairs));
            let found = found.iter().any(|finding| finding.about == "ClientAddress");
            assert_eq!(found, is_found, "{pairs:?}");
        }
    }

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:alarms";
}
