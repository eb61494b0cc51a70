//! The settings that each function gets, and those that it must not get.

use gatehouse_tests::Service;
use gatehouse_tests::deployment::is_deployed;

#[tokio::test]
async fn every_function_gets_its_settings_from_the_template() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for function in ["login", "refresh", "authorizer", "jwks"] {
        let environment = service.environment(function).await?;
        assert_eq!(environment["ISSUER"], service.issuer(), "{function}");
    }
    for function in ["login", "refresh"] {
        let environment = service.environment(function).await?;
        // The ring is in a file on a local stack, and in the secret in a deployment.
        let places = ["KEY_RING_FILE", "KEY_RING_SECRET_ARN"];
        let set = places.map(|place| environment.contains_key(place));
        assert_eq!(set, [!is_deployed(), is_deployed()], "{function}");
    }
    for function in ["register", "logout", "authorizer", "jwks", "protected"] {
        let names: Vec<String> = service.environment(function).await?.into_keys().collect();
        assert!(
            !names.iter().any(|name| name.starts_with("KEY_RING")),
            "{function}: {names:?}"
        );
    }
    for function in ["authorizer", "jwks", "protected"] {
        let names: Vec<String> = service.environment(function).await?.into_keys().collect();
        let personal = ["USERS_TABLE", "SESSIONS_TABLE", "LOGIN_ATTEMPTS_TABLE"];
        assert!(
            !names.iter().any(|name| personal.contains(&name.as_str())),
            "{function}: {names:?}"
        );
    }
    Ok(())
}
