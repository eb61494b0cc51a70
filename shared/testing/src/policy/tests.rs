use std::collections::BTreeSet;

use gatehouse_auth::key::{Algorithm, PublicJwk, SigningKey, VerifyingKeys};
use gatehouse_auth::token::Verifier;

use super::*;
use crate::users::NOW;

/// The claims of one of our tokens.
fn claims() -> Value {
    json!({
        "iss": "https://issuer.example",
        "sub": "c3ViamVjdC1zdWJqZWN0LQ",
        "aud": "gatehouse",
        "client_id": "gatehouse",
        "iat": 0,
        "exp": 0,
        "jti": "anRpLWp0aS1qdGktanRpLQ",
        "sid": "c2lkLXNpZC1zaWQtc2lkLQ",
        "ver": 3,
        "auth_time": 1_700_000_000,
        "scope": "admin profile",
        "roles": ["admin", "user"],
    })
}

#[test]
fn the_verifier_decides_every_policy_case_as_the_list_says() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let key = SigningKey::generate(algorithm).unwrap();
        let policy = Policy::around(&claims(), &Forger::with_key_of(&key), NOW);
        let public = PublicJwk::parse(&key.public().to_json()).unwrap();
        let keys = VerifyingKeys::from_jwks(vec![public]);
        let verifier = Verifier::new("https://issuer.example".into(), "gatehouse".into());
        for case in &policy.refused {
            let accepted = verifier.verify(&case.token, &keys, NOW).is_ok();
            assert!(!accepted, "{algorithm}, {}", case.name);
        }
        for case in &policy.accepted {
            let verdict = verifier.verify(&case.token, &keys, NOW).map(drop);
            assert_eq!(verdict, Ok(()), "{algorithm}, {}", case.name);
        }
        // Two of the unknown keys have another algorithm than an RSA key.
        let more = usize::from(algorithm == Algorithm::Rs256);
        assert_eq!(
            (policy.refused.len(), policy.accepted.len()),
            (610 + more, 24)
        );
    }
}

#[test]
fn every_policy_case_has_its_own_name_and_its_own_token() {
    let forger = Forger::unknown(Algorithm::EdDsa);
    let Policy { refused, accepted } = Policy::around(&claims(), &forger, NOW);
    let (mut names, mut tokens) = (BTreeSet::new(), BTreeSet::new());
    for case in refused.iter().chain(&accepted) {
        assert!(names.insert(&case.name), "{} twice", case.name);
        assert!(tokens.insert(&case.token), "{}: another's token", case.name);
    }
}
