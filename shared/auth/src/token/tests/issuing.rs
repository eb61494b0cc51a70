use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;

use super::forge::{AUDIENCE, ISSUER};
use crate::claims::MAX_LIFETIME;
use crate::failure::Failure;
use crate::id::{Jti, SessionId, SubjectId};
use crate::key::Algorithm;
use crate::key::testing::{ALGORITHMS, NOW, key, keys};
use crate::role::Roles;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::token::{Grant, Issuer, MAX_TOKEN_BYTES, SignError, TokenError, Verifier};
use crate::version::MAX_VERSION;

fn issuer(lifetime: u64) -> Issuer {
    let lifetime = Duration::from_secs(lifetime);
    Issuer::new(ISSUER.into(), AUDIENCE.into(), "client".into(), lifetime)
}

fn verifier() -> Verifier {
    Verifier::new(ISSUER.into(), AUDIENCE.into())
}

fn grant() -> Grant {
    Grant {
        sub: SubjectId::from_bytes([1; 16]),
        sid: SessionId::from_bytes([2; 16]),
        jti: Jti::from_bytes([3; 16]),
        ver: 4,
        auth_time: NOW,
        scope: Scopes::parse("profile admin").unwrap(),
        roles: Roles::parse(["user", "admin"]).unwrap(),
    }
}

#[test]
fn a_token_has_the_header_of_the_profile_and_nothing_personal() {
    for algorithm in ALGORITHMS {
        let token = issuer(900).issue(grant(), key(algorithm), NOW).unwrap();
        let read = |part: &str| -> Value {
            use base64::Engine;
            let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(part)
                .unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        let parts: Vec<&str> = token.expose().split('.').collect();
        assert_eq!(read(parts[0]), super::forge::header_of(key(algorithm)));
        let claims = read(parts[1]);
        let mut names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        names.sort();
        let expected = "aud auth_time client_id exp iat iss jti roles scope sid sub ver";
        assert_eq!(names.join(" "), expected);
        assert_eq!(claims["scope"], "admin profile");
        assert_eq!(claims["roles"], serde_json::json!(["admin", "user"]));
        assert_eq!(token.expires_in(), Duration::from_mins(15));
    }
}

#[test]
fn a_token_without_scopes_has_no_claim_scope() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let scope = Scopes::default();
    let grant = Grant { scope, ..grant() };
    let token = issuer(60).issue(grant, key(Algorithm::Es256), NOW).unwrap();
    let payload = token.expose().split('.').nth(1).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert!(claims.get("scope").is_none(), "{claims}");
    let verified = verifier().verify(token.expose(), keys(), NOW).unwrap();
    assert!(verified.scope.is_empty());
}

#[test]
fn a_token_is_valid_until_its_lifetime_is_over() {
    let token = issuer(60)
        .issue(grant(), key(Algorithm::Es256), NOW)
        .unwrap();
    let at = |seconds| {
        let now = NOW.plus(Duration::from_secs(seconds));
        verifier().verify(token.expose(), keys(), now)
    };
    assert!(at(59).is_ok());
    assert_eq!(at(60), Err(TokenError::Expired));
}

#[test]
fn the_longest_lifetime_is_accepted() {
    let token = issuer(MAX_LIFETIME.as_secs())
        .issue(grant(), key(Algorithm::Es256), NOW)
        .unwrap();
    assert!(verifier().verify(token.expose(), keys(), NOW).is_ok());
}

#[test]
fn a_token_too_long_to_be_accepted_is_not_issued() {
    let words: Vec<String> = (0..64).map(|n| format!("{n}{}", "s".repeat(120))).collect();
    let scope = Scopes::parse(&words.join(" ")).unwrap();
    let refused = issuer(900).issue(Grant { scope, ..grant() }, key(Algorithm::Es256), NOW);
    assert!(matches!(refused, Err(SignError::TooLong)));
}

#[test]
fn a_token_of_the_greatest_length_is_issued_and_accepted() {
    let issue = |length: usize| {
        let audience = "a".repeat(length);
        let issuer = Issuer::new(
            ISSUER.into(),
            audience.clone(),
            "client".into(),
            MAX_LIFETIME,
        );
        let token = issuer.issue(grant(), key(Algorithm::Es256), NOW).ok()?;
        let verifier = Verifier::new(ISSUER.into(), audience);
        assert!(verifier.verify(token.expose(), keys(), NOW).is_ok());
        Some(token.expose().len())
    };
    // Base64 has no text of some lengths; this one exists.
    let longest = (5_600..).map_while(issue).max();
    assert_eq!(longest, Some(MAX_TOKEN_BYTES));
}

#[test]
fn no_refusal_to_sign_is_transient() {
    assert!(!SignError::TooLong.is_transient());
}

#[test]
fn a_token_does_not_print() {
    let token = issuer(900)
        .issue(grant(), key(Algorithm::Es256), NOW)
        .unwrap();
    assert_eq!(format!("{token:?}"), "AccessToken([redacted])");
}

fn ids() -> impl Strategy<Value = String> {
    "[!-~]{1,128}"
}

prop_compose! {
    fn grants()(
        (sub, sid, jti) in (ids(), ids(), ids()),
        ver in 0..=MAX_VERSION,
        auth_time in 0..=i64::MAX,
        scope in "([!#-\\[\\]-~]{1,20} ){0,10}",
        roles in prop::collection::vec("[a-z0-9][a-z0-9_.:-]{0,20}", 0..10),
    ) -> Grant {
        Grant {
            sub: SubjectId::parse(&sub).unwrap(),
            sid: SessionId::parse(&sid).unwrap(),
            jti: Jti::parse(&jti).unwrap(),
            ver,
            auth_time: Timestamp::from_unix(auth_time),
            scope: Scopes::parse(&scope).unwrap(),
            roles: Roles::parse(roles.iter().map(String::as_str)).unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn what_is_issued_is_what_is_verified(
        grant in grants(),
        now in 0_i64..=253_402_300_799,
        lifetime in 1_u64..=3_600,
        algorithm in prop::sample::select(&ALGORITHMS[..]),
    ) {
        let now = Timestamp::from_unix(now);
        let token = issuer(lifetime).issue(grant.clone(), key(algorithm), now).unwrap();
        let claims = verifier().verify(token.expose(), keys(), now).unwrap();
        prop_assert_eq!((claims.sub, claims.sid, claims.jti), (grant.sub, grant.sid, grant.jti));
        prop_assert_eq!((claims.ver, claims.auth_time), (grant.ver, grant.auth_time));
        prop_assert_eq!((claims.scope, claims.roles), (grant.scope, grant.roles));
        prop_assert_eq!((claims.iss.as_str(), claims.aud.as_str()), (ISSUER, AUDIENCE));
        prop_assert_eq!(claims.client_id, "client");
        prop_assert_eq!((claims.iat, claims.exp), (now, now.plus(Duration::from_secs(lifetime))));
    }
}
