//! The mails that the stack has sent, each with its code.

use serde_json::{Value, json};

use crate::services::{Mail, Ses};

/// How many mails a response has, the latest ones.
const MAX_MAILS: usize = 50;

/// Returns the mails after that number, and the number to continue with.
pub(super) fn after(ses: Option<&Ses>, number: Option<u64>) -> Value {
    let Some(ses) = ses else {
        return json!({ "sends": false, "last": 0, "mails": [] });
    };
    let number = number.unwrap_or_default();
    let mails = ses.mails();
    let last = mails.last().map_or(0, |mail| mail.number);
    let after = mails.iter().filter(|mail| mail.number > number);
    let mut shown: Vec<Value> = after.rev().take(MAX_MAILS).map(described).collect();
    shown.reverse();
    json!({ "sends": true, "last": last, "mails": shown })
}

fn described(mail: &Mail) -> Value {
    json!({
        "number": mail.number,
        "sent_at": mail.sent_at / 1000,
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "code": mail.code(),
        "template": mail.template,
        "template_data": mail.template_data,
    })
}
