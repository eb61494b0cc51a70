//! What must hold of the template whatever else changes.

use gatehouse_tests::Service;

#[tokio::test]
async fn every_function_gets_its_settings_from_the_template() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let of = |function: &str| {
        service
            .stack()
            .function_environment(function)
            .cloned()
            .unwrap_or_default()
    };
    for function in ["login", "refresh", "authorizer", "jwks"] {
        assert_eq!(of(function)["ISSUER"], service.stack().url(), "{function}");
    }
    for function in ["login", "refresh"] {
        assert!(of(function).contains_key("KEY_RING_FILE"), "{function}");
        assert!(
            !of(function).contains_key("KEY_RING_SECRET_ARN"),
            "{function}"
        );
    }
    for function in ["register", "logout", "authorizer", "jwks", "protected"] {
        let names: Vec<String> = of(function).into_keys().collect();
        assert!(
            !names.iter().any(|name| name.starts_with("KEY_RING")),
            "{function}: {names:?}"
        );
    }
    for function in ["authorizer", "jwks", "protected"] {
        let names: Vec<String> = of(function).into_keys().collect();
        let personal = ["USERS_TABLE", "SESSIONS_TABLE", "LOGIN_ATTEMPTS_TABLE"];
        assert!(
            !names.iter().any(|name| personal.contains(&name.as_str())),
            "{function}: {names:?}"
        );
    }
    Ok(())
}
