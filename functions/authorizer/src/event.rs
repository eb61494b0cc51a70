//! The events that API Gateway sends to an authorizer, as far as we read them.
//!
//! A small struct instead of those of `aws_lambda_events`: this is the hot path, and what
//! is not read cannot be logged.

use std::net::IpAddr;

use gatehouse_edge::ClientAddress;
use serde::Deserialize;

mod headers;

use headers::Headers;

/// An authorizer event of any kind of API.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizerEvent {
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    method_arn: Option<String>,
    authorization_token: Option<String>,
    headers: Option<Headers>,
    multi_value_headers: Option<Headers>,
    request_context: Option<RequestContext>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    event_type: Option<String>,
    request_id: Option<String>,
    http: Option<Http>,
    identity: Option<Identity>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Http {
    source_ip: Option<String>,
    user_agent: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity {
    source_ip: Option<String>,
    user_agent: Option<String>,
}

/// The kind of API that sent the event, which decides the format of the response.
#[derive(Debug, PartialEq, Eq)]
pub enum ApiKind<'a> {
    /// HTTP API, payload 2.0, simple response.
    Http,
    /// HTTP API, payload 1.0: a policy, for this method ARN.
    HttpPolicy(&'a str),
    /// REST API, `TOKEN` or `REQUEST`: a policy, or the failure `Unauthorized`.
    Rest(&'a str),
    /// WebSocket API, `$connect`: a policy.
    WebSocket(&'a str),
}

/// The event is of an unknown kind.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is not an authorizer event of API Gateway")]
pub struct UnknownEvent;

/// Caps how much a client can add to a log line.
const MAX_USER_AGENT_BYTES: usize = 256;

impl AuthorizerEvent {
    /// Returns the kind of API that sent the event.
    ///
    /// # Errors
    /// [`UnknownEvent`] if no API sent it: a misconfiguration, never a deny.
    pub fn api_kind(&self) -> Result<ApiKind<'_>, UnknownEvent> {
        let request = self.kind.as_deref() == Some("REQUEST");
        let token = self.kind.as_deref() == Some("TOKEN");
        let connect = self.context(|context| context.event_type.as_deref()) == Some("CONNECT");
        match (self.version.as_deref(), self.method_arn.as_deref()) {
            (Some("2.0"), _) if request => Ok(ApiKind::Http),
            (Some("1.0"), Some(arn)) if request => Ok(ApiKind::HttpPolicy(arn)),
            (None, Some(arn)) if request && connect => Ok(ApiKind::WebSocket(arn)),
            (None, Some(arn)) if request || token => Ok(ApiKind::Rest(arn)),
            _ => Err(UnknownEvent),
        }
    }

    /// Returns every `Authorization` value of the event; the name may be in any case.
    ///
    /// Payload 1.0 and REST contain each header twice, once with all its values; those are
    /// the ones that count. `authorizationToken` is only the credential of a `TOKEN` event:
    /// in payload 1.0 it is all identity sources, joined.
    #[must_use]
    pub fn authorizations(&self) -> &[String] {
        if self.kind.as_deref() == Some("TOKEN") {
            return self.authorization_token.as_slice();
        }
        [&self.multi_value_headers, &self.headers]
            .into_iter()
            .flatten()
            .map(|headers| headers.authorizations.as_slice())
            .find(|values| !values.is_empty())
            .unwrap_or_default()
    }

    /// Returns the gateway's request id.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.context(|context| context.request_id.as_deref())
    }

    /// Returns the client's address. `TOKEN` events have none.
    #[must_use]
    pub fn client_address(&self, source: &ClientAddress) -> Option<IpAddr> {
        let connection = self.source_ip().and_then(|text| text.parse().ok());
        // The headers with all their values, if the event has both.
        let all = [&self.multi_value_headers, &self.headers];
        let mut all = all.into_iter().flatten();
        match all.find(|headers| !headers.is_empty()) {
            Some(headers) => source.resolve(&headers.others, connection),
            None => connection,
        }
    }

    fn source_ip(&self) -> Option<&str> {
        self.context(|context| {
            let http = context
                .http
                .as_ref()
                .and_then(|http| http.source_ip.as_deref());
            http.or(context
                .identity
                .as_ref()
                .and_then(|identity| identity.source_ip.as_deref()))
        })
    }

    /// Returns the `User-Agent` header, as sent by the client; at most 256 bytes.
    #[must_use]
    #[expect(clippy::string_slice, reason = "cut at a character's boundary")]
    pub fn user_agent(&self) -> Option<&str> {
        self.context(|context| {
            let http = context
                .http
                .as_ref()
                .and_then(|http| http.user_agent.as_deref());
            http.or(context
                .identity
                .as_ref()
                .and_then(|identity| identity.user_agent.as_deref()))
        })
        .map(|agent| &agent[..agent.floor_char_boundary(MAX_USER_AGENT_BYTES)])
    }

    fn context<'a>(
        &'a self,
        read: impl Fn(&'a RequestContext) -> Option<&'a str>,
    ) -> Option<&'a str> {
        self.request_context.as_ref().and_then(read)
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_edge::config::Environment;

    use super::*;

    fn event(json: &str) -> AuthorizerEvent {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_header_counts_in_any_case_and_once_per_occurrence() {
        let twice =
            event(r#"{"headers":{"authorization":"Bearer a","X":"y","Authorization":"Bearer b"}}"#);
        assert_eq!(twice.authorizations(), ["Bearer a", "Bearer b"]);
    }

    #[test]
    fn the_identity_sources_of_payload_1_hide_no_second_credential() {
        let twice = event(
            r#"{"version":"1.0","type":"REQUEST","authorizationToken":"Bearer b",
                "headers":{"Authorization":"Bearer b"},
                "multiValueHeaders":{"Authorization":["Bearer a","Bearer b"]}}"#,
        );
        assert_eq!(twice.authorizations(), ["Bearer a", "Bearer b"]);
        let joined = event(
            r#"{"version":"1.0","type":"REQUEST","authorizationToken":"Bearer a,tenant",
                "headers":{"authorization":"Bearer a","x-tenant":"tenant"}}"#,
        );
        assert_eq!(joined.authorizations(), ["Bearer a"]);
    }

    #[test]
    fn all_values_of_payload_1_count_rather_than_the_last() {
        let twice = event(
            r#"{"headers":{"Authorization":"Bearer b"},"multiValueHeaders":{"Authorization":["Bearer a","Bearer b"]}}"#,
        );
        assert_eq!(twice.authorizations(), ["Bearer a", "Bearer b"]);
    }

    #[test]
    fn a_header_of_an_unexpected_type_is_an_invalid_credential() {
        assert_eq!(
            event(r#"{"headers":{"authorization":7}}"#).authorizations(),
            [""]
        );
    }

    #[test]
    fn an_event_of_an_unknown_kind_is_an_error_not_a_deny() {
        for invalid in [
            "{}",
            r#"{"version":"2.0"}"#,
            r#"{"type":"REQUEST"}"#,
            r#"{"type":"TOKEN"}"#,
            r#"{"version":"2.0","type":"TOKEN"}"#,
            r#"{"version":"1.0","type":"REQUEST"}"#,
            r#"{"version":"1.0","type":"TOKEN","methodArn":"arn:aws:execute-api"}"#,
            r#"{"version":"3.0","type":"REQUEST","methodArn":"arn:aws:execute-api"}"#,
            r#"{"methodArn":"arn:aws:execute-api"}"#,
        ] {
            assert_eq!(event(invalid).api_kind(), Err(UnknownEvent), "{invalid}");
        }
    }

    /// The address of a client behind a proxy, in each kind of event.
    #[test]
    fn every_kind_of_event_has_the_client_address() {
        let http = r#""requestContext":{"http":{"sourceIp":"192.0.2.7"}}"#;
        let identity = r#""requestContext":{"identity":{"sourceIp":"192.0.2.7"}}"#;
        let one = r#""headers":{"X-Client":"203.0.113.5"}"#;
        let all = r#""multiValueHeaders":{"X-Client":["203.0.113.5"]}"#;
        let twice = r#""headers":{"X-Client":"203.0.113.5"},"multiValueHeaders":{"X-Client":["198.51.100.1","203.0.113.5"]}"#;
        let environment = Environment::from_pairs([("CLIENT_ADDRESS", "header:x-client")]);
        let proxied = ClientAddress::from_environment(&environment).unwrap();
        for (kind, json, address) in [
            ("2.0", format!("{{{one},{http}}}"), Some("203.0.113.5")),
            (
                "1.0, REST",
                format!("{{{one},{all},{identity}}}"),
                Some("203.0.113.5"),
            ),
            (
                "1.0, repeated",
                format!("{{{twice},{identity}}}"),
                Some("192.0.2.7"),
            ),
            (
                "WebSocket",
                format!("{{{one},\"multiValueHeaders\":{{}},{identity}}}"),
                Some("203.0.113.5"),
            ),
            (
                "unreadable",
                format!(r#"{{"headers":{{"x-client":7}},{http}}}"#),
                Some("192.0.2.7"),
            ),
            (
                "absent",
                format!("{{\"headers\":{{}},{http}}}"),
                Some("192.0.2.7"),
            ),
            ("TOKEN", r#"{"type":"TOKEN"}"#.to_owned(), None),
        ] {
            let found = event(&json).client_address(&proxied);
            assert_eq!(found.map(|ip| ip.to_string()).as_deref(), address, "{kind}");
            let connection = event(&json).client_address(&ClientAddress::default());
            assert_eq!(connection.is_some(), kind != "TOKEN", "{kind}");
        }
    }
}
