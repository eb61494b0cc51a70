//! What a scanner tries one by one, with a valid token before and after: every claim and
//! every header member with a different type, in signed and in unsigned tokens.

use serde_json::{Value, json};

use super::forge::{claims, encode, header, sign_claims, sign_header, valid, verify};

/// Registered claims and header members, and those that other systems read as roles.
const NAMES: [&str; 59] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "sid",
    "ver",
    "auth_time",
    "scope",
    "roles",
    "name",
    "email",
    "email_verified",
    "preferred_username",
    "nickname",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
    "azp",
    "nonce",
    "at_hash",
    "c_hash",
    "acr",
    "amr",
    "sub_jwk",
    "cnf",
    "act",
    "may_act",
    "groups",
    "entitlements",
    "token_introspection",
    "role",
    "admin",
    "is_admin",
    "isAdmin",
    "permissions",
    "scp",
    "user",
    "username",
    "user_id",
    "uid",
    "id",
    "login",
    "tenant",
    "typ",
    "alg",
    "kid",
    "events",
];

fn confused(value: &Value) -> [Value; 5] {
    [
        Value::Null,
        json!(true),
        json!([value]),
        json!({"value": value}),
        json!(-1),
    ]
}

#[test]
fn no_claim_that_we_read_is_accepted_as_another_type() {
    assert!(verify(&valid()).is_ok());
    let base = claims();
    for name in NAMES {
        let is_read = base.get(name).is_some() || name == "nbf";
        for invalid in confused(&base[name]) {
            // An audience in an array is the only alternative type that the profile allows.
            let accepted = !is_read || (name == "aud" && invalid.is_array());
            let mut claims = base.clone();
            claims[name] = invalid;
            assert_eq!(verify(&sign_claims(&claims)).is_ok(), accepted, "{claims}");
        }
    }
    assert!(verify(&valid()).is_ok());
}

#[test]
fn no_header_member_is_accepted_as_another_type_or_beside_the_three() {
    assert!(verify(&valid()).is_ok());
    let base = header();
    for name in NAMES {
        for invalid in confused(&base[name]) {
            let mut header = base.clone();
            header[name] = invalid;
            assert!(verify(&sign_header(&header)).is_err(), "{header}");
        }
    }
    assert!(verify(&valid()).is_ok());
}

#[test]
fn no_unsigned_or_moved_signature_is_accepted() {
    let valid = valid();
    let (_, signature) = valid.rsplit_once('.').unwrap();
    for name in NAMES {
        let mut claims = claims();
        claims[name] = json!("admin");
        let message = format!(
            "{}.{}",
            encode(header().to_string()),
            encode(claims.to_string())
        );
        for end in ["", ".", ".AAAA", &format!(".{signature}")] {
            assert!(verify(&format!("{message}{end}")).is_err(), "{name} {end}");
        }
    }
    assert!(verify(&valid).is_ok());
}
