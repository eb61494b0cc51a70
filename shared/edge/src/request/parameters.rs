//! What a path and a query say.

use super::Request;
use crate::problem::{FieldError, Problem};

impl Request {
    /// Returns what stands in the place of `{name}` in the route's path.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.meta.path_parameters.get(name).map(String::as_str)
    }

    /// Returns a parameter of the query; an empty one is as good as absent.
    ///
    /// # Errors
    /// 422 [`Problem`] if it is there twice: the gateway would join the two.
    pub fn query(&self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = form_urlencoded::parse(self.meta.query.as_bytes())
            .filter(|(found, value)| found == name && !value.is_empty());
        let value = values.next().map(|(_, value)| value.into_owned());
        if values.next().is_some() {
            let error = FieldError::new(name, "repeated", "is there more than once");
            return Err(Problem::validation_failed(vec![error]));
        }
        Ok(value)
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
    fn a_parameter_of_the_path_is_taken_as_the_gateway_decoded_it() {
        let request = request("", &json!({ "id": "a b" }));
        assert_eq!(request.path_parameter("id"), Some("a b"));
        assert_eq!(request.path_parameter("other"), None);
    }

    #[test]
    fn a_request_without_parameters_has_none() {
        let request = request("", &Value::Null);
        assert_eq!(request.path_parameter("id"), None);
        assert_eq!(request.query("limit").unwrap(), None);
    }

    #[test]
    fn a_parameter_of_the_query_is_decoded() {
        let request = request("limit=7&username=Zo%C3%AB+x&empty=", &Value::Null);
        assert_eq!(request.query("limit").unwrap().as_deref(), Some("7"));
        let name = request.query("username").unwrap();
        assert_eq!(name.as_deref(), Some("Zo\u{eb} x"));
        assert_eq!(request.query("empty").unwrap(), None);
    }

    #[test]
    fn a_parameter_that_is_there_twice_is_refused() {
        let request = request("limit=7&limit=8", &Value::Null);
        let problem = request.query("limit").unwrap_err();
        assert_eq!(problem.code(), "validation_failed");
        assert_eq!(request.query("cursor").unwrap(), None);
    }
}
