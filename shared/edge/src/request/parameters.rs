//! Parameters of the path and of the query.

use super::{Fields, Request};
use crate::error::Problem;

impl Request {
    /// Returns the value of `{name}` in the route's path.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.meta.path_parameters.get(name).map(String::as_str)
    }

    /// Reads the query. `read` declares the parameters. The error names every one that is
    /// invalid, repeated or undeclared.
    ///
    /// # Errors
    /// 422 `validation_failed`.
    pub fn parameters<T>(&self, read: impl FnOnce(&mut Fields) -> T) -> Result<T, Problem> {
        Ok(Fields::of_query(&self.meta.query).read(read)?)
    }

    /// Refuses any query: a parameter without an effect is a mistake that the client would
    /// otherwise not notice.
    ///
    /// # Errors
    /// 422 `validation_failed`.
    pub fn no_parameters(&self) -> Result<(), Problem> {
        self.parameters(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(query: &str, parameters: &Value) -> Request {
        let event = json!({
            "version": "2.0",
            "routeKey": "GET /things/{id}",
            "rawPath": "/things/a%20b",
            "rawQueryString": query,
            "pathParameters": parameters,
            "requestContext": { "http": { "method": "GET" } },
        });
        Request::from_json(&event.to_string()).unwrap()
    }

    #[test]
    fn a_path_parameter_is_read_as_the_gateway_decoded_it() {
        let request = request("", &json!({ "id": "a b" }));
        assert_eq!(request.path_parameter("id"), Some("a b"));
        assert_eq!(request.path_parameter("other"), None);
    }

    fn read(query: &str) -> Result<(Option<String>, Option<String>), Value> {
        let request = request(query, &Value::Null);
        let read = request.parameters(|fields| {
            let limit = fields.optional_text("limit");
            (limit, fields.optional_text("username"))
        });
        read.map_err(|problem| {
            let response = problem.into_response("id");
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(body["code"], "validation_failed");
            body["errors"].clone()
        })
    }

    #[test]
    fn a_request_without_parameters_has_none() {
        let request = request("", &Value::Null);
        assert_eq!(request.path_parameter("id"), None);
        assert_eq!(read(""), Ok((None, None)));
        assert!(request.no_parameters().is_ok());
    }

    #[test]
    fn a_query_parameter_is_decoded_and_may_be_empty() {
        let name = Some("Zo\u{eb} x".to_owned());
        assert_eq!(
            read("limit=7&username=Zo%C3%AB+x"),
            Ok((Some("7".into()), name))
        );
        assert_eq!(read("username="), Ok((None, Some(String::new()))));
    }

    #[test]
    fn unknown_and_repeated_parameters_are_all_named() {
        insta::assert_snapshot!(read("limit=1&limit=2&Limit=3&order=%00").unwrap_err(), @r#"[{"code":"repeated","detail":"is given more than once","field":"limit"},{"code":"unknown_parameter","detail":"is not a query parameter of this request: it has limit, username","field":"Limit"},{"code":"unknown_parameter","detail":"is not a query parameter of this request: it has limit, username","field":"order"}]"#);
        let nothing = request("a=1", &Value::Null).no_parameters().unwrap_err();
        let body = nothing.into_response("id").into_body();
        let body: Value = serde_json::from_slice(&body).unwrap();
        insta::assert_snapshot!(body["errors"], @r#"[{"code":"unknown_parameter","detail":"is not a query parameter of this request, which has none","field":"a"}]"#);
    }

    #[test]
    fn a_name_from_the_client_is_shown_shortened_and_in_ascii() {
        let name = format!("\u{202e}{}", "x".repeat(500));
        let shown = read(&format!("{name}=1")).unwrap_err()[0]["field"].to_string();
        assert!(shown.starts_with("\"\\\\u{202e}xxx"), "{shown}");
        assert_eq!(shown.len(), 67);
        let many: Vec<String> = (0..100).map(|number| format!("p{number}=1")).collect();
        assert_eq!(
            read(&many.join("&")).unwrap_err().as_array().map(Vec::len),
            Some(10)
        );
    }
}
