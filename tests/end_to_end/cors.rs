//! Preflights of the whole service, as `infra/template.yaml` configures them.

use gatehouse_tests::Service;
use reqwest::Method;

#[tokio::test]
async fn a_preflight_allows_the_trace_headers_and_those_of_the_parameter() -> anyhow::Result<()> {
    let allowed = "authorization,content-type,traceparent,tracestate,baggage";
    for (more, expected) in [
        ("", allowed.to_owned()),
        ("X-A,x_b", format!("{allowed},X-A,x_b")),
    ] {
        let service = Service::start_locally(|options| {
            let parameters = &mut options.parameters;
            parameters.insert("CorsOrigins".into(), ORIGIN.into());
            parameters.insert("CorsHeaders".into(), more.into());
        })
        .await?;
        let request = service
            .request(Method::OPTIONS, "/login")
            .header("origin", ORIGIN)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "traceparent");
        let answer = service.send(request).await?;
        assert_eq!(answer.status, 204, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-headers"), expected);
        assert_eq!(
            answer.header("access-control-allow-methods"),
            "GET,HEAD,POST,PUT,PATCH,DELETE"
        );
    }
    Ok(())
}

const ORIGIN: &str = "https://app.example.com";
