//! The controls: unusual, and valid.

use serde_json::{Value, json};

use super::{Base, Cases, set};

pub(super) fn add(cases: &mut Cases, base: &Base<'_>) {
    let now = base.now;
    cases.add("the token itself", base.valid());
    for typ in ["AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        cases.add(format!("typ {typ}"), base.with_member("typ", typ));
    }
    let audience = base.text("aud");
    for audiences in [json!([audience]), json!(["other", audience])] {
        cases.add(
            format!("aud {audiences}"),
            base.with_claim("aud", audiences),
        );
    }
    for (name, time) in [
        ("exp", now + 1),
        ("exp", now + 3_600),
        ("iat", now + 60),
        ("nbf", now + 60),
        ("nbf", now),
        ("nbf", 0),
        ("auth_time", 0),
    ] {
        let offset = time - now;
        cases.add(format!("{name} {offset:+}"), base.with_claim(name, time));
    }
    let mut longest = base.claims.clone();
    set(&mut longest, "iat", now + 60);
    set(&mut longest, "exp", now + 3_660);
    cases.add("the longest life", base.with_claims(longest.to_string()));
    for (name, value) in [
        ("roles", json!([])),
        ("client_id", json!("another")),
        ("jti", json!("x".repeat(128))),
        ("acr", json!({"level": [1]})),
        ("amr", json!(["pwd"])),
        ("role", json!("admin")),
        ("admin", json!(true)),
        ("azp", Value::Null),
        ("scp", json!(["admin"])),
    ] {
        cases.add(format!("{name} {value}"), base.with_claim(name, value));
    }
    let deep = format!("\"deep\":{}{}", "[".repeat(7), "]".repeat(7));
    let deep = super::with_text(&base.claims, &deep);
    cases.add("claims 8 levels deep", base.with_claims(deep));
}
