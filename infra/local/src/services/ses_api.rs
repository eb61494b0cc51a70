//! The requests of SES v2 that the stand-in understands: a mail, the account, the
//! suppression list.

use http::{HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::json;

use super::ServiceRequest;
use super::mail::SendEmail;
use super::ses::{Ses, SesBehaviour};
use crate::log::Log;
use crate::server::FullResponse;
use crate::{clock, gateway, ids};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutSuppressed {
    email_address: String,
    reason: String,
}

const SUPPRESSED: &str = "/v2/email/suppression/addresses";

impl Ses {
    /// Responds to a request of an AWS SDK; `path` is what follows the endpoint.
    pub(super) async fn respond(
        &self,
        request: &ServiceRequest,
        path: &str,
        log: &Log,
    ) -> FullResponse {
        let method = &request.parts.method;
        if let Some(address) = path.strip_prefix(SUPPRESSED) {
            let address = address.strip_prefix('/').map(|address| {
                let decoded = percent_decode_str(address).decode_utf8_lossy();
                decoded.into_owned()
            });
            return self.suppression_list(method, address.as_deref(), &request.body);
        }
        match (method, path) {
            (&Method::POST, "/v2/email/outbound-emails") => self.send(&request.body, log).await,
            (&Method::GET, "/v2/email/account") => self.account(),
            _ => refused(
                StatusCode::NOT_FOUND,
                "NotFoundException",
                "the local stack does not support this operation",
            ),
        }
    }

    async fn send(&self, body: &[u8], log: &Log) -> FullResponse {
        let behaviour = self.next_behaviour();
        let request = match SendEmail::parse(body) {
            Ok(request) => request,
            Err(text) => return refused(StatusCode::BAD_REQUEST, "BadRequestException", &text),
        };
        match behaviour {
            SesBehaviour::Accept | SesBehaviour::Lose => {}
            SesBehaviour::Wait(time) => tokio::time::sleep(time).await,
            SesBehaviour::Refuse(status, code) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                return refused(status, code, "the stand-in refuses it");
            }
        }
        let mail = request.into_mail(clock::now_millis());
        let subject = mail.template.as_ref().unwrap_or(&mail.subject);
        log.mail(subject, mail.code());
        self.keep(mail);
        if behaviour == SesBehaviour::Lose {
            return std::future::pending().await;
        }
        gateway::json(StatusCode::OK, &json!({ "MessageId": ids::request_id() }))
    }

    fn account(&self) -> FullResponse {
        let (quota, used) = self.quota();
        let body = json!({
            "DedicatedIpAutoWarmupEnabled": false,
            "EnforcementStatus": "HEALTHY",
            "ProductionAccessEnabled": true,
            "SendQuota": { "Max24HourSend": quota, "MaxSendRate": 14, "SentLast24Hours": used },
            "SendingEnabled": true,
            "SuppressionAttributes": { "SuppressedReasons": ["BOUNCE", "COMPLAINT"] },
        });
        gateway::json(StatusCode::OK, &body)
    }

    fn suppression_list(
        &self,
        method: &Method,
        address: Option<&str>,
        body: &[u8],
    ) -> FullResponse {
        let missing = || {
            let text = "the address is not on the suppression list";
            refused(StatusCode::NOT_FOUND, "NotFoundException", text)
        };
        let done = || gateway::json(StatusCode::OK, &json!({}));
        match (method, address) {
            (&Method::PUT, None) => match serde_json::from_slice::<PutSuppressed>(body) {
                Ok(put) => {
                    self.add_suppressed(&put.email_address, &put.reason, clock::now_millis());
                    done()
                }
                Err(error) => {
                    let text = error.to_string();
                    refused(StatusCode::BAD_REQUEST, "BadRequestException", &text)
                }
            },
            (&Method::GET, Some(address)) => match self.suppression(address) {
                Some(suppression) => gateway::json(
                    StatusCode::OK,
                    &json!({ "SuppressedDestination": {
                        "EmailAddress": address,
                        "Reason": suppression.reason,
                        "LastUpdateTime": suppression.at / 1000,
                    } }),
                ),
                None => missing(),
            },
            (&Method::DELETE, Some(address)) if self.remove_suppressed(address) => done(),
            (&Method::DELETE, Some(_)) => missing(),
            _ => refused(
                StatusCode::NOT_FOUND,
                "NotFoundException",
                "the local stack does not support this operation",
            ),
        }
    }
}

/// The header in which an AWS SDK reads the name of an error.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

fn refused(status: StatusCode, code: &str, text: &str) -> FullResponse {
    let mut response = gateway::json(status, &json!({ "message": text }));
    if let Ok(code) = HeaderValue::from_str(code) {
        response.headers_mut().insert(ERROR_TYPE, code);
    }
    response
}
