//! The list of tokens that every other place in the service decides too.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::key::{Algorithm, SigningKey};
use gatehouse_testing::{Forger, NOW, Policy};
use gatehouse_verify::VerifyError;

use crate::issuer::Issuer;

#[tokio::test]
async fn the_published_verifier_decides_every_policy_case_as_the_list_says() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let issuer = Issuer::start(&[&key]).await;
        let verifier = issuer.verifier();
        let token = issuer.token(&key, NOW);
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
        let claims = serde_json::from_slice(&payload.unwrap()).unwrap();
        let policy = Policy::around(&claims, &Forger::with_key_of(&key), NOW);
        verifier.verify(&token, NOW).await.unwrap();
        for case in &policy.refused {
            let verdict = verifier.verify(&case.token, NOW).await;
            let is_refused = matches!(verdict, Err(VerifyError::Token(_)));
            assert!(is_refused, "{algorithm}, {}: {verdict:?}", case.name);
        }
        for case in &policy.accepted {
            let verdict = verifier.verify(&case.token, NOW).await;
            assert!(verdict.is_ok(), "{algorithm}, {}: {verdict:?}", case.name);
        }
        assert_eq!((policy.refused.len(), policy.accepted.len()), (610, 24));
        // Not one more for all the keys that the tokens name.
        assert!(issuer.received() <= 2, "{}", issuer.received());
    }
}
