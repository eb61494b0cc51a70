//! Preflight requests, as `infra/template.yaml` configures them.

use gatehouse_tests::Service;
use gatehouse_tests::service::parameters;
use reqwest::Method;

#[tokio::test]
async fn a_preflight_allows_the_trace_headers_and_those_of_the_parameter() -> anyhow::Result<()> {
    let allowed = "authorization,content-type,idempotency-key,traceparent,tracestate,baggage";
    for (more, expected) in [
        ("", allowed.to_owned()),
        ("X-A,x_b", format!("{allowed},X-A,x_b")),
    ] {
        let cors = parameters(&[("CorsOrigins", ORIGIN), ("CorsHeaders", more)]);
        let service = Service::start_locally(|options| options.parameters = cors).await?;
        let request = service
            .request(Method::OPTIONS, "/login")
            .header("origin", ORIGIN)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "traceparent");
        let response = service.send(request).await?;
        response.assert_no_content();
        assert_eq!(response.header("access-control-allow-headers"), expected);
        assert_eq!(
            response.header("access-control-allow-methods"),
            "GET,HEAD,POST,PUT,PATCH,DELETE"
        );
    }
    Ok(())
}

const ORIGIN: &str = "https://app.example.com";
