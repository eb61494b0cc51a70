use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::*;
use crate::log::LogTarget;
use crate::template::QueueSpec;

struct TestServices {
    services: Services,
    queues: Arc<Queues>,
    log: Log,
}

impl TestServices {
    fn new() -> Self {
        let database = dynoxide::Database::memory().unwrap();
        let spec = QueueSpec {
            id: "RetryQueue".to_owned(),
            name: "retry".to_owned(),
            delay: Duration::ZERO,
            visibility: Duration::from_secs(30),
            retention: Duration::from_mins(10),
            redrive: None,
        };
        let queues = Arc::new(Queues::open(vec![spec], &database).unwrap());
        let log = Log::new(LogTarget::Buffer);
        let services = Services::new(Arc::clone(&queues), Ses::default(), &log);
        Self {
            services,
            queues,
            log,
        }
    }

    fn request(body: &Value) -> ServiceRequest {
        let request = Request::builder().header("x-amz-target", "AmazonSQS.SendMessage");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let body = body.to_string().into();
        ServiceRequest { parts, body }
    }

    async fn sqs(&self, body: &Value) -> (StatusCode, Value) {
        read(self.services.sqs.respond(&Self::request(body))).await
    }

    async fn ses(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let mut request = Self::request(body);
        request.parts.method = method;
        let response = self.services.ses.respond(&request, path, &self.log);
        read(response.await).await
    }

    async fn send(&self, to: &str) -> StatusCode {
        let path = "/v2/email/outbound-emails";
        self.ses(Method::POST, path, &mail(to)).await.0
    }
}

async fn read(response: FullResponse) -> (StatusCode, Value) {
    let (parts, body) = response.into_parts();
    let mut body: Value =
        serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    if let Some(kind) = parts.headers.get("x-amzn-errortype") {
        body["type"] = json!(kind.to_str().unwrap());
    }
    (parts.status, body)
}

const CODE: &str = "gh_rc_AAAAAAAAAAAAAAAAAAAAAA";

fn mail(to: &str) -> Value {
    json!({
        "FromEmailAddress": "Example <auth@example.org>",
        "Destination": { "ToAddresses": [to] },
        "Content": { "Simple": {
            "Subject": { "Data": "A subject", "Charset": "UTF-8" },
            "Body": { "Text": { "Data": format!("Your code: {CODE}.") }, "Html": { "Data": "<p>" } },
            "Headers": [{ "Name": "Auto-Submitted", "Value": "auto-generated" }],
        } },
        "ConfigurationSetName": "set",
    })
}

#[tokio::test]
async fn a_message_is_sent_to_the_queue_of_its_url() {
    let test = TestServices::new();
    let body = json!({
        "QueueUrl": "http://localhost:3000/_gatehouse/aws/sqs/000000000000/retry",
        "MessageBody": "one",
        "DelaySeconds": 5,
    });
    let (status, sent) = test.sqs(&body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(sent["MD5OfMessageBody"], "f97c5d29941bfb1b2fdab0874906ab82");
    assert_eq!(test.queues.bodies("RetryQueue").unwrap(), ["one"]);
    assert!(test.queues.visible("retry").is_empty());
    for (member, value, expected) in [
        (
            "QueueUrl",
            json!("http://localhost/other"),
            "QueueDoesNotExist",
        ),
        ("DelaySeconds", json!(901), "InvalidParameterValue"),
        ("MessageBody", json!(""), "InvalidParameterValue"),
        ("MessageBody", json!(1), "InvalidParameterValue"),
    ] {
        let mut body = body.clone();
        body[member] = value;
        let (status, refused) = test.sqs(&body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(refused["__type"], format!("com.amazonaws.sqs#{expected}"));
    }
    test.queues.set_unreachable(true);
    assert_eq!(test.sqs(&body).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn mails_are_kept_and_their_codes_are_not_in_the_log() {
    let test = TestServices::new();
    assert_eq!(test.send("ada@example.org").await, StatusCode::OK);
    let mails = test.services.ses.mails();
    let mail = &mails[0];
    assert_eq!((mail.number, mail.to.as_str()), (1, "ada@example.org"));
    assert_eq!(mail.subject, "A subject");
    assert_eq!(mail.code(), Some(CODE));
    assert_eq!(mail.headers["Auto-Submitted"], "auto-generated");
    assert_eq!(mail.configuration_set.as_deref(), Some("set"));
    assert!(test.log.lines().is_empty());
}

#[tokio::test]
async fn a_stored_template_keeps_its_variables() {
    let test = TestServices::new();
    let mut body = mail("ada@example.org");
    let template =
        |data: &str| json!({ "Template": { "TemplateName": "t", "TemplateData": data } });
    body["Content"] = template(&json!({ "code": CODE }).to_string());
    let path = "/v2/email/outbound-emails";
    let (status, _) = test.ses(Method::POST, path, &body).await;
    assert_eq!(status, StatusCode::OK);
    let mails = test.services.ses.mails();
    assert_eq!(mails[0].template.as_deref(), Some("t"));
    assert_eq!(mails[0].code(), Some(CODE));
    body["Content"] = template("[]");
    let (status, refused) = test.ses(Method::POST, path, &body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(refused["type"], "BadRequestException");
}

#[tokio::test]
async fn a_test_decides_what_becomes_of_mails() {
    let test = TestServices::new();
    let ses = &test.services.ses;
    ses.behave(SesBehaviour::Refuse(429, "TooManyRequestsException"));
    let path = "/v2/email/outbound-emails";
    let (status, refused) = test.ses(Method::POST, path, &mail("a@example.org")).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused["type"], "TooManyRequestsException");
    ses.behave(SesBehaviour::Wait(Duration::from_millis(1)));
    assert_eq!(test.send("b@example.org").await, StatusCode::OK);
    ses.behave(SesBehaviour::Lose);
    let lost = test.send("c@example.org");
    let lost = tokio::time::timeout(Duration::from_millis(20), lost).await;
    assert!(lost.is_err());
    let mails = ses.mails().into_iter();
    let to: Vec<String> = mails.map(|mail| mail.to).collect();
    assert_eq!(to, ["b@example.org", "c@example.org"]);
    assert_eq!(ses.requests(), 3);
    ses.set_quota(10, 5);
    let (_, account) = test.ses(Method::GET, "/v2/email/account", &json!({})).await;
    assert_eq!(account["SendQuota"]["Max24HourSend"], 10);
    assert_eq!(account["SendQuota"]["SentLast24Hours"], 7);
}

#[tokio::test]
async fn the_suppression_list_is_read_and_changed_and_keeps_mails_back() {
    let test = TestServices::new();
    let list = "/v2/email/suppression/addresses";
    let one = "/v2/email/suppression/addresses/Ada%40example.org";
    let none = json!({});
    let status = async |method| test.ses(method, one, &none).await.0;
    assert_eq!(status(Method::GET).await, StatusCode::NOT_FOUND);
    let put = json!({ "EmailAddress": "ada@example.org", "Reason": "COMPLAINT" });
    assert_eq!(test.ses(Method::PUT, list, &put).await.0, StatusCode::OK);
    let (_, found) = test.ses(Method::GET, one, &none).await;
    assert_eq!(found["SuppressedDestination"]["Reason"], "COMPLAINT");
    assert_eq!(test.send("ada@example.org").await, StatusCode::OK);
    assert!(test.services.ses.mails().is_empty());
    assert_eq!(status(Method::DELETE).await, StatusCode::OK);
    assert_eq!(status(Method::DELETE).await, StatusCode::NOT_FOUND);
    assert_eq!(test.send("ada@example.org").await, StatusCode::OK);
    assert_eq!(test.services.ses.mails().len(), 1);
}
